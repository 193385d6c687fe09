"""Private answers, and the one place where an error becomes a sentence for the person who met it."""

import asyncio
import io
import logging
import secrets
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast

import discord
from discord import app_commands

from cogs.ui.forms import written_texts
from cogs.ui.layout import MESSAGE_LENGTH
from cogs.ui.texts import Speech
from models.errors import ConsultationError

if TYPE_CHECKING:
    from cogs.client import ConsultationBot

log = logging.getLogger(__name__)

T = TypeVar("T")

# Of the three seconds that Discord waits for a first answer, in seconds.
TIME_TO_ANSWER = 2.0
PATIENCE = 2  # seconds without a word on how far long work is
# An answer that came too late, or twice: nobody can be told any more.
EXPIRED = {10062, 10015, 40060}


async def reply(
    interaction: discord.Interaction[Any],
    text: str | None = None,
    *,
    view: discord.ui.LayoutView | None = None,
    files: list[discord.File] | None = None,
) -> None:
    """Answer the person alone, as the first answer or after a deferral."""
    content: dict[str, Any] = {"ephemeral": True}
    if text is not None:
        content["content"] = text
    if view is not None:
        content["view"] = view
    if files:
        content["files"] = files
    if interaction.response.is_done():
        await interaction.followup.send(**content)
    else:
        await interaction.response.send_message(**content)


async def in_time(interaction: discord.Interaction[Any], work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns; where it takes longer than Discord waits, the person sees that it goes on.

    It is never broken off: what somebody is told afterwards is what happened. Until then their form stays open, so
    that their text is still theirs where the bot ends just now.
    """
    task = asyncio.ensure_future(work)
    await asyncio.wait({task}, timeout=TIME_TO_ANSWER)
    if not task.done():
        try:
            await interaction.response.defer(ephemeral=True, thinking=True)
        except discord.HTTPException as error:
            log.warning("an answer could not be put off (Discord's code %s)", error.code)
    return await task


async def told_meanwhile(
    interaction: discord.Interaction[Any], work: Coroutine[Any, Any, T], sentence: Callable[[int], str]
) -> T:
    """Return what long `work` returns, and every two seconds tell how many seconds it has taken so far.

    The answer must have been put off before. What was told is taken back where the work fails. The work ends with
    whoever waits for it.
    """
    task = asyncio.ensure_future(work)
    times_told = 0
    try:
        while not (await asyncio.wait({task}, timeout=PATIENCE))[0]:
            times_told += 1
            await tell_progress(interaction, sentence(times_told * PATIENCE))
        return await task
    except Exception:
        if times_told:
            await _take_back(interaction)
        raise
    finally:
        task.cancel()


async def _take_back(interaction: discord.Interaction[Any]) -> None:
    try:
        await interaction.delete_original_response()
    except discord.HTTPException as error:
        log.warning("progress could not be taken back (Discord's code %s)", error.code)


async def tell_progress(interaction: discord.Interaction[Any], sentence: str) -> None:
    """Show how far long work is. It goes on where that fails: the answer can be changed for 15 minutes only."""
    try:
        await interaction.edit_original_response(content=sentence)
    except discord.HTTPException as error:
        log.warning("progress could not be shown (Discord's code %s)", error.code)


def sentence_of(error: ConsultationError, say: Speech) -> str:
    """Return the sentence of an error, its moments as Discord shows them to each person."""
    values = {
        name: discord.utils.format_dt(value, "R") if isinstance(value, datetime) else value
        for name, value in error.values.items()
    }
    return say(error.phrase, **values)


async def tell_error(interaction: discord.Interaction[Any], error: Exception) -> None:
    """Tell the person what went wrong, in their language, to them alone, and give back what they had typed."""
    if isinstance(error, app_commands.CommandInvokeError):
        error = error.original
    if isinstance(error, discord.HTTPException) and error.code in EXPIRED:
        log.warning("an answer came too late (Discord's code %s)", error.code)
        return
    say = cast("ConsultationBot", interaction.client).speech(interaction)
    typed = written_texts(interaction)
    if isinstance(error, ConsultationError):
        sentence = sentence_of(error, say)
        if not typed and (written := error.values.get("written")):
            typed = [str(written)]
    else:
        reference = secrets.token_hex(3).upper()
        log.error("unexpected error %s", reference, exc_info=error)
        sentence = say("error.unexpected", reference=reference)
    text, files = with_what_was_typed(sentence, typed, say("error.your_text"))
    try:
        await reply(interaction, text, files=files)
    except discord.HTTPException as failure:
        log.warning("an error could not be told (Discord's code %s)", failure.code)


def with_what_was_typed(sentence: str, typed: list[str], introduction: str) -> tuple[str, list[discord.File]]:
    """Return a sentence with somebody's words under it, to be copied: as a file where they do not fit."""
    if not typed:
        return sentence, []
    words = "\n\n".join(typed)
    quoted = f"{sentence}\n\n{introduction}\n```\n{words}\n```"
    if "```" not in words and len(quoted) <= MESSAGE_LENGTH:
        return quoted, []
    return f"{sentence}\n\n{introduction}", [discord.File(io.BytesIO(words.encode(errors="replace")), "text.txt")]
