"""The draft of the strategic plan as a document: what the article says, what was voted and said, what was decided.

From published values to a DOCX file. Every sentence is a phrase filled with data, in one language, or was voted on,
quoted or decided; every claim bears the reference of what it stands on, and an annex lists them. It counts nothing
itself, and where data is thin it says so.
"""

from typing import Any

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
        for subject, title in self._sources.subjects():
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
        undecided = sum(subject not in self._data.outcomes for subject, _title in self._sources.subjects())
        if undecided:
            self._paper.write(self._say("plan.undecided", count=undecided), self._sources.records())

    def _recommendations(self, area: str | None) -> None:
        for one in self._content.recommendations:
            if one.area == area:
                self._subjects.write(one.key, one.title, one)

    def _own_questions(self) -> None:
        """Write what was put to the vote beside the recommendations, and those that the content no longer holds."""
        asked = self._sources.asked_beside()
        if asked:
            self._paper.heading(self._say("plan.own_questions"), 1)
        for subject, poll in asked.items():
            self._subjects.write(subject, self._captions.recommendation(poll), None, poll)

    def _other_words(self) -> None:
        """Write what was said to groups and to the whole, and how many proposals on none of the subjects wait."""
        given = [subject for subject, number in self._data.contributions.items() if number]
        others = self._sources.beyond([*given, *self._data.proposals_waiting])
        if others:
            self._paper.heading(self._say("plan.other_words"), 1)
        for subject, title in others:
            self._paper.heading(title, 2)
            self._subjects.words(subject, title, 3)
            self._subjects.proposals(subject, title)

    def _next_steps(self) -> None:
        """Write everything that has a day, in the order of the days."""
        self._paper.heading(self._say("plan.calendar"), 1)
        calendar = self._sources.calendar()
        if not calendar:
            self._paper.write(self._say("plan.no_dates"), self._sources.records())
            return
        columns = ("plan.day", "plan.subject", "plan.step", "plan.annex_reference")
        rows = [(entry.when, entry.subject, entry.text, "") for entry in calendar]
        references = [[entry.reference] for entry in calendar]
        self._paper.table([self._say(column) for column in columns], rows, references, widths=(3, 4, 5, 2))

    def _how(self) -> None:
        self._paper.heading(self._say("page.how"), 1)
        self._paper.write(self._say("page.how_secrecy", other=self._captions.segment(OTHER)))
        for phrase in ("page.how_consensus", "plan.how_parts", "page.how_points", "page.how_quotes"):
            self._paper.write(self._say(phrase))

    def _annex(self) -> None:
        self._paper.heading(self._say("plan.annex"), 1)
        columns = [self._say(f"plan.annex_{column}") for column in ("reference", "what", "basis")]
        self._paper.annex(columns)

    def _newest(self, subject: str) -> EndedPoll | None:
        return next((one for one, _quotes in reversed(self._data.polls) if one.poll.subject == subject), None)
