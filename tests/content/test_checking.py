from pathlib import Path

import pytest

from content.checking import check

from .test_catalogue import edit


def test_a_complete_consultation_in_two_languages_is_not_asked_for_four(folder: Path):
    assert check(folder) == []


def test_errors_are_returned_and_are_no_warnings(folder: Path):
    edit(folder, "areas.toml", 'key = "shade"', 'key = "Shade"')
    (problem,) = check(folder)
    assert not problem.warning


def test_a_missing_translation_is_a_warning_with_file_key_field_and_language(folder: Path):
    edit(folder, "groups.toml", ', nl = "Fruitbomen."', "")
    edit(
        folder, "consultation.toml", 'nl = "De stad Belmont raadpleegt haar inwoners over de oevers van de rivier."', ""
    )
    assert [(problem.file, problem.key, problem.warning) for problem in check(folder)] == [
        ("consultation.toml", "summary.nl", True),
        ("groups.toml", "fruit.text.nl", True),
    ]


def test_a_fact_without_questions_in_a_language_is_a_warning(folder: Path):
    edit(
        folder,
        "facts/money.toml",
        """nl = [
    "Wat kost het ponton?", "hoe groot is het budget", "is het platform duur", "prijs van het zwemmen",
    "hoeveel gaat dat ons kosten", "wie betaalt en hoeveel",
]""",
        "",
    )
    assert [problem.key for problem in check(folder)] == ["pontoon-price.questions.nl"]


def test_fewer_than_six_questions_are_a_warning(folder: Path):
    edit(folder, "facts/money.toml", '"hoe groot is het budget", ', "")
    (problem,) = check(folder)
    assert str(problem) == ("facts/money.toml: pontoon-price.questions.nl: expected at least 6 example questions")


def test_the_same_question_under_two_facts_is_a_warning(folder: Path):
    edit(folder, "facts/plan.toml", '"Hoe lang is het ponton?"', '"wat kost het  ponton"')
    (problem,) = check(folder)
    assert problem.key == "pontoon-length.questions.nl"
    assert problem.warning


UNANSWERED = """
[[unanswered]]
key = "willow-age"
near = ["willow-count"]
[unanswered.questions]
fr = ["quel âge ont les saules ?"]
nl = ["hoeveel wilgen komen er"]
"""


def test_a_question_of_a_fact_that_is_also_left_unanswered_is_a_warning(folder: Path):
    (folder / "unanswered.toml").write_text(UNANSWERED, encoding="utf-8")
    (problem,) = check(folder)
    assert (problem.file, problem.key, problem.warning) == ("unanswered.toml", "willow-age.questions.nl", True)


def test_what_an_unanswered_question_stands_near_must_exist(folder: Path):
    (folder / "unanswered.toml").write_text(UNANSWERED.replace("willow-count", "oak-count"), encoding="utf-8")
    (problem,) = check(folder)
    assert str(problem) == "unanswered.toml: willow-age.near: expected a fact's key, not 'oak-count'"


def test_questions_of_the_development_set_that_go_wrong_are_warnings(folder: Path):
    rows = 'nl = [["Hoeveel wilgen komen er?", "willow-count"], ["Hoeveel wilgen komen er?", "pontoon-length"]]'
    (folder / "development.toml").write_text(rows, encoding="utf-8")
    (problem,) = check(folder)
    assert problem.warning
    assert str(problem) == (
        "development.toml: nl[2]: expected pontoon-length for 'Hoeveel wilgen komen er?', not willow-count"
    )


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ('nl = [["Hoeveel wilgen komen er?", "oak-count"]]', "a fact's key, not 'oak-count'"),
        ('nl = ["Hoeveel wilgen komen er?"]', "under nl a list of [question, key, …]"),
        ('it = [["Quanti salici?"]]', "one of the languages en, fr, nl, de, not 'it'"),
    ],
)
def test_a_development_set_of_another_shape_is_an_error(folder: Path, rows: str, expected: str):
    (folder / "development.toml").write_text(rows, encoding="utf-8")
    problem = check(folder)[0]
    assert not problem.warning
    assert problem.expected == expected
