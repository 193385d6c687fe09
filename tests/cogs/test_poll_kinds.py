"""Polls of every kind, on recommendations and on questions of the moderators' own, as people meet them."""

from datetime import timedelta
from typing import Any

import discord
import pytest
from simcord import InteractionResult, MemberActor

from cogs.ui.layout import harmless
from models.records import Ballot, Poll, PollKind
from tests.cogs.conftest import House, answered, buttons, said, shown
from tests.cogs.test_voting import DAY, STEM, ballots, phrase, title

QUESTION_EN = "Where should we meet?\nIn autumn."
QUESTION_FR = "Où nous retrouver ?\nEn automne."
OPTIONS_EN = "Ghent\nNamur\nOnline\nBrussels"
OPTIONS_FR = "Gand\nNamur\nEn ligne\nBruxelles"


@pytest.fixture
async def bilingual(house: House) -> House:
    """Return an open consultation whose cards stand in English and French."""
    await house.set_up(language="en", second_language="fr")
    return house


async def ask(house: House, kind: str, *, options: bool = True, **given: Any) -> InteractionResult:
    """Let the moderator type a question in both languages; return the preview."""
    form = await house.moderator.slash(house.lobby, "poll ask", kind=kind, **{"group": "training", **given})
    typed = {} if "recommendation" in given else {"question_en": QUESTION_EN, "question_fr": QUESTION_FR}
    offered = {"options_en": OPTIONS_EN, "options_fr": OPTIONS_FR} if options else {}
    return await house.moderator.submit_modal(form, {**typed, **offered})


async def opened(house: House, kind: str, **given: Any) -> Poll:
    preview = await ask(house, kind, **given)
    await house.moderator.click(answered(preview), label=phrase("poll.preview_open"))
    return next(iter(house.store.memory.polls.values()))


def question_card(house: House, poll: Poll) -> discord.Message:
    return next(m for m in house.channel(poll.group).history() if m.id == house._place("card", poll.subject))


def menu(message: discord.Message | Any) -> str:
    """Return the custom id of the one menu in a message."""
    message = getattr(message, "message", message)
    found = [one for one in _every(component.to_dict() for component in message.components) if one.get("options")]
    return str(found[0]["custom_id"])


def _every(components: Any) -> Any:
    for component in components:
        yield component
        yield from _every(component.get("components", []))


@pytest.fixture
async def ann(bilingual: House) -> MemberActor:
    who = bilingual.member("ann-example", "fr")
    await bilingual.join(who, "academia")
    return who


# Opening


async def test_a_question_is_typed_in_each_public_language_and_shown_before_it_opens(bilingual: House) -> None:
    preview = await ask(bilingual, "single")

    told = said(preview)
    for line in ("### Where should we meet?", "### Où nous retrouver ?", "- Ghent", "- Gand"):
        assert line in told
    assert phrase("card.own_question") in told
    assert not bilingual.store.memory.polls


async def test_an_opened_question_gets_a_card_and_a_thread_in_its_group_s_channel(bilingual: House) -> None:
    poll = await opened(bilingual, "single", closes="2 days")

    card = shown(question_card(bilingual, poll))
    assert "Où nous retrouver ?" in card
    assert "**The vote is open** until" in card
    assert "Where should we meet?" in {thread.name for thread in bilingual.channel("training").threads}


