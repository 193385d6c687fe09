"""People see, take and erase what is kept of them: in a server, in direct messages, alone."""

import asyncio
import json

import pytest
from simcord import InteractionResult, MemberActor

from cogs.ui.layout import LAYOUT_LENGTH, harmless, text_length
from cogs.ui.own_words import own_words, words_card
from cogs.ui.texts import PHRASES, Speech
from content.catalogue import LANGUAGES
from models import consultations, participants, rights, trace
from models.records import Ballot, Moderator, ModeratorRole, PlaceKind, Position
from models.rights import Fate, Kept, Person
from tests.cogs.conftest import START, House, answered, buttons, said, shown

STEM = "stem-orientation"


def group(house: House) -> str:
    return house.catalogue.recommendations[STEM].group


def other(house: House) -> str:
    return next(key for key in house.catalogue.recommendations if key != STEM)


async def take_part(house: House, name: str, locale: str = "en-US") -> MemberActor:
    """Let somebody join with their language, vote twice, one vote of which ends, and give words in both ways."""
    who = house.member(name, locale)
    await house.join(who, "academia", (group(house),))
    await who.slash(house.lobby, "language", language="fr" if locale == "fr" else "en")
    await house.vote(who, STEM, "Support")
    await house.vote(who, other(house), "Object", reason=f"Not like this, says {name}.", quotation="not")
    form = await who.slash(house.lobby, "feedback", recommendation=STEM)
    await who.submit_modal(form, {"words": f"Private thought of {name}.", "quotation": "not"})
    await who.send(house.thread(STEM), f"Public thought of {name}.")
    return who


@pytest.fixture
async def busy_house(open_house: House) -> House:
    """Return a server in which Ann and Bob took part; the vote on the other recommendation has ended."""
    for recommendation in (STEM, other(open_house)):
        await open_house.open_poll(recommendation, closes="7 days")
    for name, locale in (("ann-example", "en-US"), ("bob-example", "fr")):
        await take_part(open_house, name, locale)
    await open_house.moderator.slash(open_house.lobby, "poll close", vote=other(open_house), reason="Enough was said.")
    await open_house.env.advance_time(60)  # until every card shows it
    return open_house


async def press(who: MemberActor, result: InteractionResult, name: str) -> InteractionResult:
    """Press the button that leads to the handler of this name."""
    pressed = next(one for one in buttons(result.response).values() if one.split(":")[0] == name)
    return await who.click(answered(result), custom_id=pressed)


async def erase(house: House, who: MemberActor) -> InteractionResult:
    seen = await who.slash(house.lobby, "mydata")
    return await press(who, await press(who, seen, "mydata_erase"), "mydata_erase_now")


async def files(result: InteractionResult) -> dict[str, str]:
    return {file.filename: (await file.read()).decode() for file in answered(result).attachments}


async def kept_of(house: House, who: MemberActor) -> list[Kept]:
    async with house.store.read() as session:
        return await rights.what_is_kept(session, Person(who.id, house.store.memory.consultations[house.guild.id].id))


@pytest.mark.parametrize("name", ["ann-example", "bob-example"])
async def test_somebody_sees_how_much_is_kept_of_them_in_their_language(busy_house: House, name: str) -> None:
    language = "en" if name == "ann-example" else "fr"
    told = said(await busy_house.member(name).slash(busy_house.lobby, "mydata"))

    for kind, count in {
        "membership": 1,
        "language": 1,
        "ballot": 2,
        "ballot_history": 2,
        "thread": 1,
        "private": 1,
    }.items():
        assert PHRASES.text(f"mydata.count.{kind}", language, count=count) in told
    assert PHRASES.text("mydata.about", language) in told
    assert "thought" not in told


@pytest.mark.parametrize("name", ["ann-example", "bob-example"])
async def test_somebody_reads_what_they_said_with_its_references_page_by_page(busy_house: House, name: str) -> None:
    language = "en" if name == "ann-example" else "fr"
    who = busy_house.member(name)
    for number in range(4):
        form = await who.slash(busy_house.lobby, "feedback")
        await who.submit_modal(form, {"words": f"**Thought** {number} [x](http://y.example)", "quotation": "not"})
    first = await press(who, await who.slash(busy_house.lobby, "mydata"), "mydata_words")
    told = said(first)
    told += said(await press(who, first, "mydata_words_page"))

    own = [one for one in await busy_house.feedback() if name in one.text or "Thought" in one.text]
    assert PHRASES.text("mydata.words_page", language, page=2, pages=2) in told
    for written in (f"Private thought of {name}.", f"Public thought of {name}.", f"Not like this, says {name}."):
        assert harmless(written) in told
    assert harmless("**Thought** 3 [x](http://y.example)") in told
    assert all(one.reference in told for one in own)
    assert busy_house.catalogue.recommendations[STEM].title.in_language(language) in told
    assert ("bob-example" if name == "ann-example" else "ann-example") not in told


