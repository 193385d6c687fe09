"""Opening polls, ending them, and what is known of them while they run and afterwards."""

import asyncio
from datetime import timedelta

import pytest

from models import consultations, participants, polls
from models.ballot_record import recorded_ballots
from models.errors import ConsultationError
from models.records import Ballot, BallotPaper, Position, Quorum, Quotation, Wording
from models.tally import Result

PERSON = 812_345_678_901_234_567


async def cast_all(box, poll, ballots):
    """Cast `(segment, position)` or `(segment, position, reason)` ballots of as many people."""
    await asyncio.gather(
        *(box.cast(Ballot(poll.id, PERSON + number, *ballot)) for number, ballot in enumerate(ballots))
    )


async def end(store, poll, reason="Settled elsewhere."):
    async with store.write() as session:
        return await polls.end(session, poll.id, reason)


async def test_an_opened_poll_keeps_the_wording_and_is_known_at_once(store, poll, wording, clock):
    assert poll.wording == wording
    assert (poll.opened_at, poll.ended_at) == (clock(), None)
    assert store.memory.polls == {poll.id: poll}
    assert store.memory.open_poll_on(poll.consultation_id, "shared-data") == poll
    assert store.memory.open_poll_on(poll.consultation_id, "training") is None
    assert store.memory.open_poll_on(poll.consultation_id + 1, "shared-data") is None


async def test_the_wording_stays_as_it_was_voted_on(start, poll, wording):
    wording["en"] = Wording("Something else", "Changed afterwards.")

    assert (await start()).memory.polls[poll.id].wording["en"].title == "Shared data"


async def test_no_poll_is_opened_before_the_consultation(store, prepared, wording):
    with pytest.raises(ConsultationError) as refusal:
        async with store.write() as session:
            await polls.open_poll(session, prepared, "shared-data", "research", wording, None)

    assert refusal.value.phrase == "consultation.not_open"


async def test_no_poll_is_opened_on_a_record_from_before_the_consultation_closed(store, consultation, wording):
    async with store.write() as session:
        await consultations.close_consultation(session, consultation.id)

    with pytest.raises(ConsultationError) as refusal:
        async with store.write() as session:
            await polls.open_poll(session, consultation, "shared-data", "research", wording, None)

    assert refusal.value.phrase == "consultation.not_open"


@pytest.mark.parametrize("seconds", [0, -1])
async def test_a_poll_does_not_end_in_the_past(store, consultation, wording, clock, seconds):
    closes_at = clock() + timedelta(seconds=seconds)

    with pytest.raises(ConsultationError) as refusal:
        async with store.write() as session:
            await polls.open_poll(session, consultation, "shared-data", "research", wording, closes_at)

    assert refusal.value.phrase == "poll.end_in_past"
    assert store.memory.polls == {}


async def test_a_recommendation_has_one_open_poll(store, consultation, poll, wording):
    with pytest.raises(ConsultationError) as refusal:
        async with store.write() as session:
            await polls.open_poll(session, consultation, "shared-data", "research", wording, None)

    assert refusal.value.phrase == "poll.already_open"
    assert store.memory.polls == {poll.id: poll}


async def test_of_two_moderators_who_open_at_once_one_is_told(store, consultation, wording):
    async def open_one() -> str:
        try:
            async with store.write() as session:
                await polls.open_poll(session, consultation, "training", "talent", wording, None)
        except ConsultationError as refusal:
            return refusal.phrase
        return "opened"

    assert sorted([await task for task in [asyncio.create_task(open_one()) for _ in range(2)]]) == [
        "opened",
        "poll.already_open",
    ]


async def test_an_ended_recommendation_can_be_put_to_the_vote_again(store, consultation, poll, wording):
    await end(store, poll)
    async with store.write() as session:
        second = await polls.open_poll(session, consultation, "shared-data", "research", wording, None)
        assert await polls.latest_poll_on(session, consultation.id, "shared-data") == second

    assert second.id != poll.id
    assert store.memory.polls == {second.id: second}


async def test_a_poll_that_ends_early_keeps_when_and_why(store, poll, clock):
    clock.advance(days=1)

    ended = await end(store, poll, "The text will change.")

    assert (ended.ended_at, ended.end_reason) == (clock(), "The text will change.")
    assert ended.closes_at == poll.closes_at
    assert store.memory.polls == {}


