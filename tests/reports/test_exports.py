"""Whole exports from a store, as files: what is in which tier, what no two files tell together, Polis's set."""

import asyncio
import csv
import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest

from content.phrases import Phrases
from models import consultations, feedback, outcomes, participants, polls, questions, rights, statements, words
from models.ballot_box import BallotBox
from models.errors import ConsultationError
from models.exports import Selection, Tier, words_in
from models.records import (
    Ballot,
    BallotPaper,
    Decision,
    Moderator,
    ModeratorRole,
    Option,
    PollKind,
    Position,
    QuestionKind,
    Quorum,
    Quotation,
    Visibility,
    Wording,
)
from models.sealing import Sealer
from models.store import open_store
from models.tally import SMALLEST_SEGMENT
from reports.captions import Captions
from reports.exports import WHAT, FileFormat, Library, Order, not_applied, write_files
from reports.progress import Progress
from reports.tables import EVERYTHING, SUBJECTS, TABLES, Kind

NOW = datetime(2030, 3, 1, 9, 30, tzinfo=UTC)
SEGMENTS = {"bakers": "Bakers", "millers": "Millers", "farmers": "Farmers", "shops": "Shops", "brewers": "Brewers"}
LANGUAGES = ("en", "de")
SUPPORT, ACCEPT, OBJECT, PASS = Position.SUPPORT, Position.ACCEPT, Position.OBJECT, Position.PASS
# By person, each in the segment they declared. Shops and brewers are too few in every vote, the farmers in the first.
PEOPLE = dict(enumerate(["bakers"] * 8 + ["millers"] * 7 + ["farmers"] * 5 + ["shops"] * 3 + ["brewers"] * 3))
FIRST = {person: (OBJECT, ACCEPT, SUPPORT, PASS)[person % 4] for person in [*range(16), 20, 21, 22, 23]}
FEW = {0: SUPPORT, 1: OBJECT, 20: PASS}
SECOND = {person: SUPPORT if person % 3 else OBJECT for person in PEOPLE}
RANKED = BallotPaper(PollKind.PRIORITIES, tuple(Option(key, {"en": f"=Option {key}"}) for key in "abc"), 2)


@pytest.fixture
def library():
    phrases = Phrases.load()
    titles = dict.fromkeys(LANGUAGES, "Flour for tomorrow")
    return Library(
        "en", titles, titles, {one: Captions(phrases, one, SEGMENTS) for one in LANGUAGES}, {"more-oats": "taste"}
    )


@pytest.fixture
def clock():
    """Return the moments the store's clock has told; the last is now."""
    return [NOW]


@pytest.fixture
async def store(tmp_path, clock):
    store = await open_store(
        f"sqlite+aiosqlite:///{tmp_path / 'store.db'}", Sealer(bytes(range(64))), lambda: clock[-1]
    )
    yield store
    await store.close()


@pytest.fixture
async def consultation(store):
    async with store.write() as session:
        prepared = await consultations.prepare(session, 100, "mill", LANGUAGES)
        return await consultations.open_consultation(session, prepared.id)


async def vote(store, consultation, subject, answers, *, group="flour", end=True, **how):
    async with store.write() as session:
        wording = {"en": Wording(f"={subject}", "It keeps; -1.")}
        poll = await polls.open_poll(session, consultation, subject, group, wording, None, **how)
    box = BallotBox(store)
    reasons = {OBJECT: ("+1 for rain", Quotation.NOT), SUPPORT: ("Because;=2", Quotation.WITH_SEGMENT)}
    await asyncio.gather(
        *(
            box.cast(Ballot(poll.id, 1_000 + who, PEOPLE[who], answer, *reasons.get(answer, ())))
            for who, answer in answers.items()
        )
    )
    await box.drain()
    if end:
        async with store.write() as session:
            return await polls.end(session, poll.id, "@Everybody has voted.")
    return poll


async def say(store, consultation, who, quotation, text):
    async with store.write() as session:
        await feedback.give_private(
            session, consultation, submission=who, user_id=1_000 + who, text=text, quotation=quotation,
            group="flour", recommendation=None,
        )  # fmt: skip


