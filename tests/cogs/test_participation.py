"""Taking part as members do it: for whom they speak, in which groups, and in which language they are answered."""

from dataclasses import replace
from typing import Any

import pytest
from simcord import InteractionResult

from cogs.ui.texts import PHRASES
from content.catalogue import LANGUAGES, Catalogue
from models.records import Participant, PlaceKind
from tests.cogs.conftest import House, answered, buttons, said, shown


def known(house: House, name: str) -> Participant | None:
    consultation = house.store.memory.consultations[house.guild.id]
    return house.store.participant(consultation, house.member(name).id)


def group_roles(house: House, name: str) -> set[str]:
    """Return the groups whose roles somebody holds."""
    held = set(house.env.backend.get_guild(house.guild.id).members[house.member(name).id].role_ids)
    places = house.store.memory.places(house.store.memory.consultations[house.guild.id].id, PlaceKind.GROUP_ROLE)
    return {place.key for place in places if place.discord_id in held}


def chosen_beforehand(form: InteractionResult) -> dict[str, list[str]]:
    """Return what a form has chosen when it opens, by field."""
    assert form.modal is not None
    fields = [one["component"] for one in form.modal["components"] if "component" in one]
    return {
        field["custom_id"]: [option["value"] for option in field["options"] if option.get("default")]
        for field in fields
        if "options" in field
    }


@pytest.mark.parametrize("language", LANGUAGES)
async def test_joining_says_for_whom_one_speaks_in_ones_own_language(open_house: House, language: str) -> None:
    zoe = open_house.member("zoe-example", language)
    form = await zoe.slash(open_house.lobby, "join")
    assert form.modal is not None
    assert form.modal["title"] == PHRASES.text("join.title", language)
    told = said(await zoe.submit_modal(form, {"segment": "academia", "groups": ["training", "innovation"]}))

    catalogue = open_house.catalogue
    segment = catalogue.segments["academia"].title.in_language(language)
    groups = ", ".join(catalogue.groups[key].title.in_language(language) for key in ("training", "innovation"))
    assert told == PHRASES.text("join.joined", language, segment=segment, groups=groups)
    participant = known(open_house, "zoe-example")
    assert participant is not None
    assert participant.segment == "academia"
    assert participant.groups == {"training", "innovation"}


async def test_a_group_is_no_condition_for_joining(open_house: House) -> None:
    segment = open_house.catalogue.segments["academia"].title.in_language("en")
    told = said(await open_house.join(open_house.member("ann-example"), "academia"))
    assert told == PHRASES.text("join.joined_no_group", "en", segment=segment)
    assert group_roles(open_house, "ann-example") == set()


async def test_joining_again_begins_with_what_was_declared_and_changes_it(open_house: House) -> None:
    ann = open_house.member("ann-example")
    await open_house.join(ann, "academia", ("training", "innovation"))

    form = await ann.click(open_house.start_card(), label="Join")
    assert chosen_beforehand(form) == {"segment": ["academia"], "groups": ["innovation", "training"], "messages": []}
    other = next(key for key in open_house.catalogue.segments if key != "academia")
    await ann.submit_modal(form, {"segment": other, "groups": ["innovation", "health-data"]})

    participant = known(open_house, "ann-example")
    assert participant is not None
    assert participant.segment == other
    assert participant.groups == {"innovation", "health-data"}
    assert group_roles(open_house, "ann-example") == {"innovation", "health-data"}


async def test_somebody_new_finds_nothing_chosen_beforehand(open_house: House) -> None:
    form = await open_house.member("ann-example").slash(open_house.lobby, "join")
    assert chosen_beforehand(form) == {"segment": [], "groups": [], "messages": []}


async def test_the_group_of_a_card_is_chosen_beforehand_for_somebody_new(open_house: House) -> None:
    card = open_house.card("stem-orientation")
    form = await open_house.member("ann-example").click(card, label="Private feedback")
    group = open_house.catalogue.recommendations["stem-orientation"].group
    assert chosen_beforehand(form)["groups"] == [group]


async def test_only_roles_of_the_bots_own_are_given_and_taken(open_house: House) -> None:
    ann = open_house.member("ann-example")
    backend = open_house.env.backend
    other = open_house.guild.create_role("Choir")
    backend.get_guild(open_house.guild.id).members[ann.id].role_ids.append(other.id)

    await open_house.join(ann, "academia", ("training",))
    assert group_roles(open_house, "ann-example") == {"training"}
    await open_house.join(ann, "academia")

    assert group_roles(open_house, "ann-example") == set()
    assert backend.get_guild(open_house.guild.id).members[ann.id].role_ids == [other.id]


async def test_a_role_that_discord_refuses_costs_nothing(open_house: House, caplog: pytest.LogCaptureFixture) -> None:
    open_house.env.inject_error("*", "/guilds/*/members/*", status=403, code=50013, times=None)
    told = said(await open_house.join(open_house.member("ann-example"), "academia", ("training",)))
    assert "Academia" in told
    assert known(open_house, "ann-example") is not None
    assert "50013" in caplog.text
    assert str(open_house.member("ann-example").id) not in caplog.text


