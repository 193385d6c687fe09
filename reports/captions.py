"""How reports name things in one language: positions, segments, recommendations, numbers.

Takes sentences from the phrases and titles from the content and the polls; holds none itself.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from typing import Any

from babel.dates import format_date, format_time
from babel.numbers import format_decimal

from content.phrases import Phrases
from models.ballot_paper import chosen
from models.records import UNPLACED, Poll, PollKind, Position, Proposal, Quote, SegmentSource
from models.tally import OTHER, ChoiceCounts


@dataclass(frozen=True, slots=True)
class Captions:
    """One language of the reports; `segments` are the segments' titles in it, by key."""

    phrases: Phrases
    language: str
    segments: Mapping[str, str]

    def say(self, phrase: str, **values: Any) -> str:
        return self.phrases.text(phrase, self.language, **values)

    def pair(self, label: str, value: str) -> str:
        """Return a label and what it stands for, with the colon as the language sets it."""
        return self.say("report.pair", label=label, value=value)

    def series(self, told: Iterable[str]) -> str:
        """Return what is told one after another, with the semicolons as the language sets them."""
        return reduce(lambda first, then: self.say("report.series", first=first, then=then), told)

    def position(self, position: Position) -> str:
        return self.phrases.text(f"position.{position}", self.language)

    def everyone(self) -> str:
        return self.phrases.text("chart.everyone", self.language)

    def segment(self, key: str) -> str:
        """Return the title of a published row, or the key itself where the content no longer has that segment."""
        if key == OTHER or key in UNPLACED:
            return self.phrases.text(f"segment.{key}", self.language)
        return self.segments.get(key, key)

    def segment_source(self, source: SegmentSource) -> str:
        """Return the line that says by what segments count."""
        return self.phrases.text(f"segments.{source}", self.language)

    def recommendation(self, poll: Poll) -> str:
        """Return the title as it was voted on, in the first language it was put in where this one is missing."""
        wording = poll.wording.get(self.language) or next(iter(poll.wording.values()))
        return wording.title

    def statement(self, poll: Poll) -> str:
        """Return the text as it was voted on, in the language of `recommendation`; its title where it has no text."""
        wording = poll.wording.get(self.language) or next(iter(poll.wording.values()))
        return wording.text or wording.title

    def option(self, poll: Poll, key: str) -> str:
        """Return how an option reads, in the first language it was put in where this one is missing."""
        wording = next(option.wording for option in poll.paper.options if option.key == key)
        return wording.get(self.language) or next(iter(wording.values()))

    def answer(self, poll: Poll, answer: str) -> str:
        """Return what a ballot says: a position, the options it chose, or its priorities, numbered."""
        if poll.paper.kind is PollKind.POSITION:
            return self.position(Position(answer))
        titles = [self.option(poll, key) for key in chosen(poll.paper, answer)]
        if poll.paper.kind is PollKind.PRIORITIES:
            titles = [f"{rank}. {title}" for rank, title in enumerate(titles, start=1)]
        return ", ".join(titles)

    def option_count(self, poll: Poll, counts: ChoiceCounts, key: str) -> str:
        """Return how many chose an option of how many, or the points it got."""
        if poll.paper.kind is PollKind.PRIORITIES:
            points = counts.points[key]
            return self.phrases.text("chart.points", self.language, count=points, number=self.number(points))
        number, ballots = counts.chosen[key], self.number(counts.ballots)
        return self.phrases.text("chart.chosen", self.language, count=number, number=self.number(number), all=ballots)

    def attribution(self, poll: Poll, quote: Quote) -> str:
        """Return what a quote stands under: its answer and its segment, as far as either may be told."""
        answer = [] if quote.answer is None else [self.answer(poll, quote.answer)]
        return " · ".join([*answer, *([self.segment(quote.segment)] if quote.segment else [])])

    def proposal(self, proposal: Proposal) -> str:
        """Return the sentence that a participant proposed this, and to what it is an alternative."""
        said = [self.say("card.proposal")]
        if proposal.amends is not None:
            title = proposal.titles.get(self.language) or next(iter(proposal.titles.values()), proposal.amends)
            said.append(self.say("card.proposal_amends", title=title))
        return ". ".join(said) + "."

    def turnout_row(self, row: str | None) -> str:
        """Return the title of a row of the turnout; None is that of polls that show no segments."""
        return self.phrases.text("turnout.not_shown", self.language) if row is None else self.segment(row)

    def number(self, number: int) -> str:
        return format_decimal(number, locale=self.language)

    def day(self, day: date) -> str:
        """Return a day with its month in short."""
        return format_date(day, "medium", locale=self._locale)

    def long_date(self, moment: datetime) -> str:
        return format_date(moment, "long", locale=self._locale)

    def time(self, moment: datetime) -> str:
        return format_time(moment, "short", locale=self._locale)

    @property
    def _locale(self) -> str:
        # Dates in English as they are written in Europe.
        return "en_GB" if self.language == "en" else self.language

    def decimal(self, number: float) -> str:
        """Return a number between 0 and 1 with two decimals."""
        return format_decimal(number, "0.00", locale=self.language)

    def ballots(self, number: int) -> str:
        return self.phrases.text("chart.ballots", self.language, count=number, number=self.number(number))
