"""A consultation's record as CSV files: results that may be published; ballots, words, questions for moderators alone.

From records to bytes, nothing else. The files are RFC 4180 in UTF-8 with a byte order mark, times ISO 8601 in UTC; a
cell is empty where nothing is known or the poll publishes no segments; what is several things (attachments with their
type and size in bytes, themes) has a line for each. Column names are keys for programs and the same
in every language; `captions` decides only in which language titles stand.

People's texts cannot start a formula when a spreadsheet opens the file. An apostrophe is put before `=`, `+`, `-`, `@`
and their fullwidth forms where they come first in a cell, unseen characters, quotation marks and apostrophes aside, and
before a tab or line break that comes first. The same is done after every line break and semicolon within a text: where
the semicolon separates lists, as in Belgium, a spreadsheet may begin a cell there. To undo it, remove one apostrophe
in each of these places.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from io import StringIO

from models.records import Feedback, FeedbackKind, Position, TraceEntry
from models.tally import ChoiceResult, QuorumOutcome, quorum_outcome
from reports.captions import Captions
from reports.record import PollRecord, Record

RESULT_COLUMNS = (
    "recommendation",
    "title",
    "poll",
    "opened_at",
    "ended_at",
    "end_reason",
    "segment",
    "segment_title",
    "segment_source",
    "ballots",
    *Position,
    "poll_consensus",
    "quorum",
    "quorum_reached",
)
BALLOT_COLUMNS = ("poll", "recommendation", "pseudonym", "segment", "segment_source", "position", "hour")
FEEDBACK_COLUMNS = (
    "kind",
    "reference",
    "group",
    "recommendation",
    "poll",
    "pseudonym",
    "segment",
    "segment_source",
    "quotation",
    "given_at",
    "edited_at",
    "text",
    "attachments",
    "themes",
    "pinned",
    "answered",
)
QUESTION_COLUMNS = ("kind", "language", "question", "count", "last_day")
ANSWER_COLUMNS = ("answer", "language", "question", "text", "added_at", "removed_at")
TRACE_COLUMNS = ("done_at", "role", "pseudonym", "action", "subject", "reason")
FILES = ("results.csv", "ballots.csv", "feedback.csv", "questions.csv", "answers.csv", "trace.csv")
EVERYONE = "all"
OBJECTION = "objection"
UNDECLARED = "undeclared"

# Spaces, controls and marks that a spreadsheet drops or nobody sees; line breaks are places of their own.
_UNSEEN = r"\x00-\x09\x0b\x0c\x0e-\x20\x7f-\xa0\xad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff"
_OPERATORS = r"=+\-@\uff1d\uff0b\uff0d\uff20"
_FORMULA = re.compile(rf"(?<![^;\r\n])(?=[{_UNSEEN}'\"]*[{_OPERATORS}])|\A(?='*[\t\r\n])")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")

Cell = str | int | float | datetime | None


def export_files(record: Record, captions: Captions) -> dict[str, bytes]:
    """Return the files by name, as in `FILES`: `results.csv` may be published, the others may not."""
    made = (
        _csv(RESULT_COLUMNS, (row for poll in record.polls for row in _result_rows(poll, captions))),
        _csv(BALLOT_COLUMNS, (row for poll in record.polls for row in _ballot_rows(poll))),
        _csv(FEEDBACK_COLUMNS, _feedback_rows(record)),
        _csv(QUESTION_COLUMNS, _question_rows(record)),
        _csv(ANSWER_COLUMNS, _answer_rows(record)),
        _csv(TRACE_COLUMNS, map(_trace_row, record.trace)),
    )
    return dict(zip(FILES, made, strict=True))


def _result_rows(record: PollRecord, captions: Captions) -> Iterator[tuple[Cell, ...]]:
    poll, result = record.poll, record.result
    if isinstance(result, ChoiceResult):
        return
    rows = [(EVERYONE, captions.everyone(), result.total)]
    rows += [(row.segment, captions.segment(row.segment), row.counts) for row in result.segments]
    quorum = _quorum_cells(quorum_outcome(result, poll.quorum))
    for segment, title, counts in rows:
        yield (
            poll.subject,
            captions.recommendation(poll),
            poll.id,
            poll.opened_at,
            poll.ended_at,
            poll.end_reason,
            segment,
            title,
            poll.segment_source,
            counts.ballots,
            *(counts.of(position) for position in Position),
            result.consensus,
            *quorum.get(segment, (None, None)),
        )


def _quorum_cells(outcome: QuorumOutcome) -> dict[str, tuple[Cell, Cell]]:
    """Return the ballots needed and whether they were cast, by row; none for a row that has no quorum of its own."""
    cells = [(one.segment, one.needed, one.reached) for one in outcome.segments]
    cells.append((EVERYONE, outcome.needed, outcome.reached))
    return {row: (needed, _yes_or_no(reached)) for row, needed, reached in cells if reached is not None}


def _yes_or_no(holds: bool) -> str:
    return "yes" if holds else "no"


def _ballot_rows(record: PollRecord) -> Iterator[tuple[Cell, ...]]:
    for ballot in record.ballots:
        yield (
            ballot.poll_id,
            ballot.subject,
            ballot.pseudonym,
            ballot.segment,
            record.poll.segment_source,
            ballot.answer,
            ballot.hour,
        )


def _feedback_rows(record: Record) -> Iterator[tuple[Cell, ...]]:
    for words in sorted(record.feedback, key=lambda words: (_told_time(words), words.kind, words.reference)):
        yield (
            words.kind,
            words.reference,
            words.group,
            words.recommendation,
            None,
            words.pseudonym,
            words.segment or (UNDECLARED if words.kind is FeedbackKind.THREAD else None),
            words.segment_source,
            words.quotation,
            _told_time(words),
            words.edited_at,
            words.text,
            "\n".join(f"{one.name} ({one.kind}, {one.size})" for one in words.attachments),
            "\n".join(words.themes),
            _yes_or_no(words.pinned),
            _yes_or_no(words.answered),
        )
    for poll in record.polls:
        for reason in poll.reasons:
            yield (
                OBJECTION,
                None,
                poll.poll.group,
                reason.subject,
                reason.poll_id,
                None,
                reason.segment,
                poll.poll.segment_source,
                reason.quotation,
                None,
                None,
                reason.text,
                *(None,) * 4,
            )


def _question_rows(record: Record) -> Iterator[tuple[Cell, ...]]:
    for asked in record.questions:
        yield asked.kind, asked.language, asked.text, asked.count, asked.last_day.isoformat()


def _answer_rows(record: Record) -> Iterator[tuple[Cell, ...]]:
    for answer in record.answers:
        yield answer.id, answer.language, answer.question, answer.answer, answer.added_at, answer.removed_at


def _trace_row(entry: TraceEntry) -> tuple[Cell, ...]:
    return (entry.done_at, entry.role, entry.pseudonym, entry.action, entry.subject, entry.reason)


def _told_time(words: Feedback) -> datetime:
    """Return when words were given; of private ones only the hour, as of ballots.

    Somebody's group role appears for all to see at the moment they first take part.
    """
    if words.kind is FeedbackKind.PRIVATE:
        return words.given_at.replace(minute=0, second=0, microsecond=0)
    return words.given_at


def _csv(columns: Iterable[str], rows: Iterable[Iterable[Cell]]) -> bytes:
    sheet = StringIO(newline="")
    # Quoted without exception: unquoted, a semicolon in a text could end its cell.
    writer = csv.writer(sheet, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return sheet.getvalue().encode("utf-8-sig")


def _cell(value: Cell) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        case float():
            return f"{value:.4f}"
        case int():
            return str(value)
        case _:
            return _FORMULA.sub("'", _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value))
