"""Counting: positions by segment, merging of small segments, consensus, quorum. Pure functions over plain values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from math import prod

from models.records import UNPLACED, Position, Quorum

SMALLEST_SEGMENT = 5
OTHER = "other"


@dataclass(frozen=True, slots=True)
class PositionCounts:
    """How many ballots took each position."""

    support: int = 0
    accept: int = 0
    object: int = 0
    pass_: int = 0

    @property
    def ballots(self) -> int:
        return self.support + self.accept + self.object + self.pass_

    @property
    def agreeing(self) -> int:
        """Ballots that support the proposal or can live with it."""
        return self.support + self.accept

    def of(self, position: Position) -> int:
        return int(getattr(self, _field(position)))

    def __add__(self, other: "PositionCounts") -> "PositionCounts":
        return PositionCounts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One published row: a segment, or `OTHER` for those merged into one."""

    segment: str
    counts: PositionCounts


@dataclass(frozen=True, slots=True)
class Result:
    """What is published of an ended poll.

    `segments` is empty where no table may be shown. `consensus` is None where nobody voted. `labels` says under which
    row each raw segment is published, None where none is.
    """

    total: PositionCounts
    segments: tuple[SegmentRow, ...]
    consensus: float | None
    labels: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class SegmentQuorum:
    """A segment's quorum: `needed` ballots, and whether they were cast; None where the segment is not published."""

    segment: str
    needed: int
    reached: bool | None


@dataclass(frozen=True, slots=True)
class QuorumOutcome:
    """Whether a quorum was reached over all, None where no number was asked for, and in each segment that has one."""

    needed: int
    reached: bool | None
    segments: tuple[SegmentQuorum, ...]


def tally(counts: Iterable[tuple[str, Position, int]]) -> Result:
    """Count `(segment, position, ballots)` triples into what may be published.

    A segment with fewer than five ballots is merged into `OTHER`; where that still has fewer than five, no segment is
    published, because the rest could be found by subtraction; nor where `OTHER` would be everybody. Consensus is taken
    over the published rows, or over everybody where there are none.
    """
    raw: dict[str, PositionCounts] = {}
    for segment, position, ballots in counts:
        raw[segment] = raw.get(segment, PositionCounts()) + PositionCounts(**{_field(position): ballots})
    total = sum(raw.values(), PositionCounts())
    labels = _labels({segment: row.ballots for segment, row in raw.items()})
    published: dict[str, PositionCounts] = {}
    for segment, row in raw.items():
        if (label := labels[segment]) is not None:
            published[label] = published.get(label, PositionCounts()) + row
    rows = tuple(SegmentRow(label, published[label]) for label in sorted(published, key=_other_last))
    groups = [row.counts for row in rows] or [total]
    return Result(total, rows, consensus(groups) if total.ballots else None, labels)


def consensus(groups: Iterable[PositionCounts]) -> float:
    """Return the product over groups of (A + 1) / (S + 2), A the ballots that agree among S, between 0 and 1.

    This is Polis's group-informed consensus (Small et al. 2021, 'Polis: Scaling deliberation by mapping high
    dimensional opinion spaces'), over declared segments instead of clusters.
    """
    return prod((group.agreeing + 1) / (group.ballots + 2) for group in groups)


def heads_needed(expected: int, share: int) -> int:
    """Return how many ballots `share` percent of the `expected` heads are, rounded up."""
    return -(-expected * share // 100)


def quorum_outcome(result: Result, quorum: Quorum) -> QuorumOutcome:
    """Say where a quorum was reached, from published numbers alone.

    Nothing is said of a segment that has no row of its own, however many voted, nor of all segments together: either
    would tell how many ballots a merged segment has.
    """
    own_rows = {row.segment: row.counts.ballots for row in result.segments if row.segment != OTHER}
    segments = []
    for segment, expected in sorted(quorum.expected.items()):
        if needed := heads_needed(expected, quorum.share):
            ballots = own_rows.get(segment)
            segments.append(SegmentQuorum(segment, needed, None if ballots is None else ballots >= needed))
    reached = result.total.ballots >= quorum.heads if quorum.heads else None
    return QuorumOutcome(quorum.heads, reached, tuple(segments))


def _labels(ballots: Mapping[str, int]) -> dict[str, str | None]:
    small = {segment for segment, number in ballots.items() if number < SMALLEST_SEGMENT}
    too_few = small and sum(ballots[segment] for segment in small) < SMALLEST_SEGMENT
    if too_few or len(small) == len(ballots):
        return dict.fromkeys(ballots)
    return {segment: OTHER if segment in small else segment for segment in ballots}


def _other_last(segment: str) -> tuple[bool, bool, str]:
    return segment == OTHER, segment in UNPLACED, segment


def _field(position: Position) -> str:
    return "pass_" if position is Position.PASS else position.value
