"""The last question of each place, for a while, so that the next one may lean on it: 'and in 2025?'.

In memory alone and for a few places at a time; it is never stored, and what was asked in private is its own place.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta

from content.asked import leans

REMEMBERED_FOR = timedelta(minutes=10)
MOST_PLACES = 500


class RecentQuestions:
    """Remembers the last question that stood by itself in each of the places where most was asked lately."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._last: OrderedDict[Hashable, tuple[datetime, str]] = OrderedDict()

    def before(self, place: Hashable, question: str) -> str | None:
        """Return what was asked in this place within ten minutes, and remember `question` unless it leans on that."""
        asked_at, previous = self._last.pop(place, (None, None))
        if asked_at is not None and self._now() - asked_at > REMEMBERED_FOR:
            previous = None
        kept = previous if previous and leans(question) else question
        self._last[place] = (self._now(), kept)
        while len(self._last) > MOST_PLACES:
            self._last.popitem(last=False)
        return previous
