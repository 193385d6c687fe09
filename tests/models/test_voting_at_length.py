"""Any sequence of joining, voting, giving reasons, moving the end, ending, cancelling, erasing and restarting."""

import asyncio
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from models import ballot_paper, consultations, participants, polls, rights
from models.ballot_box import BallotBox
from models.errors import ConsultationError
from models.records import Ballot, BallotPaper, PollKind, Position, Quotation
from models.rights import Person
from models.sealing import Sealer
from models.store import open_store
from models.tables import BallotChange, BallotRow
from models.tally import tally
from tests.counting import tallied

PERSON = 812_345_678_901_234_567
people = st.integers(min_value=0, max_value=7)
segments = st.sampled_from(["academia", "industry"])
answers = st.integers(min_value=0, max_value=3)  # one of the four that each kind has
reasons = st.sampled_from([None, None, "Too soon.", "Too dear."])
kinds = st.sampled_from(PollKind)
ANSWERS: dict[PollKind, Any] = {
    PollKind.POSITION: list(Position),
    PollKind.SINGLE: ["a", "b", "c", "d"],
    PollKind.SEVERAL: ["a", "ab", "bd", "d"],
    PollKind.PRIORITIES: ["a", "ab", "ba", "dc"],
}


def paper(kind):
    offered = () if kind is PollKind.POSITION else ballot_paper.options([{"en": one} for one in ("A", "B", "C", "D")])
    return BallotPaper(kind, offered, 2 if kind in {PollKind.SEVERAL, PollKind.PRIORITIES} else 1)


