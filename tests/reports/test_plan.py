"""The plan as a document: what stands in it, on what each claim stands, and what never does."""

import asyncio
import random
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import docx
import pytest
from docx.document import Document
from docx.oxml.ns import qn
from docx.shared import Mm
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from cogs.ui.texts import captions
from content.catalogue import LANGUAGES, Catalogue
from models import outcomes, polls, statements
from models.records import (
    Decision,
    FeedbackKind,
    Moderator,
    ModeratorRole,
    Option,
    Outcome,
    PollKind,
    Position,
    Proposal,
    Quorum,
    Quotation,
    Quote,
    Visibility,
    Wording,
)
from models.results import EndedPoll
from models.tables import BallotRow
from models.tally import OTHER, tally
from reports.plan import draw_plan
from reports.plan_data import PlanData, Words, plan_content, read_plan
from tests.cogs.test_voting import phrase
from tests.reports.conftest import POLL
from tests.reports.libreoffice import OFFICE, opened_in_libreoffice
from tests.reports.test_page import START, Held, fill, held

__all__ = ["held"]
NOW = datetime(2030, 3, 20, tzinfo=UTC)
STEM, DATA, TRAINING = "stem-orientation", "unlock-health-data", "new-skills-programmes"
NOTHING = PlanData((), (), (), {}, (), {}, {}, NOW)
MODERATOR = Moderator(1, ModeratorRole.MODERATOR)
A4_TEXT_WIDTH = Mm(210 - 2 * 22)


class Read:
    """A plan as somebody else's program reads it."""

    def __init__(self, made: bytes) -> None:
        self.made = made
        self.document: Document = docx.Document(BytesIO(made))
        self.body: Any = self.document.element.body
        self.paragraphs = [(one.style.name if one.style else "", one.text) for one in self.document.paragraphs]
        self.lines = [text for _style, text in self.paragraphs]

    @property
    def headings(self) -> list[tuple[int, str]]:
        """The headings with their levels, without the title."""
        return [(int(style[-1]), text) for style, text in self.paragraphs if re.fullmatch(r"Heading \d", style)]

    @property
    def tables(self) -> list[list[list[str]]]:
        return [[[cell.text for cell in row.cells] for row in table.rows] for table in self.document.tables]

    @property
    def annex(self) -> dict[str, tuple[str, str]]:
        return {name: (what, basis) for name, what, basis in self.tables[-1][1:]}

    @property
    def bookmarks(self) -> list[str]:
        return [str(one.get(qn("w:name"))) for one in self.body.iter(qn("w:bookmarkStart"))]

    def links(self, style: str) -> Iterator[tuple[str, str]]:
        """Yield where links lead and their text: those of the contents ('toc') or all others."""
        for paragraph in self.body.iter(qn("w:p")):
            named = paragraph.style or ""
            if named.lower().startswith("toc") == (style == "toc"):
                for link in paragraph.iter(qn("w:hyperlink")):
                    yield str(link.get(qn("w:anchor"))), "".join(one.text or "" for one in link.iter(qn("w:t")))

    def part(self, heading: str) -> list[str]:
        """Return the paragraphs under the first heading of this text, until one of its level or above."""
        styles = [style for style, _text in self.paragraphs]
        start = next(i for i, (style, text) in enumerate(self.paragraphs) if text == heading and "Heading" in style)
        level = styles[start]
        ends = [i for i in range(start + 1, len(styles)) if "Heading" in styles[i] and styles[i] <= level]
        return self.lines[start + 1 : ends[0] if ends else None]


async def plan_of(held: Held, language: str = "en") -> Read:
    async with held.store.read() as session:
        data = await read_plan(session, held.consultation.id)
    return drawn(data, held.catalogue, language)


def drawn(data: PlanData, catalogue: Catalogue, language: str = "en") -> Read:
    return Read(draw_plan(data, plan_content(catalogue, language), captions(catalogue, language)))


async def decide(held: Held, subject: str, decision: Decision, **more: Any) -> None:
    async with held.store.write() as session:
        await outcomes.decide(session, held.consultation, MODERATOR, subject, decision, "Because <so>.", **more)


