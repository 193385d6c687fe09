"""The draft of the strategic plan as a document: what the article says, what was voted and said, what was decided.

Every sentence is a phrase filled with data, in one language, or was voted on, quoted or decided. Every claim bears the
reference of what it stands on, and an annex lists them. From what may be published alone: it counts nothing itself.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

import docx
from docx.document import Document

from content.catalogue import Catalogue, Citation, Recommendation
from models.records import Feedback, Outcome, Poll, Position, Quotation, Quote
from models.results import EndedPoll
from models.tally import PositionCounts, Result
from reports.captions import Captions
from reports.charts import result_chart
from reports.docx_parts import Heading, add_bookmark, add_contents, add_picture, set_language
from reports.findings import FEW, remarks, result_finding

MOST_QUOTES = 12
"""So many words are quoted at most under one recommendation; what is left out is counted."""

_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A participant's proposal that awaits a decision: its reference, what it is about, its words by language."""

    reference: str
    subject: str | None
    group: str
    text: str


@dataclass(frozen=True, slots=True)
class PlanData:
    """What the plan is made from.

    `polls` are the published ones with the quotes each allows, `running` the open ones, `outcomes` by subject, `words`
    the feedback that may be quoted, what moderators pinned as representative first.
    """

    polls: Sequence[tuple[EndedPoll, Sequence[Quote]]]
    running: Sequence[Poll]
    outcomes: Mapping[str, Outcome]
    words: Sequence[Feedback]
    proposals: Sequence[Proposal]
    read_at: datetime


@dataclass(frozen=True, slots=True)
class _Reference:
    """A line of the annex: how the text names something, what it is, and on what it stands."""

    name: str
    what: str
    basis: str


def draw_plan(data: PlanData, catalogue: Catalogue, captions: Captions) -> bytes:
    """Return the plan as a DOCX file."""
    return _Plan(data, catalogue, captions).file()