@pytest.fixture
async def held(store, consultation, clock):
    """A consultation with ended polls of two kinds, one that is not published, one cancelled and one open."""
    async with store.write() as session:
        for who, segment in PEOPLE.items():
            await participants.join(session, consultation.id, 1_000 + who, segment, ["flour"])
    ended = {
        "more-rye": await vote(store, consultation, "more-rye", FIRST, quorum=Quorum(heads=10)),
        "less-salt": await vote(store, consultation, "less-salt", SECOND, group="taste"),
        "ranked": await vote(
            store, consultation, "ranked", {who: ("ab", "ba", "c")[who % 3] for who in PEOPLE}, paper=RANKED
        ),
    }
    ended["too-few"] = await vote(store, consultation, "too-few", FEW)
    secret = await vote(store, consultation, "secret", FIRST, visibility=Visibility.PUBLISHED)
    await vote(store, consultation, "running", FIRST, end=False)
    cancelled = await vote(store, consultation, "cancelled", FIRST, end=False)
    async with store.write() as session:
        await polls.cancel(session, cancelled.id, "The text was wrong.")
    await say(store, consultation, 0, Quotation.NOT, "=Not to be quoted")
    await say(store, consultation, 1, Quotation.WITHOUT_SEGMENT, "@Quoted without segment")
    await say(store, consultation, 2, Quotation.WITH_SEGMENT, "-Quoted with segment")
    clock.append(NOW + timedelta(hours=2))
    return ended | {"secret": secret}


@pytest.fixture
def export(store, consultation, library, tmp_path):
    numbers = iter(range(100))

    async def write(tier=Tier.RECORD, what="everything", file_format=FileFormat.CSV, limit=None, **chosen):
        folder = tmp_path / f"export-{next(numbers)}"
        folder.mkdir()
        order = Order(Selection(consultation.id, tier, **chosen), what, file_format)
        paths = await asyncio.to_thread(write_files, store, order, library, folder, limit)
        assert sorted(folder.iterdir()) == sorted(paths), "nothing else is left behind"
        return {path.name: path for path in paths}

    return write


def rows(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, strict=True))


@pytest.mark.usefixtures("held")
async def test_every_table_of_a_tier_is_a_file_and_the_dictionary_explains_every_column(export):
    for tier in Tier:
        files = await export(tier)
        expected = {name for name, table in TABLES.items() if tier is Tier.RECORD or not table.record_only}
        assert set(files) == {f"{name}.csv" for name in (*expected, "dictionary")}
        explained = {(row["table"], row["column"]): row for row in rows(files["dictionary.csv"])}
        for name in expected:
            with files[f"{name}.csv"].open(encoding="utf-8-sig") as file:
                for column in next(csv.reader(file)):
                    assert all(explained[name, column][language] for language in LANGUAGES)
            assert explained[name, ""]["de"] != explained[name, ""]["en"]


@pytest.mark.usefixtures("held")
async def test_only_published_results_are_in_what_may_be_published(export):
    published, record = await export(Tier.PUBLISHED), await export(Tier.RECORD)
    assert {row["recommendation"] for row in rows(published["results.csv"])} == {"more-rye", "less-salt", "too-few"}
    assert {row["recommendation"] for row in rows(record["results.csv"])} == {
        "more-rye",
        "less-salt",
        "too-few",
        "secret",
    }
    assert {row["recommendation"] for row in rows(published["choices.csv"])} == {"ranked"}
    for file in (*published.values(), *record.values()):
        content = file.read_bytes()
        assert b"running" not in content
        assert b"cancelled" not in content
    assert b"secret" not in b"".join(path.read_bytes() for path in published.values())


@pytest.mark.usefixtures("held")
async def test_results_have_a_row_for_all_and_one_for_each_published_segment(export):
    results = rows((await export())["results.csv"])
    published = {
        subject: [
            (row["segment"], row["segment_title"], row["ballots"])
            for row in results
            if row["recommendation"] == subject
        ]
        for subject in ("more-rye", "less-salt", "too-few")
    }
    assert published == {
        "more-rye": [
            ("all", "Everyone", "20"),
            ("bakers", "Bakers", "8"),
            ("millers", "Millers", "7"),
            ("other", "Other segments", "5"),
        ],
        "less-salt": [
            ("all", "Everyone", "26"),
            ("bakers", "Bakers", "8"),
            ("farmers", "Farmers", "5"),
            ("millers", "Millers", "7"),
            ("other", "Other segments", "6"),
        ],
        "too-few": [("all", "Everyone", "3")],
    }
    assert [(row["quorum"], row["quorum_reached"]) for row in results[:2]] == [("10", "yes"), ("", "")]


