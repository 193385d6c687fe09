"""How clicks and submitted forms find their handlers, and what people are told where there is none."""

from typing import Literal

import discord
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cogs.client import ConsultationBot
from cogs.ui.layout import CUSTOM_ID_LENGTH, SEPARATOR, custom_id
from cogs.ui.router import Router, component
from tests.cogs.conftest import House, buttons, said, shown
from tests.cogs.test_voting import STEM, neutral, phrase


class Bells:
    """What a cog looks like to the router."""

    def __init__(self) -> None:
        self.rung: list[tuple[str, ...]] = []

    @component("ring")
    async def ring(self, _interaction: object, *arguments: str) -> None:
        self.rung.append(arguments)

    async def silent(self) -> None: ...


class Pressed:
    """As much of an interaction as the router looks at."""

    type = discord.InteractionType.component

    def __init__(self, pressed: str) -> None:
        self.data = {"custom_id": pressed}


async def press(bells: object, pressed: str) -> None:
    router = Router()
    router.add(bells)
    await router.dispatch(Pressed(pressed))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pressed", "arguments"), [("ring", ()), ("ring:", ("",)), ("ring:a:17", ("a", "17")), ("ring:é", ("é",))]
)
async def test_a_custom_id_names_the_handler_and_its_arguments(pressed: str, arguments: tuple[str, ...]) -> None:
    bells = Bells()
    await press(bells, pressed)
    assert bells.rung == [arguments]


async def test_only_components_and_forms_are_routed() -> None:
    bells, typing = Bells(), Pressed("ring")
    typing.type = discord.InteractionType.autocomplete
    router = Router()
    router.add(bells)

    await router.dispatch(typing)  # type: ignore[arg-type]

    assert bells.rung == []


@settings(deadline=None, derandomize=True)
@given(
    st.lists(st.text(st.characters(exclude_characters=SEPARATOR, exclude_categories=["Cs"]), max_size=10), max_size=4)
)
def test_every_custom_id_is_read_as_it_was_made(arguments: list[str]) -> None:
    made = custom_id("ring", *arguments)
    assert made.split(SEPARATOR) == ["ring", *arguments]


def test_a_custom_id_that_discord_would_refuse_is_not_made() -> None:
    assert custom_id("x" * CUSTOM_ID_LENGTH)
    with pytest.raises(ValueError, match="100 characters"):
        custom_id("x", "y" * (CUSTOM_ID_LENGTH - 1))


def tampered(house: House, pressed: str) -> discord.Message:
    """Return the start card with its button for joining leading elsewhere."""
    card = house.start_card()
    stored = house.env.backend.get_message(card.channel.id, card.id)
    row = next(row for row in stored.components[0]["components"] if row.get("components"))
    row["components"][0]["custom_id"] = pressed
    return card


async def test_a_button_of_an_earlier_version_says_that_it_leads_nowhere(open_house: House) -> None:
    card = tampered(open_house, "gone:17")

    told = await open_house.member("noor-voorbeeld", "nl").click(card, label=phrase("start.join"))

    assert said(told) == phrase("error.leads_nowhere", "nl")


FORGED = "0" * 30 + "<@812345678901234567>"


@pytest.mark.parametrize(
    "pressed",
    [
        *("vote", "vote:support", "vote:support:x", "vote:applaud:1", "vote:support:-1", "vote:support:²"),
        *("ballot:object:1", "ballot:object:1:x", "join:1:2", "join:x", "ask:x", "words:x:y", "language:xx", "fact:x"),
        *("fact:x:xx", "deck_skip:1:z-z", "deck_skip:1:1", "deck_go_on:1-2-3", "deck_answers:x:", "deck_answers:-1:"),
        *(f"vote:support:{2**63}", f"vote:{FORGED}:1", f"vote:support:{FORGED}", f"{FORGED}:1"),
    ],
)
async def test_a_button_that_was_made_up_leads_nowhere_and_leaves_nothing_in_the_log(
    open_house: House, caplog: pytest.LogCaptureFixture, pressed: str
) -> None:
    await open_house.open_poll(STEM)
    card = tampered(open_house, pressed)

    told = said(await open_house.member("ann-example").click(card, label=phrase("start.join")))

    assert told == phrase("error.leads_nowhere")
    assert FORGED not in caplog.text


async def test_an_error_in_a_handler_is_not_taken_for_a_button_that_was_made_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[Exception] = []

    async def tell(_interaction: object, error: Exception) -> None:
        told.append(error)

    class Broken:
        @component("ring")
        async def ring(self, _interaction: object, number: int, language: Literal["en", "fr"] = "en") -> None:
            raise ValueError(f"a bug: {number} {language}")

    monkeypatch.setattr("cogs.ui.router.tell_error", tell)
    for pressed in ("ring:1", "ring:1:fr", "ring:1:xx", "ring:x"):
        await press(Broken(), pressed)

    assert [str(error) for error in told] == [
        "a bug: 1 en",
        "a bug: 1 fr",
        "error.leads_nowhere",
        "error.leads_nowhere",
    ]


async def test_every_button_that_stands_in_a_channel_has_a_handler(open_house: House) -> None:
    await open_house.open_poll(STEM)
    standing = [*buttons(open_house.start_card()).values(), *buttons(open_house.card(STEM)).values()]

    assert {pressed.split(SEPARATOR)[0] for pressed in standing} <= set(open_house.bot.router._handlers)


async def test_nothing_that_was_sent_is_kept_in_memory(open_house: House) -> None:
    await open_house.open_poll(STEM)
    ann = open_house.member("ann-example")
    await ann.click(open_house.card(STEM), label="Support")
    await ann.click(open_house.start_card(), label=phrase("start.language"))

    assert kept_views(open_house.bot) == 0


def kept_views(bot: ConsultationBot) -> int:
    store = bot._connection._view_store
    return len(store._views) + len(store._modals) + len(store._synced_message_views)


async def test_people_see_errors_in_their_own_language(open_house: House) -> None:
    with open_house.failing_store():
        for name, locale, language in [("elise-exemple", "fr", "fr"), ("noor-voorbeeld", "nl", "nl")]:
            who = open_house.member(name, locale)
            told = await open_house.join(who, "industry")
            assert neutral(said(told), language)


async def test_two_people_have_the_same_form_open_at_once(open_house: House) -> None:
    await open_house.open_poll(STEM)
    ann, ben = open_house.member("ann-example"), open_house.member("ben-example")
    form_of_ann = await ann.click(open_house.card(STEM), label="Support")
    form_of_ben = await ben.click(open_house.card(STEM), label="Support")

    for who, form in ((ben, form_of_ben), (ann, form_of_ann)):
        assert "Support" in said(await who.submit_modal(form, {"segment": "industry", "groups": []}))

    await open_house.env.advance_time(10)
    assert phrase("card.turnout", count=2) in shown(open_house.card(STEM))
