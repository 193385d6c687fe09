"""What moderators see of the queue of feedback, and the public reply they give. Drawn from plain values, without I/O.

Custom ids carry what was wanted of the queue, packed, and the page, so that every way leads back to it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import discord
from discord import ui

from cogs.ui.layout import Piece, button, card, custom_id, harmless, link, rows, sent_once, shortened, text
from cogs.ui.texts import Speech
from content.catalogue import Catalogue
from models.errors import ConsultationError
from models.records import Attachment, Consultation, Feedback, FeedbackKind, Poll, Quotation
from models.review import Opened, Step, Theme
from models.review_queue import Queue, Shown, Wanted

EXCERPT_LENGTH = 120
THEMES_LENGTH = 60
# Of one text on a card, as it stands there: what may stand around it fits beside it.
PART_LENGTH = 1_800
QUOTED_LENGTH = 400
LIST_LENGTH = 250
REPLY_EXCERPT = 100
REPLY_LENGTH = 1_200
KILOBYTE, MEGABYTE = 1_000, 1_000_000
_KINDS = {FeedbackKind.THREAD: "t", FeedbackKind.PRIVATE: "p"}
_SHOWN = dict(zip(Shown, "aunwp", strict=True))
_SHOWN_BY = {letter: shown for shown, letter in _SHOWN.items()}


def packed(wanted: Wanted) -> str:
    """Return what was wanted as a custom id carries it."""
    about = f"r{wanted.recommendation}" if wanted.recommendation else f"g{wanted.group}" if wanted.group else ""
    kind = _KINDS[wanted.kind] if wanted.kind else ""
    return f"{about}.{_SHOWN[wanted.shown]}.{wanted.theme or ''}.{kind}"


def unpacked(carried: str) -> Wanted:
    """Return what `packed` made this of; of a recommendation, its group is implied.

    Raises ConsultationError for what it did not make.
    """
    try:
        about, shown, theme, kind = carried.split(".")
        return Wanted(
            group=about[1:] if about.startswith("g") else None,
            recommendation=about[1:] if about.startswith("r") else None,
            shown=_SHOWN_BY[shown],
            theme=int(theme) if theme else None,
            kind=next((one for one, letter in _KINDS.items() if letter == kind), None),
        )
    except (ValueError, KeyError) as error:
        raise ConsultationError("error.leads_nowhere") from error


def queue_card(
    catalogue: Catalogue,
    queue: Queue,
    asked: Mapping[str, Poll],
    wanted: Wanted,
    themes: Sequence[Theme],
    say: Speech,
) -> ui.LayoutView:
    """Draw a page of the queue, each contribution with a button that opens it, or say kindly that there is nothing.

    `asked` are the polls on the moderators' own questions, by the key of their card.
    """
    carried = packed(wanted)
    lines = [f"## {say('review.title')}"]
    if queue.everything:
        lines.append(say("review.counts", count=queue.total, unread=queue.unread))
    lines += _wanted_lines(catalogue, wanted, themes, say)
    pieces: list[Piece] = [text(*lines), ui.Separator()]
    if not queue.entries:
        pieces.append(text(say("review.none_such" if queue.everything else "review.empty")))
    heading = None
    for entry in queue.entries:
        if (about := about_of(catalogue, asked, entry, say)) != heading:
            heading = about
            pieces.append(text(f"**{about}**"))
        opening = button(say("review.open"), "review_open", entry.reference, 0, carried, queue.page)
        pieces.append(ui.Section(text(_summary(entry, say, THEMES_LENGTH), excerpt(entry)), accessory=opening))
    ways = []
    if queue.page > 0:
        ways.append(button(say("deck.previous"), "review_page", carried, queue.page - 1))
    if queue.page < queue.pages - 1:
        ways.append(button(say("deck.next"), "review_page", carried, queue.page + 1))
    if queue.everything and wanted != Wanted():
        ways.append(button(say("review.show_all"), "review_page", packed(Wanted()), 0))
    return sent_once(card(*pieces, *([_shown_menu(wanted, say)] if queue.everything else []), *rows(ways)))


def opened_card(
    catalogue: Catalogue,
    consultation: Consultation,
    opened: Opened,
    asked: Mapping[str, Poll],
    place: tuple[str, int, int],
    say: Speech,
    url: str | None,
) -> ui.LayoutView:
    """Draw one contribution with what a moderator can do with it.

    `place` is what was wanted of the queue, packed, its page, and the part of the text that is shown, from 0; `url`
    leads to the message, where there is one.
    """
    carried, page, part = place
    one = opened.feedback
    parts = parts_of(one.text)
    part = min(part, len(parts) - 1)
    pieces: list[Piece] = [
        text(f"### {about_of(catalogue, asked, one, say)}", *_facts(catalogue, one, say)),
        ui.Separator(),
        text(say("review.part", part=part + 1, parts=len(parts)) if len(parts) > 1 else "💬", harmless(parts[part])),
    ]
    if one.attachments:
        pieces.append(text(_attached(one.attachments, say)))
    if opened.replies:
        pieces += [ui.Separator(), text(*_reply_lines(consultation, opened, say))]
    changing = (one.reference, one.version, carried, page)
    marks = [
        button(say("review.answer"), "review_reply", *changing, style=discord.ButtonStyle.primary),
        button(say("review.themes"), "review_themes", *changing),
        _marking(Step.UNANSWERED if one.answered else Step.ANSWERED, changing, say),
        _marking(Step.UNPINNED if one.pinned else Step.PINNED, changing, say),
        _marking(Step.UNREAD, changing, say),
    ]
    ways = [
        button(say("review.back"), "review_page", carried, page),
        button(say("review.next_unread"), "review_next", carried, page),
    ]
    if len(parts) > 1:
        following = (part + 1) % len(parts)
        ways.append(button(say("review.read_on"), "review_open", one.reference, following, carried, page))
    if one.earlier:
        ways.append(button(say("review.earlier"), "review_earlier", one.reference))
    if url is not None:
        ways.append(link(say("review.to_message"), url))
    return sent_once(card(*pieces, *rows(marks), *rows(ways)))


def reply_card(catalogue: Catalogue, one: Feedback, words: str, speeches: Sequence[Speech]) -> ui.LayoutView:
    """Draw a moderators' public reply, with what it answers as far as its author lets it be quoted."""
    pieces: list[Piece] = [text(f"### {_in_all(speeches, 'review.reply_title')}")]
    if one.kind is FeedbackKind.PRIVATE:
        lines = [f"-# {_in_all(speeches, 'review.reply_to_private', reference=one.reference)}"]
        if one.quotation is not Quotation.NOT:
            quoted = harmless(shortened(one.text, QUOTED_LENGTH))
            lines += [f"> {line}" for line in quoted.splitlines() if line.strip()]
        segment = catalogue.segments.get(one.segment or "")
        if one.quotation is Quotation.WITH_SEGMENT and segment is not None:
            titles = (segment.title.in_language(say.language) for say in speeches)
            lines.append(f"> -# {' / '.join(dict.fromkeys(titles))}")
        pieces.append(text(*lines))
    return sent_once(card(*pieces, text(harmless(words))))


