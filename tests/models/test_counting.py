"""Ballots are counted in SQL as one would by hand, and few rows come back however many voted."""

import os
import random
from collections import Counter

import pytest
from sqlalchemy import insert

from models import ballot_paper, counting, polls
from models.records import BallotPaper, PollKind, Position
from models.tables import BallotRow
from models.tally import ChoiceCounts
from tests.counting import tallied

SEGMENTS = ["academia", "hospitals", "industry"]
OPTIONS = ballot_paper.options([{"en": str(number)} for number in range(25)])
PAPERS = [
    BallotPaper(PollKind.SINGLE, OPTIONS),
    BallotPaper(PollKind.SEVERAL, OPTIONS, 25),
    BallotPaper(PollKind.PRIORITIES, OPTIONS, 5),
]


def drawn(paper, number):
    """Draw ballots by chance, but the same each time: `(segment, answer)` pairs."""
    chance = random.Random(1)  # noqa: S311 - nothing is secret here
    most = paper.most_choices
    chosen = [chance.sample(paper.keys, chance.randint(1, most)) for _ in range(number)]
    return [(chance.choice(SEGMENTS), ballot_paper.answer(paper, one)) for one in chosen]


async def ended(store, consultation, wording, paper, ballots):
    """Return a poll that has ended with these ballots."""
    async with store.write() as session:
        poll = await polls.open_poll(session, consultation, None, "research", wording, None, paper=paper)
        rows = [
            {
                "poll_id": poll.id,
                "seal": os.urandom(24),
                "segment": segment,
                "answer": answer,
                "quotation": "not",
                "cast_at": session.now(),
            }
            for segment, answer in ballots
        ]
        if rows:
            await session.execute(insert(BallotRow), rows)
        return await polls.end(session, poll.id, "Enough.")


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.kind)
async def test_options_are_counted_as_by_hand(store, consultation, wording, paper):
    ballots = drawn(paper, 400)
    poll = await ended(store, consultation, wording, paper, ballots)

    async with store.read() as session:
        result = await polls.result(session, poll)

    by_hand = tallied([(*ballot, number) for ballot, number in Counter(ballots).items()], paper)
    assert result == by_hand


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.kind)
async def test_options_that_nobody_chose_have_no_ballots_and_no_points(store, consultation, wording, paper):
    poll = await ended(store, consultation, wording, paper, [])

    async with store.read() as session:
        result = await polls.result(session, poll)

    assert isinstance(result.total, ChoiceCounts)
    assert result.total.ballots == 0
    assert set(result.total.chosen.values()) == set(result.total.points.values()) == {0}
    assert result.total.ranking == paper.keys
    assert result.segments == ()


async def test_there_is_one_row_a_segment_however_many_answers_differ(store, consultation, wording):
    paper = PAPERS[-1]
    poll = await ended(store, consultation, wording, paper, drawn(paper, 400))

    async with store.read() as session:
        assert sorted(await counting.choices(session, poll)) == SEGMENTS


async def test_positions_are_counted_by_segment(store, consultation, wording):
    ballots = [("academia", Position.SUPPORT)] * 2 + [("industry", Position.PASS)]
    poll = await ended(store, consultation, wording, BallotPaper(), ballots)

    async with store.read() as session:
        assert sorted(await counting.positions(session, poll)) == [("academia", "support", 2), ("industry", "pass", 1)]