async def test_of_two_moderators_who_end_at_once_one_is_told(store, poll):
    results = await asyncio.gather(end(store, poll), end(store, poll), return_exceptions=True)

    (refusal,) = (result for result in results if isinstance(result, Exception))
    assert isinstance(refusal, ConsultationError)
    assert refusal.phrase == "poll.already_ended"


@pytest.mark.parametrize("reason", [None, "Noticed by a moderator."])
async def test_a_deadline_missed_while_down_ended_the_poll_then_and_not_now(store, poll, clock, reason):
    clock.advance(days=9)

    assert (await end(store, poll, reason)).ended_at == poll.closes_at


async def test_no_poll_ends_in_the_future(store, poll, clock):
    assert (await end(store, poll)).ended_at == clock()


async def test_without_a_reason_no_poll_ends_before_its_deadline(store, poll):
    with pytest.raises(ConsultationError) as refusal:
        await end(store, poll, None)

    assert refusal.value.phrase == "poll.already_ended"
    assert store.memory.polls == {poll.id: poll}


async def test_a_poll_without_a_deadline_ends_when_it_is_ended(store, consultation, wording, clock):
    async with store.write() as session:
        poll = await polls.open_poll(session, consultation, "training", "talent", wording, None)
    clock.advance(days=400)

    assert poll.is_open_at(clock())
    assert (await end(store, poll)).ended_at == clock()


async def test_a_poll_may_open_and_end_in_one_transaction(store, consultation, wording, clock):
    async with store.write() as session:
        poll = await polls.open_poll(session, consultation, "training", "talent", wording, None)
        ended = await polls.end(session, poll.id, "A mistake.")
        assert await polls.latest_poll_on(session, consultation.id, "training") == ended

    assert ended.ended_at == clock()
    assert store.memory.polls == {}


async def test_results_wait_to_be_posted_until_they_are(start, store, poll):
    async with store.read() as session:
        assert await polls.results_to_post(session) == []
    ended = await end(store, poll)

    store = await start()
    async with store.read() as session:
        assert await polls.results_to_post(session) == [ended]
    async with store.write() as session:
        await polls.mark_posted(session, poll.id)
    async with store.read() as session:
        assert await polls.results_to_post(session) == []


async def test_ended_polls_are_listed_oldest_first_for_one_consultation(store, consultation, poll, wording):
    first = await end(store, poll)
    async with store.write() as session:
        await polls.open_poll(session, consultation, "training", "talent", wording, None)
        again = await polls.open_poll(session, consultation, "shared-data", "research", wording, None)
    second = await end(store, again)

    async with store.read() as session:
        assert await polls.ended_polls(session, consultation.id) == [first, second]
        assert await polls.ended_polls(session, consultation.id + 1) == []


async def test_a_recommendation_that_was_never_voted_on_has_no_latest_poll(store, poll):
    async with store.read() as session:
        assert await polls.latest_poll_on(session, poll.consultation_id, "shared-data") == poll
        assert await polls.latest_poll_on(session, poll.consultation_id, "training") is None


async def test_turnout_is_all_that_is_known_of_an_open_poll(store, box, poll):
    await cast_all(box, poll, [("industry", Position.SUPPORT)] * 6)

    async with store.read() as session:
        assert await polls.turnout(session, poll.id) == 6
        assert await polls.turnout(session, poll.id + 1) == 0
        for question in (polls.result, recorded_ballots, polls.reasons):
            with pytest.raises(ConsultationError) as refusal:
                await question(session, poll)
            assert refusal.value.phrase == "poll.still_open"


async def test_a_poll_past_its_deadline_shows_nothing_before_it_is_ended(store, poll, clock):
    clock.advance(days=8)

    async with store.read() as session:
        with pytest.raises(ConsultationError):
            await polls.result(session, poll)


async def test_the_result_of_an_ended_poll_counts_its_ballots(store, box, poll):
    await cast_all(box, poll, [("industry", Position.SUPPORT)] * 6 + [("academia", Position.OBJECT)] * 5)
    ended = await end(store, poll)

    async with store.read() as session:
        result = await polls.result(session, ended)

    assert isinstance(result, Result)
    assert (result.total.support, result.total.object) == (6, 5)
    assert [row.segment for row in result.segments] == ["academia", "industry"]