async def test_the_words_can_be_corrected_before_it_opens(bilingual: House) -> None:
    preview = await ask(bilingual, "several")
    form = await bilingual.moderator.click(answered(preview), label=phrase("poll.preview_correct"))
    assert form.modal is not None

    again = await bilingual.moderator.submit_modal(
        form,
        {
            "question_en": "When should we meet?",
            "question_fr": QUESTION_FR,
            "options_en": "Ghent\nOnline",
            "options_fr": "Gand\nEn ligne",
        },
    )

    assert "When should we meet?" in said(again)
    assert "Namur" not in said(again)


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        ({"options_fr": "Gand\nNamur"}, "poll.options_differ"),
        ({"options_en": "One", "options_fr": "Un"}, "poll.options_number"),
        ({"options_en": "Ghent\nGhent\nx\ny", "options_fr": OPTIONS_FR}, "poll.options_alike"),
        ({"options_en": "x" * 81 + "\nNamur\nOnline\nBrussels"}, "poll.option_too_long"),
        ({"question_en": "x" * 151}, "poll.title_too_long"),
        ({"question_fr": " "}, "poll.question_missing"),
    ],
)
async def test_what_cannot_be_asked_is_refused_and_what_was_typed_comes_back(
    bilingual: House, typed: dict[str, str], refusal: str
) -> None:
    form = await bilingual.moderator.slash(bilingual.lobby, "poll ask", kind="single", group="training")
    filled = {
        "question_en": QUESTION_EN,
        "question_fr": QUESTION_FR,
        "options_en": OPTIONS_EN,
        "options_fr": OPTIONS_FR,
        **typed,
    }
    refused = await bilingual.moderator.submit_modal(form, filled)

    values = {"poll.options_number": {"fewest": 2, "most": 25}, "poll.option_too_long": {"most": 80}}
    values["poll.title_too_long"] = {"most": 150}
    told = said(refused)
    assert phrase(refusal, **values.get(refusal, {})) in told
    assert all(line in told for line in "\n".join(filled.values()).splitlines())
    assert not bilingual.store.memory.polls


async def test_more_text_than_a_card_holds_is_shortened_by_its_author(bilingual: House) -> None:
    form = await bilingual.moderator.slash(bilingual.lobby, "poll ask", kind="single", group="training")
    options = "\n".join(f"{number:02} " + "x" * 77 for number in range(25))
    long = {"question_en": QUESTION_EN, "question_fr": QUESTION_FR, "options_en": options, "options_fr": options}

    refused = await bilingual.moderator.submit_modal(form, long)

    assert "shorten" in said(refused)
    assert phrase("poll.preview_correct") in buttons(refused.response)


async def test_options_can_be_put_to_a_recommendation(bilingual: House) -> None:
    poll = await opened(bilingual, "priorities", recommendation=STEM)

    card = shown(bilingual.card(STEM))
    assert (poll.recommendation, poll.subject) == (STEM, STEM)
    assert title(bilingual, STEM) in card
    assert "- Ghent" in card
    assert phrase("vote.how_priorities", count=3) in card


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        ({"kind": "position", "recommendation": STEM}, "poll.positions_by_open"),
        ({"kind": "single"}, "poll.group_missing"),
        ({"kind": "single", "group": "nobody"}, "group.unknown"),
    ],
)
async def test_a_question_needs_a_group_or_a_recommendation(
    bilingual: House, options: dict[str, str], refusal: str
) -> None:
    refused = await bilingual.moderator.slash(bilingual.lobby, "poll ask", **options)

    assert said(refused) == phrase(refusal)


async def test_people_rank_five_priorities_at_most(bilingual: House) -> None:
    refused = await bilingual.moderator.slash(bilingual.lobby, "poll ask", kind="priorities", group="training", most=6)

    assert said(refused) == phrase("poll.too_many_priorities", most=5)


async def test_a_question_whose_card_could_not_be_posted_gets_it_from_setup(bilingual: House) -> None:
    preview = await ask(bilingual, "single")
    bilingual.env.inject_error("POST", f"/channels/{bilingual.channel('training').id}/messages", status=500)
    told = await bilingual.moderator.click(answered(preview), label=phrase("poll.preview_open"))
    assert phrase("poll.card_missing") in said(told)

    await bilingual.moderator.slash(bilingual.lobby, "consultation setup")

    (poll,) = bilingual.store.memory.polls.values()
    assert "Where should we meet?" in shown(question_card(bilingual, poll))


# Changing


async def edit(house: House, poll: Poll, **given: Any) -> InteractionResult:
    return await house.moderator.slash(house.lobby, "poll edit", vote=poll.subject, **given)