def test_a_page_of_what_somebody_said_always_fits_a_card() -> None:
    proposal = {"reference": "S-2345678", "state": "rejected", "reason": "*" * 300, "recommendation": "*" * 300}
    words = [Kept("proposal", Fate.ERASED, {**proposal, "text": "*\n" * 2_000, "given_at": START})] * 9
    for language in LANGUAGES:
        view = words_card(1, own_words(words), 1, {}, Speech(language))
        assert text_length(view.children) <= LAYOUT_LENGTH


@pytest.mark.parametrize("name", ["ann-example", "bob-example"])
async def test_everything_can_be_taken_along_as_two_files(busy_house: House, name: str) -> None:
    language = "en" if name == "ann-example" else "fr"
    who = busy_house.member(name)
    seen = await who.slash(busy_house.lobby, "mydata")
    given = await press(who, seen, "mydata_files")
    assert PHRASES.text("mydata.files", language) in said(given)
    made = await files(given)
    assert set(made) == {"my-data.json", "my-data.txt"}

    kept = json.loads(made["my-data.json"])["kept"]
    assert {kind: len(rows) for kind, rows in kept.items()} == {
        "membership": 1,
        "language": 1,
        "ballot": 2,
        "ballot_history": 2,
        "thread": 1,
        "private": 1,
    }
    assert kept["ballot"][1]["reason"] == f"Not like this, says {name}."
    assert kept["private"][0]["text"] == f"Private thought of {name}."
    readable = made["my-data.txt"]
    for written in (f"Not like this, says {name}.", f"Private thought of {name}.", f"Public thought of {name}."):
        assert written in readable
    assert busy_house.catalogue.recommendations[STEM].title.in_language(language) in readable
    assert PHRASES.text("position.object", language) in readable
    others = "bob-example" if name == "ann-example" else "ann-example"
    assert others not in "".join(made.values())
    assert str(who.id) not in "".join(made.values())


@pytest.mark.parametrize("name", ["ann-example", "bob-example"])
async def test_what_an_erasure_does_is_said_in_numbers_before_and_after(busy_house: House, name: str) -> None:
    language = "en" if name == "ann-example" else "fr"
    who = busy_house.member(name)
    asked = await press(who, await who.slash(busy_house.lobby, "mydata"), "mydata_erase")
    foreseen = [
        PHRASES.text(f"mydata.fate.{fate}", language, count=1)
        for fate in (
            "membership.erased",
            "language.erased",
            "ballot.withdrawn",
            "ballot.disowned",
            "thread.erased",
            "private.erased",
        )
    ]
    foreseen.append(PHRASES.text("mydata.fate.ballot_history.erased", language, count=2))
    told = said(asked)
    assert all(line in told for line in foreseen)
    assert PHRASES.text("mydata.erase_final", language) in told
    assert len(await kept_of(busy_house, who)) == 8

    done = said(await press(who, asked, "mydata_erase_now"))
    assert all(line in done for line in foreseen)
    assert await kept_of(busy_house, who) == []


async def test_nothing_is_erased_by_somebody_who_keeps_it(busy_house: House) -> None:
    ann = busy_house.member("ann-example")
    asked = await press(ann, await ann.slash(busy_house.lobby, "mydata"), "mydata_erase")
    told = said(await press(ann, asked, "mydata_keep"))
    assert told == PHRASES.text("mydata.kept", "en")
    assert len(await kept_of(busy_house, ann)) == 8


async def test_after_an_erasure_roles_cards_and_other_people_are_right(busy_house: House) -> None:
    ann, bob = busy_house.member("ann-example"), busy_house.member("bob-example")
    consultation = busy_house.store.memory.consultations[busy_house.guild.id]
    role = busy_house.store.memory.place(consultation.id, PlaceKind.GROUP_ROLE, group(busy_house))
    await busy_house.env.advance_time(60)
    assert PHRASES.text("card.turnout", "en", count=2) in shown(busy_house.card(STEM))

    await erase(busy_house, ann)
    await busy_house.env.advance_time(60)

    assert PHRASES.text("card.turnout", "en", count=1) in shown(busy_house.card(STEM))
    guild = busy_house.bot.get_guild(busy_house.guild.id)
    assert guild is not None
    roles = {who.id: {held.id for held in (await guild.fetch_member(who.id)).roles} for who in (ann, bob)}
    assert role not in roles[ann.id]
    assert role in roles[bob.id]
    assert len(await kept_of(busy_house, bob)) == 8
    assert busy_house.store.participant(consultation, ann.id) is None


async def test_who_erased_everything_may_come_again_also_after_a_restart(busy_house: House) -> None:
    ann = busy_house.member("ann-example")
    await erase(busy_house, ann)
    await busy_house.restart()
    assert PHRASES.text("mydata.nothing", "en") in said(await ann.slash(busy_house.lobby, "mydata"))
    assert [one.text for one in await busy_house.feedback() if "ann" in one.text] == []

    await busy_house.join(ann, "industry")
    await busy_house.vote(ann, STEM, "Pass")
    assert [one.kind for one in await kept_of(busy_house, ann)] == ["membership", "ballot", "ballot_history"]


