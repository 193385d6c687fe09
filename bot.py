"""The one entry: settings, store, catalogue, bot; also the operator's few commands.

`python bot.py` runs the bot, or opens the rehearsal where there is no token; `rehearse`, `check [FOLDER]`,
`ask QUESTION`, `export FOLDER`, `report --out FILE`, `plan --out FILE` and `forget [SERVER]` do what they say.
Whatever keeps it from running ends in a sentence that says what to do.
"""

import argparse
import asyncio
import contextlib
import gc
import json
import logging
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from pathlib import Path
from typing import Any, Literal, TextIO, TypeVar

import discord
import platformdirs
from pydantic import BaseModel, PositiveInt, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from cogs.client import ConsultationBot
from cogs.ui.answer_cards import without_fact
from cogs.ui.texts import Speech, captions, export_library
from content.answers import Answers
from content.catalogue import LANGUAGES, Catalogue, ContentError, Language, load_catalogue
from content.checking import check
from models import retention, trace
from models.errors import ConsultationError, OperatorError
from models.exports import Selection, Tier
from models.limits import Deed, Policy
from models.records import OPERATOR, Consultation, ConsultationState
from models.sealing import Sealer, read_or_make_key, secrets_folder
from models.store import Store, UnitOfWork, exists, is_in_use, open_store
from reports.exports import WHAT, FileFormat, Order, write_files
from reports.overview import read_overview
from reports.page import draw_page
from reports.plan import draw_plan
from reports.plan_data import plan_content, read_plan
from reports.tables import EVERYTHING

log = logging.getLogger("consultation")

HERE = Path(__file__).parent
NAME = "consultation-bot"

# At DEBUG these write out what people said, with their names and ids.
TALKATIVE = ("discord", "aiosqlite")
# They warn of what is no matter here (voice) or with addresses that hold people's ids.
NAMING = ("discord.client", "discord.http", "discord.webhook")
RARE_COLLECTIONS = (20_000, 50, 50)
_Found = TypeVar("_Found")


class Settings(BaseSettings):
    """What the operator sets, in the environment or in `.env` beside this file."""

    model_config = SettingsConfigDict(env_file=HERE / ".env", extra="ignore", env_ignore_empty=True)

    discord_token: SecretStr | None = None
    content_folder: Path = HERE / "content" / "valley"
    database_url: str = f"sqlite+aiosqlite:///{HERE / 'data' / 'consultation.db'}"
    key_file: Path = platformdirs.user_config_path(NAME) / "key"
    feedback_per_hour: PositiveInt = 20
    questions_per_hour: PositiveInt = 60
    proposals_per_hour: PositiveInt = 10
    links: Literal["allowed", "refused"] = "allowed"
    rehearsal_port: int = 8765
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @property
    def policy(self) -> Policy:
        """How much one person may do in an hour, and what may stand in what they write."""
        per_hour = {
            Deed.FEEDBACK: self.feedback_per_hour,
            Deed.QUESTION: self.questions_per_hour,
            Deed.PROPOSAL: self.proposals_per_hour,
        }
        return Policy(per_hour, links=self.links == "allowed")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; return the process's exit status."""
    asked = _parser().parse_args(arguments)
    try:
        settings = Settings()
        _begin_logging(settings.log_level)
        return _run_command(asked, settings)
    except ContentError as error:
        print(f"The content folder cannot be used:\n{error}", file=sys.stderr)
        return 1
    except ValidationError as error:
        wrong = error.errors()[0]
        print(f"A setting is wrong: {str(wrong['loc'][0]).upper()} ({wrong['msg']}).", file=sys.stderr)
        return 1
    except OperatorError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _run_command(asked: argparse.Namespace, settings: Settings) -> int:
    if asked.command == "check":
        return _check(asked.folder or settings.content_folder)
    if asked.command == "forget":
        return asyncio.run(_forget(settings, asked.server, confirmed=asked.yes))
    catalogue = load_catalogue(settings.content_folder)
    if asked.command == "ask":
        return _ask(Answers(catalogue), asked)
    if asked.command == "export":
        asyncio.run(_export(settings, catalogue, asked))
    elif asked.command in {"report", "plan"}:
        (_report if asked.command == "report" else _plan)(settings, catalogue, asked)
    elif asked.command == "rehearse" or settings.discord_token is None:
        if asked.command != "rehearse":
            print(
                "There is no DISCORD_TOKEN, so this is the rehearsal: the real bot in a simulated Discord.", flush=True
            )
        _rehearse(catalogue, settings.rehearsal_port)
    else:
        asyncio.run(_connect(settings, catalogue, settings.discord_token.get_secret_value()))
    return 0


