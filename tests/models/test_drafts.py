"""A poll that is drafted is kept until it is opened, left, or forgotten after a week."""

from dataclasses import replace
from datetime import timedelta

import pytest

from models import ballot_paper, drafts
from models.errors import ConsultationError
from models.records import Ballot, BallotPaper, PollDraft, PollKind, Quorum, ReasonPolicy, Visibility, Wording

ASKED = {"en": Wording("How shall people come?", "By land or water."), "fr": Wording("Comment venir ?", "")}


@pytest.fixture
def draft(clock):
    options = ballot_paper.options([{"en": "Trains", "fr": "Trains"}, {"en": "Ferries", "fr": "Bacs"}])
    paper = BallotPaper(PollKind.SEVERAL, options, 2, ReasonPolicy.OPTIONAL)
    closes_at = clock().replace(year=2031)
    return PollDraft(None, "research", ASKED, None, closes_at, Quorum(7, 20, {"industry": 9}), paper, Visibility.LIVE)


async def kept(store, consultation, draft):
    async with store.write() as session:
        return await drafts.keep(session, consultation.id, draft)


async def read(store, consultation, number):
    async with store.read() as session:
        return await drafts.read(session, consultation.id, number)


async def test_a_draft_comes_back_as_it_was_kept_also_after_a_restart(start, store, consultation, draft):
    number = await kept(store, consultation, draft)
    store = await start()

    assert await read(store, consultation, number) == draft


async def test_what_was_drafted_is_what_opens(store, consultation, draft):
    number = await kept(store, consultation, draft)

    async with store.write() as session:
        poll = await drafts.open_poll(session, consultation, number)

    assert (poll.recommendation, poll.group, poll.wording) == (None, "research", ASKED)
    assert (poll.paper, poll.visibility, poll.quorum) == (draft.paper, draft.visibility, draft.quorum)
    assert store.memory.polls[poll.id] == poll


async def test_a_draft_opens_once(store, consultation, draft):
    number = await kept(store, consultation, draft)
    async with store.write() as session:
        await drafts.open_poll(session, consultation, number)

    with pytest.raises(ConsultationError, match="draft_gone"):
        await read(store, consultation, number)


async def test_questions_of_one_s_own_stand_beside_each_other(store, consultation, draft):
    subjects = set()
    for _ in range(2):
        async with store.write() as session:
            poll = await drafts.open_poll(session, consultation, await drafts.keep(session, consultation.id, draft))
            subjects.add(poll.subject)

    assert len(subjects) == 2


async def test_a_draft_of_another_consultation_cannot_be_read(store, consultation, draft):
    number = await kept(store, consultation, draft)

    async with store.read() as session:
        with pytest.raises(ConsultationError, match="draft_gone"):
            await drafts.read(session, consultation.id + 1, number)


async def test_a_draft_is_gone_after_a_week(store, consultation, draft, clock):
    old = await kept(store, consultation, draft)
    clock.advance(days=8)
    new = await kept(store, consultation, draft)

    assert await read(store, consultation, new) == draft
    with pytest.raises(ConsultationError, match="draft_gone"):
        await read(store, consultation, old)


# Changing what is open


@pytest.fixture
async def running(store, consultation, draft):
    """Return a poll that was opened from the draft."""
    number = await kept(store, consultation, draft)
    async with store.write() as session:
        return await drafts.open_poll(session, consultation, number)


async def changed(store, consultation, draft):
    number = await kept(store, consultation, draft)
    async with store.write() as session:
        return await drafts.change_poll(session, consultation, number)


async def test_a_poll_becomes_what_was_drafted_anew(store, consultation, draft, running):
    anew = replace(
        draft,
        wording={"en": Wording("How?", ""), "fr": Wording("Comment ?", "")},
        paper=replace(draft.paper, options=draft.paper.options[::-1], most_choices=1, reasons=ReasonPolicy.OFF),
        changes=running.id,
    )

    poll = await changed(store, consultation, anew)

    assert (poll.id, poll.subject, poll.wording, poll.paper) == (running.id, running.subject, anew.wording, anew.paper)
    assert (poll.opened_at, poll.closes_at, poll.quorum) == (running.opened_at, running.closes_at, running.quorum)
    assert store.memory.polls == {poll.id: poll}


async def test_a_poll_that_has_begun_meanwhile_keeps_its_beginning(store, consultation, draft, clock):
    planned = replace(draft, opens_at=clock() + timedelta(hours=1))
    async with store.write() as session:
        number = await drafts.keep(session, consultation.id, planned)
        running = await drafts.open_poll(session, consultation, number)
    clock.advance(hours=2)

    poll = await changed(store, consultation, replace(planned, changes=running.id))

    assert poll.opened_at == running.opened_at


async def test_a_poll_with_ballots_is_not_changed(store, consultation, draft, running, box):
    await box.cast(Ballot(running.id, 7, "industry", "a"))

    with pytest.raises(ConsultationError, match="worded_for_good"):
        await changed(store, consultation, replace(draft, changes=running.id))


async def test_a_draft_of_a_change_opens_nothing_and_another_changes_nothing(store, consultation, draft, running):
    change, new = [await kept(store, consultation, one) for one in (replace(draft, changes=running.id), draft)]
    for deed, number in ((drafts.open_poll, change), (drafts.change_poll, new)):
        async with store.write() as session:
            with pytest.raises(ConsultationError, match="draft_gone"):
                await deed(session, consultation, number)
