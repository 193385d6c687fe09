"""The page in a real browser, as a file: an automatic checker finds nothing that keeps people from reading it."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.reports.test_page import Held, fill, held, many_votes

if TYPE_CHECKING:
    from playwright.async_api import Browser

__all__ = ["held"]
CHROMIUM = shutil.which("chromium")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
PHONE, DESKTOP = 400, 1280

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")]
playwright = pytest.importorskip("playwright.async_api")
axe = pytest.importorskip("axe_playwright_python.async_playwright")


@pytest.fixture
async def browser() -> AsyncIterator["Browser"]:
    async with playwright.async_playwright() as driver:
        running = await driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield running
        await running.close()


async def written(held: Held, folder: Path, language: str = "en") -> str:
    """Write the page to a file, and return its address."""
    file = folder / "page.html"
    file.write_text(await held.page(language), encoding="utf-8")
    return file.as_uri()


@pytest.mark.parametrize(
    ("votes", "language"), [(0, "en"), (3, "en"), (3, "fr"), (40, "de")], ids=["empty", "full", "in French", "many"]
)
async def test_an_accessibility_checker_finds_nothing(
    held: Held, browser: "Browser", tmp_path: Path, votes: int, language: str
) -> None:
    if votes:
        await fill(held)
        await many_votes(held, votes - 3)
    address = await written(held, tmp_path, language)
    for scheme in ("light", "dark"):
        for width in (PHONE, DESKTOP):
            page = await browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
            await page.goto(address)
            found = (await axe.Axe().run(page)).response
            assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
            await page.close()


@pytest.mark.parametrize("language", ["fr", "de"])
async def test_the_page_asks_for_nothing_and_works_without_scripts(
    held: Held, browser: "Browser", tmp_path: Path, language: str
) -> None:
    await fill(held)
    context = await browser.new_context(java_script_enabled=False, offline=True)
    page = await context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    address = await written(held, tmp_path, language)
    await page.goto(address)

    title = held.catalogue.recommendations["unlock-health-data"].title.in_language(language)
    await page.get_by_role("navigation").get_by_role("link", name=title).click()
    await page.get_by_role("heading", name=f"1. {title}").wait_for()
    assert await page.get_by_role("table").count() > 4
    assert await page.get_by_role("img").count() > 4
    assert {url.split("#")[0] for url in asked} == {address}
    assert complaints == []
    await context.close()


async def test_the_page_reads_in_the_dark_and_on_paper(held: Held, browser: "Browser", tmp_path: Path) -> None:
    await fill(held)
    page = await browser.new_page(color_scheme="dark")
    await page.goto(await written(held, tmp_path))
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    card = "getComputedStyle(document.querySelector('svg.chart path')).fill"
    dark = await page.evaluate(ground), await page.evaluate(card)
    await page.emulate_media(media="print")
    paper = await page.evaluate(ground), await page.evaluate(card)
    assert dark == ("rgb(30, 31, 34)", "rgb(43, 45, 49)")
    assert paper == ("rgb(255, 255, 255)", "rgb(255, 255, 255)")
    assert not await page.get_by_role("link", name="Back to the contents").first.is_visible()
