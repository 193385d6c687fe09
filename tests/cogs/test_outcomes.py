"""What became of a recommendation, as moderators say it and those who took part learn it."""

import pytest
from simcord import InteractionResult, MemberActor

from models.records import Decision
from tests.cogs.conftest import House, said, shown
from tests.cogs.test_voting import DAY, STEM, ann, phrase, polled, title

__all__ = ["ann", "polled"]
REASON = "Two schools try it **first**."


async def decide(house: House, decision: str, *, subject: str = STEM, **filled: str) -> InteractionResult:
    form = await house.moderator.slash(house.lobby, "outcome decide", recommendation=subject, decision=decision)
    return await house.moderator.submit_modal(form, {"reason": REASON, **filled})


async def test_an_outcome_stands_on_the_card_in_the_thread_and_in_the_answer_to_recommendation(
    polled: House, ann: MemberActor
) -> None:
    await polled.vote(ann, STEM, "Support")
    told = said(await decide(polled, "adopted", review="3 months"))

    assert phrase("outcome.stored", title=title(polled, STEM), decision="adopted") == told
    posted = shown(polled.thread(STEM).history()[-1])
    for place in (shown(polled.card(STEM)), posted):
        assert "**Outcome: adopted**" in place
        assert r"Two schools try it \*\*first\*\*." in place
        assert "To be reviewed on" in place
    recommendation = await ann.slash(polled.lobby, "recommendation", recommendation=STEM)
    assert "**Outcome: adopted**" in said(recommendation)


async def test_an_amended_recommendation_shows_its_new_wording(polled: House) -> None:
    await decide(polled, "amended", wording_en="Begin with ten schools.")

    assert "New wording: Begin with ten schools." in shown(polled.card(STEM))


async def test_a_deferred_one_says_until_when(polled: House) -> None:
    await decide(polled, "deferred", until="2 weeks")

    assert "Deferred until" in shown(polled.card(STEM))


@pytest.mark.parametrize(
    ("decision", "filled", "refusal"),
    [
        ("adopted", {"reason": " "}, "outcome.reason_missing"),
        ("amended", {"wording_en": " "}, "outcome.wording_missing"),
        ("adopted", {"review": "yesterday"}, "poll.end_in_past"),
    ],
)
async def test_what_cannot_be_decided_is_refused_and_what_was_typed_comes_back(
    polled: House, decision: str, filled: dict[str, str], refusal: str
) -> None:
    told = said(await decide(polled, decision, **filled))

    assert phrase(refusal) in told
    assert all(text.strip() in told for text in filled.values())
    assert "Outcome" not in shown(polled.card(STEM))


async def test_those_who_took_part_are_told_once_at_what_they_do_next(polled: House, ann: MemberActor) -> None:
    dan = polled.member("dan-example", "fr")
    await polled.join(dan, "industry")
    await polled.vote(ann, STEM, "Support")
    await decide(polled, "rejected")

    first = await ann.slash(polled.lobby, "timeline")
    assert any("rejected" in shown(one) for one in first.followups)
    assert not (await ann.slash(polled.lobby, "timeline")).followups
    assert not (await dan.slash(polled.lobby, "timeline")).followups


async def test_moderators_see_what_is_due_and_what_has_no_outcome(polled: House) -> None:
    await decide(polled, "deferred", until="1 day")
    before = said(await polled.moderator.slash(polled.lobby, "outcome due"))
    assert phrase("outcome.none_due") in before
    assert title(polled, STEM) not in before

    await polled.env.advance_time(2 * DAY)

    due = said(await polled.moderator.slash(polled.lobby, "outcome due"))
    assert f"**{title(polled, STEM)}**" in due
    assert phrase(f"decision.{Decision.DEFERRED}") in due


async def test_an_outcome_is_offered_for_what_one_types(polled: House) -> None:
    offered = await polled.moderator.autocomplete(polled.lobby, "outcome decide", "recommendation", "stem")

    assert [choice["value"] for choice in offered] == [STEM]
