"""Taking out what Discord's commands hand to moderators: exports, the page, the plan. The bot may run meanwhile."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import TypeVar

from cogs.ui.replies import PATIENCE
from cogs.ui.texts import Speech, captions, export_library
from content.catalogue import Catalogue
from models import trace
from models.errors import ConsultationError, OperatorError
from models.exports import Selection, Tier
from models.records import OPERATOR, Consultation
from models.store import Store, UnitOfWork, exists
from operating.settings import Settings, only_one, open_the_store
from reports.exports import FileFormat, Order, not_applied, write_files
from reports.overview import read_whole
from reports.page import draw_page
from reports.plan import draw_plan
from reports.plan_data import plan_content, read_plan
from reports.progress import Progress

_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Wanted:
    """Of which server's consultation something is taken out, and in which language; None for what needs no saying."""

    settings: Settings
    catalogue: Catalogue
    server: int | None
    asked_language: str | None

    @property
    def language(self) -> str:
        return self.asked_language or self.catalogue.default_language


@dataclass(frozen=True)
class Cut:
    """What of a consultation is exported, and how; `since` is a day in the consultation's time zone."""

    what: str
    tier: Tier
    file_format: FileFormat
    group: str | None
    since: date | None


def write_export(wanted: Wanted, cut: Cut, folder: Path) -> None:
    """Write an export into an empty folder and print its files. Raises OperatorError where that cannot be done."""
    if folder.exists() and any(folder.iterdir()):
        raise OperatorError(f"There is something in {folder}. Name an empty folder.")
    groups = wanted.catalogue.groups
    if cut.group is not None and cut.group not in groups:
        raise OperatorError(f"There is no group {cut.group}. There are: {', '.join(groups)}.")
    files, order = asyncio.run(export(wanted, cut, folder))
    for file in files:
        print(file)
    for phrase, names in not_applied(order).items():
        print(Speech("en")(phrase, tables=", ".join(names)), file=sys.stderr)


async def export(wanted: Wanted, cut: Cut, folder: Path) -> tuple[list[Path], Order]:
    """Note an export in the trace and write it; return its files and what exactly was exported."""
    async with _consultation(wanted) as (store, consultation):
        midnight = datetime.combine(cut.since, time.min, wanted.catalogue.timezone) if cut.since else None
        order = Order(Selection(consultation.id, cut.tier, cut.group, midnight), cut.what, cut.file_format)
        content = export_library(wanted.catalogue, wanted.language)
        progress = Progress()
        try:
            async with store.write() as session:
                await trace.record(session, consultation.id, OPERATOR, "export", str(order))
            await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
            writing = asyncio.to_thread(write_files, store, order, content, folder, None, progress)
            return await _told_meanwhile(writing, progress), order
        except ConsultationError as error:
            raise OperatorError(Speech("en")(error.phrase, **error.values)) from error


def write_page(wanted: Wanted, out: Path) -> None:
    """Write the page of a consultation. Raises OperatorError where there is none, several, or no such file."""
    overview, plan = asyncio.run(_read(wanted, read_whole, "report_page"))
    names = captions(wanted.catalogue, wanted.language)
    page = draw_page(overview, plan, plan_content(wanted.catalogue, wanted.language), names)
    _write(out, page.encode())
    print(f"{out}: {len(overview.polls)} votes with a published result")


def write_plan(wanted: Wanted, out: Path) -> None:
    """Write the draft of the plan. Raises OperatorError where there is no consultation, several, or no such file."""
    found = asyncio.run(_read(wanted, read_plan, "report_plan"))
    names = captions(wanted.catalogue, wanted.language)
    _write(out, draw_plan(found, plan_content(wanted.catalogue, wanted.language), names))
    print(f"{out}: {len(found.polls)} votes with a published result, {len(found.outcomes)} decisions")


async def _read(wanted: Wanted, read: Callable[[UnitOfWork, int], Awaitable[_Found]], action: str) -> _Found:
    """Read what there is of a consultation, and note in the trace what is made of it."""
    async with _consultation(wanted) as (store, consultation):
        async with store.write() as session:
            await trace.record(session, consultation.id, OPERATOR, action, wanted.language)
        async with store.read() as session:
            return await read(session, consultation.id)


@asynccontextmanager
async def _consultation(wanted: Wanted) -> AsyncIterator[tuple[Store, Consultation]]:
    """Open the store with the consultation that is meant. Raises OperatorError where it is not plain which one."""
    if not exists(wanted.settings.database_url):
        raise OperatorError("There is no store yet, so there is nothing to take out. DATABASE_URL names it.")
    store = await open_the_store(wanted.settings)
    try:
        every = store.memory.consultations.values()
        yield store, only_one([one for one in every if one.content_key == wanted.catalogue.key], wanted.server)
    finally:
        await store.close()


async def _told_meanwhile(writing: Awaitable[list[Path]], progress: Progress) -> list[Path]:
    """Return what is written, and every two seconds tell how many rows that is by now."""
    task = asyncio.ensure_future(writing)
    while not (await asyncio.wait({task}, timeout=PATIENCE))[0]:
        print(Speech("en")("export.progress", rows=progress.rows), file=sys.stderr, flush=True)
    return await task


def _write(file: Path, made: bytes) -> None:
    try:
        file.write_bytes(made)
    except OSError as error:
        raise OperatorError(f"{file} cannot be written: {error.strerror}.") from error
