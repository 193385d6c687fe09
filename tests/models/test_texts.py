"""Blank texts, texts that say the same, links; over all of Unicode."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.texts import clean, has_link, is_blank, same_words, visible

UNSEEN = [
    *(" ", "\t", "\n", "\r\n", "\x00", "\x7f", "\xa0", "\xad", "\u034f", "\u061c", "\u115f", "\u1160", "\u17b4"),
    *("\u180e", "\u200b", "\u200d", "\u202e", "\u2028", "\u2060", "\u2066", "\u2800", "\u3000", "\u3164", "\ufe0f"),
    *("\ufeff", "\uffa0", "\U000e0020", "\U000e007f"),
]
unhurried = settings(deadline=None, derandomize=True)
words = st.text(max_size=4_000)


@pytest.mark.parametrize("unseen", UNSEEN)
def test_each_kind_of_unseen_character_alone_is_blank(unseen):
    assert is_blank(unseen)
    assert clean(unseen * 3) is None
    assert clean(f"{unseen}a{unseen}") == f"{unseen}a{unseen}"


@pytest.mark.parametrize("written", ["a", ".", "ß", "漢", "🧬", "ي", "\u0301", "\ue000", "\u180e-"])
def test_what_can_be_seen_is_not_blank(written):
    assert not is_blank(written)


def test_nothing_written_is_blank():
    assert clean(None) is None
    assert clean("") is None


@unhurried
@given(words)
@example("half \ud800 a character")
def test_a_text_is_stored_as_it_was_written(written):
    stored = clean(written)
    if stored is not None:
        assert stored == written or any(unicodedata.category(one) == "Cs" for one in written)
        assert len(stored) == len(written)
        stored.encode()


@unhurried
@given(st.lists(st.sampled_from(UNSEEN)).map("".join))
def test_any_number_of_unseen_characters_is_blank(written):
    assert clean(written) is None


@unhurried
@given(words)
def test_what_is_shown_can_be_sent_and_is_shown_alike_again(written):
    shown = visible(written)
    shown.encode()
    assert visible(shown) == shown
    assert len(shown) <= len(written)


@unhurried
@given(words, st.sampled_from(UNSEEN))
def test_unseen_characters_around_a_text_do_not_make_it_another(written, unseen):
    assert same_words(written, f"{unseen}{written}{unseen}")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("More rye, please.", "more  RYE,\nplease.", True),
        ("More rye", "Mo\u200bre rye", True),
        ("café", "cafe\u0301", True),
        ("ﬁeld", "field", True),
        ("Straße", "STRASSE", True),
        ("More rye", "More rye!", False),
        ("", "a", False),
    ],
)
def test_two_texts_say_the_same_whatever_their_capitals_and_spaces(one, other, same):
    assert same_words(one, other) is same


@pytest.mark.parametrize(
    "written",
    [
        "see https://example.org",
        "HTTP://EXAMPLE.ORG",
        "h\u200bttps://example.org",
        "ｈｔｔｐｓ：//example.org",
        "www.example.org",
        "join discord.gg/abc",
        "discord.com/invite/abc",
        "[here](https://example.org)",
    ],
)
def test_addresses_and_invites_are_found(written):
    assert has_link(written)


@pytest.mark.parametrize("written", ["either/or", "see: this", "1://", "at 10:30", "the discord server", "e.g. so"])
def test_what_is_no_address_is_not_taken_for_one(written):
    assert not has_link(written)
