"""What remains disputed after a vote and between whom, in sentences made from published numbers.

A sentence says no more than the numbers do. Where there are few ballots it says that instead.
"""

from collections.abc import Iterator

from models.records import Poll, PollKind
from models.tally import AnyResult, ChoiceCounts, ChoiceResult, Result
from reports.captions import Captions
from reports.findings import FEW


def disputes(poll: Poll, result: AnyResult, captions: Captions) -> list[str]:
    """Say what remains disputed in a poll, who is on which side, or that nothing can be told."""
    ballots = result.total.ballots
    if ballots < FEW:
        return [captions.say("plan.dispute_unknown", count=ballots)]
    if isinstance(result, Result):
        return list(_of_positions(result, captions))
    return list(_of_options(poll, result, captions))


def _of_positions(result: Result, captions: Captions) -> Iterator[str]:
    total = result.total
    if not total.object:
        yield captions.say("plan.not_disputed")
        return
    agreeing = [row for row in result.segments if row.counts.agreeing * 2 > row.counts.ballots]
    objecting = [row for row in result.segments if row.counts.object * 2 > row.counts.ballots]
    if agreeing and objecting:
        agree, against = (", ".join(captions.segment(row.segment) for row in rows) for rows in (agreeing, objecting))
        yield captions.say("plan.disputed_between", agree=agree, object=against)
    number, everyone = captions.number(total.object), captions.number(total.ballots)
    yield captions.say("plan.disputed_by", count=total.object, number=number, all=everyone)
    rows = sorted(result.segments, key=lambda row: -row.counts.object / row.counts.ballots)
    told = [
        captions.say(
            "plan.objections_in",
            segment=captions.segment(row.segment),
            number=captions.number(row.counts.object),
            all=captions.number(row.counts.ballots),
        )
        for row in rows
        if row.counts.object
    ]
    if told:
        yield captions.say("plan.objections_by", segments=captions.series(told))


def _of_options(poll: Poll, result: ChoiceResult, captions: Captions) -> Iterator[str]:
    def named(counts: ChoiceCounts) -> str:
        return ", ".join(captions.option(poll, key) for key in _first(counts))

    firsts = [set(_first(row.counts)) for row in result.segments]
    if len(firsts) > 1 and not set.intersection(*firsts):
        told = captions.series(
            captions.pair(captions.segment(row.segment), named(row.counts)) for row in result.segments
        )
        yield captions.say("plan.first_differs", segments=told)
    elif len(firsts) > 1:
        shared = set.intersection(*firsts)
        options = ", ".join(captions.option(poll, key) for key in result.total.ranking if key in shared)
        yield captions.say("plan.first_same", option=options)
    if poll.paper.kind is PollKind.PRIORITIES:
        if len(firsts) < 2:  # noqa: PLR2004 - two are compared
            yield captions.say("plan.points_alone")
        return
    most = max(result.total.chosen.values())
    majority = "plan.majority" if most * 2 > result.total.ballots else "plan.no_majority"
    number, everyone = captions.number(most), captions.number(result.total.ballots)
    yield captions.say(majority, option=named(result.total), number=number, all=everyone)


def _first(counts: ChoiceCounts) -> tuple[str, ...]:
    """Return the option with the most points, or all that share the first place."""
    most = max(counts.points.values())
    return tuple(key for key in counts.ranking if counts.points[key] == most)
