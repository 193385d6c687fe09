"""The log of what moderators did, and people whom they block, as everybody concerned sees it."""

import re
from pathlib import Path
from typing import Any

import pytest
from simcord import InteractionResult, MemberActor

import cogs
from cogs.moderation import PAGE
from cogs.ui.layout import LAYOUT_LENGTH
from cogs.ui.texts import Speech
from content.catalogue import LANGUAGES
from models import polls, trace
from models.records import Moderator, ModeratorRole, Wording
from tests.cogs.conftest import House, answered, buttons, said, shown
from tests.cogs.test_threads import marks
from tests.cogs.test_voting import STEM, ballots, phrase, title

OTHER = "unlock-health-data"
REASON = "Insults, twice; warned before."


async def log(house: House, **options: Any) -> InteractionResult:
    return await house.moderator.slash(house.lobby, "consultation log", **options)


async def block(house: House, who: MemberActor, reason: str = REASON, command: str = "block") -> InteractionResult:
    return await house.moderator.slash(house.lobby, f"consultation {command}", person=who, reason=reason)


def refusal(house: House, language: str = "en") -> str:
    role = house.guild.roles[phrase("setup.moderators")]
    return phrase("block.refused", language, moderators=f"<@&{role.id}>")


async def test_moderators_read_what_was_done_newest_first_in_their_own_language(open_house: House) -> None:
    await open_house.open_poll(STEM)
    await open_house.moderator.slash(open_house.lobby, "poll close", vote=STEM, reason="*Two* days suffice.")
    await open_house.moderator.slash(open_house.lobby, "export")
    for language, names in {
        "en": ["/export", "/poll close", "/poll open", "/consultation open", "/consultation setup"],
        "nl": ["/exporteren", "/stemming sluiten", "/stemming openen", "/consultatie openen", "/consultatie inrichten"],
    }.items():
        open_house.locales[open_house.moderator.id] = language
        told = said(await log(open_house))
        lines = [line for line in told.splitlines() if ": **/" in line]
        assert [line.split("**")[1] for line in lines] == names
        assert all(f"{phrase('role.administrator', language)} P-" in line for line in lines)
        assert all(line.startswith("<t:") for line in lines)
        assert title(open_house, STEM, language) in lines[1]
        assert "> \\*Two\\* days suffice." in told
        assert open_house.moderator.user.name not in told


async def test_the_log_is_read_page_by_page(open_house: House) -> None:
    for number in range(PAGE):
        await open_house.moderator.slash(open_house.lobby, "consultation expect", segment="industry", heads=number)

    first = await log(open_house)
    assert said(first).count("/consultation expect") == PAGE
    older = await open_house.moderator.click(answered(first), label=phrase("log.older"))
    assert said(older).count(": **/") == 2
    assert phrase("log.older") not in buttons(older.response)
    newest = await open_house.moderator.click(answered(older), label=phrase("log.newest"))
    assert said(newest) == said(first)


async def test_the_log_is_filtered_by_action_and_by_moderator(open_house: House) -> None:
    role = open_house.guild.roles[phrase("setup.moderators")]
    helper = open_house.guild.add_member(open_house.env.create_user("hugo-helper"), roles=[role])
    await helper.slash(open_house.lobby, "export")
    await open_house.moderator.slash(open_house.lobby, "export")

    by_action = said(await log(open_house, action="/export"))
    assert by_action.count(": **/") == 2
    name = next(line.split(": **")[0].split()[-1] for line in by_action.splitlines() if "Moderator P-" in line)
    by_moderator = await log(open_house, moderator=name.lower())
    assert said(by_moderator).count(": **/") == 1
    assert said(await log(open_house, moderator="P-NOBODY")) == phrase("log.nothing")
    assert said(await log(open_house, action="x:y:z")) == phrase("log.nothing")


