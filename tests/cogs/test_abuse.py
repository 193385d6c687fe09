"""What keeps one person from flooding the consultation: limits, the same words twice, blank texts, links."""

import re
from typing import Any

import pytest
from simcord import InteractionResult, MemberActor

from cogs.ui.layout import harmless
from models.limits import Deed, Limits, Policy
from models.records import Quotation
from tests.cogs.conftest import House, said, shown
from tests.cogs.test_voting import STEM, ballots, phrase

OTHER = "unlock-health-data"
IN = re.compile(r"<t:\d+:R>")
INVISIBLE = "\u200b\u202e \u3164\u2800"


def allow(house: House, **policy: Any) -> None:
    """Let the bot run under another policy from now on."""
    house.bot.policy = Policy(**policy)
    house.bot.limits = Limits(house.store, house.bot.policy)


async def give(who: MemberActor, house: House, words: str, on: str = STEM, quotation: str = "not") -> InteractionResult:
    form = await who.click(house.card(on), label="Private feedback")
    return await who.submit_modal(form, {"words": words, "quotation": quotation}) if form.modal else form


@pytest.fixture
async def ann(open_house: House) -> MemberActor:
    """Return somebody who has joined."""
    who = open_house.member("ann-example")
    await open_house.join(who, "academia")
    return who


@pytest.mark.parametrize("language", ["en", "de"])
async def test_too_much_feedback_is_given_back_with_the_moment_to_go_on(
    open_house: House, ann: MemberActor, language: str
) -> None:
    open_house.locales[ann.id] = language
    allow(open_house, per_hour={Deed.FEEDBACK: 2, Deed.QUESTION: 1})
    form = await ann.click(open_house.card(STEM), label="Private feedback")
    for number in range(2):
        await give(ann, open_house, f"Thought {number}")

    told = said(await ann.submit_modal(form, {"words": "A third thought", "quotation": "not"}))
    moment = IN.search(told)
    assert moment
    assert told.startswith(phrase("limit.feedback", language, again=moment[0]))
    assert "A third thought" in told
    refused = await ann.click(open_house.card(STEM), label="Private feedback")
    assert said(refused) == phrase("limit.feedback", language, again=moment[0])
    assert len(await open_house.feedback()) == 2

    await open_house.env.advance_time(3_601)
    await give(ann, open_house, "A third thought")
    assert len(await open_house.feedback()) == 3


async def test_one_persons_limit_is_nobody_elses(open_house: House, ann: MemberActor) -> None:
    allow(open_house, per_hour={Deed.FEEDBACK: 1, Deed.QUESTION: 1})
    ben = open_house.member("ben-example")
    await open_house.join(ben, "industry")
    for who in (ann, ben):
        assert "F-" in said(await give(who, open_house, "The same words"))


async def test_feedback_that_could_not_be_stored_does_not_count(open_house: House, ann: MemberActor) -> None:
    allow(open_house, per_hour={Deed.FEEDBACK: 1, Deed.QUESTION: 1})
    form = await ann.click(open_house.card(STEM), label="Private feedback")
    with open_house.failing_store():
        said(await ann.submit_modal(form, {"words": "Words", "quotation": "not"}))
    assert "F-" in said(await give(ann, open_house, "Words"))


async def test_too_many_questions_by_command_or_form_are_given_back(open_house: House) -> None:
    allow(open_house, per_hour={Deed.FEEDBACK: 1, Deed.QUESTION: 1})
    zoe = open_house.member("zoe-exemple", "fr")
    form = await zoe.click(open_house.start_card(), label="Ask")
    assert not IN.search(said(await zoe.slash(open_house.lobby, "ask", question="Qui est concerné ?")))

    for result in (
        await zoe.slash(open_house.lobby, "ask", question="Et en 2025 ?"),
        await zoe.submit_modal(form, {"question": "Et en 2025 ?"}),
    ):
        told = said(result)
        moment = IN.search(told)
        assert moment
        assert told.startswith(phrase("limit.question", "fr", again=moment[0]))
        assert "Et en 2025 ?" in told
    assert IN.search(said(await zoe.click(open_house.start_card(), label="Ask")))


async def test_too_many_questions_in_chat_are_answered_once_that_it_is_enough(open_house: House) -> None:
    allow(open_house, per_hour={Deed.FEEDBACK: 1, Deed.QUESTION: 1})
    zoe, channel = open_house.member("zoe-example"), open_house.channel("questions")
    for _ in range(4):
        await zoe.send(channel, "What is biotech?")

    replies = [shown(message) for message in channel.history() if message.author.id == open_house.me.id]
    assert len(replies) == 2
    assert sum(bool(IN.search(one)) for one in replies) == 1


