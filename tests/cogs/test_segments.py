"""By what segments count: what moderators set, and what people see of it."""

from typing import Any

import discord
import pytest
from simcord import InteractionResult, MemberActor, RoleHandle
from sqlalchemy import select

from cogs.ui.texts import PHRASES
from content.catalogue import LANGUAGES
from models import trace
from models.records import NO_ROLE, NOT_CONFIRMED, SegmentSource, TraceEntry
from models.tables import BallotRow
from tests.cogs.conftest import House, handed_out, said, shown

STEM, CAPITAL = "stem-orientation", "growth-capital"


def phrase(key: str, language: str = "en", /, **values: Any) -> str:
    return PHRASES.text(key, language, **values)


def titled(house: House, segment: str, language: str = "en") -> str:
    return house.catalogue.segments[segment].title.in_language(language)


async def run(house: House, command: str, **options: Any) -> str:
    return said(await house.moderator.slash(house.lobby, f"consultation segment {command}", **options))


def texts(form: InteractionResult) -> list[str]:
    """Return what a form says and what its fields are called."""
    assert form.modal is not None
    return [one.get("content") or one.get("label") for one in form.modal["components"]]


async def ballots(house: House) -> list[str]:
    async with house.store.read() as session:
        return list(await session.scalars(select(BallotRow.segment).order_by(BallotRow.id)))


async def traced(house: House) -> list[TraceEntry]:
    async with house.store.read() as session:
        every = await trace.entries(session, house.store.memory.consultations[house.guild.id].id)
    return [one for one in every if one.action.startswith("segment_")]


def hand_over(house: House, who: MemberActor, *roles: RoleHandle) -> None:
    """Let somebody have these roles and no other."""
    house.env.backend.get_guild(house.guild.id).members[who.id].role_ids = [role.id for role in roles]


@pytest.fixture
async def by_roles(open_house: House) -> tuple[House, RoleHandle, RoleHandle]:
    """Return a house where roles count, with a role for industry and one for academia."""
    house = open_house
    roles = [house.guild.create_role(name) for name in ("Firms", "Universities")]
    await house.env.settle()
    for role, segment in zip(roles, ("industry", "academia"), strict=True):
        await run(house, "role", role=role, segment=segment)
    await run(house, "source", source="roles")
    return house, roles[0], roles[1]


# What moderators set


async def test_the_source_is_set_told_and_traced(open_house: House) -> None:
    told = await run(open_house, "source", source="confirmed")

    assert phrase("segments.confirmed") in told
    assert phrase("segments.source_kept") in told
    assert [(one.action, one.subject) for one in await traced(open_house)] == [("segment_source", "confirmed")]
    status = said(await open_house.moderator.slash(open_house.lobby, "consultation status"))
    assert phrase("segments.confirmed") in status.splitlines()


async def test_roles_are_mapped_listed_in_their_order_and_taken_away(
    by_roles: tuple[House, RoleHandle, RoleHandle],
) -> None:
    house, firms, universities = by_roles

    status = said(await house.moderator.slash(house.lobby, "consultation status")).splitlines()
    assert f"1. <@&{firms.id}>: {titled(house, 'industry')}" in status
    assert f"2. <@&{universities.id}>: {titled(house, 'academia')}" in status
    assert phrase("segments.first_role_wins") in status
    assert (await traced(house))[0].subject == f"{firms.id}: industry"

    told = await run(house, "role", role=firms)
    assert f"1. <@&{universities.id}>: {titled(house, 'academia')}" in told.splitlines()
    assert str(firms.id) not in told


async def test_a_mapping_that_does_not_count_yet_says_so(open_house: House) -> None:
    role = open_house.guild.create_role("Firms")
    await open_house.env.settle()

    told = await run(open_house, "role", role=role, segment="Industry")

    assert phrase("segments.not_counting", source=phrase("segments.declared")) in told


async def test_a_role_that_tells_nobody_apart_is_refused(open_house: House) -> None:
    everyone = next(role for role in open_house.guild.roles.values() if role.id == open_house.guild.id)
    group = next(
        role
        for role in open_house.guild.roles.values()
        if (place := open_house.store.memory.place_at(role.id)) and place.kind == "group_role"
    )

    assert await run(open_house, "role", role=everyone, segment="industry") == phrase("segments.role_of_everyone")
    assert await run(open_house, "role", role=group, segment="industry") == phrase("segments.role_of_group")
    unknown = await run(open_house, "role", role=open_house.staff, segment="zoo")
    assert unknown == phrase("segment.unknown")
    assert open_house.bot.consultation_in(open_house.guild.id).segment_roles == {}