async def test_filters_are_offered_to_moderators_alone(open_house: House) -> None:
    offered = await open_house.moderator.autocomplete(open_house.lobby, "consultation log", "action", "")
    assert {choice["name"]: choice["value"] for choice in offered} == {
        "/consultation open": "open",
        "/consultation setup": "setup",
    }
    names = await open_house.moderator.autocomplete(open_house.lobby, "consultation log", "moderator", "p-")
    assert len(names) == 1


async def test_a_page_of_the_longest_reasons_fits(open_house: House) -> None:
    for number in range(PAGE):
        who = open_house.member(f"somebody-{number}-example")
        said(await block(open_house, who, reason="*" * 300))
    first = await log(open_house)
    assert len(shown(first.response)) <= LAYOUT_LENGTH
    older = await open_house.moderator.click(answered(first), label=phrase("log.older"))
    assert "/consultation block" in said(older)


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_somebody_blocked_can_read_and_neither_vote_nor_write(open_house: House, language: str) -> None:
    await open_house.open_poll(STEM)
    ann = open_house.member("ann-example", language)
    await open_house.join(ann, "academia")
    form = await ann.click(open_house.card(STEM), label="Private feedback")
    objection = await ann.click(open_house.card(STEM), label="Object")
    deck = await ann.slash(open_house.lobby, "vote")
    told = said(await block(open_house, ann))
    assert ann.user.mention in told

    refused = refusal(open_house, language)
    support = phrase("position.support", language)
    assert said(await ann.click(open_house.card(STEM), label="Support")) == refused
    assert said(await ann.click(answered(deck), label=support)) == refused
    assert said(await ann.slash(open_house.lobby, "feedback")) == refused
    assert said(await ann.slash(open_house.lobby, "join")) == refused
    for opened, filled in (
        (form, {"words": "My words.", "quotation": "not"}),
        (objection, {"reason": "My words.", "quotation": "not"}),
    ):
        told = said(await ann.submit_modal(opened, filled))
        assert told.startswith(refused)
        assert "My words." in told
    assert await ballots(open_house) == []
    assert await open_house.feedback() == []

    assert refused not in said(await ann.slash(open_house.lobby, "recommendation", recommendation=STEM))
    assert refused not in said(await ann.slash(open_house.lobby, "vote"))
    assert refused not in said(await ann.slash(open_house.lobby, "ask", question="What is biotech?"))


async def test_nobody_else_notices_anything(open_house: House) -> None:
    await open_house.open_poll(STEM)
    ann, ben = open_house.member("ann-example"), open_house.member("ben-example")
    await open_house.join(ben, "industry")
    before = [message.id for channel in open_house.guild.channels.values() for message in channel.history()]
    answer = await block(open_house, ann)

    assert answer.ephemeral
    assert [message.id for channel in open_house.guild.channels.values() for message in channel.history()] == before
    assert phrase("vote.recorded", answer="Support", title=title(open_house, STEM)) in said(
        await ben.click(open_house.card(STEM), label="Support")
    )


async def test_ballots_and_words_from_before_stay(open_house: House) -> None:
    await open_house.open_poll(STEM)
    ann = open_house.member("ann-example")
    await open_house.vote(ann, STEM, "Support", segment="academia", groups=[])
    await ann.send(open_house.thread(STEM), "Said before")
    await block(open_house, ann)

    await open_house.moderator.slash(open_house.lobby, "poll close", vote=STEM, reason="Enough.")
    assert "1 ballot" in shown(open_house.card(STEM))
    assert [one.text for one in await open_house.feedback()] == ["Said before"]


async def test_what_somebody_blocked_writes_in_a_thread_is_never_stored(
    open_house: House,
) -> None:
    ann, thread = open_house.member("ann-example"), open_house.thread(STEM)
    kept = await ann.send(thread, "Before")
    deleted = await ann.send(thread, "To be deleted")
    await open_house.env.advance_time(60)
    await block(open_house, ann)
    message = await ann.send(thread, "While blocked")
    await ann.edit(kept, "Edited while blocked")
    await ann.delete(deleted)
    await open_house.restart()
    assert marks(open_house, message) == []
    assert [one.text for one in await open_house.feedback()] == ["Before"]

    await open_house.env.advance_time(60)
    said(await block(open_house, ann, "She apologised.", "unblock"))
    await ann.send(thread, "After")
    await open_house.restart()
    assert [one.text for one in await open_house.feedback()] == ["Before", "After"]


