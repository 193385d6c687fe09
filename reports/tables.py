"""The tables that exports hand out: their names, their columns, who may see them, and where their rows come from.

A further subject is an entry in `TABLES`, a function that gives its rows, and the phrases `export.table.<name>` and
`export.column.<column>` for the data dictionary. Names of tables and columns are keys for programs, the same in every
language; `captions` decides only in which language titles stand. How files look is no matter here.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from enum import StrEnum
from typing import TypeAlias

from models import exports, outcomes, polls, questions, statement_review, trace
from models.ballot_paper import chosen
from models.ballot_record import recorded_ballots
from models.exports import Selection, Tier
from models.records import Feedback, FeedbackKind, Poll, PollKind, Position
from models.store import UnitOfWork
from models.tally import AnyResult, ChoiceCounts, QuorumOutcome, Result, quorum_outcome
from reports.captions import Captions

EVERYONE = "all"
UNDECLARED = "undeclared"
DICTIONARY = "dictionary"
EVERY_TABLE = "*"

Value: TypeAlias = str | int | float | None
Row: TypeAlias = tuple[Value, ...]
Rows: TypeAlias = AsyncIterator[Sequence[Row]]


class Kind(StrEnum):
    """What a column holds.

    Keys are made by the bot of letters, digits, spaces and hyphens, moments are ISO 8601 in UTC; neither can be a
    formula or end a cell. A text may hold whatever somebody wrote. Shares lie between 0 and 1.
    """

    KEY = "key"
    MOMENT = "moment"
    NUMBER = "number"
    SHARE = "share"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Column:
    """A column; one for the record alone is left out of what may be published."""

    name: str
    kind: Kind = Kind.KEY
    record_only: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """What rows are made from: the store, what is selected, and in which language titles stand.

    `groups` are the working groups of recommendations, by key.
    """

    session: UnitOfWork
    selection: Selection
    captions: Captions
    groups: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """A subject as a table; `rows` gives it in blocks of any size. One for the record alone is never published.

    `has_group` and `has_time` say whether a selection's group and time apply to it; where not, it comes whole.
    """

    name: str
    columns: tuple[Column, ...]
    rows: Callable[[Source], Rows]
    record_only: bool = False
    has_group: bool = True
    has_time: bool = True

    def columns_in(self, tier: Tier) -> list[Column]:
        return [column for column in self.columns if tier is Tier.RECORD or not column.record_only]

    async def rows_in(self, source: Source) -> Rows:
        """Give the rows with the columns of the selection's tier alone."""
        kept = [
            place
            for place, column in enumerate(self.columns)
            if source.selection.tier is Tier.RECORD or not column.record_only
        ]
        async for block in self.rows(source):
            if len(kept) == len(self.columns):
                yield block
            else:
                yield [tuple(row[place] for place in kept) for row in block]


async def _polls(source: Source) -> Rows:
    for poll in await exports.polls_in(source.session, source.selection):
        yield [
            (
                poll.id,
                poll.subject,
                poll.group,
                source.captions.recommendation(poll),
                poll.paper.kind.value,
                poll.paper.most_choices,
                moment(poll.opened_at),
                moment(poll.ended_at),
                poll.end_reason,
                poll.quorum.heads or None,
                poll.quorum.share or None,
                poll.segment_source.value,
                (await polls.result(source.session, poll)).total.ballots,
                _yes_or_no(poll.is_published),
            ),
        ]


async def _options(source: Source) -> Rows:
    for poll in await exports.polls_in(source.session, source.selection):
        yield [(poll.id, poll.subject, one.key, source.captions.option(poll, one.key)) for one in poll.paper.options]


async def _results(source: Source) -> Rows:
    async for poll, result in _counted(source):
        if isinstance(result, Result):
            yield list(_position_rows(poll, result, source.captions))


def _position_rows(poll: Poll, result: Result, captions: Captions) -> Iterator[Row]:
    quorum = _quorum_cells(quorum_outcome(result, poll.quorum))
    for segment, counts in [(EVERYONE, result.total), *((row.segment, row.counts) for row in result.segments)]:
        yield (
            poll.id,
            poll.subject,
            captions.recommendation(poll),
            segment,
            _segment_title(segment, captions),
            poll.segment_source.value,
            counts.ballots,
            *(counts.of(position) for position in Position),
            result.consensus,
            *quorum.get(segment, (None, None)),
        )


