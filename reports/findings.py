"""What came out, in sentences made from data: the finding over a picture, and what is said beside counts.

A sentence says no more than the published numbers do. Where there are few ballots it says that instead.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from models.records import UNPLACED, Poll, Position, Quorum, Quote
from models.results import EndedPoll, Order
from models.tally import OTHER, AnyResult, ChoiceCounts, PositionCounts, Result, quorum_outcome
from models.turnout import Turnout
from reports.captions import Captions

FEW = 10
"""With fewer than so many ballots or contributions, a sentence says that there are few and nothing else."""

FULL = 100
HALF = 0.5


def result_finding(poll: Poll, result: AnyResult, captions: Captions) -> str:
    """Say in one sentence what came out of a poll."""
    say = _saying(captions)
    ballots = result.total.ballots
    if not ballots:
        return say("finding.nobody")
    if ballots < FEW:
        return say("finding.few_ballots", count=ballots)
    if isinstance(result, Result):
        return _of_positions(result, captions)
    return _of_options(poll, result.total, captions)


def outcome_lines(result: AnyResult, quorum: Quorum, captions: Captions, *, segments: bool = True) -> Iterable[str]:
    """Say what counts do not: why no segments are shown, consensus, and over all and by segment the quorum."""
    say = _saying(captions)
    if result.total.ballots and not result.segments:
        yield say("result.no_segments")
    if isinstance(result, Result) and result.consensus is not None:
        yield say("result.consensus", consensus=captions.decimal(result.consensus))
    outcome = quorum_outcome(result, quorum)
    if outcome.reached is not None:
        yield say("result.quorum_reached" if outcome.reached else "result.quorum_missed", count=outcome.needed)
    for phrase, reached in (
        ("result.quorum_reached_by", True),
        ("result.quorum_missed_by", False),
        ("result.quorum_not_shown", None),
    ):
        named = [captions.segment(one.segment) for one in outcome.segments if one.reached is reached]
        if segments and named:
            yield say(phrase, share=quorum.share, segments=", ".join(named))


def unquoted_objections(one: EndedPoll, quotes: Iterable[Quote]) -> int:
    """Return how many of those who object let nobody quote why."""
    if not isinstance(one.result, Result):
        return 0
    return one.result.total.object - sum(quote.answer == Position.OBJECT for quote in quotes)


def _of_positions(result: Result, captions: Captions) -> str:
    """Say what most do in the segments that are shown, or what parts them, or the shares of everybody."""
    say = _saying(captions)
    rows = result.segments
    if len(rows) > 1:
        if all(_agreeing(row.counts) > HALF for row in rows):
            return say("finding.all_agree")
        if all(_objecting(row.counts) > HALF for row in rows):
            return say("finding.all_object")
        for_it = max(rows, key=lambda row: _agreeing(row.counts))
        against = max(rows, key=lambda row: _objecting(row.counts))
        if _agreeing(for_it.counts) > HALF and _objecting(against.counts) > HALF:
            agree, object_ = captions.segment(for_it.segment), captions.segment(against.segment)
            return say("finding.segments_differ", agree=agree, object=object_)
    return say(
        "finding.shares",
        agree=round(_agreeing(result.total) * FULL),
        object=round(_objecting(result.total) * FULL),
    )


def _of_options(poll: Poll, counts: ChoiceCounts, captions: Captions) -> str:
    say = _saying(captions)
    most = counts.points[counts.ranking[0]]
    first = [captions.option(poll, key) for key in counts.ranking if counts.points[key] == most]
    if len(first) == 1:
        return say("finding.first", option=first[0])
    return say("finding.tied", count=len(first), options=", ".join(first))


def map_finding(polls: Sequence[EndedPoll], captions: Captions) -> str:
    """Say which of these polls, each with a consensus, is agreed on most and which divides most."""
    say = _saying(captions)
    if not polls:
        return say("finding.no_map")
    told = [one for one in polls if one.ballots >= FEW]
    if not told:
        return say("finding.map_few", count=FEW)
    if len(polls) == 1:
        return say("finding.map_one", title=captions.recommendation(polls[0].poll))
    agreed, divided = (max(told, key=_by(order)) for order in (Order.CONSENSUS, Order.DIVISION))
    return say(
        "finding.map", agreed=captions.recommendation(agreed.poll), divided=captions.recommendation(divided.poll)
    )


def turnout_finding(turnout: Turnout | None, captions: Captions) -> str:
    """Say how many ballots were counted and who cast the most, or that too few were to say when."""
    say = _saying(captions)
    if turnout is None:
        return say("finding.nobody")
    total = captions.ballots(sum(map(turnout.total, turnout.rows)))
    if not turnout.is_told:
        return say("finding.turnout_few", ballots=total)
    named = [row for row in turnout.rows if row not in {None, OTHER, *UNPLACED}]
    most = [row for row in named if turnout.total(row) == turnout.total(named[0])] if named else []
    if len(named) < 2 or len(most) != 1:  # noqa: PLR2004 - of one nobody says that it is the most
        return say("finding.turnout", ballots=total)
    return say("finding.turnout_most", ballots=total, segment=captions.segment(most[0] or ""))


def themes_finding(themes: Sequence[tuple[str, int]], captions: Captions) -> str:
    """Say on what there was most feedback; `themes` are labels and how many contributions each has."""
    say = _saying(captions)
    total = sum(number for _label, number in themes)
    if not total:
        return say("finding.no_feedback")
    if total < FEW:
        return say("finding.few_contributions", count=total)
    most = max(number for _label, number in themes)
    first = [label for label, number in themes if number == most]
    if len(first) > 1 or len(themes) == 1:
        return say("finding.contributions", count=total, number=captions.number(total))
    return say("finding.theme", label=first[0], number=captions.number(most), all=captions.number(total))


def _by(order: Order) -> Callable[[EndedPoll], float]:
    return lambda one: one.measure(order) or 0


def _agreeing(counts: PositionCounts) -> float:
    return counts.agreeing / counts.ballots


def _objecting(counts: PositionCounts) -> float:
    return counts.object / counts.ballots


def _saying(captions: Captions) -> Callable[..., str]:
    def say(phrase: str, **values: Any) -> str:
        return captions.phrases.text(phrase, captions.language, **values)

    return say