def titled(held: Held, key: str, language: str = "en") -> str:
    return held.catalogue.recommendations[key].title.in_language(language)


# The document


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_plan_has_a_title_a_language_and_headings_that_skip_no_level(held: Held, language: str) -> None:
    await fill(held)
    plan = await plan_of(held, language)

    consultation = held.catalogue.title.in_language(language)
    assert plan.paragraphs[0] == ("Title", phrase("plan.title", language))
    assert plan.paragraphs[1] == ("Subtitle", consultation)
    properties = plan.document.core_properties
    assert properties.title == phrase("report.pair", language, label=phrase("plan.title", language), value=consultation)
    assert properties.language.startswith(language)
    assert (properties.author, properties.comments) == ("", "")
    (spoken,) = plan.document.styles.element.find(qn("w:docDefaults")).iter(qn("w:lang"))
    assert spoken.get(qn("w:val")) == properties.language
    levels = [level for level, _text in plan.headings]
    assert levels[0] == 1
    assert all(deeper <= level + 1 for level, deeper in pairwise(levels))


async def test_every_area_and_recommendation_has_its_part_in_the_order_of_the_content(held: Held) -> None:
    plan = await plan_of(held)
    areas = [area.title.in_language("en") for area in held.catalogue.areas.values()]
    assert [text for level, text in plan.headings if level == 1 and text in areas] == areas
    recommendations = {one.title.in_language("en") for one in held.catalogue.recommendations.values()}
    assert {text for level, text in plan.headings if level == 2} >= recommendations


@pytest.mark.parametrize("language", ["en", "de"])
async def test_the_contents_list_what_is_there_and_lead_to_it(held: Held, language: str) -> None:
    await fill(held)
    plan = await plan_of(held, language)

    listed = [text.removesuffix("\t") for style, text in plan.paragraphs if style.startswith("toc")]
    assert listed == [text for level, text in plan.headings if level <= 2]
    leads = list(plan.links("toc"))
    assert [text for _anchor, text in leads] == listed
    for anchor, text in leads:
        (found,) = (one for one in plan.body.iter(qn("w:bookmarkStart")) if one.get(qn("w:name")) == anchor)
        assert "".join(one.text or "" for one in found.getparent().iter(qn("w:t"))) == text
    assert len(plan.bookmarks) == len(set(plan.bookmarks))
    fields = [one.get(qn("w:fldCharType")) for one in plan.body.iter(qn("w:fldChar"))]
    contents, pages = ["begin", "separate"], ["begin", "separate", "end"]
    assert fields == [*contents, *pages * len(listed), "end"]
    asked = [(one.text or "").split() for one in plan.body.iter(qn("w:instrText"))]
    assert [one[1] for one in asked[1:]] == [anchor for anchor, _text in leads]
    assert plan.document.settings.element.find(qn("w:updateFields")).get(qn("w:val")) == "true"


async def test_every_reference_is_in_the_annex_and_everything_in_the_annex_is_referred_to(held: Held) -> None:
    await fill(held)
    plan = await plan_of(held)

    used = dict(plan.links("text"))
    assert {name.strip("[]") for name in used.values()} == set(plan.annex)
    assert set(used) == {name for name in plan.bookmarks if name.startswith("ref_")}
    assert {"V1", "V1-1", "V4", "D1", "A1", "C1"} <= set(plan.annex)
    assert plan.annex["V1"] == (titled(held, STEM), "21 ballots, ended on 10 March 2030")
    for row in plan.document.tables[-1].rows[1:]:
        (mark,) = row.cells[0]._tc.iter(qn("w:bookmarkStart"))
        assert used[mark.get(qn("w:name"))] == f"[{row.cells[0].text}]"


