"""What people are told where something went wrong."""

import asyncio
import logging
import re
from collections.abc import Callable
from typing import Any
from unittest.mock import AsyncMock

import discord
import pytest
from discord import app_commands
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cogs.ui import replies
from cogs.ui.layout import MESSAGE_LENGTH
from cogs.ui.replies import EXPIRED, tell_error, with_what_was_typed
from cogs.ui.texts import PHRASES
from content.catalogue import LANGUAGES
from models.errors import ConsultationError
from tests.cogs.conftest import House, answered, said

REFERENCE = re.compile(r"\b[0-9A-F]{6}\b")


class Failing:
    """Stands in for `Answers` where answering fails."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def answer(self, *_: object, **__: object) -> None:
        raise self._error


@pytest.fixture
def failing(house: House, monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], None]:
    """Return what makes every question fail."""
    return lambda error: monkeypatch.setattr(house.bot, "answers", Failing(error))


def http_error(code: int) -> discord.HTTPException:
    response: Any = type("Response", (), {"status": 404, "reason": "Not Found"})()
    return discord.HTTPException(response, {"code": code, "message": "injected by test"})


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_unexpected_error_gives_a_sentence_whose_reference_stands_in_the_log(
    house: House, failing: Callable[[Exception], None], caplog: pytest.LogCaptureFixture, language: str
) -> None:
    failing(ZeroDivisionError("injected by test"))
    told = said(await house.member("zoe-example", language).slash(house.lobby, "ask", question="Who?"))
    found = REFERENCE.search(told)
    assert found
    assert told == PHRASES.text("error.unexpected", language, reference=found[0])
    [record] = [one for one in caplog.records if found[0] in one.getMessage()]
    assert record.exc_info
    assert record.exc_info[0] is ZeroDivisionError


@pytest.mark.parametrize("code", sorted(EXPIRED))
async def test_an_answer_that_came_too_late_is_logged_and_told_to_nobody(
    house: House, failing: Callable[[Exception], None], caplog: pytest.LogCaptureFixture, code: int
) -> None:
    failing(http_error(code))
    result = await house.member("ann-example").slash(house.lobby, "ask", question="Who?")
    assert not result.acknowledged
    assert [record.levelno for record in caplog.records if str(code) in record.getMessage()] == [logging.WARNING]


async def test_an_error_that_cannot_be_told_is_logged_and_not_raised(
    house: House, failing: Callable[[Exception], None], caplog: pytest.LogCaptureFixture
) -> None:
    failing(ConsultationError("setup.missing"))
    house.env.inject_error("POST", "/interactions/*/*/callback", status=404, code=10062, message="Unknown interaction")
    await house.member("ann-example").slash(house.lobby, "ask", question="Who?")
    assert "10062" in caplog.text


async def test_a_known_error_is_told_without_a_reference_or_a_traceback(
    house: House, failing: Callable[[Exception], None], caplog: pytest.LogCaptureFixture
) -> None:
    failing(ConsultationError("recommendation.unknown"))
    told = said(await house.member("lea-exemple", "fr").slash(house.lobby, "ask", question="Who?"))
    assert told == PHRASES.text("recommendation.unknown", "fr")
    assert caplog.records == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_was_typed_into_a_form_comes_back(
    open_house: House, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setattr(open_house.bot, "answers", Failing(ConsultationError("setup.missing")))
    zoe = open_house.member("zoe-example", language)
    for words in ("short words", "with ``` in ``` it", "Ωß漢字🧬 " * 150):
        form = await zoe.click(open_house.start_card(), label="Ask")
        result = await zoe.submit_modal(form, {"question": words})
        told = said(result)
        assert told.startswith(PHRASES.text("setup.missing", language))
        assert PHRASES.text("error.your_text", language) in told
        attached = [(await file.read()).decode() for file in answered(result).attachments]
        assert attached == [words] if "```" in words else f"```\n{words}\n```" in told


async def test_an_error_after_a_deferral_is_told_in_its_place(
    open_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_house.store, "read_apart", Failing(ZeroDivisionError("injected by test")).answer)
    told = await open_house.moderator.slash(open_house.lobby, "export")
    assert REFERENCE.search(said(told))


async def test_the_error_behind_a_commands_wrapper_is_what_is_told() -> None:
    told: list[str] = []

    class Interaction:
        type = discord.InteractionType.application_command

        class client:  # noqa: N801 - an attribute of discord.py's
            @staticmethod
            def speech(_: object) -> Callable[..., str]:
                return lambda phrase, **_: phrase

        class response:  # noqa: N801
            @staticmethod
            def is_done() -> bool:
                return False

            @staticmethod
            async def send_message(*, content: str, **_: object) -> None:
                told.append(content)

    command: Any = type("Command", (), {"name": "ask"})()
    wrapped = app_commands.CommandInvokeError(command, ConsultationError("setup.missing"))
    await tell_error(Interaction(), wrapped)  # type: ignore[arg-type]
    assert told == ["setup.missing"]


@given(st.lists(st.text(max_size=4_000), max_size=3), st.sampled_from(LANGUAGES))
@example(["`" * 3], "en")
@example(["\ud800"], "en")
@example(["x" * 4_000, "y" * 4_000], "de")
@settings(deadline=None, max_examples=60, derandomize=True)
def test_whatever_was_typed_survives_within_discords_limits(typed: list[str], language: str) -> None:
    sentence = PHRASES.text("error.unexpected", language, reference="ABCDEF")
    told, files = with_what_was_typed(sentence, typed, PHRASES.text("error.your_text", language))
    assert told.startswith(sentence)
    assert len(told) <= MESSAGE_LENGTH
    words = "\n\n".join(typed)
    kept = files[0].fp.read() if files else told.encode(errors="replace")
    assert words.encode(errors="replace") in kept


@pytest.mark.parametrize("breaks_off", [False, True])
async def test_whoever_waits_is_told_how_long_it_has_taken(
    monkeypatch: pytest.MonkeyPatch, *, breaks_off: bool
) -> None:
    monkeypatch.setattr(replies, "PATIENCE", 0)
    told: list[str] = []
    enough = asyncio.Event()
    interaction: Any = AsyncMock()

    async def listen(_interaction: object, sentence: str) -> None:
        told.append(sentence)
        enough.set()

    async def work() -> str:
        await enough.wait()
        if breaks_off:
            raise ConsultationError("error.leads_nowhere")
        return "done"

    monkeypatch.setattr(replies, "tell_progress", listen)
    waiting = replies.told_meanwhile(interaction, work(), lambda seconds: f"{seconds} seconds")
    if breaks_off:
        with pytest.raises(ConsultationError):
            await waiting
    else:
        assert await waiting == "done"
    assert told[0] == "0 seconds"
    # The sentence that follows an error stands alone.
    assert interaction.delete_original_response.await_count == breaks_off


async def test_work_ends_with_whoever_waits_for_it() -> None:
    interaction: Any = None
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    waiting = asyncio.ensure_future(replies.told_meanwhile(interaction, work(), str))
    await begun.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await ended.wait()
