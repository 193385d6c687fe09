"""Who sees which result, in what order, and which reasons may be quoted."""

from collections import Counter
from dataclasses import replace
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import counting, polls, results
from models.errors import ConsultationError
from models.records import Ballot, BallotPaper, Option, PollKind, Position, Quotation, Quote, Visibility
from models.results import EndedPoll, Order, ordered
from models.tally import PositionCounts, division, tally
from tests.counting import tallied

numbers = st.integers(0, 10**6)
counted = st.builds(PositionCounts, numbers, numbers, numbers, numbers)
TWO = (Option("a", {"en": "Rye", "fr": "Seigle"}), Option("b", {"en": "Oats", "fr": "Avoine"}))


# Division


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (PositionCounts(support=8), 0),
        (PositionCounts(object=8), 0),
        (PositionCounts(pass_=8), 0),
        (PositionCounts(support=2, accept=2, object=4), 1),
        (PositionCounts(support=4, pass_=4), 0.25),
        (PositionCounts(support=3, object=1), 0.75),
    ],
    ids=["all agree", "all object", "all pass", "half and half", "half pass", "a quarter objects"],
)
def test_division_is_the_variance_of_what_people_answered(counts, expected):
    assert division(counts) == pytest.approx(expected)


def test_of_nobody_there_is_no_division():
    assert division(PositionCounts()) is None


@given(counted)
def test_division_lies_between_0_and_1(counts):
    if (found := division(counts)) is not None:
        assert -1e-9 <= found <= 1 + 1e-9


@given(counted)
def test_division_takes_no_side(counts):
    mirrored = PositionCounts(counts.object, 0, counts.agreeing, counts.pass_)
    assert division(mirrored) == (None if division(counts) is None else pytest.approx(division(counts)))


# The order


def ended(poll, number, *counts):
    return EndedPoll(replace(poll, id=number), tally(counts))


async def test_polls_without_the_measure_come_last_by_turnout(poll):
    agreed, split = ended(poll, 1, ("x", Position.SUPPORT, 9)), ended(poll, 2, ("x", Position.OBJECT, 9))
    nobody = ended(poll, 3)
    paper = BallotPaper(PollKind.SINGLE, TWO)
    few, many = (
        EndedPoll(replace(poll, id=number), tallied([("x", "a", ballots)], paper))
        for number, ballots in ((4, 3), (5, 70))
    )
    for order in Order:
        every = [one.poll.id for one in ordered([few, nobody, many, split, agreed], order)]
        assert every[2:] == [5, 4, 3]
        assert set(every[:2]) == {1, 2}
    assert [one.poll.id for one in ordered([split, agreed], Order.CONSENSUS)] == [1, 2]
    assert [one.poll.id for one in ordered([agreed, split], Order.OBJECTIONS)] == [2, 1]


# Who sees what


async def test_open_cancelled_and_unpublished_polls_are_nobody_s_business(store, consultation, wording):
    async with store.write() as session:
        made = [
            await polls.open_poll(session, consultation, key, "research", wording, None, visibility=visibility)
            for key, visibility in (
                ("open", Visibility.LIVE),
                ("cancelled", Visibility.ENDED),
                ("waiting", Visibility.PUBLISHED),
                ("shown", Visibility.ENDED),
            )
        ]
        await polls.cancel(session, made[1].id, "Asked wrongly.")
        for one in made[2:]:
            await polls.end(session, one.id, "Time is up.")
    async with store.read() as session:
        assert [one.poll.subject for one in await results.ended(session, consultation.id)] == ["shown"]
        every = await results.ended(session, consultation.id, unpublished=True)
        assert [one.poll.subject for one in every] == ["waiting", "shown"]
        for one in made[:3]:
            with pytest.raises(ConsultationError, match=r"results\.unknown"):
                await results.find(session, consultation.id, one.id)
        for one in made[:2]:
            with pytest.raises(ConsultationError, match=r"results\.unknown"):
                await results.find(session, consultation.id, one.id, unpublished=True)
        with pytest.raises(ConsultationError, match=r"results\.unknown"):
            await results.find(session, consultation.id + 1, made[3].id, unpublished=True)


# Quotes


async def quoted(store, box, poll, *ballots):
    for number, (segment, answer, text, quotation) in enumerate(ballots, start=1):
        await box.cast(Ballot(poll.id, number, segment, answer, text, quotation))
    async with store.write() as session:
        over = await polls.end(session, poll.id, "Time is up.")
    async with store.read() as session:
        return await results.quotes(session, over)