def _begin_logging(level: str) -> None:
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for library in TALKATIVE:
        logging.getLogger(library).setLevel(max(logging.INFO, logging.getLogger().level))
    for library in NAMING:
        logging.getLogger(library).setLevel(logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def _rehearse(catalogue: Catalogue, port: int) -> None:
    for library in ("discord", "alembic"):  # what they tell concerns a real server, or a store that is kept
        logging.getLogger(library).setLevel(logging.ERROR)
    from rehearsal.lobby import rehearse  # noqa: PLC0415 - a bot in service does without the simulation

    asyncio.run(rehearse(catalogue, port))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bot.py", description="A stakeholder consultation on Discord.")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("rehearse", help="open the real bot in a simulated Discord, as a local page")
    checking = commands.add_parser("check", help="check a content folder and say what is wrong in it")
    checking.add_argument("folder", nargs="?", type=Path)
    asking = commands.add_parser("ask", help="answer a question from the content, in the terminal")
    asking.add_argument("question", nargs="?")
    asking.add_argument("--language", choices=LANGUAGES, help="the language to answer in; else the question's")
    asking.add_argument("--jsonl", action="store_true", help="read and write lines of JSON")
    exporting = commands.add_parser("export", help="write what /export hands out into an empty folder")
    exporting.add_argument("folder", type=Path)
    exporting.add_argument("--what", choices=WHAT, default=EVERYTHING)
    exporting.add_argument("--tier", choices=[tier.value for tier in Tier], default=Tier.PUBLISHED.value)
    exporting.add_argument("--format", choices=[one.value for one in FileFormat], default=FileFormat.CSV.value)
    exporting.add_argument("--group", help="the key of a working group; else all")
    exporting.add_argument("--since", type=date.fromisoformat, help="a day, as 2030-03-01")
    exporting.add_argument("--language", choices=LANGUAGES, help="the language of titles; else the consultation's")
    exporting.add_argument("--server", type=int, help="the server's id, where the store holds several")
    forgetting = commands.add_parser("forget", help="destroy for good what leads to the people of a consultation")
    forgetting.add_argument("server", nargs="?", type=int, help="the Discord server's id, where there are several")
    forgetting.add_argument("--yes", action="store_true", help="do not ask")
    for name, told in (
        ("report", "write what may be published of a consultation as one HTML file"),
        ("plan", "write the draft of the strategic plan as a DOCX file"),
    ):
        writing = commands.add_parser(name, help=told)
        writing.add_argument("--out", type=Path, required=True, help="the file to write")
        writing.add_argument("--language", choices=LANGUAGES, help="the file's language; else the consultation's")
        writing.add_argument("--server", type=int, help="the Discord server, where there are several consultations")
    return parser


async def open_the_store(settings: Settings) -> Store:
    """Open the operator's store with their key, telling them once where a new key was put."""
    key_file = settings.key_file.expanduser()
    key, made = read_or_make_key(key_file, may_make=not exists(settings.database_url))
    if made:
        log.warning(
            "A key was made in %s. Keep a copy of it, and of the folder of secrets that comes beside it, apart from "
            "the data: without them nobody is recognised any more.",
            settings.key_file,
        )
    return await open_store(settings.database_url, Sealer(key, secrets_folder(key_file)), lambda: datetime.now(UTC))


def _report(settings: Settings, catalogue: Catalogue, asked: argparse.Namespace) -> None:
    """Write the page of a consultation; the bot may run meanwhile."""
    overview = asyncio.run(_read(settings, catalogue, asked.server, read_overview))
    page = draw_page(overview, catalogue, captions(catalogue, asked.language or catalogue.default_language))
    _write(asked.out, page.encode())
    print(f"{asked.out}: {len(overview.polls)} votes with a published result")


def _plan(settings: Settings, catalogue: Catalogue, asked: argparse.Namespace) -> None:
    """Write the draft of the plan; the bot may run meanwhile."""
    found = asyncio.run(_read(settings, catalogue, asked.server, read_plan))
    language = asked.language or catalogue.default_language
    _write(asked.out, draw_plan(found, plan_content(catalogue, language), captions(catalogue, language)))
    print(f"{asked.out}: {len(found.polls)} votes with a published result, {len(found.outcomes)} decisions")


async def _read(
    settings: Settings,
    catalogue: Catalogue,
    server: int | None,
    read: Callable[[UnitOfWork, int], Awaitable[_Found]],
) -> _Found:
    """Read from the store what there is of a consultation. Raises OperatorError where there is none, or several."""
    if not exists(settings.database_url):
        raise OperatorError("There is no consultation yet: DATABASE_URL names no store.")
    store = await open_the_store(settings)
    try:
        held = [one for one in store.memory.consultations.values() if one.content_key == catalogue.key]
        found = [one for one in held if server in {None, one.guild_id}]
        if not found:
            raise OperatorError(f"The store holds no consultation '{catalogue.key}' of this server.")
        if len(found) > 1:
            servers = ", ".join(str(one.guild_id) for one in found)
            raise OperatorError(f"The store holds several consultations; choose one with --server: {servers}")
        async with store.read() as session:
            return await read(session, found[0].id)
    finally:
        await store.close()


def _write(file: Path, made: bytes) -> None:
    try:
        file.write_bytes(made)
    except OSError as error:
        raise OperatorError(f"{file} cannot be written: {error.strerror}.") from error


async def _connect(settings: Settings, catalogue: Catalogue, token: str) -> None:
    """Run the bot until it is told to stop. Raises OperatorError where Discord does not let it in."""
    answers = Answers(catalogue)
    answers.warm()
    store = await open_the_store(settings)
    policy = settings.policy
    try:
        try:
            await _run(ConsultationBot(store, catalogue, answers, policy=policy), token)
        except discord.PrivilegedIntentsRequired:
            log.warning(
                "Discord does not hand over the text of threads: switch on 'Message Content Intent' for this bot in "
                "Discord's developer portal (Bot, Privileged Gateway Intents) and restart. Until then it runs without "
                "reading threads; feedback by button and command works.",
            )
            await _run(ConsultationBot(store, catalogue, answers, message_content=False, policy=policy), token)
    except discord.LoginFailure as error:
        raise OperatorError(
            "Discord does not know this token. Copy a new one from the developer portal (Bot, Reset Token) "
            "to DISCORD_TOKEN.",
        ) from error
    except (OSError, discord.HTTPException, discord.GatewayNotFound, discord.ConnectionClosed) as error:
        log.debug("no connection", exc_info=True)
        raise OperatorError(f"Discord cannot be reached ({error}). Check the network and start again.") from error
    finally:
        await store.close()


async def _run(bot: ConsultationBot, token: str) -> None:
    """Run the bot until it is told to stop, also while it is still connecting."""
    # What is loaded by now stays: searching it for garbage would hold up every answer for a fifth of a second.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*RARE_COLLECTIONS)
    running = asyncio.create_task(bot.start(token))
    loop = asyncio.get_running_loop()
    for stop in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # on Windows, where Ctrl-C cancels the task instead
            loop.add_signal_handler(stop, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        log.info("told to stop")
    finally:
        if not bot.is_closed():
            await bot.close()


async def _forget(settings: Settings, server: int | None, *, confirmed: bool) -> int:
    """Destroy what leads to the people of a consultation, once the operator has read what that is and confirmed it.

    Raises OperatorError where there is no such consultation, it is open, or the bot runs.
    """
    if not exists(settings.database_url):
        raise OperatorError("There is no store yet, so there is nothing to forget. DATABASE_URL names it.")
    if is_in_use(settings.database_url):
        raise OperatorError("The bot is running on this store. Stop it first.")
    store = await open_the_store(settings)
    try:
        consultation = _named(list(store.memory.consultations.values()), server)
        async with store.read() as session:
            foreseen = await retention.foreseen(session, consultation.id)
        print(
            f"Consultation {consultation.content_key!r} of server {consultation.guild_id}. This destroys, for good:\n"
            "- the secret that seals the ids of its people: nobody can be found again in what they gave\n"
            f"- {foreseen.participants} memberships, {foreseen.messages} message ids, {foreseen.languages} languages\n"
            f"- {len(store.copies())} copies of the store that the bot keeps beside it\n"
            "Ballots, texts and the moderators' log stay. Copies of the secret or of the store that you made yourself "
            "are not touched: destroy those too.",
        )
        if not confirmed and (await asyncio.to_thread(input, "Type 'forget' to go on: ")).strip() != "forget":
            print("Nothing was destroyed.")
            return 1
        async with store.write() as session:
            await trace.record(session, consultation.id, OPERATOR, "forget")
            await retention.forget(session, consultation.id)
        await store.destroy()
        print("Done.")
    finally:
        await store.close()
    return 0


def _named(consultations: Sequence[Consultation], server: int | None) -> Consultation:
    """Return the consultation of a server, or the only one. Raises OperatorError for none, or one that is open."""
    found = [one for one in consultations if server in {None, one.guild_id}]
    if len(found) != 1:
        servers = ", ".join(str(one.guild_id) for one in consultations) or "none"
        raise OperatorError(f"Name the server whose consultation is to be forgotten. This store knows: {servers}.")
    if found[0].state is ConsultationState.OPEN:
        raise OperatorError("This consultation is open. Close it first, with /consultation close in its server.")
    return found[0]


def _check(folder: Path) -> int:
    """Print what is wrong in a content folder; return 1 where the bot could not run with it."""
    problems = check(folder)
    for problem in problems:
        print(("warning: " if problem.warning else "error: ") + str(problem))
    errors = sum(not problem.warning for problem in problems)
    print(f"{folder}: {errors} errors, {len(problems) - errors} warnings")
    return 1 if errors else 0


async def _export(settings: Settings, catalogue: Catalogue, asked: argparse.Namespace) -> int:
    """Write an export into a folder of the operator's and note it in the trace."""
    if asked.folder.exists() and any(asked.folder.iterdir()):
        raise OperatorError(f"There is something in {asked.folder}. Name an empty folder.")
    if asked.group is not None and asked.group not in catalogue.groups:
        raise OperatorError(f"There is no group {asked.group}. There are: {', '.join(catalogue.groups)}.")
    if not exists(settings.database_url):
        raise OperatorError("There is no store yet, so there is nothing to export. DATABASE_URL names it.")
    store = await open_the_store(settings)
    try:
        consultation = _consultation_asked(store, catalogue, asked.server)
        midnight = asked.since and datetime.combine(asked.since, time_of_day.min, catalogue.timezone)
        selection = Selection(consultation.id, Tier(asked.tier), asked.group, midnight)
        order = Order(selection, asked.what, FileFormat(asked.format))
        asked.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = export_library(catalogue, asked.language or catalogue.default_language)
        async with store.write() as session:
            await trace.record(session, consultation.id, OPERATOR, "export", str(order))
        files = await asyncio.to_thread(write_files, store, order, content, asked.folder)
    except ConsultationError as error:
        raise OperatorError(Speech("en")(error.phrase, **error.values)) from error
    finally:
        await store.close()
    for file in files:
        print(file)
    return 0


def _consultation_asked(store: Store, catalogue: Catalogue, server: int | None) -> Consultation:
    """Return the consultation to export. Raises OperatorError where it is not plain which one is meant."""
    held = {guild: one for guild, one in store.memory.consultations.items() if one.content_key == catalogue.key}
    if server is None and len(held) == 1:
        return next(iter(held.values()))
    if server in held:
        return held[server]
    servers = ", ".join(map(str, held)) or "none"
    raise OperatorError(f"Say with --server which server's consultation is meant. The store holds: {servers}.")


def _ask(answers: Answers, asked: argparse.Namespace) -> int:
    if asked.jsonl:
        _answer_lines(answers, sys.stdin, sys.stdout, asked.language)
        return 0
    if asked.question is None:
        raise OperatorError('Name a question: python bot.py ask "How many people work in biotech?"')
    told = _told(answers, asked.question, asked.language)
    print(told["text"])
    if told["citation"]:
        print(f"  {told['citation']}")
    return 0


def _answer_lines(answers: Answers, lines: TextIO, out: TextIO, language: str | None) -> None:
    """Answer each line {"id", "question", "lang"?} with {"id", "answered", "text", "citation", "score", …, "ms"}.

    A line's "lang" goes before `language`; with neither, the answer is in the question's language.
    Raises OperatorError at a line that is something else; those before it have been answered.
    """
    answers.warm()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        asked = _line_asked(number, line)
        began = time.perf_counter()
        told = _told(answers, asked.question, asked.lang or language)
        milliseconds = round((time.perf_counter() - began) * 1_000, 3)
        print(json.dumps({"id": asked.id, **told, "ms": milliseconds}, ensure_ascii=False), file=out, flush=True)


class _Line(BaseModel):
    """A question as `ask --jsonl` reads it."""

    id: int | float | str | None
    question: str
    lang: Language | None = None


def _line_asked(number: int, line: str) -> _Line:
    try:
        return _Line.model_validate_json(line)
    except ValidationError as error:
        wrong = error.errors()[0]
        field = f"{wrong['loc'][0]}: " if wrong["loc"] else ""
        raise OperatorError(
            f"Line {number} is no question ({field}{wrong['msg']}). "
            'Write each as {"id": 1, "question": "…"}, and "lang": "fr" to be answered in French.',
        ) from error


def _told(answers: Answers, question: str, language: str | None) -> dict[str, Any]:
    """Return what is said to a question: its text and passage, whether the article states it, the best three facts."""
    answer = answers.answer(question, language, forced=language is not None)
    citation = answer.fact and answer.fact.citation
    return {
        "answered": answer.answered,
        "text": answer.fact.text.in_language(answer.language) if answer.fact else without_fact(answer).strip("*"),
        "citation": f"{citation.heading}, paragraph {citation.paragraph}" if citation else None,
        "score": round(answer.score, 4),
        "candidates": [fact.text.in_language(answer.language) for fact in answer.nearest],
    }


if __name__ == "__main__":
    sys.exit(main())