async def test_the_words_of_a_question_are_typed_again_in_a_form_that_holds_what_is_there(bilingual: House) -> None:
    poll = await opened(bilingual, "several", most=2)
    form = await edit(bilingual, poll, words=True, most=3, reasons="optional", closes="3 days")
    assert form.modal is not None
    asked = str(form.modal)
    assert all(words in asked for words in ("Où nous retrouver ?", "Where should we meet?", "En ligne", "Brussels"))

    preview = await bilingual.moderator.submit_modal(
        form,
        {
            "question_en": "Where shall we eat?",
            "question_fr": "Où manger ?",
            "options_en": "Ghent\nOnline\nLiège",
            "options_fr": "Gand\nEn ligne\nLiège",
        },
    )
    assert phrase("poll.preview_edit") in said(preview)
    assert "Where should we meet?" in shown(question_card(bilingual, poll))
    told = await bilingual.moderator.click(answered(preview), label=phrase("poll.preview_change"))

    (now,) = bilingual.store.memory.polls.values()
    assert phrase("poll.edited", title="Where shall we eat?", until="|").split("|")[0] in said(told)
    assert (now.id, now.subject, now.paper.most_choices, now.paper.reasons) == (poll.id, poll.subject, 3, "optional")
    assert [option.wording["fr"] for option in now.paper.options] == ["Gand", "En ligne", "Liège"]
    assert now.closes_at is not None
    card = shown(question_card(bilingual, poll))
    assert "Où manger ?" in card
    assert "Where should we meet?" not in card
    assert bilingual.thread_name(poll) == "Where shall we eat?"


async def test_a_change_that_is_left_changes_nothing(bilingual: House) -> None:
    poll = await opened(bilingual, "single")
    form = await edit(bilingual, poll, words=True)
    typed = {"question_en": "Other?", "question_fr": "Autre ?", "options_en": OPTIONS_EN, "options_fr": OPTIONS_FR}
    preview = await bilingual.moderator.submit_modal(form, typed)

    told = await bilingual.moderator.click(answered(preview), label=phrase("poll.preview_leave"))

    assert said(told) == phrase("poll.draft_left")
    assert list(bilingual.store.memory.polls.values()) == [poll]


async def test_words_are_not_changed_once_somebody_has_voted(bilingual: House, ann: MemberActor) -> None:
    poll = await opened(bilingual, "single")
    form = await edit(bilingual, poll, words=True)
    typed = {"question_en": "Other?", "question_fr": "Autre ?", "options_en": OPTIONS_EN, "options_fr": OPTIONS_FR}
    preview = await bilingual.moderator.submit_modal(form, typed)
    card = question_card(bilingual, poll)
    await ann.select(card, ["b"], custom_id=menu(card))

    told = await bilingual.moderator.click(answered(preview), label=phrase("poll.preview_change"))

    assert phrase("poll.worded_for_good") in "".join(shown(one) for one in told.followups)
    assert said(await edit(bilingual, poll, words=True)) == phrase("poll.worded_for_good")
    assert said(await edit(bilingual, poll, reasons="required")) == phrase("poll.only_extended")
    assert "Other?" not in shown(question_card(bilingual, poll))


async def test_how_people_answer_is_changed_without_a_form(bilingual: House) -> None:
    poll = await opened(bilingual, "priorities", most=2)

    await edit(bilingual, poll, most=4, reasons="required")

    (now,) = bilingual.store.memory.polls.values()
    assert (now.paper.most_choices, now.paper.reasons, now.paper.options) == (4, "required", poll.paper.options)
    assert said(await edit(bilingual, poll, most=6)) == phrase("poll.too_many_priorities", most=5)


async def test_the_words_of_a_recommendation_are_not_changed_here_but_the_options_on_it_are(bilingual: House) -> None:
    await bilingual.open_poll("unlock-health-data")
    refused = await bilingual.moderator.slash(bilingual.lobby, "poll edit", vote="unlock-health-data", words=True)
    assert said(refused) == phrase("poll.words_elsewhere")
    await bilingual.moderator.slash(bilingual.lobby, "poll cancel", vote="unlock-health-data", reason="Wrong.")

    poll = await opened(bilingual, "single", recommendation=STEM)
    form = await edit(bilingual, poll, words=True)
    preview = await bilingual.moderator.submit_modal(form, {"options_en": "Yes\nNo", "options_fr": "Oui\nNon"})
    await bilingual.moderator.click(answered(preview), label=phrase("poll.preview_change"))

    (now,) = bilingual.store.memory.polls.values()
    assert [option.wording["en"] for option in now.paper.options] == ["Yes", "No"]
    assert now.wording == poll.wording


# Voting


async def test_one_option_is_chosen_in_the_menu_on_the_card(bilingual: House, ann: MemberActor) -> None:
    poll = await opened(bilingual, "single")
    card = question_card(bilingual, poll)

    told = await ann.select(card, ["b"], custom_id=menu(card))

    assert phrase("vote.recorded", "fr", answer="Namur", title="Où nous retrouver ?") in said(told)
    assert [ballot.answer for ballot in await ballots(bilingual)] == ["b"]