async def test_reasons_are_quoted_as_allowed_objections_first(store, box, poll):
    five = [("industry", Position.SUPPORT, None, Quotation.NOT)] * 5
    found = await quoted(
        store,
        box,
        poll,
        *five,
        ("industry", Position.ACCEPT, "Well enough.", Quotation.WITH_SEGMENT),
        ("industry", Position.OBJECT, "Too slow.", Quotation.WITHOUT_SEGMENT),
        ("industry", Position.OBJECT, "Never mind.", Quotation.NOT),
    )
    assert found == [Quote("object", None, "Too slow."), Quote("accept", "industry", "Well enough.")]


@given(st.lists(st.builds(Quote, st.sampled_from(["object", "support"]), st.sampled_from([None, "a", "b"]), st.text())))
def test_the_order_of_quotes_hangs_on_nothing_but_the_quotes(told):
    ordered = results.fairly(told, 1)
    assert Counter(ordered) == Counter(told)
    assert results.fairly(told[::-1], 1) == ordered
    answers = [quote.answer != "object" for quote in ordered]
    assert answers == sorted(answers)


def test_no_segment_takes_all_of_the_first_places():
    many = [Quote("object", "industry", f"Aa {number}") for number in range(30)]
    few = [Quote("object", segment, f"Zz {number}") for segment in ("academia", None) for number in range(3)]
    first = results.fairly([*many, *few], 1)[:9]
    assert Counter(quote.segment for quote in first) == {"industry": 3, "academia": 3, None: 3}


def test_no_wording_comes_first_whatever_the_others_say():
    wording = Quote("object", None, "!!! Aaa")
    places = {
        results.fairly([wording, *(Quote("object", None, f"{seed} {number}") for number in range(9))], 1).index(wording)
        for seed in range(60)
    }
    assert len(places) > 5


async def test_a_segment_that_has_no_row_of_its_own_is_never_named(store, box, poll):
    merged = [
        (segment, Position.SUPPORT, None, Quotation.NOT) for segment in ("academia", "hospitals") for _ in range(2)
    ]
    found = await quoted(
        store,
        box,
        poll,
        *[("industry", Position.SUPPORT, None, Quotation.NOT)] * 5,
        *merged,
        ("academia", Position.OBJECT, "Merged into others.", Quotation.WITH_SEGMENT),
    )
    assert found == [Quote("object", None, "Merged into others.")]


async def test_no_segment_is_named_where_the_poll_shows_none(store, box, poll):
    found = await quoted(store, box, poll, ("industry", Position.OBJECT, "Alone.", Quotation.WITH_SEGMENT))
    assert found == [Quote("object", None, "Alone.")]


async def test_what_several_options_somebody_chose_is_not_told_with_their_words(store, box, consultation, wording):
    async with store.write() as session:
        several, single = [
            await polls.open_poll(
                session, consultation, None, "research", wording, None, paper=BallotPaper(kind, TWO, 2)
            )
            for kind in (PollKind.SEVERAL, PollKind.SINGLE)
        ]
    assert await quoted(store, box, several, ("x", "ab", "Both.", Quotation.WITHOUT_SEGMENT)) == [
        Quote(None, None, "Both.")
    ]
    assert await quoted(store, box, single, ("x", "a", "Rye.", Quotation.WITHOUT_SEGMENT)) == [Quote("a", None, "Rye.")]


async def test_a_result_shows_a_hundred_reasons_at_the_most_and_says_how_many_there_are(store, box, poll):
    given = [("industry", Position.OBJECT, f"Because {number:03}.", Quotation.WITHOUT_SEGMENT) for number in range(120)]
    assert len(await quoted(store, box, poll, *given, ("industry", Position.OBJECT, "Secret.", Quotation.NOT))) == 120

    async with store.read() as session:
        [over] = await polls.ended_polls(session, poll.consultation_id)
        quotes = await results.first_quotes(session, over)
        every = await results.quotes(session, over)

    assert quotes.number == 120
    assert list(quotes.first) == every[:100]


# Counted once


async def test_an_ended_poll_is_counted_once_until_the_bot_starts_again(start, store, box, poll):
    await quoted(store, box, poll, ("industry", Position.OBJECT, "Too slow.", Quotation.NOT))
    [over] = await ended_in(store, poll)
    with patch.object(counting, "positions", wraps=counting.positions) as count:
        first = await ended_in(store, poll)
        assert await ended_in(store, poll) == first
        assert count.call_count == 0

        await box.drain()
        store = await start()
        assert await ended_in(store, poll) == first == [over]
        assert count.call_count == 1


async def test_what_is_counted_in_a_transaction_that_fails_is_not_kept(store, poll):
    async def fail():
        async with store.write() as session:
            await polls.result(session, await polls.end(session, poll.id, "Enough."))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert store.memory.results == {}


async def ended_in(store, poll):
    async with store.read() as session:
        return await results.ended(session, poll.consultation_id)
