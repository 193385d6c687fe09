"""The cards: what stands in channels as long as the consultation lasts. Drawn from plain values, without any I/O."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from cogs.ui.ballots import menu, option_lines, position_buttons
from cogs.ui.layout import Piece, button, card, fitting, harmless, rows, source, text
from cogs.ui.outcome_cards import decision_lines
from cogs.ui.quotes import with_quotes
from cogs.ui.texts import Speech, captions
from content.catalogue import Catalogue, Recommendation
from models.records import (
    ConsultationState,
    Outcome,
    Poll,
    PollKind,
    Position,
    Proposal,
    ReasonPolicy,
    Visibility,
    Wording,
)
from models.results import NO_QUOTES, Quotes
from models.tally import (
    AnyResult,
    ChoiceCounts,
    ChoiceRow,
    PositionCounts,
    SegmentRow,
    needed_over_all,
)
from reports.captions import Captions
from reports.findings import outcome_lines

CHART = "result.png"
OPTIONS_OF_SEGMENT = 3
OPTIONS_IN_SHORT = 8
SECRECY = {
    Visibility.LIVE: "card.secret_live",
    Visibility.ENDED: "card.secret",
    Visibility.PUBLISHED: "card.secret_published",
}


@dataclass(frozen=True, slots=True)
class CardState:
    """What a card shows besides what it is about.

    `poll` is the newest poll on it, `turnout` how many have voted, `live` what a live result shows meanwhile, `result`
    what is published once it has ended, `outcome` what was decided on it, `chart_text` the chart's text alternative,
    None where there is no chart, `has_begun` whether the poll takes ballots already.
    """

    consultation: ConsultationState
    reads_messages: bool
    poll: Poll | None = None
    turnout: int = 0
    live: PositionCounts | ChoiceCounts | None = None
    result: AnyResult | None = None
    outcome: Outcome | None = None
    chart_text: str | None = None
    has_begun: bool = True

    @property
    def lists_options(self) -> bool:
        """Whether the options are listed: where they were counted, the counts name them."""
        return self.poll is not None and self.poll.ended_at is None and self.live is None


def start_card(catalogue: Catalogue, speeches: Sequence[Speech], state: ConsultationState) -> list[Piece]:
    """Draw the lasting card of the start channel: what this is, and a button for each thing one can do."""
    pieces: list[Piece] = []
    for say in speeches:
        pieces += [
            text(
                f"## {catalogue.title.in_language(say.language)}",
                say(f"start.{state}"),
                catalogue.summary.in_language(say.language),
            ),
            ui.Separator(visible=False),
            text(say("start.what_to_do")),
            ui.Separator(),
        ]
    return [
        card(
            *pieces,
            *rows(
                [
                    button(_label(speeches, "start.join"), "join", style=discord.ButtonStyle.primary, emoji="👋"),
                    button(_label(speeches, "start.vote"), "open_polls", style=discord.ButtonStyle.primary, emoji="🗳️"),
                    button(_label(speeches, "start.feedback"), "feedback", "", emoji="💬"),
                    button(_label(speeches, "start.propose"), "propose", emoji="💡"),
                    button(_label(speeches, "start.ask"), "ask", emoji="❓"),
                ],
            ),
            *rows(
                [
                    button(_label(speeches, "start.language"), "languages", emoji="🌐"),
                    button(_label(speeches, "start.privacy"), "privacy", emoji="🔒"),
                    own_language_button("start_here", emoji=None),
                ]
            ),
        ),
    ]


def subject_card(
    catalogue: Catalogue,
    recommendation: Recommendation | None,
    speeches: Sequence[Speech],
    state: CardState,
) -> list[Piece]:
    """Draw the one place for a recommendation: its text and source, its ballot, and the way to speak about it.

    Where there is no recommendation, it is the place of the poll in `state`, on a question of the moderators' own. The
    segments of a result stand in as many languages as fit; the chart shows them in any case.
    """

    def draw(tables: int) -> list[Piece]:
        return _subject_pieces(catalogue, recommendation, speeches, state, tables)

    return [card(*fitting(draw, len(speeches)))]


def poll_preview(
    catalogue: Catalogue,
    recommendation: Recommendation | None,
    speeches: Sequence[Speech],
    state: CardState,
    say: Speech,
    ways: Iterable[ui.Button[Any]],
    told: Iterable[str],
) -> list[Piece]:
    """Draw, for a moderator alone, the card as it will stand, what they are `told` of it, and the `ways` to go on.

    The card's own buttons and menus are there to be seen and do nothing.
    """
    pieces = _subject_pieces(catalogue, recommendation, speeches, state, tables=0)
    for row in (piece for piece in pieces if isinstance(piece, ui.ActionRow)):
        for child in row.children:
            if isinstance(child, ui.Button | ui.Select):
                child.disabled = True
    live = [say("poll.preview_live")] if state.poll and state.poll.visibility is Visibility.LIVE else []
    return [card(*pieces), text(*live, *told), *rows(ways)]


def cancelled_card(poll: Poll, speeches: Sequence[Speech]) -> list[Piece]:
    """Draw what is said in the thread of a poll that was cancelled."""
    return [
        card(*(text(f"### {harmless(poll.wording[say.language].title)}", *_cancelled(poll, say)) for say in speeches))
    ]


def result_card(
    catalogue: Catalogue,
    poll: Poll,
    result: AnyResult,
    speeches: Sequence[Speech],
    chart_text: str,
    quotes: Quotes = NO_QUOTES,
) -> list[Piece]:
    """Draw the result of an ended poll as it is posted in the thread, its segments in as many languages as fit.

    After the chart come as many reasons as fit still.
    """

    def draw(tables: int) -> list[Piece]:
        pieces: list[Piece] = []
        for number, say in enumerate(speeches):
            lines = [f"### {say('result.title', title=harmless(poll.wording[say.language].title))}"]
            if not poll.is_published:
                lines.append(say("results.unpublished"))
            if poll.end_reason:
                lines.append(say("card.end_reason", reason=harmless(poll.end_reason)))
            names = captions(catalogue, say.language)
            lines += result_lines(result, poll, names, say, segments=number < tables)
            pieces.append(text(*lines, _segment_source(poll, names)))
        return [*pieces, chart_gallery(chart_text)]

    return [card(*with_quotes(fitting(draw, len(speeches)), catalogue, poll, quotes, speeches))]


def _subject_pieces(
    catalogue: Catalogue,
    recommendation: Recommendation | None,
    speeches: Sequence[Speech],
    state: CardState,
    tables: int,
) -> list[Piece]:
    """Return what stands on a card, with the segments in the first `tables` languages."""
    pieces: list[Piece] = []
    subject = recommendation.key if recommendation else _subject(state)
    for number, say in enumerate(speeches):
        pieces += [
            *wording(recommendation, state.poll, say, options=state.lists_options),
            ui.Separator(visible=False),
            *_poll_status(catalogue, state, say, segments=number < tables),
            *([text(*decision_lines(state.outcome, say))] if state.outcome else []),
            ui.Separator(),
        ]
    if state.chart_text is not None:
        pieces.append(chart_gallery(state.chart_text))
    if state.poll is not None and state.poll.ended_at is None and state.has_begun:
        pieces += _ballot(state.poll, speeches)
    pieces.append(text(*(f"-# {say(_thread_phrase(state))}" for say in speeches)))
    pieces += rows(
        [
            button(_label(speeches, "card.feedback"), "feedback", subject, emoji="💬"),
            own_language_button("card_here", subject),
        ],
    )
    return pieces


def _thread_phrase(state: CardState) -> str:
    """Return what a card says of its thread: nobody can write in it before the consultation opens and after its end."""
    if state.consultation is not ConsultationState.OPEN:
        return "card.thread_closed"
    return "card.thread" if state.reads_messages else "card.thread_unread"


def own_language_button(name: str, *arguments: object, emoji: str | None = "🌐") -> ui.Button[ui.LayoutView]:
    """Return the button that shows a card privately in the person's language; its label is the same in all of them."""
    return button("EN · FR · NL · DE", name, *arguments, emoji=emoji)


