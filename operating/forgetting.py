"""Destroying, for good, what leads to the people of a consultation, once the operator has read what that is."""

import asyncio
from collections.abc import Sequence

from models import retention, trace
from models.errors import OperatorError
from models.records import OPERATOR, Consultation, ConsultationState
from models.store import exists, is_in_use
from operating.settings import Settings, open_the_store


async def forget(settings: Settings, server: int | None, *, confirmed: bool) -> int:
    """Destroy what leads to the people of a consultation, once the operator has read what that is and confirmed it.

    Raises OperatorError where there is no such consultation, it is open, or the bot runs.
    """
    if not exists(settings.database_url):
        raise OperatorError("There is no store yet, so there is nothing to forget. DATABASE_URL names it.")
    if is_in_use(settings.database_url):
        raise OperatorError("The bot is running on this store. Stop it first.")
    store = await open_the_store(settings)
    try:
        consultation = _named(list(store.memory.consultations.values()), server)
        async with store.read() as session:
            foreseen = await retention.foreseen(session, consultation.id)
        print(
            f"Consultation {consultation.content_key!r} of server {consultation.guild_id}. This destroys, for good:\n"
            "- the secret that seals the ids of its people: nobody can be found again in what they gave\n"
            f"- {foreseen.participants} memberships, {foreseen.messages} message ids, {foreseen.languages} languages\n"
            f"- {len(store.copies())} copies of the store that the bot keeps beside it\n"
            "Ballots, texts and the moderators' log stay. Copies of the secret or of the store that you made yourself "
            "are not touched: destroy those too.",
        )
        if not confirmed and (await asyncio.to_thread(input, "Type 'forget' to go on: ")).strip() != "forget":
            print("Nothing was destroyed.")
            return 1
        async with store.write() as session:
            await trace.record(session, consultation.id, OPERATOR, "forget")
            await retention.forget(session, consultation.id)
        await store.destroy()
        print("Done.")
    finally:
        await store.close()
    return 0


def _named(consultations: Sequence[Consultation], server: int | None) -> Consultation:
    """Return the consultation of a server, or the only one. Raises OperatorError for none, or one that is open."""
    found = [one for one in consultations if server in {None, one.guild_id}]
    if len(found) != 1:
        servers = ", ".join(str(one.guild_id) for one in consultations) or "none"
        raise OperatorError(f"Name the server whose consultation is to be forgotten. This store knows: {servers}.")
    if found[0].state is ConsultationState.OPEN:
        raise OperatorError("This consultation is open. Close it first, with /consultation close in its server.")
    return found[0]
