import pytest

from content.words import Vocabulary, function_words, question_words, words


def test_words_are_folded_and_numbers_lose_their_separators():
    assert words("Liège: 40.000 Straßen, ŒUVRE!") == ["liege", "40000", "strassen", "œuvre"]
    assert words("1,5 or 3.14") == ["1", "5", "or", "3", "14"]


def test_a_word_is_at_most_forty_characters():
    assert words("x" * 4000) == ["x" * 40]


def test_a_vocabulary_finds_endings_slips_and_parts_of_compounds():
    known = Vocabulary(["vaccine", "cluster", "exporte", "2020"])
    assert known.like("vaccine") == {"vaccine": 1.0}
    assert set(known.like("vaccines")) == {"vaccine"}
    assert set(known.like("clutser")) == set()
    assert set(known.like("clusterr")) == {"cluster"}
    assert set(known.like("pharmaexporte")) == {"exporte"}


def test_a_year_resembles_no_other_year():
    assert Vocabulary(["2020"]).like("2022") == {}


def test_short_words_resemble_only_themselves():
    assert Vocabulary(["dna", "rna"]).like("rna") == {"rna": 1.0}


def test_function_words_are_folded_and_ask_nothing():
    for language in ("en", "fr", "nl", "de"):
        assert function_words(language) & question_words(language) == set()
        for word in function_words(language) | question_words(language):
            assert words(word) == [word]
    assert function_words("it") == set()


@pytest.mark.parametrize(
    ("written", "meant"),
    [("artcle", "article"), ("biotec", "biotech"), ("novartis", None), ("hub", None), ("2020", None)],
)
def test_a_slip_of_the_hand_is_taken_for_the_known_word_it_is_nearest_to(written: str, meant: str | None):
    assert Vocabulary(["article", "artisan", "biotech", "navigate", "clusters"]).meant_by(written) == meant
