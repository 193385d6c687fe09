"""Going through all open votes in one private message, as members do it."""

from datetime import timedelta
from typing import Any

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simcord import HttpLogEntry, InteractionResult, MemberActor, ResponseMessage
from sqlalchemy import select

from cogs.ui.deck_cards import PAGE, SKIPS_SPAN, also_skipped, answers_card, packed, unpacked, vote_card
from cogs.ui.texts import PHRASES, Speech
from content.catalogue import LANGUAGES, RECOMMENDATION_TEXT_LENGTH, TITLE_LENGTH, Catalogue
from models.deck import Answered, Deck
from models.records import BallotPaper, Poll, Position, ReasonPolicy, Wording
from models.tables import BallotRow
from tests.cogs.conftest import DISK_FULL, START, House, answered, said, shown, still_open
from tests.cogs.limits import breaches, walk

DAY = 86_400
FIRST, SECOND, THIRD = "stem-orientation", "growth-capital", "data-analytics"


def phrase(key: str, language: str = "en", /, **values: Any) -> str:
    return PHRASES.text(key, language, **values)


def text(message: ResponseMessage) -> str:
    """Return all that a deck's card says, without its buttons."""
    return "\n".join(one["content"] for one in walk(message.components) if one.get("content"))


def ids(message: ResponseMessage) -> dict[str, list[str]]:
    """Return the custom ids of a card's buttons by label, those beside a text included."""
    found: dict[str, list[str]] = {}
    for one in walk(message.components):
        if one.get("custom_id"):
            found.setdefault(one["label"], []).append(one["custom_id"])
    return found


def titles(house: House, message: ResponseMessage, language: str = "en") -> list[str]:
    """Return the recommendations that a card names as the vote to be answered."""
    return [
        key
        for key, one in house.catalogue.recommendations.items()
        if f"### {one.title.in_language(language)}" in text(message)
    ]


def title(house: House, recommendation: str, language: str = "en") -> str:
    return house.catalogue.recommendations[recommendation].title.in_language(language)


def stored_now(house: House, recommendation: str, position: str, language: str = "en", *, key: str = "recorded") -> str:
    position = phrase(f"position.{position}", language)
    return phrase(f"vote.{key}", language, answer=position, title=title(house, recommendation, language))


async def ballots(house: House) -> dict[str, tuple[str, str | None, str]]:
    """Return answer, reason and segment of every ballot by recommendation."""
    polls = {poll.id: poll for poll in house.store.memory.polls.values()}
    async with house.store.read() as session:
        rows = await session.scalars(select(BallotRow))
        return {polls[row.poll_id].subject: (row.answer, row.reason, row.segment) for row in rows}


def poll_on(house: House, recommendation: str) -> Poll:
    return next(poll for poll in house.store.memory.polls.values() if poll.recommendation == recommendation)


async def begin(house: House, who: MemberActor) -> ResponseMessage:
    return answered(await who.slash(house.lobby, "vote"))


def edited(result: InteractionResult, deck: ResponseMessage) -> ResponseMessage:
    """Return the deck after a click that changed it in place."""
    assert result.acknowledged
    message = answered(result)
    assert message.id == deck.id
    return message


async def press(who: MemberActor, deck: ResponseMessage, label: str) -> ResponseMessage:
    return edited(await who.click(deck, label=label), deck)


@pytest.fixture
async def polled(open_house: House) -> House:
    """Return a house with three open votes: what ends first is served first while nobody has voted."""
    for days, recommendation in enumerate((FIRST, SECOND, THIRD), start=2):
        await open_house.open_poll(recommendation, closes=f"{days} days")
    return open_house


@pytest.fixture
async def ann(polled: House) -> MemberActor:
    """Return somebody who has joined."""
    who = polled.member("ann-example")
    await polled.join(who, "academia")
    return who


# Going through


