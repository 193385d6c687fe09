"""Tells a click that was meant from the second half of a double tap, which lands on what the first half brought."""

from datetime import timedelta
from typing import Any

import discord

# Shorter than it takes to read a title and decide, longer than the two halves of a double tap lie apart.
UNREAD = timedelta(seconds=1)


def is_unread(interaction: discord.Interaction[Any]) -> bool:
    """Say whether a button was pressed before anybody can have read what its message was changed to.

    What takes the place of a card stands under the same finger. Both times are Discord's own, so no clock of ours
    is compared with them.
    """
    shown_at = interaction.message.edited_at if interaction.message else None
    return shown_at is not None and interaction.created_at - shown_at < UNREAD
