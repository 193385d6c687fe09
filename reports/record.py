"""Everything a consultation's reports are made from, read in one unit of work.

Calls the use cases of `models` and holds what they give; it never writes, and never sees an open poll.
"""

from dataclasses import dataclass

from models import feedback, polls, questions, trace
from models.records import Feedback, ModeratorsAnswer, OpenQuestion, Poll, Reason, RecordedBallot, TraceEntry
from models.store import UnitOfWork
from models.tally import AnyResult


@dataclass(frozen=True, slots=True)
class PollRecord:
    """An ended poll: `result` may be published; `ballots` and `reasons` are for moderators alone."""

    poll: Poll
    result: AnyResult
    ballots: tuple[RecordedBallot, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """The ended polls of a consultation, what was given in words, and what moderators answered and did, oldest first.

    `questions` are those without an answer that helped, the most asked first.
    """

    polls: tuple[PollRecord, ...]
    feedback: tuple[Feedback, ...]
    questions: tuple[OpenQuestion, ...] = ()
    answers: tuple[ModeratorsAnswer, ...] = ()
    trace: tuple[TraceEntry, ...] = ()


async def gather(session: UnitOfWork, consultation_id: int) -> Record:
    """Read the record of a consultation; polls that are still open have no part in it."""
    return Record(
        polls=tuple([await _poll_record(session, poll) for poll in await polls.ended_polls(session, consultation_id)]),
        feedback=tuple(await feedback.recorded_feedback(session, consultation_id)),
        questions=tuple(await questions.all_questions(session, consultation_id)),
        answers=tuple(await questions.all_answers(session, consultation_id)),
        trace=tuple(await trace.entries(session, consultation_id)),
    )


async def _poll_record(session: UnitOfWork, poll: Poll) -> PollRecord:
    return PollRecord(
        poll=poll,
        result=await polls.result(session, poll),
        ballots=tuple(await polls.recorded_ballots(session, poll)),
        reasons=tuple(await polls.reasons(session, poll)),
    )
