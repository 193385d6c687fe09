"""One consultation from an empty server to its record, as the people in it live it; every number is counted by hand."""

import csv
import io
import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping

import discord
import pytest
from simcord import MemberActor

from bot import TALKATIVE
from cogs.thread_reader import STORED
from models.tally import PositionCounts, consensus
from reports.tables import TABLES
from tests.cogs.conftest import House, buttons, handed_out, said, shown
from tests.cogs.test_voting import phrase, title

FIRST, SECOND, THIRD = "stem-orientation", "growth-capital", "data-analytics"
DAY = 86_400

# Who votes what on the first recommendation in the end, by segment. Three federations and two public services are too
# few to be shown, and five together as 'other'.
VOTES = {
    "academia": ["support", "support", "support", "support", "accept", "object"],
    "industry": ["support", "support", "accept", "accept", "pass"],
    "federations": ["support", "object", "object"],
    "public-services": ["accept", "pass"],
}
LOCALES = {
    "academia": ("en-GB", "en"),
    "industry": ("fr", "fr"),
    "federations": ("nl", "nl"),
    "public-services": ("pl", "en"),
}
PUBLISHED = {  # segment: ballots, support, accept, object, pass
    "all": (16, 7, 4, 3, 2),
    "academia": (6, 4, 1, 1, 0),
    "industry": (5, 2, 2, 0, 1),
    "other": (5, 1, 1, 2, 1),
}
CONSENSUS = (6 / 8) * (5 / 7) * (3 / 7)
REASONS = {
    "academia": ("Zu früh: =HYPERLINK(1) für @everyone", "with_segment", "academia"),
    "federations 1": ("=1+1 leerkrachten te weinig", "not", "other"),
    "federations 2": ("Wie betaalt dat?", "without_segment", "other"),
}


class Story:
    """The house, and the people in it by segment."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.people = {
            segment: [house.member(f"{segment}{number}-voorbeeld", LOCALES[segment][0]) for number in range(len(votes))]
            for segment, votes in VOTES.items()
        }
        self.typed: list[str] = []

    def poll_id(self, recommendation: str) -> int:
        (poll,) = [one for one in self.house.store.memory.polls.values() if one.recommendation == recommendation]
        return poll.id

    async def press(self, who: MemberActor, recommendation: str, position: str, **filled_in: object) -> str:
        """Press a position on a card, fill in the form where one opens, and return the private answer."""
        pressed = await who.click(
            self.house.card(recommendation), custom_id=f"vote:{position}:{self.poll_id(recommendation)}"
        )
        return said(await who.submit_modal(pressed, filled_in) if pressed.modal else pressed)

    async def type(self, who: MemberActor, words: str) -> discord.Message:
        self.typed.append(words)
        return await who.send(self.house.thread(FIRST), words)


@pytest.fixture
def every_log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Collect the log at its most talkative, as an operator can set it."""
    with caplog.at_level(logging.DEBUG):
        for library in TALKATIVE:
            caplog.set_level(logging.INFO, library)
        yield caplog


async def test_a_consultation_from_the_empty_server_to_its_record(
    every_log: pytest.LogCaptureFixture, house: House
) -> None:
    story = Story(house)
    await it_is_set_up_and_opened(house)
    await people_join_in_their_languages(story)
    await they_ask_in_chat_and_by_command(story)
    await the_first_vote_is_cast(story)
    await they_speak_in_the_thread_and_in_private(story)
    await the_first_vote_ends_at_its_deadline(story)
    await the_second_vote_ends_while_the_bot_is_down(story)
    await the_third_vote_is_ended_early(story)
    await the_record_holds_exactly_what_was_done(story)
    the_log_tells_nothing_of_people(story, every_log.text)


async def it_is_set_up_and_opened(house: House) -> None:
    assert "start-here" not in house.guild.channels
    await house.set_up(language="en", second_language="fr")

    assert phrase("start.open") in shown(house.start_card())
    assert phrase("start.open", "fr") in shown(house.start_card())


async def people_join_in_their_languages(story: Story) -> None:
    """Half of the people join before they vote; the others are asked with their first ballot."""
    house, segments = story.house, story.house.catalogue.segments
    for segment in ("academia", "industry", "federations"):
        language = LOCALES[segment][1]
        told = said(await house.join(story.people[segment][0], segment, ("training",)))
        spoken = segments[segment].title.in_language(language)
        group = house.catalogue.groups["training"].title.in_language(language)
        assert told == phrase("join.joined", language, segment=spoken, groups=group)
    role = house.guild.roles[house.catalogue.groups["training"].title.in_language("en")]
    assert role.id in house.env.backend.get_guild(house.guild.id).members[story.people["industry"][0].id].role_ids


