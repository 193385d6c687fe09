"""Counts ballots in SQL, into few rows however many voted: many would hold up everybody who waits for the bot."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, String, cast, func, literal, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from models.records import BallotPaper, Poll
from models.store import UnitOfWork
from models.tables import BallotRow
from models.tally import ChoiceCounts, choice_counts


class _Place(GenericFunction[int]):
    """At which place an option stands in an answer, from 1, and 0 where it does not."""

    type = Integer()
    inherit_cache = True
    name = "strpos"


@compiles(_Place, "sqlite")
def _place_in_sqlite(place: _Place, compiler: Any, **options: Any) -> str:
    return f"instr{compiler.process(place.clause_expr, **options)}"


async def positions(session: UnitOfWork, poll: Poll) -> list[tuple[str, str, int]]:
    """Return the ballots of a poll on positions as `(segment, position, ballots)`."""
    counted = await session.execute(
        select(BallotRow.segment, BallotRow.answer, func.count())
        .where(BallotRow.poll_id == poll.id)
        .group_by(BallotRow.segment, BallotRow.answer),
    )
    return [(segment, position, ballots) for segment, position, ballots in counted]


async def choices(session: UnitOfWork, poll: Poll) -> dict[str, ChoiceCounts]:
    """Return the counts of a poll with options by segment.

    Not by answer: 100,000 people who rank five of 25 hardly give two that are alike.
    """
    keys = poll.paper.keys
    places = [_Place(BallotRow.answer, cast(literal(key), String)) for key in keys]
    counted = await session.execute(
        select(
            BallotRow.segment,
            func.count(),
            *(func.count(func.nullif(place, 0)) for place in places),
            *(func.sum(place) for place in places),
        )
        .where(BallotRow.poll_id == poll.id)
        .group_by(BallotRow.segment),
    )
    return {segment: _counts(ballots, sums, poll.paper) for segment, ballots, *sums in counted}


def _counts(ballots: int, sums: Sequence[int], paper: BallotPaper) -> ChoiceCounts:
    keys = paper.keys
    chosen, places = sums[: len(keys)], sums[len(keys) :]
    return choice_counts(ballots, dict(zip(keys, chosen, strict=True)), dict(zip(keys, places, strict=True)), paper)
