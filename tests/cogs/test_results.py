"""Looking at results again: the list, one result, and the reasons that may be quoted."""

from collections.abc import Sequence
from unittest.mock import patch

import pytest
from simcord import InteractionResult, MemberActor

from models import counting
from models.records import Ballot, Position, Quotation
from tests.cogs.conftest import House, answered, buttons, said, shown
from tests.cogs.test_voting import STEM, ann, phrase, polled, title

__all__ = ["ann", "polled"]
DATA = "unlock-health-data"
TRAINING = "new-skills-programmes"
STILL_OPEN = "growth-capital"
CANCELLED = "business-courses"


async def cast(
    house: House,
    recommendation: str,
    position: Position,
    number: int,
    segment: str = "academia",
    *,
    first: int = 1,
    reason: str | None = None,
    quotation: Quotation = Quotation.NOT,
) -> None:
    """Let so many people vote so."""
    consultation = house.store.memory.consultations[house.guild.id]
    poll = house.store.memory.open_poll_on(consultation.id, recommendation)
    assert poll is not None
    for user_id in range(first, first + number):
        said_why = None if reason is None else f"{reason} {user_id}"
        await house.bot.ballot_box.cast(Ballot(poll.id, user_id, segment, position, said_why, quotation))


async def close(house: House, *recommendations: str) -> None:
    for recommendation in recommendations:
        await house.moderator.slash(house.lobby, "poll close", vote=recommendation, reason="Time is up.")


@pytest.fixture
async def ended(open_house: House) -> House:
    """A consultation with three ended votes: one agreed on, one that divides, one rejected; and one still open."""
    for recommendation in (STEM, DATA, TRAINING):
        await open_house.open_poll(recommendation)
    await cast(open_house, STEM, Position.SUPPORT, 10)
    await cast(open_house, DATA, Position.SUPPORT, 6)
    await cast(open_house, DATA, Position.OBJECT, 6, "industry", first=20)
    await cast(open_house, TRAINING, Position.OBJECT, 10)
    await close(open_house, STEM, DATA, TRAINING)
    return open_house


def order_of(told: str, house: House, language: str = "en") -> list[str]:
    every = {title(house, key, language): key for key in (STEM, DATA, TRAINING)}
    return [every[name] for name in sorted((one for one in every if one in told), key=told.index)]


async def look(house: House, who: MemberActor, **options: str) -> InteractionResult:
    return await who.slash(house.lobby, "results", **options)


# The list


@pytest.mark.parametrize("language", ["en", "de"])
async def test_anybody_gets_the_list_in_private_and_in_their_language(ended: House, language: str) -> None:
    zoe = ended.member("zoe-example", language)
    answer = await look(ended, zoe)

    told = said(answer)
    assert phrase("results.title", language) in told
    assert phrase("results.how", language) in told
    assert order_of(told, ended, language) == [STEM, DATA, TRAINING]
    (picture,) = answered(answer).attachments
    assert picture.filename == "map.png"
    assert title(ended, STEM, language) in (picture.description or "")


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("consensus", [STEM, DATA, TRAINING]),
        ("division", [DATA, STEM, TRAINING]),
        ("objections", [TRAINING, DATA, STEM]),
    ],
)
async def test_the_list_is_sorted_as_asked(ended: House, ann: MemberActor, order: str, expected: Sequence[str]) -> None:
    assert order_of(said(await look(ended, ann, sort=order)), ended) == expected


async def test_open_and_cancelled_votes_are_not_in_the_list(ended: House, ann: MemberActor) -> None:
    await ended.open_poll(STILL_OPEN)
    await ended.open_poll(CANCELLED)
    await ended.moderator.slash(ended.lobby, "poll cancel", vote=CANCELLED, reason="Asked wrongly.")

    for who in (ann, ended.moderator):
        told = said(await look(ended, who))
        assert title(ended, STILL_OPEN) not in told
        assert title(ended, CANCELLED) not in told


async def test_without_any_result_there_is_a_sentence(open_house: House, ann: MemberActor) -> None:
    await open_house.open_poll(STEM)
    assert said(await look(open_house, ann)) == phrase("results.none")


async def test_a_long_list_has_pages(open_house: House, ann: MemberActor) -> None:
    keys = list(open_house.catalogue.recommendations)[:10]
    for key in keys:
        await open_house.open_poll(key)
        await close(open_house, key)
    first = await look(open_house, ann)
    assert phrase("deck.previous") not in buttons(answered(first))

    second = await ann.click(answered(first), label=phrase("deck.next"))
    told = shown(second.response) if second.response else shown(answered(first))
    assert sum(title(open_house, key) in told for key in keys) == 2
    assert phrase("deck.previous") in told


# One result


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_a_result_is_shown_again_with_its_picture(ended: House, language: str) -> None:
    zoe = ended.member("zoe-example", language)
    answer = await look(ended, zoe, vote=title(ended, DATA, language))

    told = said(answer)
    assert phrase("result.title", language, title=title(ended, DATA, language)) in told
    assert [picture.filename for picture in answered(answer).attachments] == ["result.png"]


