"""What members write in the threads under the cards."""

import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Any
from unittest.mock import patch

import discord
import pytest
from simcord.enums import MessageType
from simcord.http._helpers import message_response
from simcord.http.routes import messages

from cogs.thread_reader import MESSAGES_AT_ONCE, NOT_STORED, STORED, ThreadReader
from cogs.ui.texts import PHRASES
from content.catalogue import LANGUAGES
from models import consultations, feedback
from models.patience import FIRST_PAUSE
from models.records import Attachment, FeedbackKind, Place, PlaceKind, Quotation
from tests.cogs.conftest import DISK_FULL, House, said, shown

ON = "stem-orientation"
PRIVATE = "Private feedback"


def marks(house: House, message: discord.Message) -> list[str]:
    """Return the bot's reactions to a message in the thread, as it stands now."""
    now = next(one for one in house.thread(ON).history() if one.id == message.id)
    return [str(reaction.emoji) for reaction in now.reactions]


def reactions_added(house: House) -> int:
    return sum(request.method == "PUT" and "reactions" in request.path for request in house.env.http_requests)


def texts(stored: list[Any]) -> list[str]:
    return [one.text for one in stored]


async def test_what_is_written_in_a_thread_is_stored_under_the_declared_segment_and_then_marked(
    open_house: House,
) -> None:
    ann = open_house.member("ann-example")
    await open_house.join(ann, "academia", ("training",))
    message = await ann.send(open_house.thread(ON), "Start in primary school, please")

    [stored] = await open_house.feedback()
    assert stored.kind is FeedbackKind.THREAD
    assert stored.text == "Start in primary school, please"
    assert stored.segment == "academia"
    assert (stored.recommendation, stored.group) == (ON, open_house.catalogue.recommendations[ON].group)
    assert stored.quotation is Quotation.WITHOUT_SEGMENT
    assert marks(open_house, message) == [STORED]


async def test_somebody_who_has_not_joined_is_heard_as_undeclared(open_house: House) -> None:
    message = await open_house.member("ann-example").send(open_house.thread(ON), "Sounds good")
    [stored] = await open_house.feedback()
    assert stored.segment is None
    assert marks(open_house, message) == [STORED]


async def test_joining_later_changes_nothing_that_was_said_before(open_house: House) -> None:
    ann = open_house.member("ann-example")
    await ann.send(open_house.thread(ON), "Before")
    await open_house.join(ann, "academia")
    await ann.send(open_house.thread(ON), "After")
    assert [one.segment for one in await open_house.feedback()] == [None, "academia"]


async def test_an_edit_is_followed_and_an_unchanged_text_is_not_called_edited(open_house: House) -> None:
    ann = open_house.member("ann-example")
    message = await ann.send(open_house.thread(ON), "Yes, but")
    other = await ann.send(open_house.thread(ON), "As it is")
    await ann.edit(message, "Yes, and soon")
    await ann.edit(other, "As it is")

    first, second = await open_house.feedback()
    assert first.text == "Yes, and soon"
    assert first.edited_at is not None
    assert second.edited_at is None


async def test_attachments_are_named_and_stay_so_when_the_words_are_edited(open_house: House) -> None:
    ann = open_house.member("ann-example")
    message = await ann.send(open_house.thread(ON), "See this", attachments=[("plan.pdf", b"%PDF-")])
    await ann.send(open_house.thread(ON), attachments=[("photo.png", b"\x89PNG")])
    assert texts(await open_house.feedback()) == ["See this", ""]

    await ann.edit(message, "See that")
    first, second = await open_house.feedback()
    assert (first.text, first.attachments) == ("See that", (Attachment("plan.pdf", "application/pdf", 5),))
    assert second.attachments == (Attachment("photo.png", "image/png", 4),)


async def test_deletions_are_honoured_one_by_one_and_in_bulk(open_house: House) -> None:
    ann, thread = open_house.member("ann-example"), open_house.thread(ON)
    first, second, third, kept = [await ann.send(thread, text) for text in ("one", "two", "three", "four")]

    await ann.delete(first)
    assert texts(await open_house.feedback()) == ["two", "three", "four"]
    open_house.env.backend.bulk_delete_messages(thread.id, [second.id, third.id])
    await open_house.env.settle()

    assert texts(await open_house.feedback()) == ["four"]
    assert marks(open_house, kept) == [STORED]


