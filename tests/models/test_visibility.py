"""When a result is shown: at the end, when moderators publish it, or live in steps that give nobody away."""

import pytest

from models import ballot_paper, polls
from models.ballot_record import recorded_ballots
from models.errors import ConsultationError
from models.records import Ballot, BallotPaper, PollKind, Position, Visibility
from models.tally import PositionCounts

PERSON = 812_345_678_901_234_567
OPTIONS = ballot_paper.options([{"en": "Trains"}, {"en": "Trams"}])


@pytest.fixture
def opened(store, consultation, wording):
    async def open_poll(visibility, paper=None, recommendation="training"):
        async with store.write() as session:
            return await polls.open_poll(
                session,
                consultation,
                recommendation,
                "talent",
                wording,
                None,
                paper=paper or BallotPaper(),
                visibility=visibility,
            )

    return open_poll


async def vote(box, poll, answers, first=0):
    for number, answer in enumerate(answers, start=first):
        await box.cast(Ballot(poll.id, PERSON + number, "industry", answer))


async def shown(store, poll):
    async with store.write() as session:
        return await polls.show_live(session, poll)


async def test_a_live_result_begins_with_five_ballots(store, box, opened):
    poll = await opened(Visibility.LIVE)
    await vote(box, poll, [Position.SUPPORT] * 4)
    assert await shown(store, poll) is None

    await vote(box, poll, [Position.OBJECT], first=4)
    assert await shown(store, poll) == PositionCounts(support=4, object=1)


async def test_a_live_result_stays_as_it_was_until_five_more_have_voted(start, store, box, opened):
    poll = await opened(Visibility.LIVE)
    await vote(box, poll, [Position.SUPPORT] * 5)
    first = await shown(store, poll)
    await vote(box, poll, [Position.OBJECT] * 4, first=5)
    assert await shown(store, poll) == first

    await box.drain()
    store = await start()
    assert await shown(store, poll) == first


async def test_a_changed_ballot_is_not_seen_in_a_live_result_before_the_next_step(store, box, opened):
    poll = await opened(Visibility.LIVE)
    await vote(box, poll, [Position.SUPPORT] * 5)
    first = await shown(store, poll)

    await vote(box, poll, [Position.OBJECT])

    assert await shown(store, poll) == first


async def test_options_are_shown_live_too(store, box, opened):
    poll = await opened(Visibility.LIVE, BallotPaper(PollKind.SEVERAL, OPTIONS, 2))
    await vote(box, poll, ["a", "ab", "b", "b", "b"])

    counts = await shown(store, poll)

    assert counts is not None
    assert (counts.ballots, counts.chosen) == (5, {"a": 2, "b": 4})


@pytest.mark.parametrize("visibility", [Visibility.ENDED, Visibility.PUBLISHED])
async def test_nothing_of_another_open_poll_is_shown_live(store, box, opened, visibility):
    poll = await opened(visibility)
    await vote(box, poll, [Position.SUPPORT] * 10)

    with pytest.raises(ConsultationError, match="still_open"):
        await shown(store, poll)


@pytest.mark.parametrize(
    ("before", "after"),
    [(Visibility.LIVE, Visibility.ENDED), (Visibility.LIVE, Visibility.PUBLISHED), ("ended", "published")],
)
async def test_a_result_may_be_announced_for_later_also_after_ballots(store, box, opened, before, after):
    poll = await opened(Visibility(before))
    await vote(box, poll, [Position.SUPPORT])

    async with store.write() as session:
        edited = await polls.edit(session, poll.id, visibility=Visibility(after))

    assert edited.visibility == after


@pytest.mark.parametrize(("before", "after"), [("ended", "live"), ("published", "ended"), ("published", "live")])
async def test_a_result_is_never_shown_earlier_than_announced(store, opened, before, after):
    poll = await opened(Visibility(before))

    async with store.write() as session:
        with pytest.raises(ConsultationError, match="only_tightened"):
            await polls.edit(session, poll.id, visibility=Visibility(after))


async def test_a_result_that_moderators_publish_waits_for_them(store, opened):
    poll = await opened(Visibility.PUBLISHED)
    async with store.write() as session:
        ended = await polls.end(session, poll.id, "Enough.")
        assert not ended.is_published
        assert await polls.results_to_post(session) == []

    async with store.write() as session:
        published = await polls.publish(session, poll.id)
        assert published.is_published
        assert [one.id for one in await polls.results_to_post(session)] == [poll.id]


async def test_only_an_ended_result_that_waits_is_published_and_once(store, opened):
    waiting, usual = await opened(Visibility.PUBLISHED), await opened(Visibility.ENDED, recommendation="access")

    async def refusal(poll):
        async with store.write() as session:
            with pytest.raises(ConsultationError) as error:
                await polls.publish(session, poll.id)
        return error.value.phrase

    assert await refusal(waiting) == "poll.still_open"
    async with store.write() as session:
        await polls.end(session, usual.id, "Enough.")
        await polls.end(session, waiting.id, "Enough.")
        await polls.publish(session, waiting.id)
    assert await refusal(waiting) == await refusal(usual) == "poll.already_published"


async def test_a_cancelled_poll_is_told_of_at_once_and_never_published(store, opened):
    poll = await opened(Visibility.PUBLISHED)
    async with store.write() as session:
        await polls.cancel(session, poll.id, "The text was wrong.")
        assert [one.id for one in await polls.results_to_post(session)] == [poll.id]

    async with store.write() as session:
        with pytest.raises(ConsultationError, match="was_cancelled"):
            await polls.publish(session, poll.id)


async def test_options_are_counted_from_ballots_by_segment(store, box, opened):
    poll = await opened(Visibility.ENDED, BallotPaper(PollKind.PRIORITIES, OPTIONS, 2))
    await vote(box, poll, ["ab"] * 4 + ["b"] * 3)
    async with store.write() as session:
        ended = await polls.end(session, poll.id, "Enough.")

    async with store.read() as session:
        result = await polls.result(session, ended)
        record = [ballot for block in await recorded_ballots(session, ended) for ballot in block]

    assert result.total.ballots == 7
    assert [row.segment for row in result.segments] == ["industry"]
    assert sorted(answer for _, _, _, _, answer, _ in record) == ["a b"] * 4 + ["b"] * 3


async def test_a_ballot_that_is_not_on_the_paper_is_refused_by_the_box(box, opened):
    poll = await opened(Visibility.ENDED, BallotPaper(PollKind.SEVERAL, OPTIONS, 1))

    for forged in ("support", "c", "ab", "ba", ""):
        with pytest.raises(ConsultationError):
            await vote(box, poll, [forged])
