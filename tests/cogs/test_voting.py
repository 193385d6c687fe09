"""Voting as members and moderators do it."""

import asyncio
import re
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import discord
import pytest
from simcord import InteractionResult, MemberActor
from sqlalchemy import select

from cogs.ui.texts import PHRASES
from models import polls
from models.participants import Joining
from models.records import Participant, Position, Quotation
from models.tables import BallotChange, BallotRow, PollRow
from tests.cogs.conftest import DISK_FULL, House, answered, buttons, handed_out, said, shown, still_open

STEM = "stem-orientation"
DAY = 86_400


def phrase(key: str, language: str = "en", /, **values: Any) -> str:
    return PHRASES.text(key, language, **values)


def title(house: House, recommendation: str, language: str = "en") -> str:
    return house.catalogue.recommendations[recommendation].title.in_language(language)


def archive(house: House, recommendation: str) -> None:
    """Let a thread be archived, as Discord does after a week of silence."""
    thread = house.env.backend.get_channel(house.thread(recommendation).id)
    assert thread.thread_metadata is not None
    thread.thread_metadata.archived = True


async def ballots(house: House) -> list[BallotRow]:
    async with house.store.read() as session:
        return list(await session.scalars(select(BallotRow).order_by(BallotRow.id)))


@pytest.fixture
async def polled(open_house: House) -> House:
    """Return a house in which a vote on one recommendation is open for two days."""
    await open_house.open_poll(STEM, closes="2 days")
    return open_house


@pytest.fixture
async def ann(polled: House) -> MemberActor:
    """Return somebody who has joined."""
    who = polled.member("ann-example")
    await polled.join(who, "academia")
    return who


# First votes, changes, objections


async def test_a_first_vote_asks_for_whom_one_speaks_and_then_goes_on_by_itself(open_house: House) -> None:
    await open_house.open_poll(STEM)
    ann = open_house.member("ann-example")

    form = await ann.click(open_house.card(STEM), label="Support")
    told = await ann.submit_modal(form, {"segment": "academia", "groups": ["training"]})

    assert said(told).startswith(phrase("vote.recorded", answer="Support", title=title(open_house, STEM)))
    await open_house.env.advance_time(10)
    assert "1 person has voted so far" in shown(open_house.card(STEM))


async def test_whoever_has_joined_votes_with_one_click(polled: House, ann: MemberActor) -> None:
    told = await ann.click(polled.card(STEM), label="Can live with it")

    assert told.modal is None
    assert "**Can live with it**" in said(told)
    (stored,) = await ballots(polled)
    assert (stored.segment, stored.answer) == ("academia", "accept")


async def test_the_answer_says_until_when_the_ballot_can_be_changed(polled: House, ann: MemberActor) -> None:
    told = said(await ann.click(polled.card(STEM), label="Pass"))

    (poll,) = polled.store.memory.polls.values()
    assert poll.closes_at is not None
    assert phrase("vote.change_until", closes=discord.utils.format_dt(poll.closes_at, "f")) in told


async def test_another_button_changes_the_ballot_and_the_last_one_counts(polled: House, ann: MemberActor) -> None:
    await ann.click(polled.card(STEM), label="Support")
    told = await ann.click(polled.card(STEM), label="Pass")

    assert phrase("vote.changed", answer="Pass", title=title(polled, STEM)) in said(told)
    assert [ballot.answer for ballot in await ballots(polled)] == ["pass"]


async def test_a_double_click_is_one_ballot(polled: House, ann: MemberActor) -> None:
    card = polled.card(STEM)

    first, second = await polled.at_once(ann.click(card, label="Support"), ann.click(card, label="Support"))

    assert "**Support**" in said(first)
    assert "**Support**" in said(second)
    assert len(await ballots(polled)) == 1


