"""What may be published of a whole consultation, read in one unit of work.

Published tier alone: counted results of ended and published polls, quotes as their authors allowed, turnout by day as
`models.turnout` tells it, and how many contributions in words there are on what. Never writes.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from content.catalogue import Catalogue
from models import feedback, outcomes, results
from models.records import Feedback, Outcome, Quote
from models.results import EndedPoll, Order
from models.store import UnitOfWork
from models.turnout import Turnout, turnout
from reports.captions import Captions


@dataclass(frozen=True, slots=True)
class Overview:
    """The published polls, the highest consensus first, each with what may be quoted; turnout; outcomes and themes.

    A theme is the key of a recommendation, else of a group, else None for the consultation as a whole, and its number
    of contributions.
    """

    polls: tuple[EndedPoll, ...]
    quotes: tuple[tuple[Quote, ...], ...]
    turnout: Turnout | None
    outcomes: Mapping[str, Outcome]
    themes: tuple[tuple[str | None, int], ...]
    read_at: datetime

    @property
    def ballots(self) -> int:
        return sum(one.ballots for one in self.polls)

    @property
    def contributions(self) -> int:
        return sum(number for _key, number in self.themes)


async def read_overview(session: UnitOfWork, consultation_id: int) -> Overview:
    """Read what may be published of a consultation."""
    published = results.ordered(await results.ended(session, consultation_id), Order.CONSENSUS)
    return Overview(
        polls=tuple(published),
        quotes=tuple([tuple(await results.quotes(session, one.poll)) for one in published]),
        turnout=await turnout(session, published),
        outcomes=await outcomes.outcomes(session, consultation_id),
        themes=tuple(_themes(await feedback.recorded_feedback(session, consultation_id)).items()),
        read_at=session.now(),
    )


def named_themes(
    themes: Sequence[tuple[str | None, int]], catalogue: Catalogue, captions: Captions
) -> list[tuple[str, int]]:
    """Return themes by title in a language; a key that the content no longer has stands for itself."""
    titles = {key: group.title for key, group in catalogue.groups.items()}
    titles |= {key: one.title for key, one in catalogue.recommendations.items()}
    whole = captions.phrases.text("feedback.about_everything", captions.language)
    return [
        (whole if key is None else titles[key].in_language(captions.language) if key in titles else key, number)
        for key, number in themes
    ]


def _themes(given: Sequence[Feedback]) -> Counter[str | None]:
    return Counter(one.recommendation or one.group for one in given)