async def test_every_table_repeats_its_header_and_every_picture_has_a_text(held: Held) -> None:
    await fill(held)
    plan = await plan_of(held)
    for table in plan.document.tables:
        assert list(table.rows[0]._tr.iter(qn("w:tblHeader")))
    pictures = list(plan.document.inline_shapes)
    assert len(pictures) == 3
    texts = [shape._inline.docPr.get("descr") for shape in pictures]
    assert all(any(titled(held, key) in text for text in texts) for key in (STEM, DATA))
    with ZipFile(BytesIO(plan.made)) as archive:
        drawn_ = [archive.read(name) for name in archive.namelist() if "media/" in name]
    assert all(one.startswith(b"\x89PNG") for one in drawn_)
    assert len({shape._inline.docPr.id for shape in pictures}) == len(pictures)


async def test_titles_have_more_room_in_a_table_than_numbers(held: Held) -> None:
    await fill(held)
    glance = (await plan_of(held)).document.tables[0]
    for row in glance.rows:
        subject, _outcome, ballots, *_rest = (cell.width for cell in row.cells)
        assert subject > ballots
        assert sum(cell.width for cell in row.cells) <= A4_TEXT_WIDTH


# What it says


async def test_a_vote_is_told_with_its_numbers_by_segment_its_quorum_and_its_consensus(held: Held) -> None:
    poll = await held.poll(STEM, quorum=Quorum(heads=20, share=50, expected={"academia": 10, "industry": 30}))
    await held.cast(poll, "academia", Position.SUPPORT, 8)
    await held.cast(poll, "industry", Position.OBJECT, 6)
    await held.cast(poll, "industry", Position.PASS, 1)
    await held.end(poll)
    plan = await plan_of(held)

    academia, industry = (held.catalogue.segments[key].title.in_language("en") for key in ("academia", "industry"))
    [table] = [one for one in plan.tables if one[0][0] == phrase("page.segment")]
    assert table[1:] == [
        [phrase("chart.everyone"), "15", "8", "0", "6", "1", "0.10"],
        [academia, "8", "8", "0", "0", "0", "0.90"],
        [industry, "7", "0", "0", "6", "1", "0.11"],
    ]
    told = "\n".join(plan.part(titled(held, STEM)))
    assert phrase("result.quorum_missed", count=20) in told
    assert phrase("result.quorum_reached_by", share=50, segments=academia) in told
    assert phrase("result.quorum_missed_by", share=50, segments=industry) in told
    assert phrase("plan.disputed_between", agree=academia, object=industry) in told
    assert phrase("plan.ended_early", reason="Time is <up>.") in told
    assert phrase("plan.no_quorum") not in told


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_objections_come_first_and_in_the_words_that_may_be_quoted(held: Held, language: str) -> None:
    poll = await held.poll(STEM)
    academia = held.catalogue.segments["academia"].title.in_language(language)
    for position, reason, quotation in (
        (Position.SUPPORT, "A good thing.", Quotation.WITHOUT_SEGMENT),
        (Position.OBJECT, "Too dear.", Quotation.WITH_SEGMENT),
        (Position.OBJECT, "Unsayable.", Quotation.NOT),
    ):
        await held.cast(poll, "academia", position, 2, reason=reason, quotation=quotation)
    await held.end(poll)
    plan = await plan_of(held, language)

    part = plan.part(titled(held, STEM, language))
    objections, others = (phrase(f"plan.{one}", language) for one in ("objections", "reasons"))
    quoted = phrase("plan.quote", language, words="Too dear.")
    assert part.index(objections) < part.index(f"{quoted} ({academia}) [V1-1]") < part.index(others)
    assert part.index(others) < part.index(f"{phrase('plan.quote', language, words='A good thing.')} [V1-3]")
    assert "Unsayable" not in "\n".join(plan.lines)


async def test_objections_that_nobody_may_quote_are_counted(held: Held) -> None:
    poll = await held.poll(STEM)
    await held.cast(poll, "academia", Position.OBJECT, 6, reason="Unsayable.")
    await held.end(poll)
    told = (await plan_of(held)).part(titled(held, STEM))
    assert f"{phrase('plan.objections_unquoted', count=6)} [V1]" in told