async def test_an_objection_asks_for_its_reason_and_how_it_may_be_quoted(polled: House, ann: MemberActor) -> None:
    told = await polled.vote(ann, STEM, "Object", reason="Too few teachers.", quotation="with_segment")

    assert "**Object**" in said(told)
    (stored,) = await ballots(polled)
    assert (stored.answer, stored.reason, stored.quotation) == (
        Position.OBJECT,
        "Too few teachers.",
        Quotation.WITH_SEGMENT,
    )


async def test_a_reason_is_not_quoted_unless_its_author_allows_it(polled: House, ann: MemberActor) -> None:
    await polled.vote(ann, STEM, "Object", reason="Too few teachers.", quotation="not")

    assert [ballot.quotation for ballot in await ballots(polled)] == [Quotation.NOT]


async def test_whoever_changes_from_an_objection_leaves_no_reason_behind(polled: House, ann: MemberActor) -> None:
    await polled.vote(ann, STEM, "Object", reason="Too few teachers.", quotation="with_segment")
    await polled.vote(ann, STEM, "Support")

    (stored,) = await ballots(polled)
    assert (stored.answer, stored.reason, stored.quotation) == ("support", None, "not")


async def test_a_first_objection_asks_for_segment_reason_and_quotation_in_one_form(polled: House) -> None:
    ben = polled.member("ben-example")

    told = await polled.vote(
        ben, STEM, "Object", segment="industry", groups=["training"], reason="Unclear.", quotation="not"
    )

    assert "**Object**" in said(told)
    (stored,) = await ballots(polled)
    assert (stored.segment, stored.reason) == ("industry", "Unclear.")


@pytest.mark.parametrize("reason", [" ", "\n\t ", "\u00a0"])
async def test_a_blank_reason_is_refused_and_nothing_is_stored(polled: House, reason: str) -> None:
    ben = polled.member("ben-example")

    told = await polled.vote(ben, STEM, "Object", segment="industry", groups=[], reason=reason, quotation="not")

    assert said(told) == phrase("vote.reason_missing")
    assert await ballots(polled) == []
    assert polled.store.participant(polled.bot.consultation_in(polled.guild.id), ben.id) is None


async def test_a_ballot_keeps_the_segment_it_was_cast_under(polled: House, ann: MemberActor) -> None:
    await polled.vote(ann, STEM, "Support")
    await polled.join(ann, "industry")

    assert [ballot.segment for ballot in await ballots(polled)] == ["academia"]


# Refusals


async def test_a_ballot_after_the_deadline_is_refused_also_where_the_card_is_old(
    polled: House, ann: MemberActor
) -> None:
    polled.env.inject_error("PATCH", f"/channels/*/messages/{polled.card(STEM).id}", times=None)
    await polled.env.advance_time(2 * DAY)

    assert said(await ann.click(polled.card(STEM), label="Support")) == phrase("vote.poll_ended")
    assert await ballots(polled) == []


async def test_a_ballot_on_a_private_card_that_outlived_its_vote_is_refused(polled: House, ann: MemberActor) -> None:
    mine = answered(await ann.click(polled.card(STEM), label="EN · FR · NL · DE"))
    await polled.env.advance_time(2 * DAY)

    assert said(await ann.click(mine, label="Support")) == phrase("vote.poll_ended")
    assert await ballots(polled) == []


async def test_a_form_that_is_submitted_after_the_end_gives_the_reason_back(polled: House, ann: MemberActor) -> None:
    form = await ann.click(polled.card(STEM), label="Object")
    await polled.env.advance_time(2 * DAY)
    told = said(await ann.submit_modal(form, {"reason": "I typed this for an hour.", "quotation": "not"}))

    assert phrase("vote.poll_ended") in told
    assert "I typed this for an hour." in told
    assert await ballots(polled) == []