async def test_one_vote_after_another_in_one_private_message(polled: House, ann: MemberActor) -> None:
    begun = await ann.slash(polled.lobby, "vote")
    deck = answered(begun)
    assert begun.ephemeral
    assert titles(polled, deck) == [FIRST]
    assert phrase("deck.left", count=3) in text(deck)
    assert list(ids(deck)) == ["Support", "Can live with it", "Object", "Pass", phrase("deck.skip")]

    deck = await press(ann, deck, "Support")
    assert stored_now(polled, FIRST, "support") in text(deck)
    assert titles(polled, deck) == [SECOND]
    assert phrase("deck.left", count=2) in text(deck)

    deck = await press(ann, deck, "Pass")
    assert titles(polled, deck) == [THIRD]
    deck = await press(ann, deck, "Can live with it")

    assert stored_now(polled, THIRD, "accept") in text(deck)
    assert phrase("deck.done") in text(deck)
    for recommendation, position in ((FIRST, "Support"), (SECOND, "Pass"), (THIRD, "Can live with it")):
        assert f"{title(polled, recommendation)}\n**{position}**" in text(deck)
    assert len(ids(deck)[phrase("deck.change")]) == 3
    assert {key: one[0] for key, one in (await ballots(polled)).items()} == {
        FIRST: "support",
        SECOND: "pass",
        THIRD: "accept",
    }


async def test_the_start_card_s_button_begins_it_too(polled: House, ann: MemberActor) -> None:
    begun = await ann.click(polled.start_card(), label="Vote")

    assert begun.ephemeral
    assert titles(polled, answered(begun)) == [FIRST]


async def test_the_cards_count_what_was_answered_in_the_deck(polled: House, ann: MemberActor) -> None:
    await press(ann, await begin(polled, ann), "Support")
    await polled.env.advance_time(10)

    assert phrase("card.turnout", count=1) in shown(polled.card(FIRST))


async def test_what_others_left_out_is_served_first(polled: House, ann: MemberActor) -> None:
    ben = polled.member("ben-example")
    await polled.join(ben, "industry")
    deck = await press(ann, await begin(polled, ann), "Support")
    await press(ann, deck, "Support")
    await polled.env.advance_time(10)

    assert titles(polled, await begin(polled, ben)) == [THIRD]


async def test_whoever_comes_back_goes_on_where_they_stopped(polled: House, ann: MemberActor) -> None:
    await press(ann, await begin(polled, ann), "Support")

    deck = await begin(polled, ann)

    assert titles(polled, deck) == [SECOND]
    assert phrase("deck.left", count=2) in text(deck)


async def test_a_ballot_cast_on_a_card_is_not_asked_for_again(polled: House, ann: MemberActor) -> None:
    await polled.vote(ann, FIRST, "Support")

    assert titles(polled, await begin(polled, ann)) == [SECOND]


async def test_the_deck_speaks_the_language_of_whoever_reads_it(polled: House) -> None:
    noor = polled.member("noor-voorbeeld", "nl")
    await polled.join(noor, "industry")

    deck = await begin(polled, noor)
    assert titles(polled, deck, "nl") == [FIRST]
    assert phrase("deck.left", "nl", count=3) in text(deck)
    deck = await press(noor, deck, phrase("position.accept", "nl"))
    assert stored_now(polled, FIRST, "accept", "nl") in text(deck)
    deck = await press(noor, deck, phrase("deck.answers", "nl"))

    assert phrase("deck.answered", "nl", count=1) in text(deck)
    assert phrase("deck.change", "nl") in ids(deck)


# Forms on the way


async def test_a_newcomer_is_asked_once_for_whom_they_speak_and_goes_on(polled: House) -> None:
    ben = polled.member("ben-example")
    deck = await begin(polled, ben)

    form = await ben.click(deck, label="Support")
    deck = edited(await ben.submit_modal(form, {"segment": "industry", "groups": ["training"]}), deck)
    assert stored_now(polled, FIRST, "support") in text(deck)
    deck = await press(ben, deck, "Pass")

    assert titles(polled, deck) == [THIRD]
    assert (await ballots(polled))[FIRST] == ("support", None, "industry")


