"""How much one person may do in an hour, and what may stand in what they write: set by whoever runs the bot.

Counted in memory, by seal, over the last hour of the store's clock; a restart forgets it. Nothing of it is stored.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from models.errors import ConsultationError
from models.sealing import Purpose
from models.store import Store
from models.texts import has_link

WINDOW = timedelta(hours=1)
# Past so many people those who did nothing for an hour are forgotten.
MOST_KEPT = 5_000


class Deed(StrEnum):
    """What is limited; `limit.<deed>` is the phrase that says so."""

    FEEDBACK = "feedback"
    QUESTION = "question"
    PROPOSAL = "proposal"


@dataclass(frozen=True, slots=True)
class Policy:
    """How often a person may do what in an hour, and whether private texts may hold links and invites."""

    per_hour: Mapping[Deed, int] = field(
        default_factory=lambda: {Deed.FEEDBACK: 20, Deed.QUESTION: 60, Deed.PROPOSAL: 10}
    )
    links: bool = True

    def require_allowed(self, written: str) -> None:
        """Raise ConsultationError where a text holds what may not stand in it."""
        if not self.links and has_link(written):
            raise ConsultationError("text.no_links")


class Limits:
    """Counts what people did within the last hour."""

    def __init__(self, store: Store, policy: Policy) -> None:
        self._store = store
        self._per_hour = policy.per_hour
        self._done: dict[tuple[Deed, bytes], deque[datetime]] = {}

    def require(self, deed: Deed, user_id: int, written: str | None = None) -> None:
        """Raise ConsultationError with the moment `again` where a person did it often enough for now.

        `written` is what they wrote, where no form holds it: it comes back to them.
        """
        done = self._recent(deed, user_id)
        if len(done) >= (most := self._per_hour[deed]):
            raise ConsultationError(f"limit.{deed}", again=done[-most] + WINDOW, written=written)

    @contextmanager
    def counted(self, deed: Deed, user_id: int, written: str | None = None) -> Iterator[None]:
        """Count what is done meanwhile, unless it fails. Raises as `require` does."""
        self.require(deed, user_id, written)
        done, moment = self._recent(deed, user_id), self._store.now()
        done.append(moment)  # at once: of many at the same time, no more than are allowed begin
        try:
            yield
        except BaseException:
            if moment in done:
                done.remove(moment)
            raise

    def _recent(self, deed: Deed, user_id: int) -> deque[datetime]:
        """Return when a person did it within the last hour, oldest first."""
        if len(self._done) >= MOST_KEPT:
            self._done = {key: done for key, done in self._done.items() if self._still_counts(done)}
        done = self._done.setdefault((deed, self._store.sealer.seal(Purpose.LIMIT, user_id)), deque())
        while done and done[0] <= self._store.now() - WINDOW:
            done.popleft()
        return done

    def _still_counts(self, done: deque[datetime]) -> bool:
        return bool(done) and done[-1] > self._store.now() - WINDOW
