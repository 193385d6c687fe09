"""The retention period runs from the consultation's end: it is told, announced, kept, and survives restarts."""

from datetime import timedelta
from unittest.mock import patch

import discord
import pytest
from simcord import InteractionResult, MemberActor

from cogs import retention
from cogs.ui.texts import PHRASES
from content.catalogue import LANGUAGES
from models.errors import OperatorError
from models.records import Consultation
from tests.cogs.conftest import House, answered, said, shown

DAY = 86_400
STEM = "stem-orientation"


async def close(house: House) -> InteractionResult:
    return await house.moderator.slash(house.lobby, "consultation close", reason="It is done.")


def consultation(house: House) -> Consultation:
    return house.store.memory.consultations[house.guild.id]


def notices(result: InteractionResult, language: str = "en") -> list[str]:
    """Return the notices of the period's end that came with the answer to a command."""
    begin = PHRASES.text("retention.notice", language, when="|", left="").split("|")[0]
    return [shown(one) for one in [result.response, *result.followups] if one and begin in shown(one)]


async def status(house: House, who: MemberActor | None = None) -> InteractionResult:
    return await (who or house.moderator).slash(house.lobby, "consultation status")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_closing_says_until_when_people_can_be_found_again(open_house: House, language: str) -> None:
    open_house.locales[open_house.moderator.id] = language
    told = said(await close(open_house))
    ends = consultation(open_house).forget_at
    assert ends is not None
    assert timedelta(days=729) < ends - open_house.env.now() <= timedelta(days=open_house.catalogue.retention_days)
    period = PHRASES.text("retention.period", language, when=discord.utils.format_dt(ends, "D"))
    assert period in told
    assert period in said(await status(open_house))


async def test_the_privacy_notice_tells_the_period_that_is_kept(open_house: House) -> None:
    about = await open_house.moderator.slash(open_house.lobby, "about")
    notice = said(await open_house.moderator.click(answered(about), label="Privacy"))
    assert f"{open_house.catalogue.retention_days} days" in notice
    assert "/mydata" in notice


async def test_at_the_end_everybody_is_forgotten_and_moderators_see_it(open_house: House) -> None:
    ann = open_house.member("ann-example")
    await open_house.join(ann, "academia")
    await close(open_house)
    await open_house.sleep_through(729 * DAY)
    assert open_house.store.participant(consultation(open_house), ann.id) is not None

    await open_house.env.advance_time(DAY + 60)

    known = consultation(open_house)
    assert known.forgotten_at is not None
    assert open_house.store.participant(known, ann.id) is None
    forgotten = PHRASES.text("retention.forgotten", "en", when=discord.utils.format_dt(known.forgotten_at, "D"))
    assert forgotten in said(await status(open_house))
    assert PHRASES.text("mydata.nothing", "en") in said(await ann.slash(open_house.lobby, "mydata"))


def announcements(house: House, language: str = "en") -> list[str]:
    """Return what stands in the start channel of the period's end, in one language."""
    begin = PHRASES.text("retention.announced", language, when="|", left="").split("|")[0]
    messages = house.start_card().channel
    channel = next(one for one in house.guild.channels.values() if one.id == messages.id)
    return [shown(one) for one in channel.history() if begin in shown(one)]


@pytest.mark.parametrize("second", [None, "fr"])
async def test_the_end_is_announced_once_a_week_before_in_the_public_languages(
    house: House, second: str | None
) -> None:
    await house.set_up(**({"language": "en", "second_language": second} if second else {}))
    await house.join(house.member("ann-example"), "academia")
    await close(house)
    ends = consultation(house).forget_at
    assert ends is not None
    await house.sleep_through(722 * DAY)
    assert announcements(house) == []

    await house.env.advance_time(DAY + 60)
    [told] = announcements(house)
    assert announcements(house, second or "en") == [told]
    assert discord.utils.format_dt(ends, "f") in told
    assert "ann-example" not in told
    await house.restart()
    await house.env.advance_time(6 * DAY)
    assert len(announcements(house)) == 1
    assert consultation(house).forget_at == ends


async def test_a_period_that_ended_while_the_bot_was_down_is_announced_and_ends_a_day_later(
    open_house: House,
) -> None:
    ann = open_house.member("ann-example")
    await open_house.join(ann, "academia")
    await close(open_house)
    await open_house.sleep_through(800 * DAY)
    assert len(announcements(open_house)) == 1
    assert open_house.store.participant(consultation(open_house), ann.id) is not None

    await open_house.env.advance_time(DAY + 60)

    assert consultation(open_house).forgotten_at is not None
    assert open_house.store.memory.participants == {}
    assert len(announcements(open_house)) == 1


