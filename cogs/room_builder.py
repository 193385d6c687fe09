"""Builds a consultation's rooms in a server: roles, channels, cards and threads.

Makes what is missing and brings its own cards up to date; it remembers each id at once, so that a run that failed is
gone on with, and touches nothing that it did not make.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

import discord

from cogs.client import ConsultationBot
from cogs.ui.layout import shortened
from cogs.ui.texts import Speech
from content.catalogue import Group, Recommendation
from models import consultations
from models.records import Consultation, ConsultationState, Place, PlaceKind, Poll

log = logging.getLogger(__name__)

THREAD_NAME_LENGTH = 100
TOPIC_LENGTH = 1_024
ARCHIVE_MINUTES: Literal[10_080] = (
    10_080  # a week, the longest Discord has; whoever writes in an archived thread opens it again
)

ALREADY_HAS_THREAD = 160004  # Discord's code

NEEDED = discord.Permissions(
    view_channel=True,
    manage_channels=True,
    manage_roles=True,
    manage_threads=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    create_private_threads=True,  # Discord lets nobody deny to others what they may not do
    embed_links=True,
    attach_files=True,
    add_reactions=True,
    read_message_history=True,
)
OWN = discord.PermissionOverwrite(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    manage_threads=True,
    embed_links=True,
    attach_files=True,
    add_reactions=True,
    read_message_history=True,
)

Overwrites = dict[discord.Role | discord.Member | discord.Object, discord.PermissionOverwrite]
_Made = TypeVar("_Made", bound=discord.abc.Snowflake)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that setup came to: what it is called, and whether it was made now or had been there."""

    name: str
    made: bool


def missing_permissions(guild: discord.Guild) -> list[str]:
    """Return the names of the permissions the bot needs in a server and does not have."""
    return [
        name.replace("_", " ").title()
        for name, needed in NEEDED
        if needed and not getattr(guild.me.guild_permissions, name)
    ]