async def test_what_is_posted_while_the_bot_is_down_is_stored_at_start_once_in_order_and_without_reactions(
    open_house: House,
) -> None:
    ann, bob, thread = open_house.member("ann-example"), open_house.member("bob-example"), open_house.thread(ON)
    await open_house.join(ann, "academia")
    await ann.send(thread, "before")
    async with open_house.away():
        for who, words in ((ann, "first"), (bob, "second"), (ann, "third")):
            await who.send(thread, words)
        before = reactions_added(open_house)

    assert texts(await open_house.feedback()) == ["before", "first", "second", "third"]
    assert [one.segment for one in await open_house.feedback()] == ["academia", "academia", None, "academia"]
    assert reactions_added(open_house) == before
    await open_house.restart()
    await ann.send(thread, "after")
    assert texts(await open_house.feedback()) == ["before", "first", "second", "third", "after"]


async def test_an_edit_while_the_bot_is_down_is_followed_at_start(open_house: House) -> None:
    ann = open_house.member("ann-example")
    message = await ann.send(open_house.thread(ON), "Yes")
    async with open_house.away():
        await ann.edit(message, "No")
    assert texts(await open_house.feedback()) == ["No"]


async def test_a_deletion_while_the_bot_is_down_is_honoured_at_start(open_house: House) -> None:
    ann = open_house.member("ann-example")
    message = await ann.send(open_house.thread(ON), "Never mind")
    await ann.send(open_house.thread(ON), "Mind this")
    async with open_house.away():
        await ann.delete(message)
    assert texts(await open_house.feedback()) == ["Mind this"]


async def test_what_is_written_while_a_thread_is_read_stays(open_house: House) -> None:
    ann, thread = open_house.member("ann-example"), open_house.thread(ON)
    await ann.send(thread, "first")
    read = discord.PartialMessageable.history

    def read_while_somebody_writes(self: discord.PartialMessageable, **options: Any) -> AsyncIterator[discord.Message]:
        async def messages() -> AsyncIterator[discord.Message]:
            async for message in read(self, **options):
                yield message
            if self.id == thread.id:
                open_house.env.backend.create_message(thread.id, ann.id, "second")
                while len(await open_house.feedback()) < 2:
                    pass  # until the bot has stored it

        return messages()

    with patch.object(discord.PartialMessageable, "history", read_while_somebody_writes):
        await open_house.restart()
    await open_house.restart()
    assert texts(await open_house.feedback()) == ["first", "second"]


async def test_a_thread_that_looks_empty_because_it_may_not_be_read_is_not_forgotten(open_house: House) -> None:
    await open_house.member("ann-example").send(open_house.thread(ON), "still meant")

    async def nothing(*_: object, **__: object) -> AsyncIterator[discord.Message]:
        return
        yield

    with patch.object(discord.PartialMessageable, "history", nothing):
        await open_house.restart()
    assert texts(await open_house.feedback()) == ["still meant"]


async def test_words_that_were_not_stored_are_heard_though_the_consultation_closed_and_opened_again(
    open_house: House,
) -> None:
    with open_house.failing_store():
        await open_house.member("ann-example").send(open_house.thread(ON), "my words")
    await open_house.env.advance_time(60)
    await open_house.moderator.slash(open_house.lobby, "consultation close", reason="A pause")
    await open_house.env.advance_time(60)
    await open_house.moderator.slash(open_house.lobby, "consultation open")
    await open_house.restart()
    assert texts(await open_house.feedback()) == ["my words"]


async def test_what_an_administrator_wrote_before_it_opened_is_not_taken_for_feedback_later(house: House) -> None:
    await house.moderator.slash(house.lobby, "consultation setup")
    may_everything = house.guild.create_role("Admin", permissions=discord.Permissions(administrator=True))
    admin = house.guild.add_member(house.env.create_user("adam-admin"), roles=[may_everything])
    await admin.send(house.thread(ON), "Do we open at nine?")
    await house.env.advance_time(60)
    await house.moderator.slash(house.lobby, "consultation open")
    await house.restart()
    assert await house.feedback() == []


async def test_a_deletion_stays_one_after_a_restart(open_house: House) -> None:
    ann = open_house.member("ann-example")
    await ann.delete(await ann.send(open_house.thread(ON), "Never mind"))
    await open_house.restart()
    assert await open_house.feedback() == []