async def test_a_vote_of_another_server_takes_no_ballot_here(polled: House, ann: MemberActor) -> None:
    await polled.vote(ann, STEM, "Support")
    other = polled.env.create_guild("Another test server")
    staff = other.create_role("Staff", permissions=discord.Permissions(manage_guild=True, manage_threads=True))
    cleo = other.add_member(polled.env.create_user("cleo-example"), roles=[staff])
    room = other.create_text_channel("lobby")
    await cleo.slash(room, "consultation setup")
    await cleo.slash(room, "consultation open")
    await cleo.click(answered(await cleo.slash(room, "poll open", recommendation=STEM)), label="Open the vote")
    foreign, own = sorted(polled.store.memory.polls)
    card = next(m for m in other.channels["training"].history() if f"vote:support:{own}" in buttons(m).values())
    button = next(c for c in card_components(polled, card) if c.get("custom_id") == f"vote:support:{own}")
    button["custom_id"] = f"vote:support:{foreign}"

    told = await cleo.click(card, label="Support")

    assert said(told) == phrase("vote.poll_ended")
    assert len(await ballots(polled)) == 1


def card_components(house: House, card: discord.Message) -> list[dict[str, object]]:
    """Return the components of a message as the simulated Discord keeps them, to be tampered with."""
    stored = house.env.backend.get_message(card.channel.id, card.id)
    return [
        child
        for container in stored.components
        for row in container["components"]
        for child in row.get("components", [])
    ]


async def test_voting_in_a_direct_message_is_not_offered(ann: MemberActor) -> None:
    assert "vote" not in ann.user.available_commands()
    assert "poll open" not in ann.user.available_commands()


@pytest.mark.parametrize("command", ["poll open", "poll close"])
async def test_members_without_the_moderators_role_are_refused(polled: House, command: str) -> None:
    helper = polled.guild.create_role("Helpers", permissions=discord.Permissions(manage_threads=True))
    dan = polled.guild.add_member(polled.env.create_user("dan-example"), roles=[helper])
    options = {"reason": "I would rather not."} if command == "poll close" else {}

    named = {"recommendation" if command == "poll open" else "vote": STEM}
    told = await dan.slash(polled.lobby, command, **named, **options)

    assert said(told) == phrase("moderator.only")
    assert len(polled.store.memory.polls) == 1


async def test_members_do_not_even_see_the_moderators_commands(polled: House, ann: MemberActor) -> None:
    seen = ann.available_commands(polled.lobby)
    assert "vote" in seen
    assert not [command for command in seen if command.split()[0] in {"poll", "consultation", "export"}]


# Opening


async def test_opening_a_vote_shows_it_on_the_card_at_once(open_house: House) -> None:
    assert phrase("card.no_poll") in shown(open_house.card(STEM))

    told = await open_house.open_poll(STEM, closes="2 days")

    assert title(open_house, STEM) in said(told)
    assert {"Support", "Can live with it", "Object", "Pass"} <= set(buttons(open_house.card(STEM)))
    assert phrase("card.no_turnout") in shown(open_house.card(STEM))


async def test_a_vote_without_a_deadline_says_who_will_end_it(open_house: House) -> None:
    told = await open_house.open_poll(STEM)

    assert phrase("poll.opened_without_end") in said(told)
    assert phrase("card.poll_open_without_end") in shown(open_house.card(STEM))


async def test_a_recommendation_can_be_named_by_its_title_as_it_is_typed(open_house: House) -> None:
    told = await open_house.open_poll(title(open_house, STEM).upper())

    assert title(open_house, STEM) in said(told)
    assert [poll.recommendation for poll in open_house.store.memory.polls.values()] == [STEM]


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        ({"recommendation": "no-such-thing"}, phrase("recommendation.unknown")),
        ({"recommendation": STEM, "closes": "yesterday"}, phrase("poll.end_in_past")),
        ({"recommendation": STEM, "closes": "in 3 years"}, phrase("poll.end_too_far")),
        ({"recommendation": STEM, "closes": "soonish"}, phrase("poll.end_unclear", text="soonish")),
    ],
)
async def test_what_cannot_be_opened_is_refused_in_a_sentence(
    open_house: House, options: dict[str, str], refusal: str
) -> None:
    told = await open_house.preview_poll(**options)

    assert said(told) == refusal
    assert not open_house.store.memory.polls