class _Plan:
    """The document as it grows, with its headings and references."""

    def __init__(self, data: PlanData, catalogue: Catalogue, captions: Captions) -> None:
        self.data = data
        self.catalogue = catalogue
        self.captions = captions
        self.document: Document = docx.Document()
        self.headings: list[Heading] = []
        self.references: list[_Reference] = []

    def file(self) -> bytes:
        set_language(self.document, self.captions.language)
        title = self._text(self.catalogue.title)
        self.document.core_properties.title = f"{self.say('plan.title')}: {title}"
        self.document.core_properties.author = ""
        self.document.add_heading(self.say("plan.title"), 0)
        self._paragraph(title, style="Subtitle")
        self._paragraph(self.say("plan.made", date=self._date(self.data.read_at)))
        after_contents = self.document.add_heading(self.say("page.contents"), 1)
        first = self._body()
        add_contents(first, self.headings)
        after_contents.paragraph_format.page_break_before = False
        made = BytesIO()
        self.document.save(made)
        return made.getvalue()

    def say(self, phrase: str, **values: Any) -> str:
        return self.captions.phrases.text(phrase, self.captions.language, **values)

    def _body(self) -> Any:
        """Write everything after the contents; return the first paragraph of it."""
        first = self._heading(self.say("plan.about"), 1)
        self._paragraph(self._text(self.catalogue.summary))
        article = self.catalogue.article
        self._paragraph(self.say("about.source", title=article.title, author=article.author))
        areas = [(key, area.title, area.text, area.citation) for key, area in self.catalogue.areas.items()]
        for key, title, text, citation in areas:
            self._heading(self._text(title), 1)
            self._article(self._text(text), citation)
            self._recommendations(key)
        if any(one.area is None for one in self.catalogue.recommendations.values()):
            self._heading(self.say("recommendation.no_area"), 1)
            self._recommendations(None)
        self._own_questions()
        self._annex()
        return first

    def _recommendations(self, area: str | None) -> None:
        for one in self.catalogue.recommendations.values():
            if one.area == area:
                self._recommendation(one)

    def _recommendation(self, recommendation: Recommendation) -> None:
        self._heading(self._text(recommendation.title), 2)
        self._heading(self.say("plan.article_says"), 3)
        self._article(self._text(recommendation.text), recommendation.citation)
        self._subject(recommendation.key)

    def _own_questions(self) -> None:
        """Write what was asked beside the recommendations."""
        own = dict.fromkeys(one.poll.subject for one, _quotes in self.data.polls if one.poll.recommendation is None)
        if own:
            self._heading(self.say("plan.own_questions"), 1)
        for subject in own:
            poll = next(one.poll for one, _quotes in self.data.polls if one.poll.subject == subject)
            self._heading(self.captions.recommendation(poll), 2)
            asked = poll.wording.get(self.captions.language)
            if asked and asked.text:
                self._paragraph(asked.text)
            self._subject(subject)

    def _subject(self, subject: str) -> None:
        """Write what was decided on a subject, what was voted and said on it, and what comes next."""
        voted = [(one, quotes) for one, quotes in self.data.polls if one.poll.subject == subject]
        self._outcome(self.data.outcomes.get(subject))
        self._heading(self.say("plan.vote"), 3)
        if not voted:
            self._paragraph(self.say("plan.no_vote"))
        for one, quotes in voted:
            self._vote(one)
            self._quotes(one, quotes)
            self._dispute(one)
        self._words([words for words in self.data.words if words.recommendation == subject])
        self._proposals([proposal for proposal in self.data.proposals if proposal.subject == subject])
        self._next_steps(subject)

    def _outcome(self, outcome: Outcome | None) -> None:
        self._heading(self.say("plan.outcome"), 3)
        if outcome is None:
            self._paragraph(self.say("plan.no_outcome"))
            return
        decision, decided = self.say(f"decision.{outcome.decision}"), self._date(outcome.decided_at)
        reference = self._refer(f"D{outcome.id}", self.say("plan.outcome"), f"{decision}, {decided}")
        self._paragraph(self.say("plan.decided", decision=decision, date=decided), reference)
        self._paragraph(self.say("outcome.because", reason=outcome.reason), reference)
        if outcome.wording:
            new = outcome.wording.get(self.captions.language) or next(iter(outcome.wording.values()))
            self._paragraph(self.say("outcome.new_wording", wording=new), reference)

    def _vote(self, one: EndedPoll) -> None:
        """Write what came out of a poll, its numbers by segment, and its picture."""
        poll, result = one.poll, one.result
        ended = self._date(poll.ended_at or poll.opened_at)
        basis = f"{self.captions.ballots(one.ballots)}, {ended}"
        reference = self._refer(f"V{poll.id}", self.captions.recommendation(poll), basis)
        self._paragraph(result_finding(poll, result, self.captions), reference)
        if poll.end_reason:
            self._paragraph(self.say("card.end_reason", reason=poll.end_reason), reference)
        for line in remarks(result, poll.quorum, self.captions):
            self._paragraph(line, reference)
        if isinstance(result, Result) and one.ballots:
            self._positions(result)
        chart = result_chart(poll, result, self.captions)
        add_picture(self.document, chart.png(), chart.alternative)
        self._paragraph(f"{self.captions.recommendation(poll)} [{reference}]", style="Caption")

    def _positions(self, result: Result) -> None:
        columns = [self.say("plan.segment"), self.say("page.ballots"), *map(self.captions.position, Position)]
        rows = [(self.captions.everyone(), result.total)]
        rows += [(self.captions.segment(row.segment), row.counts) for row in result.segments]
        self._table(columns, [[name, *self._numbers(counts)] for name, counts in rows])

    def _numbers(self, counts: PositionCounts) -> list[str]:
        return [self.captions.number(number) for number in (counts.ballots, *map(counts.of, Position))]

    def _quotes(self, one: EndedPoll, quotes: Sequence[Quote]) -> None:
        """Write objections and then other reasons, in the words of those who let them be quoted."""
        objections = [quote for quote in quotes if quote.answer == Position.OBJECT]
        others = [quote for quote in quotes if quote.answer != Position.OBJECT]
        number = 0
        for phrase, some in (("plan.objections", objections), ("plan.reasons", others)):
            if some:
                self._heading(self.say(phrase), 3)
            for quote in some[:MOST_QUOTES]:
                number += 1
                basis = self.captions.answer(one.poll, quote.answer) if quote.answer else self.say("plan.reason")
                reference = self._refer(f"V{one.poll.id}-{number}", self.say("plan.reason"), basis)
                self._quote(quote.text, self.captions.segment(quote.segment) if quote.segment else None, reference)
            self._left_out(len(some) - MOST_QUOTES)
        if isinstance(one.result, Result) and one.result.total.object and not objections:
            count = one.result.total.object
            self._paragraph(self.say("plan.objections_unquoted", count=count), f"V{one.poll.id}")

    def _dispute(self, one: EndedPoll) -> None:
        """Write between whom it remains disputed, as far as published numbers tell."""
        if not isinstance(one.result, Result):
            return
        self._heading(self.say("plan.disputed"), 3)
        reference, total = f"V{one.poll.id}", one.result.total
        if total.ballots < FEW:
            self._paragraph(self.say("plan.dispute_unknown", count=total.ballots), reference)
            return
        agreeing = [row for row in one.result.segments if row.counts.agreeing * 2 > row.counts.ballots]
        objecting = [row for row in one.result.segments if row.counts.object * 2 > row.counts.ballots]
        if agreeing and objecting:
            agree, against = (", ".join(self.captions.segment(row.segment) for row in rows) for rows in (agreeing, objecting))
            self._paragraph(self.say("plan.disputed_between", agree=agree, object=against), reference)
        elif total.object:
            ballots, objections = self.captions.number(total.ballots), self.captions.number(total.object)
            phrase = self.say("plan.disputed_by", count=total.object, object=objections, all=ballots)
            self._paragraph(phrase, reference)
        else:
            self._paragraph(self.say("plan.not_disputed"), reference)

    def _words(self, given: Sequence[Feedback]) -> None:
        if not given:
            return
        self._heading(self.say("plan.words"), 3)
        for words in given[:MOST_QUOTES]:
            with_segment = words.segment and words.quotation is Quotation.WITH_SEGMENT
            reference = self._refer(words.reference, self.say("plan.words_of"), self.say(f"feedback_kind.{words.kind}"))
            self._quote(words.text, self.captions.segment(words.segment or "") if with_segment else None, reference)
        self._left_out(len(given) - MOST_QUOTES)

    def _proposals(self, proposals: Sequence[Proposal]) -> None:
        if not proposals:
            return
        self._heading(self.say("plan.proposals"), 3)
        for proposal in proposals:
            reference = self._refer(proposal.reference, self.say("plan.proposal"), self.say("plan.awaits"))
            self._paragraph(proposal.text, reference, style="List Bullet")

    def _next_steps(self, subject: str) -> None:
        self._heading(self.say("plan.next"), 3)
        outcome = self.data.outcomes.get(subject)
        steps = [
            self.say("plan.vote_ends", date=self._date(poll.closes_at)) if poll.closes_at else self.say("plan.vote_open")
            for poll in self.data.running
            if poll.subject == subject
        ]
        if outcome is None:
            steps.append(self.say("plan.decide"))
        elif outcome.deferred_until is not None:
            steps.append(self.say("plan.take_up", date=self._date(outcome.deferred_until)))
        if outcome is not None and outcome.review_at is not None:
            steps.append(self.say("plan.review", date=self._date(outcome.review_at)))
        for step in steps or [self.say("plan.no_step")]:
            self._paragraph(step, style="List Bullet")

    def _annex(self) -> None:
        self._heading(self.say("plan.annex"), 1)
        if not self.references:
            self._paragraph(self.say("plan.no_references"))
            return
        columns = [self.say(f"plan.annex_{column}") for column in ("reference", "what", "basis")]
        self._table(columns, [[one.name, one.what, one.basis] for one in self.references])

    def _article(self, text: str, citation: Citation) -> None:
        place = self.say("source.passage", heading=citation.heading, paragraph=citation.paragraph)
        self._paragraph(f"{text} ({place})")

    def _quote(self, words: str, segment: str | None, reference: str) -> None:
        quoted = self.say("plan.quote", words=words.strip())
        self._paragraph(f"{quoted} ({segment})" if segment else quoted, reference, style="Quote")

    def _left_out(self, number: int) -> None:
        if number > 0:
            self._paragraph(self.say("plan.left_out", count=number))

    def _refer(self, name: str, what: str, basis: str) -> str:
        self.references.append(_Reference(name, what, basis))
        return name

    def _heading(self, text: str, level: int) -> Any:
        paragraph = self.document.add_heading(_clean(text), level)
        if level < 3:  # noqa: PLR2004 - the contents list areas and recommendations
            number = len(self.headings) + 1
            add_bookmark(paragraph, f"part{number}", number)
            self.headings.append(Heading(_clean(text), level, f"part{number}"))
        return paragraph

    def _paragraph(self, text: str, reference: str | None = None, style: str | None = None) -> None:
        words = f"{text} [{reference}]" if reference else text
        self.document.add_paragraph(_clean(words), style=style)

    def _table(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        table = self.document.add_table(rows=1, cols=len(columns), style="Light Grid Accent 1")
        for cell, name in zip(table.rows[0].cells, columns, strict=True):
            cell.text = _clean(name)
        for row in rows:
            for cell, value in zip(table.add_row().cells, row, strict=True):
                cell.text = _clean(value)

    def _text(self, text: Any) -> str:
        return str(text.in_language(self.captions.language))

    def _date(self, moment: datetime) -> str:
        return self.captions.long_date(moment.astimezone(self.catalogue.timezone))


def _clean(text: str) -> str:
    """Return a text without the few characters that XML 1.0 cannot hold."""
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)
