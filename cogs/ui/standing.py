"""For which segment somebody speaks at the moment they do something, and how they are told.

It reads what is in memory and in the interaction, nothing else: a click has no time for more.
"""

from typing import TYPE_CHECKING, Any

import discord

from cogs.ui.texts import Speech, captions
from models import segments
from models.participants import Joining
from models.records import UNPLACED, CastBallot, Consultation, Participant, Poll, SegmentSource

if TYPE_CHECKING:
    from cogs.client import ConsultationBot


def mapped_roles(consultation: Consultation, person: discord.User | discord.Member) -> list[int] | None:
    """Return the ids of somebody's roles that stand for a segment, None where Discord did not say what they hold."""
    if not isinstance(person, discord.Member):
        return None
    return [role for role in consultation.segment_roles if person.get_role(role) is not None]


def segment_now(
    bot: "ConsultationBot", interaction: discord.Interaction[Any], consultation: Consultation, source: SegmentSource
) -> str | None:
    """Return for which segment the person speaks now, None where they have to be asked first."""
    roles = mapped_roles(consultation, interaction.user)
    memory, sealer = bot.store.memory, bot.store.sealer
    return segments.segment_of(memory, sealer, consultation, source, interaction.user.id, roles)


def role_segment(
    bot: "ConsultationBot", consultation: Consultation, interaction: discord.Interaction[Any]
) -> str | None:
    """Return what the person's roles stand for, to be kept with their membership; None where roles do not count."""
    if consultation.segment_source is not SegmentSource.ROLES:
        return None
    return segment_now(bot, interaction, consultation, SegmentSource.ROLES)


def note_roles(
    bot: "ConsultationBot", interaction: discord.Interaction[Any], consultation: Consultation, participant: Participant
) -> None:
    """Keep later what the person's roles stand for, where that is news: it only serves to count who is missing."""
    seen = role_segment(bot, consultation, interaction)
    if seen is not None and seen != participant.role_segment:
        groups = tuple(participant.groups)
        bot.later(_keep(bot, Joining(consultation.id, interaction.user.id, None, groups, role_segment=seen)))


async def _keep(bot: "ConsultationBot", joining: Joining) -> None:
    await bot.register.join(joining)


def counted_for(bot: "ConsultationBot", poll: Poll, stored: CastBallot, say: Speech) -> str:
    """Return the sentence that says for whom a ballot counts, '' where its voter said so themselves."""
    if poll.segment_source is SegmentSource.DECLARED:
        return ""
    if stored.segment in UNPLACED:
        return say(f"vote.{stored.segment}")
    return say("vote.counts_for", segment=captions(bot.catalogue, say.language).segment(stored.segment))
