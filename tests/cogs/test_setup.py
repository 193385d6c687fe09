"""Running the consultation as moderators do it: setting it up, opening it, closing it, seeing where it stands."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import discord
import pytest
from simcord import ChannelHandle, MemberActor
from simcord.backend.models import Overwrite
from simcord.enums import OverwriteType
from sqlalchemy import update

from cogs.room_builder import NEEDED
from models.records import ConsultationState, PlaceKind
from models.tables import ConsultationRow
from tests.cogs.conftest import House, buttons, said, shown
from tests.cogs.test_voting import STEM, archive, neutral, phrase, title


async def set_up(house: House, **options: str) -> str:
    return said(await house.moderator.slash(house.lobby, "consultation setup", **options))


async def run(house: House, command: str, **options: str) -> str:
    return said(await house.moderator.slash(house.lobby, f"consultation {command}", **options))


def done(house: House, number: int) -> str:
    start = house.channel("start-here")
    return phrase("setup.done", count=number, start=start.mention)


def rooms(house: House) -> dict[str, int]:
    """Return every channel, thread, role and card in the server by what it is called."""
    backend = house.env.backend
    groups = [channel for name, channel in house.guild.channels.items() if name in house.catalogue.groups]
    cards = {f"card {message.id}": message.id for channel in groups for message in channel.history()}
    threads = {f"thread {c.name}": c.id for c in backend.channels.values() if c.is_thread}
    channels = {c.name: c.id for c in backend.channels.values() if not c.is_thread and c.name}
    return channels | threads | {f"role {role.name}": role.id for role in house.guild.roles.values()} | cards


def remove_role(house: House, name: str) -> None:
    house.env.backend.delete_role(house.guild.id, house.guild.roles[name].id)


@contextmanager
def requests_of(house: House) -> Iterator[list[str]]:
    """Collect what the bot asks of Discord meanwhile, its private answers aside."""
    before, made = len(house.env.http_requests), list[str]()
    yield made
    made += [
        f"{one.method} {one.path}"
        for one in house.env.http_requests[before:]
        if not one.path.startswith(("/interactions", "/webhooks"))
    ]


# Building


async def test_setup_makes_the_rooms_and_says_where_people_begin(house: House) -> None:
    told = await set_up(house)

    groups, recommendations = house.catalogue.groups, house.catalogue.recommendations
    # The moderators' role, the category, two channels and the start card; a role and a channel a group; cards, threads.
    assert told == done(house, 5 + 2 * len(groups) + 2 * len(recommendations))
    assert {"start-here", "questions", *groups} <= set(house.guild.channels)
    assert {group.title.in_language("en") for group in groups.values()} <= set(house.guild.roles)
    for key, recommendation in recommendations.items():
        assert recommendation.text.in_language("en") in shown(house.card(key))
        assert house.thread(key).name == title(house, key)


async def test_setup_twice_makes_nothing_twice(house: House) -> None:
    await set_up(house)
    before, cards = rooms(house), shown(house.card(STEM))

    with requests_of(house) as made:
        told = await set_up(house)

    assert told == done(house, 0)
    assert rooms(house) == before
    assert shown(house.card(STEM)) == cards
    assert {request.split()[0] for request in made} <= {"PATCH", "GET"}


async def test_two_moderators_who_set_up_at_once_make_everything_once(house: House) -> None:
    other = house.guild.add_member(house.env.create_user("mo-moderator"), roles=[house.staff])

    first, second = await house.at_once(
        house.moderator.slash(house.lobby, "consultation setup"), other.slash(house.lobby, "consultation setup")
    )

    assert done(house, 0) in {said(first), said(second)}
    names = [channel.name for channel in house.env.backend.channels.values()]
    assert len(names) == len(set(names))


async def test_setup_touches_nothing_that_it_did_not_make(house: House) -> None:
    training = house.guild.create_text_channel("training")
    house.guild.create_role("Consultation moderators")
    ann = house.member("ann-example")
    message = await ann.send(training, "We were here first.")
    before = rooms_without_cards(house)

    with requests_of(house) as made:
        await set_up(house)

    touched = {path for path in made if str(training.id) in path or str(house.lobby.id) in path}
    assert not touched
    assert before.items() <= rooms_without_cards(house).items()
    assert training.history()[-1].content == message.content


def rooms_without_cards(house: House) -> dict[int, str]:
    backend = house.env.backend
    channels = {channel.id: str(channel.name) for channel in backend.channels.values()}
    return channels | {role.id: role.name for role in backend.get_guild(house.guild.id).roles.values()}


@pytest.mark.parametrize(
    "path",
    ["/guilds/*/roles", "/guilds/*/channels", "/channels/*/messages", "/channels/*/messages/*/threads"],
)
async def test_setup_that_was_interrupted_goes_on_where_it_stopped(house: House, path: str) -> None:
    house.env.inject_error("POST", path)

    told = await house.moderator.slash(house.lobby, "consultation setup")
    assert neutral(shown(told.followups[-1] if told.followups else told.response))
    await set_up(house)

    names = [channel.name for channel in house.env.backend.channels.values()]
    assert len(names) == len(set(names))
    roles = [role.name for role in house.env.backend.get_guild(house.guild.id).roles.values()]
    assert len(roles) == len(set(roles))
    assert [len([m for m in house.channel(group).history() if m.components]) for group in house.catalogue.groups] == [
        len(house.catalogue.recommendations_of(group)) for group in house.catalogue.groups
    ]
    assert await set_up(house) == done(house, 0)


async def test_setup_goes_on_after_a_restart(house: House) -> None:
    house.env.inject_error("POST", "/channels/*/messages/*/threads")
    await set_up(house)
    before = rooms(house)
    await house.restart()

    await set_up(house)

    assert before.items() <= rooms(house).items()
    assert await set_up(house) == done(house, 0)


async def test_a_thread_that_was_made_but_not_remembered_is_taken_as_it_is(house: House) -> None:
    await set_up(house)
    before = rooms(house)
    consultation = house.bot.consultation_in(house.guild.id)
    house.store.memory.drop_place(consultation.id, PlaceKind.THREAD, STEM)
    house.env.inject_error("POST", "/channels/*/messages/*/threads", status=400, code=160_004)

    await set_up(house)

    assert house.store.memory.place(consultation.id, PlaceKind.THREAD, STEM) == house.card(STEM).id
    assert rooms(house) == before


async def test_progress_that_cannot_be_shown_stops_nothing(house: House) -> None:
    house.env.inject_error("PATCH", "/webhooks/*", times=None)

    await house.moderator.slash(house.lobby, "consultation setup")

    assert house.card(STEM)
    house.env.backend.faults.clear()
    assert await set_up(house) == done(house, 0)


async def test_a_store_that_fails_makes_no_room(house: House) -> None:
    with house.failing_store(), requests_of(house) as made:
        assert neutral(await set_up(house))

    assert not made
    await set_up(house)
    assert await set_up(house) == done(house, 0)


# Mending what was deleted


async def test_a_deleted_channel_is_made_again_with_its_cards_and_threads(house: House) -> None:
    await set_up(house)
    before = rooms(house)
    house.env.backend.delete_channel(house.channel("training").id)

    told = await set_up(house)

    cards = len(house.catalogue.recommendations_of("training"))
    assert told == done(house, 1 + 2 * cards)
    assert set(rooms(house)) - set(before) == {f"card {m.id}" for m in house.channel("training").history()}
    assert house.thread(STEM).name == title(house, STEM)


async def test_a_deleted_card_is_made_again_with_a_thread_of_its_own(house: House) -> None:
    await set_up(house)
    other = house.card("business-courses").id
    house.env.backend.delete_message(house.channel("training").id, house.card(STEM).id)

    told = await set_up(house)

    assert told == done(house, 2)
    assert house.card("business-courses").id == other
    assert house.thread(STEM).id == house.card(STEM).id


async def test_a_deleted_thread_is_made_again(house: House) -> None:
    await set_up(house)
    card = house.card(STEM).id
    house.env.backend.delete_channel(house.thread(STEM).id)

    told = await set_up(house)

    assert told == done(house, 1)
    assert house.thread(STEM).id == house.card(STEM).id == card


async def test_an_archived_thread_is_left_as_it_is(house: House) -> None:
    await set_up(house)
    archive(house, STEM)
    await house.restart()

    assert await set_up(house) == done(house, 0)


@pytest.mark.parametrize("role", ["Consultation moderators", "Training"])
async def test_a_deleted_role_is_made_again(house: House, role: str) -> None:
    await set_up(house)
    remove_role(house, role)

    assert await set_up(house) == done(house, 1)
    assert role in house.guild.roles


@pytest.mark.parametrize(("channel", "made"), [("start-here", 2), ("questions", 1)])
async def test_a_deleted_common_channel_is_made_again(house: House, channel: str, made: int) -> None:
    await set_up(house)
    house.env.backend.delete_channel(house.channel(channel).id)

    assert await set_up(house) == done(house, made)
    assert phrase("start.what_to_do") in shown(house.start_card())


async def test_opening_works_where_somebody_deleted_a_channel(house: House) -> None:
    await set_up(house)
    house.env.backend.delete_channel(house.channel("start-here").id)
    house.env.backend.delete_channel(house.channel("training").id)

    assert await run(house, "open") == phrase("consultation.opened")
    await set_up(house)

    assert phrase("start.open") in shown(house.start_card())
    assert (await house.member("ann-example").send(house.thread(STEM), "Here I am.")).content == "Here I am."


# Languages and permissions


async def test_cards_stand_in_two_languages_where_moderators_want_that(house: House) -> None:
    await set_up(house, language="fr", second_language="nl")
    await run(house, "open")
    await house.open_poll(STEM)

    for language in ("fr", "nl"):
        assert title(house, STEM, language) in shown(house.card(STEM))
        assert phrase("card.poll_open_without_end", language) in shown(house.card(STEM))
        assert house.catalogue.summary.in_language(language) in shown(house.start_card())
    assert title(house, STEM) not in shown(house.card(STEM))
    assert house.thread(STEM).name == title(house, STEM, "fr")


async def test_another_choice_of_languages_redraws_the_cards(house: House) -> None:
    await set_up(house)
    before = rooms(house)

    await set_up(house, language="de")

    assert rooms(house) == before
    assert title(house, STEM, "de") in shown(house.card(STEM))
    assert await set_up(house) == done(house, 0)
    assert title(house, STEM, "de") in shown(house.card(STEM))


@pytest.mark.parametrize(
    ("lacking", "name"),
    [
        ("manage_channels", "Manage Channels"),
        ("manage_roles", "Manage Roles"),
        ("create_public_threads", "Create Public Threads"),
    ],
)
async def test_permissions_that_the_bot_lacks_are_named(house: House, lacking: str, name: str) -> None:
    grant_the_bot(house, discord.Permissions(NEEDED.value & ~discord.Permissions(**{lacking: True}).value))

    with requests_of(house) as made:
        told = await set_up(house)

    assert told == phrase("setup.permissions", permissions=name)
    assert not made


async def test_the_permissions_that_setup_names_are_enough(house: House) -> None:
    grant_the_bot(house, NEEDED)

    assert await set_up(house)
    assert await run(house, "open") == phrase("consultation.opened")
    assert await set_up(house) == done(house, 0)


def grant_the_bot(house: House, permissions: discord.Permissions) -> None:
    """Let the bot have these permissions in the server and no others."""
    backend = house.env.backend
    guild = backend.get_guild(house.guild.id)
    for role in guild.members[house.me.id].role_ids:
        backend.edit_role(guild.id, role, {"permissions": permissions.value})
    usual = discord.Permissions(view_channel=True, send_messages=True, use_application_commands=True)
    backend.edit_role(guild.id, guild.id, {"permissions": usual.value})


# Moderators


@pytest.mark.parametrize("command", ["setup", "open", "close", "status"])
async def test_members_who_are_no_moderators_are_refused(open_house: House, command: str) -> None:
    helpers = open_house.guild.create_role("Helpers", permissions=discord.Permissions(manage_threads=True))
    dan = open_house.guild.add_member(open_house.env.create_user("dan-example"), roles=[helpers])
    options = {"reason": "I would rather not."} if command == "close" else {}

    with requests_of(open_house) as made:
        told = await dan.slash(open_house.lobby, f"consultation {command}", **options)

    assert said(told) == phrase("moderator.only")
    assert not made


async def test_the_role_that_setup_makes_makes_a_moderator(open_house: House) -> None:
    role = open_house.guild.roles["Consultation moderators"]
    dan = open_house.guild.add_member(open_house.env.create_user("dan-example"), roles=[role])

    assert phrase("status.title") in said(await dan.slash(open_house.lobby, "consultation status"))
    told = await dan.slash(open_house.lobby, "poll open", recommendation=STEM)
    assert title(open_house, STEM) in said(told)


async def test_another_role_of_the_same_name_makes_no_moderator(open_house: House) -> None:
    same = open_house.guild.create_role(
        "Consultation moderators ", permissions=discord.Permissions(manage_threads=True)
    )
    dan = open_house.guild.add_member(open_house.env.create_user("dan-example"), roles=[same])

    assert said(await dan.slash(open_house.lobby, "consultation status")) == phrase("moderator.only")


async def test_moderators_commands_are_not_there_in_direct_messages(open_house: House) -> None:
    seen = open_house.moderator.user.available_commands()
    assert not [command for command in seen if command.split()[0] in {"consultation", "poll", "export"}]


@pytest.mark.parametrize("command", ["open", "close", "status"])
async def test_before_setup_the_other_commands_say_what_is_missing(house: House, command: str) -> None:
    options = {"reason": "Enough."} if command == "close" else {}
    assert await run(house, command, **options) == phrase("setup.missing")


async def test_a_server_that_holds_another_consultation_is_left_alone(open_house: House) -> None:
    async with open_house.store.write() as session:
        await session.execute(update(ConsultationRow).values(content_key="another"))

    with requests_of(open_house) as made:
        assert await set_up(open_house) == phrase("setup.other_content", key="another")
    assert not made


# Opening and closing


async def test_members_can_write_in_threads_only_while_it_is_open(house: House) -> None:
    await set_up(house)
    ann = house.member("ann-example")
    assert not await writes(ann, house.thread(STEM))
    assert phrase("start.prepared") in shown(house.start_card())

    await run(house, "open")
    assert await writes(ann, house.thread(STEM))
    assert phrase("start.open") in shown(house.start_card())

    await run(house, "close", reason="Enough.")
    assert not await writes(ann, house.thread(STEM))
    assert phrase("start.closed") in shown(house.start_card())

    await run(house, "open")
    assert await writes(ann, house.thread(STEM))


async def writes(who: MemberActor, channel: ChannelHandle) -> bool:
    """Say whether Discord lets somebody write in a channel."""
    try:
        await who.send(channel, "May I?")
    except Exception as error:
        if getattr(error, "code", None) != 50_013:
            raise
        return False
    return True


async def test_members_cannot_write_beside_the_cards(open_house: House) -> None:
    ann = open_house.member("ann-example")
    assert not await writes(ann, open_house.channel("training"))
    assert not await writes(ann, open_house.channel("start-here"))
    assert await writes(ann, open_house.channel("questions"))


async def test_opening_leaves_what_moderators_changed_in_a_channel(house: House) -> None:
    await set_up(house)
    training, everyone = house.channel("training"), house.guild.default_role.id
    hidden = discord.Permissions(view_channel=True).value
    house.env.backend.set_overwrite(training.id, Overwrite(everyone, OverwriteType.ROLE, deny=hidden))

    await run(house, "open")

    stored = house.env.backend.get_channel(training.id).overwrites
    assert [one.deny & hidden for one in stored if one.target_id == everyone] == [hidden]


async def test_a_channel_that_discord_does_not_let_change_is_named_and_mended_by_setup(house: House) -> None:
    await set_up(house)
    training = house.channel("training")
    house.env.inject_error("PUT", f"/channels/{training.id}/permissions/*", status=403, code=50_013)

    told = await run(house, "open")

    assert phrase("consultation.opened") in told
    assert phrase("consultation.channels_left", channels=training.mention) in told
    ann = house.member("ann-example")
    assert not await writes(ann, house.thread(STEM))
    await set_up(house)
    assert await writes(ann, house.thread(STEM))


async def test_it_opens_once(open_house: House) -> None:
    assert await run(open_house, "open") == phrase("consultation.already_open")


async def test_it_closes_once(open_house: House) -> None:
    await run(open_house, "close", reason="Enough.")
    assert await run(open_house, "close", reason="Enough.") == phrase("consultation.not_open")


async def test_closing_needs_a_reason(open_house: House) -> None:
    await open_house.open_poll(STEM)

    assert await run(open_house, "close", reason=" ") == phrase("poll.reason_missing")
    assert len(open_house.store.memory.polls) == 1


async def test_closing_ends_the_open_votes_for_the_reason_given(open_house: House) -> None:
    await open_house.open_poll(STEM)
    await open_house.open_poll("growth-capital", closes="2 days")
    ann = open_house.member("ann-example")
    await open_house.vote(ann, STEM, "Support", segment="academia", groups=[])

    told = await run(open_house, "close", reason="The round is over.")
    assert told.startswith(phrase("consultation.closed"))

    for recommendation in (STEM, "growth-capital"):
        assert "It was ended early: The round is over." in shown(open_house.card(recommendation))
        assert "Support" not in buttons(open_house.card(recommendation))
        assert "It was ended early" in shown(open_house.thread(recommendation).history()[-1])
    assert not open_house.store.memory.polls
    assert said(await ann.slash(open_house.lobby, "vote")) == phrase("vote.none_open")


async def test_closing_is_all_or_nothing(open_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await open_house.open_poll(STEM)

    async def fail(*_: Any) -> None:
        raise RuntimeError("injected by test")

    with monkeypatch.context() as patched:
        patched.setattr("models.polls.end", fail)
        assert neutral(await run(open_house, "close", reason="Enough."))

    assert open_house.bot.consultation_in(open_house.guild.id).state is ConsultationState.OPEN
    assert (await run(open_house, "close", reason="Enough.")).startswith(phrase("consultation.closed"))


@pytest.mark.parametrize(("command", "options"), [("open", {}), ("close", {"reason": "Enough."}), ("status", {})])
async def test_a_moderator_is_told_when_the_store_fails(house: House, command: str, options: dict[str, str]) -> None:
    await set_up(house)
    if command == "close":
        await run(house, "open")
    state = house.bot.consultation_in(house.guild.id).state

    with house.failing_store():
        assert neutral(await run(house, command, **options))

    assert house.bot.consultation_in(house.guild.id).state is state


async def test_the_commands_work_after_a_restart(house: House) -> None:
    for command, options in [("setup", {}), ("open", {}), ("status", {}), ("close", {"reason": "Enough."})]:
        await house.restart()
        assert not neutral(await run(house, command, **options))
    assert house.bot.consultation_in(house.guild.id).state is ConsultationState.CLOSED


# Status


async def test_status_counts_what_may_be_known(open_house: House) -> None:
    await open_house.open_poll(STEM, closes="2 days")
    await open_house.open_poll("growth-capital")
    await open_house.open_poll("data-analytics")
    for number in range(3):
        who = open_house.member(f"person{number}-example")
        await open_house.vote(who, STEM, "Support", segment="academia", groups=[])
    await open_house.member("person0-example").send(open_house.thread(STEM), "A thought.")
    await open_house.moderator.slash(open_house.lobby, "poll close", vote="data-analytics", reason="Enough.")

    told = await run(open_house, "status")

    (closes,) = filter(None, [poll.closes_at for poll in open_house.store.memory.polls.values()])
    for line in (
        phrase("status.open"),
        phrase("status.participants", count=3),
        phrase("status.feedback", count=1),
        phrase("status.ended_polls", count=1),
        phrase("status.open_polls", count=2),
        phrase("status.poll", title=title(open_house, STEM), count=3, ends=discord.utils.format_dt(closes, "R")),
        phrase("status.poll", title=title(open_house, "growth-capital"), count=0, ends=phrase("status.no_end")),
    ):
        assert line in told.splitlines() or f"- {line}" in told.splitlines()
    assert not re.search("support|object", told, re.IGNORECASE)


async def test_status_reminds_of_results_that_wait_to_be_published(open_house: House) -> None:
    await open_house.open_poll(STEM, results="published")
    await open_house.moderator.slash(open_house.lobby, "poll close", vote=STEM, reason="Enough.")
    assert phrase("status.unpublished", count=1) in (await run(open_house, "status")).splitlines()


async def test_status_says_when_threads_cannot_be_read(new_house: Any) -> None:
    async with new_house(message_content=False) as house:
        await house.set_up()
        assert phrase("status.no_message_content") in await run(house, "status")
        assert phrase("card.thread_unread") in shown(house.card(STEM))


async def test_status_names_permissions_that_were_taken_from_the_bot(open_house: House) -> None:
    grant_the_bot(open_house, discord.Permissions(NEEDED.value & ~discord.Permissions(attach_files=True).value))

    assert phrase("setup.permissions", permissions="Attach Files") in await run(open_house, "status")


def test_the_invitation_asks_for_the_permissions_that_setup_needs() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"permissions=(\d+)", readme) == [str(NEEDED.value)]
