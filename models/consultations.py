"""Use cases on the consultation as a whole: its beginning and end, and what the bot made in Discord for it."""

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import delete, func, select, update

from models.errors import ConsultationError
from models.memory import consultation_record
from models.records import Consultation, ConsultationState, Place, PlaceKind, SegmentSource
from models.sealing import new_salt
from models.store import UnitOfWork
from models.tables import ConsultationRow, PlaceRow
from models.upsert import upsert


async def prepare(
    session: UnitOfWork, guild_id: int, content_key: str, public_languages: tuple[str, ...]
) -> Consultation:
    """Return the server's consultation, made where there is none yet, with these public languages.

    Raises ConsultationError where the server holds the consultation of another content folder.
    """
    row = await session.scalar(select(ConsultationRow).where(ConsultationRow.guild_id == guild_id))
    if row is None:
        row = ConsultationRow(
            guild_id=guild_id,
            content_key=content_key,
            secret_name=session.sealer.make_secret(),
            pseudonym_salt=new_salt(),
            state=ConsultationState.PREPARED,
            public_languages=list(public_languages),
            expected_heads={},
            segment_source=SegmentSource.DECLARED,
            segment_roles={},
            end_announced=False,
            created_at=session.now(),
        )
        session.add(row)
    elif row.content_key != content_key:
        raise ConsultationError("setup.other_content", key=row.content_key)
    row.public_languages = list(public_languages)
    await session.flush()
    session.sealer.use_secret(row.id, row.secret_name)
    return _kept(session, row)


async def open_consultation(session: UnitOfWork, consultation_id: int) -> Consultation:
    """Let people vote and be heard; `opened_at` stays that of the first time.

    Raises ConsultationError where it is open already.
    """
    return await _enter(
        session,
        consultation_id,
        ConsultationState.OPEN,
        "consultation.already_open",
        opened_at=func.coalesce(ConsultationRow.opened_at, session.now()),
        closed_at=None,
        forget_at=None,
        forgotten_at=None,
    )


async def close_consultation(
    session: UnitOfWork, consultation_id: int, kept_for: timedelta | None = None
) -> Consultation:
    """End it; its polls are ended by `polls.end`. Raises ConsultationError where it is not open.

    With `kept_for`, its people's ids are forgotten so long after now; without, only where somebody asks for it.
    """
    now = session.now()
    return await _enter(
        session,
        consultation_id,
        ConsultationState.CLOSED,
        "consultation.not_open",
        closed_at=now,
        forget_at=now + kept_for if kept_for is not None else None,
        end_announced=False,
    )


async def expect_heads(session: UnitOfWork, consultation_id: int, segment: str, heads: int) -> Consultation:
    """Keep how many are expected to vote for a segment, for the quorum of polls opened from now on; 0 forgets it."""
    row = await session.get_one(ConsultationRow, consultation_id)
    others = {key: number for key, number in row.expected_heads.items() if key != segment}
    row.expected_heads = {**others, segment: heads} if heads else others
    await session.flush()
    return _kept(session, row)


async def choose_segment_source(session: UnitOfWork, consultation_id: int, source: SegmentSource) -> Consultation:
    """Keep by what segments count in polls opened from now on and for what is said from now on.

    Polls that are open, or were opened to begin later, keep theirs.
    """
    row = await session.get_one(ConsultationRow, consultation_id)
    row.segment_source = source
    await session.flush()
    return _kept(session, row)


async def map_segment_role(
    session: UnitOfWork, consultation_id: int, role_id: int, segment: str | None, existing: Collection[int]
) -> Consultation:
    """Let one of Discord's roles stand for a segment, or for none; ballots that were cast stay as they are.

    A role that is mapped anew keeps its turn, any other comes last. `existing` are the ids of the roles that the server
    has: those that were deleted there are forgotten here.
    """
    row = await session.get_one(ConsultationRow, consultation_id)
    mapped = {**row.segment_roles, str(role_id): segment}
    row.segment_roles = {role: key for role, key in mapped.items() if key is not None and int(role) in existing}
    await session.flush()
    return _kept(session, row)


async def require_open(session: UnitOfWork, consultation_id: int) -> None:
    """Raise ConsultationError where the consultation is not open.

    It asks the store: a caller's record may be from before the transaction that closed it.
    """
    state = await session.scalar(select(ConsultationRow.state).where(ConsultationRow.id == consultation_id))
    if state != ConsultationState.OPEN:
        raise ConsultationError("consultation.not_open")


async def remember_place(session: UnitOfWork, place: Place) -> None:
    """Keep the id of something the bot made in Discord, in place of an earlier one of the same kind and key."""
    await session.execute(
        upsert(
            session,
            PlaceRow,
            [
                {
                    "consultation_id": place.consultation_id,
                    "kind": place.kind.value,
                    "key": place.key,
                    "discord_id": place.discord_id,
                }
            ],
            unique=("consultation_id", "kind", "key"),
            replace=("discord_id",),
        ),
    )
    session.after_commit(lambda memory: memory.keep_place(place))


async def forget_place(session: UnitOfWork, consultation_id: int, kind: PlaceKind, key: str) -> None:
    """Drop the id of something that is gone from Discord."""
    await session.execute(
        delete(PlaceRow).where(PlaceRow.consultation_id == consultation_id, PlaceRow.kind == kind, PlaceRow.key == key),
    )
    session.after_commit(lambda memory: memory.drop_place(consultation_id, kind, key))


async def _enter(
    session: UnitOfWork, consultation_id: int, state: ConsultationState, refusal: str, **times: object
) -> Consultation:
    allowed = (
        [ConsultationState.OPEN]
        if state is ConsultationState.CLOSED
        else [ConsultationState.PREPARED, ConsultationState.CLOSED]
    )
    row = await session.scalar(
        update(ConsultationRow)
        .where(ConsultationRow.id == consultation_id, ConsultationRow.state.in_(allowed))
        .values(state=state, **times)
        .returning(ConsultationRow),
    )
    if row is None:
        raise ConsultationError(refusal)
    return _kept(session, row)


def _kept(session: UnitOfWork, row: ConsultationRow) -> Consultation:
    consultation = consultation_record(row)
    session.after_commit(lambda memory: memory.consultations.update({consultation.guild_id: consultation}))
    return consultation