def about_of(catalogue: Catalogue, asked: Mapping[str, Poll], one: Feedback, say: Speech) -> str:
    """Return the title of what a contribution is about: a recommendation, a question, a group or everything."""
    recommendation = catalogue.recommendations.get(one.recommendation or "")
    group = catalogue.groups.get(one.group or "")
    titles = [titled.title.in_language(say.language) for titled in (group, recommendation) if titled]
    if (poll := asked.get(one.recommendation or "")) is not None:
        titles.append(harmless(poll.wording[say.language].title))
    return " · ".join(titles) or say("feedback.about_everything")


def excerpt(one: Feedback, length: int = EXCERPT_LENGTH) -> str:
    """Return the beginning of a contribution on one line, or what was attached where there are no words."""
    words = " ".join(one.text.split()) or "📎 " + ", ".join(attachment.name for attachment in one.attachments)
    return harmless(shortened(words, length))


def parts_of(words: str) -> list[str]:
    """Cut a text where it is too long for a card, at a space where there is one; joined, the parts are the text."""
    parts = []
    while len(harmless(words)) > PART_LENGTH:
        end = min(len(words), PART_LENGTH)
        while len(harmless(words[:end])) > PART_LENGTH:
            end = end * PART_LENGTH // len(harmless(words[:end])) - 1
        at_space = max(words.rfind(" ", end // 2, end), words.rfind("\n", end // 2, end)) + 1
        parts.append(words[: at_space or end])
        words = words[at_space or end :]
    return [*parts, words]


def _marking(step: Step, changing: Iterable[object], say: Speech) -> ui.Button[Any]:
    return button(say(f"review.mark_{step}"), "review_mark", step, *changing)


def _shown_menu(wanted: Wanted, say: Speech) -> Piece:
    """Return the menu over which contributions are shown, by what was done with them."""
    menu: ui.Select[Any] = ui.Select(custom_id=custom_id("review_show", packed(wanted)))
    for shown in Shown:
        menu.add_option(label=say(f"review.shown_{shown}"), value=shown, default=shown is wanted.shown)
    return ui.ActionRow(menu)


def _wanted_lines(catalogue: Catalogue, wanted: Wanted, themes: Sequence[Theme], say: Speech) -> list[str]:
    """Say what the queue is narrowed down to, apart from what its menu says."""
    narrowed = (catalogue.groups.get(wanted.group or ""), catalogue.recommendations.get(wanted.recommendation or ""))
    named = [titled.title.in_language(say.language) for titled in narrowed if titled]
    named += [f"🏷️ {harmless(theme.name)}" for theme in themes if theme.id == wanted.theme]
    if wanted.kind is not None:
        named.append(say(f"review.kind_{wanted.kind}"))
    return [say("review.narrowed", wanted=" · ".join(named))] if named else []


def _summary(one: Feedback, say: Speech, length: int) -> str:
    marks = [mark for mark, holds in (("🆕", not one.read), ("✅", one.answered), ("📌", one.pinned)) if holds]
    themes = shortened(", ".join(one.themes), length)
    told = [" ".join([*marks, f"**{one.reference}**"]), say(f"review.kind_{one.kind}"), _time(one)]
    return " · ".join([*told, *([f"🏷️ {harmless(themes)}"] if themes else [])])


def _facts(catalogue: Catalogue, one: Feedback, say: Speech) -> Iterable[str]:
    segment = catalogue.segments.get(one.segment or "")
    spoken_for = segment.title.in_language(say.language) if segment else say("review.no_segment")
    yield f"{_summary(one, say, LIST_LENGTH)}\n-# {one.pseudonym} · {spoken_for}"
    if one.kind is FeedbackKind.PRIVATE:
        yield "-# " + say("review.quotation", quotation=say(f"quotation.{one.quotation}"))
    if one.edited_at is not None:
        yield "-# " + say("review.edited", time=discord.utils.format_dt(one.edited_at, "f"))


def _time(one: Feedback) -> str:
    """Return when it was given; of private words the store knows the hour alone."""
    return discord.utils.format_dt(one.given_at, "f")


def _attached(attachments: Iterable[Attachment], say: Speech) -> str:
    named = ", ".join(f"{one.name} ({one.kind or '?'}, {_size(one.size)})" for one in attachments)
    return f"📎 {harmless(shortened(named, LIST_LENGTH))}\n-# {say('review.not_kept')}"


def _size(size: int) -> str:
    return f"{size / MEGABYTE:.1f} MB" if size >= MEGABYTE else f"{size / KILOBYTE:.1f} kB"


def _reply_lines(consultation: Consultation, opened: Opened, say: Speech) -> Iterable[str]:
    """Show the newest reply, and where it stands."""
    last = opened.replies[-1]
    yield say("review.replies", count=len(opened.replies))
    yield f"> {harmless(shortened(' '.join(last.text.split()), REPLY_EXCERPT))}"
    if last.message_id is None:
        yield say("review.reply_uncertain")
    else:
        yield f"{message_url(consultation, last.channel_id or 0, last.message_id)}"


def message_url(consultation: Consultation, channel_id: int, message_id: int) -> str:
    """Return the address of a message in the consultation's server."""
    return f"https://discord.com/channels/{consultation.guild_id}/{channel_id}/{message_id}"


def _in_all(speeches: Sequence[Speech], phrase: str, **values: object) -> str:
    return " / ".join(dict.fromkeys(say(phrase, **values) for say in speeches))
