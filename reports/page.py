"""A whole consultation as one HTML file, for those who are not on Discord.

From what may be published to a page that needs no script, no other file and no network: it opens from a USB stick, in
light and dark, on a phone and on paper. It is made from what the plan is made from. Every sentence is a phrase in one
language or was counted, voted on or quoted.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import accumulate
from pathlib import Path

from models.records import Outcome, Poll, PollKind, Position, Quote
from models.results import EndedPoll, Order
from models.tally import OTHER, ChoiceResult, Result
from reports.captions import Captions
from reports.charts import result_chart
from reports.drawing import Chart
from reports.findings import outcome_lines, unquoted_objections
from reports.markup import Html, described, element, joined, link, listed, paragraph, table
from reports.overview import Overview, named_subjects
from reports.overview_charts import by_number, map_chart, themes_chart, turnout_chart
from reports.plan_data import Part, PlanContent, PlanData
from reports.plan_sources import Sources

STYLE = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
FULL = 100
NO_AREA, BESIDE = "_none", "_beside"  # no keys of the content


def draw_page(overview: Overview, plan: PlanData, content: PlanContent, captions: Captions) -> str:
    """Return the page, as a whole document; `content` is in the language of the captions."""
    return _Page(overview, plan, content, captions).document()


class _Page:
    """What every part of the page is made from."""

    def __init__(self, overview: Overview, plan: PlanData, content: PlanContent, captions: Captions) -> None:
        self.overview = overview
        self.plan = plan
        self.content = content
        self.captions = captions
        self.language = captions.language
        self.say = captions.say
        self.sources = Sources(plan, content, captions)
        self.quotes = {one.poll.id: quotes for one, quotes in plan.polls}
        self.recommendations = {one.key: one for one in content.recommendations}

    def document(self) -> str:
        title = self.say("page.title", title=self.content.title)
        sections = [section for section in self._sections() if section]
        body = element(
            "body",
            link("content", self.say("page.skip"), class_="skip"),
            element("header", element("h1", title), paragraph(self._made(), class_="quiet")),
            self._contents(),
            element("main", joined(sections), id="content"),
        )
        head = element(
            "head",
            Html('<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'),
            element("title", title),
            Html(f"<style>\n{STYLE}</style>"),
        )
        return f"<!DOCTYPE html>\n{element('html', head, body, lang=self.language)}\n"

    def _made(self) -> str:
        local = self.overview.read_at.astimezone(self.content.timezone)
        return self.say("page.made", date=f"{self.captions.long_date(local)}, {self.captions.time(local)}")

    def _contents(self) -> Html:
        polls = listed((link(_id(one.poll), self._title(one.poll)) for one in self.overview.polls), "ol")
        entries: list[Html] = [link("about", self.say("page.about")), link("glance", self.say("page.glance"))]
        areas = listed((link(f"area-{key}", title) for key, title in self._parts()), "ol")
        entries.append(Html(link("subjects", self.say("page.subjects")) + areas))
        if self.plan.running:
            entries.append(link("open", self.say("page.open")))
        if self.overview.polls:
            entries.append(Html(link("votes", self.say("page.all_votes")) + polls))
        if self.plan.outcomes:
            entries.append(link("outcomes", self.say("page.outcomes")))
        if self.overview.turnout:
            entries.append(link("turnout", self.say("page.turnout")))
        if self._is_written():
            entries.append(link("feedback", self.say("page.feedback")))
        entries.append(link("next", self.say("plan.calendar")))
        entries.append(link("how", self.say("page.how")))
        heading = element("h2", self.say("page.contents"), id="contents")
        return element("nav", heading, listed(entries, "ol"), aria_labelledby="contents")

    def _sections(self) -> Iterator[Html]:
        yield self._section("about", "page.about", self._about())
        yield self._section("glance", "page.glance", self._glance())
        yield self._section("subjects", "page.subjects", self._subjects())
        if self.plan.running:
            yield self._section("open", "page.open", self._open())
        if self.overview.polls:
            yield self._section("votes", "page.all_votes", self._votes())
        for number, one in enumerate(self.overview.polls, start=1):
            yield self._poll(number, one, self.quotes[one.poll.id])
        if self.plan.outcomes:
            yield self._section("outcomes", "page.outcomes", self._outcomes())
        if self.overview.turnout:
            yield self._section("turnout", "page.turnout", self._turnout())
        if self._is_written():
            yield self._section("feedback", "page.feedback", self._feedback())
        yield self._section("next", "plan.calendar", self._next_steps())
        yield self._section("how", "page.how", self._how())

    def _section(self, key: str, phrase: str, content: Iterator[Html]) -> Html:
        heading = element("h2", self.say(phrase), id=key)
        return element("section", joined([heading, *content, self._back()]), aria_labelledby=key)

    def _back(self) -> Html:
        return element("p", link("contents", self.say("page.to_contents")), class_="back quiet")

    def _about(self) -> Iterator[Html]:
        yield paragraph(self.content.summary)
        yield paragraph(self.say("page.intro"))
        source = self.say("about.source", title=self.content.article, author=self.content.author)
        yield paragraph(source, class_="quiet")

    def _glance(self) -> Iterator[Html]:
        polls, contributions = self.overview.polls, sum(self.overview.contributions.values())
        facts = [self.say("report.votes", count=len(polls)), self.captions.ballots(self.overview.ballots)]
        if contributions:
            number = self.captions.number(contributions)
            facts.append(self.say("page.contributions", count=contributions, number=number))
        yield listed(facts)

    def _parts(self) -> Iterator[tuple[str, str]]:
        """Yield the areas by key and title, then what belongs to none, and what was asked beside recommendations."""
        for area in self.content.areas:
            yield area.key, area.title
        if any(one.area is None for one in self.content.recommendations):
            yield NO_AREA, self.say("recommendation.no_area")
        if self.sources.asked_beside():
            yield BESIDE, self.say("plan.own_questions")

    def _subjects(self) -> Iterator[Html]:
        """Tell of each area and recommendation what the article says and where it stands, then of other questions."""
        areas = {area.key: area for area in self.content.areas}
        for key, title in self._parts():
            yield element("h3", title, id=f"area-{key}")
            if area := areas.get(key):
                yield from self._article(area)
            if key == BESIDE:
                for subject, poll in self.sources.asked_beside().items():
                    yield from self._question(subject, poll)
            for one in self.content.recommendations:
                if (one.area or NO_AREA) == key:
                    yield element("h4", one.title)
                    yield from self._article(one)
                    yield from self._standing(one.key)

    def _article(self, part: Part) -> Iterator[Html]:
        yield paragraph(part.text)
        said = self.say("source.passage", heading=part.heading, paragraph=part.paragraph)
        yield paragraph(said, class_="quiet")

    def _question(self, subject: str, poll: Poll) -> Iterator[Html]:
        yield element("h4", self._title(poll))
        if poll.proposal is not None:
            yield paragraph(self.captions.proposal(poll.proposal), class_="quiet")
        if self.captions.statement(poll) != self._title(poll):
            yield paragraph(self.captions.statement(poll))
        yield from self._standing(subject)

    def _standing(self, subject: str) -> Iterator[Html]:
        """Tell how a subject stands: its votes, decision, words and proposals, and what comes next."""
        pieces = [("plan.vote", self._voted(subject)), ("plan.outcome", [self._decided(subject)])]
        pieces += [(phrase, told) for phrase, told in self._given(subject) if told]
        steps = [paragraph(step.text) for step in self.sources.steps(subject)]
        pieces.append(("plan.next", steps or [paragraph(self.say("plan.no_step"))]))
        yield described((self.say(phrase), joined(told)) for phrase, told in pieces)

    def _voted(self, subject: str) -> list[Html]:
        """Lead to the published results on a subject."""
        ended = [one.poll for one, _quotes in self.plan.polls if one.poll.subject == subject]
        said = [
            element("p", link(_id(poll), self.say("plan.vote_ended", date=self._date(poll.ended_at or poll.opened_at))))
            for poll in ended
        ]
        return said or [paragraph(self.say("plan.no_vote"))]

    def _decided(self, subject: str) -> Html:
        outcome = self.plan.outcomes.get(subject)
        if outcome is None:
            return paragraph(self.say("plan.no_outcome"))
        return element("p", link(f"outcome-{outcome.id}", self._decision(outcome)))

    def _decision(self, outcome: Outcome) -> str:
        decision = self.say(f"decision.{outcome.decision}")
        return self.say("plan.decided", decision=decision, date=self._date(outcome.decided_at))

    def _given(self, subject: str | None) -> Iterator[tuple[str, list[Html]]]:
        """Yield what people wrote and proposed on a subject, as far as it is public, each under its phrase."""
        number = self.plan.contributions.get(subject, 0)
        words = [one for one in self.plan.words if one.subject == subject]
        told = [paragraph(self.say("plan.contributions", count=number, number=self.captions.number(number)))]
        if not words:
            told.append(paragraph(self.say("plan.none_quotable")))
        told += [_quote(one.text.strip(), self.captions.segment(one.segment) if one.segment else "") for one in words]
        yield "plan.words", told if number else []
        proposed = self.plan.open_proposals(subject) if subject is not None else []
        public = [listed(map(self.captions.statement, proposed))] if proposed else []
        if waiting := self.plan.proposals_waiting.get(subject):
            public.append(paragraph(self.say("plan.proposals_waiting", count=waiting)))
        yield "plan.proposals", public

    def _open(self) -> Iterator[Html]:
        """Name the votes that run or are still to begin, with their days and nothing else."""
        yield described(
            (self._title(poll), joined(paragraph(step.text) for step in self.sources.of_running(poll)))
            for poll in self.plan.running
        )

    def _next_steps(self) -> Iterator[Html]:
        calendar = self.sources.calendar()
        if not calendar:
            yield paragraph(self.say("plan.no_dates"))
            return
        yield described(
            (
                self.captions.pair(entry.when, entry.subject),
                joined(
                    [
                        paragraph(entry.text),
                        paragraph(self.captions.pair(entry.reference.what, entry.reference.basis), class_="quiet"),
                    ]
                ),
            )
            for entry in calendar
        )

    def _votes(self) -> Iterator[Html]:
        chart = map_chart(self.overview.polls, self.captions)
        yield _figure(chart, "map")
        yield paragraph(self.say("results.how"))
        columns = ("page.vote", "page.ballots", "map.consensus", "map.division", "page.objections")
        rows = []
        for number, one in enumerate(self.overview.polls, start=1):
            measures = [one.measure(order) for order in (Order.CONSENSUS, Order.DIVISION)]
            objections = one.measure(Order.OBJECTIONS)
            title = link(_id(one.poll), f"{number}. {self._title(one.poll)}")
            cells = ["—" if measure is None else self.captions.decimal(measure) for measure in measures]
            share = "—" if objections is None else self.captions.number(round(objections * FULL))
            rows.append((title, self.captions.number(one.ballots), *cells, share))
        yield table(self.say("page.all_votes_caption"), [self.say(column) for column in columns], rows)

    def _poll(self, number: int, one: EndedPoll, quotes: tuple[Quote, ...]) -> Html:
        poll = one.poll
        heading = element("h3", f"{number}. {self._title(poll)}", id=_id(poll))
        pieces = [heading, *self._put_to_the_vote(poll)]
        pieces.append(_figure(result_chart(poll, one.result, self.captions), _id(poll)))
        title = f"{number}. {self._title(poll)}"
        if isinstance(one.result, ChoiceResult):
            pieces.append(self._choices(title, poll, one.result))
        else:
            pieces.append(self._counts(title, one.result))
        pieces += [paragraph(line) for line in outcome_lines(one.result, poll.quorum, self.captions)]
        pieces.append(paragraph(self.captions.segment_source(poll.segment_source), class_="quiet"))
        pieces += self._quotes(one, quotes)
        pieces.append(self._back())
        return element("section", joined(pieces), class_="poll", aria_labelledby=_id(poll))

    def _put_to_the_vote(self, poll: Poll) -> Iterator[Html]:
        wording = poll.wording.get(self.language) or next(iter(poll.wording.values()))
        if wording.text:
            yield paragraph(wording.text)
        found = self.recommendations.get(poll.recommendation or "")
        if found is not None:
            said = self.say("source.passage", heading=found.heading, paragraph=found.paragraph)
            yield paragraph(said, class_="quiet")
        elif poll.recommendation is None:
            yield paragraph(self.say("card.own_question"), class_="quiet")
        ended = (poll.ended_at or poll.opened_at).astimezone(self.content.timezone)
        lines = [self.say("page.ended", date=self.captions.long_date(ended))]
        if poll.end_reason:
            lines.append(self.say("card.end_reason", reason=poll.end_reason))
        yield paragraph(" ".join(lines), class_="quiet")

    def _counts(self, title: str, result: Result) -> Html:
        columns = [self.say("page.segment"), self.say("page.ballots"), *map(self.captions.position, Position)]
        rows = [(self.captions.everyone(), result.total)]
        rows += [(self.captions.segment(row.segment), row.counts) for row in result.segments]
        cells = [
            (name, *map(self.captions.number, (counts.ballots, *(counts.of(position) for position in Position))))
            for name, counts in rows
        ]
        return table(self.say("page.counts_of", title=title), columns, cells, first_strong=True)

    def _choices(self, title: str, poll: Poll, result: ChoiceResult) -> Html:
        """Return a table with a row an option, and a column for everyone and each published segment."""
        ranked = poll.paper.kind is PollKind.PRIORITIES
        counted = [(self.captions.everyone(), result.total)]
        counted += [(self.captions.segment(row.segment), row.counts) for row in result.segments]
        measure = self.say("page.points" if ranked else "page.chosen")
        columns = [
            self.say("page.option"),
            *(f"{name} ({self.captions.ballots(counts.ballots)})" for name, counts in counted),
        ]
        rows = [
            (
                self.captions.option(poll, key),
                *(self.captions.number((counts.points if ranked else counts.chosen)[key]) for _name, counts in counted),
            )
            for key in result.total.ranking
        ]
        caption = self.captions.pair(self.say("page.options_of", title=title), measure)
        return table(caption, columns, rows)

    def _quotes(self, one: EndedPoll, quotes: tuple[Quote, ...]) -> Iterator[Html]:
        silent = unquoted_objections(one, quotes)
        if quotes:
            yield element("h4", self.say("quotes.title"))
        if silent:
            quoted = any(quote.answer == Position.OBJECT for quote in quotes)
            phrase = "plan.objections_partly_unquoted" if quoted else "plan.objections_unquoted"
            yield paragraph(self.say(phrase, count=silent))
        for quote in quotes:
            yield _quote(quote.text, self.captions.attribution(one.poll, quote))

    def _outcomes(self) -> Iterator[Html]:
        """Say what was decided on each subject, why, and when it is looked at again."""
        titles = dict(self.sources.subjects())
        for subject, outcome in self.plan.outcomes.items():
            title = titles.get(subject) or self.say("feedback.about_question")
            yield element("h3", title, id=f"outcome-{outcome.id}")
            yield paragraph(self._decision(outcome))
            yield paragraph(self.say("outcome.because", reason=outcome.reason))
            if outcome.wording:
                new = outcome.wording.get(self.language) or next(iter(outcome.wording.values()))
                yield paragraph(self.say("outcome.new_wording", wording=new))
            if outcome.deferred_until is not None:
                yield paragraph(self.say("outcome.deferred_until", until=self._date(outcome.deferred_until)))
            if outcome.review_at is not None:
                yield paragraph(self.say("outcome.review_on", review=self._date(outcome.review_at)))

    def _date(self, moment: datetime) -> str:
        return self.captions.long_date(moment.astimezone(self.content.timezone))

    def _turnout(self) -> Iterator[Html]:
        turnout = self.overview.turnout
        assert turnout is not None  # noqa: S101 - the caller has looked
        yield _figure(turnout_chart(turnout, self.captions), "turnout")
        yield paragraph(self.say("turnout.how"))
        days = sorted({day for by_day in turnout.by_row.values() for day in by_day})
        sums = {row: list(accumulate(turnout.by_row[row].get(day, 0) for day in days)) for row in turnout.rows}
        columns = [self.say("page.day"), *map(self.captions.turnout_row, turnout.rows)]
        rows = [
            (
                self.captions.day(day),
                *(self.captions.number(sums[row][number]) for row in turnout.rows),
            )
            for number, day in enumerate(days)
        ]
        yield table(self.say("turnout.subject"), columns, rows)

    def _is_written(self) -> bool:
        return bool(self.overview.contributions or self.plan.proposals_waiting)

    def _feedback(self) -> Iterator[Html]:
        subjects = named_subjects(self.overview.contributions, self.content, self.captions)
        themes = list(self.overview.themes.items())
        if subjects:
            yield _figure(themes_chart(subjects, themes, self.captions), "themes")
        for phrase, column, some in (
            ("themes.subject", "page.theme", subjects),
            ("themes.given", "themes.theme", themes),
        ):
            rows = [(label, self.captions.number(number)) for label, number in by_number(some)]
            if rows:
                yield table(self.say(phrase), [self.say(column), self.say("page.number_of")], rows)
        beyond = self.sources.beyond([*self.overview.contributions, *self.plan.proposals_waiting])
        if beyond:
            yield element("h3", self.say("plan.other_words"))
        for subject, title in beyond:
            yield element("h4", title)
            given = [(self.say(phrase), joined(told)) for phrase, told in self._given(subject) if told]
            yield described(given)

    def _how(self) -> Iterator[Html]:
        other = self.captions.segment(OTHER)
        yield paragraph(self.say("page.how_secrecy", other=other))
        for phrase in ("page.how_consensus", "page.how_division", "page.how_points", "page.how_quotes"):
            yield paragraph(self.say(phrase))

    def _title(self, poll: Poll) -> str:
        return self.captions.recommendation(poll)


def _figure(chart: Chart, name: str) -> Html:
    return element("figure", element("figcaption", chart.finding), Html(chart.svg(f"chart-{name}")))


def _quote(words: str, by: str) -> Html:
    return element("blockquote", joined([paragraph(words), *([paragraph(by, class_="quiet")] if by else [])]))


def _id(poll: Poll) -> str:
    return f"vote-{poll.id}"