@pytest.mark.usefixtures("held")
async def test_priorities_come_with_points_and_ranks(export):
    everyone = [row for row in rows((await export())["choices.csv"]) if row["segment"] == "all"]
    # Of 26 people 9 ranked a before b, 9 b before a, and 8 c alone.
    assert [(row["option"], row["chosen"], row["points"], row["rank"]) for row in everyone] == [
        ("a", "18", "27", "1"),
        ("b", "18", "27", "1"),
        ("c", "8", "16", "3"),
    ]
    assert everyone[0]["option_title"] == "'=Option a"


@pytest.mark.usefixtures("held")
async def test_words_are_in_what_may_be_published_as_their_authors_allow(export):
    published = rows((await export(Tier.PUBLISHED))["feedback.csv"])
    assert [(row["text"], row["segment"]) for row in sorted(published, key=lambda row: row["text"])] == [
        ("'-Quoted with segment", "bakers"),
        ("'@Quoted without segment", ""),
    ]
    assert not {"pseudonym", "given_at", "edited_at", "attachments"} & set(published[0])
    reasons = rows((await export(Tier.PUBLISHED))["reasons.csv"])
    assert {row["text"] for row in reasons} == {"Because;'=2"}
    assert len(rows((await export(Tier.RECORD))["feedback.csv"])) == 3
    assert {row["text"] for row in rows((await export(Tier.RECORD))["reasons.csv"])} == {"Because;'=2", "'+1 for rain"}


@pytest.mark.usefixtures("held")
async def test_single_ballots_are_never_published(export):
    for what in ("ballots", "questions", "trace"):
        with pytest.raises(ConsultationError) as refusal:
            await export(Tier.PUBLISHED, what)
        assert refusal.value.phrase == "export.record_only"


@pytest.mark.usefixtures("held")
async def test_a_group_and_a_time_choose_polls_and_words(export, clock):
    taste = await export(what="polls", group="taste")
    assert [row["recommendation"] for row in rows(taste["polls.csv"])] == ["less-salt"]
    assert rows((await export(what="feedback", group="taste"))["feedback.csv"]) == []
    assert rows((await export(what="polls", since=clock[-1]))["polls.csv"]) == []
    assert len(rows((await export(what="polls", since=NOW))["polls.csv"])) == 5


@pytest.fixture
async def decided(store, consultation, held, clock):  # noqa: ARG001 - it comes before
    """What moderators and proposers did in the third hour: all that has a time but no vote."""
    moderator = Moderator(7, ModeratorRole.MODERATOR)
    async with store.write() as session:
        for subject in ("less-salt", "more-rye", "more-oats"):
            await outcomes.decide(session, consultation, moderator, subject, Decision.ADOPTED, "It is good.")
        draft = await statements.keep_draft(
            session, consultation, submission=1, user_id=1_001, group="flour", recommendation=None, language="en",
            text="Bake by night.", why="It is cooler.",
        )  # fmt: skip
        await statements.send(session, 1_001, draft.id)
        why = "Why is flour white?"
        await questions.keep(session, consultation, number=5, kind=QuestionKind.UNANSWERED, language="en", text=why)
        await questions.add_answer(session, consultation.id, language="en", question=why, answer="It is sieved.")
    clock.append(clock[-1] + timedelta(hours=1))
    return clock[-2]


@pytest.mark.usefixtures("held")
async def test_a_group_chooses_outcomes_by_the_group_of_what_they_are_about(export, decided):
    assert decided
    for group, subjects in {"flour": {"more-rye"}, "taste": {"less-salt", "more-oats"}}.items():
        found = rows((await export(what="outcomes", group=group))["outcomes.csv"])
        assert {row["recommendation"] for row in found} == subjects


@pytest.mark.parametrize("name", ["outcomes", "proposals", "questions", "answers", "trace"])
async def test_a_time_chooses_whatever_has_one(export, decided, name):
    what = "questions" if name == "answers" else name
    every = rows((await export(what=what))[f"{name}.csv"])
    assert every
    # What is known by its day alone belongs to the whole of it.
    later = decided + timedelta(days=1) if name == "questions" else decided + timedelta(minutes=1)
    assert rows((await export(what=what, since=decided.replace(minute=0)))[f"{name}.csv"]) == every
    assert rows((await export(what=what, since=later))[f"{name}.csv"]) == []


