import csv
import io
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.records import (
    Attachment,
    Feedback,
    FeedbackKind,
    ModeratorRole,
    ModeratorsAnswer,
    OpenQuestion,
    Poll,
    Position,
    QuestionKind,
    Quorum,
    Quotation,
    Reason,
    RecordedBallot,
    TraceEntry,
)
from models.tally import tally
from reports.captions import Captions
from reports.csv_files import FILES, export_files
from reports.record import PollRecord, Record

NOTHING = Record(polls=(), feedback=())
COMMENT = Feedback(
    id=1,
    reference="F-2345678",
    kind=FeedbackKind.PRIVATE,
    group="flour",
    recommendation=None,
    pseudonym="P-AAAAAAAAAA",
    segment="bakers",
    text="Rye is dear.",
    quotation=Quotation.NOT,
    given_at=datetime(2030, 3, 2, 12, 34, 56, 999, tzinfo=UTC),
    edited_at=None,
)
# What a reader does who wants the texts as they were given; the rule is the one that reports/csv_files.py tells.
UNSEEN = r"\x00-\x09\x0b\x0c\x0e-\x20\x7f-\xa0\xad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff'\""
ADDED = re.compile(rf"(?<![^;\r\n])'(?=[{UNSEEN}]*[=+\-@＝＋－＠])|\A'(?='*[\t\r\n])")
FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
HOSTILE = st.text(st.sampled_from("=+-@＝＠\t\r\n;,'\" \x00\u200b\ufeff\ud800aé€"), max_size=12)


def rows_of(file: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.decode("utf-8-sig"), newline=""), strict=True))


def exported(text: str, captions: Captions) -> str:
    [row] = rows_of(export_files(replace(NOTHING, feedback=(replace(COMMENT, text=text),)), captions)["feedback.csv"])
    return row["text"]


def counted(
    poll: Poll,
    *counts: tuple[str, Position, int],
    ballots: tuple[RecordedBallot, ...] = (),
    reasons: tuple[Reason, ...] = (),
) -> PollRecord:
    return PollRecord(poll, tally(counts), ballots, reasons)


def test_an_empty_record_gives_files_with_their_columns(captions):
    files = export_files(NOTHING, captions)
    assert sorted(files) == sorted(FILES)
    for file in files.values():
        assert file.startswith(b"\xef\xbb\xbf")
        assert file.endswith(b"\r\n")
        assert file.count(b"\r\n") == 1


def test_questions_without_an_answer_have_their_count_and_last_day_and_nothing_of_a_person(captions):
    asked = OpenQuestion(5, QuestionKind.UNANSWERED, "en", "=Who pays?", 3, date(2030, 3, 2))
    [row] = rows_of(export_files(replace(NOTHING, questions=(asked,)), captions)["questions.csv"])
    assert row == {
        "kind": "unanswered",
        "language": "en",
        "question": "'=Who pays?",
        "count": "3",
        "last_day": "2030-03-02",
    }


def test_the_moderators_answers_are_told_with_those_that_were_removed(captions):
    added = datetime(2030, 3, 2, 12, tzinfo=UTC)
    answers = (
        ModeratorsAnswer(1, 1, "en", "Who pays?", "@Nobody.", added, added + timedelta(days=1)),
        ModeratorsAnswer(2, 1, "fr", "Qui paie ?", "Personne.", added, None),
    )
    removed, served = rows_of(export_files(replace(NOTHING, answers=answers), captions)["answers.csv"])
    assert (removed["text"], removed["removed_at"]) == ("'@Nobody.", "2030-03-03T12:00:00Z")
    assert (served["answer"], served["language"], served["removed_at"]) == ("2", "fr", "")