def _subject(state: CardState) -> str:
    return state.poll.subject if state.poll else ""


def wording(recommendation: Recommendation | None, poll: Poll | None, say: Speech, *, options: bool) -> list[Piece]:
    """Draw what was put to the vote and if asked for its options, with a warning where the content has changed since.

    What moderators asked themselves is marked as theirs, and what a participant proposed as a participant's, because
    the article does not say it.
    """
    choices = option_lines(poll, say) if poll and options else []
    if poll is not None and poll.proposal is not None:
        return [_proposal(poll, poll.proposal, say)]
    if recommendation is None:
        return [_own_question(poll.wording[say.language], choices, say)] if poll else []
    title, body = recommendation.title.in_language(say.language), recommendation.text.in_language(say.language)
    lines = []
    if poll is not None and (voted_on := poll.wording.get(say.language)) is not None:
        if (voted_on.title, voted_on.text) != (title, body):
            lines.append(say("card.wording_changed"))
        title, body = voted_on.title, voted_on.text
    return [text(f"### {title}", body, *lines, *choices, source(recommendation.citation, say))]


def _proposal(poll: Poll, proposal: Proposal, say: Speech) -> Piece:
    """Draw what a participant proposed: on what, and in which language they wrote it, never who they are."""
    words, original = poll.wording[say.language].text, poll.wording[proposal.language].text
    written = "card.proposal_written" if words == original else "card.proposal_translated"
    return text(
        f"### 💡 {say('card.proposal')}",
        *([say("card.proposal_amends", title=proposal.titles[say.language])] if proposal.amends else []),
        f"**{harmless(words.strip())}**",
        f"-# {say(written, language=say(f'language.{proposal.language}'))}",
    )