async def test_several_options_are_chosen_up_to_the_maximum(bilingual: House, ann: MemberActor) -> None:
    poll = await opened(bilingual, "several", most=2)
    card = question_card(bilingual, poll)

    told = await ann.select(card, ["d", "a"], custom_id=menu(card))

    assert phrase("vote.recorded", "fr", answer="Gand, Bruxelles", title="Où nous retrouver ?") in said(told)
    assert [ballot.answer for ballot in await ballots(bilingual)] == ["ad"]


async def test_priorities_are_ranked_one_after_another_in_private(bilingual: House, ann: MemberActor) -> None:
    poll = await opened(bilingual, "priorities")
    ranking = await ann.click(question_card(bilingual, poll), label="Rank your priorities / Classer vos priorités")
    for key in ("d", "a"):
        message = answered(ranking)
        ranking = await ann.select(message, [key], custom_id=menu(message))
    assert "1. **Bruxelles**\n2. **Gand**" in said(ranking)

    told = await ann.click(answered(ranking), label=phrase("vote.cast_priorities", "fr"))

    ranked = harmless("1. Bruxelles, 2. Gand")
    assert phrase("vote.recorded", "fr", answer=ranked, title="Où nous retrouver ?") in said(told)
    assert [ballot.answer for ballot in await ballots(bilingual)] == ["da"]


async def test_a_ranking_goes_on_after_a_restart_and_can_be_begun_again(bilingual: House, ann: MemberActor) -> None:
    poll = await opened(bilingual, "priorities")
    ranking = await ann.click(question_card(bilingual, poll), label="Rank your priorities / Classer vos priorités")
    ranking = await ann.select(answered(ranking), ["c"], custom_id=menu(answered(ranking)))
    await bilingual.restart()

    ranking = await ann.select(answered(ranking), ["a"], custom_id=menu(answered(ranking)))
    assert "1. **En ligne**\n2. **Gand**" in said(ranking)
    ranking = await ann.click(answered(ranking), label=phrase("vote.rank_anew", "fr"))
    assert "**" not in said(ranking).replace(phrase("vote.how_priorities", "fr", count=3), "")


async def test_a_newcomer_says_for_whom_they_speak_and_what_they_chose_is_cast(bilingual: House) -> None:
    poll = await opened(bilingual, "several", most=3)
    dan, card = bilingual.member("dan-example"), question_card(bilingual, poll)

    form = await dan.select(card, ["a", "c"], custom_id=menu(card))
    assert form.modal is not None
    told = await dan.submit_modal(form, {"segment": "industry", "groups": ["training"]})

    assert phrase("vote.recorded", answer="Ghent, Online", title="Where should we meet?") in said(told)
    assert [(b.answer, b.segment) for b in await ballots(bilingual)] == [("ac", "industry")]


@pytest.mark.parametrize("kind", [PollKind.SINGLE, PollKind.SEVERAL, PollKind.PRIORITIES])
async def test_every_kind_is_answered_in_the_deck(bilingual: House, ann: MemberActor, kind: str) -> None:
    await opened(bilingual, kind)
    deck = await ann.slash(bilingual.lobby, "vote")
    assert "Où nous retrouver ?" in said(deck)

    deck = await ann.select(answered(deck), ["b"], custom_id=menu(answered(deck)))
    if kind == PollKind.PRIORITIES:
        deck = await ann.click(answered(deck), label=phrase("vote.cast_priorities", "fr"))

    assert phrase("deck.done", "fr") in said(deck)
    assert "Namur" in said(deck)
    assert [ballot.answer for ballot in await ballots(bilingual)] == ["b"]


async def test_a_choice_in_a_poll_that_has_ended_is_refused(bilingual: House, ann: MemberActor) -> None:
    poll = await opened(bilingual, "priorities", closes="1 day")
    ranking = await ann.click(question_card(bilingual, poll), label="Rank your priorities / Classer vos priorités")
    ranking = await ann.select(answered(ranking), ["a"], custom_id=menu(answered(ranking)))
    deck = await ann.slash(bilingual.lobby, "vote")
    await bilingual.sleep_through(2 * DAY)

    late = await ann.click(answered(ranking), label=phrase("vote.cast_priorities", "fr"))
    assert said(late) == phrase("vote.poll_ended", "fr")
    later = await ann.select(answered(deck), ["b"], custom_id=menu(answered(deck)))
    assert phrase("vote.poll_ended", "fr") in said(later) or phrase("vote.none_open", "fr") in said(later)
    assert await ballots(bilingual) == []