def test_results_have_a_row_for_all_and_one_for_each_published_segment(poll, captions):
    record = counted(
        poll,
        ("bakers", Position.SUPPORT, 5),
        ("bakers", Position.OBJECT, 1),
        ("millers", Position.ACCEPT, 3),
        ("farmers", Position.PASS, 2),
    )
    rows = rows_of(export_files(Record((record,), ()), captions)["results.csv"])
    assert [(row["segment"], row["segment_title"], row["ballots"]) for row in rows] == [
        ("all", "Everyone", "11"),
        ("bakers", "Bakers of bread", "6"),
        ("other", "Other segments", "5"),
    ]
    assert rows[0] == {
        "recommendation": "more-rye",
        "title": "Grow more rye",
        "poll": "7",
        "opened_at": "2030-03-01T09:00:00Z",
        "ended_at": "2030-03-08T18:30:05Z",
        "end_reason": "",
        "segment": "all",
        "segment_title": "Everyone",
        "segment_source": "declared",
        "ballots": "11",
        "support": "5",
        "accept": "3",
        "object": "1",
        "pass": "2",
        "poll_consensus": f"{6 / 8 * 4 / 7:.4f}",
        "quorum": "",
        "quorum_reached": "",
    }


def test_the_quorum_stands_over_all_and_with_published_segments_alone(poll, captions):
    record = counted(
        replace(poll, quorum=Quorum(12, 50, {"bakers": 12, "farmers": 2, "millers": 30})),
        ("bakers", Position.SUPPORT, 6),
        ("millers", Position.ACCEPT, 3),
        ("farmers", Position.PASS, 2),
    )
    rows = rows_of(export_files(Record((record,), ()), captions)["results.csv"])
    assert [(row["segment"], row["quorum"], row["quorum_reached"]) for row in rows] == [
        ("all", "12", "no"),
        ("bakers", "6", "yes"),
        ("other", "", ""),
    ]


def test_a_poll_nobody_voted_in_has_one_row_and_no_consensus(poll, captions):
    [row] = rows_of(export_files(Record((counted(poll),), ()), captions)["results.csv"])
    assert (row["segment"], row["ballots"], row["poll_consensus"]) == ("all", "0", "")


def test_titles_stand_in_the_language_asked_for_and_column_names_in_none(poll, captions_in):
    [row] = rows_of(export_files(Record((counted(poll),), ()), captions_in("de"))["results.csv"])
    assert (row["title"], row["segment_title"]) == ("Mehr Roggen anbauen", "Alle")


def test_the_reason_for_an_early_end_is_exported_without_a_formula(poll, captions):
    record = counted(replace(poll, end_reason="=NOW()"))
    [row] = rows_of(export_files(Record((record,), ()), captions)["results.csv"])
    assert row["end_reason"] == "'=NOW()"


def test_ballots_name_no_segment_where_the_poll_publishes_none(poll, captions):
    hour = datetime(2030, 3, 2, 14, tzinfo=timezone(timedelta(hours=2)))
    ballots = (
        RecordedBallot(7, "more-rye", "P-BBBBBBBBBB", None, Position.OBJECT, hour),
        RecordedBallot(7, "more-rye", "P-CCCCCCCCCC", "other", Position.PASS, hour),
    )
    rows = rows_of(export_files(Record((counted(poll, ballots=ballots),), ()), captions)["ballots.csv"])
    assert rows[0] == {
        "poll": "7",
        "recommendation": "more-rye",
        "pseudonym": "P-BBBBBBBBBB",
        "segment": "",
        "segment_source": "declared",
        "position": "object",
        "hour": "2030-03-02T12:00:00Z",
    }
    assert rows[1]["segment"] == "other"


def test_feedback_is_one_row_a_contribution_with_objections_last(poll, captions):
    thread = replace(
        COMMENT,
        kind=FeedbackKind.THREAD,
        recommendation="more-rye",
        segment=None,
        edited_at=datetime(2030, 3, 3, tzinfo=UTC),
    )
    reason = Reason(7, "more-rye", Position.OBJECT, None, "It rains too much.", Quotation.WITH_SEGMENT)
    record = Record((counted(poll, reasons=(reason,)),), (COMMENT, thread))
    private, public, objection = rows_of(export_files(record, captions)["feedback.csv"])
    assert private == {
        "kind": "private",
        "reference": "F-2345678",
        "group": "flour",
        "recommendation": "",
        "poll": "",
        "pseudonym": "P-AAAAAAAAAA",
        "segment": "bakers",
        "segment_source": "declared",
        "quotation": "not",
        "given_at": "2030-03-02T12:00:00Z",
        "edited_at": "",
        "text": "Rye is dear.",
        "attachments": "",
        "themes": "",
        "pinned": "no",
        "answered": "no",
    }
    assert (public["kind"], public["segment"], public["edited_at"]) == ("thread", "undeclared", "2030-03-03T00:00:00Z")
    assert public["given_at"] == "2030-03-02T12:34:56Z", "of private words alone the time is told to the hour"
    assert objection == {
        "kind": "objection",
        "reference": "",
        "group": "flour",
        "recommendation": "more-rye",
        "poll": "7",
        "pseudonym": "",
        "segment": "",
        "segment_source": "declared",
        "quotation": "with_segment",
        "given_at": "",
        "edited_at": "",
        "text": "It rains too much.",
        "attachments": "",
        "themes": "",
        "pinned": "",
        "answered": "",
    }