async def test_a_recommendation_has_one_open_vote_at_a_time(polled: House) -> None:
    assert said(await polled.open_poll(STEM)) == phrase("poll.already_open")


async def test_no_vote_opens_before_the_consultation_does(house: House) -> None:
    await house.moderator.slash(house.lobby, "consultation setup")

    assert said(await house.open_poll(STEM)) == phrase("consultation.not_open")


async def test_no_vote_opens_where_nothing_was_set_up(house: House) -> None:
    assert said(await house.open_poll(STEM)) == phrase("setup.missing")


async def test_the_recommendations_are_offered_while_one_types(open_house: House) -> None:
    result = await open_house.moderator.autocomplete(open_house.lobby, "poll open", "recommendation", "stem")
    assert [choice["value"] for choice in result] == [STEM]


async def test_only_open_votes_are_offered_for_closing(polled: House) -> None:
    offered = await polled.moderator.autocomplete(polled.lobby, "poll close", "vote", "")
    assert [choice["value"] for choice in offered] == [STEM]


# Closing


async def close(house: House, reason: str, recommendation: str = STEM, who: MemberActor | None = None) -> str:
    by = who or house.moderator
    return said(await by.slash(house.lobby, "poll close", vote=recommendation, reason=reason))


async def test_closing_early_shows_the_reason_and_the_result_on_card_and_in_thread(
    polled: House, ann: MemberActor
) -> None:
    await polled.vote(ann, STEM, "Support")

    told = await close(polled, "The **text** was @everyone's mistake.")

    assert told == phrase("poll.closed", title=title(polled, STEM))
    card, result = polled.card(STEM), polled.thread(STEM).history()[-1]
    for message in (card, result):
        assert "It was ended early: The \\*\\*text\\*\\* was @\u200beveryone's mistake." in shown(message)
        assert "**Everyone** (1 ballot): 1 support, 0 can live with it, 0 object, 0 pass" in shown(message)
        assert [attachment.filename for attachment in message.attachments] == ["result.png"]
    assert "Support" not in buttons(card)


@pytest.mark.parametrize("reason", [" ", "\u00a0\n"])
async def test_closing_early_without_a_reason_is_refused(polled: House, reason: str) -> None:
    assert await close(polled, reason) == phrase("poll.reason_missing")
    assert len(polled.store.memory.polls) == 1


async def test_closing_what_is_not_open_is_refused(polled: House) -> None:
    assert await close(polled, "Enough.", "growth-capital") == phrase("poll.none_open")
    assert await close(polled, "Enough.", "no-such-thing") == phrase("recommendation.unknown")


async def test_of_two_moderators_who_close_at_once_one_is_told_that_it_had_ended(polled: House) -> None:
    other = polled.guild.add_member(polled.env.create_user("mo-moderator"), roles=[polled.staff])
    first, second = await polled.at_once(
        polled.moderator.slash(polled.lobby, "poll close", vote=STEM, reason="First."),
        other.slash(polled.lobby, "poll close", vote=STEM, reason="Second."),
    )

    told = {said(first), said(second)}
    assert told == {phrase("poll.closed", title=title(polled, STEM)), phrase("poll.already_ended")}
    assert len(polled.thread(STEM).history()) == 1


async def test_a_result_that_discord_does_not_take_is_posted_later_and_the_card_shows_it_now(polled: House) -> None:
    polled.env.inject_error("POST", f"/channels/{polled.thread(STEM).id}/messages", status=500, times=2)

    await close(polled, "Enough.")

    assert "It was ended early: Enough." in shown(polled.card(STEM))
    await polled.env.advance_time(60)
    assert polled.thread(STEM).history() == []
    await polled.env.advance_time(120)
    assert len(polled.thread(STEM).history()) == 1
    await polled.env.advance_time(DAY)
    assert len(polled.thread(STEM).history()) == 1