# Reasons


async def test_a_reason_that_one_may_give_is_asked_for_after_the_ballot_is_stored(
    bilingual: House, ann: MemberActor
) -> None:
    poll = await opened(bilingual, "single", reasons="optional")
    card = question_card(bilingual, poll)
    told = await ann.select(card, ["b"], custom_id=menu(card))
    assert [ballot.reason for ballot in await ballots(bilingual)] == [None]

    form = await ann.click(answered(told), label=phrase("vote.give_reason", "fr"))
    await ann.submit_modal(form, {"reason": "C'est central.", "quotation": "with_segment"})

    assert [(b.answer, b.reason) for b in await ballots(bilingual)] == [("b", "C'est central.")]


async def test_a_reason_that_is_required_comes_before_the_ballot(bilingual: House, ann: MemberActor) -> None:
    await bilingual.open_poll(STEM, reasons="required")

    form = await ann.click(bilingual.card(STEM), label="Support / Soutien")
    assert form.modal is not None
    assert await ballots(bilingual) == []
    await ann.submit_modal(form, {"reason": "Il était temps.", "quotation": "not"})

    assert [(b.answer, b.reason) for b in await ballots(bilingual)] == [("support", "Il était temps.")]


async def answer_on(surface: str, house: House, who: MemberActor, poll: Poll) -> InteractionResult:
    """Answer with Namur, then where several may be named Ghent, on the card or in the deck; return what came of it."""
    if surface == "deck":
        shows: Any = answered(await who.slash(house.lobby, "vote"))
    else:
        shows = question_card(house, poll)
    if poll.paper.kind is not PollKind.PRIORITIES:
        chosen = ["b"] if poll.paper.kind is PollKind.SINGLE else ["b", "a"]
        return await who.select(shows, chosen, custom_id=menu(shows))
    if surface == "card":
        shows = answered(await who.click(shows, label="Rank your priorities / Classer vos priorités"))
    for key in ("b", "a"):
        shows = answered(await who.select(shows, [key], custom_id=menu(shows)))
    return await who.click(shows, label=phrase("vote.cast_priorities", "fr"))


SURFACES = pytest.mark.parametrize("surface", ["card", "deck"])
KINDS = pytest.mark.parametrize(("kind", "answer"), [("single", "b"), ("several", "ab"), ("priorities", "ba")])


@KINDS
@SURFACES
async def test_a_required_reason_is_announced_and_asked_for_with_every_kind(
    bilingual: House, ann: MemberActor, kind: str, answer: str, surface: str
) -> None:
    poll = await opened(bilingual, kind, reasons="required")
    card = shown(question_card(bilingual, poll))
    assert phrase("card.reason_required") in card
    assert phrase("card.reason_required", "fr") in card

    form = await answer_on(surface, bilingual, ann, poll)
    assert form.modal is not None
    refused = await ann.submit_modal(form, {"reason": " ", "quotation": "not"})
    assert phrase("vote.reason_missing", "fr") in said(refused)
    assert await ballots(bilingual) == []
    form = await answer_on(surface, bilingual, ann, poll)
    told = await ann.submit_modal(form, {"reason": "C'est central.", "quotation": "with_segment"})

    assert "Où nous retrouver ?" in said(told)
    assert [(b.answer, b.reason, b.quotation) for b in await ballots(bilingual)] == [
        (answer, "C'est central.", "with_segment")
    ]


@KINDS
@SURFACES
async def test_an_optional_reason_can_be_given_after_a_ballot_of_every_kind(
    bilingual: House, ann: MemberActor, kind: str, answer: str, surface: str
) -> None:
    poll = await opened(bilingual, kind, reasons="optional")
    assert phrase("card.reason_required") not in shown(question_card(bilingual, poll))

    told = await answer_on(surface, bilingual, ann, poll)
    assert [(b.answer, b.reason) for b in await ballots(bilingual)] == [(answer, None)]
    form = await ann.click(answered(told), label=phrase("vote.give_reason", "fr"))
    told = await ann.submit_modal(form, {"reason": "C'est central.", "quotation": "not"})

    assert said(told) == phrase("vote.reason_recorded", "fr", title="Où nous retrouver ?")
    assert [(b.answer, b.reason) for b in await ballots(bilingual)] == [(answer, "C'est central.")]