async def test_an_objection_asks_for_its_reason_and_goes_on(polled: House, ann: MemberActor) -> None:
    deck = await begin(polled, ann)

    form = await ann.click(deck, label="Object")
    deck = edited(await ann.submit_modal(form, {"reason": "Too few teachers.", "quotation": "not"}), deck)

    assert stored_now(polled, FIRST, "object") in text(deck)
    assert titles(polled, deck) == [SECOND]
    assert (await ballots(polled))[FIRST] == ("object", "Too few teachers.", "academia")


async def test_a_newcomer_s_objection_is_one_form(polled: House) -> None:
    ben = polled.member("ben-example")
    deck = await begin(polled, ben)
    form = await ben.click(deck, label="Object")
    filled_in = {"segment": "industry", "groups": [], "reason": "Unclear.", "quotation": "not"}

    assert titles(polled, edited(await ben.submit_modal(form, filled_in), deck)) == [SECOND]
    assert (await ballots(polled))[FIRST] == ("object", "Unclear.", "industry")


async def test_a_blank_reason_is_refused_and_the_deck_stays_where_it_is(polled: House, ann: MemberActor) -> None:
    deck = await begin(polled, ann)
    form = await ann.click(deck, label="Object")

    told = await ann.submit_modal(form, {"reason": " ", "quotation": "not"})

    assert said(told) == phrase("vote.reason_missing")
    assert answered(told).id != deck.id
    assert titles(polled, deck) == [FIRST]
    assert await ballots(polled) == {}


# Skipping


async def test_what_is_skipped_comes_last(polled: House, ann: MemberActor) -> None:
    deck = await press(ann, await begin(polled, ann), phrase("deck.skip"))
    assert titles(polled, deck) == [SECOND]
    assert phrase("deck.left", count=3) in text(deck)

    deck = await press(ann, deck, "Support")
    assert titles(polled, deck) == [THIRD]
    deck = await press(ann, deck, "Support")

    assert titles(polled, deck) == [FIRST]


async def test_what_was_skipped_stays_so_over_a_form_and_a_look_at_one_s_answers(
    polled: House, ann: MemberActor
) -> None:
    deck = await press(ann, await begin(polled, ann), phrase("deck.skip"))
    form = await ann.click(deck, label="Object")
    deck = edited(await ann.submit_modal(form, {"reason": "Unclear.", "quotation": "not"}), deck)
    assert titles(polled, deck) == [THIRD]

    deck = await press(ann, deck, phrase("deck.answers"))
    deck = await press(ann, deck, phrase("deck.go_on"))

    assert titles(polled, deck) == [THIRD]


async def test_whoever_skips_all_that_is_left_sees_where_they_stand_and_can_go_on(
    polled: House, ann: MemberActor
) -> None:
    deck = await press(ann, await begin(polled, ann), "Support")
    deck = await press(ann, deck, phrase("deck.skip"))
    deck = await press(ann, deck, phrase("deck.skip"))

    assert phrase("deck.left", count=2) in text(deck)
    assert phrase("deck.answered", count=1) in text(deck)
    assert titles(polled, deck) == []
    assert titles(polled, await press(ann, deck, phrase("deck.go_on"))) == [SECOND]


async def test_whoever_skips_everything_is_told_that_nothing_is_answered(polled: House, ann: MemberActor) -> None:
    deck = await begin(polled, ann)
    for _ in range(3):
        deck = await press(ann, deck, phrase("deck.skip"))

    assert phrase("deck.none_answered") in text(deck)
    assert list(ids(deck)) == [phrase("deck.go_on")]


near = st.integers(1, 10**9).flatmap(
    lambda middle: st.sets(st.integers(max(1, middle - SKIPS_SPAN + 1), middle + SKIPS_SPAN - 1)).map(
        lambda others: {middle, *others}
    )
)


@given(near)
def test_a_button_carries_every_skipped_vote(skipped: set[int]) -> None:
    assert unpacked(packed(skipped)) == skipped
    assert len(packed(skipped)) <= 48
    assert unpacked(packed(())) == frozenset()


