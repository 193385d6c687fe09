"""What became of a recommendation, as moderators say it and those who took part learn it."""

from datetime import datetime
from typing import Any
from unittest.mock import AsyncMock, patch

import pytest
from simcord import InteractionResult, MemberActor

from cogs.ui import posting
from cogs.ui.layout import harmless
from models import outcomes, polls, trace
from models.records import Decision
from tests.cogs.conftest import DISK_FULL, House, said, shown, still_open
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


def posted(house: House) -> list[str]:
    return [shown(message) for message in house.thread(STEM).history() if "**Outcome:" in shown(message)]


async def test_what_discord_does_not_take_is_posted_later_and_once(polled: House) -> None:
    polled.env.inject_error("POST", f"/channels/{polled.thread(STEM).id}/messages", status=403, code=50_013, times=2)
    assert phrase("outcome.not_posted") in said(await decide(polled, "adopted"))
    assert not posted(polled)

    await polled.env.advance_time(posting.RETRY_SECONDS)
    assert not posted(polled)
    await polled.env.advance_time(2 * posting.RETRY_SECONDS)
    assert len(posted(polled)) == 1
    await polled.restart()
    assert len(posted(polled)) == 1


async def test_a_decision_is_not_said_to_wait_because_another_does(polled: House) -> None:
    polled.env.inject_error("POST", f"/channels/{polled.thread(STEM).id}/messages", status=403, times=None)
    await decide(polled, "adopted")

    assert phrase("outcome.not_posted") not in said(await decide(polled, "adopted", subject="growth-capital"))


async def test_a_bot_that_ended_before_it_posted_posts_when_it_is_back(polled: House) -> None:
    with patch.object(polled.bot.decisions, "_post_all", AsyncMock(return_value=True)):
        await decide(polled, "rejected")
    assert not posted(polled)

    await polled.restart()
    assert len(posted(polled)) == 1


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


@pytest.mark.parametrize("what", ["result", "decision"])
async def test_what_a_bot_that_ended_could_not_note_is_sent_again_by_the_same_name(polled: House, what: str) -> None:
    thread = f"/channels/{polled.thread(STEM).id}/messages"
    with patch.object(polls if what == "result" else outcomes, "mark_posted", side_effect=DISK_FULL):
        if what == "result":
            await polled.moderator.slash(polled.lobby, "poll close", vote=STEM, reason="Enough was said.")
        else:
            await decide(polled, "adopted")
    await polled.restart()

    sent = [one.json for one in polled.env.http_requests if (one.method, one.path) == ("POST", thread)]
    assert len(sent) == 2
    assert all(one and one["enforce_nonce"] for one in sent)
    assert len({one["nonce"] for one in sent if one}) == 1


async def test_those_who_took_part_are_told_once_at_what_they_do_next(polled: House, ann: MemberActor) -> None:
    dan = polled.member("dan-example", "fr")
    await polled.join(dan, "industry")
    await polled.vote(ann, STEM, "Support")
    await decide(polled, "rejected")

    first = await ann.slash(polled.lobby, "timeline")
    assert any("rejected" in shown(one) for one in first.followups)
    assert not (await ann.slash(polled.lobby, "timeline")).followups
    assert not (await dan.slash(polled.lobby, "timeline")).followups


async def test_an_outcome_handed_in_twice_is_one(polled: House, ann: MemberActor) -> None:
    await polled.vote(ann, STEM, "Support")
    form = await polled.moderator.slash(polled.lobby, "outcome decide", recommendation=STEM, decision="adopted")

    async def submit() -> InteractionResult:
        return await polled.moderator.submit_modal(still_open(form), {"reason": REASON})

    twice = await polled.at_once(submit(), submit())
    twice.append(await submit())

    assert len({said(one) for one in twice}) == 1
    assert sum("**Outcome: adopted**" in shown(one) for one in polled.thread(STEM).history()) == 1
    assert len((await ann.slash(polled.lobby, "timeline")).followups) == 1
    async with polled.store.read() as session:
        entries = await trace.entries(session, polled.store.memory.consultations[polled.guild.id].id)
    assert [one.action for one in entries].count("outcome_decide") == 1


@pytest.mark.parametrize("failure", [{"failures": 2}, {"failures": 2, "after_commit": True}])
async def test_a_store_that_fails_for_a_moment_costs_no_outcome_and_doubles_none(
    polled: House, ann: MemberActor, failure: dict[str, Any]
) -> None:
    await polled.vote(ann, STEM, "Support")
    with polled.stumbling_store(**failure):
        assert phrase("outcome.stored", title=title(polled, STEM), decision="adopted") in said(
            await decide(polled, "adopted")
        )
    assert "**Outcome: adopted**" in shown(polled.card(STEM))
    assert len((await ann.slash(polled.lobby, "timeline")).followups) == 1


async def test_what_is_deferred_for_years_is_looked_at_again_in_years(polled: House) -> None:
    told = said(await decide(polled, "deferred", until="1 January 2029", review="2 years"))
    assert phrase("outcome.stored", title=title(polled, STEM), decision="deferred") == told
    midnight = int(datetime(2029, 1, 1, 23, 59, tzinfo=polled.catalogue.timezone).timestamp())
    assert phrase("outcome.deferred_until", until=f"<t:{midnight}:D>") in shown(polled.card(STEM))


async def test_people_are_told_how_their_words_were_used_and_words_under_their_name_apart_from_private_ones(
    polled: House, ann: MemberActor
) -> None:
    polled.locales[ann.id] = "fr"
    await ann.send(polled.thread(STEM), "Begin in towns.")
    form = await ann.click(polled.card(STEM), label="Private feedback")
    await ann.submit_modal(form, {"words": "Mine is a small school.", "quotation": "not"})
    await polled.env.advance_time(3_601)
    for one in await polled.feedback():
        await polled.moderator.slash(polled.lobby, "review theme", feedback=one.reference, theme=f"*Theme*, {one.kind}")
    await decide(polled, "adopted")

    done = await ann.slash(polled.lobby, "timeline")
    told = "\n".join(map(shown, done.followups))
    french = harmless(polled.catalogue.recommendations[STEM].title.in_language("fr"))
    for themes in (r"\*Theme\*, thread", r"\*Theme\*, private"):
        assert phrase("outcome.words_themes", "fr", title=french, themes=themes) in told
    assert phrase("outcome.words_pinned", "fr", title=french) not in told


async def test_after_a_restart_everything_goes_on_in_the_language_of_each(polled: House, ann: MemberActor) -> None:
    zoe = polled.member("zoe-exemple", "fr")
    await polled.join(zoe, "industry")
    for who in (ann, zoe):
        await polled.vote(who, STEM, "Support")
    form = await polled.moderator.slash(polled.lobby, "outcome decide", recommendation=STEM, decision="rejected")
    await polled.restart()
    await polled.moderator.submit_modal(form, {"reason": REASON})
    await polled.restart()

    assert "**Outcome: rejected**" in shown(polled.card(STEM))
    told = shown((await zoe.slash(polled.lobby, "timeline")).followups[0])
    assert phrase("decision.rejected", "fr") in told
    assert harmless(polled.catalogue.recommendations[STEM].title.in_language("fr")) in told
    assert len((await ann.slash(polled.lobby, "timeline")).followups) == 1


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
