"""The polls that ask for positions as the files of a Polis conversation, for the tools that read those.

The columns are those of Polis's own export. A poll is a comment, a published segment a group, and a ballot a vote:
support and 'can live with it' are 1, pass is 0, an objection is -1. What this loses: that somebody can only live with
a proposal, every reason, and the option polls. Who is one voter, and why, says `models/polis.py`. All votes bear the
moment their poll ended, and who did not vote is told by an empty cell.

What may be published has no votes: `summary.csv`, `comments.csv` and `comment-groups.csv` alone.
"""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from io import StringIO
from itertools import islice
from pathlib import Path
from string import ascii_lowercase

from models import exports, polis
from models.exports import Tier
from models.polis import Comment, Voter
from models.records import Position
from models.tally import PositionCounts
from reports.captions import Captions
from reports.csv_files import SUFFIX, safe_text
from reports.parts import Parts
from reports.progress import Progress
from reports.tables import DICTIONARY, Row, Rows, Source, Table, dictionary_columns, texts_row

POLIS = "polis"
MODERATED = 1  # accepted
AUTHOR = 0  # whoever opened the conversation
BLOCK = 10_000
COMMENT_COLUMNS = (
    "timestamp",
    "datetime",
    "comment-id",
    "author-id",
    "agrees",
    "disagrees",
    "moderated",
    "comment-body",
    "is-meta",
    "is-seed",
    "group-informed-consensus",
)
VOTE_COLUMNS = ("timestamp", "datetime", "comment-id", "voter-id", "vote")
PARTICIPANT_COLUMNS = ("participant", "group-id", "n-comments", "n-votes", "n-agree", "n-disagree")
COMMENT_GROUP_COLUMNS = ("comment-id", "comment", "total-votes", "total-agrees", "total-disagrees", "total-passes")
GROUP_COLUMNS = ("votes", "agrees", "disagrees", "passes")


async def write_polis(
    folder: Path, source: Source, topic: str, description: str, limit: int | None, progress: Progress
) -> list[Path]:
    """Write the set into a folder and return its files; one larger than `limit` bytes in parts with the same head.

    Raises ConsultationError where even a single row would be too large.
    """
    comments = await polis.comments_of(source.session, await exports.polls_in(source.session, source.selection))
    groups = polis.groups_of(comments)
    people = polis.people(comments)
    summary: list[Row] = [
        ("topic", safe_text(topic)),
        ("url", ""),
        ("voters", people),
        ("voters-in-conv", people),
        ("commenters", 1 if comments else 0),
        ("comments", len(comments)),
        ("groups", len(groups)),
        ("conversation-description", safe_text(description)),
    ]
    group_columns = (*COMMENT_GROUP_COLUMNS, *_group_columns(len(groups)))
    files: dict[str, tuple[Row | None, Iterator[Row]]] = {
        "summary": (None, iter(summary)),
        "comments": (COMMENT_COLUMNS, (_comment_row(one, source) for one in comments)),
        "comment-groups": (group_columns, (_comment_group_row(one, groups, source) for one in comments)),
    }
    if source.selection.tier is Tier.RECORD:
        votes = _vote_rows(comments, await polis.voters(source.session, comments))
        files["votes"] = (VOTE_COLUMNS, votes)
        by_voter = _participant_rows(comments, groups, await polis.voters(source.session, comments))
        files["participant-votes"] = ((*PARTICIPANT_COLUMNS, *(one.poll.id for one in comments)), by_voter)
    return [path for name, (head, rows) in files.items() for path in _write(folder, name, head, rows, limit, progress)]


async def polis_dictionary(source: Source, captions: Sequence[Captions]) -> Table:
    """Return what the set is and loses, and which segment each of its groups is, in several languages."""
    comments = await polis.comments_of(source.session, await exports.polls_in(source.session, source.selection))
    groups = polis.groups_of(comments)

    async def rows(_: Source) -> Rows:
        yield [texts_row("export.texts.csv", captions)]
        yield [(POLIS, None, *(one.phrases.text(f"export.table.{POLIS}", one.language) for one in captions))]
        yield [(POLIS, _letter(n), *(one.segment(group) for one in captions)) for n, group in enumerate(groups)]

    return Table(DICTIONARY, dictionary_columns(captions), rows)


def _letter(number: int) -> str:
    return f"group-{ascii_lowercase[number]}"


def _group_columns(groups: int) -> Iterator[str]:
    return (f"{_letter(number)}-{column}" for number in range(groups) for column in GROUP_COLUMNS)


def _comment_row(comment: Comment, source: Source) -> Row:
    total = comment.result.total
    return (
        *_moment(comment.poll.opened_at),
        comment.poll.id,
        AUTHOR,
        total.agreeing,
        total.of(Position.OBJECT),
        MODERATED,
        safe_text(source.captions.statement(comment.poll)),
        "false",
        "true",
        comment.result.consensus,
    )


def _comment_group_row(comment: Comment, groups: Sequence[str], source: Source) -> Row:
    rows = {row.segment: row.counts for row in comment.result.segments}
    return (
        comment.poll.id,
        safe_text(source.captions.statement(comment.poll)),
        *_counts(comment.result.total),
        *(cell for group in groups for cell in _counts(rows.get(group, PositionCounts()))),
    )


def _counts(counts: PositionCounts) -> tuple[int, int, int, int]:
    return counts.ballots, counts.agreeing, counts.of(Position.OBJECT), counts.of(Position.PASS)


def _vote_rows(comments: Sequence[Comment], voters: Iterator[Voter]) -> Iterator[Row]:
    # Not the moment of the vote: those of one voter would be a trail.
    ended = {one.poll.id: _moment(one.poll.ended_at or one.poll.opened_at) for one in comments}
    for voter in voters:
        for poll, vote in voter.votes.items():
            yield (*ended[poll], poll, voter.id, vote)


def _participant_rows(comments: Sequence[Comment], groups: Sequence[str], voters: Iterator[Voter]) -> Iterator[Row]:
    ids = [one.poll.id for one in comments]
    numbers = {group: number for number, group in enumerate(groups)}
    for voter in voters:
        cast = Counter(voter.votes.values())
        yield (
            voter.id,
            None if voter.group is None else numbers[voter.group],
            0,
            cast.total(),
            cast[1],
            cast[-1],
            *(voter.votes.get(poll) for poll in ids),
        )


def _moment(when: datetime) -> tuple[int, str]:
    utc = when.astimezone(UTC)
    return int(utc.timestamp()), f"{utc:%a %b %d %H:%M:%S UTC %Y}"


def _write(
    folder: Path, name: str, head: Row | None, rows: Iterator[Row], limit: int | None, progress: Progress
) -> list[Path]:
    with Parts(folder, name, SUFFIX, b"" if head is None else _lines([head]), _lines, limit) as parts:
        while block := list(islice(rows, BLOCK)):
            parts.add(block)
            progress.rows += len(block)
    return parts.paths


def _lines(rows: Sequence[Row]) -> bytes:
    # Without a byte order mark, which readers of this format take for a letter.
    sheet = StringIO(newline="")
    csv.writer(sheet, quoting=csv.QUOTE_MINIMAL, lineterminator="\n").writerows(rows)
    return sheet.getvalue().encode()