@given(near, st.integers(1, 10**9))
def test_a_vote_that_is_skipped_now_is_never_forgotten_for_earlier_ones(skipped: set[int], now: int) -> None:
    after = also_skipped(packed(skipped), now)
    assert now in after
    assert after <= {*skipped, now}
    assert len(packed(after)) <= 48


# Within Discord's limits


def longest(number: int, recommendation: str = "no-longer-there") -> Poll:
    """Return a poll with an id and a wording as long as they can be."""
    wording = {language: Wording("W" * TITLE_LENGTH, "W" * RECOMMENDATION_TEXT_LENGTH) for language in LANGUAGES}
    paper = BallotPaper(reasons=ReasonPolicy.REQUIRED)
    return Poll(10**9 + number, 1, recommendation, "training", wording, START, START, None, None, paper=paper)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_longest_cards_keep_discord_s_limits(catalogue: Catalogue, language: str) -> None:
    polls = [longest(number) for number in range(3 * PAGE)]
    deck = Deck(tuple(polls), tuple(Answered(poll, Position.ACCEPT) for poll in polls))
    skips, say = packed({10**9 + step for step in range(2 * SKIPS_SPAN - 1)}), Speech(language)
    # What is said of the ballot before, and that a press came too soon, which stands over the card.
    note = say("vote.changed", answer="W" * 80, title="W" * TITLE_LENGTH) + say("deck.press_again")

    for view in (
        vote_card(catalogue, longest(0, FIRST), deck, skips, say, [note]),
        vote_card(catalogue, longest(99), deck, skips, say, [note]),
        answers_card(catalogue, deck, 1, skips, say, [note]),
    ):
        assert not breaches([HttpLogEntry("POST", "", {}, {"components": view.to_components()}, None)])


def test_a_vote_whose_recommendation_has_gone_from_the_content_shows_its_wording(catalogue: Catalogue) -> None:
    poll = longest(0)
    shows = vote_card(catalogue, poll, Deck((poll,), ()), "", Speech("en")).to_components()

    assert any("W" * RECOMMENDATION_TEXT_LENGTH in one.get("content", "") for one in walk(shows))


# Changing one's answers


async def test_an_answer_is_changed_from_the_list_and_the_list_comes_back(polled: House, ann: MemberActor) -> None:
    deck = await begin(polled, ann)
    for _ in range(3):
        deck = await press(ann, deck, "Support")
    change = next(one for one in ids(deck)[phrase("deck.change")] if f":{poll_on(polled, SECOND).id}:" in one)

    deck = edited(await ann.click(deck, custom_id=change), deck)
    assert titles(polled, deck) == [SECOND]
    assert phrase("deck.current", answer="Support") in text(deck)
    assert phrase("deck.skip") not in ids(deck)
    deck = await press(ann, deck, "Pass")

    assert stored_now(polled, SECOND, "pass", key="changed") in text(deck)
    assert f"{title(polled, SECOND)}\n**Pass**" in text(deck)
    assert (await ballots(polled))[SECOND][0] == "pass"


async def test_one_s_answers_can_be_seen_on_the_way(polled: House, ann: MemberActor) -> None:
    deck = await press(ann, await begin(polled, ann), "Support")
    deck = await press(ann, deck, phrase("deck.answers"))
    assert phrase("deck.answered", count=1) in text(deck)
    assert phrase("deck.left", count=2) in text(deck)

    assert titles(polled, await press(ann, deck, phrase("deck.go_on"))) == [SECOND]


async def test_whoever_has_answered_everything_gets_their_answers_at_once(polled: House, ann: MemberActor) -> None:
    deck = await begin(polled, ann)
    for _ in range(3):
        deck = await press(ann, deck, "Support")

    assert phrase("deck.done") in text(await begin(polled, ann))


async def test_nobody_sees_another_s_answers(polled: House, ann: MemberActor) -> None:
    ben = polled.member("ben-example")
    await press(ann, await begin(polled, ann), "Support")

    deck = await begin(polled, ben)

    assert phrase("deck.left", count=3) in text(deck)
    assert phrase("deck.answers") not in ids(deck)


