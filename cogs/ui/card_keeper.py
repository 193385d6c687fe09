"""Keeps each recommendation's card up to date: reads what it shows, draws it, edits it no oftener than Discord bears.

Discord takes about five edits in five seconds in a channel and few edits of a message over an hour old (its code
30046), so a card that counts is edited at most every ten seconds in its first hour and once a minute later. Its last
state is always shown in the end: an edit that failed is tried again, at growing intervals.
"""

import asyncio
import io
import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import discord

from cogs.ui.cards import CHART, CardState, start_card, subject_card
from cogs.ui.layout import sent_once
from cogs.ui.texts import Speech, captions
from models import polls
from models.outcomes import outcome_on
from models.records import Consultation, Place, PlaceKind, Poll, Visibility
from models.tally import AnyResult, ChoiceCounts, PositionCounts
from reports.charts import draw_result, text_alternative
from reports.drawing import shortened

if TYPE_CHECKING:
    from cogs.client import ConsultationBot

log = logging.getLogger(__name__)

YOUNG = timedelta(hours=1)
BETWEEN_EDITS = timedelta(seconds=10)
BETWEEN_LATE_EDITS = timedelta(minutes=1)
MOST_DOUBLINGS = 5

Drawing = tuple[discord.ui.LayoutView, list[discord.File]]