async def they_ask_in_chat_and_by_command(story: Story) -> None:
    house, fact = story.house, story.house.catalogue.facts["stakeholders"]
    academic, french, dutch = (story.people[one][0] for one in ("academia", "industry", "federations"))
    questions = house.channel("questions")

    asked = await academic.send(questions, fact.questions["en"][0])
    answer = questions.history()[-1]
    assert answer.reference is not None
    assert answer.reference.message_id == asked.id
    assert fact.text.in_language("en") in shown(answer)

    by_command = await french.slash(house.lobby, "ask", question=fact.questions["fr"][0])
    assert fact.text.in_language("fr") in said(by_command)

    await dutch.send(house.lobby, f"<@{house.me.id}> {fact.questions['nl'][0]}")
    assert fact.text.in_language("nl") in shown(house.lobby.history()[-1])
    story.typed += [fact.questions[language][0] for language in ("en", "fr", "nl")]


async def the_first_vote_is_cast(story: Story) -> None:
    """Sixteen people vote: some with their segment asked, one over a restart, one after a change of mind."""
    house = story.house
    await house.open_poll(FIRST, closes="2 days")
    for segment, positions in VOTES.items():
        language = LOCALES[segment][1]
        for number, position in enumerate(positions):
            who = story.people[segment][number]
            has_joined = number == 0 and segment != "public-services"
            asked = {} if has_joined else {"segment": segment, "groups": []}
            if position == "object":
                await object_to_it(story, who, segment, number, asked)
            else:
                told = await story.press(who, FIRST, position, **asked)
                named = phrase(f"position.{position}", language)
                assert told.startswith(
                    phrase("vote.recorded", language, answer=named, title=title(house, FIRST, language))
                )
    await somebody_changes_their_mind(story)
    await house.env.advance_time(10)
    assert phrase("card.turnout", count=16) in shown(house.card(FIRST))
    assert phrase("card.turnout", "fr", count=16) in shown(house.card(FIRST))
    assert not re.search(r"\d objec", shown(house.card(FIRST)))


async def object_to_it(story: Story, who: MemberActor, segment: str, number: int, asked: Mapping[str, object]) -> None:
    """Object with a reason; the bot is restarted while the form is open."""
    reason, quotation, _ = REASONS[segment if segment == "academia" else f"{segment} {number}"]
    story.typed.append(reason)
    form = await who.click(story.house.card(FIRST), custom_id=f"vote:object:{story.poll_id(FIRST)}")
    await story.house.restart()
    told = said(await who.submit_modal(form, {**asked, "reason": reason, "quotation": quotation}))
    language = LOCALES[segment][1]
    assert phrase("position.object", language) in told


async def somebody_changes_their_mind(story: Story) -> None:
    who = story.people["industry"][0]
    await story.press(who, FIRST, "object", reason="Non, je ne sais pas.", quotation="with_segment")
    story.typed.append("Non, je ne sais pas.")
    told = await story.press(who, FIRST, "support")
    support = phrase("position.support", "fr")
    assert told.startswith(phrase("vote.changed", "fr", answer=support, title=title(story.house, FIRST, "fr")))


async def they_speak_in_the_thread_and_in_private(story: Story) -> None:
    house = story.house
    academic, french = story.people["academia"][0], story.people["industry"][0]
    passer_by = house.member("passer-by-example")
    kept = await story.type(academic, "Teachers need this fisrt.")
    gone = await story.type(french, "À retirer, s'il vous plaît.")
    await story.type(passer_by, "+32 is how my phone number would begin.")
    for message in (kept, gone):
        now = next(one for one in house.thread(FIRST).history() if one.id == message.id)
        assert [str(reaction.emoji) for reaction in now.reactions] == [STORED]
    await academic.edit(kept, "Teachers need this first.")
    await french.delete(gone)
    story.typed.append("Teachers need this first.")

    form = await french.click(house.card(FIRST), custom_id=f"feedback:{FIRST}")
    words = "@SUM(1) Je préfère le dire ici."
    told = said(await french.submit_modal(form, {"words": words, "quotation": "without_segment"}))
    story.typed.append(words)
    (private,) = [one for one in await house.feedback() if one.kind == "private"]
    assert private.reference in told
    assert phrase("quotation.without_segment", "fr") in told


async def the_first_vote_ends_at_its_deadline(story: Story) -> None:
    house = story.house
    await house.env.advance_time(2 * DAY)

    card, posted = house.card(FIRST), house.thread(FIRST).history()[-1]
    for message in (card, posted):
        for segment, (ballots, support, accept, against, abstain) in PUBLISHED.items():
            for language in ("en", "fr"):
                name = published_name(house, segment, language)
                line = phrase(
                    "result.counts",
                    language,
                    count=ballots,
                    name=name,
                    support=support,
                    accept=accept,
                    object=against,
                    abstain=abstain,
                )
                assert line in shown(message).splitlines()
        assert phrase("result.consensus", consensus=f"{CONSENSUS:.2f}") in shown(message)
        assert house.catalogue.segments["federations"].title.in_language("en") not in shown(message)
        (chart,) = message.attachments
        assert chart.description is not None
        assert title(house, FIRST) in chart.description
    assert not [one for one in buttons(card).values() if one.startswith("vote:")]


