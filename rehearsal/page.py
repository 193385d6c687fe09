"""Draws the lobby's page from plain values and `lobby.html`, which holds every sentence on it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

TEMPLATE = Path(__file__).with_name("lobby.html")
_PART = re.compile(r"^<!-- part: ([a-z-]+) -->\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Player:
    """Somebody the visitor can be: `kind` is moderator, newcomer or member, `segment` only a member's."""

    key: str
    name: str
    language: str
    kind: str
    segment: str | None
    chosen: bool


@dataclass(frozen=True, slots=True)
class Talk:
    """A thread, with the state of the vote on its recommendation: planned, open, ended or None.

    `until` is when that state ends, in words: the beginning of a planned vote, the end of an open one.
    """

    id: int
    name: str
    vote: str | None
    until: str | None
    unread: int
    shown: bool


@dataclass(frozen=True, slots=True)
class Room:
    """A channel with its threads."""

    id: int
    name: str
    unread: int
    shown: bool
    talks: tuple[Talk, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A category with its channels; the channels outside one stand in a section without a name."""

    name: str | None
    rooms: tuple[Room, ...]


@dataclass(frozen=True, slots=True)
class Lobby:
    """Everything the page shows.

    `window` is the chat window's address, `notice` the part that says what happened; `vote` and `questions` name the
    channels in which a visitor finds a vote and can ask.
    """

    now: str
    players: tuple[Player, ...]
    sections: tuple[Section, ...]
    vote: str
    questions: str
    window: str | None
    notice: str | None

    @property
    def player(self) -> Player:
        return next(player for player in self.players if player.chosen)

    @property
    def shown(self) -> str | None:
        """The name of the channel or thread in the chat window."""
        rooms = [room for section in self.sections for room in section.rooms]
        places: list[Room | Talk] = [*rooms, *(talk for room in rooms for talk in room.talks)]
        return next((place.name for place in places if place.shown), None)


class Page:
    """The parts of the template, by name."""

    def __init__(self, file: Path = TEMPLATE) -> None:
        _, *rest = _PART.split(file.read_text(encoding="utf-8"))
        self._parts: Mapping[str, Template] = {
            name: Template(text) for name, text in zip(rest[::2], rest[1::2], strict=True)
        }

    def draw(self, lobby: Lobby) -> str:
        """Return the page as HTML."""
        chat = lobby.shown is not None and lobby.window is not None
        main = (
            self._part("chat", where=lobby.shown, who=lobby.player.name, window=lobby.window)
            if chat
            else self._part("welcome", vote=lobby.vote)
        )
        return self._fill(
            "page",
            now=escape(lobby.now),
            state="chatting" if chat else "choosing",
            notice=self._notice(lobby.notice),
            players="".join(self._player(player) for player in lobby.players),
            sections="".join(self._section(section) for section in lobby.sections),
            tries=self._part(f"try-{lobby.player.kind}", vote=lobby.vote, questions=lobby.questions),
            main=main,
        )

    def draw_broken(self) -> str:
        """Return the page that is shown where the lobby itself cannot be drawn."""
        return self._fill("broken")

    def _notice(self, name: str | None) -> str:
        known = name is not None and f"notice-{name}" in self._parts
        return self._fill("notice", sentence=self._part(f"notice-{name}")) if known else ""

    def _player(self, player: Player) -> str:
        kind = "joined" if player.kind == "member" and player.segment is None else player.kind
        role = self._part(f"role-{kind}", segment=player.segment or "")
        language = self._part(f"language-{player.language}")
        return self._fill(
            "player",
            key=escape(player.key),
            name=escape(player.name),
            initial=escape(player.name[:1]),
            role=role,
            language=language,
            pressed=str(player.chosen).lower(),
        )

    def _section(self, section: Section) -> str:
        heading = self._part("heading", name=section.name) if section.name else ""
        return self._fill("section", heading=heading, rooms="".join(self._room(room) for room in section.rooms))

    def _room(self, room: Room) -> str:
        votes = sum(talk.vote == "open" for talk in room.talks)
        badges = self._part("votes-many" if votes > 1 else "votes-one", count=str(votes)) if votes else ""
        results = self._part("vote-ended") if any(talk.vote == "ended" for talk in room.talks) else ""
        threads = self._fill(
            "threads",
            id=str(room.id),
            count=self._part("threads-many" if len(room.talks) > 1 else "threads-one", count=str(len(room.talks))),
            badges=results + self._unread(sum(talk.unread for talk in room.talks)),
            open="open" if any(talk.shown for talk in room.talks) else "",
            talks="".join(self._talk(talk) for talk in room.talks),
        )
        return self._fill(
            "room",
            id=str(room.id),
            name=escape(room.name),
            current=_current(room.shown),
            badges=badges + self._unread(room.unread),
            threads=threads if room.talks else "",
        )

    def _talk(self, talk: Talk) -> str:
        vote = "endless" if talk.vote == "open" and talk.until is None else talk.vote
        return self._fill(
            "talk",
            id=str(talk.id),
            name=escape(talk.name),
            current=_current(talk.shown),
            badges=(self._part(f"vote-{vote}", until=talk.until) if vote else "") + self._unread(talk.unread),
        )

    def _unread(self, count: int) -> str:
        return self._part("unread", count=str(count)) if count else ""

    def _part(self, part: str, /, **values: str | None) -> str:
        """Return a part with values that are not HTML."""
        return self._fill(part, **{key: escape(value or "") for key, value in values.items()})

    def _fill(self, part: str, /, **values: str) -> str:
        return self._parts[part].substitute(values).strip()


def _current(shown: bool) -> str:
    return 'aria-current="true"' if shown else ""