@pytest.mark.usefixtures("held")
async def test_where_a_group_or_a_time_does_not_apply_the_dictionary_says_so(export, library):
    about = {row["table"]: row["en"] for row in rows((await export())["dictionary.csv"]) if not row["column"]}
    by_group, by_time = (library.captions["en"].say(f"export.whole_of_{one}") for one in ("groups", "time"))
    assert {name for name, text in about.items() if by_group in text} == {
        "participants",
        "questions",
        "answers",
        "trace",
    }
    assert {name for name, text in about.items() if by_time in text} == {"participants"}


def test_what_comes_whole_although_something_else_was_chosen_is_known_before():
    assert not_applied(Order(Selection(1, Tier.RECORD))) == {}
    assert not_applied(Order(Selection(1, Tier.RECORD, "flour"), "results")) == {}
    assert not_applied(Order(Selection(1, Tier.RECORD, "flour"), "polis")) == {}
    assert not_applied(Order(Selection(1, Tier.PUBLISHED, "flour", NOW))) == {
        "export.group_not_applied": ["participants"],
        "export.since_not_applied": ["participants"],
    }
    assert not_applied(Order(Selection(1, Tier.RECORD, "flour"), "questions")) == {
        "export.group_not_applied": ["questions", "answers"]
    }


@pytest.mark.usefixtures("held")
async def test_the_dictionary_says_how_texts_stand_in_the_files_it_comes_with(export, library):
    say = library.captions["de"].say
    for what in ("feedback", "polis"):
        first, *_ = rows((await export(what=what))["dictionary.csv"])
        assert (first["table"], first["de"]) == ("*", say("export.texts.csv"))
    lines = (await export(file_format=FileFormat.JSONL))["dictionary.jsonl"].read_text(encoding="utf-8")
    assert json.loads(lines.splitlines()[0])["de"] == say("export.texts.jsonl")
    [path] = (await export(file_format=FileFormat.XLSX)).values()
    assert openpyxl.load_workbook(path)["dictionary"]["D2"].value == say("export.texts.xlsx")


@pytest.mark.usefixtures("held")
async def test_when_somebody_erases_what_they_gave_all_pseudonyms_of_ballots_change_and_no_others(
    store, consultation, export
):
    async def pseudonyms(name):
        return {row["pseudonym"] for row in rows((await export())[f"{name}.csv"])}

    ballots, given = await pseudonyms("ballots"), await pseudonyms("feedback")
    async with BallotBox(store).shut_to(1_020, consultation.id), store.write() as session:
        await rights.erase(session, rights.Person(1_020, consultation.id))
    assert not ballots & await pseudonyms("ballots")
    assert await pseudonyms("feedback") == given


@pytest.mark.usefixtures("held")
async def test_asking_since_one_minute_after_another_does_not_tell_when_private_words_were_given(export):
    counts = {
        minute: len(rows((await export(what="feedback", since=NOW.replace(minute=minute)))["feedback.csv"]))
        for minute in (0, 1, 29, 30, 31)
    }
    assert counts == {0: 3, 1: 0, 29: 0, 30: 0, 31: 0}


async def test_words_are_read_in_blocks_which_keep_their_order(store, consultation, export, clock, monkeypatch):
    monkeypatch.setattr(words, "ROWS_AT_ONCE", 3)
    for who in range(8):
        await say(store, consultation, who, Quotation.WITH_SEGMENT, f"Words {who}")
        clock.append(clock[-1] + timedelta(minutes=20))
    clock.append(clock[-1] + timedelta(hours=1))
    async with store.read() as session:
        blocks = [block async for block in words_in(session, Selection(consultation.id, Tier.RECORD))]
    assert [len(block) for block in blocks] == [3, 3, 2]
    found = [(one["given_at"], one["reference"]) for one in rows((await export(what="feedback"))["feedback.csv"])]
    assert found == sorted(found)
    assert len(set(found)) == 8


