"""Opening, changing and cancelling votes, and quorums, as moderators do it and members see it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import discord
import pytest
from simcord import InteractionResult, MemberActor
from sqlalchemy import func, select

from models import polls
from models.records import NO_QUORUM, Ballot, Poll, Position, Quorum, ReasonPolicy, Visibility
from models.tables import BallotRow, PollRow
from tests.cogs.conftest import DISK_FULL, House, answered, buttons, handed_out, said, shown
from tests.cogs.test_voting import DAY, STEM, ann, phrase, polled, title

__all__ = ["ann", "polled"]
TRAINING = "training"
BRUSSELS = ZoneInfo("Europe/Brussels")


def mia(house: House, locale: str = "fr") -> MemberActor:
    """Return a second moderator, who speaks another language."""
    who = house.member("mia-moderatrice", locale)
    house.env.backend.add_member_role(house.guild.id, who.id, house.staff.id)
    return who


async def by(house: House, command: str, recommendation: str = STEM, **options: object) -> str:
    named = {"recommendation" if command == "poll open" else "vote": recommendation}
    return said(await house.moderator.slash(house.lobby, command, **named, **options))


async def press(house: House, preview: InteractionResult, name: str, who: MemberActor | None = None) -> str:
    """Press the button of a preview whose custom id begins like this; return what stands there then."""
    pressed = next(one for one in buttons(preview.response).values() if one.startswith(name))
    return said(await (who or house.moderator).click(answered(preview), custom_id=pressed))


def only_poll(house: House) -> Poll:
    (poll,) = house.store.memory.polls.values()
    return poll


async def cast(house: House, segment: str, number: int, *, first: int = 1) -> None:
    for user_id in range(first, first + number):
        await house.bot.ballot_box.cast(Ballot(only_poll(house).id, user_id, segment, Position.SUPPORT))


# The preview


async def test_a_vote_is_shown_to_the_moderator_alone_before_it_opens(open_house: House) -> None:
    preview = await open_house.preview_poll(STEM, closes="2 days")

    told = said(preview)
    assert phrase("poll.preview") in told
    assert title(open_house, STEM) in told
    assert "**The vote is open** until" in told
    assert not open_house.store.memory.polls
    assert phrase("card.no_poll") in shown(open_house.card(STEM))

    assert title(open_house, STEM) in await press(open_house, preview, "open_draft")
    assert "Support" in buttons(open_house.card(STEM))


async def test_the_preview_speaks_the_moderator_s_language_around_the_public_card(open_house: House) -> None:
    preview = await mia(open_house).slash(open_house.lobby, "poll open", recommendation=STEM)

    assert phrase("poll.preview", "fr") in said(preview)
    assert {phrase("poll.preview_open", "fr"), phrase("poll.preview_leave", "fr")} <= set(buttons(preview.response))


async def test_whoever_cancels_the_preview_opens_nothing(open_house: House) -> None:
    preview = await open_house.preview_poll(STEM)

    assert await press(open_house, preview, "leave_draft") == phrase("poll.draft_left")
    assert not open_house.store.memory.polls
    assert not buttons(preview.response)


async def test_the_preview_opens_the_vote_after_a_restart(open_house: House) -> None:
    preview = await open_house.preview_poll(STEM, closes="2 days", quorum=7)
    await open_house.restart()

    await press(open_house, preview, "open_draft")

    assert only_poll(open_house).quorum.heads == 7
    assert only_poll(open_house).closes_at == open_house.env.now().replace(microsecond=0) + timedelta(days=2)


async def test_a_preview_whose_end_has_passed_opens_nothing(open_house: House) -> None:
    preview = await open_house.preview_poll(STEM, closes="2 days")
    await open_house.env.advance_time(2 * DAY)

    assert await press(open_house, preview, "open_draft") == phrase("poll.end_in_past")


async def test_of_two_moderators_who_open_their_previews_at_once_one_is_told(open_house: House) -> None:
    previews = [await open_house.preview_poll(STEM), await open_house.preview_poll(STEM)]
    pressed = [next(iter(b for b in buttons(p.response).values() if b.startswith("open_draft"))) for p in previews]

    results = await open_house.at_once(
        *(open_house.moderator.click(answered(p), custom_id=b) for p, b in zip(previews, pressed, strict=True))
    )

    assert sum(phrase("poll.already_open") in said(one) for one in results) == 1
    assert only_poll(open_house).recommendation == STEM


async def test_a_preview_can_be_tried_again_after_the_store_failed(open_house: House) -> None:
    preview = await open_house.preview_poll(STEM)
    with open_house.failing_store():
        await press(open_house, preview, "open_draft")
    assert not open_house.store.memory.polls

    await press(open_house, preview, "open_draft")

    assert only_poll(open_house).recommendation == STEM


async def test_whoever_is_no_moderator_any_more_opens_nothing(open_house: House) -> None:
    who = mia(open_house)
    preview = await who.slash(open_house.lobby, "poll open", recommendation=STEM)
    open_house.env.backend.remove_member_role(open_house.guild.id, who.id, open_house.staff.id)

    assert await press(open_house, preview, "open_draft", who) == phrase("moderator.only", "fr")
    assert not open_house.store.memory.polls


# Votes that begin later


async def test_a_vote_that_begins_later_says_when_and_takes_no_ballots_before(open_house: House) -> None:
    told = said(await open_house.open_poll(STEM, starts="2 days", closes="3 days"))

    poll = only_poll(open_house)
    assert poll.closes_at is not None
    assert poll.closes_at - poll.opened_at == timedelta(days=3)
    assert discord.utils.format_dt(poll.opened_at, "f") in told
    assert "**The vote opens**" in shown(open_house.card(STEM))
    assert "Support" not in buttons(open_house.card(STEM))
    assert said(await open_house.member("ann-example").slash(open_house.lobby, "vote")) == phrase("vote.none_open")


async def test_the_status_does_not_call_open_what_begins_later(open_house: House) -> None:
    await open_house.open_poll(STEM, starts="2 days")

    told = said(await open_house.moderator.slash(open_house.lobby, "consultation status"))

    assert phrase("status.open_polls", count=0) in told
    assert f"{title(open_house, STEM)}: not open yet" in told


async def test_a_vote_that_begins_later_opens_by_itself(open_house: House) -> None:
    await open_house.open_poll(STEM, starts="2 days", closes="3 days")
    await open_house.env.advance_time(2 * DAY - 5)
    assert "Support" not in buttons(open_house.card(STEM))

    await open_house.env.advance_time(6)

    assert "Support" in buttons(open_house.card(STEM))
    assert phrase("card.no_turnout") in shown(open_house.card(STEM))
    await open_house.env.advance_time(3 * DAY)
    assert len(open_house.thread(STEM).history()) == 1


async def test_a_vote_whose_beginning_passes_while_the_bot_is_down_is_open_afterwards(open_house: House) -> None:
    await open_house.open_poll(STEM, starts="2 days")
    await open_house.sleep_through(3 * DAY)

    assert "Support" in buttons(open_house.card(STEM))


async def test_a_vote_that_begins_later_opens_also_after_a_restart_before_it(open_house: House) -> None:
    await open_house.open_poll(STEM, starts="2 days")
    await open_house.restart()
    await open_house.env.advance_time(2 * DAY)

    assert "Support" in buttons(open_house.card(STEM))


async def test_a_vote_does_not_end_before_it_begins(open_house: House) -> None:
    told = said(await open_house.preview_poll(STEM, starts="3 days", closes="tomorrow"))
    assert told == phrase("poll.end_before_beginning")


async def test_a_vote_that_has_not_begun_is_cancelled_and_not_closed(open_house: House) -> None:
    await open_house.open_poll(STEM, starts="2 days")

    assert await by(open_house, "poll close", reason="Enough.") == phrase("poll.not_begun")
    assert await by(open_house, "poll cancel", reason="Too early.") == phrase(
        "poll.cancelled", title=title(open_house, STEM)
    )
    assert "Too early." in shown(open_house.card(STEM))


async def test_closing_the_consultation_cancels_what_had_not_begun(open_house: House) -> None:
    await open_house.open_poll(STEM, starts="2 days")
    await open_house.moderator.slash(open_house.lobby, "consultation close", reason="It is over.")

    assert "**The vote was cancelled**" in shown(open_house.card(STEM))
    assert not open_house.thread(STEM).history()[-1].attachments


# Changing


async def test_before_the_first_ballot_the_end_may_come_earlier(polled: House) -> None:
    told = await by(polled, "poll edit", closes="1 day")

    assert title(polled, STEM) in told
    await polled.env.advance_time(DAY)
    assert len(polled.thread(STEM).history()) == 1


async def test_after_the_first_ballot_the_end_is_only_put_off(polled: House, ann: MemberActor) -> None:
    await polled.vote(ann, STEM, "Support")

    assert await by(polled, "poll edit", closes="1 day") == phrase("poll.only_extended")
    assert await by(polled, "poll edit", quorum=3) == phrase("poll.only_extended")
    assert title(polled, STEM) in await by(polled, "poll edit", closes="4 days")
    await polled.env.advance_time(3 * DAY)
    assert "Support" in buttons(polled.card(STEM))
    assert polled.thread(STEM).history() == []
    await polled.env.advance_time(DAY)
    assert len(polled.thread(STEM).history()) == 1


async def test_an_end_that_was_put_off_holds_after_a_restart(polled: House) -> None:
    await by(polled, "poll edit", closes="4 days")
    await polled.restart()
    await polled.env.advance_time(3 * DAY)

    assert "Support" in buttons(polled.card(STEM))


async def test_a_beginning_may_change_until_it_has_passed(open_house: House) -> None:
    await open_house.open_poll(STEM, starts="2 days", closes="3 days")

    await by(open_house, "poll edit", starts="1 day")
    await open_house.env.advance_time(DAY)

    assert "Support" in buttons(open_house.card(STEM))
    assert await by(open_house, "poll edit", starts="1 day") == phrase("poll.has_begun")


async def test_what_changes_nothing_or_nothing_that_is_open_is_refused(polled: House) -> None:
    assert await by(polled, "poll edit") == phrase("poll.nothing_to_change")
    assert await by(polled, "poll edit", "growth-capital", closes="1 day") == phrase("poll.none_open")
    assert await by(polled, "poll edit", closes="yesterday") == phrase("poll.end_in_past")


async def test_a_vote_that_has_ended_is_neither_changed_nor_cancelled(polled: House) -> None:
    await polled.env.advance_time(2 * DAY - 5)
    with polled.failing_store():  # the deadline cannot be noticed
        await polled.env.advance_time(5)

    assert await by(polled, "poll edit", closes="4 days") == phrase("poll.already_ended")
    assert await by(polled, "poll cancel", reason="Enough.") == phrase("poll.already_ended")


# Cancelling


async def test_cancelling_keeps_the_ballots_and_says_why_without_a_result(polled: House, ann: MemberActor) -> None:
    await polled.vote(ann, STEM, "Support")

    await by(polled, "poll cancel", reason="The **text** was wrong.")

    for message in (polled.card(STEM), polled.thread(STEM).history()[-1]):
        assert "**The vote was cancelled**" in shown(message)
        assert phrase("card.cancel_reason", reason="The \\*\\*text\\*\\* was wrong.") in shown(message)
        assert "**Everyone**" not in shown(message)
        assert not message.attachments
    assert "Support" not in buttons(polled.card(STEM))
    async with polled.store.read() as session:
        assert await session.scalar(select(func.count()).select_from(BallotRow)) == 1


async def test_a_cancelled_vote_has_no_part_in_the_export(polled: House, ann: MemberActor) -> None:
    await polled.vote(ann, STEM, "Object", reason="Too few teachers.", quotation="with_segment")
    await by(polled, "poll cancel", reason="The text was wrong.")

    export = await polled.moderator.slash(polled.lobby, "export", tier="record")
    files = await handed_out(export)
    assert {name for name, content in files.items() if content.count("\n") > 1} == {
        "participants.csv",
        "dictionary.csv",
        "trace.csv",
    }


async def test_a_cancelled_recommendation_can_be_put_to_the_vote_again(polled: House) -> None:
    await by(polled, "poll cancel", reason="The text was wrong.")
    await polled.open_poll(STEM)

    assert "Support" in buttons(polled.card(STEM))


async def test_a_cancellation_that_discord_does_not_take_is_posted_after_a_restart(polled: House) -> None:
    polled.env.inject_error("POST", f"/channels/{polled.thread(STEM).id}/messages", status=500)
    await by(polled, "poll cancel", reason="The text was wrong.")
    assert polled.thread(STEM).history() == []

    await polled.restart()

    assert "The text was wrong." in shown(polled.thread(STEM).history()[-1])


async def test_cancelling_needs_a_reason_and_an_open_vote(polled: House) -> None:
    assert await by(polled, "poll cancel", reason=" ") == phrase("poll.reason_missing")
    assert await by(polled, "poll cancel", "growth-capital", reason="Why not?") == phrase("poll.none_open")


# Summer time


async def test_an_end_across_the_change_to_summer_time_is_the_hour_that_was_typed(open_house: House) -> None:
    saturday = datetime(2026, 3, 28, 12, tzinfo=BRUSSELS)
    await open_house.env.advance_time((saturday - open_house.env.now()).total_seconds())
    ann = open_house.member("ann-example")
    await open_house.join(ann, "academia")
    await open_house.open_poll(STEM, closes="Sunday 12:00")
    await open_house.open_poll("growth-capital", closes="24 hours")
    sunday = datetime(2026, 3, 29, 12, tzinfo=BRUSSELS)

    await open_house.env.advance_time(23 * 3_600 - 1)
    assert open_house.env.now() == sunday - timedelta(seconds=1)
    assert "is stored" in said(await open_house.vote(ann, STEM, "Support"))
    await open_house.env.advance_time(1)

    assert "Support" not in buttons(open_house.card(STEM))
    assert "**Everyone** (1 ballot)" in shown(open_house.card(STEM))
    async with open_house.store.read() as session:
        ended = await session.scalar(select(PollRow.ended_at).where(PollRow.recommendation == STEM))
    assert ended == sunday
    assert "Support" in buttons(open_house.card("growth-capital"))
    await open_house.env.advance_time(3_600)
    assert "Support" not in buttons(open_house.card("growth-capital"))


# Whole groups


async def open_all(house: House, **options: object) -> str:
    told = await house.moderator.slash(house.lobby, "poll open-all", group=TRAINING, **options)
    await house.env.advance_time(60)
    return shown(told.response)


def of_group(house: House) -> set[str]:
    return {key for key, one in house.catalogue.recommendations.items() if one.group == TRAINING}


async def test_all_votes_of_a_group_are_opened_with_one_end(open_house: House) -> None:
    told = await open_all(open_house, closes="2 weeks")

    every = open_house.store.memory.polls.values()
    group = open_house.catalogue.groups[TRAINING].title.in_language("en")
    assert told == phrase("poll.opened_all", count=len(of_group(open_house)), group=group)
    assert {poll.recommendation for poll in every} == of_group(open_house)
    assert len({poll.closes_at for poll in every}) == 1
    for key in of_group(open_house):
        assert "Support" in buttons(open_house.card(key))


async def test_opening_all_again_opens_only_what_has_no_vote_and_says_what_it_left(open_house: House) -> None:
    (ended, cancelled, running, *others) = sorted(of_group(open_house))
    for key in (ended, cancelled, running):
        await open_house.open_poll(key)
    await by(open_house, "poll close", ended, reason="Enough.")
    await by(open_house, "poll cancel", cancelled, reason="The text was wrong.")
    own = only_poll(open_house)

    first, second = await open_all(open_house), await open_all(open_house)

    group = open_house.catalogue.groups[TRAINING].title.in_language("en")
    assert first.splitlines()[0] == phrase("poll.opened_all", count=len(others) + 1, group=group)
    assert set(first.splitlines()[1:]) == {left("ended", 1), left("running", 1)}
    assert second.splitlines()[0] == phrase("poll.opened_all", count=0, group=group)
    assert left("running", len(others) + 2) in second
    every = open_house.store.memory.polls
    assert every[own.id] == own
    assert {poll.recommendation for poll in every.values()} == {cancelled, running, *others}


def left(why: str, count: int, language: str = "en") -> str:
    return phrase(f"poll.left_{why}", language, count=count)


@contextmanager
def failing_after(openings: int) -> Iterator[None]:
    """Let so many polls be opened and no more."""
    opened: list[Poll] = []
    open_poll = polls.open_poll

    async def failing(*given: Any) -> Poll:
        if len(opened) == openings:
            raise DISK_FULL
        opened.append(await open_poll(*given))
        return opened[-1]

    with patch.object(polls, "open_poll", failing):
        yield


async def test_opening_all_goes_on_where_it_was_broken_off(open_house: House) -> None:
    with failing_after(2):
        told = await open_all(open_house, closes="2 weeks")
    assert told == phrase("poll.opening_all", done=2, all=len(of_group(open_house)))
    before = dict(open_house.store.memory.polls)
    assert len(before) == 2
    await open_house.restart()

    again = await open_all(open_house, closes="2 weeks")

    assert left("running", 2) in again
    after = open_house.store.memory.polls
    assert {poll.recommendation for poll in after.values()} == of_group(open_house)
    assert {key: after[key] for key in before} == before
    async with open_house.store.read() as session:
        assert await session.scalar(select(func.count()).select_from(PollRow)) == len(of_group(open_house))
    for key in of_group(open_house):
        assert "Support" in buttons(open_house.card(key))


async def test_all_votes_of_a_group_are_opened_on_the_same_terms(open_house: House) -> None:
    await expect(open_house, "academia", 9)
    terms = {"starts": "tomorrow 9:00", "closes": "2 weeks", "quorum": 11, "share": 60}

    await open_all(open_house, **terms, reasons="required", results="published")

    every = open_house.store.memory.polls.values()
    assert {poll.recommendation for poll in every} == of_group(open_house)
    for poll in every:
        assert poll.opened_at > open_house.env.now()
        assert poll.closes_at == poll.opened_at + timedelta(weeks=2)
        assert (poll.quorum.heads, poll.quorum.share, poll.quorum.expected) == (11, 60, {"academia": 9})
        assert (poll.paper.reasons, poll.visibility) == (ReasonPolicy.REQUIRED, Visibility.PUBLISHED)


async def test_terms_that_no_vote_can_have_open_nothing(open_house: House) -> None:
    assert await open_all(open_house, share=50) == phrase("poll.no_heads_expected")
    assert await open_all(open_house, closes="soonish") == phrase("poll.end_unclear", text="soonish")
    assert not open_house.store.memory.polls


async def test_an_unknown_group_opens_nothing(open_house: House) -> None:
    told = await open_house.moderator.slash(open_house.lobby, "poll open-all", group="no-such-group")
    assert said(told) == phrase("group.unknown")


# Quorum


async def expect(house: House, segment: str, heads: int) -> str:
    return said(await house.moderator.slash(house.lobby, "consultation expect", segment=segment, heads=heads))


async def test_the_quorum_stands_on_the_card_and_in_the_result(open_house: House) -> None:
    await expect(open_house, "academia", 9)
    await expect(open_house, "industry", 11)
    await open_house.open_poll(STEM, quorum=11, share=60)
    assert phrase("card.quorum", count=11) in shown(open_house.card(STEM))
    assert phrase("card.quorum_share", share=60) in shown(open_house.card(STEM))
    await cast(open_house, "academia", 6)
    await cast(open_house, "industry", 6, first=100)

    await by(open_house, "poll close", reason="Enough.")

    names = {key: open_house.catalogue.segments[key].title.in_language("en") for key in ("academia", "industry")}
    for message in (open_house.card(STEM), open_house.thread(STEM).history()[-1]):
        assert phrase("result.quorum_reached", count=11) in shown(message)
        assert phrase("result.quorum_reached_by", share=60, segments=names["academia"]) in shown(message)
        assert phrase("result.quorum_missed_by", share=60, segments=names["industry"]) in shown(message)


async def test_a_share_stands_on_the_card_as_a_number_over_all(open_house: House) -> None:
    for segment, heads in (("academia", 10), ("industry", 11)):
        await open_house.moderator.slash(open_house.lobby, "consultation expect", segment=segment, heads=heads)

    await open_house.open_poll(STEM, share=50)

    assert phrase("card.quorum", count=11) in shown(open_house.card(STEM))
    assert phrase("card.quorum_share", share=50) in shown(open_house.card(STEM))


async def test_a_quorum_can_be_removed_before_the_first_ballot(open_house: House) -> None:
    await open_house.moderator.slash(open_house.lobby, "consultation expect", segment="academia", heads=10)
    await open_house.open_poll(STEM, quorum=7, share=50)

    await by(open_house, "poll edit", share=0)
    assert only_poll(open_house).quorum == Quorum(7)
    await by(open_house, "poll edit", quorum=0)

    assert only_poll(open_house).quorum == NO_QUORUM
    assert phrase("card.quorum", count=7) not in shown(open_house.card(STEM))
    assert await by(open_house, "poll edit") == phrase("poll.nothing_to_change")


async def test_of_a_segment_that_is_not_shown_the_quorum_is_not_told_either(open_house: House) -> None:
    await expect(open_house, "academia", 4)
    await open_house.open_poll(STEM, share=100)
    await cast(open_house, "academia", 4)
    await cast(open_house, "industry", 6, first=100)

    await by(open_house, "poll close", reason="Enough.")

    named = open_house.catalogue.segments["academia"].title.in_language("en")
    assert phrase("result.quorum_not_shown", share=100, segments=named) in shown(open_house.card(STEM))


async def test_heads_expected_later_move_no_quorum_of_an_open_vote(open_house: House) -> None:
    await expect(open_house, "academia", 10)
    await open_house.open_poll(STEM, share=50)
    await expect(open_house, "academia", 2)

    assert only_poll(open_house).quorum.expected == {"academia": 10}


async def test_a_share_needs_heads_that_are_expected(open_house: House) -> None:
    assert said(await open_house.preview_poll(STEM, share=50)) == phrase("poll.no_heads_expected")


async def test_expected_heads_are_listed_and_forgotten(open_house: House) -> None:
    named = open_house.catalogue.segments["academia"].title.in_language("en")

    assert await expect(open_house, named, 12) == f"{phrase('expect.kept')}\n- {named}: 12"
    assert await expect(open_house, "academia", 0) == phrase("expect.nobody")
    assert await expect(open_house, "martians", 3) == phrase("segment.unknown")


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("poll edit", {"vote": STEM, "closes": "1 day"}),
        ("poll cancel", {"vote": STEM, "reason": "I would rather not."}),
        ("poll open-all", {"group": TRAINING}),
        ("consultation expect", {"segment": "academia", "heads": 3}),
    ],
)
async def test_whoever_is_no_moderator_changes_nothing(polled: House, command: str, options: dict[str, object]) -> None:
    helper = polled.guild.create_role("Helpers", permissions=discord.Permissions(manage_threads=True))
    dan = polled.guild.add_member(polled.env.create_user("dan-exemple"), roles=[helper])
    polled.locales[dan.id] = "fr"
    before = only_poll(polled)

    assert said(await dan.slash(polled.lobby, command, **options)) == phrase("moderator.only", "fr")
    assert only_poll(polled) == before


@pytest.mark.parametrize(
    ("command", "options"), [("poll edit", {"closes": "1 day"}), ("poll cancel", {"reason": "Enough."})]
)
async def test_what_the_store_did_not_take_is_not_called_done(
    polled: House, command: str, options: dict[str, str]
) -> None:
    before = only_poll(polled)
    with polled.failing_store():
        told = await by(polled, command, **options)

    assert phrase("error.unexpected", reference="|").split("|")[0] in told
    assert only_poll(polled) == before
    assert "Support" in buttons(polled.card(STEM))


async def test_a_vote_on_what_has_gone_from_the_content_can_still_be_closed(open_house: House) -> None:
    await open_house.open_poll("stem-orientation")
    left = {key: one for key, one in open_house.catalogue.recommendations.items() if key != "stem-orientation"}
    open_house.bot.catalogue = replace(open_house.catalogue, recommendations=left)

    told = await open_house.moderator.slash(
        open_house.lobby, "poll close", vote="stem-orientation", reason="It is no longer asked."
    )

    assert "has ended" in said(told)
    assert open_house.store.memory.polls == {}


@pytest.mark.parametrize(("days", "warned"), [(180, False), (181, True)])
async def test_an_end_that_lies_far_ahead_is_pointed_out_with_its_year(
    open_house: House, days: int, warned: bool
) -> None:
    year = (open_house.env.now() + timedelta(days=days)).year
    preview = said(await open_house.preview_poll(STEM, closes=f"{days} days"))

    assert (f"ends only in {year}" in preview) is warned
    await open_house.open_poll(STEM)
    edited = await open_house.moderator.slash(open_house.lobby, "poll edit", vote=STEM, closes=f"{days} days")
    assert (f"ends only in {year}" in said(edited)) is warned
