"""Ballots as the votes of a Polis conversation: who voted how on several polls, without naming a small segment.

In Polis's files a voter has one id over all comments. That an id stays the same from one poll to another is what the
record otherwise avoids: somebody whom one poll shows in a small segment's row could be followed into a poll that
merges that segment. So an id is the same over those polls alone that publish the same rows, with segments counted by
the same source, and only while its voter stands in the same row. What is learnt from any of these polls about who
stands in which row, each of them publishes itself. Polls that publish other rows are like another conversation: their
voters bear other ids, and no vote leads from the one to the other. It costs this: who votes in both kinds of poll, or
declares another segment in between, is several voters in the files.

An id depends on nothing but the person, the row and the rows of the poll, so that it is the same in every export,
whatever was selected: two exports tell no more than the larger one. It is no pseudonym of another file, and changes
with all others when somebody erases what they gave.

What it does not do: somebody who knows from elsewhere how one person voted in some of these polls may recognise their
row, and read there how they voted in the others; and of two exports from before and after somebody erased what they
gave, the first has a row that the second lacks. Therefore the votes are in the record alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from models import polls
from models.ballot_record import pseudonym_salt, stored_ballots
from models.records import Poll, PollKind, Position
from models.sealing import pseudonym_numbers
from models.store import UnitOfWork
from models.tally import OTHER, Result

VOTES = {Position.SUPPORT: 1, Position.ACCEPT: 1, Position.PASS: 0, Position.OBJECT: -1}
ID_BITS = 48  # every program reads such numbers exactly


@dataclass(frozen=True, slots=True)
class Comment:
    """A position poll as a comment of Polis: what may be published of it."""

    poll: Poll
    result: Result


@dataclass(frozen=True, slots=True)
class Voter:
    """One voter of the set: an id, the published row they stand in or None, and their votes by poll id."""

    id: int
    group: str | None
    votes: dict[int, int]


async def comments_of(session: UnitOfWork, chosen: Sequence[Poll]) -> list[Comment]:
    """Return those of some ended polls that ask for positions, with their results."""
    comments = []
    for poll in chosen:
        if poll.paper.kind is PollKind.POSITION:
            result = await polls.result(session, poll)
            assert isinstance(result, Result), "it asks for positions"  # noqa: S101
            comments.append(Comment(poll, result))
    return comments


def groups_of(comments: Sequence[Comment]) -> list[str]:
    """Return the published rows of all comments, `OTHER` last: what Polis calls groups."""
    rows = {row.segment for comment in comments for row in comment.result.segments}
    return sorted(rows, key=lambda row: (row == OTHER, row))


def people(comments: Sequence[Comment]) -> int:
    """Return how many people voted at least: the largest number of ballots on one comment.

    Nobody is counted over several comments. When somebody erases what they gave, each of their ballots counts on by
    itself, so such a number would rise, and two exports would show on which comments that person had voted.
    """
    return max((comment.result.total.ballots for comment in comments), default=0)


async def voters(session: UnitOfWork, comments: Sequence[Comment]) -> Iterator[Voter]:
    """Return everybody who voted on the comments, in the order of their ids, which tells nothing.

    It reads away from the bot's event loop and takes some 30 bytes of memory a vote.
    """
    ids, details = [], []
    groups = groups_of(comments)
    for number, comment in enumerate(comments):
        rows = [row.segment for row in comment.result.segments]
        scope = f"{comment.poll.segment_source} {await pseudonym_salt(session, comment.poll.consultation_id)}"
        for block in await stored_ballots(session, comment.poll):
            labels = [comment.result.labels[segment] for _, segment, _, _ in block]
            for label in set(labels):
                its = [ballot for ballot, found in zip(block, labels, strict=True) if found == label]
                ids.append(voter_ids([seal for seal, *_ in its], label, rows, scope))
                group = -1 if label is None else groups.index(label)
                details.append(
                    np.array([(number, group, VOTES[Position(answer)]) for _, _, answer, _ in its], np.int32)
                )
    return _by_voter(comments, groups, np.concatenate(ids), np.concatenate(details)) if ids else iter(())


def voter_ids(
    seals: Sequence[bytes], row: str | None, rows: Sequence[str], scope: str
) -> "np.ndarray[tuple[int], np.dtype[np.uint64]]":
    """Return the ids of voters who stand in a row, or in none, of a poll that publishes these rows, within a scope."""
    return pseudonym_numbers(seals, f"polis {row or ''} of {' '.join(sorted(rows))} {scope}") >> np.uint64(64 - ID_BITS)


def _by_voter(
    comments: Sequence[Comment],
    groups: Sequence[str],
    ids: "np.ndarray[tuple[int], np.dtype[np.uint64]]",
    details: "np.ndarray[tuple[int, int], np.dtype[np.int32]]",
) -> Iterator[Voter]:
    order = np.argsort(ids, kind="stable")
    starts = np.flatnonzero(np.diff(ids[order], prepend=ids[order[:1]] + np.uint64(1)))
    for start, end in pairwise([*starts, len(order)]):
        its = order[start:end]
        votes = details[its].tolist()
        group = votes[0][1]
        yield Voter(
            int(ids[its[0]]),
            None if group < 0 else groups[group],
            {comments[number].poll.id: vote for number, _, vote in votes},
        )
