"""What a ballot may say: the positions, or the options of a poll. Pure functions over plain values.

An answer is kept as one text, by which ballots are counted in SQL: a position, or the keys of the
chosen options, a letter each, in the order of priority where there is one.
"""

from collections.abc import Mapping, Sequence
from string import ascii_lowercase

from models.errors import ConsultationError
from models.records import BallotPaper, Option, PollKind, Position, ReasonPolicy

MOST_OPTIONS = 25  # as many as one of Discord's menus takes
MOST_PRIORITIES = 5
FEWEST_OPTIONS = 2


def options(wordings: Sequence[Mapping[str, str]]) -> tuple[Option, ...]:
    """Give each of up to `MOST_OPTIONS` wordings by language its key. Raises ConsultationError for more."""
    if len(wordings) > MOST_OPTIONS:
        raise ConsultationError("poll.options_number", fewest=FEWEST_OPTIONS, most=MOST_OPTIONS)
    return tuple(Option(key, wording) for key, wording in zip(ascii_lowercase, wordings, strict=False))


def require_valid(paper: BallotPaper) -> None:
    """Raise ConsultationError for a ballot paper that nobody could fill in."""
    if paper.kind is PollKind.POSITION:
        return
    if not FEWEST_OPTIONS <= len(paper.options) <= MOST_OPTIONS:
        raise ConsultationError("poll.options_number", fewest=FEWEST_OPTIONS, most=MOST_OPTIONS)
    for language in paper.options[0].wording:
        titles = {option.wording[language].strip().casefold() for option in paper.options}
        if len(titles) < len(paper.options):
            raise ConsultationError("poll.options_alike")


def answer(paper: BallotPaper, chosen: Sequence[str]) -> str:
    """Return what is chosen as a ballot keeps it.

    Priorities keep their order; of several choices it tells nothing, so that equal answers are equal texts. Raises
    ConsultationError where something is chosen that is not on the paper, twice, not at all, or more than may be.
    """
    keys = paper.keys
    if not chosen:
        raise ConsultationError("vote.nothing_chosen")
    if len(set(chosen)) < len(chosen):
        raise ConsultationError("vote.chosen_twice")
    if not set(chosen) <= set(keys):
        raise ConsultationError("error.leads_nowhere")
    if len(chosen) > paper.most_choices:
        raise ConsultationError("vote.too_many", count=paper.most_choices)
    return "".join(chosen if paper.kind is PollKind.PRIORITIES else sorted(chosen, key=keys.index))


def require_answer(paper: BallotPaper, kept: str) -> None:
    """Raise ConsultationError for what `answer` does not make of any choice on this paper."""
    if answer(paper, chosen(paper, kept)) != kept:
        raise ConsultationError("error.leads_nowhere")


def require_ranking(paper: BallotPaper, ranked: str) -> None:
    """Raise ConsultationError for what is no beginning of priorities on this paper."""
    if paper.kind is not PollKind.PRIORITIES:
        raise ConsultationError("error.leads_nowhere")
    if ranked:
        require_answer(paper, ranked)


def chosen(paper: BallotPaper, kept: str) -> tuple[str, ...]:
    """Return the keys that `answer` made this of."""
    return (kept,) if paper.kind is PollKind.POSITION else tuple(kept)


def reason_policy(paper: BallotPaper, kept: str) -> ReasonPolicy:
    """Say whether a ballot with this answer takes a reason: an objection always has one."""
    return ReasonPolicy.REQUIRED if kept == Position.OBJECT else paper.reasons