async def test_it_is_said_how_many_objections_are_left_out_and_how_many_may_not_be_quoted(held: Held) -> None:
    poll = await held.poll(STEM)
    for number in range(15):
        segment = "academia" if number % 5 else "industry"
        await held.cast(
            poll,
            segment,
            Position.OBJECT,
            1 + 4 * (segment == "industry"),
            reason=f"No {number}.",
            quotation="with_segment",
        )
    await held.cast(poll, "academia", Position.OBJECT, 4, reason="Unsayable.")
    await held.end(poll)
    told = (await plan_of(held)).part(titled(held, STEM))

    assert f"{phrase('plan.objections_partly_unquoted', count=4)} [V1]" in told
    assert f"{phrase('plan.left_out', count=27 - 12)} [V1]" in told
    industry = held.catalogue.segments["industry"].title.in_language("en")
    assert sum(f"({industry})" in line for line in told) == 6


async def test_decisions_are_told_with_their_reason_and_their_dates_are_next_steps(held: Held) -> None:
    later, soon = START + timedelta(days=90), START + timedelta(days=2)
    await decide(held, STEM, Decision.AMENDED, wording={"en": "New & better."}, review_at=later)
    await decide(held, DATA, Decision.DEFERRED, deferred_until=soon)
    held.clock[0] = START + timedelta(days=3)
    plan = await plan_of(held)

    told = plan.part(titled(held, STEM))
    assert f"{phrase('plan.decided', decision='amended', date='1 March 2030')} [D1]" in told
    assert f"{phrase('outcome.because', reason='Because <so>.')} [D1]" in told
    assert f"{phrase('outcome.new_wording', wording='New & better.')} [D1]" in told
    assert f"{phrase('plan.review', date='30 May 2030')} [D1]" in told
    assert f"{phrase('plan.take_up_due', date='3 March 2030')} [D2]" in plan.part(titled(held, DATA))
    [calendar] = [one for one in plan.tables if one[0][0] == phrase("plan.day")]
    assert [(row[0], row[1], row[3]) for row in calendar[1:3]] == [
        ("3 March 2030", titled(held, DATA), "[D2]"),
        ("30 May 2030", titled(held, STEM), "[D1]"),
    ]


@pytest.mark.parametrize("language", ["en", "de"])
def test_what_the_article_sets_ahead_is_among_the_next_steps_with_its_passage(
    catalogue: Catalogue, language: str
) -> None:
    events = {event.key: event for event in catalogue.events}

    def told(now: datetime) -> dict[str, tuple[str, ...]]:
        plan = drawn(replace(NOTHING, read_at=now), catalogue, language)
        [calendar] = [one for one in plan.tables if one[0][0] == phrase("plan.day", language)]
        assert all(plan.annex[row[3].strip("[]")][0] for row in calendar[1:])
        return {row[1]: (row[0], row[2]) for row in calendar[1:]}

    later, sooner = told(NOW), told(datetime(2024, 5, 1, tzinfo=UTC))
    hub, horizon = (events[key] for key in ("hub-2025", "next-decades"))
    assert list(later) == [horizon.title.in_language(language)]
    assert list(sooner) == [hub.title.in_language(language), horizon.title.in_language(language)]
    assert sooner[hub.title.in_language(language)] == (hub.when.in_language(language), hub.text.in_language(language))


def test_where_nothing_has_a_date_it_is_said(catalogue: Catalogue) -> None:
    content = replace(plan_content(catalogue, "en"), ahead=())
    plan = Read(draw_plan(NOTHING, content, captions(catalogue, "en")))
    assert f"{phrase('plan.no_dates')} [R]" in plan.lines


async def test_open_votes_are_next_steps_and_nothing_else(held: Held) -> None:
    await fill(held)
    plan = await plan_of(held)
    assert plan.part(titled(held, "growth-capital"))[-1] == f"{phrase('plan.vote_open')} [V4]"
    waiting = plan.part(titled(held, "business-courses"))
    assert f"{phrase('plan.no_vote')} [R]" in waiting
    assert waiting[-1] == f"{phrase('plan.publish', date='10 March 2030')} [V5]"
    everything = "\n".join([*plan.lines, *(cell for table in plan.tables for row in table for cell in row)])
    for hidden in ("Not to be read.", "Of an open vote.", "Not published.", "40 ballots", "41 ballots"):
        assert hidden not in everything


