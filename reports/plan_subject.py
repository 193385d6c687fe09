"""What the plan says of one subject: what was decided, how it was voted, what was said, what is disputed, what is next.

The subject is a recommendation or a question beside them. Counts nothing: it writes published numbers and words.
"""

from collections.abc import Sequence

from models import tally
from models.records import Outcome, Poll, PollKind, Position, Quote
from models.results import EndedPoll
from models.tally import ChoiceResult, PositionCounts, Result
from reports.captions import Captions
from reports.charts import result_chart
from reports.disputes import disputes
from reports.findings import outcome_lines, result_finding, unquoted_objections
from reports.plan_data import Part, PlanData
from reports.plan_paper import Paper, Reference
from reports.plan_sources import Sources

MOST_QUOTES = 12
"""So many words are quoted at most under one heading; how many are left out is said."""

PARTS = 3
"""The level of a subject's headings; its title is one above."""


class SubjectWriter:
    """Writes one subject after another on the plan's paper."""

    def __init__(self, data: PlanData, sources: Sources, captions: Captions, paper: Paper) -> None:
        self._data = data
        self._sources = sources
        self._captions = captions
        self._say = captions.say
        self._paper = paper

    def write(self, subject: str, title: str, article: Part | None, asked: Poll | None = None) -> None:
        """Write all that is known of a subject.

        `article` is what the article says; of a question beside it `asked` is the newest poll instead.
        """
        self._paper.heading(title, PARTS - 1)
        if asked is not None and asked.proposal is not None:
            self._paper.write(self._captions.proposal(asked.proposal), self._sources.poll(asked))
        if article is not None:
            self._heading("plan.article_says")
            self._paper.write(article.text, self._sources.passage(article.heading, article.paragraph))
        self._outcome(self._data.outcomes.get(subject))
        voted = [(one, quotes) for one, quotes in self._data.polls if one.poll.subject == subject]
        if not voted:
            self._heading("plan.vote")
            self._paper.write(self._say("plan.no_vote"), self._sources.records())
        for one, quotes in voted:
            self._vote(one, article)
            self._reasons(one, quotes)
            self._disputes(one)
        self.words(subject, title, PARTS)
        self.proposals(subject, title)
        self._next_steps(subject)

    def words(self, subject: str | None, title: str, level: int) -> None:
        """Write how much was written on a subject, and what of it may be quoted."""
        number = self._data.contributions.get(subject, 0)
        if not number:
            return
        given = [words for words in self._data.words if words.subject == subject]
        self._paper.heading(self._say("plan.words"), level)
        counted = self._say("plan.contributions", count=number, number=self._captions.number(number))
        reference = self._sources.count(subject, title)
        self._paper.write(counted, reference)
        if not given:
            self._paper.write(self._say("plan.none_quotable"), reference)
        for words in given[:MOST_QUOTES]:
            self._quote(words.text, words.segment, self._sources.words(words))
        self._left_out(len(given), reference)

    def proposals(self, subject: str | None, title: str) -> None:
        """Write what is proposed on a subject and open, and how many proposals wait: of those no word is public."""
        proposed = self._data.open_proposals(subject) if subject is not None else []
        waiting = self._data.proposals_waiting.get(subject, 0)
        if proposed or waiting:
            self._heading("plan.proposals")
        for poll in proposed:
            self._paper.write(self._captions.statement(poll), self._sources.poll(poll), style="List Bullet")
        if waiting:
            reference = self._sources.proposals(subject, title)
            self._paper.write(self._say("plan.proposals_waiting", count=waiting), reference)

    def _outcome(self, outcome: Outcome | None) -> None:
        self._heading("plan.outcome")
        if outcome is None:
            self._paper.write(self._say("plan.no_outcome"), self._sources.records())
            return
        reference = self._sources.outcome(outcome)
        decision, decided = self._say(f"decision.{outcome.decision}"), self._sources.date(outcome.decided_at)
        self._paper.write(self._say("plan.decided", decision=decision, date=decided), reference)
        self._paper.write(self._say("outcome.because", reason=outcome.reason), reference)
        if outcome.wording:
            new = outcome.wording.get(self._captions.language) or next(iter(outcome.wording.values()))
            self._paper.write(self._say("outcome.new_wording", wording=new), reference)

    def _vote(self, one: EndedPoll, article: Part | None) -> None:
        """Write what came out of a poll: in a sentence, as numbers by segment, and as a picture."""
        poll, result, reference = one.poll, one.result, self._sources.vote(one)
        ended = self._sources.date(poll.ended_at or poll.opened_at)
        self._paper.heading(self._say("plan.vote_ended", date=ended), PARTS)
        self._asked(poll, article, reference)
        self._paper.write(result_finding(poll, result, self._captions), reference)
        said = [self._say("plan.ended_early", reason=poll.end_reason)] if poll.end_reason else []
        said += outcome_lines(result, poll.quorum, self._captions)
        if not (poll.quorum.heads or poll.quorum.share):
            said.append(self._say("plan.no_quorum"))
        for line in said:
            self._paper.write(line, reference)
        if not one.ballots:
            return
        caption = self._captions.recommendation(poll)
        if isinstance(result, Result):
            self._positions(result, reference)
        else:
            self._options(poll, result, reference)
        chart = result_chart(poll, result, self._captions)
        self._paper.picture(chart.printed(), chart.alternative, caption, reference)

    def _asked(self, poll: Poll, article: Part | None, reference: Reference) -> None:
        """Write the wording that was voted on where it is not the one that the content holds now."""
        asked = poll.wording.get(self._captions.language) or next(iter(poll.wording.values()))
        if article is None:
            if asked.text:
                self._paper.write(asked.text, reference)
        elif (asked.title, asked.text) != (article.title, article.text):
            worded = self._say("plan.wording_changed", title=asked.title, text=asked.text)
            self._paper.write(worded, reference)

    def _positions(self, result: Result, reference: Reference) -> None:
        columns = ["page.segment", "page.ballots", *(f"position.{one}" for one in Position), "map.consensus"]
        everyone = self._captions.decimal(result.consensus or 0)
        rows = [[self._captions.everyone(), *self._numbers(result.total), everyone]]
        for row in result.segments:
            # A segment's part of the product that consensus is.
            part = self._captions.decimal(tally.consensus([row.counts]))
            rows.append([self._captions.segment(row.segment), *self._numbers(row.counts), part])
        self._paper.table([self._say(column) for column in columns], rows, widths=(5, *[3] * (len(columns) - 1)))
        self._paper.write(self._say("plan.table_positions"), reference, style="Caption")

    def _options(self, poll: Poll, result: ChoiceResult, reference: Reference) -> None:
        counted = [(self._captions.everyone(), result.total)]
        counted += [(self._captions.segment(row.segment), row.counts) for row in result.segments]
        ranked = poll.paper.kind is PollKind.PRIORITIES
        columns = [f"{name} ({self._captions.ballots(counts.ballots)})" for name, counts in counted]
        rows = [
            [
                self._captions.option(poll, key),
                *(
                    self._captions.number((counts.points if ranked else counts.chosen)[key])
                    for _name, counts in counted
                ),
            ]
            for key in result.total.ranking
        ]
        self._paper.table([self._say("page.option"), *columns], rows, widths=(3, *[2] * len(columns)))
        told = self._say("plan.table_points" if ranked else "plan.table_options")
        self._paper.write(told, reference, style="Caption")

    def _numbers(self, counts: PositionCounts) -> list[str]:
        return [self._captions.number(number) for number in (counts.ballots, *map(counts.of, Position))]

    def _reasons(self, one: EndedPoll, quotes: Sequence[Quote]) -> None:
        """Write objections and then other reasons, in the words of those who let them be quoted."""
        on_positions = one.poll.paper.kind is PollKind.POSITION
        objections = [quote for quote in quotes if on_positions and quote.answer == Position.OBJECT]
        others = [quote for quote in quotes if quote not in objections]
        number = 0
        unquoted = unquoted_objections(one, quotes)
        for phrase, some in (("plan.objections", objections), ("plan.reasons", others)):
            silent = unquoted if phrase == "plan.objections" else 0
            if some or silent:
                self._heading(phrase)
            if silent:
                said = "plan.objections_partly_unquoted" if some else "plan.objections_unquoted"
                self._paper.write(self._say(said, count=silent), self._sources.vote(one))
            for quote in some[:MOST_QUOTES]:
                number += 1
                self._quote(quote.text, quote.segment, self._sources.reason(one, quote, number))
            self._left_out(len(some), self._sources.vote(one))

    def _disputes(self, one: EndedPoll) -> None:
        self._heading("plan.disputed")
        for line in disputes(one.poll, one.result, self._captions):
            self._paper.write(line, self._sources.vote(one))

    def _next_steps(self, subject: str) -> None:
        self._heading("plan.next")
        steps = self._sources.steps(subject)
        for step in steps:
            self._paper.write(step.text, step.reference, style="List Bullet")
        if not steps:
            self._paper.write(self._say("plan.no_step"), self._sources.records())

    def _heading(self, phrase: str) -> None:
        self._paper.heading(self._say(phrase), PARTS)

    def _quote(self, words: str, segment: str | None, reference: Reference) -> None:
        quoted = self._say("plan.quote", words=words.strip())
        by = f" ({self._captions.segment(segment)})" if segment else ""
        self._paper.write(f"{quoted}{by}", reference, style="Quote")

    def _left_out(self, quotable: int, reference: Reference) -> None:
        if quotable > MOST_QUOTES:
            self._paper.write(self._say("plan.left_out", count=quotable - MOST_QUOTES), reference)
