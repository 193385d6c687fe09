"""The entry as operators use it: its commands, its settings, and what it says when it cannot run."""

import asyncio
import io
import json
import logging
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import discord
import docx
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

import bot
from cogs.client import ConsultationBot
from cogs.ui.texts import PHRASES, export_library
from content.catalogue import LANGUAGES, Catalogue
from models import consultations, participants, polls, trace
from models.ballot_box import BallotBox
from models.exports import Selection, Tier
from models.limits import Deed, Policy
from models.records import Ballot, ModeratorRole, Position, TraceEntry, Wording
from models.sealing import Sealer, secrets_folder
from models.store import is_in_use, open_store
from operating import taking_out
from operating.settings import Settings, open_the_store
from reports.exports import FileFormat, Order, write_files

HERE = Path(bot.__file__).parent
VALLEY = HERE / "content" / "valley"
TOKEN = "a-token.that-is.no-token"  # noqa: S105 - and opens nothing
JOBS = {
    "en": "How many people work in the Belgian pharma industry?",
    "fr": "Combien de personnes travaillent dans la pharma belge ?",
    "nl": "Hoeveel mensen werken er in de Belgische farmasector?",
    "de": "Wie viele Menschen arbeiten in der belgischen Pharmabranche?",
}


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Let every setting lead into an empty folder, whatever the machine has set; leave logging as it was."""
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / ".env")
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'data' / 'consultation.db'}")
    monkeypatch.setenv("KEY_FILE", str(tmp_path / "secret" / "key"))
    levels = {name: logging.getLogger(name).level for name in ("root", *bot.TALKATIVE, "alembic")}
    yield monkeypatch
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def starting(settings: pytest.MonkeyPatch) -> Callable[..., list[ConsultationBot]]:
    """Return what lets the bot end with these errors, one a start, instead of connecting; it collects the bots."""
    settings.setenv("DISCORD_TOKEN", TOKEN)

    def end_with(*errors: BaseException | None) -> list[ConsultationBot]:
        started: list[ConsultationBot] = []

        async def start(self: ConsultationBot, token: str, **_: Any) -> None:
            assert token == TOKEN
            started.append(self)
            if error := errors[len(started) - 1]:
                raise error

        settings.setattr(ConsultationBot, "start", start)
        return started

    return end_with


def complaint(captured: Any) -> str:
    """Return the one line that was printed to the operator, and nothing else."""
    assert "Traceback" not in captured.err
    [line] = captured.err.strip().splitlines()
    return str(line)


def refused(status: int) -> discord.HTTPException:
    response: Any = type("Response", (), {"status": status, "reason": "Refused"})()
    return discord.HTTPException(response, "try later")


def changed_content(folder: Path, file: str, old: str, new: str) -> Path:
    """Return a copy of the default content with one text in it replaced."""
    copy = Path(shutil.copytree(VALLEY, folder / "content"))
    text = (copy / file).read_text(encoding="utf-8")
    assert old in text
    (copy / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return copy


def test_the_content_that_comes_with_the_bot_passes_its_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert bot.main(["check"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith(f"{VALLEY}: 0 errors, ")


def test_a_broken_folder_is_told_by_file_key_and_what_was_expected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = changed_content(tmp_path, "recommendations.toml", 'group = "attractiveness"', 'group = "nowhere"')
    assert bot.main(["check", str(folder)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "error: recommendations.toml: talent-and-attractiveness.group: expected a group's key, not 'nowhere'",
        f"{folder}: 1 errors, 0 warnings",
    ]


def test_a_warning_does_not_fail_the_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = changed_content(tmp_path, "areas.toml", 'de = "Gesundheitsdaten"\n', "")
    assert bot.main(["check", str(folder)]) == 0
    assert "warning: areas.toml: health-data.title.de: expected a translation into de" in capsys.readouterr().out


def test_a_folder_that_is_not_there_fails_the_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bot.main(["check", str(tmp_path / "nowhere")]) == 1
    assert "consultation.toml: file: expected to exist" in capsys.readouterr().out


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_question_is_answered_in_the_terminal_with_its_passage(
    catalogue: Catalogue, capsys: pytest.CaptureFixture[str], language: str
) -> None:
    assert bot.main(["ask", JOBS[language]]) == 0
    fact = catalogue.facts["direct-jobs"]
    assert capsys.readouterr().out.splitlines() == [
        fact.text.in_language(language),
        f"  {fact.citation.heading}, paragraph {fact.citation.paragraph}",
    ]


def test_a_language_can_be_asked_for(catalogue: Catalogue, capsys: pytest.CaptureFixture[str]) -> None:
    assert bot.main(["ask", "--language", "nl", JOBS["en"]]) == 0
    assert catalogue.facts["direct-jobs"].text.in_language("nl") in capsys.readouterr().out


def test_what_is_not_said_is_answered_in_a_plain_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert bot.main(["ask", "how do I bake a chocolate cake?"]) == 0
    assert capsys.readouterr().out.strip() == PHRASES.text("answer.not_said", "en").strip("*")


def test_asking_nothing_says_how_to_ask(capsys: pytest.CaptureFixture[str]) -> None:
    assert bot.main(["ask"]) == 1
    assert "python bot.py ask" in complaint(capsys.readouterr())


def ask_lines(monkeypatch: pytest.MonkeyPatch, *lines: str, options: Sequence[str] = ()) -> int:
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(lines)))
    return bot.main(["ask", "--jsonl", *options])


def test_lines_of_json_are_answered_in_order_with_every_field(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    questions = [
        {"id": "é-1", "question": JOBS["fr"]},
        {"id": 2, "question": JOBS["en"], "lang": "de"},
        {"id": "three", "question": "Τι ώρα είναι; 🧬", "lang": "nl", "more": True},
    ]
    assert ask_lines(monkeypatch, *(json.dumps(one) for one in questions), "", "  ") == 0

    printed = capsys.readouterr().out
    told = [json.loads(line) for line in printed.splitlines()]
    fact = catalogue.facts["direct-jobs"]
    assert [one["id"] for one in told] == ["é-1", 2, "three"]
    assert all(
        list(one) == ["id", "answered", "text", "citation", "score", "candidates", "ms"]
        and 0 <= one["score"] <= 1
        and one["ms"] >= 0
        and len(one["candidates"]) <= 3
        for one in told
    )
    assert [one["answered"] for one in told] == [True, True, False]
    assert [told[0]["text"], told[1]["text"]] == [fact.text.in_language("fr"), fact.text.in_language("de")]
    assert told[0]["citation"] == f"{fact.citation.heading}, paragraph {fact.citation.paragraph}"
    assert told[0]["candidates"][0] == told[0]["text"]
    assert told[2]["text"] == PHRASES.text("answer.not_said", "nl").strip("*")
    assert told[2]["citation"] is None
    assert "é" in printed


def test_lines_of_json_are_answered_in_the_language_asked_for_unless_they_name_their_own(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [{"id": 1, "question": JOBS["en"]}, {"id": 2, "question": JOBS["en"], "lang": "nl"}]
    assert ask_lines(monkeypatch, *map(json.dumps, lines), options=["--language", "fr"]) == 0
    told = [json.loads(line)["text"] for line in capsys.readouterr().out.splitlines()]
    fact = catalogue.facts["direct-jobs"]
    assert told == [fact.text.in_language("fr"), fact.text.in_language("nl")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "Invalid JSON"),
        ('["a", "b"]', "object"),
        ('{"id": 1}', "question"),
        ('{"question": "Who?"}', "id"),
        ('{"id": 1, "question": 7}', "question"),
        ('{"id": 1, "question": "Who?", "lang": "xx"}', "lang"),
        ('{"id": 1, "question": "\\ud800"}', "Invalid JSON"),
    ],
)
def test_a_line_that_is_no_question_is_told_by_its_number(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str, reason: str
) -> None:
    assert ask_lines(monkeypatch, json.dumps({"id": 1, "question": JOBS["en"]}), line) == 1
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 1
    said = complaint(captured)
    assert said.startswith("Line 2 is no question (")
    assert reason in said


@pytest.mark.parametrize("arguments", [[], ["rehearse"]])
def test_without_a_token_or_when_asked_the_rehearsal_opens(
    settings: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    opened: list[tuple[str, int]] = []

    async def rehearse(catalogue: Catalogue, port: int) -> None:
        opened.append((catalogue.key, port))

    settings.setattr("rehearsal.lobby.rehearse", rehearse)
    settings.setenv("REHEARSAL_PORT", "4321")
    settings.setenv("DISCORD_TOKEN", "" if not arguments else TOKEN)
    assert bot.main(arguments) == 0
    assert opened == [("valley", 4321)]
    assert ("no DISCORD_TOKEN" in capsys.readouterr().out) == (not arguments)


def test_a_wrong_token_is_told_and_never_printed(
    starting: Callable[..., list[ConsultationBot]], capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    started = starting(discord.LoginFailure("Improper token has been passed."))
    caplog.set_level(logging.DEBUG)
    assert bot.main([]) == 1
    captured = capsys.readouterr()
    assert "DISCORD_TOKEN" in captured.err.splitlines()[-1]
    assert "Traceback" not in captured.err
    assert TOKEN not in captured.out + captured.err + caplog.text
    assert started[0].is_closed()


def test_settings_do_not_show_the_token_when_printed(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("DISCORD_TOKEN", TOKEN)
    assert TOKEN not in repr(Settings())


def test_without_the_message_content_intent_the_bot_says_so_once_and_runs_without(
    starting: Callable[..., list[ConsultationBot]], caplog: pytest.LogCaptureFixture
) -> None:
    started = starting(discord.PrivilegedIntentsRequired(None), None)
    assert bot.main([]) == 0
    assert [one.reads_messages for one in started] == [True, False]
    assert all(one.is_closed() for one in started)
    assert [record.levelname for record in caplog.records if "Message Content Intent" in record.message] == ["WARNING"]


@pytest.mark.parametrize(
    "error",
    [
        OSError("Name or service not known"),
        TimeoutError(),
        refused(503),
        discord.GatewayNotFound(),
        discord.ConnectionClosed(type("Socket", (), {"close_code": 4013})(), shard_id=None),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_discord_that_cannot_be_reached_is_told(
    starting: Callable[..., list[ConsultationBot]], capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    starting(error)
    assert bot.main([]) == 1
    captured = capsys.readouterr()
    assert captured.err.splitlines()[-1].startswith("Discord cannot be reached (")
    assert "Traceback" not in captured.err


def test_a_store_that_cannot_be_opened_is_told(
    settings: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    starting: Callable[..., list[ConsultationBot]],
) -> None:
    started = starting(None)
    (tmp_path / "file").write_text("not a folder")
    settings.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'file' / 'consultation.db'}")
    assert bot.main([]) == 1
    captured = capsys.readouterr()
    assert "DATABASE_URL" in captured.err.splitlines()[-1]
    assert "Traceback" not in captured.err
    assert started == []


def test_content_that_is_broken_is_told_line_by_line(
    settings: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    starting: Callable[..., list[ConsultationBot]],
) -> None:
    started = starting(None)
    folder = changed_content(tmp_path, "consultation.toml", 'default_language = "en"', 'default_language = "xx"')
    settings.setenv("CONTENT_FOLDER", str(folder))
    assert bot.main([]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "The content folder cannot be used:",
        "consultation.toml: default_language: expected one of the languages en, fr, nl, de",
    ]
    assert started == []


def test_the_key_of_another_store_is_told(
    capsys: pytest.CaptureFixture[str], starting: Callable[..., list[ConsultationBot]]
) -> None:
    started = starting(None)

    async def make_with_another_key() -> None:
        other = Sealer(AESSIV.generate_key(512))
        store = await open_store(os.environ["DATABASE_URL"], other, discord.utils.utcnow)
        await store.close()

    asyncio.run(make_with_another_key())
    assert bot.main([]) == 1
    assert "KEY_FILE" in capsys.readouterr().err.splitlines()[-1]
    assert started == []


def test_a_key_file_that_holds_something_else_is_told_and_left_alone(
    settings: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    starting: Callable[..., list[ConsultationBot]],
) -> None:
    starting(None)
    (tmp_path / "notes.txt").write_text("Buy milk")
    settings.setenv("KEY_FILE", str(tmp_path / "notes.txt"))
    assert bot.main([]) == 1
    said = complaint(capsys.readouterr())
    assert str(tmp_path / "notes.txt") in said
    assert "Buy milk" not in said
    assert (tmp_path / "notes.txt").read_text() == "Buy milk"


def test_a_new_key_is_readable_by_its_owner_alone_and_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, starting: Callable[..., list[ConsultationBot]]
) -> None:
    starting(None, None)
    assert bot.main([]) == 0
    key = tmp_path / "secret" / "key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert bot.main([]) == 0
    assert sum("A key was made" in record.message for record in caplog.records) == 1
    assert key.read_text().strip() not in caplog.text


@pytest.mark.parametrize(
    ("name", "value"),
    [("REHEARSAL_PORT", "the usual one"), ("LOG_LEVEL", "LOUD"), ("FEEDBACK_PER_HOUR", "0"), ("LINKS", "maybe")],
)
def test_a_bad_setting_is_told_by_its_name(
    settings: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    settings.setenv(name, value)
    assert bot.main([]) == 1
    assert complaint(capsys.readouterr()).startswith(f"A setting is wrong: {name} (")


def test_limits_and_links_are_settings_with_defaults(settings: pytest.MonkeyPatch) -> None:
    assert Settings().policy == Policy()
    settings.setenv("FEEDBACK_PER_HOUR", "3")
    settings.setenv("QUESTIONS_PER_HOUR", "7")
    settings.setenv("PROPOSALS_PER_HOUR", "2")
    settings.setenv("LINKS", "refused")
    assert Settings().policy == Policy({Deed.FEEDBACK: 3, Deed.QUESTION: 7, Deed.PROPOSAL: 2}, links=False)


def test_settings_come_from_the_file_and_the_environment_wins(settings: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings.delenv("KEY_FILE")
    lines = [f"DISCORD_TOKEN={TOKEN}", "REHEARSAL_PORT=1111", "KEY_FILE=/somewhere/key", "LOG_LEVEL=", "OTHER=1"]
    (tmp_path / ".env").write_text("\n".join(lines))
    settings.setenv("REHEARSAL_PORT", "2222")
    found = Settings(_env_file=tmp_path / ".env")
    assert found.discord_token is not None
    assert found.discord_token.get_secret_value() == TOKEN
    assert found.rehearsal_port == 2222
    assert found.key_file == Path("/somewhere/key")
    assert found.log_level == "INFO"


def test_even_in_detail_the_log_holds_nothing_that_libraries_know_of_people(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("LOG_LEVEL", "DEBUG")
    assert bot.main(["check"]) == 0
    for name in ("discord.gateway", "discord.http", "aiosqlite"):
        assert not logging.getLogger(name).isEnabledFor(logging.DEBUG)


def with_consultations(*servers: int, opened: bool = False) -> list[str]:
    """Fill the operator's store with consultations that somebody joined; return the names of their secrets."""

    async def fill() -> None:
        store = await open_the_store(Settings())
        for server in servers:
            async with store.write() as session:
                made = await consultations.prepare(session, server, "valley", ("en",))
                await participants.join(session, made.id, 42, "academia", [])
                await participants.choose_language(session, 42, "fr")
                if opened:
                    await consultations.open_consultation(session, made.id)
        await store.close()

    asyncio.run(fill())
    return kept_secrets()