async def test_a_question_beside_the_recommendations_is_told_like_one(held: Held) -> None:
    await fill(held)
    plan = await plan_of(held)
    assert (2, "Which <first>?") in plan.headings
    assert plan.part(phrase("plan.own_questions"))[0] == "Which <first>?"
    [table] = [one for one in plan.tables if one[0][0] == phrase("page.option")]
    assert [row[1] for row in table[1:]] == ["17", "10", "6"]
    assert phrase("plan.table_points") + " [V3]" in plan.lines


async def test_the_wording_that_was_voted_on_is_told_where_it_has_changed(held: Held) -> None:
    await fill(held)
    async with held.store.read() as session:
        data = await read_plan(session, held.consultation.id)
    content = plan_content(held.catalogue, "en")
    changed = replace(
        content, recommendations=tuple(replace(one, text="Said anew.") for one in content.recommendations)
    )
    told = Read(draw_plan(data, changed, captions(held.catalogue, "en"))).part(titled(held, STEM))
    voted = held.catalogue.recommendations[STEM].text.in_language("en")
    assert f"{phrase('plan.wording_changed', title=titled(held, STEM), text=voted)} [V1]" in told


async def test_what_the_content_no_longer_holds_is_not_lost(held: Held) -> None:
    await fill(held)
    async with held.store.read() as session:
        data = await read_plan(session, held.consultation.id)
    content = replace(plan_content(held.catalogue, "en"), areas=(), recommendations=())
    plan = Read(draw_plan(data, content, captions(held.catalogue, "en")))
    for key in (STEM, DATA, "growth-capital", "business-courses"):
        assert (2, titled(held, key)) in plan.headings


def test_words_stand_with_their_reference_and_what_is_left_out_is_counted(catalogue: Catalogue) -> None:
    words = tuple(
        Words(f"F-{number:07}", FeedbackKind.PRIVATE, STEM, "industry" if number else None, f"Words {number}")
        for number in range(14)
    )
    general = Words("F-ABCDEFG", FeedbackKind.THREAD, "training", None, "On training.")
    data = replace(NOTHING, words=(*words, general), contributions={STEM: 30, "training": 1})
    plan = drawn(data, catalogue)

    told = plan.part(catalogue.recommendations[STEM].title.in_language("en"))
    industry = catalogue.segments["industry"].title.in_language("en")
    assert f"{phrase('plan.contributions', count=30, number='30')} [C1]" in told
    assert "“Words 0” [F-0000000]" in told
    assert f"“Words 11” ({industry}) [F-0000011]" in told
    assert f"{phrase('plan.left_out', count=2)} [C1]" in told
    assert "F-0000012" not in plan.annex
    beyond = plan.part(phrase("plan.other_words"))
    assert "“On training.” [F-ABCDEFG]" in beyond


@pytest.mark.parametrize("language", ["en", "nl"])
def test_a_proposal_stands_with_what_it_would_change_until_it_is_decided_on(
    catalogue: Catalogue, language: str
) -> None:
    stem = catalogue.recommendations[STEM].title.in_language(language)
    wording = {language: Wording("Earlier", "Begin earlier, at school.")}
    proposed = replace(
        POLL,
        subject="p-1",
        recommendation=None,
        wording=wording,
        ended_at=None,
        proposal=Proposal("nl", STEM, {language: stem}),
    )
    plan = drawn(replace(NOTHING, running=(proposed,), proposals_waiting={STEM: 2, "training": 1}), catalogue, language)
    assert "Begin earlier, at school. [V7]" in plan.part(stem)
    amends = phrase("card.proposal_amends", language, title=stem)
    assert plan.part("Earlier")[0] == f"{phrase('card.proposal', language)}. {amends}. [V7]"
    waiting = phrase("plan.proposals_waiting", language, count=2)
    assert f"{waiting} [P1]" in plan.part(stem)
    one_more = phrase("plan.proposals_waiting", language, count=1)
    assert f"{one_more} [P2]" in plan.part(phrase("plan.other_words", language))
    named = phrase("report.pair", language, label=phrase("plan.proposals_not_public", language), value=stem)
    assert plan.annex["P1"][0] == named

    outcome = Outcome(1, "p-1", Decision.REJECTED, "No.", {}, None, None, NOW)
    decided = drawn(replace(NOTHING, running=(proposed,), outcomes={"p-1": outcome}), catalogue, language)
    assert "Begin earlier, at school. [V7]" not in decided.part(stem)


