"""The draft of the strategic plan as a document: what the article says, what was voted and said, what was decided.

From published values to a DOCX file. Every sentence is a phrase filled with data, in one language, or was voted on,
quoted or decided; every claim bears the reference of what it stands on, and an annex lists them. It counts nothing
itself, and where data is thin it says so.
"""

from collections.abc import Iterator
from typing import Any

from models.records import Poll
from models.results import EndedPoll, Order
from models.tally import OTHER
from reports.captions import Captions
from reports.plan_data import PlanContent, PlanData
from reports.plan_paper import Paper, Reference
from reports.plan_sources import Sources
from reports.plan_subject import SubjectWriter

NOTHING = "—"
SPELLING = {"en": "en-GB", "fr": "fr-FR", "nl": "nl-NL", "de": "de-DE"}
"""The document's languages as word processors know them."""


def draw_plan(data: PlanData, content: PlanContent, captions: Captions) -> bytes:
    """Return the plan as a DOCX file; `content` is in the language of the captions."""
    return _Plan(data, content, captions).file()


class _Plan:
    """The document, part by part."""

    def __init__(self, data: PlanData, content: PlanContent, captions: Captions) -> None:
        self._data = data
        self._content = content
        self._captions = captions
        self._say = captions.say
        self._sources = Sources(data, content, captions)
        title = captions.pair(self._say("plan.title"), content.title)
        self._paper = Paper(title, SPELLING[captions.language], data.read_at)
        self._subjects = SubjectWriter(data, self._sources, captions, self._paper)

    def file(self) -> bytes:
        self._paper.title(self._say("plan.title"))
        self._paper.write(self._content.title, style="Subtitle")
        self._paper.write(self._say("page.made", date=self._sources.date(self._data.read_at)))
        self._paper.write(self._say("plan.draft"))
        # No heading of its own among those it lists.
        self._paper.write(self._say("page.contents"), style="TOC Heading")
        about = self._about()
        self._glance()
        for area in self._content.areas:
            self._paper.heading(area.title, 1)
            self._paper.write(area.text, self._sources.passage(area.heading, area.paragraph))
            self._recommendations(area.key)
        if any(one.area is None for one in self._content.recommendations):
            self._paper.heading(self._say("recommendation.no_area"), 1)
            self._recommendations(None)
        self._own_questions()
        self._other_words()
        self._next_steps()
        self._how()
        self._annex()
        return self._paper.file(before=about)

    def _about(self) -> Any:
        """Write what this is about; return its heading."""
        heading = self._paper.heading(self._say("page.about"), 1)
        self._paper.write(self._content.summary)
        self._paper.write(self._say("about.source", title=self._content.article, author=self._content.author))
        return heading

    def _glance(self) -> None:
        """Write a line a subject: what was decided, how many voted and agreed, what is disputed."""
        self._paper.heading(self._say("page.glance"), 1)
        columns = ("plan.subject", "plan.outcome", "page.ballots", "map.consensus", "plan.annex_reference")
        rows, references = [], []
        for subject, title in self._all_subjects():
            found: list[Reference] = []
            decision = ballots = consensus = NOTHING
            if outcome := self._data.outcomes.get(subject):
                decision = self._say(f"decision.{outcome.decision}")
                found.append(self._sources.outcome(outcome))
            if one := self._newest(subject):
                ballots = self._captions.number(one.ballots)
                measure = one.measure(Order.CONSENSUS)
                consensus = NOTHING if measure is None else self._captions.decimal(measure)
                found.append(self._sources.vote(one))
            rows.append((title, decision, ballots, consensus, ""))
            references.append(found)
        self._paper.table([self._say(column) for column in columns], rows, references, widths=(8, 6, 5, 5, 6))
        undecided = sum(subject not in self._data.outcomes for subject, _title in self._all_subjects())
        if undecided:
            self._paper.write(self._say("plan.undecided", count=undecided))

    def _recommendations(self, area: str | None) -> None:
        for one in self._content.recommendations:
            if one.area == area:
                self._subjects.write(one.key, one.title, one)

    def _own_questions(self) -> None:
        """Write what was put to the vote beside the recommendations, and those that the content no longer holds."""
        asked = self._asked_beside()
        if asked:
            self._paper.heading(self._say("plan.own_questions"), 1)
        for subject, poll in asked.items():
            self._subjects.write(subject, self._captions.recommendation(poll), None, poll)

    def _other_words(self) -> None:
        """Write what was said to groups and to the whole, and how many proposals wait to be put to the vote."""
        known = {subject for subject, _title in self._all_subjects()}
        others = [subject for subject in self._data.contributions if subject not in known]
        waiting = self._data.proposals_waiting
        if not others and not waiting:
            return
        self._paper.heading(self._say("plan.other_words"), 1)
        for subject in sorted(others, key=lambda one: (one is None, one or "")):
            whole = self._say("feedback.about_everything")
            title = whole if subject is None else self._content.groups.get(subject, subject)
            self._paper.heading(title, 2)
            self._subjects.words(subject, title, 3)
        if waiting:
            self._paper.heading(self._say("plan.proposals"), 2)
            self._paper.write(self._say("plan.proposals_waiting", count=waiting), self._sources.proposals())

    def _next_steps(self) -> None:
        """Write everything that has a day, in the order of the days."""
        self._paper.heading(self._say("plan.calendar"), 1)
        dated = [
            (step.day, title, step.text, step.reference)
            for subject, title in self._all_subjects()
            for step in self._sources.steps(subject)
            if step.day is not None
        ]
        if not dated:
            self._paper.write(self._say("plan.no_dates"))
            return
        dated.sort(key=lambda found: found[0])
        columns = ("plan.day", "plan.subject", "plan.step", "plan.annex_reference")
        rows = [(self._sources.date(day), title, text, "") for day, title, text, _reference in dated]
        references = [[reference] if reference else [] for *_told, reference in dated]
        self._paper.table([self._say(column) for column in columns], rows, references, widths=(3, 4, 5, 2))

    def _how(self) -> None:
        self._paper.heading(self._say("page.how"), 1)
        self._paper.write(self._say("page.how_secrecy", other=self._captions.segment(OTHER)))
        for phrase in ("page.how_consensus", "plan.how_parts", "page.how_points", "page.how_quotes"):
            self._paper.write(self._say(phrase))

    def _annex(self) -> None:
        self._paper.heading(self._say("plan.annex"), 1)
        columns = [self._say(f"plan.annex_{column}") for column in ("reference", "what", "basis")]
        if not self._paper.annex(columns):
            self._paper.write(self._say("plan.no_references"))

    def _all_subjects(self) -> Iterator[tuple[str, str]]:
        """Yield the key and the title of everything the plan has a part on."""
        for one in self._content.recommendations:
            yield one.key, one.title
        for subject, poll in self._asked_beside().items():
            yield subject, self._captions.recommendation(poll)

    def _asked_beside(self) -> dict[str, Poll]:
        """Return the newest poll on each subject that is no recommendation of the content, oldest subject first."""
        known = {one.key for one in self._content.recommendations}
        return {poll.subject: poll for poll in self._data.asked() if poll.subject not in known}

    def _newest(self, subject: str) -> EndedPoll | None:
        return next((one for one, _quotes in reversed(self._data.polls) if one.poll.subject == subject), None)