class CardKeeper:
    """Draws cards, and edits those that stand in channels after something changed."""

    def __init__(self, bot: "ConsultationBot") -> None:
        self._bot = bot
        self._charts: dict[tuple[int, str], bytes] = {}  # an ended poll's chart stays as it is
        self._counting = asyncio.Lock()
        self._edits: dict[Place, asyncio.Task[None]] = {}
        self._stale: set[Place] = set()
        self._urgent: set[Place] = set()
        self._resting: set[Place] = set()  # until they may be edited again; who is being edited is not disturbed
        self._edited_at: dict[Place, datetime] = {}

    def refresh(self, consultation: Consultation, subject: str, *, at_once: bool = False) -> None:
        """Edit a card soon; what changes until then is shown by the same edit.

        `at_once` does not wait: for what happens once, such as the beginning and end of a vote.
        """
        message_id = self._bot.store.memory.place(consultation.id, PlaceKind.CARD, subject)
        if message_id is None:
            return
        place = Place(consultation.id, PlaceKind.CARD, subject, message_id)
        self._stale.add(place)
        if at_once:
            self._urgent.add(place)
            if place in self._resting:
                self._edits.pop(place).cancel()
        if place not in self._edits:
            self._edits[place] = asyncio.create_task(self._keep(consultation.guild_id, place))

    def close(self) -> None:
        """Leave off; what the cards do not show yet, they show after the next start."""
        for edit in self._edits.values():
            edit.cancel()

    async def draw_subject(self, consultation: Consultation, subject: str, speeches: list[Speech]) -> Drawing:
        """Return a card as it is now, with its chart where its poll has ended."""
        async with self._bot.store.read() as session:
            poll = await polls.latest_poll_on(session, consultation.id, subject)
            turnout = await polls.turnout(session, poll.id) if poll else 0
            outcome = await outcome_on(session, consultation.id, subject)
        result = await self.result(poll) if poll and poll.is_published else None
        live = await self._live(poll) if poll else None
        files, chart_text = [], None
        if poll and result:
            chart, chart_text = await self.chart(poll, result, speeches[0])
            files = [chart]
        state = CardState(
            self._bot.store.memory.consultations[consultation.guild_id].state,
            self._bot.reads_messages,
            poll,
            turnout,
            live,
            result,
            outcome,
            chart_text,
            has_begun=poll is None or poll.opened_at <= self._bot.store.now(),
        )
        catalogue = self._bot.catalogue
        drawn = subject_card(catalogue, catalogue.recommendations.get(subject), speeches, state)
        return sent_once(*drawn), files

    async def _live(self, poll: Poll) -> PositionCounts | ChoiceCounts | None:
        if poll.visibility is not Visibility.LIVE or not poll.is_open_at(self._bot.store.now()):
            return None
        # The card is drawn for everybody who looks at it, and the store has one writer.
        async with self._bot.store.read() as session:
            if not await polls.live_count_is_due(session, poll):
                return await polls.live(session, poll)
        async with self._bot.store.write() as session:
            return await polls.show_live(session, poll)

    def draw_start(self, consultation: Consultation, speeches: list[Speech]) -> discord.ui.LayoutView:
        """Return the start channel's card as it is now."""
        state = self._bot.store.memory.consultations[consultation.guild_id].state
        return sent_once(*start_card(self._bot.catalogue, speeches, state))

    async def result(self, poll: Poll) -> AnyResult:
        """Return an ended poll's result. Its card and its thread ask for it at once; the second finds it counted."""
        async with self._counting, self._bot.store.read() as session:
            return await polls.result(session, poll)

    async def chart(self, poll: Poll, result: AnyResult, say: Speech) -> tuple[discord.File, str]:
        """Return an ended poll's chart as a file, and its text alternative."""
        names = captions(self._bot.catalogue, say.language)
        if (poll.id, say.language) not in self._charts:
            self._charts[poll.id, say.language] = await asyncio.to_thread(draw_result, poll, result, names)
        described = shortened(text_alternative(poll, result, names))
        picture = io.BytesIO(self._charts[poll.id, say.language])
        return discord.File(picture, CHART, description=described), described

    async def group_of(self, consultation: Consultation, subject: str) -> str | None:
        """Return the group in whose channel a card stands, None for one that neither content nor a poll knows."""
        if (recommendation := self._bot.catalogue.recommendations.get(subject)) is not None:
            return recommendation.group
        async with self._bot.store.read() as session:
            poll = await polls.latest_poll_on(session, consultation.id, subject)
        return poll.group if poll else None

    async def _keep(self, guild_id: int, place: Place) -> None:
        failures = 0
        while place in self._stale:
            await self._rest(place, failures)
            self._stale.discard(place)
            if await self._is_done(guild_id, place):
                failures = 0
            else:
                failures += 1
                self._stale.add(place)
            self._edited_at[place] = self._bot.store.now()
        if self._edits.get(place) is asyncio.current_task():
            del self._edits[place]

    async def _rest(self, place: Place, failures: int) -> None:
        """Wait until Discord takes another edit; what is urgent is tried at once."""
        if place in self._urgent:
            self._urgent.discard(place)
            return
        self._resting.add(place)
        try:
            await asyncio.sleep(self._seconds_to_wait(place) * 2 ** min(failures, MOST_DOUBLINGS))
        finally:
            self._resting.discard(place)

    async def _is_done(self, guild_id: int, place: Place) -> bool:
        """Edit a card; say whether there is nothing left to do, because it was edited or is gone."""
        try:
            await self._edit(guild_id, place)
        except discord.NotFound:
            log.info("the card of %s is gone; setup makes it anew", place.key)
        except discord.HTTPException as error:
            log.warning("the card of %s was not edited (Discord's code %s)", place.key, error.code)
            return False
        except Exception:
            log.exception("the card of %s was not edited", place.key)
            return False
        return True

    def _seconds_to_wait(self, place: Place) -> float:
        last = self._edited_at.get(place)
        if last is None:
            return 0
        now = self._bot.store.now()
        is_young = now - discord.utils.snowflake_time(place.discord_id) < YOUNG
        interval = BETWEEN_EDITS if is_young else BETWEEN_LATE_EDITS
        # Never longer than that, because a clock that is set back would hold the card up.
        return min(max(last + interval - now, timedelta()), interval).total_seconds()

    async def _edit(self, guild_id: int, place: Place) -> None:
        consultation = self._bot.store.memory.consultations[guild_id]
        group = await self.group_of(consultation, place.key)
        channel_id = self._bot.store.memory.place(consultation.id, PlaceKind.GROUP, group) if group else None
        if channel_id is None:
            return
        view, files = await self.draw_subject(consultation, place.key, list(self._bot.public_speeches(consultation)))
        message = self._bot.get_partial_messageable(channel_id, guild_id=guild_id).get_partial_message(place.discord_id)
        await message.edit(view=view, attachments=files)
