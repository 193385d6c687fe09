"""The polls that ask for positions as the files of a Polis conversation, for the tools that read those.

The columns are those of Polis's own export. A poll is a comment, a published segment a group, and a ballot a vote:
support and 'can live with it' are 1, pass is 0, an objection is -1. What this loses: that somebody can only live with
a proposal, every reason, and the option polls. Who is one voter, and why, says `models/polis.py`. All votes bear the
moment their poll ended, and who did not vote is told by an empty cell.

What may be published has no votes: `summary.csv`, `comments.csv` and `comment-groups.csv` alone.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from string import ascii_lowercase

from models import exports, polis
from models.exports import Tier
from models.polis import Comment, Voter
from models.records import Position
from models.tally import PositionCounts
from reports.captions import Captions
from reports.csv_files import safe_text
from reports.tables import DICTIONARY, Rows, Source, Table, dictionary_columns

POLIS = "polis"
MODERATED = 1  # accepted
AUTHOR = 0  # whoever opened the conversation
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

Cell = str | int | float | None


async def write_polis(folder: Path, source: Source, topic: str, description: str) -> list[Path]:
    """Write the set into a folder and return its files; each of them is one file, however large."""
    comments = await polis.comments_of(source.session, await exports.polls_in(source.session, source.selection))
    groups = polis.groups_of(comments)
    people = polis.people(comments)
    summary: list[tuple[Cell, ...]] = [
        ("topic", safe_text(topic)),
        ("url", ""),
        ("voters", people),
        ("voters-in-conv", people),
        ("commenters", 1 if comments else 0),
        ("comments", len(comments)),
        ("groups", len(groups)),
        ("conversation-description", safe_text(description)),
    ]
    files: dict[str, Iterable[Sequence[Cell]]] = {
        "summary": summary,
        "comments": [COMMENT_COLUMNS, *(_comment_row(one, source) for one in comments)],
        "comment-groups": [
            (*COMMENT_GROUP_COLUMNS, *_group_columns(len(groups))),
            *(_comment_group_row(one, groups, source) for one in comments),
        ],
    }
    if source.selection.tier is Tier.RECORD:
        files["votes"] = _vote_rows(comments, await polis.voters(source.session, comments))
        files["participant-votes"] = _participant_rows(comments, groups, await polis.voters(source.session, comments))
    return [_write(folder / f"{name}.csv", rows) for name, rows in files.items()]


async def polis_dictionary(source: Source, captions: Sequence[Captions]) -> Table:
    """Return what the set is and loses, and which segment each of its groups is, in several languages."""
    comments = await polis.comments_of(source.session, await exports.polls_in(source.session, source.selection))
    groups = polis.groups_of(comments)

    async def rows(_: Source) -> Rows:
        yield [(POLIS, None, *(one.phrases.text(f"export.table.{POLIS}", one.language) for one in captions))]
        yield [(POLIS, _letter(n), *(one.segment(group) for one in captions)) for n, group in enumerate(groups)]

    return Table(DICTIONARY, dictionary_columns(captions), rows)


def _letter(number: int) -> str:
    return f"group-{ascii_lowercase[number]}"


def _group_columns(groups: int) -> Iterator[str]:
    return (f"{_letter(number)}-{column}" for number in range(groups) for column in GROUP_COLUMNS)


def _comment_row(comment: Comment, source: Source) -> tuple[Cell, ...]:
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


def _comment_group_row(comment: Comment, groups: Sequence[str], source: Source) -> tuple[Cell, ...]:
    rows = {row.segment: row.counts for row in comment.result.segments}
    return (
        comment.poll.id,
        safe_text(source.captions.statement(comment.poll)),
        *_counts(comment.result.total),
        *(cell for group in groups for cell in _counts(rows.get(group, PositionCounts()))),
    )


def _counts(counts: PositionCounts) -> tuple[int, int, int, int]:
    return counts.ballots, counts.agreeing, counts.of(Position.OBJECT), counts.of(Position.PASS)


def _vote_rows(comments: Sequence[Comment], voters: Iterator[Voter]) -> Iterator[Sequence[Cell]]:
    yield VOTE_COLUMNS
    # Not the moment of the vote: those of one voter would be a trail.
    ended = {one.poll.id: _moment(one.poll.ended_at or one.poll.opened_at) for one in comments}
    for voter in voters:
        for poll, vote in voter.votes.items():
            yield (*ended[poll], poll, voter.id, vote)


def _participant_rows(
    comments: Sequence[Comment], groups: Sequence[str], voters: Iterator[Voter]
) -> Iterator[Sequence[Cell]]:
    ids = [one.poll.id for one in comments]
    numbers = {group: number for number, group in enumerate(groups)}
    yield (*PARTICIPANT_COLUMNS, *ids)
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


def _write(path: Path, rows: Iterable[Sequence[Cell]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        # Without a byte order mark, which readers of this format take for a letter.
        csv.writer(file, quoting=csv.QUOTE_MINIMAL, lineterminator="\n").writerows(rows)
    return path