@pytest.mark.usefixtures("held")
async def test_participants_are_counted_in_the_whole_consultation_whatever_group_is_asked_for(export):
    everywhere = rows((await export(what="participants"))["participants.csv"])
    assert rows((await export(what="participants", group="taste"))["participants.csv"]) == everywhere
    assert {row["segment"]: row["participants"] for row in everywhere} == {
        "all": "26",
        "bakers": "8",
        "millers": "7",
        "farmers": "5",
        "other": "6",
    }
    published = rows((await export(Tier.PUBLISHED, "participants"))["participants.csv"])
    assert [(row["segment"], row["participants"]) for row in published] == [("all", "26")]


@pytest.mark.usefixtures("held")
async def test_every_format_holds_the_same(export):
    as_csv = await export(file_format=FileFormat.CSV)
    as_lines = await export(file_format=FileFormat.JSONL)
    [path] = (await export(file_format=FileFormat.XLSX)).values()
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[0] == "dictionary"
    for name in TABLES.keys() - {"trace"}:
        expected = [json.loads(line) for line in as_lines[f"{name}.jsonl"].read_text(encoding="utf-8").splitlines()]
        head, *found = book[name].iter_rows(values_only=True)
        assert [dict(zip(head, map(told, row), strict=True)) for row in found] == [
            {key: rounded(value) for key, value in row.items()} for row in expected
        ]
        assert len(rows(as_csv[f"{name}.csv"])) == len(expected)
        for row, wanted in zip(rows(as_csv[f"{name}.csv"]), expected, strict=True):
            plain = {column.name for column in TABLES[name].columns if column.kind not in {Kind.TEXT, Kind.SHARE}}
            assert {key: row[key] for key in plain} == {
                key: "" if wanted[key] is None else str(wanted[key]) for key in plain
            }


def told(value):
    return f"{value:%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else rounded(value)


def rounded(value):
    """A workbook keeps a digit less than a float has."""
    return round(value, 12) if isinstance(value, float) else value


@pytest.mark.usefixtures("held")
async def test_pseudonyms_are_the_same_in_every_export(export):
    for name in ("ballots.csv", "feedback.csv"):
        once, again = [rows((await export())[name]) for _ in range(2)]
        assert once == again


@pytest.mark.usefixtures("held")
async def test_large_tables_come_in_numbered_parts(export):
    whole = await export(what="ballots")
    parts = await export(what="ballots", limit=3_000)
    names = [name for name in parts if name.startswith("ballots")]
    assert len(names) > 1
    assert all(path.stat().st_size <= 3_000 for path in parts.values())
    assert [row for name in names for row in rows(parts[name])] == rows(whole["ballots.csv"])


@pytest.mark.usefixtures("held")
async def test_rows_are_counted_while_they_are_written(store, library, consultation, tmp_path):
    progress = Progress()
    order = Order(Selection(consultation.id, Tier.RECORD), "ballots")
    await asyncio.to_thread(write_files, store, order, library, tmp_path, None, progress)
    assert progress.rows == len(FIRST) * 2 + len(SECOND) + len(PEOPLE) + len(FEW) + 3  # and three options


@pytest.mark.usefixtures("held")
async def test_rows_of_polis_are_counted_too(store, library, consultation, tmp_path):
    progress = Progress()
    order = Order(Selection(consultation.id, Tier.RECORD), "polis")
    files = await asyncio.to_thread(write_files, store, order, library, tmp_path, None, progress)
    written = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files if path.stem != "dictionary")
    assert progress.rows == written - 4, "four of the files begin with a head"


@pytest.mark.usefixtures("held")
async def test_rows_are_counted_once_where_a_workbook_is_written_again_in_parts(store, library, consultation, tmp_path):
    order = Order(Selection(consultation.id, Tier.RECORD), "ballots", FileFormat.XLSX)
    at_once, in_parts = Progress(), Progress()
    [whole] = await asyncio.to_thread(write_files, store, order, library, tmp_path, None, at_once)
    too_little = whole.stat().st_size - 1
    await asyncio.to_thread(write_files, store, order, library, tmp_path, too_little, in_parts)
    assert in_parts.attempt > at_once.attempt == 1
    assert in_parts.rows == at_once.rows


@pytest.mark.usefixtures("held")
async def test_writing_files_keeps_no_vote_waiting(store, consultation):
    """The store takes a ballot while an export holds its reading transaction open."""
    async with store.read_apart() as session:
        await polls.ended_polls(session, consultation.id)
        await vote(store, consultation, "meanwhile", {0: SUPPORT}, end=False)