class RoomBuilder:
    """Builds the rooms of one consultation in its server."""

    def __init__(self, bot: ConsultationBot, guild: discord.Guild, consultation: Consultation) -> None:
        self._bot = bot
        self._guild = guild
        self._consultation = consultation
        self._say = Speech(consultation.public_languages[0])

    async def build(self) -> AsyncIterator[Step]:
        """Make what is missing, yielding each step as it is done."""
        yield await self._role(
            PlaceKind.MODERATOR_ROLE, "", self._say("setup.moderators"), discord.Permissions(manage_threads=True)
        )
        for group in self._bot.catalogue.groups.values():
            yield await self._role(PlaceKind.GROUP_ROLE, group.key, self._title(group), discord.Permissions.none())
        yield await self._category()
        yield await self._channel(
            PlaceKind.START, "", self._say("setup.start_channel"), self._say("setup.start_topic"), self._read_only()
        )
        yield await self.refresh_start_card()
        yield await self._channel(
            PlaceKind.QUESTIONS,
            "",
            self._say("setup.questions_channel"),
            self._say("setup.questions_topic"),
            self._open_to_all(),
        )
        for group in self._bot.catalogue.groups.values():
            topic = group.text.in_language(self._say.language)
            yield await self._channel(
                PlaceKind.GROUP, group.key, group.key, topic, self._group_overwrites(self._consultation.state)
            )
            await self._let_write(self._text_channel(PlaceKind.GROUP, group.key))
            for recommendation in self._bot.catalogue.recommendations_of(group.key):
                async for step in self._subject(group.key, recommendation.key, self._title(recommendation)):
                    yield step
            for poll in self._own_questions(group.key):
                async for step in self.post_question(poll):
                    yield step

    def _own_questions(self, group: str) -> list[Poll]:
        """Return the polls on questions of the moderators' own that have not ended."""
        return [
            poll
            for poll in self._bot.store.memory.polls.values()
            if (poll.consultation_id, poll.group, poll.recommendation) == (self._consultation.id, group, None)
        ]

    async def post_question(self, poll: Poll) -> AsyncIterator[Step]:
        """Post the card of a question of the moderators' own, and begin its thread."""
        async for step in self._subject(poll.group, poll.subject, poll.wording[self._say.language].title):
            yield step

    async def rename_thread(self, poll: Poll) -> None:
        """Let a question's thread bear its words as they stand now; Discord takes that twice in ten minutes."""
        known = self._bot.store.memory.place(self._consultation.id, PlaceKind.THREAD, poll.subject)
        thread = self._guild.get_thread(known) if known is not None else None
        if thread is not None:
            title = poll.wording[self._say.language].title
            await _accepted(thread.edit(name=shortened(title, THREAD_NAME_LENGTH)))

    async def _subject(self, group: str, subject: str, title: str) -> AsyncIterator[Step]:
        yield await self._card(group, subject, title)
        yield await self._thread(group, subject, title)

    async def show_state(self) -> list[str]:
        """Let members write in the groups' threads while it is open, and say on the start card whether it is.

        Return the channels, as mentions, where Discord refused that; what is gone from Discord is left to `build`.
        """
        refused = []
        for place in self._bot.store.memory.places(self._consultation.id, PlaceKind.GROUP):
            channel = self._guild.get_channel(place.discord_id)
            if channel is not None and not await _accepted(self._let_write(channel)):
                refused.append(channel.mention)
        start = self._known(PlaceKind.START, "", self._guild.get_channel)
        if isinstance(start, discord.TextChannel) and not await _accepted(self.refresh_start_card()):
            refused.append(start.mention)
        return refused

    async def _let_write(self, channel: discord.abc.GuildChannel) -> None:
        """Let members write in a channel's threads or not; what moderators set otherwise stays as it is."""
        everyone = self._guild.default_role
        wanted = channel.overwrites_for(everyone)
        wanted.update(send_messages_in_threads=self._consultation.state is ConsultationState.OPEN)
        if wanted != channel.overwrites_for(everyone):
            await channel.set_permissions(everyone, overwrite=wanted)

    def _group_overwrites(self, state: ConsultationState) -> Overwrites:
        """Return who may do what in a group's channel: only the bot posts; while it is open all write in threads."""
        everyone = discord.PermissionOverwrite(
            send_messages=False,
            create_public_threads=False,
            create_private_threads=False,
            send_messages_in_threads=state is ConsultationState.OPEN,
        )
        return {self._guild.default_role: everyone, self._guild.me: OWN}

    def _read_only(self) -> Overwrites:
        return self._group_overwrites(ConsultationState.CLOSED)

    def _open_to_all(self) -> Overwrites:
        return {self._guild.default_role: discord.PermissionOverwrite(send_messages=True), self._guild.me: OWN}

    async def _role(self, kind: PlaceKind, key: str, name: str, permissions: discord.Permissions) -> Step:
        role = self._known(kind, key, self._guild.get_role)
        if role is None:
            made = await self._guild.create_role(name=name, permissions=permissions, mentionable=False)
            await self._remember(kind, key, made)
        return Step(name, made=role is None)

    async def _category(self) -> Step:
        name = self._bot.catalogue.title.in_language(self._say.language)
        category = self._known(PlaceKind.CATEGORY, "", self._guild.get_channel)
        if category is None:
            made = await self._guild.create_category(name, overwrites={self._guild.me: OWN})
            await self._remember(PlaceKind.CATEGORY, "", made)
        return Step(name, made=category is None)

    async def _channel(self, kind: PlaceKind, key: str, name: str, topic: str, overwrites: Overwrites) -> Step:
        channel = self._known(kind, key, self._guild.get_channel)
        if channel is None:
            category = self._known(PlaceKind.CATEGORY, "", self._guild.get_channel)
            assert isinstance(category, discord.CategoryChannel)  # noqa: S101 - the step before made it
            made = await category.create_text_channel(name, topic=shortened(topic, TOPIC_LENGTH), overwrites=overwrites)
            await self._remember(kind, key, made)
        return Step(f"#{name}", made=channel is None)

    async def refresh_start_card(self) -> Step:
        """Bring the start channel's card up to date."""
        channel = self._text_channel(PlaceKind.START, "")
        speeches = list(self._bot.public_speeches(self._consultation))
        view = self._bot.cards.draw_start(self._consultation, speeches)
        made = await self._posted(
            channel,
            PlaceKind.START_CARD,
            "",
            lambda: channel.send(view=view),
            lambda message: message.edit(view=view),
        )
        return Step(self._say("setup.start_card"), made)

    async def _card(self, group: str, subject: str, title: str) -> Step:
        channel = self._text_channel(PlaceKind.GROUP, group)
        speeches = list(self._bot.public_speeches(self._consultation))
        view, files = await self._bot.cards.draw_subject(self._consultation, subject, speeches)
        made = await self._posted(
            channel,
            PlaceKind.CARD,
            subject,
            lambda: channel.send(view=view, files=files),
            lambda message: message.edit(view=view, attachments=files),
        )
        return Step(title, made)

    async def _posted(
        self,
        channel: discord.TextChannel,
        kind: PlaceKind,
        key: str,
        send: Callable[[], Awaitable[discord.Message]],
        edit: Callable[[discord.PartialMessage], Awaitable[object]],
    ) -> bool:
        """Bring a message of the bot's up to date, or post it where there is none; say whether it was posted."""
        known = self._bot.store.memory.place(self._consultation.id, kind, key)
        if known is not None:
            try:
                await edit(channel.get_partial_message(known))
            except discord.NotFound:
                log.info("the message of %s %s is gone and made anew", kind, key)
            else:
                return False
        await self._remember(kind, key, await send())
        return True

    async def _thread(self, group: str, subject: str, title: str) -> Step:
        name = shortened(title, THREAD_NAME_LENGTH)
        card = self._bot.store.memory.place(self._consultation.id, PlaceKind.CARD, subject)
        assert card is not None  # noqa: S101 - the step before made it
        known = self._bot.store.memory.place(self._consultation.id, PlaceKind.THREAD, subject)
        if known == card and await self._thread_is_there(card):
            return Step(name, made=False)
        message = self._text_channel(PlaceKind.GROUP, group).get_partial_message(card)
        try:
            await message.create_thread(name=name, auto_archive_duration=ARCHIVE_MINUTES)
        except discord.HTTPException as error:
            # Made by a run that ended before it was remembered.
            if error.code != ALREADY_HAS_THREAD:
                raise
        # A thread that is started from a message has that message's id.
        await self._remember(PlaceKind.THREAD, subject, discord.Object(card))
        return Step(name, made=True)

    async def _thread_is_there(self, thread_id: int) -> bool:
        """Say whether a thread still stands in Discord; one that is archived is not at hand and has to be asked for."""
        if self._guild.get_thread(thread_id) is not None:
            return True
        try:
            await self._guild.fetch_channel(thread_id)
        except discord.NotFound:
            return False
        return True

    def _text_channel(self, kind: PlaceKind, key: str) -> discord.TextChannel:
        channel = self._known(kind, key, self._guild.get_channel)
        assert isinstance(channel, discord.TextChannel)  # noqa: S101 - the step before made it
        return channel

    def _known(self, kind: PlaceKind, key: str, find: Callable[[int], _Made | None]) -> _Made | None:
        known = self._bot.store.memory.place(self._consultation.id, kind, key)
        return find(known) if known is not None else None

    async def _remember(self, kind: PlaceKind, key: str, made: discord.abc.Snowflake) -> None:
        async with self._bot.store.write() as session:
            await consultations.remember_place(session, Place(self._consultation.id, kind, key, made.id))

    def _title(self, named: Group | Recommendation) -> str:
        return named.title.in_language(self._say.language)


async def _accepted(change: Awaitable[object]) -> bool:
    """Make a change in Discord; say whether Discord accepted it."""
    try:
        await change
    except discord.HTTPException as error:
        log.warning("a channel or thread was not changed (Discord's code %s)", error.code)
        return False
    return True