async def test_bots_and_system_messages_are_ignored(open_house: House) -> None:
    thread = open_house.thread(ON)
    robot = open_house.guild.add_member(open_house.env.create_user("another-robot", bot=True))
    ann = open_house.member("ann-example")
    await robot.send(thread, "I am not a stakeholder")
    webhook = open_house.guild.create_webhook(open_house.channel(open_house.catalogue.recommendations[ON].group))
    open_house.env.backend.create_message(
        thread.id, webhook._webhook.webhook_user_id, "Neither am I", webhook_id=webhook.id
    )
    open_house.guild.create_system_message(thread, MessageType.CHANNEL_NAME_CHANGE, author=ann)
    await open_house.env.settle()
    await open_house.restart()
    assert await open_house.feedback() == []


async def test_threads_and_channels_that_are_not_the_bots_are_ignored(open_house: House) -> None:
    ann = open_house.member("ann-example")
    for channel in (open_house.lobby, open_house.channel("questions")):
        message = await ann.send(channel, "Start in primary school")
        await ann.edit(message, "Start earlier")
        await ann.delete(message)
    elsewhere = open_house.env.backend.create_thread(open_house.lobby.id, "talk", owner_id=ann.id)
    open_house.env.backend.create_message(elsewhere.id, ann.id, "Start in primary school")
    await open_house.env.settle()
    assert await open_house.feedback() == []
    assert reactions_added(open_house) == 0


async def test_before_it_opens_and_after_it_closes_nothing_is_stored_and_nothing_marked(house: House) -> None:
    await house.moderator.slash(house.lobby, "consultation setup")
    early = await write_as_owner(house, "too early")
    assert await house.feedback() == []
    assert marks(house, early) == []

    await house.moderator.slash(house.lobby, "consultation open")
    await house.moderator.slash(house.lobby, "consultation close", reason="The time is up")
    late = await write_as_owner(house, "too late")
    await house.restart()
    assert await house.feedback() == []
    assert marks(house, late) == []
    assert house.env.errors == []


async def write_as_owner(house: House, words: str) -> discord.Message:
    """Write in a closed thread as only somebody with every permission can."""
    thread = house.thread(ON)
    house.env.backend.create_message(thread.id, house.moderator.id, words)
    await house.env.settle()
    message = thread.last_message
    assert message is not None
    return message