def test_what_moderators_did_with_feedback_and_what_was_attached_stands_beside_it(captions):
    dealt_with = replace(
        COMMENT,
        attachments=(Attachment("=plan.pdf", "application/pdf", 5), Attachment("notes", "", 7)),
        themes=("Costs", "=1+1"),
        pinned=True,
        answered=True,
    )
    [row] = rows_of(export_files(replace(NOTHING, feedback=(dealt_with,)), captions)["feedback.csv"])
    assert row["attachments"] == "'=plan.pdf (application/pdf, 5)\nnotes (, 7)"
    assert row["themes"] == "Costs\n'=1+1"
    assert (row["pinned"], row["answered"]) == ("yes", "yes")


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("  -2", "'  -2"),
        ("\u200b\ufeff+2", "'\u200b\ufeff+2"),
        ("＝1", "'＝1"),
        ("\tindented", "'\tindented"),
        ("\rbroken", "'\rbroken"),
        ("'=1", "''=1"),
        ('"=1', "'\"=1"),
        ("wait;=1", "wait;'=1"),
        ("wait\r\n=1", "wait\r\n'=1"),
        ("wait\n\n - one", "wait\n\n' - one"),
        ("", ""),
        ("'tis fine", "'tis fine"),
        ("1 = 1 - 0", "1 = 1 - 0"),
        ("yes; no", "yes; no"),
    ],
)
def test_an_apostrophe_stands_before_a_formula_and_nowhere_else(text, cell, captions):
    assert exported(text, captions) == cell


@given(st.text(max_size=4_000) | HOSTILE)
@example("'" * 4_000)
@example("\x00;\x00=\r\n" * 500)
@example('"quoted", "twice"\r\n\n;' * 100)
def test_any_text_comes_back_with_only_half_surrogate_pairs_replaced(captions, text):
    assert ADDED.sub("", exported(text, captions)) == re.sub("[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", text)


@given(HOSTILE | st.text())
def test_no_cell_starts_a_formula_also_where_the_semicolon_separates(captions, text):
    cell = exported(text, captions)
    assert not cell.startswith(FORMULA_STARTS)
    for part in re.split("[;\r\n]", cell):
        assert not part.lstrip(' \t\x00\u200b\ufeff"').startswith(FORMULA_STARTS)


@given(HOSTILE)
def test_every_cell_is_quoted_so_that_no_semicolon_ends_it(captions, text):
    file = export_files(replace(NOTHING, feedback=(replace(COMMENT, text=text),)), captions)["feedback.csv"]
    [_header, row] = csv.reader(io.StringIO(file.decode("utf-8-sig"), newline=""), strict=True)
    assert file.decode("utf-8-sig").endswith(
        ",".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row) + "\r\n"
    )


def test_the_trace_says_who_did_what_when_and_why_and_begins_no_formula(captions):
    entry = TraceEntry(1, "P-AAAAAAAAAA", ModeratorRole.MODERATOR, "poll_close", "more-rye", "=1+1", COMMENT.given_at)
    [row] = rows_of(export_files(replace(NOTHING, trace=(entry,)), captions)["trace.csv"])
    assert row == {
        "done_at": "2030-03-02T12:34:56Z",
        "role": "moderator",
        "pseudonym": "P-AAAAAAAAAA",
        "action": "poll_close",
        "subject": "more-rye",
        "reason": "'=1+1",
    }
