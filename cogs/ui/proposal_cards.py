"""How a proposal is shown to its author before it is sent, and to moderators who decide. Drawn without any I/O."""

from collections.abc import Iterable, Sequence
from typing import Any

import discord
from discord import ui

from cogs.ui.layout import (
    OPTION_LENGTH,
    SELECT_OPTIONS,
    Piece,
    button,
    card,
    custom_id,
    harmless,
    rows,
    sent_once,
    shortened,
    text,
)
from cogs.ui.texts import Speech
from content.catalogue import Catalogue
from models.records import Statement, StatementState
from models.statements import UNDECIDED

# Characters of what people wrote, once it is quoted and harmless: all of it together must fit one card.
SHOWN_TEXT = 430
SHOWN_WORDS = 350


def draft_card(draft: Statement, near: Iterable[str], say: Speech) -> ui.LayoutView:
    """Draw what somebody typed beside what is there already, with the ways to go on."""
    ways = [
        button(say("propose.send"), "propose_send", draft.id, style=discord.ButtonStyle.primary),
        button(say("propose.correct"), "propose_correct", draft.id),
        button(say("propose.leave"), "propose_leave", draft.id),
    ]
    return sent_once(
        card(
            text(f"### {say('propose.near')}", *near),
            ui.Separator(),
            text(say("propose.yours"), quoted(draft.text)),
            text(f"-# {say('propose.kept')}"),
            *rows(ways),
        )
    )


def review_card(
    catalogue: Catalogue,
    statement: Statement,
    public_languages: Sequence[str],
    near: Iterable[str],
    others: Sequence[Statement],
    waiting: int,
    asked_back: int,
    say: Speech,
    note: str | None = None,
) -> ui.LayoutView:
    """Draw a statement for a moderator, with what can be done about it.

    `near` are lines on what says nearly the same, `others` the statements it can be merged with, the nearest first,
    `waiting` how many wait for a decision and `asked_back` for their authors, `note` what was done just before.
    """
    counts = [say("proposal.waiting", count=waiting) if waiting else say("proposal.none_waiting")]
    counts += [say("proposal.waiting_for_author", count=asked_back)] if asked_back else []
    pieces: list[Piece] = [text(*([f"✅ {note}"] if note else []), " ".join(counts)), ui.Separator()]
    pieces.append(text(*_about(catalogue, statement, say), *_texts(statement, public_languages, say)))
    pieces.append(text(*_words(statement, say)))
    if lines := list(near):
        pieces.append(text(f"**{say('proposal.near')}**", *lines))
    return sent_once(card(*pieces, *_ways(statement, others, say)))


def empty_card(say: Speech, note: str | None = None) -> ui.LayoutView:
    """Draw that nothing waits for a decision."""
    return sent_once(card(text(*([f"✅ {note}"] if note else []), say("proposal.none_waiting"))))


def quoted(written: str, length: int = SHOWN_TEXT) -> str:
    """Return what somebody wrote as a quotation that does nothing."""
    lines = harmless(written.strip()).splitlines() or [""]
    return shortened("\n".join(f"> {line}" for line in lines), length)


def _about(catalogue: Catalogue, statement: Statement, say: Speech) -> Iterable[str]:
    group = catalogue.groups.get(statement.group)
    amended = catalogue.recommendations.get(statement.recommendation or "")
    state = say(f"statement_state.{statement.state}")
    yield f"### {statement.reference} · {state}"
    yield group.title.in_language(say.language) if group else statement.group
    if amended:
        yield say("card.proposal_amends", title=amended.title.in_language(say.language))


def _texts(statement: Statement, public_languages: Sequence[str], say: Speech) -> Iterable[str]:
    """Return the wording in its author's language and in each public one."""
    for language in dict.fromkeys((statement.language, *public_languages)):
        yield f"**{say(f'language.{language}')}**"
        if translated := statement.texts.get(language):
            yield quoted(translated)
        else:
            was_translated = any(one.language == language for one in statement.history)
            yield f"⚠️ {say('proposal.translation_stale' if was_translated else 'proposal.not_translated')}"


def _words(statement: Statement, say: Speech) -> Iterable[str]:
    yield f"**{say('proposal.why')}**"
    yield quoted(statement.why, SHOWN_WORDS)
    if statement.exchanges:
        last = statement.exchanges[-1]
        yield f"**{say('proposal.asked')}**"
        yield quoted(last.question, SHOWN_WORDS)
        yield quoted(last.answer, SHOWN_WORDS) if last.answer else say("proposal.not_answered")
    if statement.history:
        yield say("proposal.reworded", count=len(statement.history))
        yield quoted(statement.history[-1].text, SHOWN_WORDS // 2)
    if statement.reason:
        yield quoted(statement.reason, SHOWN_WORDS)


def _ways(statement: Statement, others: Sequence[Statement], say: Speech) -> Iterable[Piece]:
    """Return the buttons for what can still be done, each with the version it was drawn for."""

    def way(phrase: str, name: str, style: discord.ButtonStyle = discord.ButtonStyle.secondary) -> ui.Button[Any]:
        return button(say(phrase), name, statement.id, statement.version, style=style)

    decisions = [
        way("proposal.approve", "proposal_approve", discord.ButtonStyle.success),
        way("proposal.reject", "proposal_reject", discord.ButtonStyle.danger),
        way("proposal.ask", "proposal_ask"),
    ]
    wordings = [way("proposal.translate", "proposal_translate"), way("proposal.correct", "proposal_correct")]
    if statement.state is StatementState.ASKED_BACK:
        decisions.pop()
    if statement.state in UNDECIDED:
        yield from rows(decisions)
    skip = [button(say("proposal.next"), "proposal_next", statement.id)]
    can_be_worded = statement.state in UNDECIDED or statement.state is StatementState.APPROVED
    yield from rows([*(wordings if can_be_worded else []), *skip])
    if others and statement.state in UNDECIDED:
        yield _merge_menu(statement, others, say)


def _merge_menu(statement: Statement, others: Sequence[Statement], say: Speech) -> Piece:
    menu: ui.Select[Any] = ui.Select(
        placeholder=say("proposal.merge"), custom_id=custom_id("proposal_merge", statement.id, statement.version)
    )
    for one in others[:SELECT_OPTIONS]:
        label = f"{one.reference} {' '.join(one.texts.get(say.language, one.text).split())}"
        menu.add_option(label=shortened(label, OPTION_LENGTH), value=str(one.id))
    return ui.ActionRow(menu)
