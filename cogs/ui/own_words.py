"""What somebody said, as it is shown to them alone: with its references, a few contributions a page."""

from collections.abc import Iterable, Mapping, Sequence

import discord
from discord import ui

from cogs.ui.layout import Piece, button, card, harmless, rows, sent_once, shortened, text
from cogs.ui.texts import Speech
from models.rights import Kept

PAGE = 4
SHOWN_TEXT = 500  # characters, once it is harmless: those of a page and their headings fit one card
SUBJECT_LENGTH = 100

SAID = {"thread": "text", "private": "text", "proposal": "text", "ballot": "reason"}
"""The field that holds somebody's words, by the kind of what is kept."""


def own_words(found: Iterable[Kept]) -> list[Kept]:
    """Return what somebody said in words of their own and did not delete."""
    return [one for one in found if one.kind in SAID and one.fields[SAID[one.kind]]]


def words_card(
    consultation_id: int, words: Sequence[Kept], page: int, titles: Mapping[str, str], say: Speech
) -> ui.LayoutView:
    """Draw a page of what somebody said; `titles` are those of recommendations and groups by key."""
    if not words:
        return sent_once(card(text(say("mydata.words_none"))))
    last = (len(words) - 1) // PAGE
    page = min(page, last)
    pieces: list[Piece] = [text(f"## {say('mydata.words')}")]
    for one in words[page * PAGE : (page + 1) * PAGE]:
        pieces += [ui.Separator(), text(*_lines(one, titles, say))]
    ways = [button(say("mydata.words_newer"), "mydata_words_page", consultation_id, page - 1)] if page else []
    ways += [button(say("mydata.words_older"), "mydata_words_page", consultation_id, page + 1)] if page < last else []
    pages = say("mydata.words_page", page=page + 1, pages=last + 1)
    return sent_once(card(*pieces, *rows(ways), text(f"-# {pages}")))


def _lines(one: Kept, titles: Mapping[str, str], say: Speech) -> Iterable[str]:
    fields = one.fields
    when = discord.utils.format_dt(fields["cast_at" if one.kind == "ballot" else "given_at"], "D")
    named = say("mydata.field.reason") if one.kind == "ballot" else fields["reference"]
    state = say(f"statement_state.{fields['state']}") if one.kind == "proposal" else None
    about = _about(one, titles, say)
    yield " · ".join(filter(None, (f"**{named}**", state, harmless(shortened(about, SUBJECT_LENGTH)), when)))
    said = harmless(fields[SAID[one.kind]].strip())
    yield shortened("\n".join(f"> {line}" for line in said.splitlines()), SHOWN_TEXT)
    if one.kind == "proposal" and fields["reason"]:
        yield f"{say('mydata.field.reason')}: {harmless(shortened(fields['reason'], SUBJECT_LENGTH))}"


def _about(one: Kept, titles: Mapping[str, str], say: Speech) -> str:
    """Return the title of what somebody's words are about, '' where they are about everything."""
    if wording := one.fields.get("wording"):
        return str(wording.get(say.language) or next(iter(wording.values())))
    key = one.fields.get("recommendation") or one.fields.get("group") or ""
    return titles.get(key, key)