async def test_a_poll_nobody_voted_in_has_an_empty_result(store, poll):
    ended = await end(store, poll)

    async with store.read() as session:
        assert (await polls.result(session, ended)).total.ballots == 0
        assert list(await recorded_ballots(session, ended)) == []
        assert await polls.reasons(session, ended) == []


async def test_reasons_come_apart_from_ballots_and_as_their_authors_allowed(store, box, poll):
    await cast_all(
        box,
        poll,
        [
            ("industry", Position.OBJECT, "Too slow.", Quotation.WITH_SEGMENT),
            ("industry", Position.OBJECT, "bureaucracy", Quotation.NOT),
            ("industry", Position.OBJECT, "Across the border it failed.", Quotation.WITHOUT_SEGMENT),
            ("industry", Position.OBJECT),
            ("industry", Position.ACCEPT, "A better way than before.", Quotation.NOT),
        ],
    )
    ended = await end(store, poll)

    async with store.read() as session:
        reasons = await polls.reasons(session, ended)

    assert [(reason.text, reason.quotation) for reason in reasons] == [
        ("Across the border it failed.", Quotation.WITHOUT_SEGMENT),
        ("bureaucracy", Quotation.NOT),
        ("Too slow.", Quotation.WITH_SEGMENT),
        ("A better way than before.", Quotation.NOT),
    ]
    assert {reason.segment for reason in reasons} == {"industry"}


async def test_a_ballot_keeps_the_segment_it_was_cast_for(store, box, consultation, poll):
    async with store.write() as session:
        await participants.join(session, consultation.id, PERSON, "industry", ())
    await cast_all(box, poll, [("industry", Position.SUPPORT)] * 5)
    async with store.write() as session:
        await participants.join(session, consultation.id, PERSON, "academia", ())
    ended = await end(store, poll)

    async with store.read() as session:
        assert [row.segment for row in (await polls.result(session, ended)).segments] == ["industry"]


# Beginning later, changing, cancelling


async def edit(store, poll, **changes):
    async with store.write() as session:
        return await polls.edit(session, poll.id, **changes)


async def refusal_of(deed):
    with pytest.raises(ConsultationError) as refusal:
        await deed
    return refusal.value.phrase


async def open_later(store, consultation, wording, opens_at, closes_at=None):
    async with store.write() as session:
        return await polls.open_poll(session, consultation, "training", "talent", wording, closes_at, opens_at=opens_at)


async def test_a_poll_that_begins_later_refuses_ballots_until_then(store, consultation, wording, box, clock):
    poll = await open_later(store, consultation, wording, clock() + timedelta(hours=1))
    clock.advance(minutes=59, seconds=59)
    with pytest.raises(ConsultationError) as refused:
        await box.cast(Ballot(poll.id, PERSON, "industry", Position.SUPPORT))
    assert refused.value.phrase == "vote.not_begun"
    assert refused.value.values == {"opens": int(poll.opened_at.timestamp())}

    clock.advance(seconds=1)
    await box.cast(Ballot(poll.id, PERSON, "industry", Position.SUPPORT))

    async with store.read() as session:
        assert await polls.turnout(session, poll.id) == 1


async def test_a_beginning_that_has_passed_is_now(store, consultation, wording, clock):
    poll = await open_later(store, consultation, wording, clock() - timedelta(hours=1))
    assert poll.opened_at == clock()


async def test_no_poll_ends_before_it_begins(store, consultation, wording, clock):
    begins, ends = clock() + timedelta(days=2), clock() + timedelta(days=1)
    assert await refusal_of(open_later(store, consultation, wording, begins, ends)) == "poll.end_before_beginning"
    later = await open_later(store, consultation, wording, ends, begins)
    assert await refusal_of(edit(store, later, opens_at=begins)) == "poll.end_before_beginning"
    assert store.memory.polls[later.id] == later


async def test_before_the_first_ballot_everything_may_change(store, poll, clock):
    changed = await edit(store, poll, closes_at=clock() + timedelta(hours=1), quorum=Quorum(3, 50, {"industry": 4}))

    assert changed.closes_at == clock() + timedelta(hours=1)
    assert changed.quorum == Quorum(3, 50, {"industry": 4})
    assert store.memory.polls == {poll.id: changed}


