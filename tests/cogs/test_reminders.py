"""Reminders as people meet them: a post that names nobody, and a message to those alone who asked for it."""

from datetime import timedelta
from typing import Any

import discord
import pytest
from simcord import InteractionResult, MemberActor

from cogs.ui.texts import PHRASES
from content.catalogue import LANGUAGES
from models import reminders
from models.records import Ballot, Participant, Position
from models.reminders import remind_at
from tests.cogs.conftest import House, answered, said, shown

HOUR, DAY = 3_600, 86_400
STEM = "stem-orientation"


@pytest.fixture(autouse=True)
def slower(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let more time pass between two messages than the simulated Discord takes for still being busy."""
    monkeypatch.setattr(reminders, "BETWEEN_MESSAGES", 10.0)


async def ask(house: House, name: str, locale: str = "en-US", segment: str = "academia", **form: Any) -> MemberActor:
    """Let somebody join the group of the STEM card and ask for messages, where `form` says nothing else."""
    who = house.member(name, locale)
    opened = await who.slash(house.lobby, "join")
    filled_in = {"segment": segment, "groups": [group(house)], "messages": ["before_end"], **form}
    await who.submit_modal(opened, filled_in)
    return who


def group(house: House) -> str:
    return house.catalogue.recommendations[STEM].group


def others_of_group(house: House) -> list[str]:
    """Return the other recommendations of the group of the STEM card."""
    every = house.catalogue.recommendations.values()
    return [one.key for one in every if one.group == group(house) and one.key != STEM]


def elsewhere(house: House) -> str:
    """Return a recommendation of another group."""
    return next(one.key for one in house.catalogue.recommendations.values() if one.group != group(house))


def posts(house: House, channel: str | None = None) -> list[str]:
    """Return the reminders that stand in a group's channel."""
    counts = range(1, 30)
    titles = [PHRASES.text("reminder.title", language, count=count) for language in LANGUAGES for count in counts]
    texts = [shown(message) for message in house.channel(channel or group(house)).history()]
    return [text for text in texts if any(title in text for title in titles)]


def messages(who: MemberActor) -> list[str]:
    """Return the direct messages somebody got from the bot."""
    return [shown(message) for message in who.user.dm_channel.history()]


def known(house: House, who: MemberActor) -> Participant:
    participant = house.store.participant(house.store.memory.consultations[house.guild.id], who.id)
    assert participant is not None
    return participant


async def until_reminder(house: House) -> None:
    """Let time pass until the reminder of the polls that are open, and no second more."""
    moments = [remind_at(poll) for poll in house.store.memory.polls.values()]
    first = min(moment for moment in moments if moment)
    await house.env.advance_time((first - house.env.now()).total_seconds())


async def missing(house: House, who: MemberActor, recommendation: str = STEM) -> InteractionResult:
    return await who.slash(house.lobby, "consultation missing", recommendation=recommendation)


@pytest.mark.parametrize("language", ["en", "nl"])
async def test_somebody_who_asked_and_did_not_vote_gets_one_message_in_their_language(
    open_house: House, language: str
) -> None:
    zoe = await ask(open_house, "zoe-example", language)
    await open_house.open_poll(STEM, closes="7 days")
    await open_house.env.advance_time(6 * DAY - 60)
    assert messages(zoe) == []
    assert posts(open_house) == []

    await open_house.env.advance_time(60)
    [text] = messages(zoe)
    assert PHRASES.text("reminder.not_voted", language, count=1) in text
    assert PHRASES.text("reminder.asked_for", language) in text
    assert open_house.catalogue.recommendations[STEM].title.in_language(language) in text
    assert open_house.card(STEM).jump_url in text

    await open_house.env.advance_time(DAY - 60)
    assert len(messages(zoe)) == len(posts(open_house)) == 1


@pytest.mark.parametrize("language", LANGUAGES)
async def test_joining_asks_for_messages_and_says_what_was_asked_for(open_house: House, language: str) -> None:
    zoe = open_house.member("zoe-example", language)
    form = await zoe.slash(open_house.lobby, "join")
    told = said(await zoe.submit_modal(form, {"segment": "academia", "groups": [], "messages": ["before_end"]}))
    named = PHRASES.text(f"language.{language}", language)
    assert PHRASES.text("join.messages_on", language, language=named) in told
    assert known(open_house, zoe).wants_messages


async def test_nobody_gets_messages_who_did_not_ask_and_a_wish_can_be_taken_back(open_house: House) -> None:
    bob = await ask(open_house, "bob-example", messages=[])
    ann = await ask(open_house, "ann-example")
    await ask(open_house, "ann-example", messages=[])
    assert not known(open_house, bob).wants_messages
    assert not known(open_house, ann).wants_messages
    await open_house.open_poll(STEM, closes="7 days")
    await open_house.env.advance_time(6 * DAY + 60)
    assert messages(bob) == messages(ann) == []
    assert len(posts(open_house)) == 1


async def test_the_form_of_a_first_vote_neither_asks_for_messages_nor_changes_the_wish(open_house: House) -> None:
    await open_house.open_poll(STEM, closes="7 days")
    ann = open_house.member("ann-example")
    form = await ann.click(open_house.card(STEM), label="Support")
    assert PHRASES.text("join.messages_wanted", "en") not in str(form.modal)
    await ann.submit_modal(form, {"segment": "academia", "groups": [group(open_house)]})
    assert not known(open_house, ann).wants_messages


async def test_the_language_of_messages_is_the_one_they_were_asked_for_in_until_another_is_chosen(
    open_house: House,
) -> None:
    zoe = await ask(open_house, "zoe-example", "de")
    yan = await ask(open_house, "yan-example", "de")
    await yan.slash(open_house.lobby, "language", language="fr")
    await open_house.restart()
    await open_house.open_poll(STEM, closes="7 days")
    await open_house.env.advance_time(6 * DAY + 60)
    assert PHRASES.text("reminder.asked_for", "de") in messages(zoe)[0]
    assert PHRASES.text("reminder.asked_for", "fr") in messages(yan)[0]


async def test_the_post_says_what_ends_when_in_the_public_languages_and_names_nobody(house: House) -> None:
    await house.set_up(language="fr", second_language="nl")
    await ask(house, "zoe-example")
    await house.open_poll(STEM, closes="7 days")
    await house.env.advance_time(6 * DAY)
    [text] = posts(house)
    [poll] = house.store.memory.polls.values()
    assert poll.closes_at is not None
    for language in ("fr", "nl"):
        assert PHRASES.text("reminder.title", language, count=1) in text
        assert house.catalogue.recommendations[STEM].title.in_language(language) in text
    assert house.card(STEM).jump_url in text
    assert discord.utils.format_dt(poll.closes_at, "f") in text
    assert "zoe" not in text
    assert "<@" not in text


async def test_polls_of_a_group_that_end_together_stand_in_one_post_and_one_message(open_house: House) -> None:
    zoe = await ask(open_house, "zoe-example")
    others = others_of_group(open_house)[:2]
    day = (open_house.env.now() + timedelta(days=5)).date()
    for recommendation in (STEM, *others, elsewhere(open_house)):
        await open_house.open_poll(recommendation, closes=f"{day} 18:00")
    await open_house.vote(zoe, others[0], "Support")
    await until_reminder(open_house)

    [text] = posts(open_house)
    assert all(open_house.card(key).jump_url in text for key in (STEM, *others))
    assert open_house.card(elsewhere(open_house)).jump_url not in text
    other_group = open_house.catalogue.recommendations[elsewhere(open_house)].group
    assert len(posts(open_house, other_group)) == 1
    [message] = messages(zoe)
    links = [key for key in (STEM, *others, elsewhere(open_house)) if open_house.card(key).jump_url in message]
    assert links == [STEM, others[1]]


async def test_a_short_poll_is_reminded_of_halfway(open_house: House) -> None:
    zoe = await ask(open_house, "zoe-example")
    await open_house.open_poll(STEM, closes="30 minutes")
    await open_house.env.advance_time(HOUR / 4 - 30)
    assert messages(zoe) == []
    await open_house.env.advance_time(30)
    assert len(messages(zoe)) == 1


async def test_a_poll_without_an_end_or_one_that_was_ended_is_not_reminded_of(open_house: House) -> None:
    zoe = await ask(open_house, "zoe-example")
    await open_house.open_poll(STEM)
    other = others_of_group(open_house)[0]
    await open_house.open_poll(other, closes="7 days")
    await open_house.moderator.slash(open_house.lobby, "poll close", vote=other, reason="Enough.")
    await open_house.env.advance_time(8 * DAY)
    assert messages(zoe) == []
    assert posts(open_house) == []


async def test_a_poll_whose_end_is_moved_is_reminded_of_before_the_new_end(open_house: House) -> None:
    zoe = await ask(open_house, "zoe-example")
    await open_house.open_poll(STEM, closes="7 days")
    await open_house.moderator.slash(open_house.lobby, "poll edit", vote=STEM, closes="9 days")
    await open_house.env.advance_time(8 * DAY - 60)
    assert messages(zoe) == []
    await open_house.env.advance_time(60)
    assert len(messages(zoe)) == 1


async def test_messages_are_paced_and_who_votes_meanwhile_gets_none(open_house: House) -> None:
    people = [await ask(open_house, f"person-{number}-example") for number in range(4)]
    await open_house.open_poll(STEM, closes="7 days")
    await until_reminder(open_house)
    assert sum(len(messages(who)) for who in people) == 1

    later = next(who for who in people if not messages(who))
    [poll] = open_house.store.memory.polls.values()
    await open_house.bot.ballot_box.cast(Ballot(poll.id, later.id, "academia", Position.SUPPORT))
    await open_house.env.advance_time(reminders.BETWEEN_MESSAGES - 1)
    assert sum(len(messages(who)) for who in people) == 1
    await open_house.env.advance_time(1)
    assert sum(len(messages(who)) for who in people) <= 2
    await open_house.env.advance_time(3 * reminders.BETWEEN_MESSAGES)
    assert messages(later) == []
    assert [len(messages(who)) for who in people if who is not later] == [1, 1, 1]


async def test_a_closed_door_stops_nothing_and_is_not_knocked_at_again(
    open_house: House, caplog: pytest.LogCaptureFixture
) -> None:
    people = [await ask(open_house, f"person-{number}-example") for number in range(3)]
    closed = people[1]
    open_house.env.inject_error(
        "POST", f"/channels/{closed.user.dm_channel.id}/messages", status=403, code=50_007, times=None
    )
    await open_house.open_poll(STEM, closes="7 days")
    await open_house.env.advance_time(6 * DAY + HOUR)
    assert [len(messages(who)) for who in people] == [1, 0, 1]
    assert caplog.text.count("50007") == 1
    assert not any(str(who.id) in caplog.text for who in people)


async def test_a_post_that_discord_refuses_keeps_no_message_back_and_is_posted_later(open_house: House) -> None:
    zoe = await ask(open_house, "zoe-example")
    await open_house.open_poll(STEM, closes="7 days")
    channel = open_house.channel(group(open_house)).id
    open_house.env.inject_error("POST", f"/channels/{channel}/messages", status=403, code=50_013, times=2)
    await open_house.env.advance_time(6 * DAY + 60)
    assert posts(open_house) == []
    assert len(messages(zoe)) == 1

    await open_house.env.advance_time(HOUR)

    assert len(messages(zoe)) == len(posts(open_house)) == 1


async def test_a_post_that_discord_refuses_until_the_end_is_left(open_house: House) -> None:
    await open_house.open_poll(STEM, closes="7 days")
    channel = f"/channels/{open_house.channel(group(open_house)).id}/messages"
    open_house.env.inject_error("POST", channel, status=403, code=50_013, times=None)
    await open_house.env.advance_time(7 * DAY)
    tries = sum((one.method, one.path) == ("POST", channel) for one in open_house.env.http_requests)
    await open_house.env.advance_time(7 * DAY)
    assert sum((one.method, one.path) == ("POST", channel) for one in open_house.env.http_requests) == tries


async def test_what_fell_due_while_the_bot_was_down_is_made_up_for_once(open_house: House) -> None:
    zoe = await ask(open_house, "zoe-example")
    await open_house.open_poll(STEM, closes="7 days")
    await open_house.sleep_through(6 * DAY + HOUR)
    assert len(messages(zoe)) == len(posts(open_house)) == 1
    await open_house.restart()
    await open_house.env.advance_time(HOUR)
    assert len(messages(zoe)) == len(posts(open_house)) == 1


async def test_a_bot_that_is_killed_in_the_middle_writes_to_the_others_and_to_nobody_twice(open_house: House) -> None:
    people = [await ask(open_house, f"person-{number}-example") for number in range(5)]
    await open_house.open_poll(STEM, closes="7 days")
    await until_reminder(open_house)
    await open_house.env.advance_time(reminders.BETWEEN_MESSAGES)
    assert sum(len(messages(who)) for who in people) == 2
    voter = next(who for who in people if not messages(who))
    async with open_house.away():
        [poll] = open_house.store.memory.polls.values()
        await open_house.bot.ballot_box.cast(Ballot(poll.id, voter.id, "academia", Position.SUPPORT))
    await open_house.env.advance_time(HOUR)
    assert [len(messages(who)) for who in people if who is not voter] == [1, 1, 1, 1]
    assert messages(voter) == []
    assert len(posts(open_house)) == 1


async def test_messages_that_a_restart_held_back_past_the_end_are_not_sent(open_house: House) -> None:
    people = [await ask(open_house, f"person-{number}-example") for number in range(3)]
    await open_house.open_poll(STEM, closes="7 days")
    await until_reminder(open_house)
    assert sum(len(messages(who)) for who in people) == 1
    await open_house.sleep_through(2 * DAY)
    await open_house.env.advance_time(HOUR)
    assert sum(len(messages(who)) for who in people) == 1


async def test_a_reminder_leads_to_the_card_of_a_question_of_the_moderators_own(open_house: House) -> None:
    zoe = await ask(open_house, "zoe-example")
    form = await open_house.moderator.slash(
        open_house.lobby, "poll ask", kind="position", group=group(open_house), closes="7 days"
    )
    preview = await open_house.moderator.submit_modal(form, {"question_en": "Shall we meet?"})
    await open_house.moderator.click(answered(preview), label=PHRASES.text("poll.preview_open", "en"))
    [poll] = open_house.store.memory.polls.values()
    await until_reminder(open_house)

    card = open_house._place("card", poll.subject)
    for told in (messages(zoe)[0], posts(open_house)[0]):
        assert f"[Shall we meet?](https://discord.com/channels/{open_house.guild.id}/" in told
        assert f"/{card})" in told


async def test_a_store_that_fails_is_asked_again(open_house: House) -> None:
    zoe = await ask(open_house, "zoe-example")
    await open_house.open_poll(STEM, closes="7 days")
    with open_house.failing_store():
        await open_house.env.advance_time(6 * DAY + 30)
        assert messages(zoe) == posts(open_house) == []
    await open_house.env.advance_time(60)
    assert len(messages(zoe)) == len(posts(open_house)) == 1


@pytest.mark.parametrize("language", ["en", "de"])
async def test_moderators_see_how_many_are_missing_by_segment(open_house: House, language: str) -> None:
    open_house.locales[open_house.moderator.id] = language
    await open_house.open_poll(STEM, closes="7 days")
    first, second = list(open_house.catalogue.segments)[:2]
    for number in range(5):
        for segment in (first, second):
            await ask(open_house, f"{segment}-{number}-example", segment=segment, messages=[])
    await open_house.vote(open_house.member(f"{first}-0-example"), STEM, "Support")
    await open_house.restart()

    told = said(await missing(open_house, open_house.moderator))
    assert PHRASES.text("missing.total", language, count=9, participants=10) in told
    for segment, number in ((first, 4), (second, 5)):
        title = open_house.catalogue.segments[segment].title.in_language(language)
        assert PHRASES.text("missing.segment", language, segment=title, number=number) in told
    assert "example" not in told


async def test_a_segment_too_small_to_be_shown_is_not(open_house: House) -> None:
    await open_house.open_poll(STEM, closes="7 days")
    first, second = list(open_house.catalogue.segments)[:2]
    for number in range(6):
        segment = first if number < 5 else second
        await ask(open_house, f"person-{number}-example", segment=segment, messages=[])
    told = said(await missing(open_house, open_house.moderator))
    assert PHRASES.text("missing.total", "en", count=6, participants=6) in told
    assert PHRASES.text("missing.no_segments", "en") in told
    assert open_house.catalogue.segments[first].title.in_language("en") not in told


async def test_only_moderators_see_how_many_are_missing_and_of_open_polls_alone(open_house: House) -> None:
    told = said(await missing(open_house, open_house.moderator))
    assert told == PHRASES.text("poll.none_open", "en")
    await open_house.open_poll(STEM, closes="7 days")
    helper = open_house.guild.create_role("Helpers", permissions=discord.Permissions(manage_threads=True))
    ann = open_house.guild.add_member(open_house.env.create_user("ann-example"), roles=[helper])
    assert said(await missing(open_house, ann)) == PHRASES.text("moderator.only", "en")