async def test_the_words_of_a_proposal_that_is_not_put_to_the_vote_are_not_in_the_plan(held: Held) -> None:
    async with held.store.write() as session:
        draft = await statements.keep_draft(
            session,
            held.consultation,
            submission=1,
            user_id=77,
            group="training",
            recommendation=STEM,
            language="en",
            text="Nobody approved this.",
            why="",
        )
        await statements.send(session, 77, draft.id)
    held.clock[0] += timedelta(hours=1)
    async with held.store.read() as session:
        data = await read_plan(session, held.consultation.id)
    assert data.proposals_waiting == {STEM: 1}
    assert "Nobody approved" not in repr(data)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_plan_of_an_empty_consultation_says_what_there_is_not(catalogue: Catalogue, language: str) -> None:
    plan = drawn(NOTHING, catalogue, language)
    number = len(catalogue.recommendations)
    for key in ("plan.no_vote", "plan.no_outcome", "plan.vote_or_decide"):
        assert plan.lines.count(f"{phrase(key, language)} [R]") == number
    assert f"{phrase('plan.undecided', language, count=number)} [R]" in plan.lines
    assert {name[0] for name in plan.annex} == {"A", "R"}
    assert plan.annex["R"][0] == phrase("plan.records", language)
    assert not plan.document.inline_shapes


# What nobody can work out from it


@pytest.mark.parametrize("seed", range(4))
async def test_no_small_segment_can_be_worked_out_from_the_plan(held: Held, seed: int) -> None:
    """Whichever segments those that are merged or withheld spoke for, the plan is the same, letter by letter."""
    dice = random.Random(seed)  # noqa: S311 - nothing is kept secret by it
    every = [await held.poll(key, quorum=Quorum(9, 40, {"industry": 9, "academia": 8})) for key in (STEM, DATA)]
    for poll in every:
        for segment in dice.sample(list(held.catalogue.segments), 5):
            for _ in range(dice.choice((1, 2, 3, 4, 5, 9))):
                quotation = dice.choice(list(Quotation))
                position = dice.choice(list(Position))
                await held.cast(poll, segment, position, reason=f"Words {dice.random()}", quotation=quotation)
    await held.end(*every)
    before = _document(await plan_of(held))

    async with held.store.write() as session:
        for one in await polls.ended_polls(session, held.consultation.id):
            labels = (await polls.result(session, one)).labels
            rows = list(await session.scalars(select(BallotRow).where(BallotRow.poll_id == one.id)))
            hidden = [row for row in rows if labels[row.segment] in {None, OTHER}]
            spoke_for = [row.segment for row in hidden]
            dice.shuffle(spoke_for)
            for row, segment in zip(hidden, spoke_for, strict=True):
                row.segment = segment
    assert _document(await plan_of(held)) == before


async def test_private_words_of_a_segment_that_few_declared_do_not_name_it(held: Held) -> None:
    await fill(held)
    held.clock[0] += timedelta(hours=2)
    async with held.store.read() as session:
        data = await read_plan(session, held.consultation.id)
    assert len(data.words) == 3
    assert {words.segment for words in data.words} == {None}


async def test_what_is_handed_over_for_drawing_holds_no_open_or_unpublished_result(held: Held) -> None:
    await fill(held)
    async with held.store.read() as session:
        data = await read_plan(session, held.consultation.id)
    assert [one.poll.id for one, _quotes in data.polls] == [1, 2, 3]
    assert [poll.id for poll in data.running] == [4]
    assert [poll.id for poll in data.waiting] == [5]
    assert all(poll.visibility is Visibility.PUBLISHED for poll in data.waiting)
    assert "Not to be read." not in repr(data)
    assert "Of an open vote." not in repr(data)


