"""Reading the source as members do it: each command, in a server and in direct messages, in four languages."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import simcord

from cogs.ui.texts import PHRASES
from content.catalogue import LANGUAGES
from tests.cogs.conftest import House, answered, said, shown

COMMANDS = ("about", "help", "fact", "recommendation", "group", "timeline")
LINK = re.compile(r"https://discord\.com/channels/(\d+)/(\d+)/(\d+)")


def everything(result: simcord.InteractionResult) -> str:
    """Return all text of an answer, over as many messages as it took, all private."""
    assert result.ephemeral
    assert all(message.ephemeral for message in result.followups)
    return "\n".join([said(result), *map(shown, result.followups)])


def menus(result: simcord.InteractionResult) -> list[tuple[simcord.ResponseMessage, dict[str, Any]]]:
    """Return the select menus of an answer, each with the message it stands in."""
    found = []
    for message in [answered(result), *result.followups]:
        pending = list(message.components)
        for component in pending:
            pending += component.get("components", [])
            if component["type"] == 3:
                found.append((message, component))
    return found


def message_ids(house: House, channel: int) -> set[int]:
    return {one.id for name in house.guild.channels.values() if name.id == channel for one in name.history()}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_each_command_answers_alike_in_a_server_and_in_a_direct_message(open_house: House, language: str) -> None:
    member = open_house.member("zoe-example", language)
    for command in COMMANDS:
        in_server = everything(await member.slash(open_house.lobby, command))
        in_private = everything(await member.user.slash(command))
        assert re.sub(r"\[(.*)\]\(.*\)| <#\d+>", r"\1", in_server) == in_private


async def test_about_names_the_people_and_the_source_and_leads_to_the_privacy_notice(open_house: House) -> None:
    lea = open_house.member("lea-exemple", "fr")
    catalogue = open_house.catalogue
    result = await lea.slash(open_house.lobby, "about")

    for person in catalogue.people.values():
        assert f"**{person.name}**, {person.role.in_language('fr')}" in said(result)
    source = PHRASES.text("about.source", "fr", title=catalogue.article.title, author=catalogue.article.author)
    assert source in said(result)
    notice = everything(await lea.click(answered(result), label=PHRASES.text("start.privacy", "fr")))
    for part in catalogue.notices:
        assert part.title.in_language("fr") in notice
        assert part.text.in_language("fr") in notice


async def test_the_privacy_notice_stands_behind_the_start_card_after_a_restart(open_house: House) -> None:
    await open_house.restart()
    notice = everything(await open_house.member("ann-example", "de").click(open_house.start_card(), label="Privacy"))
    assert all(part.text.in_language("de") in notice for part in open_house.catalogue.notices)


async def test_help_tells_moderators_their_commands_and_nobody_else(open_house: House) -> None:
    moderators = PHRASES.text("help.moderators", "en")
    assert moderators in said(await open_house.moderator.slash(open_house.lobby, "help"))
    assert moderators not in said(await open_house.member("ann-example").slash(open_house.lobby, "help"))
    assert moderators not in said(await open_house.moderator.user.slash("help"))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_browsing_reaches_every_fact(open_house: House, language: str) -> None:
    member = open_house.member("zoe-example", language)
    browsing = await member.slash(open_house.lobby, "fact")
    reached = set()
    for message, menu in menus(browsing):
        assert 1 <= len(menu["options"]) <= 25
        reached |= {option["value"] for option in menu["options"]}
        key = menu["options"][-1]["value"]
        told = said(await member.select(message, [key], custom_id=menu["custom_id"]))
        assert open_house.catalogue.facts[key].text.in_language(language) in told
    assert reached == set(open_house.catalogue.facts)


async def test_browsing_goes_on_after_a_restart_and_in_a_direct_message(open_house: House) -> None:
    user = open_house.member("ann-example").user
    message, menu = menus(await user.slash("fact"))[-1]
    await open_house.restart()
    key = menu["options"][0]["value"]
    told = said(await user.select(message, [key], custom_id=menu["custom_id"]))
    assert open_house.catalogue.facts[key].text.in_language("en") in told


async def test_a_fact_chosen_from_the_list_is_shown_with_its_passage(open_house: House) -> None:
    member = open_house.member("nele-voorbeeld", "nl")
    [choice] = await member.autocomplete(open_house.lobby, "fact", "topic", "wie het actieplan")
    told = said(await member.slash(open_house.lobby, "fact", topic=choice["value"]))
    fact = open_house.catalogue.facts["initiator"]
    assert fact.text.in_language("nl") in told
    assert fact.citation.heading in told


@pytest.mark.parametrize("language", LANGUAGES)
async def test_topics_are_found_by_title_and_by_tag_in_the_persons_language(open_house: House, language: str) -> None:
    member = open_house.member("zoe-example", language)
    for key, fact in list(open_house.catalogue.facts.items())[::12]:
        for typed in (fact.title.in_language(language), fact.tags[language][0]):
            offered = await member.autocomplete(open_house.lobby, "fact", "topic", typed)
            assert key in [choice["value"] for choice in offered]
            assert all(
                choice["name"] == open_house.catalogue.facts[choice["value"]].title.in_language(language)
                for choice in offered
            )


@pytest.mark.parametrize(
    ("command", "option"), [("fact", "topic"), ("recommendation", "recommendation"), ("group", "group")]
)
async def test_lists_offer_what_discord_takes(house: House, command: str, option: str) -> None:
    user = house.member("bea-example", "fr").user
    for typed in ("", "e", "zzzz", "é", '"*(', "x" * 100):
        offered = await user.autocomplete(command, option, typed)
        assert len(offered) <= 25
        assert all(1 <= len(choice["name"]) <= 100 and 1 <= len(choice["value"]) <= 100 for choice in offered)
        assert len({choice["value"] for choice in offered}) == len(offered)


async def test_titles_are_found_whatever_their_accents_and_capitals(house: House) -> None:
    user = house.member("bea-example", "fr").user
    assert [one["value"] for one in await user.autocomplete("group", "group", "DONNEES de sante")] == ["health-data"]
    offered = await user.autocomplete("recommendation", "recommendation", "potentiel des donnees")
    assert [one["value"] for one in offered] == ["unlock-health-data"]


async def test_free_text_instead_of_a_topic_is_taken_as_a_question(open_house: House) -> None:
    member = open_house.member("lea-exemple", "fr")
    told = said(await member.slash(open_house.lobby, "fact", topic="Combien de personnes travaillent dans la pharma ?"))
    assert open_house.catalogue.facts["direct-jobs"].text.in_language("fr") in told
    told = said(await member.slash(open_house.lobby, "fact", topic="xyzzy " * 900))
    assert PHRASES.text("answer.not_said", "fr") in told


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_recommendation_leads_to_its_card(open_house: House, language: str) -> None:
    member = open_house.member("zoe-example", language)
    wanted = open_house.catalogue.recommendations["unlock-health-data"]
    result = await member.slash(open_house.lobby, "recommendation", recommendation=wanted.key)

    assert wanted.text.in_language(language) in said(result)
    assert open_house.catalogue.areas["health-data"].title.in_language(language) in said(result)
    [row] = [one for one in answered(result).components[0]["components"] if one["type"] == 1]
    assert row["components"][0]["label"] == PHRASES.text("recommendation.to_card", language)
    match = LINK.fullmatch(row["components"][0]["url"])
    assert match
    assert int(match[1]) == open_house.guild.id
    assert int(match[3]) == open_house.card("unlock-health-data").id
    assert int(match[3]) in message_ids(open_house, int(match[2]))


async def test_every_recommendation_is_in_the_overview_and_leads_to_a_card_that_is_there(open_house: House) -> None:
    told = everything(await open_house.member("bea-example", "de").slash(open_house.lobby, "recommendation"))
    for area in open_house.catalogue.areas.values():
        assert f"**{area.title.in_language('de')}**" in told
    links = LINK.findall(told)
    assert len(links) == len(open_house.catalogue.recommendations)
    for (_, channel, message), one in zip(links, _by_area(open_house), strict=True):
        assert int(message) in message_ids(open_house, int(channel))
        assert f"[{one}]" in told


async def test_a_recommendation_is_found_by_its_title_however_it_is_typed(open_house: House) -> None:
    member = open_house.member("nele-voorbeeld", "nl")
    wanted = open_house.catalogue.recommendations["unlock-health-data"]
    typed = f"  {wanted.title.in_language('nl').upper()} "
    told = said(await member.slash(open_house.lobby, "recommendation", recommendation=typed))
    assert wanted.text.in_language("nl") in told


async def test_before_setup_and_in_direct_messages_a_recommendation_says_that_it_has_no_card_here(
    house: House,
) -> None:
    ann = house.member("ann-example")
    ways: list[Callable[..., Awaitable[simcord.InteractionResult]]] = [
        lambda **options: ann.slash(house.lobby, "recommendation", **options),
        lambda **options: ann.user.slash("recommendation", **options),
    ]
    for ask in ways:
        told = said(await ask(recommendation="unlock-health-data"))
        assert PHRASES.text("recommendation.no_card", "en") in told
        assert "discord.com" not in everything(await ask())


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_is_not_in_the_lists_gets_a_sentence(open_house: House, language: str) -> None:
    member = open_house.member("zoe-example", language)
    for command, option, phrase in (
        ("recommendation", "recommendation", "recommendation.unknown"),
        ("group", "group", "group.unknown"),
    ):
        told = said(await member.slash(open_house.lobby, command, **{option: "no such thing"}))
        assert told == PHRASES.text(phrase, language)


async def test_a_group_tells_its_subjects_and_leads_to_its_channel(open_house: House) -> None:
    member = open_house.member("nele-voorbeeld", "nl")
    group = open_house.catalogue.groups["attractiveness"]
    for named in ("attractiveness", group.title.in_language("nl").upper()):
        told = everything(await member.slash(open_house.lobby, "group", group=named))
        assert f"<#{open_house.channel('attractiveness').id}>" in told
        for subject in group.subjects:
            assert subject.text.in_language("nl") in told
        assert open_house.catalogue.groups["training"].text.in_language("nl") not in told


async def test_without_a_name_all_groups_are_told(open_house: House) -> None:
    told = everything(await open_house.member("ann-example").slash(open_house.lobby, "group"))
    assert all(group.text.in_language("en") in told for group in open_house.catalogue.groups.values())


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_timeline_tells_every_event_with_its_passage(open_house: House, language: str) -> None:
    told = everything(await open_house.member("zoe-example", language).slash(open_house.lobby, "timeline"))
    for event in open_house.catalogue.events:
        assert f"**{event.when.in_language(language)} · {event.title.in_language(language)}**" in told
        assert event.text.in_language(language) in told
    assert told.count("-# ") == len(open_house.catalogue.events)


def _by_area(house: House) -> list[str]:
    """Return the recommendations' German titles as the overview lists them."""
    areas = [*house.catalogue.areas, None]
    every = house.catalogue.recommendations.values()
    return [one.title.in_language("de") for area in areas for one in every if one.area == area]
