"""Whatever people write comes back exactly from the store and the export, and does no harm on any card."""

import asyncio
import csv
import io
import itertools
import re
from collections.abc import Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from simcord import HttpLogEntry

from cogs.ui.layout import harmless
from cogs.ui.review_cards import PART_LENGTH, REPLY_LENGTH, opened_card, packed, parts_of, queue_card, reply_card
from cogs.ui.texts import Speech
from content.catalogue import LANGUAGES, Catalogue
from models import consultations, feedback
from models.records import Attachment, Consultation, Feedback, FeedbackKind, Quotation, ThreadMessage
from models.review import MOST_THEMES, THEME_LENGTH, Opened, Reply
from models.review_queue import PAGE, Queue, Shown, Wanted
from models.sealing import Sealer
from models.store import Store, open_store
from models.texts import clean, is_blank, visible
from reports.csv_files import csv_encoder, csv_head
from reports.tables import Column, Kind
from tests.cogs.limits import breaches
from tests.reports.test_csv_files import ADDED

unhurried = settings(deadline=None, derandomize=True)
NOW = datetime(2030, 3, 1, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)

MARKUP = ["*", "_", "`", "~~", "||", "\\", "[a](https://x.y)", "<@123456789012345678>", "<#1>", "<t:1:R>", "@everyone"]
MORE = ["@here", "# ", "-# ", "> ", ">>> ", "- ", "1. ", "```", "https://discord.gg/x", '=HYPERLINK("x")', "\u202e"]
SPACES = ["\n", "\r\n", "\t", " ", "\u2028", "\x00", ";", ",", "'", "\u200b"]
PIECES = st.sampled_from([*MARKUP, *MORE, *SPACES, "é", "漢", "🧬"])
ANY = st.text(max_size=4_000) | st.lists(PIECES, max_size=60).map("".join)
NOT_BLANK = ANY.filter(lambda words: not is_blank(words))


class Room:
    """A store with an open consultation in it, in an event loop of its own."""

    def __init__(self, url: str, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._runner = asyncio.Runner()
        self.moment = NOW
        self.numbers = itertools.count(1)
        self.store: Store = self.run(open_store(url, Sealer(bytes(range(64))), lambda: self.moment))
        self.consultation: Consultation = self.run(self._open())

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._runner.run(work)

    def close(self) -> None:
        self.run(self.store.close())
        self._runner.close()

    async def _open(self) -> Consultation:
        async with self.store.write() as session:
            prepared = await consultations.prepare(session, 1, "sample", ("en",))
            return await consultations.open_consultation(session, prepared.id)

    async def say(self, words: str, edited: str) -> list[Feedback]:
        """Give words in private and in a thread, edit those; return what the record has of both."""
        self.moment = NOW
        number = next(self.numbers)
        message = ThreadMessage(number, 5, words, None, "r", NOW)
        async with self.store.write() as session:
            await feedback.give_private(
                session,
                self.consultation,
                submission=number,
                user_id=5,
                text=words,
                quotation=Quotation.NOT,
                group=None,
                recommendation=None,
            )
            await feedback.record_messages(session, self.consultation, [message])
            await feedback.edit_message(session, self.consultation.id, number, edited)
        self.moment = LATER
        async with self.store.read() as session:
            record = await feedback.recorded_feedback(session, self.consultation.id)
        return sorted(record, key=lambda one: one.id)[-2:]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, catalogue: Catalogue) -> Iterator[Room]:
    made = Room(f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('words') / 'consultation.db'}", catalogue)
    yield made
    made.close()


@settings(parent=unhurried, max_examples=60)
@given(NOT_BLANK, ANY)
@example('=HYPERLINK("https://x.y", "@everyone")', "😀" * 4_000)
@example("\x00'; DROP TABLE feedback; --", "\u202e" * 10)
def test_words_come_back_exactly_from_the_store_and_from_the_export(room: Room, words: str, edited: str) -> None:
    record = room.run(room.say(words, edited))
    assert {one.kind: one.text for one in record} == {
        FeedbackKind.PRIVATE: words,
        FeedbackKind.THREAD: clean(edited) or "",
    }
    columns = (Column("kind"), Column("text", Kind.TEXT))
    file = csv_head(columns) + csv_encoder(columns)([(one.kind.value, one.text) for one in record])
    rows = csv.DictReader(io.StringIO(file.decode("utf-8-sig"), newline=""), strict=True)
    assert {row["kind"]: ADDED.sub("", row["text"]) for row in rows} == {
        "private": words,
        "thread": clean(edited) or "",
    }