async def _choices(source: Source) -> Rows:
    async for poll, result in _counted(source):
        if not isinstance(result, Result):
            quorum = _quorum_cells(quorum_outcome(result, poll.quorum))
            rows = [(EVERYONE, result.total), *((row.segment, row.counts) for row in result.segments)]
            yield [
                (
                    poll.id,
                    poll.subject,
                    source.captions.recommendation(poll),
                    segment,
                    _segment_title(segment, source.captions),
                    poll.segment_source.value,
                    counts.ballots,
                    *option,
                    *quorum.get(segment, (None, None)),
                )
                for segment, counts in rows
                for option in _option_cells(poll, counts, source.captions)
            ]


def _option_cells(poll: Poll, counts: ChoiceCounts, captions: Captions) -> Iterator[Row]:
    """Return option, title, number of ballots that chose it, points and rank; options with equal points share one."""
    for key in counts.ranking:
        points = counts.points[key]
        rank = 1 + sum(other > points for other in counts.points.values())
        told = points if poll.paper.kind is PollKind.PRIORITIES else None
        yield key, captions.option(poll, key), counts.chosen[key], told, rank


async def _counted(source: Source) -> AsyncIterator[tuple[Poll, AnyResult]]:
    for poll in await exports.polls_in(source.session, source.selection):
        yield poll, await polls.result(source.session, poll)


def _quorum_cells(outcome: QuorumOutcome) -> dict[str, tuple[Value, Value]]:
    """Return the ballots needed and whether they were cast, by row; none for a row that has no quorum of its own."""
    cells = [(one.segment, one.needed, one.reached) for one in outcome.segments]
    cells.append((EVERYONE, outcome.needed, outcome.reached))
    return {row: (needed, _yes_or_no(reached)) for row, needed, reached in cells if reached is not None}


async def _ballots(source: Source) -> Rows:
    for poll in await exports.polls_in(source.session, source.selection):
        for block in await recorded_ballots(source.session, poll):
            yield block


async def _feedback(source: Source) -> Rows:
    async for block in exports.words_in(source.session, source.selection):
        yield [_words_row(words, source) for words in block]


def _words_row(words: Feedback, source: Source) -> Row:
    return (
        words.kind.value,
        words.reference,
        words.group,
        words.recommendation,
        words.pseudonym,
        words.segment or (UNDECLARED if _is_undeclared(words.kind, source) else None),
        words.segment_source.value,
        words.quotation.value,
        moment(words.given_at),
        moment(words.edited_at),
        words.text,
        "\n".join(f"{one.name} ({one.kind}, {one.size})" for one in words.attachments) or None,
        "\n".join(words.themes) or None,
        _yes_or_no(words.pinned),
        _yes_or_no(words.answered),
    )


def _is_undeclared(kind: FeedbackKind, source: Source) -> bool:
    return kind is FeedbackKind.THREAD and source.selection.tier is Tier.RECORD


async def _reasons(source: Source) -> Rows:
    for poll in await exports.polls_in(source.session, source.selection):
        yield [
            (
                poll.id,
                poll.subject,
                poll.group,
                " ".join(chosen(poll.paper, reason.answer)) or None,
                source.captions.answer(poll, reason.answer) if reason.answer else None,
                reason.segment,
                reason.quotation.value,
                reason.text,
            )
            for reason in await exports.reasons_in(source.session, source.selection, poll)
        ]


async def _participants(source: Source) -> Rows:
    people, rows = await exports.participants(source.session, source.selection)
    yield [
        (segment, _segment_title(segment, source.captions), number)
        for segment, number in [(EVERYONE, people), *rows.items()]
    ]


async def _questions(source: Source) -> Rows:
    yield [
        (asked.kind.value, asked.language, asked.text, asked.count, asked.last_day.isoformat())
        for asked in await questions.all_questions(source.session, source.selection.consultation_id)
        if _is_since(datetime.combine(asked.last_day, time.max, UTC), source)
    ]


async def _answers(source: Source) -> Rows:
    yield [
        (one.id, one.language, one.question, one.answer, moment(one.added_at), moment(one.removed_at))
        for one in await questions.all_answers(source.session, source.selection.consultation_id)
        if _is_since(one.removed_at or one.added_at, source)
    ]