async def test_after_the_first_ballot_the_end_may_only_be_put_off(store, poll, box, clock):
    await cast_all(box, poll, [("industry", Position.SUPPORT)])

    assert await refusal_of(edit(store, poll, closes_at=poll.closes_at - timedelta(seconds=1))) == "poll.only_extended"
    assert await refusal_of(edit(store, poll, quorum=Quorum(1))) == "poll.only_extended"
    assert await refusal_of(edit(store, poll, paper=BallotPaper())) == "poll.only_extended"
    assert await refusal_of(edit(store, poll, wording=poll.wording)) == "poll.worded_for_good"
    put_off = await edit(store, poll, closes_at=poll.closes_at + timedelta(days=1))
    clock.moment = poll.closes_at
    await box.cast(Ballot(poll.id, PERSON + 9, "industry", Position.PASS))
    assert store.memory.polls == {poll.id: put_off}


async def test_a_poll_with_ballots_and_no_end_gets_none(store, consultation, wording, box, clock):
    poll = await open_later(store, consultation, wording, None)
    await cast_all(box, poll, [("industry", Position.SUPPORT)])

    assert await refusal_of(edit(store, poll, closes_at=clock() + timedelta(days=9))) == "poll.only_extended"


async def test_what_has_ended_is_not_changed_also_where_nobody_noticed_its_end(store, poll, clock):
    clock.moment = poll.closes_at
    later = clock() + timedelta(days=1)
    assert await refusal_of(edit(store, poll, closes_at=later)) == "poll.already_ended"
    await end(store, poll, None)
    assert await refusal_of(edit(store, poll, closes_at=later)) == "poll.already_ended"


async def test_a_deadline_that_was_put_off_does_not_end_the_poll(store, poll, clock):
    deadline = poll.closes_at
    await edit(store, poll, closes_at=deadline + timedelta(days=1))
    clock.moment = deadline

    assert await refusal_of(end(store, poll, None)) == "poll.already_ended"
    assert poll.id in store.memory.polls


async def cancel(store, poll):
    async with store.write() as session:
        return await polls.cancel(session, poll.id, "The text was wrong.")


async def test_a_cancelled_poll_keeps_its_ballots_and_has_no_result(store, consultation, poll, box, clock):
    await cast_all(box, poll, [("industry", Position.OBJECT, "No.")])

    cancelled = await cancel(store, poll)

    assert (cancelled.cancelled, cancelled.ended_at, cancelled.end_reason) == (True, clock(), "The text was wrong.")
    assert store.memory.polls == {}
    async with store.read() as session:
        assert await polls.turnout(session, poll.id) == 1
        assert await polls.ended_polls(session, consultation.id) == []
        assert await polls.results_to_post(session) == [cancelled]
        for reading in (polls.result, recorded_ballots, polls.reasons):
            assert await refusal_of(reading(session, cancelled)) == "poll.was_cancelled"


async def test_what_has_ended_is_not_cancelled(store, poll, clock):
    clock.moment = poll.closes_at
    assert await refusal_of(cancel(store, poll)) == "poll.already_ended"
    await end(store, poll, None)
    assert await refusal_of(cancel(store, poll)) == "poll.already_ended"


async def test_a_poll_that_is_ended_before_it_begins_is_cancelled(store, consultation, wording, clock):
    poll = await open_later(store, consultation, wording, clock() + timedelta(days=1))

    ended = await end(store, poll)

    assert (ended.cancelled, ended.ended_at) == (True, clock())


async def test_expected_heads_are_kept_by_segment_and_forgotten_at_none(start, store, consultation):
    for segment, heads in (("industry", 9), ("academia", 4), ("industry", 12), ("academia", 0)):
        async with store.write() as session:
            await consultations.expect_heads(session, consultation.id, segment, heads)

    assert (await start()).memory.consultations[consultation.guild_id].expected_heads == {"industry": 12}


async def test_a_poll_that_is_closed_by_hand_after_its_deadline_was_missed_ended_at_its_deadline(store, poll, clock):
    clock.advance(days=8)
    async with store.write() as session:
        ended = await polls.end(session, poll.id, "Somebody was quicker than the clock.")

    assert (ended.ended_at, ended.end_reason, ended.cancelled) == (poll.closes_at, None, False)
