"""Any sequence of joining, voting, moving the end, ending, cancelling, erasing and restarting, beside a few dicts."""

import asyncio
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

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

from models import consultations, participants, polls, rights
from models.ballot_box import BallotBox
from models.errors import ConsultationError
from models.records import Ballot, Position
from models.rights import Person
from models.sealing import Sealer
from models.store import open_store
from models.tables import BallotChange
from models.tally import tally

PERSON = 812_345_678_901_234_567
people = st.integers(min_value=0, max_value=7)
segments = st.sampled_from(["academia", "industry"])
positions = st.sampled_from(Position)


class Voting(RuleBasedStateMachine):
    """`cast` is what counts in the current poll, `changes` how many ballots of whom were ever taken in it."""

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
        self.open_poll()

    def open_poll(self):
        async def open_poll():
            async with self.store.write() as session:
                self.poll = await polls.open_poll(
                    session, self.consultation, "shared-data", "research", {}, self.deadline
                )

        self.deadline = self.now + timedelta(hours=1)
        self.runner.run(open_poll())
        self.cast: dict[object, tuple[str, Position]] = {}
        self.changes: Counter[object] = Counter()

    @property
    def is_open(self):
        return self.poll.ended_at is None and self.now < self.deadline

    @rule(person=people, segment=segments)
    def join(self, person, segment):
        async def join():
            async with self.store.write() as session:
                await participants.join(session, self.consultation.id, PERSON + person, segment, ())

        self.runner.run(join())
        self.segments[person] = segment

    @rule(votes=st.lists(st.tuples(people, positions), min_size=1, max_size=10))
    def vote_at_once(self, votes):
        async def vote():
            ballots = [
                Ballot(self.poll.id, PERSON + person, self.segments.get(person, "federations"), position)
                for person, position in votes
            ]
            return await asyncio.gather(*(self.box.cast(ballot) for ballot in ballots), return_exceptions=True)

        answers = self.runner.run(vote())
        for (person, position), answer in zip(votes, answers, strict=True):
            if self.is_open:
                assert (answer.answer, answer.changed) == (position, person in self.cast)
                self.cast[person] = (self.segments.get(person, "federations"), position)
                self.changes[person] += 1
            else:
                assert isinstance(answer, ConsultationError)
                assert answer.phrase == "vote.poll_ended"

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
        self.ended.append((self.poll, tally((segment, position, 1) for segment, position in self.cast.values())))

    @rule()
    def cancel(self):
        async def cancel():
            async with self.store.write() as session:
                return await polls.cancel(session, self.poll.id, "The text was wrong.")

        if self.is_open:
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
        allowed = self.is_open and deadline > self.now and (minutes >= 0 or not self.cast)
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
        if self.is_open or self.poll.cancelled:
            del self.cast[person], self.changes[person]
        else:
            # One that nobody owns any more, with the last entry of its history.
            self.cast["nobody", person, len(self.cast)] = self.cast.pop(person)
            self.changes["nobody", person] += 1
            del self.changes[person]

    @precondition(lambda self: self.poll.ended_at is not None)
    @rule()
    def vote_again_on_the_same_recommendation(self):
        self.open_poll()

    @rule()
    def restart(self):
        before = self.store.memory
        self.runner.run(self.store.close())
        self.runner.run(self.start())
        assert self.store.memory == before

    @invariant()
    def everyone_who_voted_counts_once(self):
        async def counts():
            async with self.store.read() as session:
                changes = select(func.count()).where(BallotChange.poll_id == self.poll.id)
                return await polls.turnout(session, self.poll.id), await session.scalar(changes)

        assert self.runner.run(counts()) == (len(self.cast), self.changes.total())

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
            max_examples=15,
            stateful_step_count=15,
            deadline=None,
            derandomize=True,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
