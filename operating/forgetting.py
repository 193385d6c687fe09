"""Destroying, for good, what leads to the people of a consultation, once the operator has read what that is."""

import asyncio

from models import retention, trace
from models.errors import OperatorError
from models.records import OPERATOR, ConsultationState
from models.store import exists, is_in_use
from operating.settings import Settings, only_one, open_the_store


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
        consultation = only_one(store.memory.consultations.values(), server)
        if consultation.state is ConsultationState.OPEN:
            raise OperatorError("This consultation is open. Close it first, with /consultation close in its server.")
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
