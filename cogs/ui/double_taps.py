"""Tells a click that was meant from the second half of a double tap, which lands on what the first half brought."""

from datetime import timedelta
from typing import Any

import discord
from discord import ui

from cogs.ui.layout import sent_once, text

# Shorter than it takes to read a title and decide, longer than the two halves of a double tap lie apart.
UNREAD = timedelta(seconds=1)


def is_unread(interaction: discord.Interaction[Any]) -> bool:
    """Say whether a button was pressed before anybody can have read what its message was changed to.

    What takes the place of a card stands under the same finger. Both times are Discord's own, so no clock of ours
    is compared with them. A message that asks to press again takes the next press in any case.
    """
    message = interaction.message
    if message is None or message.edited_at is None or any(map(_asks, message.components)):
        return False
    return interaction.created_at - message.edited_at < UNREAD


async def ask_to_press_again(interaction: discord.Interaction[Any], sentence: str) -> None:
    """Leave a card as it is, with a sentence over it that says why nothing came of the press."""
    assert interaction.message is not None  # noqa: S101 - its button was pressed
    pieces = list(ui.LayoutView.from_message(interaction.message, timeout=None).children)
    await interaction.response.edit_message(view=sent_once(text(sentence), *pieces))


def _asks(piece: discord.Component) -> bool:
    # A card's own texts stand in its frame.
    return isinstance(piece, discord.TextDisplay)
