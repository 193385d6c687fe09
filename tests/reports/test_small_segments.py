"""Whoever has every published file tries to find how many ballots a segment with fewer than five has."""

import asyncio
import csv
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import product

import docx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from content.phrases import Phrases
from models import consultations, participants, polls, rights
from models.ballot_box import BallotBox
from models.exports import Selection, Tier
from models.records import Ballot, BallotPaper, Option, PollKind, Position, Quotation, Wording
from models.sealing import Sealer
from models.store import open_store
from models.tally import OTHER, SMALLEST_SEGMENT
from reports.captions import Captions
from reports.exports import Library, Order, write_files
from reports.overview import read_overview, read_whole
from reports.overview_charts import draw_overview
from reports.page import draw_page
from reports.plan import draw_plan
from reports.plan_data import plan_content

NOW = datetime(2030, 3, 1, 9, 30, tzinfo=UTC)
SEGMENTS = ("bakers", "farmers", "shops", "brewers")
EVERYONE = "all"
GROUPS = ("flour", "taste")
CHOICE = BallotPaper(PollKind.SINGLE, (Option("a", {"en": "Rye"}), Option("b", {"en": "Oats"})), 1)

MOST_OF_ONE = 8

# How many people of each segment vote, in each poll.
VOTERS = st.lists(
    st.tuples(*(st.integers(0, MOST_OF_ONE) for _ in SEGMENTS)).map(
        lambda counts: dict(zip(SEGMENTS, counts, strict=True))
    ),
    min_size=1,
    max_size=3,
)


@dataclass
class Known:
    """What files say: of each poll every table that any of them shows, and its reasons; how many people joined.

    A table is the ballots by row, with all under `EVERYONE`; `reasons` count those that bear a segment.
    """

    tables: dict[str, set[frozenset[tuple[str, int]]]] = field(default_factory=dict)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    people: dict[str, int] = field(default_factory=dict)


def as_published(counts):
    """Return the rows that the rule of the house shows, written down here a second time."""
    cast = {segment: number for segment, number in counts.items() if number}
    small = {segment: number for segment, number in cast.items() if number < SMALLEST_SEGMENT}
    if len(small) == len(cast) or 0 < sum(small.values()) < SMALLEST_SEGMENT:
        return {}
    rows = {segment: number for segment, number in cast.items() if segment not in small}
    return rows | ({OTHER: sum(small.values())} if small else {})


def table_of(counts):
    return frozenset({EVERYONE: sum(counts.values()), **as_published(counts)}.items())


def possible(tables, known, poll):
    """Return every way in which ballots may have been cast that agrees with some tables and what else is known."""
    most = max(dict(table)[EVERYONE] for table in tables)
    every = product(range(min(most, MOST_OF_ONE) + 1), repeat=len(SEGMENTS) - 1)
    ways = ({**dict(zip(SEGMENTS[1:], some, strict=True)), SEGMENTS[0]: most - sum(some)} for some in every)
    return [
        counts
        for counts in ways
        if counts[SEGMENTS[0]] >= 0 and all(_agrees(counts, table) for table in tables) and _fits(counts, known, poll)
    ]


def _agrees(counts, table):
    """Say whether a table may show these counts; one that shows a small segment's row is taken at its word."""
    shown = dict(table)
    small = {row: number for row, number in shown.items() if row in counts and number < SMALLEST_SEGMENT}
    if small:
        return all(counts[row] == number for row, number in small.items())
    return table_of(counts) == table


def _fits(counts, known, poll):
    """Say whether nobody has more ballots than people, or fewer than reasons."""
    if any(counts[segment] < known.reasons[poll, segment] for segment in SEGMENTS):
        return False
    rows = {row: number for row, number in known.people.items() if row != EVERYONE}
    if not rows:
        return True
    merged = sum(number for segment, number in counts.items() if segment not in rows)
    return merged <= rows.get(OTHER, 0) and all(counts[row] <= number for row, number in rows.items() if row in counts)


def certain(ways):
    """Return what of small segments is the same in every way, where there is any ballot of theirs."""
    first, *others = ways or [{}]
    return {
        (segment, number)
        for segment, number in first.items()
        if 0 < number < SMALLEST_SEGMENT and all(way[segment] == number for way in others)
    }


def found(known):
    """Attack: return the small segments whose ballots all files together tell, and no table of the poll by itself."""
    nothing_else = Known()
    return {
        (poll, *pair)
        for poll, tables in known.tables.items()
        for pair in certain(possible(tables, known, poll))
        - set().union(*(certain(possible({table}, nothing_else, poll)) for table in tables if _keeps_the_rule(table)))
    }