@KINDS
@SURFACES
async def test_no_reason_is_asked_for_where_the_poll_takes_none(
    bilingual: House, ann: MemberActor, kind: str, answer: str, surface: str
) -> None:
    poll = await opened(bilingual, kind, reasons="off")

    told = await answer_on(surface, bilingual, ann, poll)

    assert told.modal is None
    assert phrase("vote.give_reason", "fr") not in buttons(told.response)
    assert [(b.answer, b.reason) for b in await ballots(bilingual)] == [(answer, None)]


async def test_a_newcomer_s_required_reason_and_segment_are_one_form(bilingual: House) -> None:
    poll = await opened(bilingual, "several", reasons="required")
    dan, card = bilingual.member("dan-example"), question_card(bilingual, poll)

    form = await dan.select(card, ["a"], custom_id=menu(card))
    await dan.submit_modal(form, {"segment": "industry", "groups": [], "reason": "It is near.", "quotation": "not"})

    assert [(b.answer, b.segment, b.reason) for b in await ballots(bilingual)] == [("a", "industry", "It is near.")]


# Double clicks


@SURFACES
async def test_a_menu_that_is_used_twice_at_once_is_one_ballot(
    bilingual: House, ann: MemberActor, surface: str
) -> None:
    poll = await opened(bilingual, "several", most=2)
    shows: Any = question_card(bilingual, poll)
    if surface == "deck":
        shows = answered(await ann.slash(bilingual.lobby, "vote"))

    for told in await bilingual.at_once(*(ann.select(shows, ["d", "a"], custom_id=menu(shows)) for _ in range(2))):
        assert "Gand, Bruxelles" in said(told)

    assert [ballot.answer for ballot in await ballots(bilingual)] == ["ad"]


@SURFACES
async def test_a_priority_that_is_chosen_twice_at_once_is_ranked_once_and_cast_once(
    bilingual: House, ann: MemberActor, surface: str
) -> None:
    poll = await opened(bilingual, "priorities")
    if surface == "deck":
        shows = answered(await ann.slash(bilingual.lobby, "vote"))
    else:
        card = question_card(bilingual, poll)
        shows = answered(await ann.click(card, label="Rank your priorities / Classer vos priorités"))

    for ranking in await bilingual.at_once(*(ann.select(shows, ["b"], custom_id=menu(shows)) for _ in range(2))):
        assert "1. **Namur**" in said(ranking)
        assert "2. **" not in said(ranking)
    cast = phrase("vote.cast_priorities", "fr")
    for told in await bilingual.at_once(*(ann.click(shows, label=cast) for _ in range(2))):
        assert "Namur" in said(told)

    assert [ballot.answer for ballot in await ballots(bilingual)] == ["b"]


