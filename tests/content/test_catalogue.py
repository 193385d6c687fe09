"""The sample consultation reads as written; every way of breaking it is named by file, key and expectation."""

from pathlib import Path

import pytest

from content.catalogue import Catalogue, ContentError, Problem, load_catalogue


def edit(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def problems(folder: Path) -> tuple[Problem, ...]:
    with pytest.raises(ContentError) as caught:
        load_catalogue(folder)
    return caught.value.problems


def test_entries_come_by_key_in_the_order_of_the_file(sample: Catalogue):
    assert list(sample.groups) == ["trees", "river-swimming"]
    assert [item.key for item in sample.recommendations_of("trees")] == ["plant-willows", "plant-apple-trees"]
    assert sample.groups["trees"].subjects[0].title.in_language("nl") == "Fruit"
    assert [event.key for event in sample.events] == ["planting"]
    assert str(sample.timezone) == "Europe/Brussels"


def test_facts_of_all_files_stand_together(sample: Catalogue):
    assert set(sample.facts) == {"willow-count", "pontoon-length", "pontoon-price"}
    assert sample.facts["pontoon-price"].gap
    assert not sample.facts["willow-count"].gap


def test_a_citation_names_the_heading_as_printed(sample: Catalogue):
    citation = sample.facts["willow-count"].citation
    assert (citation.section, citation.heading, citation.paragraph) == ("plan", "What the town plans", 1)


def test_a_text_without_a_translation_stands_in_the_default_language(sample: Catalogue):
    assert sample.title.languages == ("fr", "nl")
    assert sample.title.in_language("nl") == "Onze oevers"
    assert sample.title.in_language("de") == "Nos berges"


def test_a_catalogue_cannot_be_changed(sample: Catalogue):
    with pytest.raises(TypeError):
        sample.facts["other"] = sample.facts["willow-count"]  # type: ignore[index]
    with pytest.raises(TypeError):
        sample.facts["willow-count"].tags["fr"] = ()  # type: ignore[index]
    with pytest.raises(ValueError, match="frozen"):
        sample.facts["willow-count"].gap = True  # type: ignore[misc]


def test_a_missing_translation_is_no_error(folder: Path):
    edit(folder, "segments.toml", ', nl = "U vist."', "")
    assert load_catalogue(folder).segments["anglers"].text.languages == ("fr",)


@pytest.mark.parametrize(
    ("name", "old", "new", "key", "expected"),
    [
        ("areas.toml", 'key = "shade"\n', "", "area[1].key", "this field"),
        ("areas.toml", 'key = "shade"', 'key = "Shade!"', "Shade!.key", "kebab-case"),
        ("areas.toml", 'key = "shade"', f'key = "{"s" * 41}"', f"{'s' * 41}.key", "at most 40 characters"),
        ("areas.toml", "paragraph = 1", "paragraph = 3", "shade.paragraph", "a paragraph from 1 to 2, not 3"),
        ("areas.toml", "paragraph = 1", "paragraph = 0", "shade.paragraph", "a paragraph from 1 to 2, not 0"),
        ("areas.toml", "paragraph = 1\n", "", "shade.paragraph", "this field"),
        ("areas.toml", 'section = "plan"', 'section = "plans"', "shade.section", "a section of article.toml"),
        ("areas.toml", "[[area]]", "[[areas]]", "areas", "only [[area]] entries"),
        ("areas.toml", "[[area]]", "area = 3\n[x]", "area", "[[area]] entries"),
        ("areas.toml", "text = { fr", "text = { it", "shade.text.it", "one of the languages en, fr, nl, de"),
        ("areas.toml", 'fr = "Ombre", ', "", "shade.title", "a text in fr, the default language"),
        ("areas.toml", '"Ombre"', '" "', "shade.title.fr", "a text that is not empty"),
        ("areas.toml", '"Ombre"', f'"{"o" * 81}"', "shade.title.fr", "at most 80 characters"),
        ("areas.toml", "paragraph = 1", "paragraph = 1\ncolour = 2", "shade.colour", "no field of this name"),
        ("areas.toml", 'section = "plan"', 'citation = "plan"', "shade", "dictionary"),
        ("article.toml", "paragraphs = 1", "paragraphs = 0", "section[1].paragraphs", "greater than or equal to 1"),
        ("article.toml", 'key = "money"', 'key = "plan"', "plan", "a key that is used once"),
        ("consultation.toml", '["fr", "nl"]', '["fr", "fr"]', "file", "two different public_languages"),
        ("consultation.toml", '["fr", "nl"]', "[]", "public_languages", "at least 1 item"),
        ("consultation.toml", '"fr"\n', '"it"\n', "default_language", "one of the languages en, fr, nl, de"),
        ("consultation.toml", "Europe/Brussels", "Europe/Belmont", "timezone", "a time zone's name"),
        (
            "consultation.toml",
            "timezone",
            "retention_days = 0\ntimezone",
            "retention_days",
            "greater than or equal to 1",
        ),
        ("consultation.toml", "timezone", 'retention_days = "90"\ntimezone', "retention_days", "integer"),
        ("privacy.toml", "{days} dagen", "lang", "retention.text.nl", "{days} where it tells the period"),
        ("facts/plan.toml", '"pontoon-price"', '"pontoon-cost"', "willow-count.related", "not 'pontoon-cost'"),
        ("facts/plan.toml", '"pontoon-price"', '"willow-count"', "willow-count.related", "another fact's key"),
        ("facts/plan.toml", '"Nombre de saules"', f'"{"s" * 61}"', "willow-count.title.fr", "at most 60 characters"),
        ("facts/plan.toml", 'key = "pontoon-length"', 'key = "willow-count"', "willow-count", "used once"),
        ("facts/plan.toml", '"nombre d\'arbres"', '""', "willow-count.questions.fr[2]", "not empty"),
        ("groups.toml", 'key = "fruit"', 'key = "Fruit"', "trees.subject[0].key", "kebab-case"),
        ("groups.toml", "named = true", 'named = "maybe"', "trees.named", "boolean"),
        ("groups.toml", '"Arbres"', f'"{"a" * 41}"', "trees.title.fr", "at most 40 characters"),
        ("groups.toml", "[[group.subject]]", "[group.subject]", "trees.subject", "tuple"),
        ("privacy.toml", 'key = "rights"', 'key = "duties"', "rights", "a [[notice]] with this key"),
        ("recommendations.toml", '"measure"', '"wish"', "build-a-pontoon.kind", "'area', 'measure' or 'subject'"),
        ("recommendations.toml", 'area = "shade"', 'area = "sun"', "plant-willows.area", "an area's key, not 'sun'"),
        ("recommendations.toml", 'group = "trees"', 'group = "x"', "plant-willows.group", "a group's key, not 'x'"),
        (
            "timeline.toml",
            "paragraph = 1",
            'paragraph = 1\nuntil = "soon"',
            "planting.until",
            'a day, as 2031-06-20, or "open"',
        ),
        ("timeline.toml", "paragraph = 1", "paragraph = 1\nuntil = 2031-06-20T09:00:00", "planting.until", "a day"),
        ("segments.toml", "U vist.", "u" * 101, "anglers.text.nl", "at most 100 characters"),
        ("segments.toml", 'key = "anglers"', 'key = "neighbours"', "neighbours", "a key that is used once"),
    ],
)
def test_a_broken_file_is_named_with_its_key_and_what_was_expected(
    folder: Path, name: str, old: str, new: str, key: str, expected: str
):
    edit(folder, name, old, new)
    found = [problem for problem in problems(folder) if (problem.file, problem.key) == (name, key)]
    assert found, problems(folder)
    assert expected in found[0].expected


def test_broken_syntax_is_named_with_its_line(folder: Path):
    edit(folder, "groups.toml", "named = true", "named = = true")
    (problem,) = problems(folder)
    assert problem.file == "groups.toml"
    assert problem.key.startswith("line 3")
    assert "TOML" in problem.expected


def test_a_file_cut_short_is_a_problem_and_no_crash(folder: Path):
    (folder / "groups.toml").write_text('[[group]]\nkey = "tre', encoding="utf-8")
    assert problems(folder)[0].file == "groups.toml"


def test_a_file_that_is_not_utf8_is_a_problem(folder: Path):
    (folder / "people.toml").write_bytes("# Müller".encode("latin-1"))
    assert problems(folder) == (Problem("people.toml", "file", "UTF-8 text"),)


def test_a_missing_folder_misses_every_file(tmp_path: Path):
    files = [problem.file for problem in problems(tmp_path / "nowhere")]
    assert "consultation.toml" in files
    assert "facts/" in files


def test_a_misnamed_file_is_not_overlooked(folder: Path):
    (folder / "peoples.toml").write_text("", encoding="utf-8")
    assert problems(folder)[0].file == "peoples.toml"


def test_no_facts_at_all_is_a_problem(folder: Path):
    for path in folder.glob("facts/*.toml"):
        path.write_text("# none yet\n", encoding="utf-8")
    assert Problem("facts/", "fact", "at least one fact") in problems(folder)


def test_the_same_fact_in_two_files_is_a_problem(folder: Path):
    (folder / "facts" / "zcopy.toml").write_bytes((folder / "facts" / "money.toml").read_bytes())
    assert Problem("facts/zcopy.toml", "pontoon-price", "a key that is used once") in problems(folder)


def append(folder: Path, name: str, entry: str, times: int) -> None:
    path = folder / name
    path.write_text(path.read_text(encoding="utf-8") + "".join(entry.format(number=n) for n in range(times)))


ENTRY = '\n[[{kind}]]\nkey = "more-{{number}}"\nsection = "plan"\nparagraph = 1\ntitle = {{{{ fr = "T" }}}}\n'
TEXT = 'text = {{ fr = "T" }}\n'


def test_a_radio_group_holds_two_to_ten_segments(folder: Path):
    append(folder, "segments.toml", ENTRY.format(kind="segment") + TEXT, 8)
    assert len(load_catalogue(folder).segments) == 10
    append(folder, "segments.toml", ENTRY.format(kind="segment").replace("more", "most") + TEXT, 1)
    assert problems(folder) == (Problem("segments.toml", "segment", "2 to 10 segments"),)


def test_a_consultation_has_at_most_ten_groups(folder: Path):
    append(folder, "groups.toml", ENTRY.format(kind="group") + TEXT + "named = true\n", 9)
    assert problems(folder) == (Problem("groups.toml", "group", "1 to 10 groups"),)


def test_a_select_holds_at_most_25_recommendations_of_a_group(folder: Path):
    entry = ENTRY.format(kind="recommendation") + TEXT + 'kind = "measure"\ngroup = "trees"\n'
    append(folder, "recommendations.toml", entry, 24)
    (problem,) = problems(folder)
    assert problem.expected == "at most 25 recommendations in the group trees"


def test_the_privacy_notice_tells_the_period_that_the_bot_keeps(folder: Path):
    edit(folder, "consultation.toml", "timezone", "retention_days = 90\ntimezone")
    catalogue = load_catalogue(folder)
    [notice] = [one for one in catalogue.notices if one.key == "retention"]
    assert catalogue.retention_days == 90
    assert "90 jours" in notice.text.in_language("fr")
    assert "90 dagen" in notice.text.in_language("nl")


def test_without_a_period_of_its_own_a_consultation_is_kept_for_two_years(folder: Path):
    assert load_catalogue(folder).retention_days == 730


def test_all_notices_fit_one_message(folder: Path):
    entry = '\n[[notice]]\nkey = "more-{number}"\ntitle = {{ fr = "T" }}\ntext = {{ fr = "' + "t" * 600 + '" }}\n'
    append(folder, "privacy.toml", entry, 7)
    assert {problem.key for problem in problems(folder)} == {"notice"}


def test_all_problems_of_all_files_are_reported_at_once(folder: Path):
    edit(folder, "areas.toml", 'key = "shade"', 'key = "Shade"')
    edit(folder, "people.toml", "name =", "nome =")
    error = ContentError(problems(folder))
    assert {problem.file for problem in error.problems} == {"areas.toml", "people.toml"}
    assert "people.toml: mayor.name: expected this field" in str(error).splitlines()
