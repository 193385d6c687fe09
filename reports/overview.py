"""What may be published of a whole consultation, read in one unit of work.

Published tier alone: counted results of ended and published polls, turnout by day as `models.turnout` tells it, and how
many contributions in words there are on what; for the page also what the plan is made from. Never writes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from models import results, words
from models.results import EndedPoll, Order
from models.store import UnitOfWork
from models.turnout import Turnout, turnout
from reports.captions import Captions
from reports.plan_data import PlanContent, PlanData, read_plan


@dataclass(frozen=True, slots=True)
class Overview:
    """The published polls, the highest consensus first; turnout; how many contributions there are on what.

    `contributions` is by the key of a recommendation, else of a group, else under None for the consultation as a whole;
    `themes` by the names of the themes that moderators gave them, of which one may have several.
    """

    polls: tuple[EndedPoll, ...]
    turnout: Turnout | None
    contributions: Mapping[str | None, int]
    themes: Mapping[str, int]
    read_at: datetime

    @property
    def ballots(self) -> int:
        return sum(one.ballots for one in self.polls)


async def read_overview(session: UnitOfWork, consultation_id: int) -> Overview:
    """Read what may be published of a consultation in numbers."""
    return await _overview(session, consultation_id, await results.ended(session, consultation_id))


async def read_whole(session: UnitOfWork, consultation_id: int) -> tuple[Overview, PlanData]:
    """Read what may be published of a consultation in numbers and in words."""
    plan = await read_plan(session, consultation_id)
    return await _overview(session, consultation_id, [one for one, _quotes in plan.polls]), plan


async def _overview(session: UnitOfWork, consultation_id: int, published: Sequence[EndedPoll]) -> Overview:
    ranked = results.ordered(published, Order.CONSENSUS)
    return Overview(
        polls=tuple(ranked),
        turnout=await turnout(session, ranked),
        contributions=await words.counted(session, consultation_id),
        themes=await words.counted_by_theme(session, consultation_id),
        read_at=session.now(),
    )


def named_subjects(
    contributions: Mapping[str | None, int], content: PlanContent, captions: Captions
) -> list[tuple[str, int]]:
    """Return contributions by title in a language; a key that the content no longer has stands for itself."""
    titles = {**content.groups, **{one.key: one.title for one in content.recommendations}}
    whole = captions.say("feedback.about_everything")
    return [(whole if key is None else titles.get(key, key), number) for key, number in contributions.items()]