ESCAPED = re.compile(r"\\([^0-9A-Za-z\s])")
LINE_STARTS = re.compile(r"(?m)^\s*(?:[-+#>]|\d+\.)")


@settings(parent=unhurried, max_examples=300)
@given(ANY)
@example("".join(MARKUP + MORE))
def test_on_a_card_words_read_as_they_were_written_without_formatting_mentions_or_links(words: str) -> None:
    drawn = harmless(words)
    assert ESCAPED.sub(r"\1", drawn) == visible(words).replace("@", "@\u200b")
    live = ESCAPED.sub("", drawn)
    assert not set("*_`~|<>[]\\") & set(live)
    assert "://" not in live
    assert not LINE_STARTS.search(drawn)
    assert not re.search(r"@(everyone|here|[!&]?\d{17,20})", drawn)


@settings(parent=unhurried, max_examples=200)
@given(ANY)
@example("*" * 4_000)
@example("a\n" * 2_000)
def test_a_long_text_is_cut_into_parts_that_fit_and_lose_nothing(words: str) -> None:
    parts = parts_of(words)
    assert "".join(parts) == words
    assert all(len(harmless(part)) <= PART_LENGTH for part in parts)
    assert len(parts) == 1 or all(parts)


def contribution(words: str, kind: FeedbackKind, key: str, group: str) -> Feedback:
    """Return feedback with as much around its words as there may be."""
    return Feedback(
        id=1,
        reference="F-2345678",
        kind=kind,
        group=group,
        recommendation=key,
        pseudonym="P-AAAAAAAAAA",
        segment="academia",
        text=words,
        quotation=Quotation.WITH_SEGMENT,
        given_at=NOW,
        edited_at=NOW,
        attachments=(Attachment(words[:200] or "x", "application/pdf", 10**9),) * 10,
        message_id=2**63,
        channel_id=2**63,
        answered=True,
        pinned=True,
        themes=(words[:THEME_LENGTH] or "x",) * MOST_THEMES,
        earlier=9,
        version=1_000,
    )


def refused(view: discord.ui.LayoutView) -> list[str]:
    """Return what Discord would refuse of a card."""
    return breaches([HttpLogEntry("POST", "/", {}, {"components": view.to_components()}, None)])


@settings(parent=unhurried, max_examples=80)
@given(ANY, st.sampled_from(LANGUAGES), st.sampled_from(FeedbackKind))
@example("*" * 4_000, "de", FeedbackKind.PRIVATE)
@example("", "fr", FeedbackKind.THREAD)
@example(" " * 2_000 + "x", "nl", FeedbackKind.THREAD)
def test_any_words_fit_the_cards_of_moderators_and_the_public_answer(
    room: Room, words: str, language: str, kind: FeedbackKind
) -> None:
    catalogue = room.catalogue
    longest = max(catalogue.recommendations.values(), key=lambda one: len(one.title.in_language(language)))
    one = contribution(words, kind, longest.key, longest.group)
    say = Speech(language)
    wanted = Wanted(None, longest.key, Shown.UNANSWERED, 10**5, kind)
    listed = Queue((one,) * PAGE, 1, 3, 5, 15, 15)
    consultation = Consultation(1, 2**63, "x", "open", ("de", "fr"), NOW, {})  # type: ignore[arg-type]
    answer = (words * REPLY_LENGTH)[:REPLY_LENGTH] or "x"
    opened = Opened(one, (Reply(1, answer, NOW, 2**63, 2**63), Reply(2, answer, NOW, None, None)))

    assert not refused(queue_card(catalogue, listed, {}, wanted, [], say))
    for part in range(len(parts_of(words))):
        place = (packed(wanted), 100, part)
        assert not refused(opened_card(catalogue, consultation, opened, {}, place, say, "https://x.y"))
    if harmless(answer).strip():
        assert not refused(reply_card(catalogue, one, answer, [Speech("de"), Speech("fr")]))
