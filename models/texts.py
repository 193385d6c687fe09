"""What people write, as data: whether anybody would see something of it, and whether two texts say the same.

Pure functions over texts. What is stored is what was written; only what is shown or compared is changed.
"""

import re
import unicodedata

# Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt), where `unicodedata` does not call them format
# characters, and the few that are drawn as nothing: Braille without a dot, a note without a head.
_DRAWN_AS_NOTHING = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U0001d159\U000e0000-\U000e0fff]",
)
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
# Unicode's Bidi_Control: they let a text be read in another order than it is written in.
_BIDI_CONTROLS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_NOT_SHOWN = re.compile(
    f"[{_BIDI_CONTROLS}\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff"
    "\ufff0-\ufffb\U000e0000-\U000e0fff]",
)
_LINE_BREAK = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_INVISIBLE_CATEGORIES = {"Cc", "Cf", "Zs", "Zl", "Zp"}
_LINK = re.compile(
    r"[a-z][a-z0-9+.-]*://\S|\bwww\.\S|\bdiscord(?:app)?\.(?:gg|com/invite|new|gift|me|io)\b|\bdsc\.gg\b",
    re.IGNORECASE,
)


def clean(written: str | None) -> str | None:
    """Return a text as it is stored: as it was written. None where nobody would see anything of it.

    Half characters (lone surrogates), which no text has, become U+FFFD: a database takes none.
    """
    if written is None or is_blank(written):
        return None
    return _HALF_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", written)


def is_blank(written: str) -> bool:
    """Say whether a text is empty once spaces, controls and characters that are drawn as nothing are gone."""
    return all(map(_is_invisible, written))


def visible(written: str) -> str:
    """Return a text as it may be shown: no half characters, every line break alike, and nothing unseen in it.

    Controls that turn the direction of reading are among the unseen. Joiners and variation selectors stay: Persian
    and emoji are written with them.
    """
    whole = _HALF_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", written)
    return _NOT_SHOWN.sub("", _LINE_BREAK.sub("\n", whole))


def same_words(one: str, other: str) -> bool:
    """Say whether two texts say the same: capitals, spaces, forms of a character and what is not seen aside."""
    return _normalised(one) == _normalised(other)


def has_link(written: str) -> bool:
    """Say whether a text holds an address or an invite, also one that unseen characters take apart."""
    return _LINK.search(unicodedata.normalize("NFKC", _without_invisible(written))) is not None


def _normalised(written: str) -> str:
    spaced = _without_invisible(unicodedata.normalize("NFKC", written).casefold())
    return " ".join(unicodedata.normalize("NFKC", spaced).split())


def _without_invisible(written: str) -> str:
    return "".join(character for character in written if character.isspace() or not _is_invisible(character))


def _is_invisible(character: str) -> bool:
    return (
        character.isspace()
        or unicodedata.category(character) in _INVISIBLE_CATEGORIES
        or _DRAWN_AS_NOTHING.match(character) is not None
    )
