"""The default consultation: complete in four languages, and what its source says is all there."""

from pathlib import Path

import pytest

from content.catalogue import LANGUAGES, Catalogue
from content.checking import check

VALLEY = Path(__file__).parents[2] / "content" / "valley"


def test_it_has_neither_errors_nor_missing_translations():
    assert [str(problem) for problem in check(VALLEY)] == []


def test_it_has_at_least_45_facts_and_some_are_gaps(valley: Catalogue):
    assert len(valley.facts) >= 45
    assert sum(fact.gap for fact in valley.facts.values()) >= 8


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fact_has_three_questions_and_two_tags_in_every_language(valley: Catalogue, language: str):
    for fact in valley.facts.values():
        assert len(fact.questions[language]) >= 3, fact.key
        assert len(fact.tags[language]) >= 2, fact.key


def test_every_section_of_the_article_has_facts(valley: Catalogue):
    assert {fact.citation.section for fact in valley.facts.values()} == {part.key for part in valley.article.sections}


def test_the_five_areas_and_the_six_segments_are_the_articles(valley: Catalogue):
    assert set(valley.areas) == {"talent", "health-data", "collaboration", "value-chain", "platforms"}
    assert set(valley.segments) == {
        "industry",
        "federations",
        "regulatory-bodies",
        "public-services",
        "academia",
        "academic-hospitals",
    }


def test_three_groups_are_named_by_the_article_and_two_are_not(valley: Catalogue):
    named = {group.key for group in valley.groups.values() if group.named}
    assert named == {"innovation", "attractiveness", "training"}
    assert set(valley.groups) - named == {"health-data", "collaboration"}


def test_every_area_has_a_recommendation_and_every_group_something_to_vote_on(valley: Catalogue):
    areas = {item.area for item in valley.recommendations.values() if item.kind == "area"}
    assert areas == set(valley.areas)
    assert all(valley.recommendations_of(group) for group in valley.groups)


def test_people_events_and_privacy_are_there(valley: Catalogue):
    assert len(valley.people) >= 5
    assert len(valley.events) >= 5
    assert [notice.key for notice in valley.notices][:3] == ["controller", "purpose", "stored"]