async def _trace(source: Source) -> Rows:
    yield [
        (moment(one.done_at), one.role.value, one.pseudonym, one.action, one.subject, one.reason)
        for one in await trace.entries(source.session, source.selection.consultation_id)
        if _is_since(one.done_at, source)
    ]


async def _proposals(source: Source) -> Rows:
    yield [
        (
            one.reference,
            one.state.value,
            one.group,
            one.recommendation,
            one.language,
            one.text,
            one.why,
            one.reason,
            one.subject,
        )
        for one in await statement_review.all_statements(
            source.session, source.selection.consultation_id, source.selection.since
        )
        if source.selection.group in {None, one.group}
    ]


async def _outcomes(source: Source) -> Rows:
    decided = await outcomes.outcomes(source.session, source.selection.consultation_id)
    groups = {**source.groups, **await exports.groups_of_subjects(source.session, source.selection.consultation_id)}
    yield [
        (
            one.subject,
            one.decision.value,
            moment(one.decided_at),
            one.reason,
            one.wording.get(source.captions.language) or next(iter(one.wording.values()), None),
            moment(one.deferred_until),
            moment(one.review_at),
        )
        for one in decided.values()
        if source.selection.takes(groups.get(one.subject), one.decided_at)
    ]


def _is_since(when: datetime, source: Source) -> bool:
    """Say whether something belongs to the time that is selected, for what has no group."""
    return source.selection.since is None or when >= source.selection.since


def _yes_or_no(holds: bool) -> str:
    return "yes" if holds else "no"


def _segment_title(segment: str, captions: Captions) -> str:
    return captions.everyone() if segment == EVERYONE else captions.segment(segment)


def moment(when: datetime | None) -> str | None:
    """Return a moment as files tell it, None where there was none."""
    return None if when is None else f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


POLL = (Column("poll", Kind.NUMBER), Column("recommendation"))
TITLE = Column("title", Kind.TEXT)
SEGMENT = (
    Column("segment"),
    Column("segment_title", Kind.TEXT),
    Column("segment_source"),
    Column("ballots", Kind.NUMBER),
)
QUORUM = (Column("quorum", Kind.NUMBER), Column("quorum_reached"))

