"""The page of a consultation: what stands on it, what never does, and what nobody can work out from it."""

import random
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sqlalchemy import select

from cogs.ui.texts import captions
from content.catalogue import LANGUAGES, Catalogue
from models import consultations, feedback, outcomes, polls, review, statements
from models.records import (
    NO_QUORUM,
    POSITIONS,
    BallotPaper,
    Decision,
    Moderator,
    ModeratorRole,
    Option,
    PollKind,
    Position,
    Quorum,
    Quotation,
    Visibility,
    Wording,
)
from models.sealing import Sealer
from models.store import Store, open_store
from models.tables import BallotRow
from models.tally import OTHER
from reports.overview import read_whole
from reports.page import draw_page
from reports.plan_data import plan_content
from tests.cogs.test_voting import phrase

START = datetime(2030, 3, 1, 9, 30, tzinfo=UTC)
VOID = {"meta", "path", "use", "link", "br"}
OPTIONS = tuple(
    Option(key, dict.fromkeys(LANGUAGES, f"Option {key}, <b>with</b> a wording of some length & more")) for key in "abc"
)


class Held:
    """A consultation in a store, its clock, and people who vote in it."""

    def __init__(self, store: Store, clock: list[datetime], catalogue: Catalogue) -> None:
        self.store, self.clock, self.catalogue = store, clock, catalogue
        self.people = 0

    async def prepare(self) -> None:
        async with self.store.write() as session:
            prepared = await consultations.prepare(session, 1, self.catalogue.key, ("en",))
            self.consultation = await consultations.open_consultation(session, prepared.id)

    async def poll(
        self,
        key: str | None,
        *,
        paper: BallotPaper = POSITIONS,
        visibility: Visibility = Visibility.ENDED,
        quorum: Quorum = NO_QUORUM,
    ) -> int:
        found = self.catalogue.recommendations.get(key or "")
        wording = {
            language: Wording(found.title.in_language(language), found.text.in_language(language))
            if found
            else Wording("Which <first>?", "")
            for language in LANGUAGES
        }
        async with self.store.write() as session:
            made = await polls.open_poll(
                session, self.consultation, key, "training", wording, None, quorum, paper=paper, visibility=visibility
            )
        return made.id

    async def cast(
        self,
        poll: int,
        segment: str,
        answer: str,
        number: int = 1,
        *,
        day: int = 0,
        reason: str = "",
        quotation: str = "not",
    ) -> None:
        async with self.store.write() as session:
            for _ in range(number):
                self.people += 1
                session.add(
                    BallotRow(
                        poll_id=poll,
                        seal=self.people.to_bytes(4, "big"),
                        segment=segment,
                        answer=answer,
                        reason=reason or None,
                        quotation=quotation,
                        cast_at=START + timedelta(days=day),
                    )
                )

    async def end(self, *every: int) -> None:
        self.clock[0] = START + timedelta(days=9)
        async with self.store.write() as session:
            for poll in every:
                await polls.end(session, poll, "Time is <up>.")

    async def page(self, language: str = "en") -> str:
        async with self.store.read() as session:
            found, plan = await read_whole(session, self.consultation.id)
        return draw_page(found, plan, plan_content(self.catalogue, language), captions(self.catalogue, language))


@pytest.fixture
async def held(tmp_path: Path, catalogue: Catalogue) -> AsyncIterator[Held]:
    clock = [START]
    store = await open_store(f"sqlite+aiosqlite:///{tmp_path / 'held.db'}", Sealer(bytes(range(64))), lambda: clock[0])
    made = Held(store, clock, catalogue)
    await made.prepare()
    yield made
    await store.close()


async def fill(held: Held) -> None:
    """Hold three votes that end, one that stays open and one that is not published."""
    agreed = await held.poll("stem-orientation")
    await held.cast(agreed, "academia", Position.SUPPORT, 6)
    await held.cast(agreed, "academia", Position.OBJECT, 1, day=1, reason="Too <slow>.", quotation="with_segment")
    await held.cast(agreed, "industry", Position.ACCEPT, 7, day=2)
    await held.cast(agreed, "hospitals", Position.OBJECT, 3, day=3, reason="Hospital words.", quotation="with_segment")
    await held.cast(agreed, "regulators", Position.PASS, 4, day=4, reason="Not to be read.")
    alone = await held.poll("unlock-health-data")
    await held.cast(alone, "industry", Position.SUPPORT, 9)
    await held.cast(alone, "hospitals", Position.OBJECT, 1, reason="Alone I said.", quotation="with_segment")
    chosen = await held.poll(None, paper=BallotPaper(PollKind.PRIORITIES, OPTIONS, 2))
    await held.cast(chosen, "academia", "ab", 6)
    await held.cast(chosen, "industry", "ca", 5)
    running = await held.poll("growth-capital")
    await held.cast(running, "industry", Position.OBJECT, 40, reason="Of an open vote.", quotation="with_segment")
    waiting = await held.poll("business-courses", visibility=Visibility.PUBLISHED)
    await held.cast(waiting, "industry", Position.OBJECT, 41, reason="Not published.", quotation="with_segment")
    async with held.store.write() as session:
        for number, recommendation in enumerate(("stem-orientation", "stem-orientation", None)):
            await feedback.give_private(
                session,
                held.consultation,
                submission=number,
                user_id=900 + number,
                text="Private words.",
                quotation=Quotation.WITH_SEGMENT,
                group=None,
                recommendation=recommendation,
            )
    await held.end(agreed, alone, chosen, waiting)
    until = held.clock[0] + timedelta(days=90)
    moderator = Moderator(1, ModeratorRole.MODERATOR)
    async with held.store.write() as session:
        await outcomes.decide(
            session,
            held.consultation,
            moderator,
            "stem-orientation",
            Decision.AMENDED,
            "Schools <asked>.",
            wording={"en": "Begin with <ten>."},
            review_at=until,
        )
        await outcomes.decide(
            session, held.consultation, moderator, "data-analytics", Decision.DEFERRED, "Later.", deferred_until=until
        )
        for given in (await feedback.all_feedback(session, held.consultation.id))[:2]:
            await review.add_themes(session, held.consultation.id, moderator, given.reference, ["Costs <all>"])