async def test_what_a_failing_store_did_not_take_is_tried_again_while_the_bot_runs(
    open_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, thread = open_house.member("ann-example"), open_house.thread(ON)
    deleted, edited = [await ann.send(thread, words) for words in ("never mind", "yes")]
    with open_house.failing_store():
        lost = await ann.send(thread, "lost at first")
        await ann.edit(edited, "no")
        await ann.delete(deleted)
        await open_house.env.advance_time(FIRST_PAUSE)  # in vain
    assert texts(await open_house.feedback()) == ["never mind", "yes"]
    monkeypatch.setattr(messages, "message_response", partial(message_response, for_user=open_house.me.id))

    await open_house.env.advance_time(2 * FIRST_PAUSE)

    assert texts(await open_house.feedback()) == ["no", "lost at first"]
    assert marks(open_house, lost) == [STORED]


async def test_a_thread_that_could_not_be_read_at_a_start_is_read_again_later(open_house: House) -> None:
    async with open_house.away():
        await open_house.member("ann-example").send(open_house.thread(ON), "still heard")
        open_house.env.inject_error("GET", f"/channels/{open_house.thread(ON).id}/messages", status=403, code=50_013)
    assert await open_house.feedback() == []
    await open_house.env.advance_time(FIRST_PAUSE)
    assert texts(await open_house.feedback()) == ["still heard"]


async def test_words_overwritten_with_what_nobody_sees_say_nothing_any_more(open_house: House) -> None:
    ann = open_house.member("ann-example")
    message = await ann.send(open_house.thread(ON), "my private number")
    await ann.edit(message, "\u2800")
    [stored] = await open_house.feedback()
    assert (stored.text, stored.earlier) == ("", 1)


async def test_what_a_failing_store_did_not_take_is_marked_and_stored_at_the_next_start(
    open_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, thread = open_house.member("ann-example"), open_house.thread(ON)
    with open_house.failing_store():
        lost = await ann.send(thread, "lost at first")
    assert marks(open_house, lost) == [NOT_STORED]
    await open_house.env.advance_time(FIRST_PAUSE / 2)
    fine = await ann.send(thread, "stored at once")
    assert marks(open_house, fine) == [STORED]

    # SimCord's history does not say which reactions are the bot's own; Discord's does.
    of_the_bot = partial(message_response, for_user=open_house.me.id)
    monkeypatch.setattr(messages, "message_response", of_the_bot)
    await open_house.restart()

    assert texts(await open_house.feedback()) == ["lost at first", "stored at once"]
    assert marks(open_house, lost) == [STORED]


async def test_a_start_at_which_the_store_fails_tries_every_thread_and_loses_nothing(
    open_house: House, caplog: pytest.LogCaptureFixture
) -> None:
    ann = open_house.member("ann-example")
    with patch.object(open_house.store, "write", side_effect=DISK_FULL):
        async with open_house.away():
            await ann.send(open_house.thread(ON), "a very own word")
    assert open_house.env.errors == []
    assert ON in caplog.text
    assert "a very own word" not in caplog.text
    await open_house.restart()
    assert texts(await open_house.feedback()) == ["a very own word"]


async def test_a_thread_that_cannot_be_read_does_not_keep_the_others_from_it(open_house: House) -> None:
    ann = open_house.member("ann-example")
    group = open_house.catalogue.recommendations[ON].group
    async with open_house.away():
        await ann.send(open_house.thread(ON), "still heard")
        first = next(iter(open_house.catalogue.recommendations))
        open_house.env.inject_error(
            "GET", f"/channels/{open_house.thread(first).id}/messages", status=404, code=10003, message="Unknown"
        )
    assert group in open_house.catalogue.groups
    assert texts(await open_house.feedback()) == ["still heard"]


async def test_a_reaction_that_discord_refuses_costs_nothing(open_house: House) -> None:
    open_house.env.inject_error("PUT", "/channels/*/messages/*/reactions/*", status=403, code=90001)
    await open_house.member("ann-example").send(open_house.thread(ON), "from somebody who blocked the bot")
    assert len(await open_house.feedback()) == 1
    assert open_house.env.errors == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_without_message_content_the_cards_say_so_and_the_button_works(new_house: Any, language: str) -> None:
    async with new_house(message_content=False) as house:
        await house.set_up()
        zoe = house.member("zoe-example", language)
        assert PHRASES.text("card.thread_unread", "en") in shown(house.card(ON))
        told = said(await zoe.click(house.card(ON), label="EN · FR · NL · DE"))
        assert PHRASES.text("card.thread_unread", language) in told
        message = await zoe.send(house.thread(ON), "unread")
        await zoe.edit(message, "unread still")
        assert await house.feedback() == []
        assert marks(house, message) == []
        await house.restart()
        assert await house.feedback() == []

        form = await zoe.click(house.card(ON), label=PRIVATE)
        await zoe.submit_modal(form, {"segment": "academia", "words": "read", "quotation": "not"})
        assert texts(await house.feedback()) == ["read"]


async def test_feedback_is_dated_when_it_was_written(open_house: House) -> None:
    ann = open_house.member("ann-example")
    async with open_house.away():
        message = await ann.send(open_house.thread(ON), "dated")
        await open_house.env.advance_time(3_600)
    [stored] = await open_house.feedback()
    assert abs(stored.given_at - message.created_at) < timedelta(seconds=1)


async def more_threads(house: House, number: int) -> list[int]:
    """Make threads beside those that setup made, each a recommendation's as far as the store knows."""
    consultation = house.store.memory.consultations[house.guild.id]
    group = house.channel(house.catalogue.recommendations[ON].group)
    made = [house.env.backend.create_thread(group.id, f"thread {n}", owner_id=house.me.id).id for n in range(number)]
    async with house.store.write() as session:
        for thread in made:
            await consultations.remember_place(session, Place(consultation.id, PlaceKind.THREAD, str(thread), thread))
    return made


async def test_ten_thousand_missed_messages_in_a_hundred_threads_are_stored_once_in_order_and_a_few_at_a_time(
    open_house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "cogs.thread_reader")
    ann, backend = open_house.member("ann-example"), open_house.env.backend
    threads = await more_threads(open_house, 100)
    taken: list[int] = []
    record = feedback.record_messages

    async def counting(session: Any, consultation: Any, messages: Any) -> Any:
        taken.append(len(messages))
        return await record(session, consultation, messages)

    before = reactions_added(open_house)
    with patch.object(ThreadReader, "catch_up"):  # SimCord does not wait so long for a start
        async with open_house.away():
            written = [
                backend.create_message(thread, ann.id, f"missed {number} in {thread}").id
                for thread in threads
                for number in range(100)
            ]
    cog: Any = open_house.bot.get_cog("Threads")
    with patch.object(feedback, "record_messages", counting):
        await cog.reader.catch_up()
    stored = await open_house.feedback()
    assert [one.message_id for one in sorted(stored, key=lambda one: one.message_id or 0)] == sorted(written)
    by_thread = {thread: [one.text for one in stored if one.recommendation == str(thread)] for thread in threads}
    assert all(by_thread[thread] == [f"missed {number} in {thread}" for number in range(100)] for thread in threads)
    assert sum(taken) == 10_000
    assert max(taken) <= MESSAGES_AT_ONCE
    assert reactions_added(open_house) == before
    assert "10000 messages stored, 0 messages changed, 0 messages deleted" in caplog.text
    assert "missed 1 in" not in caplog.text
    assert str(ann.id) not in caplog.text

    await cog.reader.catch_up()
    assert len(await open_house.feedback()) == 10_000


async def test_what_was_edited_and_deleted_between_other_messages_meanwhile_is_followed_without_asking_for_each(
    open_house: House,
) -> None:
    ann, thread = open_house.member("ann-example"), open_house.thread(ON)
    written = [await ann.send(thread, f"thought {number}") for number in range(6)]
    async with open_house.away():
        await ann.edit(written[1], "thought again")
        for gone in (written[0], written[3]):
            await ann.delete(gone)
        await ann.send(thread, "thought 6")
        asked = len(open_house.env.http_requests)
    assert texts(await open_house.feedback()) == ["thought again", "thought 2", "thought 4", "thought 5", "thought 6"]
    paths = [request.path for request in open_house.env.http_requests[asked:]]
    assert not [path for path in paths if path.endswith(f"/messages/{written[3].id}")]


async def test_the_last_message_deleted_meanwhile_is_forgotten_once_discord_says_so(open_house: House) -> None:
    ann, thread = open_house.member("ann-example"), open_house.thread(ON)
    await ann.send(thread, "kept")
    last = await ann.send(thread, "Never mind")
    async with open_house.away():
        await ann.delete(last)
    assert texts(await open_house.feedback()) == ["kept"]


async def test_after_it_closed_an_edit_changes_nothing_and_a_deletion_is_honoured_at_once_and_at_a_start(
    open_house: House,
) -> None:
    ann, thread = open_house.member("ann-example"), open_house.thread(ON)
    first, second, third = [await ann.send(thread, words) for words in ("one", "two", "three")]
    await open_house.env.advance_time(60)
    await open_house.moderator.slash(open_house.lobby, "consultation close", reason="The time is up")
    await open_house.env.advance_time(60)
    await ann.edit(first, "otherwise")
    await ann.delete(second)
    assert texts(await open_house.feedback()) == ["one", "three"]
    async with open_house.away():
        await ann.delete(third)
    assert texts(await open_house.feedback()) == ["one"]


async def test_a_store_that_fails_for_a_moment_costs_no_message(open_house: House) -> None:
    ann, thread = open_house.member("ann-example"), open_house.thread(ON)
    with open_house.stumbling_store(2):
        message = await ann.send(thread, "first")
    assert marks(open_house, message) == [STORED]
    with open_house.stumbling_store(2, after_commit=True):
        again = await ann.send(thread, "second")
    assert marks(open_house, again) == [STORED]
    with open_house.stumbling_store(2):
        await ann.edit(message, "first, edited")
    with open_house.stumbling_store(3):
        await ann.delete(again)
    assert texts(await open_house.feedback()) == ["first, edited"]


async def test_a_message_deleted_while_it_waits_for_the_store_is_not_stored(open_house: House) -> None:
    ann, thread = open_house.member("ann-example"), open_house.thread(ON)
    cog: Any = open_house.bot.get_cog("Threads")
    consultation = open_house.store.memory.consultations[open_house.guild.id]
    with open_house.failing_store():
        message = await ann.send(thread, "Never mind")
    fetched = await open_house.bot.get_partial_messageable(thread.id).fetch_message(message.id)
    await ann.delete(message)
    await cog.reader.store(consultation, ON, [fetched])
    assert await open_house.feedback() == []


async def test_an_edit_of_a_message_that_could_not_be_stored_stores_it(open_house: House) -> None:
    ann, thread = open_house.member("ann-example"), open_house.thread(ON)
    with open_house.failing_store():
        message = await ann.send(thread, "lost at first")
    await ann.edit(message, "and found")
    [stored] = await open_house.feedback()
    assert (stored.text, stored.earlier) == ("and found", 0)


async def test_what_discord_adds_to_a_message_is_no_edit_and_neither_is_that_of_a_question(open_house: House) -> None:
    ann, thread = open_house.member("ann-example"), open_house.thread(ON)
    question = await ann.send(thread, f"<@{open_house.me.id}> what is STEM?")
    await ann.edit(question, f"<@{open_house.me.id}> what is biotech?")
    assert await open_house.feedback() == []