@pytest.mark.parametrize("language", ["en", "de"])
async def test_the_log_names_roles_and_the_moderators_own_questions(open_house: House, language: str) -> None:
    role = open_house.guild.create_role("Chemists")
    consultation = open_house.store.memory.consultations[open_house.guild.id]
    wording = {one: Wording(f"Which *day*? {one}", "Choose.") for one in LANGUAGES}
    moderator = Moderator(open_house.moderator.id, ModeratorRole.MODERATOR)
    async with open_house.store.write() as session:
        poll = await polls.open_poll(session, consultation, None, "training", wording, None)
        await trace.record(session, consultation.id, moderator, "poll_ask", poll.subject)
    await open_house.moderator.slash(open_house.lobby, "consultation segment role", role=role, segment="academia")
    open_house.locales[open_house.moderator.id] = language

    told = said(await log(open_house))

    academia = open_house.catalogue.segments["academia"].title.in_language(language)
    assert f"<@&{role.id}>: {academia}" in told
    assert rf"Which \*day\*? {language}" in told
    assert poll.subject not in told


async def test_blocking_and_unblocking_stand_in_the_log_under_one_pseudonym_with_their_reasons(
    open_house: House,
) -> None:
    ann = open_house.member("ann-example")
    name = next(word for word in said(await block(open_house, ann)).split() if word.startswith("P-")).rstrip(".")
    said(await block(open_house, ann, "She apologised.", "unblock"))

    told = said(await log(open_house))
    assert f"**/consultation block** {name}\n> {REASON}" in told.replace("\\", "")
    assert f"**/consultation unblock** {name}\n> She apologised." in told.replace("\\", "")
    assert str(ann.id) not in told
    assert ann.user.name not in told


async def test_moderators_and_bots_cannot_be_blocked_and_nobody_twice_or_without_a_reason(open_house: House) -> None:
    role = open_house.guild.roles[phrase("setup.moderators")]
    helper = open_house.guild.add_member(open_house.env.create_user("hugo-helper"), roles=[role])
    ann = open_house.member("ann-example")
    for protected in (helper, open_house.moderator):
        assert said(await block(open_house, protected)) == phrase("block.moderator")
    assert said(await block(open_house, ann, "\u200b \u202e")) == phrase("block.reason_missing")
    assert said(await block(open_house, ann, command="unblock")) == phrase("block.not_blocked")
    await block(open_house, ann)
    assert said(await block(open_house, ann)) == phrase("block.already")


async def test_somebody_who_has_left_is_blocked_as_well(open_house: House) -> None:
    gone = open_house.env.create_user("gone-example")
    told = await open_house.moderator.slash(open_house.lobby, "consultation block", person=gone, reason=REASON)
    assert said(told).startswith(f"<@{gone.id}>")


async def test_a_block_holds_after_a_restart(open_house: House) -> None:
    await open_house.open_poll(STEM)
    ann = open_house.member("ann-example")
    await open_house.join(ann, "academia")
    await block(open_house, ann)
    await open_house.restart()
    assert said(await ann.click(open_house.card(STEM), label="Support")) == refusal(open_house)


NOTED = re.compile(r'(?:trace\.record|self\._open)\([^)]*?moderator,\s*"(\w+)"')


def test_whatever_is_noted_has_a_name_in_every_language(house: House) -> None:
    sources = [file.read_text(encoding="utf-8") for file in (Path(cogs.__file__).parent).rglob("*.py")]
    noted = {action for source in sources for action in NOTED.findall(source)}
    assert {"setup", "poll_close", "export", "block", "question_remove"} <= noted
    moderation: Any = house.bot.get_cog("Moderation")
    for language in LANGUAGES:
        assert noted <= set(moderation._names(Speech(language)))
