"""Proposals as people make them and moderators decide on them, from the form to the card, in several languages."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import discord
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simcord import InteractionResult, MemberActor
from sqlalchemy import select

from cogs.ui.layout import LAYOUT_LENGTH, text_length
from cogs.ui.proposal_cards import draft_card, review_card
from cogs.ui.texts import Speech
from content.catalogue import Catalogue, load_catalogue
from models import polls, statements, trace
from models.records import Ballot, Exchange, Poll, Position, Rewording, Statement, StatementState
from models.tables import StatementRow
from tests.cogs.conftest import START, House, _texts, answered, buttons, said, shown, still_open
from tests.cogs.test_notices import notices_in
from tests.cogs.test_polls import mia
from tests.cogs.test_reminders import ask, messages
from tests.cogs.test_voting import STEM, phrase, title

MEALS = "Serve vegetarian meals at every meeting."
GROUP = "training"


async def propose(
    house: House, who: MemberActor, words: str = MEALS, language: str = "en", **options: Any
) -> InteractionResult:
    """Let somebody fill in the form; for a group where nothing else is named."""
    opened = await who.slash(house.lobby, "propose", **(options or {"group": GROUP}))
    return await who.submit_modal(opened, {"text": words, "why": "Because I say so.", "language": language})


async def review(house: House, who: MemberActor | None = None, **options: Any) -> InteractionResult:
    """Let a moderator open the queue once the hour is over in which nothing of it is told."""
    await house.env.advance_time(3_600)
    return await (who or house.moderator).slash(house.lobby, "review proposals", **options)


async def decide(
    house: House, queue: InteractionResult, name: str, who: MemberActor | None = None, **filled_in: Any
) -> InteractionResult:
    """Press the button of the queue whose custom id begins so, and submit its form where it has one."""
    moderator = who or house.moderator
    pressed = next(one for one in buttons(queue.response).values() if one.startswith(f"{name}:"))
    result = await moderator.click(answered(queue), custom_id=pressed)
    return await moderator.submit_modal(result, filled_in) if result.modal else result


async def approved(house: House, words: str = MEALS, language: str = "en", **options: Any) -> Poll:
    """Let Ann propose something and a moderator put it to the vote."""
    await propose(house, house.member("ann-example"), words, language, **options)
    await decide(house, await review(house), "proposal_approve", words="7 days")
    return max(house.store.memory.polls.values(), key=lambda poll: poll.id)


async def stored(house: House) -> list[Statement]:
    async with house.store.read() as session:
        rows = await session.scalars(select(StatementRow).order_by(StatementRow.id))
        return [statements.statement_record(row) for row in rows]


def card(house: House, poll: Poll) -> discord.Message:
    place = house._place("card", poll.subject)
    return next(message for message in house.channel(poll.group).history() if message.id == place)


# People propose


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_a_proposal_is_stored_and_waits_for_the_moderators(open_house: House, language: str) -> None:
    ann = open_house.member("ann-example", language)

    told = said(await propose(open_house, ann, language="nl"))

    [one] = await stored(open_house)
    assert phrase("propose.sent", language, reference=one.reference) in told
    assert (one.state, one.text, one.language, one.group) == (StatementState.PENDING, MEALS, "nl", GROUP)
    queue = said(await review(open_house, mia(open_house, language)))
    assert phrase("proposal.waiting", language, count=1) in queue
    assert MEALS in queue
    assert "Because I say so." in queue
    assert "ann-example" not in queue


async def test_an_amendment_names_its_recommendation_and_stands_in_its_group(open_house: House) -> None:
    await propose(open_house, open_house.member("ann-example"), recommendation=STEM)
    [one] = await stored(open_house)
    assert (one.recommendation, one.group) == (STEM, open_house.catalogue.recommendations[STEM].group)
    amends = phrase("card.proposal_amends", title=title(open_house, STEM))
    assert amends in said(await review(open_house))


async def test_whoever_names_no_group_is_asked_for_it(open_house: House) -> None:
    ann = open_house.member("ann-example")
    opened = await ann.slash(open_house.lobby, "propose")
    await ann.submit_modal(opened, {"group": GROUP, "text": MEALS, "why": "So.", "language": "en"})
    [one] = await stored(open_house)
    assert one.group == GROUP


@pytest.mark.parametrize("language", ["en", "de"])
async def test_one_proposes_by_the_button_of_the_start_card(open_house: House, language: str) -> None:
    ann = open_house.member("ann-example", language)
    opened = await ann.click(open_house.start_card(), label="Propose")
    assert opened.modal
    assert opened.modal["title"] == phrase("propose.title", language)
    await ann.submit_modal(opened, {"group": GROUP, "text": MEALS, "why": "So.", "language": "en"})
    assert [one.text for one in await stored(open_house)] == [MEALS]


async def test_what_is_there_already_is_shown_before_it_is_sent(open_house: House) -> None:
    ann = open_house.member("ann-example")
    words = open_house.catalogue.recommendations[STEM].text.in_language("en")[:300]

    offered = await propose(open_house, ann, words)

    assert phrase("propose.near") in said(offered)
    assert title(open_house, STEM) in said(offered)
    assert open_house.card(STEM).jump_url in said(offered)
    [one] = await stored(open_house)
    assert one.state is StatementState.DRAFT
    assert phrase("proposal.none_waiting") in said(await review(open_house))

    await open_house.restart()
    sent = await ann.click(answered(offered), label=phrase("propose.send"))
    assert phrase("propose.sent", reference=one.reference) in said(sent)
    assert [one.state for one in await stored(open_house)] == [StatementState.PENDING]


async def test_a_draft_is_corrected_in_a_form_that_holds_what_was_typed(open_house: House) -> None:
    ann = open_house.member("ann-example")
    words = open_house.catalogue.recommendations[STEM].text.in_language("en")[:300]
    offered = await propose(open_house, ann, words)

    opened = await ann.click(answered(offered), label=phrase("propose.correct"))
    assert words in str(opened.modal)
    done = await ann.submit_modal(opened, {"text": MEALS, "why": "Anew.", "language": "de"})

    [one] = await stored(open_house)
    assert phrase("propose.sent", reference=one.reference) in said(done)
    assert (one.state, one.text, one.why, one.language) == (StatementState.PENDING, MEALS, "Anew.", "de")


async def test_a_draft_that_is_left_is_gone(open_house: House) -> None:
    ann = open_house.member("ann-example")
    words = open_house.catalogue.recommendations[STEM].text.in_language("en")[:300]
    offered = await propose(open_house, ann, words)
    assert said(await ann.click(answered(offered), label=phrase("propose.leave"))) == phrase("propose.left")
    assert await stored(open_house) == []


async def test_another_s_proposal_that_waits_is_shown_to_nobody_but_one_s_own_is(open_house: House) -> None:
    ann, bob = open_house.member("ann-example"), open_house.member("bob-example")
    await propose(open_house, ann)
    assert phrase("propose.near") not in said(await propose(open_house, bob, MEALS))
    again = said(await propose(open_house, ann, MEALS))
    assert phrase("propose.near") in again


async def test_a_form_that_was_open_during_a_restart_is_taken(open_house: House) -> None:
    ann = open_house.member("ann-example")
    opened = await ann.slash(open_house.lobby, "propose", group=GROUP)
    await open_house.restart()
    await ann.submit_modal(opened, {"text": MEALS, "why": "So.", "language": "en"})
    assert [one.state for one in await stored(open_house)] == [StatementState.PENDING]


async def test_what_cannot_be_stored_is_given_back(open_house: House) -> None:
    ann = open_house.member("ann-example")
    opened = await ann.slash(open_house.lobby, "propose", group=GROUP)
    with open_house.failing_store():
        told = said(await ann.submit_modal(opened, {"text": MEALS, "why": "So.", "language": "en"}))
    assert MEALS in told
    assert await stored(open_house) == []


async def test_nothing_is_proposed_while_the_consultation_is_not_open(house: House) -> None:
    await house.moderator.slash(house.lobby, "consultation setup")
    told = await house.member("ann-example").slash(house.lobby, "propose", group=GROUP)
    assert said(told) == phrase("consultation.not_open")


async def test_nobody_else_sends_or_reads_a_draft(open_house: House) -> None:
    ann, bob = open_house.member("ann-example"), open_house.member("bob-example")
    words = open_house.catalogue.recommendations[STEM].text.in_language("en")[:300]
    await propose(open_house, ann, words)
    offered = await propose(open_house, bob, words)
    [of_ann, of_bob] = await stored(open_house)
    message = answered(offered).message
    for row in open_house.env.backend.get_message(message.channel.id, message.id).components:
        _renumber(row, f":{of_bob.id}", f":{of_ann.id}")
    for label in ("propose.send", "propose.correct", "propose.leave"):
        told = await bob.click(answered(offered), label=phrase(label))
        if label != "propose.leave":
            assert phrase("propose.gone") in said(told)
    assert [one.state for one in await stored(open_house)] == [StatementState.DRAFT] * 2


def _renumber(row: Any, before: str, after: str) -> None:
    """Let every button under this component stand for another number."""
    if isinstance(row, dict):
        if str(row.get("custom_id", "")).endswith(before):
            row["custom_id"] = row["custom_id"].removesuffix(before) + after
        for child in row.get("components", []):
            _renumber(child, before, after)


# Moderators decide


@pytest.mark.parametrize("language", ["en", "de"])
async def test_an_approved_proposal_is_put_to_the_vote_and_its_author_told(open_house: House, language: str) -> None:
    ann = open_house.member("ann-example", language)
    poll = await approved(open_house, MEALS, "fr")

    text = shown(card(open_house, poll))
    assert phrase("card.proposal") in text
    assert MEALS in text
    assert phrase("language.fr") in text
    assert "ann-example" not in text
    assert "Because I say so." not in text
    assert {"Support", "Object"} <= set(buttons(card(open_house, poll)))
    assert any(thread.id == card(open_house, poll).id for thread in open_house.channel(GROUP).threads)
    assert poll.closes_at is not None

    [notice] = notices_in(await ann.slash(open_house.lobby, "help"))
    [one] = await stored(open_house)
    channel = open_house.channel(GROUP).id
    told = phrase("propose.told_approved", language, reference=one.reference, text=MEALS, channel=channel)
    assert told in notice


async def test_an_approved_proposal_is_in_the_deck_and_takes_ballots(open_house: House) -> None:
    poll = await approved(open_house)
    bob = open_house.member("bob-example")
    await open_house.join(bob, "academia")
    dealt = await bob.slash(open_house.lobby, "vote")
    assert MEALS in said(dealt)
    await bob.click(answered(dealt), label="Support")
    async with open_house.store.read() as session:
        assert await polls.turnout(session, poll.id) == 1
    await open_house.env.advance_time(8 * 86_400)
    assert MEALS in shown(card(open_house, poll))
    assert phrase("result.title", title=MEALS) in shown(
        next(
            thread for thread in open_house.channel(GROUP).threads if thread.id == card(open_house, poll).id
        ).history()[-1]
    )


async def test_whoever_asked_for_messages_learns_of_it_by_one(open_house: House) -> None:
    zoe = await ask(open_house, "zoe-example", "nl")
    await propose(open_house, zoe)
    await decide(open_house, await review(open_house), "proposal_reject", words="Off the subject.")
    [text] = messages(zoe)
    [one] = await stored(open_house)
    told = phrase("propose.told_rejected", "nl", reference=one.reference, text=MEALS, reason="Off the subject.")
    assert told in text
    assert notices_in(await zoe.slash(open_house.lobby, "help")) == []


async def test_a_question_is_answered_by_the_button_of_the_notice_also_in_a_message(open_house: House) -> None:
    zoe = await ask(open_house, "zoe-example")
    await propose(open_house, zoe)
    told = said(await decide(open_house, await review(open_house), "proposal_ask", words="Which meetings?"))
    [one] = await stored(open_house)
    assert phrase("proposal.asked_back", reference=one.reference) in told
    assert phrase("proposal.none_waiting") in told

    message = zoe.user.dm_channel.last_message
    assert "Which meetings?" in shown(message)
    opened = await zoe.user.click(message, label=phrase("propose.answer"))
    answer = {"answer": "All of ours.", "text": "Serve vegetarian meals at our meetings."}
    done = await zoe.user.submit_modal(opened, answer)

    assert phrase("propose.answered", reference=one.reference) in shown(done.response)
    queue = said(await review(open_house))
    assert "All of ours." in queue
    assert "Serve vegetarian meals at our meetings." in queue
    assert MEALS in queue
    again = await zoe.user.click(message, label=phrase("propose.answer"))
    assert phrase("propose.nothing_asked") in shown(again.response)


async def test_of_two_moderators_one_is_told_and_gets_back_what_they_typed(open_house: House) -> None:
    ann, other = open_house.member("ann-example"), mia(open_house, "fr")
    await propose(open_house, ann)
    mine, theirs = await review(open_house), await review(open_house, other)

    await decide(open_house, mine, "proposal_ask", words="Which meetings?")
    told = said(await decide(open_house, theirs, "proposal_reject", other, words="Off the subject."))

    assert phrase("proposal.changed_meanwhile", "fr") in told
    assert "Off the subject." in told
    [one] = await stored(open_house)
    assert one.state is StatementState.ASKED_BACK


async def test_merged_proposals_go_on_as_one(open_house: House) -> None:
    ann, bob = open_house.member("ann-example"), open_house.member("bob-example")
    await propose(open_house, ann, MEALS)
    await propose(open_house, bob, "Vegetarian meals should be served at every meeting.")
    first, second = await stored(open_house)
    queue = await review(open_house)
    assert second.reference in shown(queue.response)

    chosen = await open_house.moderator.select(answered(queue), [str(second.id)])
    told = said(await open_house.moderator.submit_modal(chosen, {"words": "The same."}))

    assert phrase("proposal.merged", reference=first.reference) in told
    assert second.reference in told
    assert (
        phrase("propose.told_merged", reference=first.reference, text=MEALS)
        in notices_in(await ann.slash(open_house.lobby, "help"))[0]
    )
    await decide(open_house, await review(open_house), "proposal_approve", words="7 days")
    for who in (ann, bob):
        assert "Vegetarian meals should be served" in notices_in(await who.slash(open_house.lobby, "help"))[0]


async def test_a_translation_stands_on_the_card_in_its_language(house: House) -> None:
    await house.set_up(language="fr", second_language="nl")
    ann = house.member("ann-example")
    await propose(house, ann, "Des repas végétariens à chaque réunion.", "fr", group=GROUP)
    queue = await review(house)
    assert phrase("proposal.not_translated") in said(queue)

    dutch = "Vegetarische maaltijden op elke vergadering."
    done = await decide(house, queue, "proposal_translate", nl=dutch)
    assert dutch in said(done)
    assert phrase("proposal.not_translated") not in said(done)
    await decide(house, done, "proposal_approve", words="7 days")

    [poll] = house.store.memory.polls.values()
    text = shown(card(house, poll))
    assert "Des repas végétariens à chaque réunion." in text
    assert dutch in text
    assert phrase("card.proposal_written", "fr", language="Français") in text
    assert phrase("card.proposal_translated", "nl", language="Français") in text


async def test_a_correction_reaches_the_card_and_the_author_until_somebody_has_voted(open_house: House) -> None:
    poll = await approved(open_house, "Serve vegetarian meels at every meeting.")
    ann = open_house.member("ann-example")
    await ann.slash(open_house.lobby, "help")
    [one] = await stored(open_house)
    seen = await review(open_house, proposal=one.reference)

    done = await decide(open_house, seen, "proposal_correct", words=MEALS)

    assert phrase("proposal.corrected", reference=one.reference) in said(done)
    assert MEALS in shown(card(open_house, poll))
    assert open_house.thread_name(poll) == MEALS
    [notice] = notices_in(await ann.slash(open_house.lobby, "help"))
    before = "Serve vegetarian meels at every meeting."
    assert phrase("propose.told_corrected", reference=one.reference, before=before, text=MEALS) in notice

    await open_house.bot.ballot_box.cast(Ballot(poll.id, ann.id, "academia", Position.SUPPORT))
    told = said(await decide(open_house, done, "proposal_correct", words="Serve meat."))
    assert phrase("poll.worded_for_good") in told
    assert MEALS in shown(card(open_house, poll))


@pytest.mark.parametrize("language", ["en", "nl"])
async def test_what_waits_for_its_author_comes_at_the_end_of_the_queue(open_house: House, language: str) -> None:
    for words in (MEALS, "Print every badge in braille.", "Let the night bus stop at the laboratories."):
        await propose(open_house, open_house.member("ann-example"), words)
    moderator = mia(open_house, language)
    asked = await decide(open_house, await review(open_house, moderator), "proposal_ask", moderator, words="Why?")
    seen = [said(asked)]
    for _ in range(3):
        number = next(one for one in buttons(asked.response).values() if one.startswith("proposal_next:"))
        asked = await moderator.click(answered(asked), custom_id=number)
        seen.append(said(asked))

    first, second, third = [one.reference for one in await stored(open_house)]
    assert [re.findall(r"### (S-\w+)", one) for one in seen] == [[second], [third], [first], [second]]
    assert phrase("proposal.waiting_for_author", language, count=1) in seen[0]
    assert phrase("proposal.not_answered", language) in seen[2]


async def test_the_author_learns_why_the_vote_was_cancelled(open_house: House) -> None:
    poll = await approved(open_house)
    ann = open_house.member("ann-example")
    await ann.slash(open_house.lobby, "help")
    await open_house.moderator.slash(open_house.lobby, "poll cancel", vote=poll.subject, reason="Asked twice.")
    [told] = notices_in(await ann.slash(open_house.lobby, "help"))
    [one] = await stored(open_house)
    assert phrase("propose.told_cancelled", reference=one.reference, text=MEALS, reason="Asked twice.") in told


async def test_a_new_wording_drops_the_translations_and_the_card_says_so(house: House) -> None:
    await house.set_up(language="en", second_language="fr")
    await propose(house, house.member("ann-example"))
    queue = await review(house)
    queue = await decide(house, queue, "proposal_translate", fr="Des repas végétariens.")
    assert "végétariens" in said(queue)
    queue = await decide(house, queue, "proposal_correct", words="Serve no meals.")
    assert "végétariens" not in said(queue)
    assert phrase("proposal.translation_stale") in said(queue)


@pytest.mark.parametrize("failure", [{"failures": 2}, {"failures": 2, "after_commit": True}])
async def test_a_store_that_fails_for_a_moment_costs_no_proposal(open_house: House, failure: dict[str, Any]) -> None:
    with open_house.stumbling_store(**failure):
        told = said(await propose(open_house, open_house.member("ann-example")))
    [one] = await stored(open_house)
    assert phrase("propose.sent", reference=one.reference) in told


async def test_a_form_handed_in_again_says_what_was_typed_last(open_house: House) -> None:
    ann = open_house.member("ann-example")
    words = open_house.catalogue.recommendations[STEM].text.in_language("en")[:300]
    form = await ann.slash(open_house.lobby, "propose", group=GROUP)
    await ann.submit_modal(form, {"text": words, "why": "So.", "language": "en"})
    done = await ann.submit_modal(still_open(form), {"text": MEALS, "why": "So.", "language": "en"})
    [one] = await stored(open_house)
    assert (one.text, one.state) == (MEALS, StatementState.PENDING)
    assert phrase("propose.sent", reference=one.reference) in said(done)
    late = said(await ann.submit_modal(still_open(form), {"text": words, "why": "So.", "language": "en"}))
    assert phrase("propose.sent_already", reference=one.reference) in late


async def test_the_queue_goes_round_and_can_be_left_for_one_proposal(open_house: House) -> None:
    for number, words in enumerate((MEALS, "Publish the minutes of every session.", "Plant trees along the canal.")):
        await propose(open_house, open_house.member(f"person-{number}-example"), words)
    references = [one.reference for one in await stored(open_house)]
    queue = await review(open_house)
    for reference in (*references, references[0]):
        assert f"### {reference}" in said(queue)
        queue = await decide(open_house, queue, "proposal_next")

    assert f"### {references[2]}" in said(await review(open_house, proposal=references[2].lower()))
    assert phrase("proposal.gone") in said(await review(open_house, proposal="S-NOTHING"))
    status = said(await open_house.moderator.slash(open_house.lobby, "consultation status"))
    assert phrase("status.proposals", count=3) in status


async def test_only_moderators_review_and_every_decision_is_in_the_trace(open_house: House) -> None:
    ann = open_house.member("ann-example")
    helper = open_house.guild.create_role("Helpers", permissions=discord.Permissions(manage_threads=True))
    eve = open_house.guild.add_member(open_house.env.create_user("eve-example"), roles=[helper])
    await propose(open_house, ann)
    assert said(await review(open_house, eve)) == phrase("moderator.only")
    assert await eve.autocomplete(open_house.lobby, "review proposals", "proposal", "") == []

    queue = await review(open_house)
    open_house.env.backend.remove_member_role(open_house.guild.id, open_house.moderator.id, open_house.staff.id)
    for name in ("approve", "reject", "ask", "translate", "correct", "next"):
        assert phrase("moderator.only") in said(await decide(open_house, queue, f"proposal_{name}"))
    open_house.env.backend.add_member_role(open_house.guild.id, open_house.moderator.id, open_house.staff.id)

    [one] = await stored(open_house)
    done = await decide(open_house, queue, "proposal_correct", words="Serve vegetarian meals at each meeting.")
    await decide(open_house, done, "proposal_reject", words="Off the subject.")
    async with open_house.store.read() as session:
        entries = await trace.entries(session, one.consultation_id)
    assert [(entry.action, entry.subject, entry.reason) for entry in entries[-2:]] == [
        ("proposal_correct", one.reference, None),
        ("proposal_reject", one.reference, "Off the subject."),
    ]


async def test_a_card_that_discord_refuses_is_said_and_setup_posts_it(open_house: House) -> None:
    await propose(open_house, open_house.member("ann-example"))
    channel = open_house.channel(GROUP).id
    queue = await review(open_house)
    open_house.env.inject_error("POST", f"/channels/{channel}/messages", status=403, code=50_013)
    told = said(await decide(open_house, queue, "proposal_approve", words="7 days"))
    assert phrase("poll.card_missing") in told
    await open_house.moderator.slash(open_house.lobby, "consultation setup")
    [poll] = open_house.store.memory.polls.values()
    assert MEALS in shown(card(open_house, poll))


# Whatever people write

NASTY = [
    "*" * 300,
    "\n".join("#" * 150),
    "@everyone " * 30,
    "[x](http://y.example)" * 14,
    '=HYPERLINK("http://y.example")',
    "\\" * 300,
]
MASKED_LINK = re.compile(r"(?<!\\)\[x\]\(http")
WILD = st.text(max_size=300) | st.sampled_from(NASTY)


@cache
def valley() -> Catalogue:
    """Return the catalogue; as a fixture, hypothesis would write all of it out."""
    return load_catalogue(Path("content/valley"))


@settings(deadline=None, max_examples=60)
@given(words=WILD, language=st.sampled_from(["en", "fr", "nl", "de"]))
def test_any_words_are_harmless_on_the_cards_and_fit_them(words: str, language: str) -> None:
    catalogue = valley()
    one = Statement(
        1,
        1,
        "S-2345678",
        StatementState.PENDING,
        3,
        next(iter(catalogue.groups)),
        STEM,
        "en",
        dict.fromkeys(("en", "fr", "nl"), words),
        words,
        (Exchange(words, words),),
        (Rewording("en", words, True, START),),
        None,
        None,
        None,
    )
    say = Speech(language)
    near = [f"- {'x' * 110} ({'y' * 120})"] * 3
    views = [
        draft_card(one, near, say),
        review_card(catalogue, one, ("fr", "nl"), near, [one] * 30, 12, 3, say, "n" * 150),
    ]
    for view in views:
        assert text_length(view.children) <= LAYOUT_LENGTH
        drawn = "\n".join(_texts(view.to_components()))
        assert "@everyone" not in drawn
        assert not MASKED_LINK.search(drawn)