async def test_a_deleted_role_is_named_and_leaves_the_list_with_the_next_change(
    by_roles: tuple[House, RoleHandle, RoleHandle],
) -> None:
    house, firms, universities = by_roles
    house.env.backend.delete_role(house.guild.id, firms.id)
    await house.env.settle()

    status = said(await house.moderator.slash(house.lobby, "consultation status"))
    assert phrase("segments.role_gone", segment=titled(house, "industry")) in status
    await run(house, "role", role=universities, segment="academia")

    assert house.bot.consultation_in(house.guild.id).segment_roles == {universities.id: "academia"}


async def test_only_moderators_set_by_what_segments_count(open_house: House) -> None:
    ann = open_house.member("ann-example")
    role = open_house.guild.create_role("Sees commands", permissions=discord.Permissions(manage_threads=True))
    hand_over(open_house, ann, role)
    for command, options in (
        ("source", {"source": "roles"}),
        ("role", {"role": role, "segment": "industry"}),
        ("confirm", {"person": ann, "segment": "industry"}),
    ):
        told = await ann.slash(open_house.lobby, f"consultation segment {command}", **options)
        assert said(told) == phrase("moderator.only")
    assert open_house.bot.consultation_in(open_house.guild.id).segment_source is SegmentSource.DECLARED


# Where roles count


async def test_a_ballot_counts_for_the_role_held_when_it_is_cast(
    by_roles: tuple[House, RoleHandle, RoleHandle],
) -> None:
    house, firms, universities = by_roles
    await house.open_poll(STEM)
    ann = house.member("ann-example")
    hand_over(house, ann, firms)
    form = await ann.click(house.card(STEM), label="Support")
    assert texts(form)[0] == phrase("join.what_is_stored_roles")
    assert phrase("join.segment") not in texts(form)
    told = said(await ann.submit_modal(form, {"groups": []}))
    assert phrase("vote.counts_for", segment=titled(house, "industry")) in told

    hand_over(house, ann, universities)
    assert await ballots(house) == ["industry"]
    await run(house, "role", role=firms, segment="federations")
    assert await ballots(house) == ["industry"]

    told = said(await house.vote(ann, STEM, "Pass"))
    assert phrase("vote.counts_for", segment=titled(house, "academia")) in told
    assert await ballots(house) == ["academia"]


async def test_who_has_no_mapped_role_votes_all_the_same_and_is_told(
    by_roles: tuple[House, RoleHandle, RoleHandle],
) -> None:
    house, _, _ = by_roles
    await house.open_poll(STEM)
    told = said(await house.vote(house.member("ann-example"), STEM, "Support", groups=[]))

    assert phrase("vote.no_role") in told
    assert await ballots(house) == [NO_ROLE]


