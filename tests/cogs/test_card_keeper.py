"""Cards are edited no oftener than Discord bears, and show the last state in the end."""

import pytest
from simcord import MemberActor

from tests.cogs.conftest import House, buttons, said, shown
from tests.cogs.test_voting import STEM, close, phrase

HOUR = 3_600


@pytest.fixture
async def polled(open_house: House) -> House:
    """Return a house in which a vote has just opened."""
    await open_house.open_poll(STEM, closes="2 days")
    return open_house


@pytest.fixture
async def voters(polled: House) -> list[MemberActor]:
    """Return twelve people who have joined."""
    people = [polled.member(f"person{number}-example") for number in range(12)]
    for who in people:
        await polled.join(who, "academia")
    return people


def edits(house: House, recommendation: str = STEM) -> int:
    """Return how often a card has been edited so far."""
    path = f"/channels/{house.card(recommendation).channel.id}/messages/{house.card(recommendation).id}"
    return sum((one.method, one.path) == ("PATCH", path) for one in house.env.http_requests)


def turnout(house: House) -> str:
    (line,) = [line for line in shown(house.card(STEM)).splitlines() if "voted so far" in line]
    return line


async def test_in_its_first_hour_a_card_is_edited_every_ten_seconds_at_most(
    polled: House, voters: list[MemberActor]
) -> None:
    before = edits(polled)
    for who in voters:
        await who.click(polled.card(STEM), label="Support")
        await polled.env.advance_time(1)

    assert edits(polled) == before + 1
    await polled.env.advance_time(10)
    assert edits(polled) == before + 2
    assert turnout(polled) == phrase("card.turnout", count=12)


async def test_later_it_is_edited_once_a_minute_at_most(polled: House, voters: list[MemberActor]) -> None:
    await polled.env.advance_time(HOUR)
    before = edits(polled)
    for who in voters:
        await who.click(polled.card(STEM), label="Support")
        await polled.env.advance_time(9)

    assert edits(polled) == before + 2  # at once, after a minute, and the third would come after two
    await polled.env.advance_time(60)
    assert edits(polled) == before + 3
    assert turnout(polled) == phrase("card.turnout", count=12)


async def test_a_card_on_which_nothing_happens_is_not_edited(polled: House) -> None:
    before = edits(polled)
    await polled.env.advance_time(HOUR)
    assert edits(polled) == before


async def test_a_vote_after_a_pause_shows_at_once(polled: House, voters: list[MemberActor]) -> None:
    await polled.env.advance_time(30)
    await voters[0].click(polled.card(STEM), label="Support")
    assert turnout(polled) == phrase("card.turnout", count=1)


async def test_the_end_shows_at_once_also_right_after_an_edit(polled: House, voters: list[MemberActor]) -> None:
    for who in voters[:3]:
        await who.click(polled.card(STEM), label="Support")

    await close(polled, "Enough.")

    assert "Support" not in buttons(polled.card(STEM))
    ended = edits(polled)
    await polled.env.advance_time(HOUR)
    assert edits(polled) == ended


async def test_a_new_vote_shows_at_once_also_right_after_an_edit(polled: House) -> None:
    await close(polled, "Enough.")
    await polled.open_poll(STEM)
    assert "Support" in buttons(polled.card(STEM))


async def test_each_card_has_its_own_pace(polled: House, voters: list[MemberActor]) -> None:
    await polled.open_poll("growth-capital")
    await polled.env.advance_time(10)
    for recommendation in (STEM, "growth-capital"):
        await voters[0].click(polled.card(recommendation), label="Support")
        assert phrase("card.turnout", count=1) in shown(polled.card(recommendation))


@pytest.mark.parametrize(("status", "code"), [(500, 0), (403, 50_001), (429, 30_046)])
async def test_an_edit_that_discord_refused_is_made_later(
    polled: House, voters: list[MemberActor], status: int, code: int
) -> None:
    await polled.env.advance_time(10)
    polled.env.inject_error("PATCH", f"/channels/*/messages/{polled.card(STEM).id}", status=status, code=code, times=3)

    assert "**Support**" in said(await voters[0].click(polled.card(STEM), label="Support"))
    await polled.env.advance_time(20 + 40)
    assert phrase("card.turnout", count=1) not in shown(polled.card(STEM))

    await polled.env.advance_time(80)
    assert turnout(polled) == phrase("card.turnout", count=1)


async def test_tries_that_fail_become_rarer(polled: House, voters: list[MemberActor]) -> None:
    await polled.env.advance_time(10)
    polled.env.inject_error("PATCH", f"/channels/*/messages/{polled.card(STEM).id}", times=None)
    before = edits(polled)

    await voters[0].click(polled.card(STEM), label="Support")
    await polled.env.advance_time(HOUR - 60)

    assert 5 < edits(polled) - before < 20


async def test_a_card_that_cannot_be_drawn_is_drawn_later(polled: House, voters: list[MemberActor]) -> None:
    await voters[0].click(polled.card(STEM), label="Support")
    with polled.failing_store():
        await polled.env.advance_time(10)

    await polled.env.advance_time(40)
    assert turnout(polled) == phrase("card.turnout", count=1)


async def test_a_card_that_somebody_deleted_breaks_no_vote(polled: House, voters: list[MemberActor]) -> None:
    mine = await voters[0].click(polled.card(STEM), label="EN · FR · NL · DE")
    assert mine.response is not None
    polled.env.backend.delete_message(polled.channel("training").id, polled.card(STEM).id)

    assert "**Support**" in said(await voters[0].click(mine.response, label="Support"))
    asked = len(polled.env.http_requests)
    await polled.env.advance_time(HOUR)
    assert len(polled.env.http_requests) <= asked + 1  # it is not tried again
    await polled.moderator.slash(polled.lobby, "consultation setup")
    assert turnout(polled) == phrase("card.turnout", count=1)