async def test_a_whole_consultation_is_answered_and_every_answer_can_be_changed(open_house: House) -> None:
    every = list(open_house.catalogue.recommendations)
    for recommendation in every:
        await open_house.open_poll(recommendation)
    ben = open_house.member("ben-example")
    await open_house.join(ben, "industry")
    deck = await begin(open_house, ben)
    for left in range(len(every), 0, -1):
        assert phrase("deck.left", count=left) in text(deck)
        deck = await press(ben, deck, "Support")

    changes = ids(deck)[phrase("deck.change")]
    pages = 1
    while phrase("deck.next") in ids(deck):
        deck = await press(ben, deck, phrase("deck.next"))
        changes += ids(deck)[phrase("deck.change")]
        pages += 1

    assert len(set(changes)) == len(every)
    assert pages == -(-len(every) // PAGE)
    if pages > 1:
        await press(ben, deck, phrase("deck.previous"))
    assert len(await ballots(open_house)) == len(every)


# What has ended


async def test_a_vote_that_ended_meanwhile_is_refused_in_a_sentence_and_the_deck_goes_on(
    polled: House, ann: MemberActor
) -> None:
    deck = await begin(polled, ann)
    await polled.env.advance_time(2 * DAY)

    pressed = await ann.click(deck, label="Support")

    assert phrase("vote.poll_ended") in [one.content for one in pressed.followups]
    assert titles(polled, edited(pressed, deck)) == [SECOND]
    assert await ballots(polled) == {}


async def test_a_form_submitted_after_the_end_gives_the_reason_back_and_the_deck_goes_on(
    polled: House, ann: MemberActor
) -> None:
    deck = await begin(polled, ann)
    form = await ann.click(deck, label="Object")
    await polled.env.advance_time(2 * DAY)

    told = await ann.submit_modal(form, {"reason": "I typed this for an hour.", "quotation": "not"})

    (refusal,) = told.followups
    assert refusal.ephemeral
    assert phrase("vote.poll_ended") in refusal.content
    assert "I typed this for an hour." in refusal.content
    assert titles(polled, edited(told, deck)) == [SECOND]


async def test_an_answer_whose_vote_has_ended_cannot_be_changed(polled: House, ann: MemberActor) -> None:
    deck = await press(ann, await begin(polled, ann), "Support")
    deck = await press(ann, deck, phrase("deck.answers"))
    await polled.env.advance_time(2 * DAY)

    pressed = await ann.click(deck, label=phrase("deck.change"))

    assert phrase("vote.poll_ended") in [one.content for one in pressed.followups]
    assert phrase("deck.none_answered") in text(edited(pressed, deck))


async def test_when_every_vote_has_ended_the_deck_says_so(polled: House, ann: MemberActor) -> None:
    deck = await begin(polled, ann)
    await polled.env.advance_time(4 * DAY)

    deck = await press(ann, deck, phrase("deck.skip"))

    assert text(deck) == phrase("vote.none_open")
    assert ids(deck) == {}
    assert said(await ann.slash(polled.lobby, "vote")) == phrase("vote.none_open")


async def test_nothing_is_open_before_a_vote_is_opened(open_house: House) -> None:
    told = await open_house.member("ann-example").slash(open_house.lobby, "vote")
    assert said(told) == phrase("vote.none_open")


async def test_a_vote_past_its_deadline_is_not_dealt_also_where_it_could_not_be_ended_yet(
    polled: House, ann: MemberActor
) -> None:
    await polled.env.advance_time(2 * DAY - 1)
    with polled.failing_store():
        await polled.env.advance_time(1)

    assert FIRST in {poll.recommendation for poll in polled.store.memory.polls.values()}
    assert titles(polled, await begin(polled, ann)) == [SECOND]


# After a restart, at double clicks, with a store that fails


async def test_the_deck_goes_on_after_a_restart(polled: House, ann: MemberActor) -> None:
    deck = await press(ann, await begin(polled, ann), phrase("deck.skip"))
    await polled.restart()
    deck = await press(ann, deck, "Support")
    await polled.restart()
    deck = await press(ann, deck, phrase("deck.answers"))
    await polled.restart()
    deck = await press(ann, deck, phrase("deck.change"))
    await polled.restart()
    deck = await press(ann, deck, "Pass")

    assert titles(polled, deck) == [THIRD]
    assert {key: one[0] for key, one in (await ballots(polled)).items()} == {SECOND: "pass"}


async def test_a_form_of_the_deck_that_was_open_during_a_restart_is_not_lost(polled: House) -> None:
    ben = polled.member("ben-example")
    deck = await begin(polled, ben)
    form = await ben.click(deck, label="Object")
    await polled.restart()

    filled_in = {"segment": "industry", "groups": [], "reason": "Unclear.", "quotation": "not"}
    assert titles(polled, edited(await ben.submit_modal(form, filled_in), deck)) == [SECOND]


async def test_a_double_click_is_one_ballot_on_one_vote(polled: House, ann: MemberActor) -> None:
    deck = await begin(polled, ann)

    for result in await polled.at_once(ann.click(deck, label="Support"), ann.click(deck, label="Support")):
        assert titles(polled, edited(result, deck)) == [SECOND]

    assert list(await ballots(polled)) == [FIRST]


async def test_a_ballot_that_was_not_stored_is_not_called_stored(polled: House, ann: MemberActor) -> None:
    deck = await begin(polled, ann)
    with polled.failing_store():
        told = await ann.click(deck, label="Support")

    assert "is stored" not in said(told)
    assert answered(told).id != deck.id
    assert await ballots(polled) == {}
    assert stored_now(polled, FIRST, "support") in text(await press(ann, deck, "Support"))


async def test_a_ballot_is_called_stored_also_where_the_next_vote_cannot_be_shown(
    polled: House, ann: MemberActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    deck = await begin(polled, ann)

    def fail(*_arguments: object) -> None:
        raise DISK_FULL

    with monkeypatch.context() as broken:
        broken.setattr("models.deck.Dealer.deal", fail)
        told = await ann.click(deck, label="Support")

    assert said(told) == stored_now(polled, FIRST, "support")
    assert list(await ballots(polled)) == [FIRST]


# What somebody may not


async def test_nothing_is_dealt_where_nothing_was_set_up(house: House) -> None:
    told = await house.member("ann-example").slash(house.lobby, "vote")
    assert said(told) == phrase("setup.missing")


async def test_the_deck_holds_the_votes_of_its_server_alone(polled: House) -> None:
    other = polled.env.create_guild("Another test server")
    staff = other.create_role("Staff", permissions=discord.Permissions(manage_guild=True, manage_threads=True))
    cleo = other.add_member(polled.env.create_user("cleo-example"), roles=[staff])
    room = other.create_text_channel("lobby")
    await cleo.slash(room, "consultation setup")
    await cleo.slash(room, "consultation open")

    assert said(await cleo.slash(room, "vote")) == phrase("vote.none_open")


# Double taps


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let people press as fast as they do outside of tests."""
    monkeypatch.setattr("cogs.ui.double_taps.UNREAD", timedelta(seconds=1))


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("label", ["Support", "deck.skip"])
async def test_the_second_half_of_a_double_tap_leaves_the_next_vote_as_it_is_and_says_so(
    polled: House, ann: MemberActor, label: str
) -> None:
    label = phrase(label) if "." in label else label
    deck = await press(ann, await begin(polled, ann), label)
    before, voted = text(deck), len(await ballots(polled))

    deck = await press(ann, deck, label)

    assert text(deck) == f"{phrase('deck.press_again')}\n{before}"
    assert titles(polled, deck) == [SECOND]
    assert len(await ballots(polled)) == voted
    deck = await press(ann, deck, label)
    assert titles(polled, deck) == [THIRD]
    assert phrase("deck.press_again") not in text(deck)


@pytest.mark.usefixtures("hurried")
async def test_a_second_after_it_is_shown_a_vote_is_answered_with_one_press(polled: House, ann: MemberActor) -> None:
    deck = await press(ann, await begin(polled, ann), "Support")
    polled.env.backend.advance_clock(1)

    assert titles(polled, await press(ann, deck, "Support")) == [THIRD]


@pytest.mark.usefixtures("hurried")
async def test_a_double_tap_is_told_of_in_one_s_own_language(polled: House) -> None:
    noor = polled.member("noor-voorbeeld", "nl")
    await polled.join(noor, "industry")
    deck = await press(noor, await begin(polled, noor), phrase("position.accept", "nl"))

    assert phrase("deck.press_again", "nl") in text(await press(noor, deck, phrase("position.accept", "nl")))


async def test_a_form_of_the_deck_that_is_submitted_twice_is_one_ballot(polled: House, ann: MemberActor) -> None:
    deck = await begin(polled, ann)
    form = await ann.click(deck, label="Object")
    filled_in = {"reason": "Too few teachers.", "quotation": "not"}

    await ann.submit_modal(form, filled_in)
    again = await ann.submit_modal(still_open(form), filled_in)

    assert titles(polled, edited(again, deck)) == [SECOND]
    assert not again.followups
    assert await ballots(polled) == {FIRST: ("object", "Too few teachers.", "academia")}


# Reasons


async def test_a_reason_that_another_answer_replaces_is_handed_back_apart_from_the_deck(
    polled: House, ann: MemberActor
) -> None:
    deck = await begin(polled, ann)
    form = await ann.click(deck, label="Object")
    await ann.submit_modal(form, {"reason": "Too few teachers.", "quotation": "not"})
    deck = await press(ann, deck, phrase("deck.answers"))
    deck = await press(ann, deck, phrase("deck.change"))

    changed = await ann.click(deck, label="Pass")

    assert stored_now(polled, FIRST, "pass", key="changed") in text(edited(changed, deck))
    (told,) = changed.followups
    assert told.ephemeral
    assert phrase("vote.reason_replaced") in told.content
    assert "Too few teachers." in told.content


async def test_a_reason_that_every_answer_needs_is_announced_and_asked_for_in_the_deck(open_house: House) -> None:
    await open_house.open_poll(FIRST, reasons="required")
    ann = open_house.member("ann-example")
    await open_house.join(ann, "academia")
    deck = await begin(open_house, ann)
    assert phrase("card.reason_required") in text(deck)

    form = await ann.click(deck, label="Support")
    assert form.modal is not None
    refused = await ann.submit_modal(form, {"reason": " ", "quotation": "not"})
    assert said(refused) == phrase("vote.reason_missing")
    assert await ballots(open_house) == {}
    form = await ann.click(deck, label="Support")
    deck = edited(await ann.submit_modal(form, {"reason": "At last.", "quotation": "not"}), deck)

    assert stored_now(open_house, FIRST, "support") in text(deck)
    assert phrase("vote.give_another_reason") not in ids(deck)
    assert await ballots(open_house) == {FIRST: ("support", "At last.", "academia")}


async def test_a_reason_that_one_may_give_is_offered_in_the_deck_beside_the_next_vote(open_house: House) -> None:
    await open_house.open_poll(FIRST, closes="1 day", reasons="optional")
    await open_house.open_poll(SECOND, closes="2 days")
    ann = open_house.member("ann-example")
    await open_house.join(ann, "academia")
    deck = await press(ann, await begin(open_house, ann), "Support")
    assert titles(open_house, deck) == [SECOND]
    assert phrase("card.reason_required") not in text(deck)

    form = await ann.click(deck, label=phrase("vote.give_reason"))
    told = await ann.submit_modal(form, {"reason": "At last.", "quotation": "not"})

    assert said(told) == phrase("vote.reason_recorded", title=title(open_house, FIRST))
    assert (await ballots(open_house))[FIRST] == ("support", "At last.", "academia")
    deck = await press(ann, deck, "Support")
    assert phrase("vote.give_reason") not in ids(deck)