async def test_a_result_that_waited_to_be_posted_is_posted_at_the_next_start(polled: House) -> None:
    polled.env.inject_error("POST", f"/channels/{polled.thread(STEM).id}/messages", status=500)
    await close(polled, "Enough.")

    await polled.restart()

    assert len(polled.thread(STEM).history()) == 1
    await polled.restart()
    assert len(polled.thread(STEM).history()) == 1


async def test_tries_to_post_a_result_become_rarer(polled: House) -> None:
    thread = f"/channels/{polled.thread(STEM).id}/messages"
    polled.env.inject_error("POST", thread, status=500, times=None)

    await close(polled, "Enough.")
    await polled.env.advance_time(DAY)

    tries = sum((one.method, one.path) == ("POST", thread) for one in polled.env.http_requests)
    assert 24 < tries < 60


async def test_a_store_that_fails_while_a_result_is_posted_is_asked_again(polled: House) -> None:
    with patch.object(polls, "results_to_post", side_effect=DISK_FULL):
        await close(polled, "Enough.")
    assert polled.thread(STEM).history() == []

    await polled.env.advance_time(60)

    assert len(polled.thread(STEM).history()) == 1


async def test_a_deleted_thread_does_not_keep_a_vote_from_ending(polled: House) -> None:
    polled.env.backend.delete_channel(polled.thread(STEM).id)

    await close(polled, "Enough.")

    assert "It was ended early: Enough." in shown(polled.card(STEM))


async def test_a_result_is_posted_in_an_archived_thread_too(polled: House) -> None:
    archive(polled, STEM)

    await close(polled, "Enough.")

    assert phrase("result.title", title=title(polled, STEM)) in shown(polled.thread(STEM).history()[-1])


async def test_a_second_vote_on_the_same_recommendation_starts_from_nothing(polled: House, ann: MemberActor) -> None:
    await polled.vote(ann, STEM, "Support")
    await close(polled, "Enough.")
    await polled.open_poll(STEM)

    assert phrase("card.no_turnout") in shown(polled.card(STEM))
    assert polled.card(STEM).attachments == []
    assert "is stored" in said(await polled.vote(ann, STEM, "Pass"))


# The deadline


async def test_a_vote_ends_by_itself_at_its_deadline(polled: House, ann: MemberActor) -> None:
    await polled.vote(ann, STEM, "Support")
    await polled.env.advance_time(2 * DAY - 1)
    assert "Support" in buttons(polled.card(STEM))

    await polled.env.advance_time(1)

    assert "Support" not in buttons(polled.card(STEM))
    assert "It was ended early" not in shown(polled.card(STEM))
    assert phrase("result.title", title=title(polled, STEM)) in shown(polled.thread(STEM).history()[-1])


async def test_a_deadline_that_passes_while_the_bot_is_down_is_the_end(polled: House) -> None:
    (poll,) = polled.store.memory.polls.values()
    await polled.sleep_through(3 * DAY)

    async with polled.store.read() as session:
        (row,) = await session.scalars(select(PollRow))
    assert row.ended_at == poll.closes_at
    assert len(polled.thread(STEM).history()) == 1


async def test_a_store_that_fails_at_the_deadline_is_tried_again(polled: House) -> None:
    await polled.env.advance_time(2 * DAY - 1)
    with polled.failing_store():
        await polled.env.advance_time(1)
        assert "Support" in buttons(polled.card(STEM))

    await polled.env.advance_time(60)

    assert len(polled.thread(STEM).history()) == 1
    assert "Support" not in buttons(polled.card(STEM))


# Nobody sees results before the end


async def test_an_open_vote_shows_nobody_how_it_stands(polled: House, ann: MemberActor) -> None:
    await polled.vote(ann, STEM, "Object", reason="Too few teachers.", quotation="with_segment")
    await polled.env.advance_time(60)
    status = said(await polled.moderator.slash(polled.lobby, "consultation status"))
    export = await polled.moderator.slash(polled.lobby, "export", tier="record")
    files = await handed_out(export)
    assert files.pop("dictionary.csv")  # which says what consensus would be

    for text in (shown(polled.card(STEM)), status, said(export), *files.values()):
        assert not re.search(r"\d object|Consensus|teachers", text)
    assert shown(polled.card(STEM)).count("1 person has voted so far") == 1
    assert {name for name, content in files.items() if content.count("\n") > 1} == {
        "participants.csv",
        "trace.csv",
    }