def _document(plan: Read) -> bytes:
    with ZipFile(BytesIO(plan.made)) as archive:
        return b"".join(archive.read(name) for name in sorted(archive.namelist()))


# Whatever people write


ANYTHING = st.text(st.characters(exclude_categories=()), min_size=1, max_size=60)
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def short(data: PlanData, catalogue: Catalogue) -> Read:
    """Return a plan with one recommendation."""
    content = plan_content(catalogue, "en")
    (kept,) = (replace(one, area=None) for one in content.recommendations if one.key == STEM)
    content = replace(content, areas=(), recommendations=(kept,))
    return Read(draw_plan(data, content, captions(catalogue, "en")))


def as_kept(text: str) -> str:
    """Return a text as XML can hold it, with the line breaks that every file has."""
    return NOT_IN_XML.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


@settings(max_examples=25, deadline=None)
@given(reason=ANYTHING, words=ANYTHING, decided=ANYTHING)
def test_any_text_comes_back_as_it_was_written(catalogue: Catalogue, reason: str, words: str, decided: str) -> None:
    poll = replace(POLL, subject=STEM, recommendation=STEM)
    ended = EndedPoll(poll, tally([]))
    outcome = Outcome(1, STEM, Decision.AMENDED, decided, {"en": decided}, None, None, NOW)
    data = replace(
        NOTHING,
        polls=((ended, (Quote(Position.OBJECT, None, reason),)),),
        outcomes={STEM: outcome},
        words=(Words("F-ABCDEFG", FeedbackKind.THREAD, STEM, None, words),),
        contributions={STEM: 1},
    )
    lines = short(data, catalogue).lines
    assert f"“{as_kept(reason.strip())}” [V7-1]" in lines
    assert f"“{as_kept(words.strip())}” [F-ABCDEFG]" in lines
    assert f"{phrase('outcome.because', reason=as_kept(decided))} [D1]" in lines


@settings(max_examples=10, deadline=None)
@given(title=st.text(st.characters(exclude_categories=()), min_size=1, max_size=400), option=ANYTHING)
def test_any_title_and_any_option_can_be_drawn(catalogue: Catalogue, title: str, option: str) -> None:
    wording = {"en": replace(POLL.wording["en"], title=title)}
    paper = replace(
        POLL.paper, kind=PollKind.SINGLE, options=(Option("a", {"en": option}), Option("b", {"en": "Other"}))
    )
    running = replace(POLL, subject="question-1", recommendation=None, wording=wording, paper=paper, ended_at=None)
    plan = short(replace(NOTHING, running=(running,)), catalogue)
    assert (2, as_kept(title)) in plan.headings


# Other people's programs


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
async def test_libreoffice_makes_pages_of_it(held: Held, tmp_path: Path) -> None:
    await fill(held)
    held.clock[0] += timedelta(hours=2)
    plan = await plan_of(held, "fr")
    (tmp_path / "plan.docx").write_bytes(plan.made)
    pages = await opened_in_libreoffice(tmp_path / "plan.docx", "pdf")
    assert pages.read_bytes().startswith(b"%PDF")
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    read = await asyncio.create_subprocess_exec("pdftotext", "-layout", str(pages), "-", stdout=asyncio.subprocess.PIPE)
    printed = (await read.communicate())[0].decode()
    assert printed.count("\f") >= 8
    words = " ".join(printed.split())

    for _level, heading in plan.headings:
        assert letters(heading) in letters(printed)
    assert letters(f"{phrase('plan.quote', 'fr', words='Too <slow>.')}") in letters(printed)
    assert letters(phrase("plan.quote", "fr", words="Private words.")) in letters(printed)
    # The title of a segment may take several lines beside its numbers.
    first = held.catalogue.segments["academia"].title.in_language("fr").split()[0]
    assert f"{first} 7 6 0 1 0 0,78" in words
    last = printed[printed.rindex(phrase("plan.annex", "fr")) :]
    for name in plan.annex:
        assert re.search(rf"^ *{re.escape(name)}\b", last, re.MULTILINE), name


def letters(text: str) -> str:
    """Return a text without its spaces: lines break where a page has its margin."""
    return "".join(text.split())
