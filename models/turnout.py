"""When people voted, by published segment: from ballot rows to numbers that lead to nobody."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import String, cast, func, select

from models.results import EndedPoll
from models.store import UnitOfWork
from models.tables import BallotRow
from models.tally import told_parts


@dataclass(frozen=True, slots=True)
class Turnout:
    """The ballots of ended polls by day (UTC) and published row; None is the row of polls that publish no segments."""

    first: date
    last: date
    by_row: Mapping[str | None, Mapping[date, int]]

    def total(self, row: str | None) -> int:
        return sum(self.by_row[row].values())

    @property
    def rows(self) -> tuple[str | None, ...]:
        """The rows with the most ballots first, that of polls without segments last."""
        return tuple(sorted(self.by_row, key=lambda row: (row is None, -self.total(row), row or "")))

    @property
    def is_told(self) -> bool:
        """Whether on any day before the last so many voted that it may be told."""
        return any(day < self.last for days in self.by_row.values() for day in days)


def told_days(by_day: Mapping[date, int], end: date) -> dict[date, int]:
    """Return a row's ballots by the day on which they may be shown.

    Days are told as hours are in the confidential record (`tally.told_parts`). All others are shown at the `end`: a
    card's turnout and the roles that people get show who was alone in voting on a day.
    """
    days = told_parts(by_day)
    told: Counter[date] = Counter({day: by_day[day] for day in days})
    told[end] += sum(number for day, number in by_day.items() if day not in days)
    return {day: number for day, number in sorted(told.items()) if number}


async def turnout(session: UnitOfWork, ended: Sequence[EndedPoll]) -> Turnout | None:
    """Count the ballots of ended polls by published row and day; each poll by itself, then added up.

    A ballot counts on the day it was cast as it is now. None where nobody voted.
    """
    by_row: dict[str | None, Counter[date]] = {}
    for one in ended:
        end = _end(one)
        rows: dict[str | None, Counter[date]] = {}
        day = cast(func.date(BallotRow.cast_at), String)
        counted = await session.execute(
            select(BallotRow.segment, day, func.count())
            .where(BallotRow.poll_id == one.poll.id)
            .group_by(BallotRow.segment, day),
        )
        for segment, cast_on, ballots in counted:
            rows.setdefault(one.result.labels[segment], Counter())[date.fromisoformat(cast_on)] += ballots
        for row, by_day in rows.items():
            by_row.setdefault(row, Counter()).update(told_days(by_day, end))
    if not by_row:
        return None
    voted_in = [one for one in ended if one.ballots]
    first = min(one.poll.opened_at.date() for one in voted_in)
    return Turnout(first, max(map(_end, voted_in)), by_row)


def _end(one: EndedPoll) -> date:
    return (one.poll.ended_at or one.poll.opened_at).date()