# After a restart


async def test_the_ballot_on_a_card_works_after_a_restart(polled: House, ann: MemberActor) -> None:
    await polled.restart()

    assert "**Support**" in said(await polled.vote(ann, STEM, "Support"))


async def test_a_form_that_was_open_during_a_restart_is_not_lost(polled: House) -> None:
    ben = polled.member("ben-example")
    form = await ben.click(polled.card(STEM), label="Object")
    await polled.restart()

    told = await ben.submit_modal(form, {"segment": "industry", "groups": [], "reason": "Unclear.", "quotation": "not"})

    assert "**Object**" in said(told)
    assert [ballot.reason for ballot in await ballots(polled)] == ["Unclear."]


async def test_one_s_own_language_is_shown_after_a_restart(polled: House) -> None:
    ria = polled.member("ria-voorbeeld", "nl")
    await polled.restart()

    mine = await ria.click(polled.card(STEM), label="EN · FR · NL · DE")

    assert title(polled, STEM, "nl") in said(mine)
    assert phrase("position.support", "nl") in buttons(answered(mine))


async def test_what_a_card_did_not_show_yet_it_shows_after_a_restart(polled: House, ann: MemberActor) -> None:
    await polled.vote(ann, STEM, "Support")
    await polled.restart()
    await polled.env.advance_time(10)

    assert "1 person has voted so far" in shown(polled.card(STEM))


# A store that fails


def neutral(told: str, language: str = "en") -> bool:
    """Say whether this is the sentence for what nobody foresaw, with a reference."""
    around = phrase("error.unexpected", language, reference="|").split("|")
    return bool(re.search(re.escape(around[0]) + "[0-9A-F]{6}" + re.escape(around[1]), told))


async def test_a_ballot_that_was_not_stored_is_not_called_stored(polled: House, ann: MemberActor) -> None:
    with polled.failing_store():
        told = said(await polled.vote(ann, STEM, "Support"))

    assert neutral(told)
    assert await ballots(polled) == []
    assert "is stored" in said(await polled.vote(ann, STEM, "Support"))


async def test_a_reason_that_was_not_stored_is_handed_back_in_one_s_language(polled: House) -> None:
    noor = polled.member("noor-voorbeeld", "nl")
    with polled.failing_store():
        told = await polled.vote(
            noor,
            STEM,
            phrase("position.object"),
            segment="industry",
            groups=[],
            reason="Te weinig leerkrachten.",
            quotation="not",
        )

    assert neutral(said(told), "nl")
    assert phrase("error.your_text", "nl") in said(told)
    assert "Te weinig leerkrachten." in said(told)


async def test_a_long_reason_is_handed_back_as_a_file(polled: House, ann: MemberActor) -> None:
    typed = "```\n" + "x" * 900
    with polled.failing_store():
        told = await polled.vote(ann, STEM, "Object", reason=typed, quotation="not")

    (file,) = answered(told).attachments
    assert (await file.read()).decode() == typed


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("poll edit", {"vote": STEM, "closes": "3 days"}),
        ("poll close", {"vote": STEM, "reason": "Enough."}),
    ],
)
async def test_a_moderator_is_told_when_the_store_fails(polled: House, command: str, options: dict[str, str]) -> None:
    with polled.failing_store():
        told = said(await polled.moderator.slash(polled.lobby, command, **options))

    assert neutral(told)
    assert [poll.recommendation for poll in polled.store.memory.polls.values()] == [STEM]
    assert "Support" in buttons(polled.card(STEM))


# What is kept