async def test_buttons_work_after_a_restart_and_a_second_press_erases_nothing_more(busy_house: House) -> None:
    ann = busy_house.member("ann-example")
    asked = await press(ann, await ann.slash(busy_house.lobby, "mydata"), "mydata_erase")
    await busy_house.restart()
    done = said(await press(ann, asked, "mydata_erase_now"))
    assert PHRASES.text("mydata.erased_title", "en") in done
    assert await kept_of(busy_house, ann) == []


async def test_a_ballot_on_its_way_does_not_survive(busy_house: House) -> None:
    ann = busy_house.member("ann-example")
    asked = await press(ann, await ann.slash(busy_house.lobby, "mydata"), "mydata_erase")
    pressed = next(one for one in buttons(asked.response).values() if one.startswith("mydata_erase_now"))
    [poll] = busy_house.store.memory.polls.values()
    waiting = asyncio.create_task(busy_house.bot.ballot_box.cast(Ballot(poll.id, ann.id, "academia", Position.PASS)))
    await ann.click(answered(asked), custom_id=pressed)
    await waiting
    assert await kept_of(busy_house, ann) == []


async def test_a_store_that_fails_erases_nothing_and_says_so(busy_house: House) -> None:
    ann = busy_house.member("ann-example")
    asked = await press(ann, await ann.slash(busy_house.lobby, "mydata"), "mydata_erase")
    with busy_house.failing_store():
        told = said(await press(ann, asked, "mydata_erase_now"))
    assert PHRASES.text("mydata.erased_title", "en") not in told
    assert len(await kept_of(busy_house, ann)) == 8
    await busy_house.vote(ann, STEM, "Pass")  # the ballot box takes their ballots again


async def test_in_direct_messages_the_one_server_is_shown_at_once(busy_house: House) -> None:
    ann = busy_house.member("ann-example")
    told = shown((await ann.user.slash("mydata")).response)
    assert PHRASES.text("mydata.count.ballot", "en", count=2) in told


async def test_in_direct_messages_one_chooses_among_several_servers(busy_house: House) -> None:
    ann = busy_house.member("ann-example")
    second = busy_house.env.create_guild("A second server")
    async with busy_house.store.write() as session:
        made = await consultations.prepare(session, second.id, busy_house.catalogue.key, ("en",))
        await participants.join(session, made.id, ann.id, "industry", [])
    asked = await ann.user.slash("mydata")
    told = shown(asked.response)
    assert PHRASES.text("mydata.which", "en") in told
    assert "A test server" in told

    chosen = await ann.user.click(answered(asked), label="A second server")
    assert PHRASES.text("mydata.count.membership", "en", count=1) in shown(chosen.response)
    assert PHRASES.text("mydata.count.ballot", "en", count=2) not in shown(chosen.response)


async def test_somebody_who_only_chose_a_language_can_erase_that_in_direct_messages(open_house: House) -> None:
    bob = open_house.member("bob-example")
    assert PHRASES.text("mydata.nothing", "en") in shown((await bob.user.slash("mydata")).response)
    await bob.slash(open_house.lobby, "language", language="de")
    seen = await bob.user.slash("mydata")
    assert PHRASES.text("mydata.count.language", "de", count=1) in shown(seen.response)
    asked = await bob.user.click(answered(seen), label=PHRASES.text("mydata.erase", "de"))
    await bob.user.click(answered(asked), label=PHRASES.text("mydata.erase_now", "de"))
    assert open_house.store.language_of(bob.id) is None


async def test_what_moderators_did_is_shown_to_them_and_stays(open_house: House) -> None:
    async with open_house.store.write() as session:
        consultation = open_house.store.memory.consultations[open_house.guild.id]
        moderator = Moderator(open_house.moderator.id, ModeratorRole.ADMINISTRATOR)
        await trace.record(session, consultation.id, moderator, "poll_open", STEM)
    seen = await open_house.moderator.slash(open_house.lobby, "mydata")
    # Setting up and opening the consultation are there too.
    assert PHRASES.text("mydata.count.moderation", "en", count=3) in said(seen)
    told = said(await press(open_house.moderator, seen, "mydata_erase"))
    assert told == PHRASES.text("mydata.nothing_to_erase", "en")


async def test_leaving_the_server_changes_nothing(busy_house: House) -> None:
    ann = busy_house.member("ann-example")
    busy_house.guild.remove_member(ann)
    await busy_house.env.settle()
    assert len(await kept_of(busy_house, ann)) == 8


def test_every_kind_and_fate_has_its_words_in_every_language() -> None:
    named = {key for key in PHRASES.keys("en") if key.startswith("mydata.fate.")}
    kinds = {key.split(".")[2] for key in named}
    for language in LANGUAGES:
        for kind in kinds:
            assert PHRASES.text(f"mydata.kind.{kind}", language)
            assert PHRASES.text(f"mydata.count.{kind}", language, count=2)
