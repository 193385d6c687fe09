"""What claims in the plan stand on, as references: passages, votes, decisions, quoted words. And what comes next.

A reference's name is the kind's letter with a number that the store or the plan gives: A passage of the article, V
vote, D decision, C count of contributions, P of proposals, R the records as a whole, on which stands what they do not
hold; feedback keeps the reference its author was given.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from models.records import Outcome, Poll, Quote
from models.results import EndedPoll
from reports.captions import Captions
from reports.plan_data import PlanContent, PlanData, Words
from reports.plan_paper import Reference


@dataclass(frozen=True, slots=True)
class Step:
    """Something that comes next, the day on which it does where there is one, and what says so."""

    day: datetime | None
    text: str
    reference: Reference


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the calendar: when, on what, what, and what says so."""

    when: str
    subject: str
    text: str
    reference: Reference


class Sources:
    """The references of one plan."""

    def __init__(self, data: PlanData, content: PlanContent, captions: Captions) -> None:
        self._data = data
        self._content = content
        self._captions = captions
        self._passages: dict[tuple[str, int], Reference] = {}
        self._counted: dict[str | None, Reference] = {}
        self._waiting: dict[str | None, Reference] = {}

    def passage(self, heading: str, paragraph: int) -> Reference:
        """Return the reference to a place in the article, the same for the same place."""
        say, place = self._captions.say, (heading, paragraph)
        if place not in self._passages:
            what = say("plan.article", title=self._content.article)
            basis = say("source.passage", heading=heading, paragraph=paragraph)
            self._passages[place] = Reference(f"A{len(self._passages) + 1}", what, basis)
        return self._passages[place]

    def vote(self, one: EndedPoll) -> Reference:
        ended = self.date(one.poll.ended_at or one.poll.opened_at)
        ballots = self._captions.ballots(one.ballots)
        return self._vote(one.poll, self._captions.say("plan.basis_vote", ballots=ballots, date=ended))

    def running(self, poll: Poll) -> Reference:
        return self._vote(poll, self._captions.say("plan.basis_running"))

    def waiting(self, poll: Poll) -> Reference:
        return self._vote(poll, self._captions.say("plan.basis_waiting"))

    def reason(self, one: EndedPoll, quote: Quote, number: int) -> Reference:
        """Return the reference to the reason with this number among those of a vote."""
        answer = quote.answer and self._captions.answer(one.poll, quote.answer)
        basis = answer or self._captions.say("plan.basis_reason")
        return Reference(
            f"V{one.poll.id}-{number}", self._captions.say("plan.reason_in", vote=f"V{one.poll.id}"), basis
        )

    def outcome(self, outcome: Outcome) -> Reference:
        basis = f"{self._captions.say(f'decision.{outcome.decision}')}, {self.date(outcome.decided_at)}"
        return Reference(f"D{outcome.id}", self._captions.say("plan.decision"), basis)

    def words(self, words: Words) -> Reference:
        basis = self._captions.say(f"plan.words_{words.kind}")
        return Reference(words.reference, self._captions.say("plan.contribution"), basis)

    def poll(self, poll: Poll) -> Reference:
        """Return the reference to a poll, whether its result is published or not."""
        for one, _quotes in self._data.polls:
            if one.poll.id == poll.id:
                return self.vote(one)
        return self.running(poll) if poll.ended_at is None else self.waiting(poll)

    def records(self) -> Reference:
        """Return the reference to all that is recorded: what says that something is not there stands on it."""
        say = self._captions.say
        return Reference("R", say("plan.records"), say("page.made", date=self.date(self._data.read_at)))

    def proposals(self, subject: str | None, title: str) -> Reference:
        """Return the reference to how many proposals on a subject wait, the same for the same subject."""
        if subject not in self._waiting:
            say = self._captions.say
            what = self._captions.pair(say("plan.proposals_not_public"), title)
            counted = say("plan.basis_count", date=self.date(self._data.read_at))
            self._waiting[subject] = Reference(f"P{len(self._waiting) + 1}", what, counted)
        return self._waiting[subject]

    def count(self, subject: str | None, title: str) -> Reference:
        """Return the reference to how many contributions there are on a subject, the same for the same subject."""
        if subject not in self._counted:
            say = self._captions.say
            counted = say("plan.basis_count", date=self.date(self._data.read_at))
            what = say("plan.contributions_on", title=title)
            self._counted[subject] = Reference(f"C{len(self._counted) + 1}", what, counted)
        return self._counted[subject]

    def steps(self, subject: str) -> list[Step]:
        """Return what comes next on a subject, as votes and decisions tell, in the order of their days."""
        voted = [one for one, _quotes in self._data.polls if one.poll.subject == subject]
        waiting = [poll for poll in self._data.waiting if poll.subject == subject]
        running = [poll for poll in self._data.running if poll.subject == subject]
        found = [step for poll in running for step in self.of_running(poll)]
        for poll in waiting:
            ended = self.date(poll.ended_at or poll.opened_at)
            found.append(Step(None, self._captions.say("plan.publish", date=ended), self.waiting(poll)))
        outcome = self._data.outcomes.get(subject)
        if outcome is not None:
            found += self._of_outcome(outcome)
        elif voted:
            found.append(Step(None, self._captions.say("plan.decide"), self.vote(voted[-1])))
        elif not found:
            found.append(Step(None, self._captions.say("plan.vote_or_decide"), self.records()))
        return sorted(found, key=lambda step: (step.day is None, step.day or self._data.read_at))

    def calendar(self) -> list[Entry]:
        """Return everything that has a day, in the order of the days, then what the article lets end on no day."""
        today = self._data.read_at.astimezone(self._content.timezone).date()
        dated = [
            (
                step.day.astimezone(self._content.timezone).date(),
                Entry(self.date(step.day), title, step.text, step.reference),
            )
            for subject, title in self.subjects()
            for step in self.steps(subject)
            if step.day is not None
        ]
        dated += [
            (one.until or date.max, Entry(one.when, one.title, one.text, self.passage(one.heading, one.paragraph)))
            for one in self._content.ahead
            if one.until is None or one.until >= today
        ]
        return [entry for _day, entry in sorted(dated, key=lambda found: found[0])]

    def subjects(self) -> Iterator[tuple[str, str]]:
        """Yield the key and the title of everything there is a part on."""
        for one in self._content.recommendations:
            yield one.key, one.title
        for subject, poll in self.asked_beside().items():
            yield subject, self._captions.recommendation(poll)

    def asked_beside(self) -> dict[str, Poll]:
        """Return the newest poll on each subject that is no recommendation of the content, oldest subject first."""
        known = {one.key for one in self._content.recommendations}
        return {poll.subject: poll for poll in self._data.asked() if poll.subject not in known}

    def beyond(self, given: Iterable[str | None]) -> list[tuple[str | None, str]]:
        """Return those of these subjects that have no part of their own, each with its title, the whole first."""
        known = {subject for subject, _title in self.subjects()}
        others = sorted(set(given) - known, key=lambda one: (one is not None, one or ""))
        whole = self._captions.say("feedback.about_everything")
        return [(one, whole if one is None else self._content.groups.get(one, one)) for one in others]

    def date(self, moment: datetime) -> str:
        return self._captions.long_date(moment.astimezone(self._content.timezone))

    def of_running(self, poll: Poll) -> list[Step]:
        """Return when a poll that has not ended begins, where that lies ahead, and ends."""
        reference, say = self.running(poll), self._captions.say
        found = []
        if poll.opened_at > self._data.read_at:
            found.append(Step(poll.opened_at, say("plan.vote_begins", date=self.date(poll.opened_at)), reference))
        if poll.closes_at is None:
            return [*found, Step(None, say("plan.vote_open"), reference)]
        return [*found, Step(poll.closes_at, say("plan.vote_ends", date=self.date(poll.closes_at)), reference)]

    def _of_outcome(self, outcome: Outcome) -> list[Step]:
        days = {"plan.take_up": outcome.deferred_until, "plan.review": outcome.review_at}
        return [
            Step(
                day,
                self._captions.say(phrase if day > self._data.read_at else f"{phrase}_due", date=self.date(day)),
                self.outcome(outcome),
            )
            for phrase, day in days.items()
            if day is not None
        ]

    def _vote(self, poll: Poll, basis: str) -> Reference:
        return Reference(f"V{poll.id}", self._captions.recommendation(poll), basis)