def section(page: str, key: str) -> str:
    """Return the part of a page under the heading with this id."""
    return page.split(f'id="{key}"', 1)[1].split("</section>", 1)[0]


async def many_votes(held: Held, number: int) -> None:
    """Hold many votes that end, each with another result."""
    every = []
    for one in range(number):
        poll = await held.poll(None)
        await held.cast(poll, "academia", Position.SUPPORT, 5 + one)
        await held.cast(poll, "industry", Position.OBJECT, 5 + number - one, reason="No.", quotation="with_segment")
        every.append(poll)
    await held.end(*every)


class Outline(HTMLParser):
    """Reads a page: that every element is closed, its headings, its ids and where its links lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.levels: list[int] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        named = dict(attrs)
        self.ids += [one for one in [named.get("id")] if one]
        self.targets += [one[1:] for one in [named.get("href")] if one and tag == "a"]

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_page_is_whole_and_its_links_lead_somewhere(held: Held, language: str) -> None:
    await fill(held)
    page = await held.page(language)

    outline = Outline(page)
    assert page.startswith(f'<!DOCTYPE html>\n<html lang="{language}">')
    assert outline.open == []
    assert outline.levels[0] == 1
    assert all(deeper <= level + 1 for level, deeper in zip(outline.levels, outline.levels[1:], strict=False))
    assert len(outline.ids) == len(set(outline.ids))
    assert set(outline.targets) <= set(outline.ids)


async def test_the_page_needs_no_script_no_other_file_and_no_network(held: Held) -> None:
    await fill(held)
    page = await held.page()
    assert not re.search(r"<script|<iframe|<img|<object|<embed|<link|@import|\bon\w+=|srcset=", page)
    leads = re.findall(r'(?:href|src)="([^"]*)"|url\(([^)]*)\)', page)
    assert all((one or other).startswith("#") for one, other in leads)


async def test_what_people_wrote_is_text(held: Held) -> None:
    await fill(held)
    page = await held.page()
    assert "Too &lt;slow&gt;." in page
    assert "It was ended early: Time is &lt;up&gt;." in page
    assert "Option a, &lt;b&gt;with&lt;/b&gt; a wording" in page


async def test_what_was_decided_stands_there_with_its_reason_and_its_dates(held: Held) -> None:
    await fill(held)
    page = await held.page()
    decided = page.split('id="outcomes"')[1]
    for told in (
        "Decision: amended",
        "Schools &lt;asked&gt;.",
        "Begin with &lt;ten&gt;.",
        "Deferred until",
        "reviewed on",
    ):
        assert told in decided
    assert 'href="#outcomes"' in page


async def test_only_what_is_published_stands_on_the_page(held: Held) -> None:
    await fill(held)
    page = await held.page()
    for hidden in (
        "Not to be read.",
        "Of an open vote.",
        "Not published.",
        "40 ballots",
        "41 ballots",
        "growth-capital",
    ):
        assert hidden not in page
    votes = section(page, "votes")
    for key in ("growth-capital", "business-courses"):
        assert held.catalogue.recommendations[key].title.in_language("en") not in votes
    assert "3 votes have a published result." in page
    assert "3 written contributions were given." in page


async def test_quotes_name_only_segments_with_a_row_of_their_own(held: Held) -> None:
    await fill(held)
    votes = (await held.page()).split('<section class="poll"', 1)[1].split('aria-labelledby="outcomes"')[0]
    quotes = re.findall(r"<blockquote>(.*?)</blockquote>", votes, re.DOTALL)
    attributed = {
        re.sub(r"<[^>]+>", "", one.split("</p>")[0]): re.sub(r"<[^>]+>", "", one.split("</p>")[1]).strip()
        for one in quotes
    }
    academia = held.catalogue.segments["academia"].title.in_language("en")
    assert attributed == {
        "Too &lt;slow&gt;.": f"Object · {academia}",
        "Hospital words.": "Object",
        "Alone I said.": "Object",
    }


@pytest.mark.parametrize("language", ["en", "nl"])
async def test_every_area_and_recommendation_is_told_with_its_passage_and_how_it_stands(
    held: Held, language: str
) -> None:
    await fill(held)
    page = unescape(section(await held.page(language), "subjects"))
    content = plan_content(held.catalogue, language)
    for part in (*content.areas, *content.recommendations):
        assert part.title in page
        assert part.text in page
    passage = phrase("source.passage", language, heading=content.areas[0].heading, paragraph=content.areas[0].paragraph)
    assert passage in page
    told = page.split(f"<h4>{held.catalogue.recommendations['growth-capital'].title.in_language(language)}</h4>")[1]
    assert phrase("plan.no_vote", language) in told
    assert phrase("plan.vote_open", language) in told
    assert phrase("plan.no_outcome", language) in told


async def test_words_and_proposals_stand_with_the_recommendation_they_are_on(held: Held) -> None:
    await fill(held)
    async with held.store.write() as session:
        draft = await statements.keep_draft(
            session,
            held.consultation,
            submission=9,
            user_id=77,
            group="training",
            recommendation="stem-orientation",
            language="en",
            text="Nobody approved this.",
            why="",
        )
        await statements.send(session, 77, draft.id)
    held.clock[0] += timedelta(hours=1)
    page = await held.page()
    stem = held.catalogue.recommendations["stem-orientation"].title.in_language("en")
    told = section(page, "subjects").split(f"<h4>{stem}</h4>")[1].split("<h4>")[0]
    assert phrase("plan.contributions", count=2, number="2") in told
    assert told.count("<blockquote><p>Private words.</p></blockquote>") == 2
    assert phrase("plan.proposals_waiting", count=1) in told
    assert 'href="#vote-1"' in told
    assert 'href="#outcome-1"' in told
    assert "Nobody approved" not in page
    whole = section(page, "feedback")
    assert phrase("feedback.about_everything") in whole
    assert "Private words." in whole


async def test_an_open_vote_is_named_with_its_end_and_nothing_else(held: Held) -> None:
    await fill(held)
    told = section(await held.page(), "open")
    assert re.findall(r"<dt>(.*?)</dt>", told) == [
        held.catalogue.recommendations["growth-capital"].title.in_language("en")
    ]
    assert re.findall(r"<dd>(.*?)</dd>", told) == [f"<p>{phrase('plan.vote_open')}</p>"]


async def test_next_steps_stand_in_the_order_of_their_days(held: Held) -> None:
    await fill(held)
    told = unescape(section(await held.page(), "next"))
    horizon = next(one for one in held.catalogue.events if one.key == "next-decades")
    terms = re.findall(r"<dt>(.*?)</dt>", told)
    assert [term.split(":")[0] for term in terms] == ["8 June 2030", "8 June 2030", horizon.when.in_language("en")]
    assert phrase("plan.article", title=held.catalogue.article.title) in told


async def test_the_moderators_themes_are_counted_beside_the_subjects(held: Held) -> None:
    await fill(held)
    told = section(await held.page(), "feedback")
    assert "by the moderators&#x27; themes" in told
    assert re.search(r'Costs &lt;all&gt;</th><td class="number">2<', told)


async def test_objections_that_may_not_be_quoted_are_counted(held: Held) -> None:
    poll = await held.poll("stem-orientation")
    await held.cast(poll, "academia", Position.OBJECT, 7, reason="Unsayable.")
    await held.end(poll)
    assert phrase("plan.objections_unquoted", count=7) in await held.page()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_empty_consultation_has_a_page_that_says_so(held: Held, language: str) -> None:
    page = await held.page(language)
    assert Outline(page).open == []
    assert captions(held.catalogue, language).phrases.text("report.votes", language, count=0) in page
    assert "<svg" not in page


@pytest.mark.parametrize("seed", range(6))
async def test_no_small_segment_can_be_worked_out_from_the_page(held: Held, seed: int) -> None:
    """Whichever segments those that are merged or withheld spoke for, and on whichever day, the page is the same."""
    dice = random.Random(seed)  # noqa: S311 - nothing is kept secret by it
    segments = list(held.catalogue.segments)
    every = []
    for key in list(held.catalogue.recommendations)[:4]:
        poll = await held.poll(key)
        every.append(poll)
        for segment in dice.sample(segments, 5):
            for _ in range(dice.choice((1, 2, 3, 4, 5, 9))):
                await held.cast(
                    poll,
                    segment,
                    dice.choice(list(Position)),
                    day=dice.randrange(8),
                    reason=f"Words {dice.random()}",
                    quotation=dice.choice(list(Quotation)),
                )
    await held.end(*every)
    before = await held.page()

    async with held.store.write() as session:
        for one in await polls.ended_polls(session, held.consultation.id):
            labels = (await polls.result(session, one)).labels
            rows = list(await session.scalars(select(BallotRow).where(BallotRow.poll_id == one.id)))
            hidden = [row for row in rows if labels[row.segment] in {None, OTHER}]
            spoke_for = [row.segment for row in hidden]
            dice.shuffle(spoke_for)
            for row, segment in zip(hidden, spoke_for, strict=True):
                row.segment = segment
    assert await held.page() == before