def kept_secrets() -> list[str]:
    return sorted(file.name for file in secrets_folder(Path(os.environ["KEY_FILE"])).iterdir())


def members() -> int:
    async def count() -> int:
        store = await open_the_store(Settings())
        found = len(store.memory.participants)
        await store.close()
        return found

    return asyncio.run(count())


def test_the_operator_reads_what_is_destroyed_and_confirms_it(
    settings: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    [secret] = with_consultations(700)
    settings.setattr("builtins.input", lambda _question: "forget")
    assert bot.main(["forget"]) == 0
    told = capsys.readouterr().out
    assert "1 memberships, 0 message ids, 1 languages" in told
    assert "Copies of the secret or of the store that you made yourself" in told
    assert secret not in kept_secrets()
    assert members() == 0
    assert [(one.action, one.role) for one in traced()] == [("forget", ModeratorRole.OPERATOR)]


def traced() -> list[TraceEntry]:
    async def read() -> list[TraceEntry]:
        store = await open_the_store(Settings())
        async with store.read() as session:
            found = [
                one for place in store.memory.consultations.values() for one in await trace.entries(session, place.id)
            ]
        await store.close()
        return found

    return asyncio.run(read())


def test_without_confirmation_nothing_is_destroyed(
    settings: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = with_consultations(700)
    settings.setattr("builtins.input", lambda _question: "yes")
    assert bot.main(["forget"]) == 1
    assert "Nothing was destroyed." in capsys.readouterr().out
    assert kept_secrets() == before
    assert members() == 1


def test_of_several_consultations_one_must_be_named_and_the_others_stay(capsys: pytest.CaptureFixture[str]) -> None:
    with_consultations(700, 800)
    assert bot.main(["forget", "--yes"]) == 1
    assert "700, 800" in complaint(capsys.readouterr())
    assert bot.main(["forget", "800", "--yes"]) == 0
    assert members() == 1


def test_forgetting_is_refused_while_the_consultation_is_open_or_the_bot_runs_or_nothing_is_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert bot.main(["forget", "--yes"]) == 1
    assert "no store" in complaint(capsys.readouterr())
    with_consultations(700, opened=True)
    assert bot.main(["forget", "--yes"]) == 1
    assert "/consultation close" in complaint(capsys.readouterr())

    async def while_it_runs() -> bool:
        store = await open_the_store(Settings())
        try:
            return is_in_use(os.environ["DATABASE_URL"])
        finally:
            await store.close()

    assert asyncio.run(while_it_runs())
    assert not is_in_use(os.environ["DATABASE_URL"])


STOPPED_WHILE_RUNNING = """
import asyncio, os, signal, sys
import bot
from cogs.client import ConsultationBot

async def start(self, token, **_):
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.sleep(3_600)

ConsultationBot.start = start
sys.exit(bot.main([]))
"""


def test_a_request_to_stop_ends_the_process_cleanly_even_while_it_connects(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("DISCORD_TOKEN", TOKEN)
    ended = subprocess.run(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", STOPPED_WHILE_RUNNING],
        cwd=HERE,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    assert TOKEN not in ended.stdout + ended.stderr


async def hold_a_vote(catalogue: Catalogue) -> None:
    """Leave in the operator's store a server's consultation with one ended vote."""
    store = await open_the_store(Settings())
    async with store.write() as session:
        prepared = await consultations.prepare(session, 700, catalogue.key, ("en",))
        held = await consultations.open_consultation(session, prepared.id)
        wording = {"en": Wording("=Grow more rye", "It keeps.")}
        poll = await polls.open_poll(session, held, "more-rye", next(iter(catalogue.groups)), wording, None)
    box = BallotBox(store)
    for person in range(6):
        await box.cast(Ballot(poll.id, person + 1, "academia", Position.SUPPORT))
    async with store.write() as session:
        await polls.end(session, poll.id, "Everybody has voted.")
    await store.close()


async def write_as_the_command_does(catalogue: Catalogue, order: Order, folder: Path) -> None:
    store = await open_the_store(Settings())
    await asyncio.to_thread(write_files, store, order, export_library(catalogue, "en"), folder)
    await store.close()


@pytest.fixture
def ended_vote(catalogue: Catalogue) -> None:
    asyncio.run(hold_a_vote(catalogue))


@pytest.mark.usefixtures("ended_vote")
@pytest.mark.parametrize(("what", "file_format"), [("everything", "csv"), ("ballots", "jsonl"), ("polis", "csv")])
def test_the_operator_writes_the_same_files_as_the_command(
    tmp_path: Path, catalogue: Catalogue, capsys: pytest.CaptureFixture[str], what: str, file_format: str
) -> None:
    folder = tmp_path / "files"
    asked = ["export", str(folder), "--what", what, "--tier", "record", "--format", file_format]
    assert bot.main(asked) == 0
    assert set(capsys.readouterr().out.split()) == {str(path) for path in folder.iterdir()}

    same = tmp_path / "same"
    same.mkdir()
    asyncio.run(
        write_as_the_command_does(catalogue, Order(Selection(1, Tier.RECORD), what, FileFormat(file_format)), same)
    )
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        path.name: path.read_bytes() for path in same.iterdir()
    }
    if what == "everything":
        assert '"operator"' in (folder / "trace.csv").read_text(encoding="utf-8")
        assert '"everything record csv"' in (folder / "trace.csv").read_text(encoding="utf-8")


@pytest.mark.usefixtures("ended_vote")
def test_the_operator_sees_how_far_a_long_export_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(taking_out, "PATIENCE", 60)
    assert bot.main(["export", str(tmp_path / "quick")]) == 0
    assert capsys.readouterr().err == ""

    said = threading.Event()

    def write_until_somebody_is_told(*given: Any) -> list[Path]:
        given[-1].rows = 7
        assert said.wait(60)
        return write_files(*given)

    def tell(*told: object, **how: Any) -> None:
        print(*told, **how)  # noqa: T201 - as it is told
        said.set()

    monkeypatch.setattr(taking_out, "write_files", write_until_somebody_is_told)
    monkeypatch.setattr(taking_out, "print", tell, raising=False)
    monkeypatch.setattr(taking_out, "PATIENCE", 0.01)
    assert bot.main(["export", str(tmp_path / "long")]) == 0
    told = capsys.readouterr()
    assert PHRASES.text("export.progress", "en", rows=7) in told.err.splitlines()
    assert all(Path(line).is_file() for line in told.out.splitlines())


@pytest.mark.usefixtures("ended_vote")
def test_the_operator_is_told_what_comes_whole_although_a_group_was_chosen(
    tmp_path: Path, catalogue: Catalogue, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bot.main(["export", str(tmp_path / "files"), "--group", next(iter(catalogue.groups))]) == 0
    told = PHRASES.text("export.group_not_applied", "en", tables="participants")
    assert capsys.readouterr().err.splitlines() == [told]


@pytest.mark.parametrize(("command", "action"), [("report", "report_page"), ("plan", "report_plan")])
def test_what_the_operator_takes_out_is_in_the_trace(tmp_path: Path, command: str, action: str) -> None:
    asyncio.run(held(Settings().database_url, 1))
    assert bot.main([command, "--out", str(tmp_path / "file"), "--language", "fr"]) == 0
    [entry] = traced()
    assert (entry.role, entry.action, entry.subject) == (ModeratorRole.OPERATOR, action, "fr")


@pytest.mark.usefixtures("ended_vote")
@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--what", "ballots"], "never published"),
        (["--group", "bakers"], "There is no group bakers"),
        (["--server", "5"], "The store holds: 700"),
    ],
)
def test_what_cannot_be_exported_is_told_to_the_operator(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], told: str
) -> None:
    assert bot.main(["export", str(tmp_path / "files"), *options]) == 1
    assert told in capsys.readouterr().err


def test_nothing_is_written_over_and_an_export_makes_no_store(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bot.main(["export", str(tmp_path / "empty")]) == 1
    assert "no store yet" in capsys.readouterr().err
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").touch()
    assert bot.main(["export", str(tmp_path / "full")]) == 1
    assert "empty folder" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


# The page of a consultation


async def held(url: str, *guilds: int) -> None:
    """Keep a consultation of each of these servers in the operator's store."""
    store = await open_the_store(Settings(database_url=url))
    async with store.write() as session:
        for guild in guilds:
            await consultations.prepare(session, guild, "valley", ("en",))
    await store.close()


def test_the_page_is_written_where_the_operator_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(held(Settings().database_url, 1))
    out = tmp_path / "page.html"
    assert bot.main(["report", "--out", str(out), "--language", "fr"]) == 0
    assert '<html lang="fr">' in out.read_text(encoding="utf-8")
    assert str(out) in capsys.readouterr().out


def test_without_a_store_there_is_nothing_to_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bot.main(["report", "--out", str(tmp_path / "page.html")]) == 1
    assert "DATABASE_URL" in complaint(capsys.readouterr())
    assert list(tmp_path.iterdir()) == []


def test_of_several_consultations_the_operator_chooses_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(held(Settings().database_url, 1, 2))
    out = tmp_path / "page.html"
    assert bot.main(["report", "--out", str(out)]) == 1
    assert "The store holds: 1, 2" in complaint(capsys.readouterr())
    assert bot.main(["report", "--out", str(out), "--server", "2"]) == 0
    assert bot.main(["report", "--out", str(out), "--server", "3"]) == 1


def test_a_page_that_cannot_be_written_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(held(Settings().database_url, 1))
    assert bot.main(["report", "--out", str(tmp_path / "nowhere" / "page.html")]) == 1
    assert "cannot be written" in complaint(capsys.readouterr())


def test_the_plan_is_written_where_the_operator_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(held(Settings().database_url, 1))
    out = tmp_path / "plan.docx"
    assert bot.main(["plan", "--out", str(out), "--language", "nl"]) == 0
    assert docx.Document(str(out)).core_properties.language == "nl-NL"
    assert str(out) in capsys.readouterr().out
    assert bot.main(["plan", "--out", str(tmp_path / "nowhere" / "plan.docx")]) == 1
    assert "cannot be written" in complaint(capsys.readouterr())
