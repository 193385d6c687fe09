"""A whole consultation as one HTML file, for those who are not on Discord.

From what may be published to a page that needs no script, no other file and no network: it opens from a USB stick, in
light and dark, on a phone and on paper. Every sentence is a phrase in one language or was counted, voted on or quoted.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import accumulate
from pathlib import Path
from typing import Any

from content.catalogue import Catalogue
from models.records import Poll, PollKind, Position, Quote
from models.results import EndedPoll, Order
from models.tally import OTHER, ChoiceResult, Result
from reports.captions import Captions
from reports.charts import result_chart
from reports.drawing import Chart
from reports.findings import outcome_lines
from reports.markup import Html, element, joined, link, listed, paragraph, table
from reports.overview import Overview, named_themes
from reports.overview_charts import map_chart, ranked_themes, themes_chart, turnout_chart

STYLE = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
FULL = 100


def draw_page(overview: Overview, catalogue: Catalogue, captions: Captions) -> str:
    """Return the page, as a whole document."""
    return _Page(overview, catalogue, captions).document()


class _Page:
    """What every part of the page is made from."""

    def __init__(self, overview: Overview, catalogue: Catalogue, captions: Captions) -> None:
        self.overview = overview
        self.catalogue = catalogue
        self.captions = captions
        self.language = captions.language

    def say(self, phrase: str, **values: Any) -> str:
        return self.captions.phrases.text(phrase, self.language, **values)

    def document(self) -> str:
        title = self.say("page.title", title=self.catalogue.title.in_language(self.language))
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
        local = self.overview.read_at.astimezone(self.catalogue.timezone)
        return self.say("page.made", date=f"{self.captions.long_date(local)}, {self.captions.time(local)}")

    def _contents(self) -> Html:
        polls = listed((link(_id(one.poll), self._title(one.poll)) for one in self.overview.polls), "ol")
        entries: list[Html] = [link("about", self.say("page.about")), link("glance", self.say("page.glance"))]
        if self.overview.polls:
            entries.append(Html(link("votes", self.say("page.all_votes")) + polls))
        if self.overview.outcomes:
            entries.append(link("outcomes", self.say("page.outcomes")))
        if self.overview.turnout:
            entries.append(link("turnout", self.say("page.turnout")))
        if self.overview.themes:
            entries.append(link("feedback", self.say("page.feedback")))
        entries.append(link("how", self.say("page.how")))
        heading = element("h2", self.say("page.contents"), id="contents")
        return element("nav", heading, listed(entries, "ol"), aria_labelledby="contents")

    def _sections(self) -> Iterator[Html]:
        yield self._section("about", "page.about", self._about())
        yield self._section("glance", "page.glance", self._glance())
        if self.overview.polls:
            yield self._section("votes", "page.all_votes", self._votes())
        for number, (one, quotes) in enumerate(zip(self.overview.polls, self.overview.quotes, strict=True), start=1):
            yield self._poll(number, one, quotes)
        if self.overview.outcomes:
            yield self._section("outcomes", "page.outcomes", self._outcomes())
        if self.overview.turnout:
            yield self._section("turnout", "page.turnout", self._turnout())
        if self.overview.themes:
            yield self._section("feedback", "page.feedback", self._feedback())
        yield self._section("how", "page.how", self._how())

    def _section(self, key: str, phrase: str, content: Iterator[Html]) -> Html:
        heading = element("h2", self.say(phrase), id=key)
        return element("section", joined([heading, *content, self._back()]), aria_labelledby=key)

    def _back(self) -> Html:
        return element("p", link("contents", self.say("page.to_contents")), class_="back quiet")

    def _about(self) -> Iterator[Html]:
        yield paragraph(self.catalogue.summary.in_language(self.language))
        yield paragraph(self.say("page.intro"))
        article = self.catalogue.article
        yield paragraph(self.say("about.source", title=article.title, author=article.author), class_="quiet")

    def _glance(self) -> Iterator[Html]:
        polls, contributions = self.overview.polls, self.overview.contributions
        facts = [self.say("report.votes", count=len(polls)), self.captions.ballots(self.overview.ballots)]
        if contributions:
            number = self.captions.number(contributions)
            facts.append(self.say("page.contributions", count=contributions, number=number))
        yield listed(facts)

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
        pieces += self._quotes(poll, quotes)
        pieces.append(self._back())
        return element("section", joined(pieces), class_="poll", aria_labelledby=_id(poll))

    def _put_to_the_vote(self, poll: Poll) -> Iterator[Html]:
        wording = poll.wording.get(self.language) or next(iter(poll.wording.values()))
        if wording.text:
            yield paragraph(wording.text)
        found = self.catalogue.recommendations.get(poll.recommendation or "")
        if found is not None:
            citation = found.citation
            said = self.say("source.passage", heading=citation.heading, paragraph=citation.paragraph)
            yield paragraph(said, class_="quiet")
        elif poll.recommendation is None:
            yield paragraph(self.say("card.own_question"), class_="quiet")
        ended = (poll.ended_at or poll.opened_at).astimezone(self.catalogue.timezone)
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

    def _quotes(self, poll: Poll, quotes: tuple[Quote, ...]) -> Iterator[Html]:
        if not quotes:
            return
        yield element("h4", self.say("quotes.title"))
        for quote in quotes:
            by = self.captions.attribution(poll, quote)
            told = [paragraph(quote.text)] + ([paragraph(by, class_="quiet")] if by else [])
            yield element("blockquote", joined(told))

    def _outcomes(self) -> Iterator[Html]:
        """Say what was decided on each subject, why, and when it is looked at again."""
        voted = {one.poll.subject: self._title(one.poll) for one in self.overview.polls}
        known = {key: one.title.in_language(self.language) for key, one in self.catalogue.recommendations.items()}
        for subject, outcome in self.overview.outcomes.items():
            yield element("h3", known.get(subject) or voted.get(subject) or self.say("feedback.about_question"))
            decision, date = self.say(f"decision.{outcome.decision}"), self._date(outcome.decided_at)
            yield paragraph(self.say("plan.decided", decision=decision, date=date))
            yield paragraph(self.say("outcome.because", reason=outcome.reason))
            if outcome.wording:
                new = outcome.wording.get(self.language) or next(iter(outcome.wording.values()))
                yield paragraph(self.say("outcome.new_wording", wording=new))
            if outcome.deferred_until is not None:
                yield paragraph(self.say("outcome.deferred_until", until=self._date(outcome.deferred_until)))
            if outcome.review_at is not None:
                yield paragraph(self.say("outcome.review_on", review=self._date(outcome.review_at)))

    def _date(self, moment: datetime) -> str:
        return self.captions.long_date(moment.astimezone(self.catalogue.timezone))

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

    def _feedback(self) -> Iterator[Html]:
        themes = named_themes(self.overview.themes, self.catalogue, self.captions)
        yield _figure(themes_chart(themes, self.captions), "themes")
        rows = [(label, self.captions.number(number)) for label, number in ranked_themes(themes, self.captions)]
        yield table(self.say("themes.subject"), [self.say("page.theme"), self.say("page.number_of")], rows)

    def _how(self) -> Iterator[Html]:
        other = self.captions.segment(OTHER)
        yield paragraph(self.say("page.how_secrecy", other=other))
        for phrase in ("page.how_consensus", "page.how_division", "page.how_points", "page.how_quotes"):
            yield paragraph(self.say(phrase))

    def _title(self, poll: Poll) -> str:
        return self.captions.recommendation(poll)


def _figure(chart: Chart, name: str) -> Html:
    return element("figure", element("figcaption", chart.finding), Html(chart.svg(f"chart-{name}")))


def _id(poll: Poll) -> str:
    return f"vote-{poll.id}"
