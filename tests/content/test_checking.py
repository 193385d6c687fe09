from pathlib import Path

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
        'nl = ["Wat kost het ponton?", "hoe groot is het budget", "is het platform duur"]',
        "",
    )
    assert [problem.key for problem in check(folder)] == ["pontoon-price.questions.nl"]


def test_fewer_than_three_questions_are_a_warning(folder: Path):
    edit(folder, "facts/money.toml", '"hoe groot is het budget", ', "")
    (problem,) = check(folder)
    assert str(problem) == ("facts/money.toml: pontoon-price.questions.nl: expected at least 3 example questions")


def test_the_same_question_under_two_facts_is_a_warning(folder: Path):
    edit(folder, "facts/plan.toml", '"Hoe lang is het ponton?"', '"wat kost het  ponton"')
    (problem,) = check(folder)
    assert problem.key == "pontoon-length.questions.nl"
    assert problem.warning
