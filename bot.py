"""The one entry: reads the command line and the settings, then runs the bot or what the operator asked for.

`python bot.py` runs the bot, or opens the rehearsal where there is no token; `rehearse`, `check [FOLDER]`,
`ask QUESTION`, `export FOLDER`, `report --out FILE`, `plan --out FILE` and `forget [SERVER]` do what they say.
Whatever keeps it from running ends in a sentence that says what to do.
"""

import argparse
import asyncio
import contextlib
import gc
import logging
import signal
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import discord
from pydantic import ValidationError

from cogs.client import ConsultationBot
from content.answers import Answers
from content.catalogue import LANGUAGES, Catalogue, ContentError, load_catalogue
from models.errors import OperatorError
from models.exports import Tier
from operating import forgetting, taking_out, trying
from operating.settings import Settings, open_the_store
from reports.exports import WHAT, FileFormat
from reports.tables import EVERYTHING

log = logging.getLogger("consultation")

# At DEBUG these write out what people said, with their names and ids.
TALKATIVE = ("discord", "aiosqlite")
# They warn of what is no matter here (voice) or with addresses that hold people's ids.
NAMING = ("discord.client", "discord.http", "discord.webhook")
RARE_COLLECTIONS = (20_000, 50, 50)


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
        return trying.check_folder(asked.folder or settings.content_folder)
    if asked.command == "forget":
        return asyncio.run(forgetting.forget(settings, asked.server, confirmed=asked.yes))
    catalogue = load_catalogue(settings.content_folder)
    if asked.command == "ask":
        _ask(Answers(catalogue), asked)
    elif asked.command in {"export", "report", "plan"}:
        _take_out(taking_out.Wanted(settings, catalogue, asked.server, asked.language), asked)
    elif asked.command == "rehearse" or settings.discord_token is None:
        if asked.command != "rehearse":
            print(
                "There is no DISCORD_TOKEN, so this is the rehearsal: the real bot in a simulated Discord.", flush=True
            )
        _rehearse(catalogue, settings.rehearsal_port)
    else:
        asyncio.run(_connect(settings, catalogue, settings.discord_token.get_secret_value()))
    return 0


def _ask(answers: Answers, asked: argparse.Namespace) -> None:
    if asked.jsonl:
        trying.answer_lines(answers, sys.stdin, sys.stdout, asked.language)
    else:
        trying.ask(answers, asked.question, asked.language)


def _take_out(wanted: taking_out.Wanted, asked: argparse.Namespace) -> None:
    if asked.command == "report":
        taking_out.write_page(wanted, asked.out)
    elif asked.command == "plan":
        taking_out.write_plan(wanted, asked.out)
    else:
        taking_out.write_export(wanted, _cut(asked), asked.folder)


def _cut(asked: argparse.Namespace) -> taking_out.Cut:
    return taking_out.Cut(asked.what, Tier(asked.tier), FileFormat(asked.format), asked.group, asked.since)


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


if __name__ == "__main__":
    sys.exit(main())
