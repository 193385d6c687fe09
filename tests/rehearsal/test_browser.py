"""A real browser in the rehearsal: somebody new votes, and sees the result when the vote has ended."""

import shutil
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from tests.rehearsal.conftest import Visit

if TYPE_CHECKING:
    from playwright.async_api import Page

CHROMIUM = shutil.which("chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")]
playwright = pytest.importorskip("playwright.async_api")


@pytest.fixture
async def browser_page(visit: Visit) -> AsyncIterator["Page"]:
    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await browser.new_page(viewport={"width": 1280, "height": 900})
        await page.goto(visit.address)
        yield page
        await browser.close()


async def test_somebody_new_votes_and_later_sees_the_result(browser_page: "Page") -> None:
    page, chat = browser_page, browser_page.frame_locator("iframe")

    await page.get_by_role("button", name="Nora Newcomer").click()
    await page.get_by_role("button", name="health-data").click()
    await chat.get_by_role("button", name="Support").click()
    form = chat.get_by_role("dialog")
    await form.get_by_text("Academia", exact=True).click()
    await form.get_by_role("button", name="Submit").click()
    confirmation = chat.get_by_text("Only you can see this")
    await confirmation.wait_for(state="attached")
    said = await chat.locator("#channel-message-list").inner_text()
    assert "Unlock the potential of health data" in said.split("Only you can see this")[1]

    await page.get_by_role("button", name="a week").click()
    await page.locator("summary", has_text="4 threads").last.click()
    await page.get_by_role("button", name="Unlock the potential of health data result").click()
    await chat.get_by_role("heading", name="Result: Unlock the potential of health data").wait_for()
    assert "1 ballot" in await chat.locator("#channel-message-list").inner_text()


async def test_the_page_works_without_its_script_and_fits_a_phone(visit: Visit) -> None:
    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await browser.new_page(viewport={"width": 360, "height": 740}, java_script_enabled=False)
        await page.goto(visit.address)
        await page.get_by_role("button", name="questions").click()
        await page.locator("iframe").wait_for()
        await page.get_by_role("button", name="Back to the lobby").click()
        await page.get_by_role("heading", name="Try a consultation before you hold one").wait_for()
        box = await page.locator("body").bounding_box()
        assert box is not None
        assert box["width"] <= 360
        await browser.close()