async def test_the_wording_that_was_voted_on_stays_when_the_content_changes(polled: House) -> None:
    async with polled.store.write() as session:
        (row,) = await session.scalars(select(PollRow))
        row.wording = {language: {**words, "text": "As it was."} for language, words in row.wording.items()}

    mine = shown(answered(await polled.moderator.click(polled.card(STEM), label="EN · FR · NL · DE")))

    assert "As it was." in mine
    assert phrase("card.wording_changed") in mine


async def test_every_ballot_as_it_was_cast_is_kept(polled: House, ann: MemberActor) -> None:
    await polled.vote(ann, STEM, "Support")
    await polled.vote(ann, STEM, "Pass")

    async with polled.store.read() as session:
        changes = list(await session.scalars(select(BallotChange.answer).order_by(BallotChange.id)))
    assert changes == ["support", "pass"]


def handed_back(told: InteractionResult) -> str:
    """Return what somebody was told privately after their answer."""
    assert all(one.ephemeral for one in told.followups)
    return "\n".join(one.content for one in told.followups)


async def test_an_objection_given_again_hands_the_first_reason_back(polled: House, ann: MemberActor) -> None:
    await polled.vote(ann, STEM, "Object", reason="Too few teachers.", quotation="not")
    told = await polled.vote(ann, STEM, "Object", reason="Too late.", quotation="not")

    assert phrase("vote.same", answer="Object", title=title(polled, STEM)) in said(told)
    assert phrase("vote.reason_replaced") in handed_back(told)
    assert "Too few teachers." in handed_back(told)
    assert [ballot.reason for ballot in await ballots(polled)] == ["Too late."]


@pytest.mark.parametrize("language", ["en", "nl"])
async def test_another_answer_hands_the_reason_back_that_does_not_count_any_more(polled: House, language: str) -> None:
    noor = polled.member("noor-voorbeeld", language)
    await polled.join(noor, "industry")
    objects, passes = phrase("position.object"), phrase("position.pass")
    await polled.vote(noor, STEM, objects, reason="Te weinig leerkrachten.", quotation="with_segment")

    told = await polled.vote(noor, STEM, passes)

    assert phrase("vote.reason_replaced", language) in handed_back(told)
    assert "Te weinig leerkrachten." in handed_back(told)
    again = await polled.vote(noor, STEM, passes)
    assert phrase(
        "vote.same", language, answer=phrase("position.pass", language), title=title(polled, STEM, language)
    ) in (said(again))
    assert not again.followups


async def test_the_same_answer_again_keeps_the_reason_that_was_given_for_it(open_house: House) -> None:
    await open_house.open_poll(STEM, reasons="optional")
    ann = open_house.member("ann-example")
    await open_house.join(ann, "academia")
    told = await open_house.vote(ann, STEM, "Support")
    form = await ann.click(answered(told), label=phrase("vote.give_reason"))
    await ann.submit_modal(form, {"reason": "At last.", "quotation": "with_segment"})

    again = await open_house.vote(ann, STEM, "Support")

    assert phrase("vote.with_reason") in said(again)
    assert not again.followups
    assert [(b.reason, b.quotation) for b in await ballots(open_house)] == [("At last.", "with_segment")]
    form = await ann.click(answered(again), label=phrase("vote.give_another_reason"))
    other = await ann.submit_modal(form, {"reason": "It was time.", "quotation": "not"})
    assert "At last." in handed_back(other)
    assert [(b.reason, b.quotation) for b in await ballots(open_house)] == [("It was time.", "not")]


async def test_a_reason_for_an_answer_that_has_changed_since_changes_nothing_and_comes_back(open_house: House) -> None:
    await open_house.open_poll(STEM, reasons="optional")
    ann = open_house.member("ann-example")
    await open_house.join(ann, "academia")
    support = await open_house.vote(ann, STEM, "Support")
    await open_house.vote(ann, STEM, "Pass")

    form = await ann.click(answered(support), label=phrase("vote.give_reason"))
    told = said(await ann.submit_modal(form, {"reason": "It was time.", "quotation": "not"}))

    assert phrase("vote.answer_changed") in told
    assert "It was time." in told
    assert [(b.answer, b.reason) for b in await ballots(open_house)] == [("pass", None)]