async def test_of_several_roles_the_first_in_the_list_counts(by_roles: tuple[House, RoleHandle, RoleHandle]) -> None:
    house, firms, universities = by_roles
    await house.open_poll(STEM)
    ann = house.member("ann-example")
    hand_over(house, ann, universities, firms)
    await house.vote(ann, STEM, "Support", groups=[])

    assert await ballots(house) == ["industry"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_joining_asks_for_groups_alone_and_says_why(
    by_roles: tuple[House, RoleHandle, RoleHandle], language: str
) -> None:
    house, firms, _ = by_roles
    zoe = house.member("zoe-example", language)
    form = await zoe.slash(house.lobby, "join")
    assert phrase("join.what_is_stored_roles", language) in texts(form)
    told = said(await zoe.submit_modal(form, {"groups": []}))
    assert told.splitlines() == [
        phrase("join.not_by_roles", language),
        phrase("join.no_group_chosen", language),
    ]
    hand_over(house, zoe, firms)
    told = said(await zoe.submit_modal(await zoe.slash(house.lobby, "join"), {"groups": ["training"]}))
    assert phrase("join.counts_by_roles", language, segment=titled(house, "industry", language)) in told


async def test_a_vote_that_was_opened_before_keeps_what_people_declare_and_asks_for_it(open_house: House) -> None:
    house = open_house
    await house.open_poll(STEM)
    await run(house, "source", source="roles")
    await house.open_poll(CAPITAL)
    ann = house.member("ann-example")
    assert phrase("vote.no_role") in said(await house.vote(ann, CAPITAL, "Support", groups=[]))

    told = said(await house.vote(ann, STEM, "Support", segment="academia", groups=["training"]))
    assert phrase("vote.no_role") not in told
    assert await ballots(house) == [NO_ROLE, "academia"]
    await house.vote(ann, STEM, "Pass")
    await house.vote(ann, CAPITAL, "Pass")
    assert await ballots(house) == [NO_ROLE, "academia"]


async def test_private_feedback_bears_the_segment_of_the_role(by_roles: tuple[House, RoleHandle, RoleHandle]) -> None:
    house, firms, _ = by_roles
    ann = house.member("ann-example")
    hand_over(house, ann, firms)
    form = await ann.slash(house.lobby, "feedback")
    await ann.submit_modal(form, {"groups": [], "words": "More teachers.", "quotation": "not"})
    await ann.send(house.thread(STEM), "In public.")

    assert [(one.segment, one.segment_source) for one in await house.feedback()] == [("industry", "roles")] * 2


async def test_the_missing_are_counted_by_roles_as_last_seen(by_roles: tuple[House, RoleHandle, RoleHandle]) -> None:
    house, firms, _ = by_roles
    await house.open_poll(STEM)
    await house.open_poll(CAPITAL)
    for number in range(5):
        who = house.member(f"person{number}-example")
        await who.submit_modal(await who.slash(house.lobby, "join"), {"groups": ["training"]})
        hand_over(house, who, firms)
        await house.vote(who, CAPITAL, "Support")

    told = said(await house.moderator.slash(house.lobby, "consultation missing", recommendation=STEM))

    assert phrase("missing.segment", segment=titled(house, "industry"), number=5) in told
    assert phrase("missing.roles_seen") in told


# Where moderators confirm


async def test_a_ballot_counts_as_not_confirmed_until_a_moderator_confirmed(open_house: House) -> None:
    house = open_house
    await run(house, "source", source="confirmed")
    await house.open_poll(STEM)
    ann = house.member("ann-example")
    joined = said(await house.join(ann, "academia"))
    assert joined.splitlines() == [
        phrase("join.not_by_confirmed"),
        phrase("join.declared", segment=titled(house, "academia")),
        phrase("join.no_group_chosen"),
    ]
    assert phrase("vote.not_confirmed") in said(await house.vote(ann, STEM, "Support"))

    told = await run(house, "confirm", person=ann, segment="industry")
    assert phrase("segments.confirmed_for", person=f"<@{ann.id}>", segment=titled(house, "industry")) == told
    assert await ballots(house) == [NOT_CONFIRMED]
    told = said(await house.vote(ann, STEM, "Support"))
    assert phrase("vote.counts_for", segment=titled(house, "industry")) in told
    assert await ballots(house) == ["industry"]

    assert "confirmed" in await run(house, "confirm", person=ann)
    assert phrase("vote.not_confirmed") in said(await house.vote(ann, STEM, "Pass"))


async def test_the_trace_of_a_confirmation_names_nobody(open_house: House) -> None:
    ann = open_house.member("ann-example")
    await run(open_house, "confirm", person=ann, segment="industry")
    await run(open_house, "confirm", person=ann)

    first, second = await traced(open_house)
    assert first.subject.endswith(": industry")
    assert second.subject.endswith(": -")
    assert first.subject.split(":")[0] == second.subject.split(":")[0]
    assert str(ann.id) not in first.subject
    assert first.pseudonym != first.subject.split(":")[0]


async def test_what_was_set_holds_after_a_restart(open_house: House) -> None:
    house = open_house
    ann = house.member("ann-example")
    await run(house, "source", source="confirmed")
    await run(house, "confirm", person=ann, segment="industry")
    await house.restart()
    await house.store.load()
    await house.open_poll(STEM)

    told = said(await house.vote(ann, STEM, "Support", segment="academia", groups=[]))

    assert phrase("vote.counts_for", segment=titled(house, "industry")) in told


# What is printed


@pytest.mark.parametrize("source", SegmentSource)
async def test_every_result_says_by_what_segments_counted(open_house: House, source: SegmentSource) -> None:
    house = open_house
    await run(house, "source", source=source.value)
    await house.open_poll(STEM)
    given = {"groups": []} if source is SegmentSource.ROLES else {"segment": "academia", "groups": []}
    for number in range(5):
        await house.vote(house.member(f"person{number}-example"), STEM, "Support", **given)
    await run(house, "source", source="declared")
    await house.moderator.slash(house.lobby, "poll close", vote=STEM, reason="Enough.")

    line = phrase(f"segments.{source}")
    assert line in shown(house.card(STEM)).splitlines()
    assert line in shown(house.thread(STEM).history()[-1]).splitlines()
    (chart,) = house.card(STEM).attachments
    assert f"{line}." in str(chart.description)
    export = await house.moderator.slash(house.lobby, "export", tier="record")
    files = await handed_out(export)
    for name in ("results.csv", "polls.csv"):
        header, *rows = files[name].splitlines()
        assert '"segment_source"' in header
        assert rows
        assert all(f'"{source}"' in row for row in rows)
