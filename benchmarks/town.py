"""A town that votes: the real bot in a small Discord, its consultation open, with people who have joined it.

People join through the bot's own use cases before it starts; everything after that goes through its process.
"""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import payloads
from benchmarks.payloads import Json
from benchmarks.small_discord import Answer, SmallDiscord, button_in
from benchmarks.subject import BOT, Subject, start, until
from content.catalogue import load_catalogue
from models import consultations, participants
from models.records import Position
from models.sealing import Sealer, read_or_make_key, secrets_folder
from models.store import Store, open_store

CATALOGUE = load_catalogue(BOT.parent / "content" / "valley")
SEGMENTS = list(CATALOGUE.segments)
RECOMMENDATIONS = list(CATALOGUE.recommendations)
FIRST_PERSON = 100_000
WITHOUT_REASON = (Position.SUPPORT, Position.ACCEPT, Position.PASS)


@dataclass(frozen=True, slots=True)
class OpenPoll:
    """A poll that people vote in: its id, and the message that is its card."""

    id: int
    card: str


@dataclass(slots=True)
class Town:
    """The bot, the Discord it is in, and the folder with its store and key."""

    discord: SmallDiscord
    folder: Path
    bot: Subject

    async def open_poll(self, recommendation: str, **options: str) -> OpenPoll:
        """Put a recommendation to the vote and return once its card has the ballot on it."""
        shown = await self.discord.command("poll open", recommendation=recommendation, **options)
        opening = button_in(shown.message, "open_draft")
        assert opening is not None, shown.text  # noqa: S101 - where the bot refuses, it says why
        await self.discord.click(payloads.MODERATOR, shown.message, opening)
        ((poll_id,),) = self.rows("SELECT max(id) FROM polls")
        message, _ = await until(lambda: self.discord.with_button(f"vote:{Position.SUPPORT}:{poll_id}"))
        return OpenPoll(poll_id, message["id"])

    async def vote(self, person: int, poll: OpenPoll, position: Position) -> Answer:
        """Let somebody click a position on a poll's card."""
        return await self.discord.click(person, self.card(poll), f"vote:{position}:{poll.id}")

    def card(self, poll: OpenPoll) -> Json:
        """Return a poll's card as it stands now."""
        return self.discord.messages[poll.card]

    def rows(self, query: str, *values: object) -> list[Any]:
        """Read what is committed, past the bot."""
        with closing(sqlite3.connect(_database(self.folder))) as connection:
            return connection.execute(query, values).fetchall()

    async def restart(self) -> None:
        """Start the bot again on the same store."""
        self.bot = await start(self.discord, BOT, _settings(self.folder))


@asynccontextmanager
async def town(folder: Path, people: Sequence[int]) -> AsyncIterator[Town]:
    """Let people join, start the bot, set up the consultation and open it; stop the bot in the end."""
    async with open_the_store(folder) as store, store.write() as session:
        prepared = await consultations.prepare(session, payloads.GUILD, CATALOGUE.key, CATALOGUE.public_languages)
        for person in people:
            await participants.join(session, prepared.id, person, SEGMENTS[person % len(SEGMENTS)], ())
    async with SmallDiscord() as discord:
        bot = await start(discord, BOT, _settings(folder))
        made = Town(discord, folder, bot)
        try:
            built = await discord.command("consultation setup")
            await until(lambda: "<#" in built.text or None)
            opened = await discord.command("consultation open")
            await until(lambda: opened.text or None)
            yield made
        finally:
            await made.bot.stop()


@asynccontextmanager
async def open_the_store(folder: Path) -> AsyncIterator[Store]:
    """Open a town's store as the bot does."""
    store = await open_store(f"sqlite+aiosqlite:///{_database(folder)}", sealer(folder), lambda: datetime.now(UTC))
    try:
        yield store
    finally:
        await store.close()


def sealer(folder: Path) -> Sealer:
    """Return the sealer with a town's key and secrets."""
    key, _ = read_or_make_key(folder / "key")
    return Sealer(key, secrets_folder(folder / "key"))


def _database(folder: Path) -> Path:
    return folder / "data" / "consultation.db"


def _settings(folder: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": f"sqlite+aiosqlite:///{_database(folder)}",
        "KEY_FILE": str(folder / "key"),
        "LOG_LEVEL": "ERROR",
    }
