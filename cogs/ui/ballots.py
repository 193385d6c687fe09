"""Ballots as they are drawn: buttons for positions, a menu to choose options, menu after menu to rank them.

The same controls stand on cards and in the deck, each leading to its own handlers. Drawn from plain values.
"""

from collections.abc import Sequence
from typing import Any

import discord
from discord import ui

from cogs.ui.layout import OPTION_LENGTH, Piece, button, custom_id, harmless, rows, shortened, text
from cogs.ui.texts import Speech
from models.records import Option, Poll, PollKind, Position


def option_lines(poll: Poll, say: Speech) -> list[str]:
    """Say which options there are, and how many may be chosen."""
    if poll.paper.kind is PollKind.POSITION:
        return []
    return [*(f"- {harmless(_title(option, say))}" for option in poll.paper.options), f"*{_instruction(poll, say)}*"]


def position_buttons(poll: Poll, label: dict[Position, str], name: str, *arguments: object) -> list[ui.Button[Any]]:
    """Return a button a position, all of one colour: a ballot does not say which answer is the good one."""
    return [
        button(label[position], name, position, poll.id, *arguments, style=discord.ButtonStyle.primary)
        for position in Position
    ]


def menu(poll: Poll, speeches: Sequence[Speech], name: str, *arguments: object) -> Piece:
    """Return the menu in which one option, or up to as many as may be, is chosen."""
    placeholder = " / ".join(dict.fromkeys(_instruction(poll, say) for say in speeches))
    return _menu(poll.paper.options, speeches, placeholder, poll.paper.most_choices, name, poll.id, *arguments)


def ranking(poll: Poll, ranked: str, say: Speech, names: tuple[str, str], arguments: tuple[object, ...]) -> list[Piece]:
    """Draw the priorities `ranked` so far, the menu for the next one, and the ways to begin anew and to cast them.

    `names` are the handlers of one more priority and of the ballot.
    """
    next_name, cast_name = names
    titles = {option.key: _title(option, say) for option in poll.paper.options}
    lines = [f"{rank}. **{harmless(titles[key])}**" for rank, key in enumerate(ranked, start=1)]
    pieces: list[Piece] = [text(say("vote.how_priorities", count=poll.paper.most_choices), *lines)]
    left = [option for option in poll.paper.options if option.key not in ranked]
    if left and len(ranked) < poll.paper.most_choices:
        placeholder = say("vote.next_priority", rank=len(ranked) + 1)
        pieces.append(_menu(left, [say], placeholder, 1, next_name, poll.id, ranked, *arguments))
    if ranked:
        casting = button(
            say("vote.cast_priorities"), cast_name, ranked, poll.id, *arguments, style=discord.ButtonStyle.primary
        )
        pieces += rows([casting, button(say("vote.rank_anew"), next_name, poll.id, "", *arguments)])
    return pieces


def _menu(
    options: Sequence[Option],
    speeches: Sequence[Speech],
    placeholder: str,
    most: int,
    name: str,
    *arguments: object,
) -> Piece:
    made: ui.Select[Any] = ui.Select(
        placeholder=shortened(placeholder, OPTION_LENGTH),
        custom_id=custom_id(name, *arguments),
        max_values=min(most, len(options)),
    )
    for option in options:
        first, *others = dict.fromkeys(_title(option, say) for say in speeches)
        made.add_option(
            label=shortened(first, OPTION_LENGTH),
            value=option.key,
            description=shortened(others[0], OPTION_LENGTH) if others else None,
        )
    return ui.ActionRow(made)


def _instruction(poll: Poll, say: Speech) -> str:
    return say(f"vote.how_{poll.paper.kind}", count=poll.paper.most_choices)


def _title(option: Option, say: Speech) -> str:
    return option.wording[say.language]
