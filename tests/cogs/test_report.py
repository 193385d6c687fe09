"""Reporting: who gets it, what is in it, and that it leaves a trace."""

import io
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import docx
import pytest

from cogs.ui.replies import tell_progress
from cogs.ui.texts import PHRASES
from content.catalogue import LANGUAGES
from models import trace
from models.errors import ConsultationError
from models.records import Position, Quotation
from tests.cogs.conftest import House, answered, said
from tests.cogs.test_results import DATA, cast, close
from tests.cogs.test_voting import STEM, phrase, title


@pytest.fixture
async def held(open_house: House) -> House:
    """A consultation with a vote that ended, one that waits to be published and one that is open."""
    await open_house.open_poll(STEM)
    await open_house.open_poll(DATA, results="published")
    await open_house.open_poll("growth-capital")
    await cast(open_house, STEM, Position.SUPPORT, 12)
    await cast(
        open_house, STEM, Position.OBJECT, 6, "industry", first=30, reason="Why", quotation=Quotation.WITH_SEGMENT
    )
    await cast(open_house, DATA, Position.OBJECT, 6)
    await close(open_house, STEM, DATA)
    return open_house


@pytest.mark.parametrize("command", ["report overview", "report page", "report plan"])
async def test_only_moderators_get_a_report(held: House, command: str) -> None:
    zoe = held.member("zoe-example")
    assert command not in zoe.available_commands(held.lobby)


@pytest.mark.parametrize("language", ["en", "nl"])
async def test_the_overview_shows_pictures_each_with_its_words(held: House, language: str) -> None:
    held.locales[held.moderator.id] = language
    answer = await held.moderator.slash(held.lobby, "report overview")

    told = said(answer)
    assert phrase("report.votes", language, count=1) in told
    assert phrase("report.unpublished", language, count=1) in told
    assert phrase("report.open", language, count=1) in told
    pictures = answered(answer).attachments
    assert [picture.filename for picture in pictures] == ["map.png", "turnout.png", "themes.png"]
    assert all(picture.description for picture in pictures)
    assert title(held, STEM, language) in str(pictures[0].description)
    assert not any(title(held, DATA, language) in str(picture.description) for picture in pictures)


@pytest.mark.parametrize("command", ["report overview", "report page", "report plan"])
async def test_how_long_it_takes_is_told_until_what_is_drawn_takes_its_place(
    held: House, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    async def told_once(interaction: Any, work: Coroutine[Any, Any, Any], sentence: Callable[[int], str]) -> Any:
        told.append(sentence(4))
        await tell_progress(interaction, told[0])
        return await work

    # The bot loads its extensions anew, beside what an import would give.
    monkeypatch.setattr(sys.modules["cogs.report"], "told_meanwhile", told_once)
    answer = await held.moderator.slash(held.lobby, command)
    assert told == [phrase("report.progress", seconds=4)]
    assert told[0] not in said(answer)
    assert answered(answer).attachments


async def test_the_overview_of_an_empty_consultation_says_that_there_is_nothing(open_house: House) -> None:
    answer = await open_house.moderator.slash(open_house.lobby, "report overview")
    assert phrase("report.votes", count=0) in said(answer)
    assert [picture.description for picture in answered(answer).attachments] == [
        phrase("finding.no_map"),
        phrase("finding.nobody"),
        phrase("finding.no_feedback"),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_page_is_handed_over_in_the_language_asked_for(held: House, language: str) -> None:
    answer = await held.moderator.slash(held.lobby, "report page", language=language)
    assert said(answer) == phrase("report.page_done")
    (file,) = answered(answer).attachments
    assert file.filename == f"valley-{language}.html"
    page = (await file.read()).decode()
    assert f'<html lang="{language}">' in page
    assert title(held, STEM, language) in page.replace("&#x27;", "'")
    assert title(held, DATA, language) not in page.replace("&#x27;", "'").split('id="votes"')[1].split("</section>")[0]


async def test_without_a_language_the_page_is_in_the_moderator_s(held: House) -> None:
    held.locales[held.moderator.id] = "fr"
    answer = await held.moderator.slash(held.lobby, "report page")
    assert [file.filename for file in answered(answer).attachments] == ["valley-fr.html"]


async def test_nobody_s_id_or_name_is_on_the_page(held: House) -> None:
    answer = await held.moderator.slash(held.lobby, "report page")
    page = await answered(answer).attachments[0].read()
    for person in [held.moderator, *held._people.values()]:
        assert str(person.id).encode() not in page
        assert person.name.encode() not in page


async def test_whoever_takes_a_report_is_in_the_trace(held: House) -> None:
    await held.moderator.slash(held.lobby, "report overview")
    await held.moderator.slash(held.lobby, "report page", language="de")
    async with held.store.read() as session:
        entries = await trace.entries(session, held.store.memory.consultations[held.guild.id].id)
    assert [(entry.action, entry.subject) for entry in entries][-2:] == [("report_overview", ""), ("report_page", "de")]


async def test_before_setup_there_is_nothing_to_report(house: House) -> None:
    for command in ("report overview", "report page", "report plan"):
        assert said(await house.moderator.slash(house.lobby, command)) == PHRASES.text("setup.missing", "en")


# The plan


@pytest.mark.parametrize("language", ["en", "de"])
async def test_the_plan_is_handed_over_in_the_language_asked_for_and_in_the_trace(held: House, language: str) -> None:
    answer = await held.moderator.slash(held.lobby, "report plan", language=language)
    assert said(answer) == phrase("report.plan_done")
    (file,) = answered(answer).attachments
    assert file.filename == f"valley-plan-{language}.docx"
    plan = docx.Document(io.BytesIO(await file.read()))
    lines = [paragraph.text for paragraph in plan.paragraphs]
    assert lines[0] == phrase("plan.title", language)
    assert title(held, STEM, language) in lines
    industry = held.catalogue.segments["industry"].title.in_language(language)
    assert sum(line.startswith(phrase("plan.quote", language, words="Why 3")[:-1]) for line in lines) == 6
    assert any(f"({industry}) [V1-1]" in line for line in lines)
    assert not any(str(held.moderator.id) in line or held.moderator.name in line for line in lines)
    async with held.store.read() as session:
        entries = await trace.entries(session, held.store.memory.consultations[held.guild.id].id)
    assert (entries[-1].action, entries[-1].subject) == ("report_plan", language)


async def test_a_plan_that_cannot_be_drawn_is_no_plan(held: House) -> None:
    async def fail(work: Callable[..., Any], *given: Any) -> Any:  # noqa: ARG001 - as the workshop is called
        raise ConsultationError("report.plan_too_large", megabytes=11)

    held.bot.workshop = fail
    answer = await held.moderator.slash(held.lobby, "report plan")
    assert said(answer) == phrase("report.plan_too_large", megabytes=11)
    async with held.store.read() as session:
        entries = await trace.entries(session, held.store.memory.consultations[held.guild.id].id)
    assert "report_plan" not in [entry.action for entry in entries]