class Voting(RuleBasedStateMachine):
    """`cast` is what counts now, as segment, answer and reason; `changes` how many ballots of whom the poll took."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.sealer = Sealer(bytes(64))
        self.now = datetime(2030, 3, 1, tzinfo=UTC)
        self.segments = {}
        self.ended = []
        self.cancelled = []
        self.runner.run(self.start())

    def teardown(self):
        self.runner.run(self.store.close())
        self.runner.close()
        self.folder.cleanup()

    async def start(self):
        file = Path(self.folder.name) / "consultation.db"
        self.store = await open_store(f"sqlite+aiosqlite:///{file}", self.sealer, lambda: self.now)
        self.box = BallotBox(self.store)

    @initialize()
    def begin(self):
        async def begin():
            async with self.store.write() as session:
                prepared = await consultations.prepare(session, 1, "sample", ("en",))
                self.consultation = await consultations.open_consultation(session, prepared.id)

        self.runner.run(begin())
        self.open_poll(PollKind.POSITION, 0)

    def open_poll(self, kind, minutes):
        async def open_poll():
            async with self.store.write() as session:
                self.poll = await polls.open_poll(
                    session,
                    self.consultation,
                    "shared-data",
                    "research",
                    {},
                    self.deadline,
                    opens_at=self.begins,
                    paper=paper(kind),
                )

        self.begins = self.now + timedelta(minutes=minutes)
        self.deadline = self.begins + timedelta(hours=1)
        self.runner.run(open_poll())
        self.cast: dict[object, Any] = {}
        self.changes: Counter[object] = Counter()

    @property
    def is_unended(self):
        return self.poll.ended_at is None and self.now < self.deadline

    @property
    def is_open(self):
        return self.is_unended and self.begins <= self.now

    @property
    def refusal(self):
        return "vote.not_begun" if self.is_unended else "vote.poll_ended"

    def answer(self, number):
        return ANSWERS[self.poll.paper.kind][number]

    def take(self, person, answer, reason):
        """Take a ballot as the rules say; return what was answered before, and the reason that no longer counts."""
        _, before, earlier = self.cast.get(person, (None, None, None))
        kept = earlier if reason is None and answer == before else reason
        self.cast[person] = (self.segments.get(person, "federations"), answer, kept)
        self.changes[person] += 1
        return before, earlier if earlier != kept else None

    def result(self):
        counted = Counter((segment, answer) for segment, answer, _ in self.cast.values())
        rows = [(segment, answer, ballots) for (segment, answer), ballots in counted.items()]
        if self.poll.paper.kind is PollKind.POSITION:
            return tally((segment, Position(answer), ballots) for segment, answer, ballots in rows)
        return tallied(rows, self.poll.paper)

    @rule(person=people, segment=segments)
    def join(self, person, segment):
        async def join():
            async with self.store.write() as session:
                await participants.join(session, self.consultation.id, PERSON + person, segment, ())

        self.runner.run(join())
        self.segments[person] = segment

    @rule(votes=st.lists(st.tuples(people, answers, reasons), min_size=1, max_size=10))
    def vote_at_once(self, votes):
        async def vote():
            ballots = [
                Ballot(
                    self.poll.id,
                    PERSON + person,
                    self.segments.get(person, "federations"),
                    self.answer(number),
                    reason,
                )
                for person, number, reason in votes
            ]
            return await asyncio.gather(*(self.box.cast(ballot) for ballot in ballots), return_exceptions=True)

        for (person, number, reason), told in zip(votes, self.runner.run(vote()), strict=True):
            if self.is_open:
                before, gone = self.take(person, self.answer(number), reason)
                assert (told.answer, told.before, told.reason_before) == (self.answer(number), before, gone)
                assert told.has_reason == (self.cast[person][2] is not None)
            else:
                assert isinstance(told, ConsultationError)
                assert told.phrase == self.refusal

    @rule(person=people, number=answers, reason=reasons.filter(bool))
    def give_a_reason_perhaps_by_a_button_older_than_the_ballot(self, person, number, reason):
        async def give():
            return await self.box.give_reason(self.poll.id, PERSON + person, self.answer(number), reason, Quotation.NOT)

        voters = [voter for voter in self.cast if isinstance(voter, int)]
        person = voters[person % len(voters)] if voters else person
        segment, answer, before = self.cast.get(person, (None, None, None))
        if self.is_open and answer == self.answer(number):
            assert self.runner.run(give()) == (before if before != reason else None)
            self.cast[person] = (segment, answer, reason)
        else:
            with pytest.raises(ConsultationError, match="answer_changed" if self.is_open else self.refusal):
                self.runner.run(give())

    @rule(minutes=st.integers(min_value=1, max_value=40))
    def let_time_pass(self, minutes):
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: self.poll.ended_at is None)
    @rule()
    def end(self):
        async def end():
            async with self.store.write() as session:
                self.poll = await polls.end(session, self.poll.id, "Settled elsewhere.")

        self.runner.run(end())
        assert self.poll.ended_at == min(self.now, self.deadline)
        assert self.poll.cancelled == (self.now < self.begins)
        if self.poll.cancelled:
            self.cancelled.append(self.poll)
        else:
            self.ended.append((self.poll, self.result()))

    @precondition(lambda self: self.poll.ended_at is None)
    @rule(late=st.integers(min_value=0, max_value=90))
    def let_the_deadline_come(self, late):
        async def end():
            async with self.store.write() as session:
                self.poll = await polls.end(session, self.poll.id)

        self.now = max(self.now, self.deadline + timedelta(minutes=late))
        self.runner.run(end())
        assert (self.poll.ended_at, self.poll.end_reason) == (self.deadline, None)
        self.ended.append((self.poll, self.result()))

    @rule()
    def cancel(self):
        async def cancel():
            async with self.store.write() as session:
                return await polls.cancel(session, self.poll.id, "The text was wrong.")

        if self.is_unended:
            self.poll = self.runner.run(cancel())
            self.cancelled.append(self.poll)
        else:
            with pytest.raises(ConsultationError, match="already_ended"):
                self.runner.run(cancel())

    @rule(minutes=st.integers(min_value=-90, max_value=90))
    def move_the_end(self, minutes):
        async def move():
            async with self.store.write() as session:
                return await polls.edit(session, self.poll.id, closes_at=deadline)

        deadline = self.deadline + timedelta(minutes=minutes)
        allowed = self.is_unended and deadline > max(self.now, self.begins) and (minutes >= 0 or not self.cast)
        if allowed:
            self.poll = self.runner.run(move())
            self.deadline = deadline
        else:
            with pytest.raises(ConsultationError):
                self.runner.run(move())

    @rule(person=people)
    def erase(self, person):
        """Withdraw somebody's ballots where there is no count; let the others count on without their owner."""

        async def erase():
            async with self.box.shut_to(PERSON + person, self.consultation.id), self.store.write() as session:
                await rights.erase(session, Person(PERSON + person, self.consultation.id))

        self.runner.run(erase())
        self.segments.pop(person, None)
        if person not in self.cast:
            return
        if self.is_unended or self.poll.cancelled:
            del self.cast[person], self.changes[person]
        else:
            # One that nobody owns any more, without its reason, with the last entry of its history.
            self.cast["nobody", person, len(self.cast)] = (*self.cast.pop(person)[:2], None)
            self.changes["nobody", person] += 1
            del self.changes[person]

    @precondition(lambda self: self.poll.ended_at is not None)
    @rule(kind=kinds, minutes=st.sampled_from([0, 20]))
    def vote_again_on_the_same_recommendation(self, kind, minutes):
        self.open_poll(kind, minutes)

    @rule()
    def restart(self):
        before = self.store.memory
        self.runner.run(self.store.close())
        self.runner.run(self.start())
        assert self.store.memory == before

    @invariant()
    def everyone_who_voted_counts_once_with_the_reason_they_gave(self):
        async def counts():
            async with self.store.read() as session:
                columns = (BallotRow.segment, BallotRow.answer, BallotRow.reason)
                rows = await session.execute(select(*columns).where(BallotRow.poll_id == self.poll.id))
                changes = select(func.count()).where(BallotChange.poll_id == self.poll.id)
                return Counter(map(tuple, rows)), await session.scalar(changes)

        assert self.runner.run(counts()) == (Counter(self.cast.values()), self.changes.total())

    @invariant()
    def cancelled_polls_never_show_a_result(self):
        async def result(poll):
            async with self.store.read() as session:
                return await polls.result(session, poll)

        for poll in self.cancelled:
            with pytest.raises(ConsultationError, match="was_cancelled"):
                self.runner.run(result(poll))

    @invariant()
    def results_of_ended_polls_never_change(self):
        async def results():
            self.store.memory.results.clear()
            async with self.store.read() as session:
                return [await polls.result(session, poll) for poll, _ in self.ended]

        assert self.runner.run(results()) == [result for _, result in self.ended]


def test_voting_follows_its_rules_in_any_order():
    run_state_machine_as_test(
        Voting,
        settings=settings(
            max_examples=20,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
