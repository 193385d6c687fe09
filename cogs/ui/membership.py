"""The question for whom somebody speaks, as it is asked in any form that needs it, and its answer.

Whether they want direct messages is asked by /join alone: who only wants to vote is not to be asked for more.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import discord

from cogs.ui.forms import Option, any_of, one_of
from cogs.ui.layout import Piece, text
from cogs.ui.standing import role_segment
from cogs.ui.texts import Speech
from content.catalogue import Catalogue
from models import participants
from models.errors import ConsultationError
from models.participants import Joining
from models.records import Consultation, Participant, PlaceKind, SegmentSource

if TYPE_CHECKING:
    from cogs.client import ConsultationBot

log = logging.getLogger(__name__)

SEGMENT = "segment"
GROUPS = "groups"
MESSAGES = "messages"
BEFORE_END = "before_end"


@dataclass(frozen=True, slots=True)
class Membership:
    """What somebody declared: their stakeholder segment, their working groups and whether they want direct messages.

    `segment` and `wants_messages` are None where they were not asked.
    """

    segment: str | None
    groups: tuple[str, ...]
    wants_messages: bool | None = None


def membership_fields(
    catalogue: Catalogue,
    say: Speech,
    participant: Participant | None,
    groups: Iterable[str],
    source: SegmentSource,
) -> list[Piece]:
    """Return what is stored and by what segments count, and the fields for segment and groups, chosen as they are now.

    `groups` are chosen beforehand for somebody who has not joined yet. Where roles count, no segment is asked for.
    """
    current = participant.groups if participant else frozenset(groups)
    chosen_groups = any_of(
        GROUPS,
        say("join.groups"),
        say("join.groups_hint"),
        [
            Option(group.key, group.title.in_language(say.language), chosen=group.key in current)
            for group in catalogue.groups.values()
        ],
    )
    if source is SegmentSource.ROLES:
        return [text(say("join.what_is_stored_roles")), chosen_groups]
    stored = [say("join.what_is_stored")]
    if source is SegmentSource.CONFIRMED:
        stored.append(say("join.to_be_confirmed"))
    return [
        text(*stored),
        one_of(
            SEGMENT,
            say("join.segment"),
            say("join.segment_hint"),
            [
                Option(
                    segment.key,
                    segment.title.in_language(say.language),
                    segment.text.in_language(say.language),
                    chosen=participant is not None and participant.segment == segment.key,
                )
                for segment in catalogue.segments.values()
            ],
        ),
        chosen_groups,
    ]


def messages_field(say: Speech, participant: Participant | None) -> Piece:
    """Return the field that asks for direct messages, ticked only by somebody who ticked it before."""
    wanted = participant is not None and participant.wants_messages
    return any_of(
        MESSAGES,
        say("join.messages"),
        say("join.messages_hint"),
        [Option(BEFORE_END, say("join.messages_wanted"), chosen=wanted)],
    )


def declared(catalogue: Catalogue, answers: dict[str, Any]) -> Membership | None:
    """Return the membership declared in a form, None where the form did not ask for it.

    Raises ConsultationError where the segment is missing, or has gone from the content while the form was open.
    """
    if GROUPS not in answers and SEGMENT not in answers:
        return None
    segment = answers.get(SEGMENT)
    if SEGMENT in answers and segment not in catalogue.segments:
        raise ConsultationError("join.no_segment")
    groups = tuple(group for group in answers.get(GROUPS) or () if group in catalogue.groups)
    return Membership(segment, groups, bool(answers[MESSAGES]) if MESSAGES in answers else None)


async def keep_membership(
    bot: "ConsultationBot",
    interaction: discord.Interaction[Any],
    consultation: Consultation,
    membership: Membership,
) -> Participant:
    """Store what somebody declared and give them their groups' roles, once it is stored.

    Somebody who asks for messages gets them in the language they asked in, unless they chose one: a message that
    nobody's click brings about has no other to go by.
    Roles open no door, so one that Discord refuses to give is logged and costs the person nothing.
    """
    if membership.wants_messages and bot.store.language_of(interaction.user.id) is None:
        async with bot.store.write() as session:
            await participants.choose_language(session, interaction.user.id, bot.speech(interaction).language)
    participant = await bot.register.join(
        Joining(
            consultation.id,
            interaction.user.id,
            membership.segment,
            membership.groups,
            membership.wants_messages,
            role_segment(bot, consultation, interaction),
        ),
    )
    if isinstance(interaction.user, discord.Member):
        bot.later(_give_roles(bot, interaction.user, consultation, participant))
    return participant


async def _give_roles(
    bot: "ConsultationBot", member: discord.Member, consultation: Consultation, participant: Participant
) -> None:
    held = {role.id for role in member.roles}
    roles = {place.key: place.discord_id for place in bot.store.memory.places(consultation.id, PlaceKind.GROUP_ROLE)}
    wanted = {role for group, role in roles.items() if group in participant.groups}
    try:
        if gained := wanted - held:
            await member.add_roles(*map(discord.Object, gained))
        if lost := held & set(roles.values()) - wanted:
            await member.remove_roles(*map(discord.Object, lost))
    except discord.HTTPException as error:
        log.warning("a group's role could not be given (Discord's code %s)", error.code)


async def take_roles(bot: "ConsultationBot", consultation: Consultation, user: discord.User | discord.Member) -> None:
    """Take back the groups' roles of somebody who is no participant any more, also where they are not in the server."""
    roles = {place.discord_id for place in bot.store.memory.places(consultation.id, PlaceKind.GROUP_ROLE)}
    guild = bot.get_guild(consultation.guild_id)
    if guild is None:
        return
    try:
        member = await guild.fetch_member(user.id)
        if lost := {role.id for role in member.roles} & roles:
            await member.remove_roles(*map(discord.Object, lost))
    except discord.NotFound:  # they have left the server, and their roles with it
        return
    except discord.HTTPException as error:
        log.warning("a group's role could not be taken back (Discord's code %s)", error.code)
