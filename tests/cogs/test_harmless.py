"""What people wrote, as it stands on cards: it reads as it was written, and nothing else is made of it."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cogs.ui.layout import harmless
from models.texts import visible

ZERO_WIDTH_SPACE = "\N{ZERO WIDTH SPACE}"
BIDI_CONTROLS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
PIECES = st.sampled_from(
    [
        *"*_~`|[]()<>#-+\\:/@.! \n\t1a",
        *("**", "__", "~~", "||", "```", "-# ", "# ", "> ", ">>> ", "- ", "1. ", "\n", "\\", "\\\\"),
        *("https://", "http://example.org", "www.", "discord.gg/abc", "discord.com/invite/abc", "[a](https://b.org)"),
        *("@everyone", "@here", "<@812345678901234567>", "<@&1>", "<#1>", "<t:0:R>", "</vote:1>", "<a:b:1>"),
        *BIDI_CONTROLS,
        ZERO_WIDTH_SPACE,
        "\u2028",
        "\r\n",
    ]
)
TEXTS = st.one_of(st.text(max_size=4_000), st.lists(PIECES, max_size=30).map("".join))
unhurried = settings(deadline=None, derandomize=True)

# As Discord reads: a mark after a backslash is itself.
ESCAPED = re.compile(r"\\([^0-9A-Za-z\s])")


def as_read(shown: str) -> str:
    """Return what a person sees of a text that holds no formatting but escaped marks."""
    return ESCAPED.sub(r"\1", shown).replace(ZERO_WIDTH_SPACE, "")


def unescaped(shown: str) -> str:
    """Return a text with every escaped mark taken out: what Discord may make something of."""
    return ESCAPED.sub("\N{REPLACEMENT CHARACTER}", shown)


@unhurried
@given(TEXTS)
@example("[a](https://b.org) **bold** [c](https://d.org)")
@example("see [this](https://example.org) and `code` *here*")
def test_a_text_reads_as_it_was_written(written: str) -> None:
    assert as_read(harmless(written)) == visible(written)


@unhurried
@given(TEXTS)
@example("[a](https://b.org) **bold** [c](https://d.org)")
@example("https://example.org/a_b_c **x**")
def test_no_mark_of_formatting_is_left_after_a_link_or_anywhere(written: str) -> None:
    left = unescaped(harmless(written))
    assert not set(left) & set("\\*_~`|[]<>#")
    assert not re.search(r"^\s*([-+]|\d+[.)])", left, re.MULTILINE)


@unhurried
@given(TEXTS)
@example("https://discord.gg/abc discord.gg/abc http:\u200b//example.org steam://run/1")
def test_no_link_and_no_invite_is_left(written: str) -> None:
    shown = harmless(written)
    assert "://" not in shown
    assert not re.search(r"discord(app)?\.(gg|com)/", shown, re.IGNORECASE)


@unhurried
@given(TEXTS)
@example("@everyone @here <@812345678901234567> <@&812345678901234567> @\u200beveryone")
def test_nobody_is_mentioned(written: str) -> None:
    assert not re.search(r"@[^\u200b]|<[@#/:a-z]", unescaped(harmless(written)))


@unhurried
@given(TEXTS)
def test_nothing_turns_the_direction_of_reading(written: str) -> None:
    assert not set(harmless(written)) & set(BIDI_CONTROLS)


@unhurried
@given(TEXTS)
def test_a_text_grows_to_twice_its_length_at_most(written: str) -> None:
    assert len(harmless(written)) <= 2 * len(written)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Two days suffice: enough.", "Two days suffice: enough."),
        ("It's 50% - or more (much more).", "It's 50% - or more (much more)."),
        ("👩‍🔬 ❤️ می‌خواهم", "👩‍🔬 ❤️ می‌خواهم"),
        ("- one\n2. two", "\\- one\n2\\. two"),
        ("abc\u202edef", "abcdef"),
        ("half \ud800", "half \ufffd"),
    ],
)
def test_plain_words_stay_plain(written: str, shown: str) -> None:
    assert harmless(written) == shown