async def test_a_reason_given_later_leaves_the_ballot_s_segment_as_it_was(open_house: House) -> None:
    await open_house.open_poll(STEM, reasons="optional")
    ann = open_house.member("ann-example")
    await open_house.join(ann, "academia")
    support = await open_house.vote(ann, STEM, "Support")
    await open_house.join(ann, "industry")

    form = await ann.click(answered(support), label=phrase("vote.give_reason"))
    await ann.submit_modal(form, {"reason": "It was time.", "quotation": "not"})

    assert [(b.segment, b.reason) for b in await ballots(open_house)] == [("academia", "It was time.")]


async def test_a_blank_reason_given_later_is_refused_and_the_ballot_stays(open_house: House) -> None:
    await open_house.open_poll(STEM, reasons="optional")
    ann = open_house.member("ann-example")
    await open_house.join(ann, "academia")
    support = await open_house.vote(ann, STEM, "Support")

    form = await ann.click(answered(support), label=phrase("vote.give_reason"))

    assert said(await ann.submit_modal(form, {"reason": " ", "quotation": "not"})) == phrase("vote.reason_blank")
    assert [(b.answer, b.reason) for b in await ballots(open_house)] == [("support", None)]


async def test_a_newcomer_s_ballot_that_came_in_time_counts_however_long_joining_takes(polled: House) -> None:
    (poll,) = polled.store.memory.polls.values()
    assert poll.closes_at is not None
    ben, join = polled.member("ben-example"), polled.bot.register.join
    form = await ben.click(polled.card(STEM), label="Support")
    await polled.env.advance_time(2 * DAY - 1)
    ending: list[asyncio.Task[None]] = []

    async def slow(joining: Joining) -> Participant:
        polled.env.backend.advance_clock(2)
        ending.append(asyncio.create_task(polled.bot.poll_clock._end_at_deadline(poll)))
        await asyncio.sleep(0)
        return await join(joining)

    with patch.object(polled.bot.register, "join", slow):
        told = await ben.submit_modal(form, {"segment": "industry", "groups": []})
    await asyncio.gather(*ending)
    await polled.env.settle()

    assert phrase("vote.recorded", answer="Support", title=title(polled, STEM)) in said(told)
    assert [ballot.cast_at for ballot in await ballots(polled)] == [poll.closes_at - timedelta(seconds=1)]
    assert "**Everyone** (1 ballot)" in shown(polled.card(STEM))


async def test_a_ballot_s_form_that_is_submitted_twice_is_one_ballot_and_hands_nothing_back(
    polled: House, ann: MemberActor
) -> None:
    form = await ann.click(polled.card(STEM), label="Object")
    filled_in = {"reason": "Too few teachers.", "quotation": "with_segment"}

    await ann.submit_modal(form, filled_in)
    again = await ann.submit_modal(still_open(form), filled_in)

    assert phrase("vote.same", answer="Object", title=title(polled, STEM)) in said(again)
    assert not again.followups
    assert [(b.answer, b.reason) for b in await ballots(polled)] == [("object", "Too few teachers.")]


@pytest.mark.parametrize("language", ["en", "de"])
async def test_a_ballot_before_the_beginning_is_told_when_that_is(open_house: House, language: str) -> None:
    await open_house.open_poll(STEM)
    card = open_house.card(STEM)
    async with open_house.store.write() as session:
        (row,) = await session.scalars(select(PollRow))
        row.opened_at = open_house.env.now() + timedelta(hours=1)
        opens = int(row.opened_at.timestamp())
    await open_house.store.load()
    zoe = open_house.member("zoe-example", language)

    told = said(await zoe.click(card, label="Support"))

    assert told == phrase("vote.not_begun", language, opens=opens)
    assert f"<t:{opens}:f>" in told
    assert await ballots(open_house) == []