async def test_a_form_open_during_a_restart_still_joins(open_house: House) -> None:
    ann = open_house.member("ann-example")
    form = await ann.slash(open_house.lobby, "join")
    await open_house.restart()
    said(await ann.submit_modal(form, {"segment": "academia", "groups": ["training"]}))
    assert known(open_house, "ann-example") is not None
    assert group_roles(open_house, "ann-example") == {"training"}


async def test_a_segment_that_is_gone_meanwhile_is_asked_for_again(
    open_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = open_house.member("ann-example", "fr")
    form = await ann.slash(open_house.lobby, "join")
    segments = dict(open_house.catalogue.segments)
    del segments["academia"]
    monkeypatch.setattr(open_house.bot, "catalogue", replace(open_house.catalogue, segments=segments))
    told = said(await ann.submit_modal(form, {"segment": "academia", "groups": ["training"]}))
    assert told == PHRASES.text("join.no_segment", "fr")
    assert known(open_house, "ann-example") is None


async def test_before_setup_there_is_nothing_to_join(house: House) -> None:
    told = said(await house.member("ann-example", "nl").slash(house.lobby, "join"))
    assert told == PHRASES.text("setup.missing", "nl")


async def test_one_can_join_before_the_consultation_opens(house: House) -> None:
    await house.moderator.slash(house.lobby, "consultation setup")
    assert "Academia" in said(await house.join(house.member("ann-example"), "academia"))


@pytest.mark.parametrize(
    ("locale", "language"), [("fr", "fr"), ("nl", "nl"), ("de", "de"), ("en-GB", "en"), ("pt-BR", "en"), ("ja", "en")]
)
async def test_without_a_choice_people_are_answered_in_discords_language_or_else_the_consultations(
    house: House, locale: str, language: str
) -> None:
    told = said(await house.member("zoe-example", locale).slash(house.lobby, "help"))
    assert PHRASES.text("help.everyone", language) in told


async def test_where_discord_speaks_what_the_bot_does_not_the_consultations_language_is_used(
    new_house: Any, catalogue: Catalogue
) -> None:
    async with new_house(catalogue=replace(catalogue, default_language="de")) as house:
        told = said(await house.member("zoe-example", "pt-BR").slash(house.lobby, "help"))
        assert PHRASES.text("help.everyone", "de") in told


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_language_chosen_by_command_is_kept_over_a_restart_and_in_direct_messages(
    house: House, language: str
) -> None:
    member = house.member("zoe-example", "de" if language != "de" else "fr")
    assert said(await member.slash(house.lobby, "language", language=language)) == PHRASES.text(
        "language.chosen", language
    )
    await house.restart()
    assert PHRASES.text("help.everyone", language) in said(await member.slash(house.lobby, "help"))
    assert PHRASES.text("help.everyone", language) in said(await member.user.slash("help"))
    await member.send_dm("Τι ώρα είναι;")
    assert PHRASES.text("answer.not_said", language) in shown(member.user.dm_channel.last_message)


async def test_a_language_is_chosen_on_the_start_card_each_under_its_own_name(open_house: House) -> None:
    ann = open_house.member("ann-example")
    offered = await ann.click(open_house.start_card(), label="Language")
    assert list(buttons(answered(offered))) == [PHRASES.text(f"language.{one}", one) for one in LANGUAGES]

    await open_house.restart()
    dutch = PHRASES.text("language.nl", "nl")
    assert said(await ann.click(answered(offered), label=dutch)) == PHRASES.text("language.chosen", "nl")
    assert PHRASES.text("help.everyone", "nl") in said(await ann.slash(open_house.lobby, "help"))


async def test_a_language_is_chosen_in_a_direct_message_too(house: House) -> None:
    outsider = house.env.create_user("olga-outsider")
    assert said(await outsider.slash("language", language="fr")) == PHRASES.text("language.chosen", "fr")
    assert PHRASES.text("help.everyone", "fr") in said(await outsider.slash("help"))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_start_card_is_shown_in_ones_own_language(open_house: House, language: str) -> None:
    member = open_house.member("zoe-example", language)
    told = said(await member.click(open_house.start_card(), label="EN · FR · NL · DE"))
    assert open_house.catalogue.summary.in_language(language) in told
    assert PHRASES.text("start.what_to_do", language) in told


async def test_what_others_chose_stays_theirs(open_house: House) -> None:
    ann, bob = open_house.member("ann-example"), open_house.member("bob-example")
    await open_house.join(ann, "academia", ("training",))
    await ann.slash(open_house.lobby, "language", language="fr")
    assert known(open_house, "bob-example") is None
    assert PHRASES.text("help.everyone", "en") in said(await bob.slash(open_house.lobby, "help"))