def _keeps_the_rule(table):
    return all(number >= SMALLEST_SEGMENT for row, number in table if row != EVERYONE)


def rows(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def learn(known, files):
    """Add to what is known what the files of an export say."""
    for name in ("results.csv", "choices.csv"):
        by_poll: dict[str, dict[str, int]] = {}
        for row in rows(files[name]) if name in files else []:
            by_poll.setdefault(row["poll"], {})[row["segment"]] = int(row["ballots"])
        for poll, counts in by_poll.items():
            known.tables.setdefault(poll, set()).add(frozenset(counts.items()))
    if "comment-groups.csv" in files:
        titles = {captions().segment(OTHER): OTHER}
        letters = {row["column"]: titles.get(row["en"], row["en"]) for row in rows(files["dictionary.csv"])}
        for row in rows(files["comment-groups.csv"]):
            counts = {EVERYONE: int(row["total-votes"])}
            groups = [column.removesuffix("-votes") for column in row if column.startswith("group-")]
            counts |= {letters[one]: int(row[f"{one}-votes"]) for one in groups if row.get(f"{one}-votes", "0") != "0"}
            known.tables.setdefault(row["comment-id"], set()).add(frozenset(counts.items()))
    if "participants.csv" in files:
        known.people = {row["segment"]: int(row["participants"]) for row in rows(files["participants.csv"])}
        known.reasons = Counter((row["poll"], row["segment"]) for row in rows(files["reasons.csv"]) if row["segment"])


def captions():
    return Captions(Phrases.load(), "en", {segment: segment for segment in SEGMENTS})


class Town:
    """A consultation in a store of its own, whose people vote, and its published files."""

    def __init__(self, folder):
        self.folder = folder
        self.exports = 0

    async def __aenter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.store = await open_store(f"sqlite+aiosqlite:///{self.folder}/town.db", Sealer(bytes(64)), lambda: NOW)
        async with self.store.write() as session:
            prepared = await consultations.prepare(session, 100, "mill", ("en",))
            self.consultation = await consultations.open_consultation(session, prepared.id)
        return self

    async def __aexit__(self, *_):
        await self.store.close()

    async def hold(self, votes, subjects=("rye", "oats", "salt"), groups=GROUPS):
        """Let all join and vote; the same people of a segment come first in every poll, and answer in turn."""
        who = {segment: 1_000 * place for place, segment in enumerate(votes[0], 1)}
        async with self.store.write() as session:
            for segment, first in who.items():
                for person in range(max(counts[segment] for counts in votes)):
                    await participants.join(session, self.consultation.id, first + person, segment, [])
        for number, (subject, counts) in enumerate(zip(subjects, votes, strict=False)):
            await self._vote(subject, groups[number % 2], counts, who, CHOICE if number == 2 else None)

    async def _vote(self, subject, group, counts, who, paper):
        async with self.store.write() as session:
            wording = {"en": Wording(subject, "")}
            poll = await polls.open_poll(
                session, self.consultation, subject, group, wording, None, paper=paper or BallotPaper()
            )
        box = BallotBox(self.store)
        # Answers go round over all, so that they are the same whichever small segment somebody is in.
        voters = [(first + person, segment) for segment, first in who.items() for person in range(counts[segment])]
        for place, (person, segment) in enumerate(voters):
            answer = "ab"[place % 2] if paper else list(Position)[place % 4]
            reason = ("A reason.", Quotation.WITH_SEGMENT) if answer is Position.OBJECT else ()
            await box.cast(Ballot(poll.id, person, segment, answer, *reason))
        await box.drain()
        async with self.store.write() as session:
            await polls.end(session, poll.id, "It is over.")

    async def erase(self, person):
        async with BallotBox(self.store).shut_to(person, self.consultation.id), self.store.write() as session:
            await rights.erase(session, rights.Person(person, self.consultation.id))

    async def export(self, what="everything", **chosen):
        self.exports += 1
        folder = self.folder / str(self.exports)
        folder.mkdir()
        order = Order(Selection(self.consultation.id, Tier.PUBLISHED, **chosen), what)
        library = Library("en", {"en": ""}, {"en": ""}, {"en": captions()}, {})
        return {path.name: path for path in await asyncio.to_thread(write_files, self.store, order, library, folder)}

    async def every_export(self):
        chosen = [{}, {"group": GROUPS[0], "since": NOW}]
        return [await self.export(what, **one) for one in chosen for what in ("everything", "polis")]


def test_the_rule_written_down_here_is_that_of_the_house():
    assert as_published({"bakers": 8, "farmers": 4, "shops": 3, "brewers": 0}) == {"bakers": 8, OTHER: 7}
    assert as_published({"bakers": 8, "farmers": 4, "shops": 0, "brewers": 0}) == {}
    assert as_published({"bakers": 4, "farmers": 4, "shops": 0, "brewers": 0}) == {}


CLOSE = {"bakers": 8, "farmers": 4, "shops": 3, "brewers": 2}


def test_the_attack_finds_a_small_segment_where_participants_are_published_by_segment():
    known = Known({"1": {table_of(CLOSE)}}, people={EVERYONE: 18, "bakers": 8, "farmers": 5, OTHER: 5})
    assert found(known) == {("1", "farmers", 4)}


def test_the_attack_finds_a_small_segment_where_one_file_merges_otherwise():
    unmerged = frozenset({EVERYONE: 17, "bakers": 8, "farmers": 4, OTHER: 5}.items())
    assert found(Known({"1": {table_of(CLOSE), unmerged}})) >= {("1", "farmers", 4)}


def test_the_attack_finds_a_small_segment_where_a_reason_tells_a_merged_one():
    assert found(Known({"1": {table_of(CLOSE)}}, Counter({("1", "farmers"): 4}))) == {("1", "farmers", 4)}


def test_what_the_rule_itself_tells_is_no_find():
    known = Known({"1": {table_of({"bakers": 8, "farmers": 5, "shops": 4, "brewers": 4})}})
    assert certain(possible(known.tables["1"], known, "1")) == {("shops", 4), ("brewers", 4)}
    assert found(known) == set()


@settings(deadline=None, max_examples=4, suppress_health_check=[HealthCheck.too_slow])
@given(VOTERS, st.sampled_from([1_000, 2_000, 3_000]))
@example([CLOSE, {"bakers": 8, "farmers": 5, "shops": 3, "brewers": 2}], 2_000)
def test_all_published_files_together_tell_no_more_of_a_small_segment_than_each_table(tmp_path_factory, votes, erased):
    async def attack():
        async with Town(tmp_path_factory.mktemp("town")) as town:
            await town.hold(votes)
            before = await town.every_export()
            await town.erase(erased)
            after = await town.every_export()
            async with town.store.read() as session:
                overview = await read_overview(session, town.consultation.id)
        known = Known()
        for files in (*before, *after):
            learn(known, files)
        assert found(known) == set()
        assert all(len(tables) == 1 for tables in known.tables.values()), "all files show the same table"
        assert known.people.keys() == {EVERYONE}
        shown = Counter[str]()
        for (table,) in known.tables.values():
            shown.update({row: number for row, number in table if row != EVERYONE})
        if overview.turnout:
            told = {row: overview.turnout.total(row) for row in overview.turnout.rows if row is not None}
            assert told == shown, "turnout adds up rows of tables, and nothing else"

    asyncio.run(attack())


@pytest.fixture
def two_towns(catalogue):
    """Two consultations of the same tables; what their small segments cast differs, their members too."""
    large, one, other, third = list(catalogue.segments)[:4]
    subjects = list(catalogue.recommendations)[:2]
    votes = [
        [{large: 8, one: 4, other: 2, third: 5}, {large: 7, one: 4, other: 2, third: 1}],
        [{large: 8, one: 3, other: 3, third: 5}, {large: 7, one: 3, other: 3, third: 1}],
    ]
    groups = tuple(catalogue.recommendations[subject].group for subject in subjects)
    return votes, subjects, groups


def texts_of(document):
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    written = [*(paragraph.text for paragraph in document.paragraphs), *cells]
    return sorted(re.sub(r"V\d+-\d+", "V", text) for text in written)


async def test_two_consultations_with_the_same_tables_have_the_same_files_pictures_page_and_plan(
    tmp_path, catalogue, two_towns
):
    votes, subjects, groups = two_towns
    titles = {key: segment.title.in_language("en") for key, segment in catalogue.segments.items()}
    names = Captions(Phrases.load(), "en", titles)
    made = []
    for number, cast in enumerate(votes):
        async with Town(tmp_path / str(number)) as town:
            await town.hold(cast, subjects, groups)
            # Here as in what follows, reasons come in an order of chance.
            files = [
                {name: sorted(path.read_bytes().splitlines()) for name, path in one.items()}
                for one in await town.every_export()
            ]
            async with town.store.read() as session:
                overview, plan = await read_whole(session, town.consultation.id)
        content = plan_content(catalogue, "en")
        (tmp_path / "plan.docx").write_bytes(draw_plan(plan, content, names))
        page = sorted(draw_page(overview, plan, content, names).splitlines())
        written = texts_of(docx.Document(str(tmp_path / "plan.docx")))
        made.append((files, draw_overview(overview, content, names), page, written))
    one, other = made
    assert one == other
