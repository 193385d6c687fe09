"""What people are to be told reaches them once: after what they do next, or by the message they asked for."""

import asyncio
import logging
from unittest.mock import patch

import aiohttp
import discord
import pytest
from simcord import MemberActor

from cogs.notices import told
from cogs.ui.texts import Speech
from models import notices, patience, reminders
from models.records import Notice
from tests.cogs.conftest import DISK_FULL, START, House, said, shown
from tests.cogs.test_reminders import ask, messages
from tests.cogs.test_voting import STEM, phrase

TITLE = {"en": "Shared data", "fr": "Données partagées", "de": "Gemeinsame Daten"}


@pytest.fixture(autouse=True)
def slower(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let more time pass between two messages than the simulated Discord takes for still being busy."""
    monkeypatch.setattr(reminders, "BETWEEN_MESSAGES", 10.0)


async def add(house: House, *people: MemberActor, reason: str = "Too early.") -> None:
    consultation = house.store.memory.consultations[house.guild.id]
    async with house.store.write() as session:
        for who in people:
            await notices.add(session, consultation.id, who.id, "data", "poll.published", title=TITLE)
            await notices.add(session, consultation.id, who.id, "data", "card.cancel_reason", reason=reason)


def notices_in(result: object) -> list[str]:
    """Return the notices that followed an answer, each message as its text."""
    followups = getattr(result, "followups", [])
    return [shown(one) for one in followups if "🔔" in shown(one)]


@pytest.mark.parametrize("language", ["en", "de"])
async def test_somebody_is_told_once_after_their_next_command_was_answered(open_house: House, language: str) -> None:
    ann = open_house.member("ann-example", language)
    await add(open_house, ann)

    done = await ann.slash(open_house.lobby, "help")

    assert phrase("help.title", language) in said(done)
    [text] = notices_in(done)
    assert phrase("poll.published", language, title=TITLE[language]) in text
    assert phrase("card.cancel_reason", language, reason="Too early.") in text
    assert all(one.ephemeral for one in done.followups)
    assert notices_in(await ann.slash(open_house.lobby, "help")) == []


async def test_nobody_else_is_told(open_house: House) -> None:
    ann, bob = open_house.member("ann-example"), open_house.member("bob-example")
    await add(open_house, ann)
    assert notices_in(await bob.slash(open_house.lobby, "help")) == []
    assert len(notices_in(await ann.slash(open_house.lobby, "help"))) == 1


async def test_a_click_tells_too_but_not_while_a_form_is_filled_in(open_house: House) -> None:
    await open_house.open_poll(STEM)
    ann = open_house.member("ann-example")
    await add(open_house, ann)

    pressed = await ann.click(open_house.card(STEM), label="Support")
    assert pressed.modal
    assert notices_in(pressed) == []
    submitted = await ann.submit_modal(pressed, {"segment": "academia", "groups": []})

    assert phrase("position.support") in shown(
        submitted.followups[0] if submitted.response is None else submitted.response
    )
    assert len(notices_in(submitted)) == 1


async def test_it_is_told_after_a_restart_and_in_direct_messages(open_house: House) -> None:
    ann = open_house.member("ann-example")
    await add(open_house, ann)
    await open_house.restart()
    done = await ann.user.slash("help")
    assert len(notices_in(done)) == 1


async def test_whoever_asked_for_messages_gets_one_in_their_language_and_no_other_notice(open_house: House) -> None:
    zoe = await ask(open_house, "zoe-example", "fr")
    await add(open_house, zoe)
    await open_house.restart()

    [text] = messages(zoe)

    assert phrase("poll.published", "fr", title=TITLE["fr"]) in text
    assert open_house.catalogue.title.in_language("fr") in text
    assert notices_in(await zoe.slash(open_house.lobby, "help")) == []


async def test_messages_are_paced(open_house: House) -> None:
    people = [await ask(open_house, f"person-{number}-example") for number in range(3)]
    await add(open_house, *people)
    await open_house.restart()
    assert sum(len(messages(who)) for who in people) == 1
    await open_house.env.advance_time(3 * reminders.BETWEEN_MESSAGES)
    assert [len(messages(who)) for who in people] == [1, 1, 1]


async def test_those_not_reached_before_the_bot_ended_are_written_to_afterwards(open_house: House) -> None:
    people = [await ask(open_house, f"person-{number}-example") for number in range(3)]
    await add(open_house, *people)
    await open_house.restart()
    assert sum(len(messages(who)) for who in people) == 1
    await open_house.restart()
    await open_house.env.advance_time(4 * reminders.BETWEEN_MESSAGES)
    assert [len(messages(who)) for who in people] == [1, 1, 1]


async def test_behind_a_closed_door_it_waits_for_the_next_command(
    open_house: House, caplog: pytest.LogCaptureFixture
) -> None:
    zoe = await ask(open_house, "zoe-example")
    open_house.env.inject_error("POST", f"/channels/{zoe.user.dm_channel.id}/messages", status=403, code=50_007)
    await add(open_house, zoe)
    await open_house.restart()

    assert messages(zoe) == []
    assert len(notices_in(await zoe.slash(open_house.lobby, "help"))) == 1
    assert str(zoe.id) not in caplog.text


async def test_a_notice_is_put_back_however_long_the_store_fails(open_house: House) -> None:
    ann = open_house.member("ann-example")
    await add(open_house, ann)
    with (
        patch.object(discord.Webhook, "send", side_effect=OSError("no network")),
        patch.object(patience, "PAUSES", [0.0]),
        patch.object(notices, "put_back", side_effect=DISK_FULL),
    ):
        await ann.slash(open_house.lobby, "help")
        await open_house.env.advance_time(patience.FIRST_PAUSE)
    await open_house.env.advance_time(2 * patience.FIRST_PAUSE)
    assert len(notices_in(await ann.slash(open_house.lobby, "help"))) == 1


NETWORK_FAILURES = [OSError("no network"), TimeoutError(), aiohttp.ServerDisconnectedError()]


@pytest.mark.parametrize("failure", NETWORK_FAILURES)
async def test_what_the_network_lost_waits_for_the_next_command(open_house: House, failure: Exception) -> None:
    ann = open_house.member("ann-example")
    await add(open_house, ann)
    with patch.object(discord.Webhook, "send", side_effect=failure):
        assert notices_in(await ann.slash(open_house.lobby, "help")) == []
    assert len(notices_in(await ann.slash(open_house.lobby, "help"))) == 1


@pytest.mark.parametrize("failure", NETWORK_FAILURES)
async def test_a_message_that_the_network_lost_waits_for_the_next_command(
    open_house: House, failure: Exception
) -> None:
    zoe = await ask(open_house, "zoe-example", "fr")
    await add(open_house, zoe)
    with patch.object(discord.DMChannel, "send", side_effect=failure):
        await open_house.restart()
    assert messages(zoe) == []
    assert len(notices_in(await zoe.slash(open_house.lobby, "help"))) == 1


async def test_a_message_that_the_bot_s_end_broke_off_waits_for_the_next_command(open_house: House) -> None:
    zoe = await ask(open_house, "zoe-example")
    await add(open_house, zoe)

    async def never(*_: object, **__: object) -> None:
        await asyncio.sleep(3_600)

    with patch.object(discord.DMChannel, "send", never):
        await open_house.restart()
        await open_house.bot.close()
    await open_house.restart()
    assert messages(zoe) == []
    assert len(notices_in(await zoe.slash(open_house.lobby, "help"))) == 1


async def test_a_store_that_fails_costs_nobody_their_answer_nor_their_notice(
    open_house: House, caplog: pytest.LogCaptureFixture
) -> None:
    ann = open_house.member("ann-example")
    await add(open_house, ann)
    with open_house.failing_store(), caplog.at_level(logging.CRITICAL):
        assert phrase("help.title") in said(await ann.slash(open_house.lobby, "help"))
    assert len(notices_in(await ann.slash(open_house.lobby, "help"))) == 1


def test_nothing_that_people_wrote_does_anything_in_a_notice() -> None:
    notice = Notice("card.cancel_reason", {"reason": "@everyone [x](http://y.example) **b** {z}"}, None, START)
    text = told(notice, Speech("en"))
    assert "@everyone" not in text
    assert "\\[x" in text
    assert "**b**" not in text