def _own_question(asked: Wording, choices: Iterable[str], say: Speech) -> Piece:
    words = [harmless(asked.text)] if asked.text else []
    return text(f"### {harmless(asked.title)}", *words, *choices, f"-# {say('card.own_question')}")


def _ballot(poll: Poll, speeches: Sequence[Speech]) -> list[Piece]:
    """Return what a card has to vote with."""
    match poll.paper.kind:
        case PollKind.POSITION:
            labels = {position: _label(speeches, f"position.{position}") for position in Position}
            return list(rows(position_buttons(poll, labels, "vote")))
        case PollKind.PRIORITIES:
            label = _label(speeches, "vote.rank")
            return list(rows([button(label, "rank", poll.id, style=discord.ButtonStyle.primary)]))
        case _:
            return [menu(poll, speeches, "choose")]


def chart_gallery(description: str) -> Piece:
    return gallery(CHART, description)


def gallery(name: str, description: str) -> Piece:
    """Show an attached picture with its text alternative."""
    made: ui.MediaGallery[ui.LayoutView] = ui.MediaGallery()
    made.add_item(media=f"attachment://{name}", description=description)
    return made


def result_lines(result: AnyResult, poll: Poll, names: Captions, say: Speech, *, segments: bool) -> Iterable[str]:
    """Say a result in words: everybody's answers, each published segment's if asked for, consensus, the quorum."""
    yield from counts_lines(poll, result.total, names, say, most=None if segments else OPTIONS_IN_SHORT)
    for row in result.segments if segments else ():
        yield _segment_line(poll, row, names, say)
    yield from outcome_lines(result, poll.quorum, names, segments=segments)


def counts_lines(
    poll: Poll, counts: PositionCounts | ChoiceCounts, names: Captions, say: Speech, most: int | None = None
) -> Iterable[str]:
    """Say what everybody answered: the positions in one line, or a line an option, `most` at most, the first on top."""
    if isinstance(counts, PositionCounts):
        yield _counts_line(names.everyone(), counts, say)
        return
    yield f"**{names.everyone()}** ({names.ballots(counts.ballots)})"
    for rank, key in enumerate(counts.ranking[:most], start=1):
        told = names.pair(harmless(names.option(poll, key)), names.option_count(poll, counts, key))
        yield f"{rank}. {told}"
    if left := len(counts.ranking[most:]) if most else 0:
        yield say("result.more_options", count=left)