def published_name(house: House, segment: str, language: str) -> str:
    if segment == "all":
        return phrase("chart.everyone", language)
    if segment == "other":
        return phrase("segment.other", language)
    return house.catalogue.segments[segment].title.in_language(language)


async def the_second_vote_ends_while_the_bot_is_down(story: Story) -> None:
    """Three people vote, too few for any segment to be shown."""
    house = story.house
    await house.open_poll(SECOND, closes="1 day")
    for number, position in enumerate(("support", "support", "pass")):
        await story.press(story.people["academia"][number], SECOND, position)

    await house.sleep_through(2 * DAY)

    for message in (house.card(SECOND), house.thread(SECOND).history()[-1]):
        assert phrase("result.no_segments") in shown(message)
        assert phrase("result.consensus", consensus="0.60") in shown(message)  # (2 + 1) / (3 + 2)


async def the_third_vote_is_ended_early(story: Story) -> None:
    house = story.house
    await house.open_poll(THIRD)
    await house.moderator.slash(house.lobby, "poll close", vote=THIRD, reason="The wording was wrong, we ask again.")
    for message in (house.card(THIRD), house.thread(THIRD).history()[-1]):
        assert phrase("card.end_reason", reason="The wording was wrong, we ask again.") in shown(message)
        assert "Consensus" not in shown(message)


async def the_record_holds_exactly_what_was_done(story: Story) -> None:
    house = story.house
    export = await house.moderator.slash(house.lobby, "export", tier="record")
    files = await handed_out(export)
    for content in files.values():
        nobody_is_named(house, content)
        no_cell_is_a_formula(content)
    rows = {name: rows_of(name, files[f"{name}.csv"]) for name in TABLES}
    the_results_are_right(rows["results"], rows["polls"])
    the_ballots_are_right(rows["ballots"])
    the_words_are_right(rows["feedback"], rows["reasons"])


def rows_of(table: str, content: str) -> list[dict[str, str]]:
    reader = csv.DictReader(io.StringIO(content, newline=""))
    assert reader.fieldnames == [column.name for column in TABLES[table].columns]
    return list(reader)


def nobody_is_named(house: House, text: str) -> None:
    for who in (*house._people.values(), house.moderator):
        assert str(who.id) not in text
        assert who.name not in text


def no_cell_is_a_formula(content: str) -> None:
    for row in csv.reader(io.StringIO(content, newline="")):
        assert not [cell for cell in row if cell.lstrip()[:1] in {"=", "+", "-", "@"} and cell.lstrip()]


def the_results_are_right(rows: list[dict[str, str]], polls: list[dict[str, str]]) -> None:
    counts = {
        (row["recommendation"], row["segment"]): tuple(
            int(row[column]) for column in ("ballots", "support", "accept", "object", "pass")
        )
        for row in rows
    }
    assert counts == {
        **{(FIRST, segment): numbers for segment, numbers in PUBLISHED.items()},
        (SECOND, "all"): (3, 2, 0, 0, 1),
        (THIRD, "all"): (0, 0, 0, 0, 0),
    }
    assert {row["poll_consensus"] for row in rows if row["recommendation"] == FIRST} == {f"{CONSENSUS:.4f}"}
    assert [row["end_reason"] for row in polls if row["recommendation"] == THIRD] == [
        "The wording was wrong, we ask again."
    ]


def the_ballots_are_right(rows: list[dict[str, str]]) -> None:
    cast = Counter((row["recommendation"], row["segment"], row["answer"]) for row in rows)
    merged = {"federations": "other", "public-services": "other"}
    expected = Counter(
        (FIRST, merged.get(segment, segment), position) for segment, all_ in VOTES.items() for position in all_
    )
    assert cast == expected + Counter({(SECOND, "", "support"): 2, (SECOND, "", "pass"): 1})
    assert len({row["pseudonym"] for row in rows}) == len(rows)
    assert all(row["hour"].endswith(":00:00Z") for row in rows if row["hour"])
    assert not any(row["hour"] for row in rows if row["recommendation"] == SECOND)  # too few in any hour


def the_words_are_right(words: list[dict[str, str]], reasons: list[dict[str, str]]) -> None:
    given = sorted(
        (row.get("kind", "objection"), row["segment"], row["quotation"], row["text"].replace("'", ""))
        for row in (*words, *reasons)
    )
    assert given == sorted(
        [
            ("thread", "academia", "without_segment", "Teachers need this first."),
            ("thread", "undeclared", "without_segment", "+32 is how my phone number would begin."),
            ("private", "industry", "without_segment", "@SUM(1) Je préfère le dire ici."),
            *(("objection", segment, quotation, reason) for reason, quotation, segment in REASONS.values()),
        ]
    )


def the_log_tells_nothing_of_people(story: Story, log: str) -> None:
    assert log
    nobody_is_named(story.house, log)
    for words in story.typed:
        assert words not in log


def test_the_consensus_counted_by_hand_is_the_one_that_is_published() -> None:
    counted = [PositionCounts(*numbers) for segment, (_, *numbers) in PUBLISHED.items() if segment != "all"]
    assert consensus(counted) == pytest.approx(CONSENSUS)
