"""Counting: answers by segment, merging of small segments, consensus, quorum. Pure functions over plain values."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, fields
from math import prod
from typing import TypeVar

from models.records import UNPLACED, BallotPaper, PollKind, Position, Quorum

SMALLEST_SEGMENT = 5
OTHER = "other"
_Part = TypeVar("_Part", bound=Hashable)


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
class ChoiceCounts:
    """How many ballots there are, how many chose each option, and the points of each, all options named.

    Points are Borda's where options were ranked, else the number of ballots that chose the option.
    """

    ballots: int
    chosen: Mapping[str, int]
    points: Mapping[str, int]

    @property
    def ranking(self) -> tuple[str, ...]:
        """The options with the most points first, among equals in the order of the ballot paper."""
        return tuple(sorted(self.points, key=lambda key: -self.points[key]))

    def __add__(self, other: "ChoiceCounts") -> "ChoiceCounts":
        chosen, points = (
            {key: one[key] + another[key] for key in one}
            for one, another in ((self.chosen, other.chosen), (self.points, other.points))
        )
        return ChoiceCounts(self.ballots + other.ballots, chosen, points)


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    """One published row of a poll with options: a segment, or `OTHER` for those merged into one."""

    segment: str
    counts: ChoiceCounts


@dataclass(frozen=True, slots=True)
class ChoiceResult:
    """What is published of an ended poll with options; `segments` and `labels` are as in `Result`."""

    total: ChoiceCounts
    segments: tuple[ChoiceRow, ...]
    labels: Mapping[str, str | None]


AnyResult = Result | ChoiceResult


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
        raw[segment] = raw.get(segment, PositionCounts()) + position_counts([(position, ballots)])
    total = sum(raw.values(), PositionCounts())
    labels = _labels({segment: row.ballots for segment, row in raw.items()})
    published: dict[str, PositionCounts] = {}
    for segment, row in raw.items():
        if (label := labels[segment]) is not None:
            published[label] = published.get(label, PositionCounts()) + row
    rows = tuple(SegmentRow(label, published[label]) for label in sorted(published, key=_other_last))
    groups = [row.counts for row in rows] or [total]
    return Result(total, rows, consensus(groups) if total.ballots else None, labels)


def position_counts(counts: Iterable[tuple[Position, int]]) -> PositionCounts:
    """Add `(position, ballots)` pairs up."""
    return sum((PositionCounts(**{_field(position): ballots}) for position, ballots in counts), PositionCounts())


def tally_choices(raw: Mapping[str, ChoiceCounts], paper: BallotPaper) -> ChoiceResult:
    """Make of the counts by segment of a poll with options what may be published; segments are merged as by `tally`."""
    nobody = choice_counts(0, dict.fromkeys(paper.keys, 0), dict.fromkeys(paper.keys, 0), paper)
    labels = _labels({segment: counts.ballots for segment, counts in raw.items()})
    published: dict[str, ChoiceCounts] = {}
    for segment, counts in raw.items():
        if (label := labels[segment]) is not None:
            published[label] = published.get(label, nobody) + counts
    rows = (ChoiceRow(label, published[label]) for label in sorted(published, key=_other_last))
    return ChoiceResult(sum(raw.values(), nobody), tuple(rows), labels)


def choice_counts(
    ballots: int, chosen: Mapping[str, int], places: Mapping[str, int], paper: BallotPaper
) -> ChoiceCounts:
    """Give each option its points: `chosen` is on how many ballots it stands, `places` the sum of its places on them.

    Ranked options get Borda's points (Borda 1781, 'Mémoire sur les élections au scrutin'): of up to k priorities the
    first gets k points, the second k - 1, and what is not ranked gets none. Ranking fewer than k takes nothing from
    what is ranked.
    """
    if paper.kind is not PollKind.PRIORITIES:
        return ChoiceCounts(ballots, chosen, chosen)
    most = paper.most_choices + 1
    return ChoiceCounts(ballots, chosen, {key: most * chosen[key] - places[key] for key in chosen})


def told_parts(ballots: Mapping[_Part, int]) -> set[_Part]:
    """Return the parts of a row, such as hours or days, that may be told with their number of ballots.

    Those with five at least; and of them the smallest are left out until what is not told has none or five at least,
    because one ballot without its hour is that of whoever was seen to vote alone.
    """
    told = {part for part, number in ballots.items() if number >= SMALLEST_SEGMENT}
    untold = sum(number for part, number in ballots.items() if part not in told)
    for part in sorted(told, key=lambda one: (ballots[one], str(one))):
        if not 0 < untold < SMALLEST_SEGMENT:
            break
        told.remove(part)
        untold += ballots[part]
    return told


def consensus(groups: Iterable[PositionCounts]) -> float:
    """Return the product over groups of (A + 1) / (S + 2), A the ballots that agree among S, between 0 and 1.

    This is Polis's group-informed consensus (Small et al. 2021, 'Polis: Scaling deliberation by mapping high
    dimensional opinion spaces'), over declared segments instead of clusters.
    """
    return prod((group.agreeing + 1) / (group.ballots + 2) for group in groups)


def division(counts: PositionCounts) -> float | None:
    """Return how far apart the ballots are, from 0 (all alike) to 1 (half agree, half object); None without any.

    It is the variance of +1 for a ballot that agrees, -1 for one that objects and 0 for one that passes. It is taken
    over everybody, so that it tells nothing of a segment; by the law of total variance it holds what parts segments
    from each other as well as what parts people within them.
    """
    if not counts.ballots:
        return None
    mean = (counts.agreeing - counts.object) / counts.ballots
    return (counts.agreeing + counts.object) / counts.ballots - mean**2


def heads_needed(expected: int, share: int) -> int:
    """Return how many ballots `share` percent of the `expected` heads are, rounded up."""
    return -(-expected * share // 100)


def needed_over_all(quorum: Quorum) -> int:
    """Return how many ballots a quorum asks for over all: its heads or, without any, its share of all expected."""
    return quorum.heads or heads_needed(sum(quorum.expected.values()), quorum.share)


def quorum_outcome(result: AnyResult, quorum: Quorum) -> QuorumOutcome:
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
    over_all = needed_over_all(quorum)
    reached = result.total.ballots >= over_all if over_all else None
    return QuorumOutcome(over_all, reached, tuple(segments))


def merged(people: Mapping[str, int]) -> dict[str, int]:
    """Return how many people each published row has, merged as ballots are; nothing where no row may be shown."""
    labels = _labels(people)
    rows: Counter[str] = Counter()
    for segment, number in people.items():
        if (label := labels[segment]) is not None:
            rows[label] += number
    return {label: rows[label] for label in sorted(rows, key=_other_last)}


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