async def test_the_polis_set_has_exactly_the_columns_of_its_format(held, export):
    files = await export(what="polis")
    heads = {name: path.read_text(encoding="utf-8").split("\n")[0] for name, path in files.items()}
    ids = [str(held[key].id) for key in ("more-rye", "less-salt", "too-few", "secret")]
    assert heads["comments.csv"] == (
        "timestamp,datetime,comment-id,author-id,agrees,disagrees,moderated,comment-body,"
        "is-meta,is-seed,group-informed-consensus"
    )
    assert heads["votes.csv"] == "timestamp,datetime,comment-id,voter-id,vote"
    assert heads["participant-votes.csv"] == ",".join(
        ["participant,group-id,n-comments,n-votes,n-agree,n-disagree", *ids]
    )
    assert heads["comment-groups.csv"].startswith(
        "comment-id,comment,total-votes,total-agrees,total-disagrees,total-passes"
    )
    with files["summary.csv"].open(encoding="utf-8", newline="") as file:
        summary = dict(csv.reader(file))
    assert summary == {
        "topic": "Flour for tomorrow",
        "url": "",
        "voters": "26",
        "voters-in-conv": "26",
        "commenters": "1",
        "comments": "4",
        "groups": "4",
        "conversation-description": "Flour for tomorrow",
    }


async def test_the_files_of_the_polis_set_agree_with_one_another_and_with_the_results(store, consultation, export):
    both = dict(enumerate([SUPPORT, OBJECT, ACCEPT, PASS, OBJECT] * 3))
    ended = [await vote(store, consultation, name, both) for name in ("more-rye", "less-salt")]
    files = {name.removesuffix(".csv"): rows(path) for name, path in (await export(what="polis")).items()}

    assert [row["comment-body"] for row in files["comments"]] == ["It keeps;' -1."] * 2
    for comment, groups in zip(files["comments"], files["comment-groups"], strict=True):
        votes = [row["vote"] for row in files["votes"] if row["comment-id"] == comment["comment-id"]]
        assert (votes.count("1"), votes.count("-1"), votes.count("0")) == (6, 6, 3)
        assert (comment["agrees"], comment["disagrees"]) == ("6", "6")
        column = [row[comment["comment-id"]] for row in files["participant-votes"]]
        assert Counter(column) == Counter(votes)
        product = 1.0
        for letter, number in zip("ab", ("0", "1"), strict=True):
            own = [row[comment["comment-id"]] for row in files["participant-votes"] if row["group-id"] == number]
            assert int(groups[f"group-{letter}-votes"]) == len(own) >= SMALLEST_SEGMENT
            assert int(groups[f"group-{letter}-agrees"]) == own.count("1")
            assert int(groups[f"group-{letter}-disagrees"]) == own.count("-1")
            assert int(groups[f"group-{letter}-passes"]) == own.count("0")
            product *= (own.count("1") + 1) / (len(own) + 2)
        assert float(comment["group-informed-consensus"]) == pytest.approx(product)
    assert len({row["voter-id"] for row in files["votes"]}) == len(files["participant-votes"]) == 15
    assert {row["n-votes"] for row in files["participant-votes"]} == {"2"}
    assert {row["timestamp"] for row in files["votes"]} == {str(int(one.ended_at.timestamp())) for one in ended}
    assert {row["datetime"] for row in files["votes"]} == {"Fri Mar 01 09:30:00 UTC 2030"}
    letters = {row["column"]: row["en"] for row in files["dictionary"]}
    assert (letters["group-a"], letters["group-b"]) == ("Bakers", "Millers")


@pytest.mark.usefixtures("held")
async def test_what_may_be_published_as_polis_has_no_votes(export):
    files = await export(Tier.PUBLISHED, "polis")
    assert set(files) == {"summary.csv", "comments.csv", "comment-groups.csv", "dictionary.csv"}


async def polis_of_every_selection(export, tier):
    """Return the contents of Polis's set for several selections, but for the single votes, which are in the record."""
    every = []
    for chosen in ({}, {"group": "flour"}, {"group": "taste"}, {"since": NOW}, {"group": "flour", "since": NOW}):
        files = await export(tier, "polis", **chosen)
        every.append({name: path.read_bytes() for name, path in files.items() if "votes" not in name})
    return every