TABLES = {
    table.name: table
    for table in (
        Table(
            "polls",
            (
                *POLL,
                Column("group"),
                TITLE,
                Column("kind"),
                Column("most_choices", Kind.NUMBER),
                Column("opened_at", Kind.MOMENT),
                Column("ended_at", Kind.MOMENT),
                Column("end_reason", Kind.TEXT),
                Column("quorum_heads", Kind.NUMBER),
                Column("quorum_share", Kind.NUMBER),
                Column("segment_source"),
                Column("ballots", Kind.NUMBER),
                Column("published"),
            ),
            _polls,
        ),
        Table("options", (*POLL, Column("option"), Column("option_title", Kind.TEXT)), _options),
        Table(
            "results",
            (
                *POLL,
                TITLE,
                *SEGMENT,
                *(Column(position.value, Kind.NUMBER) for position in Position),
                Column("poll_consensus", Kind.SHARE),
                *QUORUM,
            ),
            _results,
        ),
        Table(
            "choices",
            (
                *POLL,
                TITLE,
                *SEGMENT,
                Column("option"),
                Column("option_title", Kind.TEXT),
                Column("chosen", Kind.NUMBER),
                Column("points", Kind.NUMBER),
                Column("rank", Kind.NUMBER),
                *QUORUM,
            ),
            _choices,
        ),
        Table(
            "ballots",
            (*POLL, Column("pseudonym"), Column("segment"), Column("answer"), Column("hour", Kind.MOMENT)),
            _ballots,
            record_only=True,
        ),
        Table(
            "feedback",
            (
                Column("kind"),
                Column("reference"),
                Column("group"),
                Column("recommendation"),
                Column("pseudonym", record_only=True),
                Column("segment"),
                Column("segment_source"),
                Column("quotation"),
                Column("given_at", Kind.MOMENT, record_only=True),
                Column("edited_at", Kind.MOMENT, record_only=True),
                Column("text", Kind.TEXT),
                Column("attachments", Kind.TEXT, record_only=True),
                Column("themes", Kind.TEXT),
                Column("pinned", record_only=True),
                Column("answered", record_only=True),
            ),
            _feedback,
        ),
        Table(
            "reasons",
            (
                *POLL,
                Column("group"),
                Column("answer"),
                Column("answer_title", Kind.TEXT),
                Column("segment"),
                Column("quotation"),
                Column("text", Kind.TEXT),
            ),
            _reasons,
        ),
        Table(
            "participants",
            (Column("segment"), Column("segment_title", Kind.TEXT), Column("participants", Kind.NUMBER)),
            _participants,
            has_group=False,
            has_time=False,
        ),
        Table(
            "outcomes",
            (
                Column("recommendation"),
                Column("decision"),
                Column("decided_at", Kind.MOMENT),
                Column("reason", Kind.TEXT),
                Column("new_wording", Kind.TEXT),
                Column("deferred_until", Kind.MOMENT),
                Column("review_at", Kind.MOMENT),
            ),
            _outcomes,
        ),
        Table(
            "proposals",
            (
                Column("reference"),
                Column("state"),
                Column("group"),
                Column("recommendation"),
                Column("language"),
                Column("text", Kind.TEXT),
                Column("why", Kind.TEXT),
                Column("reason", Kind.TEXT),
                Column("card"),
            ),
            _proposals,
            record_only=True,
        ),
        Table(
            "questions",
            (
                Column("kind"),
                Column("language"),
                Column("question", Kind.TEXT),
                Column("count", Kind.NUMBER),
                Column("last_day"),
            ),
            _questions,
            record_only=True,
            has_group=False,
        ),
        Table(
            "answers",
            (
                Column("number", Kind.NUMBER),
                Column("language"),
                Column("question", Kind.TEXT),
                Column("text", Kind.TEXT),
                Column("added_at", Kind.MOMENT),
                Column("removed_at", Kind.MOMENT),
            ),
            _answers,
            record_only=True,
            has_group=False,
        ),
        Table(
            "trace",
            (
                Column("done_at", Kind.MOMENT),
                Column("role"),
                Column("pseudonym"),
                Column("action"),
                Column("subject", Kind.TEXT),
                Column("reason", Kind.TEXT),
            ),
            _trace,
            record_only=True,
            has_group=False,
        ),
    )
}
EVERYTHING = "everything"
# What may be asked for, and the tables it gives; Polis's files are no tables (`reports/polis_files.py`).
SUBJECTS = {
    EVERYTHING: tuple(TABLES),
    "results": ("results", "choices"),
    "ballots": ("ballots", "options"),
    "feedback": ("feedback", "reasons"),
    "polls": ("polls", "options"),
    "participants": ("participants",),
    "outcomes": ("outcomes",),
    "proposals": ("proposals",),
    "questions": ("questions", "answers"),
    "trace": ("trace",),
}


def tables_in(subject: str, tier: Tier) -> list[Table]:
    """Return the tables of a subject that belong to a tier; none where its first is for the record alone."""
    asked = [TABLES[name] for name in SUBJECTS[subject]]
    if asked[0].record_only and tier is not Tier.RECORD:
        return []
    return [table for table in asked if tier is Tier.RECORD or not table.record_only]


def dictionary(tables: Sequence[Table], tier: Tier, texts: str, captions: Sequence[Captions]) -> Table:
    """Return the data dictionary of some tables: what each and each of its columns holds, in several languages.

    `texts` is the phrase that says how people's texts stand in the files.
    """

    async def rows(_: Source) -> Rows:
        yield [texts_row(texts, captions)]
        for table in tables:
            yield [(table.name, None, *(_about(table, one) for one in captions))]
            yield [
                (table.name, column.name, *(one.say(f"export.column.{column.name}") for one in captions))
                for column in table.columns_in(tier)
            ]

    return Table(DICTIONARY, dictionary_columns(captions), rows)


def texts_row(texts: str, captions: Sequence[Captions]) -> Row:
    """Return the row of a dictionary that says how people's texts stand in the files."""
    return (EVERY_TABLE, None, *(one.say(texts) for one in captions))


def _about(table: Table, captions: Captions) -> str:
    whole = {"export.whole_of_groups": not table.has_group, "export.whole_of_time": not table.has_time}
    phrases = [f"export.table.{table.name}", *(phrase for phrase, holds in whole.items() if holds)]
    return " ".join(map(captions.say, phrases))


def dictionary_columns(captions: Sequence[Captions]) -> tuple[Column, ...]:
    return Column("table"), Column("column"), *(Column(one.language, Kind.TEXT) for one in captions)
