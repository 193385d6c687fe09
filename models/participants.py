"""Use cases on people: for which segment they speak, in which groups, and in which language."""

from collections.abc import Iterable

from models.memory import participant_record
from models.records import Participant
from models.sealing import Purpose
from models.store import UnitOfWork
from models.tables import ParticipantRow, Preference
from models.upsert import upsert


async def join(
    session: UnitOfWork,
    consultation_id: int,
    user_id: int,
    segment: str,
    groups: Iterable[str],
    *,
    wants_messages: bool | None = None,
) -> Participant:
    """Keep for whom somebody speaks and where they take part; ballots already cast keep their segment.

    `wants_messages` says whether they asked for direct messages; None leaves it as it was, at first at no.
    """
    seal = session.sealer.seal(Purpose.MEMBERSHIP, user_id, consultation_id)
    values = {
        "consultation_id": consultation_id,
        "seal": seal,
        "segment": segment,
        "groups": sorted(groups),
        "wants_messages": bool(wants_messages),
        "joined_at": session.now().replace(hour=0, minute=0, second=0, microsecond=0),
    }
    replaced = ("segment", "groups") if wants_messages is None else ("segment", "groups", "wants_messages")
    statement = upsert(session, ParticipantRow, [values], unique=("consultation_id", "seal"), replace=replaced)
    rows = await session.scalars(
        statement.returning(ParticipantRow),
        # The session may hold the row as it was before.
        execution_options={"populate_existing": True},
    )
    participant = participant_record(rows.one())
    session.after_commit(lambda memory: memory.participants.update({(consultation_id, seal): participant}))
    return participant


async def choose_language(session: UnitOfWork, user_id: int, language: str) -> None:
    """Keep the language somebody wants to be answered in, everywhere."""
    seal = session.sealer.seal(Purpose.PREFERENCE, user_id)
    await session.execute(
        upsert(session, Preference, [{"seal": seal, "language": language}], unique=("seal",), replace=("language",))
    )
    session.after_commit(lambda memory: memory.languages.update({seal: language}))