@pytest.mark.parametrize("tier", Tier)
async def test_no_number_of_the_polis_set_tells_where_somebody_voted_who_erased_it(store, consultation, export, tier):
    for number, subject in enumerate(("more-rye", "less-salt", "whole-grain")):
        answers = {who: (SUPPORT, OBJECT)[who % 2] for who in range(12)}
        await vote(store, consultation, subject, answers, group="taste" if number else "flour")
    before = await polis_of_every_selection(export, tier)
    assert b"\nvoters,12\n" in before[0]["summary.csv"]

    async with BallotBox(store).shut_to(1_005, consultation.id), store.write() as session:
        await rights.erase(session, rights.Person(1_005, consultation.id))

    assert await polis_of_every_selection(export, tier) == before


@pytest.mark.usefixtures("held")
async def test_ids_of_polis_are_no_pseudonyms_of_other_files(export):
    voters = {row["participant"] for row in rows((await export(what="polis"))["participant-votes.csv"])}
    elsewhere = b"".join(path.read_bytes() for path in (await export()).values())
    assert not [voter for voter in voters if voter.encode() in elsewhere]


@pytest.mark.usefixtures("held")
async def test_large_files_of_polis_come_in_numbered_parts_with_the_same_head(export):
    whole = await export(what="polis")
    limit = whole["votes.csv"].stat().st_size - 1
    parts = await export(what="polis", limit=limit)
    assert {"votes-1.csv", "votes-2.csv", "comments.csv", "summary.csv"} <= set(parts)
    assert all(path.stat().st_size <= limit for path in parts.values())
    for name in ("votes", "participant-votes", "comments", "comment-groups"):
        its = [rows(path) for part, path in parts.items() if re.fullmatch(rf"{name}(-\d+)?\.csv", part)]
        assert [row for part in its for row in part] == rows(whole[f"{name}.csv"])


@pytest.mark.usefixtures("held")
async def test_a_row_of_polis_that_fits_into_no_part_is_told(export):
    with pytest.raises(ConsultationError) as refusal:
        await export(what="polis", limit=100)
    assert refusal.value.phrase == "export.too_large"


@pytest.mark.parametrize("what", WHAT)
@pytest.mark.parametrize("file_format", FileFormat)
async def test_a_consultation_in_which_nothing_happened_can_be_exported(export, what, file_format):
    assert await export(what=what, file_format=file_format)


def test_every_table_belongs_to_a_subject_that_can_be_asked_for():
    assert {name for subject, names in SUBJECTS.items() if subject != EVERYTHING for name in names} == set(TABLES)


def test_an_order_is_kept_in_the_trace_in_a_few_words():
    order = Order(Selection(1, Tier.RECORD, "flour", NOW), "ballots", FileFormat.XLSX)
    assert str(order) == "ballots record xlsx flour since 2030-03-01"
    assert str(Order(Selection(1))) == "everything published csv"


async def test_outcomes_may_be_published_and_proposals_are_for_moderators_once_their_hour_is_over(
    store, consultation, export, clock
):
    moderator = Moderator(7, ModeratorRole.MODERATOR)
    async with store.write() as session:
        await outcomes.decide(
            session, consultation, moderator, "more-rye", Decision.AMENDED, "=Too dry", wording={"en": "More oats."}
        )
        draft = await statements.keep_draft(
            session,
            consultation,
            submission=1,
            user_id=1_001,
            group="flour",
            recommendation=None,
            language="en",
            text="+Bake by night.",
            why="It is cooler.",
        )
        await statements.send(session, 1_001, draft.id)
    assert rows((await export())["proposals.csv"]) == []

    clock.append(NOW + timedelta(hours=1))
    files = await export()
    [proposal] = rows(files["proposals.csv"])
    [outcome] = rows((await export(Tier.PUBLISHED))["outcomes.csv"])

    assert (proposal["state"], proposal["text"], proposal["why"]) == ("pending", "'+Bake by night.", "It is cooler.")
    assert (outcome["decision"], outcome["reason"], outcome["new_wording"]) == ("amended", "'=Too dry", "More oats.")
    assert "proposals.csv" not in await export(Tier.PUBLISHED)
    assert rows((await export(group="taste"))["proposals.csv"]) == []
