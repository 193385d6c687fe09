"""The ballots of ended polls one by one, as the confidential record may hold them. Reads only.

They are read off the bot's event loop (`UnitOfWork.blocks`), block by block, and take some 30 bytes of memory each
while their poll is at work: pseudonyms come from a hash, and their order must be that of the hash, which tells
nothing; the order in which the store has ballots is that in which they were cast.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

import numpy as np
from sqlalchemy import String, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from models import polls
from models.ballot_paper import chosen
from models.records import Poll
from models.sealing import pseudonym_numbers, pseudonyms
from models.store import UnitOfWork
from models.tables import BallotRow, ConsultationRow
from models.tally import told_parts

BLOCK = 10_000
# Reading past a row that is not wanted costs less than a tenth of looking a wanted one up in an index.
WORTH_A_SCAN = 10

RecordedBallot: TypeAlias = tuple[int, str, str, str | None, str, str | None]
StoredBallot: TypeAlias = tuple[bytes, str, str, str]  # seal, segment, answer, hour
_Kind: TypeAlias = tuple[str, str, str]  # segment, answer, hour


async def recorded_ballots(session: UnitOfWork, poll: Poll) -> Iterator[list[RecordedBallot]]:
    """Return the ballots of an ended poll in blocks: poll, subject, pseudonym, segment, answer and hour.

    Segments are merged as in the published result, None where the poll publishes none. A voter bears another
    pseudonym in each poll: one that stayed the same would let a poll that publishes a small segment name its members
    in a poll that merges it. All of them change when somebody erases what they gave: otherwise the one that changed
    would be theirs. The hour is told only where a ballot shares it with enough others of its row: a card's
    turnout and the roles that people get when they join show when somebody voted. Of options the answer is their keys,
    in order of priority where there is one.

    Raises ConsultationError while the poll is open, and where it was cancelled.
    """
    labels = (await polls.result(session, poll)).labels
    scope = f"poll {poll.id} {await pseudonym_salt(session, poll.consultation_id)}"
    return _in_order(poll, labels, scope, await stored_ballots(session, poll))


async def pseudonym_salt(session: UnitOfWork, consultation_id: int) -> str:
    """Return what all pseudonyms of voters change with, when somebody erases what they gave."""
    salt = await session.scalar(select(ConsultationRow.pseudonym_salt).where(ConsultationRow.id == consultation_id))
    return salt.hex() if salt else ""


async def stored_ballots(session: UnitOfWork, poll: Poll) -> Iterator[Sequence[StoredBallot]]:
    """Return the ballots of a poll as the store has them, in blocks; nothing of them may be shown as it is."""
    extent = select(func.count(), func.min(BallotRow.id), func.max(BallotRow.id)).where(BallotRow.poll_id == poll.id)
    ballots, first, last = (await session.execute(extent)).one()
    statement = select(BallotRow.seal, BallotRow.segment, BallotRow.answer, _hour_of(BallotRow.cast_at))
    if ballots and last - first < ballots * WORTH_A_SCAN:
        # Plus nothing keeps the database from using an index: the rows lie close together.
        statement = statement.where(BallotRow.poll_id + 0 == poll.id, BallotRow.id.between(first, last))
    else:
        statement = statement.where(BallotRow.poll_id == poll.id)
    return session.blocks(statement, BLOCK)


def _in_order(
    poll: Poll, labels: Mapping[str, str | None], scope: str, blocks: Iterator[Sequence[StoredBallot]]
) -> Iterator[list[RecordedBallot]]:
    kinds: dict[_Kind, int] = {}
    numbers_read, kinds_read = [], []
    for block in blocks:
        numbers_read.append(pseudonym_numbers([row[0] for row in block], scope))
        kinds_read.append(np.array([kinds.setdefault(row[1:], len(kinds)) for row in block], np.uint32))
    if not numbers_read:
        return
    numbers, kind_of = np.concatenate(numbers_read), np.concatenate(kinds_read)
    told = _told(poll, labels, dict(zip(kinds, np.bincount(kind_of).tolist(), strict=True)))
    order = np.argsort(numbers)
    for start in range(0, len(order), BLOCK):
        part = order[start : start + BLOCK]
        yield [
            (poll.id, poll.subject, name, *told[kind])
            for name, kind in zip(pseudonyms(numbers[part]), kind_of[part].tolist(), strict=True)
        ]


def _told(
    poll: Poll, labels: Mapping[str, str | None], ballots: Mapping[_Kind, int]
) -> list[tuple[str | None, str, str | None]]:
    """Return what is told of ballots of each kind, of which there are so many: row, answer and hour."""
    in_hour: dict[str | None, Counter[str]] = {}
    for (segment, _, hour), number in ballots.items():
        in_hour.setdefault(labels[segment], Counter())[hour] += number
    told = {row: told_parts(hours) for row, hours in in_hour.items()}
    return [
        (
            labels[segment],
            " ".join(chosen(poll.paper, answer)),
            hour if hour in told[labels[segment]] else None,
        )
        for segment, answer, hour in ballots
    ]


class _hour_of(FunctionElement[str]):  # noqa: N801 - a function of the database
    """The hour of a moment in UTC, as `2030-03-01T09:00:00Z`."""

    inherit_cache = True
    type = String()

    def __init__(self, moment: InstrumentedAttribute[datetime]) -> None:
        super().__init__(moment)


@compiles(_hour_of)
def _hour(element: _hour_of, compiler: SQLCompiler, **_: object) -> str:
    moment = compiler.process(element.clauses)
    return f"to_char({moment} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:00:00\"Z\"')"


@compiles(_hour_of, "sqlite")
def _hour_in_sqlite(element: _hour_of, compiler: SQLCompiler, **_: object) -> str:
    moment = compiler.process(element.clauses)
    return f"substr({moment}, 1, 10) || 'T' || substr({moment}, 12, 2) || ':00:00Z'"