async def test_the_same_words_twice_are_stored_once_and_quoted_as_chosen_last(
    open_house: House, ann: MemberActor
) -> None:
    await give(ann, open_house, "More rye, please.")
    (stored,) = await open_house.feedback()

    told = said(await give(ann, open_house, "  more RYE,\u200b please. ", quotation="with_segment"))

    assert told == phrase(
        "feedback.already_there", reference=stored.reference, quotation=phrase("quotation.with_segment")
    )
    (kept,) = await open_house.feedback()
    assert (kept.text, kept.quotation) == ("More rye, please.", Quotation.WITH_SEGMENT)


async def test_the_same_words_on_something_else_or_by_somebody_else_are_stored(
    open_house: House, ann: MemberActor
) -> None:
    ben = open_house.member("ben-example")
    await open_house.join(ben, "industry")
    await give(ann, open_house, "I agree.")
    await give(ann, open_house, "I agree.", OTHER)
    await give(ben, open_house, "I agree.")
    assert len({one.reference for one in await open_house.feedback()}) == 3


async def test_a_text_that_nobody_sees_is_blank_wherever_one_is_required(open_house: House, ann: MemberActor) -> None:
    await open_house.open_poll(STEM)
    assert phrase("feedback.empty") in said(await give(ann, open_house, INVISIBLE))
    objection = await open_house.vote(ann, STEM, "Object", reason=INVISIBLE, quotation="not")
    assert phrase("vote.reason_missing") in said(objection)
    for command in ("poll close", "poll cancel"):
        told = await open_house.moderator.slash(open_house.lobby, command, vote=STEM, reason=INVISIBLE)
        assert said(told) == phrase("poll.reason_missing")
    closing = await open_house.moderator.slash(open_house.lobby, "consultation close", reason=INVISIBLE)
    assert said(closing) == phrase("poll.reason_missing")
    await ann.send(open_house.thread(STEM), "\u200b\u2800")
    assert await open_house.feedback() == []
    assert await ballots(open_house) == []


async def test_a_wall_of_text_in_a_thread_is_stored_as_it_stands(open_house: House, ann: MemberActor) -> None:
    wall = "@everyone\n" * 199
    await ann.send(open_house.thread(STEM), wall)
    assert [one.text for one in await open_house.feedback()] == [wall]


@pytest.mark.parametrize("language", ["en", "nl"])
async def test_links_are_refused_where_the_operator_says_so(open_house: House, ann: MemberActor, language: str) -> None:
    open_house.locales[ann.id] = language
    await open_house.open_poll(STEM)
    written = "Look: discord.gg/abc"
    await give(ann, open_house, written)
    allow(open_house, links=False)

    told = said(await give(ann, open_house, written, OTHER))
    assert told.startswith(phrase("text.no_links", language))
    assert written in told
    told = said(await open_house.vote(ann, STEM, "Object", reason=written, quotation="not"))
    assert told.startswith(phrase("text.no_links", language))
    assert len(await open_house.feedback()) == 1
    assert await ballots(open_house) == []


HOSTILE = [
    '=HYPERLINK("https://example.org")',
    "[a](https://b.org) **bold** [c](https://d.org) @everyone <@812345678901234567> discord.gg/abc",
    "# Heading\n> quote\n- list\n-# small ||hidden|| `code` :smile:",
    "\u202eright to left\u202c \u200b\x00 👩‍🔬 漢字 ﷽",
    "*" * 4_000,
]


@pytest.mark.parametrize("written", HOSTILE)
async def test_any_private_text_is_stored_exactly(open_house: House, ann: MemberActor, written: str) -> None:
    said(await give(ann, open_house, written))
    assert [one.text for one in await open_house.feedback()] == [written]


@pytest.mark.parametrize("written", HOSTILE)
async def test_any_reason_stands_on_the_card_without_formatting_links_or_mentions(
    open_house: House, written: str
) -> None:
    await open_house.open_poll(STEM)
    reason = written[:300]
    await open_house.moderator.slash(open_house.lobby, "poll close", vote=STEM, reason=reason)
    stands = phrase("card.end_reason", reason=harmless(reason))
    assert stands in shown(open_house.card(STEM))
    assert any(stands in shown(message) for message in open_house.thread(STEM).history())
