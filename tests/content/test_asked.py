"""Questions taken apart and put together, as plain text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.asked import MOST_QUESTIONS, leans, questions_in, with_previous


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Who is Odilon Voorbeeld?", ("Who is Odilon Voorbeeld?",)),
        ("Who is Odilon and when was he born?", ("Who is Odilon", "when was he born?")),
        ("Qui plante les saules et dans quelle ville ?", ("Qui plante les saules", "dans quelle ville ?")),
        ("Wie plant de wilgen en hoeveel zijn het er?", ("Wie plant de wilgen", "hoeveel zijn het er?")),
        ("Wer pflanzt Weiden und wie viele sind es?", ("Wer pflanzt Weiden", "wie viele sind es?")),
        ("Hello! I am new here. How long is the pontoon? Thanks!", ("How long is the pontoon?",)),
        ("En quelle année la charte est-elle signée ?", ("En quelle année la charte est-elle signée ?",)),
        ("trees and pontoons in town", ("trees and pontoons in town",)),
        ("why?", ()),
    ],
)
def test_questions_are_found_one_after_the_other(text: str, parts: tuple[str, ...]):
    assert questions_in(text) == parts


@pytest.mark.parametrize(
    "text", ["and in 2025?", "et en France ?", "en in Gent?", "und wo?", "what about jobs", "when?", "wie precies?"]
)
def test_what_leans_on_the_question_before_is_known_by_its_beginning_or_its_shortness(text: str):
    assert leans(text)


@pytest.mark.parametrize(
    "text", ["", "thanks!", "how are you?", "Boston", "who planted the willows?", "and so on until the end of all days"]
)
def test_what_stands_by_itself_leans_on_nothing(text: str):
    assert not leans(text)


def test_a_year_in_the_follow_up_replaces_the_year_before():
    assert with_previous("and in 2025?", "How many willows in 2020?") == "How many willows in and in 2025?"
    assert with_previous("and pontoons?", "How many willows in 2020?") == "How many willows in 2020? and pontoons?"


@given(st.text(max_size=2_000), st.text(max_size=200))
def test_no_text_breaks_it(text: str, previous: str):
    assert len(questions_in(text)) <= MOST_QUESTIONS
    assert leans(text) in {True, False}
    assert text in with_previous(text, previous)