def _segment_line(poll: Poll, row: SegmentRow | ChoiceRow, names: Captions, say: Speech) -> str:
    if isinstance(row, SegmentRow):
        return _counts_line(names.segment(row.segment), row.counts, say)
    counts = row.counts
    first = [f"{harmless(names.option(poll, key))} ({names.option_count(poll, counts, key)})" for key in counts.ranking]
    shown = ", ".join(first[:OPTIONS_OF_SEGMENT])
    return f"**{names.segment(row.segment)}** ({names.ballots(counts.ballots)}): {shown}"


def _label(speeches: Sequence[Speech], phrase: str) -> str:
    """Return a button's label in each of the card's languages."""
    return " / ".join(dict.fromkeys(say(phrase) for say in speeches))


def _poll_status(catalogue: Catalogue, state: CardState, say: Speech, *, segments: bool) -> list[Piece]:
    poll = state.poll
    if poll is None:
        return [text(say("card.no_poll"))]
    if poll.ended_at is None:
        lines = list(_running(poll, state, say))
        if state.live is not None:
            names, most = captions(catalogue, say.language), None if segments else OPTIONS_IN_SHORT
            lines += ["", say("card.live"), *counts_lines(poll, state.live, names, say, most)]
        return [text(*lines, *terms(poll, say))]
    if poll.cancelled:
        return [text(*_cancelled(poll, say))]
    lines = [say("card.poll_ended", ended=discord.utils.format_dt(poll.ended_at, "f"))]
    if poll.end_reason:
        lines.append(say("card.end_reason", reason=harmless(poll.end_reason)))
    if state.result is None:
        lines.append(say("card.not_published"))
    else:
        names = captions(catalogue, say.language)
        lines += result_lines(state.result, poll, names, say, segments=segments)
        lines.append(_segment_source(poll, names))
    return [text(*lines)]


def terms(poll: Poll, say: Speech) -> list[str]:
    """Say on what terms people vote: whether they have to give a reason, and what becomes known of their ballots."""
    needs_reason = poll.paper.reasons is ReasonPolicy.REQUIRED
    return [*([say("card.reason_required")] if needs_reason else []), f"-# {say(SECRECY[poll.visibility])}"]


def _running(poll: Poll, state: CardState, say: Speech) -> Iterable[str]:
    """Say from when until when a poll takes ballots, how many there are, and how many there must be."""
    closes = discord.utils.format_dt(poll.closes_at, "f") if poll.closes_at else None
    if not state.has_begun:
        opens, left = (discord.utils.format_dt(poll.opened_at, style) for style in ("f", "R"))
        ahead = "card.poll_ahead" if closes else "card.poll_ahead_without_end"
        yield say(ahead, opens=opens, left=left, closes=closes)
    elif poll.closes_at is None:
        yield say("card.poll_open_without_end")
    else:
        yield say("card.poll_open", closes=closes, left=discord.utils.format_dt(poll.closes_at, "R"))
    if state.has_begun:
        yield say("card.turnout", count=state.turnout) if state.turnout else say("card.no_turnout")
    if over_all := needed_over_all(poll.quorum):
        yield say("card.quorum", count=over_all)
    if poll.quorum.share:
        yield say("card.quorum_share", share=poll.quorum.share)


def _segment_source(poll: Poll, names: Captions) -> str:
    """Say by what the segments of a result count."""
    return names.segment_source(poll.segment_source)


def _cancelled(poll: Poll, say: Speech) -> list[str]:
    """Say that a poll was cancelled, when and why."""
    ended = discord.utils.format_dt(poll.ended_at or poll.opened_at, "f")
    return [say("card.poll_cancelled", ended=ended), say("card.cancel_reason", reason=harmless(poll.end_reason or ""))]


def _counts_line(name: str, counts: PositionCounts, say: Speech) -> str:
    return say(
        "result.counts",
        count=counts.ballots,
        name=name,
        support=counts.support,
        accept=counts.accept,
        object=counts.object,
        abstain=counts.pass_,
    )