async def test_in_the_deck_priorities_are_cast_right_after_the_last_was_chosen(
    bilingual: House, ann: MemberActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll = await opened(bilingual, "priorities")
    monkeypatch.setattr("cogs.ui.double_taps.UNREAD", timedelta(seconds=1))

    told = await answer_on("deck", bilingual, ann, poll)

    assert phrase("deck.done", "fr") in said(told)
    assert [ballot.answer for ballot in await ballots(bilingual)] == ["ba"]


async def test_in_the_deck_a_menu_is_taken_as_soon_as_it_is_shown(
    bilingual: House, ann: MemberActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bilingual.open_poll(STEM, closes="1 day")
    await opened(bilingual, "single", closes="2 days")
    deck = answered(await ann.slash(bilingual.lobby, "vote"))
    monkeypatch.setattr("cogs.ui.double_taps.UNREAD", timedelta(seconds=1))
    await ann.click(deck, label=phrase("position.support", "fr"))

    told = await ann.select(deck, ["b"], custom_id=menu(deck))

    assert phrase("deck.done", "fr") in said(told)
    assert sorted(ballot.answer for ballot in await ballots(bilingual)) == ["b", "support"]


# Results


async def fill(house: House, poll: Poll, answers: list[str]) -> None:
    for number, answer in enumerate(answers, start=1):
        await house.bot.ballot_box.cast(Ballot(poll.id, number, "academia", answer))


async def test_the_result_of_options_stands_on_the_card_in_both_languages(bilingual: House) -> None:
    poll = await opened(bilingual, "several", most=2)
    await fill(bilingual, poll, ["ab", "b", "b", "bd", "a"])
    await bilingual.moderator.slash(bilingual.lobby, "poll close", vote=poll.subject, reason="Enough.")

    card = shown(question_card(bilingual, poll))
    assert "1. Namur: 4 of 5\n2. Ghent: 2 of 5\n3. Brussels: 1 of 5\n4. Online: 0 of 5" in card
    assert "2. Gand\N{NO-BREAK SPACE}: 2 sur 5" in card


async def test_priorities_are_shown_by_their_points(bilingual: House) -> None:
    poll = await opened(bilingual, "priorities", recommendation=STEM)
    await fill(bilingual, poll, ["abc", "ba", "b"])
    await bilingual.moderator.slash(bilingual.lobby, "poll close", vote=STEM, reason="Enough.")

    assert "1. Namur: 8 points\n2. Ghent: 5 points\n3. Online: 1 point" in shown(bilingual.card(STEM))


async def test_a_live_result_is_shown_from_five_ballots_on(bilingual: House, ann: MemberActor) -> None:
    poll = await opened(bilingual, "single", results="live")
    card = question_card(bilingual, poll)
    assert phrase("card.secret_live") in shown(card)
    await fill(bilingual, poll, ["a", "b", "b"])
    await ann.select(card, ["a"], custom_id=menu(card))
    await bilingual.env.advance_time(20)
    assert phrase("card.live") not in shown(question_card(bilingual, poll))

    await bilingual.bot.ballot_box.cast(Ballot(poll.id, 9, "academia", "b"))
    await ann.select(card, ["b"], custom_id=menu(card))
    await bilingual.env.advance_time(20)

    assert "1. Namur: 4 of 5" in shown(question_card(bilingual, poll))


async def test_a_look_at_a_live_result_writes_only_where_it_is_counted_anew(bilingual: House, ann: MemberActor) -> None:
    poll = await opened(bilingual, "single", results="live")
    await fill(bilingual, poll, ["a"] * 5)
    mine = {"label": "EN · FR · NL · DE"}
    with bilingual.counted_writes() as writes:
        assert "5 sur 5" in said(await ann.click(question_card(bilingual, poll), **mine))
        assert len(writes) == 1
        assert "5 sur 5" in said(await ann.click(question_card(bilingual, poll), **mine))
        assert len(writes) == 1


async def test_the_result_of_a_question_without_card_and_thread_stands_in_its_group_s_channel(
    bilingual: House,
) -> None:
    preview = await ask(bilingual, "single", closes="1 day")
    channel = bilingual.channel("training")
    bilingual.env.inject_error("POST", f"/channels/{channel.id}/messages", status=500)
    await bilingual.moderator.click(answered(preview), label=phrase("poll.preview_open"))

    await bilingual.env.advance_time(DAY)

    assert phrase("result.title", title="Where should we meet?") in shown(channel.history()[-1])


async def test_a_result_waits_until_moderators_publish_it(bilingual: House) -> None:
    poll = await opened(bilingual, "single", results="published")
    await fill(bilingual, poll, ["a"] * 6)
    await bilingual.moderator.slash(bilingual.lobby, "poll close", vote=poll.subject, reason="Enough.")
    waiting = shown(question_card(bilingual, poll))
    assert phrase("card.not_published") in waiting
    assert "6 of 6" not in waiting

    told = await bilingual.moderator.slash(bilingual.lobby, "poll publish", vote=poll.subject)

    assert said(told) == phrase("poll.published", title="Where should we meet?")
    assert "1. Ghent: 6 of 6" in shown(question_card(bilingual, poll))


async def test_only_moderators_ask_and_publish(bilingual: House, ann: MemberActor) -> None:
    helpers = bilingual.guild.create_role("Helpers", permissions=discord.Permissions(manage_threads=True))
    bilingual.env.backend.add_member_role(bilingual.guild.id, ann.id, helpers.id)
    for command, options in (("poll ask", {"kind": "single", "group": "training"}), ("poll publish", {"vote": "x"})):
        result = await ann.slash(bilingual.lobby, command, **options)
        assert said(result) == phrase("moderator.only", "fr")