async def test_the_list_leads_to_each_result(ended: House, ann: MemberActor) -> None:
    listed = await look(ended, ann)
    opened = await ann.select(answered(listed), custom_id="results_open:0", values=["2"])
    assert phrase("result.title", title=title(ended, DATA)) in said(opened)


async def test_the_titles_to_choose_from_are_those_one_may_see(ended: House, ann: MemberActor) -> None:
    await ended.open_poll(STILL_OPEN)
    offered = await ann.autocomplete(ended.lobby, "results", "vote", "")
    assert {choice["name"] for choice in offered} == {title(ended, key) for key in (STEM, DATA, TRAINING)}


async def test_a_vote_that_is_open_has_no_result_for_anybody(ended: House, ann: MemberActor) -> None:
    await ended.open_poll(STILL_OPEN)
    for who in (ann, ended.moderator):
        for named in (title(ended, STILL_OPEN), "4", "nonsense"):
            assert said(await look(ended, who, vote=named)) == phrase("results.unknown")


async def test_an_unpublished_result_is_for_moderators_alone_and_marked(open_house: House, ann: MemberActor) -> None:
    await open_house.open_poll(DATA, results="published")
    await cast(open_house, DATA, Position.OBJECT, 6, reason="Too dear", quotation=Quotation.WITHOUT_SEGMENT)
    await close(open_house, DATA)

    assert said(await look(open_house, ann)) == phrase("results.none")
    assert said(await look(open_house, ann, vote="2")) == phrase("results.unknown")
    assert await ann.autocomplete(open_house.lobby, "results", "vote", "") == []
    assert f"🔒 **{title(open_house, DATA)}**" in said(await look(open_house, open_house.moderator))
    assert phrase("results.unpublished") in said(await look(open_house, open_house.moderator, vote="2"))

    await open_house.moderator.slash(open_house.lobby, "poll publish", vote=DATA)
    told = said(await look(open_house, ann, vote="2"))
    assert "Too dear" in told
    assert phrase("results.unpublished") not in told


# Counting


async def test_a_vote_that_ends_is_counted_once_for_its_card_its_thread_and_who_looks(
    polled: House, ann: MemberActor
) -> None:
    await cast(polled, STEM, Position.OBJECT, 6, reason="Too dear", quotation=Quotation.WITHOUT_SEGMENT)
    with patch.object(counting, "positions", wraps=counting.positions) as count:
        await close(polled, STEM)
        await look(polled, ann)
        await look(polled, ann, vote="1")

    assert "Too dear" in shown(polled.thread(STEM).history()[-1])
    assert count.call_count == 1


async def test_the_titles_to_choose_from_cost_no_count(ended: House, ann: MemberActor) -> None:
    await ended.restart()
    ended.store.memory.results.clear()
    with patch.object(counting, "positions", side_effect=AssertionError):
        assert await ann.autocomplete(ended.lobby, "results", "vote", "")


# The reasons


async def test_reasons_stand_in_the_thread_and_in_the_result_as_their_authors_allowed(
    polled: House, ann: MemberActor
) -> None:
    await cast(polled, STEM, Position.SUPPORT, 5, "industry", first=50)
    for number, quotation in enumerate(Quotation):
        await cast(
            polled, STEM, Position.OBJECT, 2, first=1 + 10 * number, reason=f"*Reason* {quotation}", quotation=quotation
        )
    await close(polled, STEM)

    academia = polled.catalogue.segments["academia"].title.in_language("en")
    for told in (shown(polled.thread(STEM).history()[-1]), said(await look(polled, ann, vote="1"))):
        assert phrase("quotes.title") in told
        assert r"> \*Reason\* without\_segment 11" in told
        assert r"> \*Reason\* with\_segment 21" in told
        assert told.count(f"-# {phrase('position.object')} · {academia}") == 2
        assert r"\*Reason\* not" not in told
        assert phrase("quotes.read") not in told


async def test_what_does_not_fit_is_read_in_private_page_by_page(polled: House, ann: MemberActor) -> None:
    await cast(polled, STEM, Position.OBJECT, 12, reason="Because " * 100, quotation=Quotation.WITHOUT_SEGMENT)
    await close(polled, STEM)
    posted = polled.thread(STEM).history()[-1]
    assert "more reasons" in shown(posted)

    await polled.restart()
    first = await ann.click(posted, label=phrase("quotes.read"))
    told = said(first)
    assert phrase("quotes.page", title=title(polled, STEM), page=1, pages=3) in told
    second = await ann.click(answered(first), label=phrase("deck.next"))
    assert phrase("quotes.page", title=title(polled, STEM), page=2, pages=3) in shown(second.response)


async def test_a_vote_without_quotable_reasons_says_nothing_of_reasons(polled: House) -> None:
    await cast(polled, STEM, Position.OBJECT, 6, reason="Secret")
    await close(polled, STEM)
    posted = shown(polled.thread(STEM).history()[-1])
    assert phrase("quotes.title") not in posted
    assert "Secret" not in posted