async def test_an_announcement_is_tried_again_until_it_is_posted_and_stored_and_posted_once(
    open_house: House,
) -> None:
    await close(open_house)
    with patch.object(discord.PartialMessageable, "send", side_effect=OSError("no network")):
        await open_house.sleep_through(800 * DAY)
    assert not consultation(open_house).end_announced
    with open_house.failing_store():
        await open_house.env.advance_time(retention.RETRY_SECONDS)
    assert not consultation(open_house).end_announced
    await open_house.env.advance_time(retention.RETRY_SECONDS)
    assert len(announcements(open_house)) == 1
    assert consultation(open_house).end_announced


async def past_the_end(house: House) -> None:
    """Let a period end while the bot is down, and the day go by that it waits then."""
    await house.sleep_through(731 * DAY)
    await house.env.advance_time(DAY + 60)


async def test_nothing_is_forgotten_where_it_was_opened_again(open_house: House) -> None:
    ann = open_house.member("ann-example")
    await open_house.join(ann, "academia")
    await close(open_house)
    await open_house.moderator.slash(open_house.lobby, "consultation open")
    await open_house.sleep_through(800 * DAY)
    assert consultation(open_house).forgotten_at is None
    assert open_house.store.participant(consultation(open_house), ann.id) is not None


async def test_after_forgetting_the_consultation_may_be_opened_and_joined_again(open_house: House) -> None:
    ann = open_house.member("ann-example")
    await close(open_house)
    await past_the_end(open_house)
    refused = said(await open_house.join(ann, "academia"))
    assert refused == PHRASES.text("consultation.forgotten", "en")
    await open_house.moderator.slash(open_house.lobby, "consultation open")
    await open_house.join(ann, "academia")
    assert open_house.store.participant(consultation(open_house), ann.id) is not None


async def test_opened_again_it_does_not_read_what_stands_in_threads_since_before(open_house: House) -> None:
    ann = open_house.member("ann-example")
    await ann.send(open_house.thread(STEM), "Said long ago.")
    await close(open_house)
    await past_the_end(open_house)
    await open_house.moderator.slash(open_house.lobby, "consultation open")
    await open_house.restart()
    assert [one.text for one in await open_house.feedback()] == ["Said long ago."]
    assert PHRASES.text("mydata.nothing", "en") in said(await ann.slash(open_house.lobby, "mydata"))


@pytest.mark.parametrize("language", ["en", "nl"])
async def test_each_moderator_is_told_once_a_week_and_once_a_day_before(open_house: House, language: str) -> None:
    open_house.locales[open_house.moderator.id] = language
    second = open_house.guild.add_member(open_house.env.create_user("milo-moderator"), roles=[open_house.staff])
    ann = open_house.member("ann-example")
    await close(open_house)
    await open_house.sleep_through(722 * DAY)
    assert notices(await status(open_house), language) == []

    await open_house.env.advance_time(DAY + 60)
    [told] = notices(await status(open_house), language)
    ends = consultation(open_house).forget_at
    assert ends is not None
    assert discord.utils.format_dt(ends, "R") in told
    assert notices(await status(open_house), language) == []
    assert len(notices(await status(open_house, second))) == 1
    assert notices(await ann.slash(open_house.lobby, "help")) == []

    await open_house.env.advance_time(6 * DAY)
    assert len(notices(await open_house.moderator.slash(open_house.lobby, "help"), language)) == 1
    assert notices(await status(open_house), language) == []


async def test_what_fails_is_tried_again(open_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await open_house.join(open_house.member("ann-example"), "academia")
    await close(open_house)
    await open_house.sleep_through(729 * DAY)
    with open_house.failing_store():
        await open_house.env.advance_time(DAY + 60)
    assert consultation(open_house).forgotten_at is None

    destroy, failures = open_house.store.destroy, [OperatorError("the key's folder is away")]

    async def sometimes() -> None:
        if failures:
            raise failures.pop()
        await destroy()

    monkeypatch.setattr(open_house.store, "destroy", sometimes)
    await open_house.env.advance_time(retention.RETRY_SECONDS)
    assert consultation(open_house).forgotten_at is not None
    assert failures == []
    await open_house.env.advance_time(retention.RETRY_SECONDS)
    assert len(open_house.store.sealer._in_memory) == 1
