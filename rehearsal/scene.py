"""What has happened in the rehearsal's server before one comes in: read from `scene.toml`, and acted by its members.

They act it as people would, with commands, buttons, forms and messages; nothing is written into the store directly.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from typing import Annotated, Literal

import discord
from pydantic import BaseModel, ConfigDict, Field
from simcord import ChannelHandle, Env, GuildHandle, InteractionResult, MemberActor, ResponseMessage

from cogs.ui.texts import Speech
from content.catalogue import Catalogue
from models.records import PlaceKind, Position, Quotation
from models.store import Store

SCENE = Path(__file__).with_name("scene.toml")
STAFF = "Staff"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Person(_Frozen):
    """An invented member; the played ones are those in whose place the visitor can act."""

    key: str
    name: str
    locale: str
    segment: str | None = None
    groups: tuple[str, ...] = ()
    moderator: bool = False
    played: bool = False


class _Step(_Frozen):
    hours: float = Field(default=0, ge=0)


class Command(_Step):
    """Somebody gives a command in the lobby."""

    does: Literal["command"]
    who: str
    command: str
    options: Mapping[str, str] = {}
    press: str | None = None  # the button pressed in the answer, by its label


class Join(_Step):
    """People say for whom they speak, as it stands with each of them."""

    does: Literal["join"]
    who: tuple[str, ...]


class Write(_Step):
    """Somebody writes in the lobby, in the questions' channel or in a recommendation's thread."""

    does: Literal["write"]
    who: str
    channel: Literal["lobby", "questions"] = "lobby"
    thread: str | None = None
    text: str


class Vote(_Step):
    """People vote on a recommendation with a position that takes no reason."""

    does: Literal["vote"]
    recommendation: str
    support: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()
    pass_: tuple[str, ...] = Field(default=(), alias="pass")


class Objection(_Step):
    """Somebody objects and says why."""

    does: Literal["object"]
    who: str
    recommendation: str
    reason: str
    quotation: Quotation = Quotation.NOT


class PrivateFeedback(_Step):
    """Somebody gives feedback that only moderators read."""

    does: Literal["feedback"]
    who: str
    recommendation: str
    text: str
    quotation: Quotation = Quotation.NOT


Step = Annotated[Command | Join | Write | Vote | Objection | PrivateFeedback, Field(discriminator="does")]


class Scene(_Frozen):
    """The server's name, its lobby's and the bot's, its people and what they have done, in order."""

    server: str
    lobby: str
    bot: str
    people: tuple[Person, ...] = Field(alias="person")
    steps: tuple[Step, ...] = Field(alias="step")

    def fitted(self, catalogue: Catalogue) -> "Scene":
        """Return what of this scene can be acted with another consultation's content.

        What is said on recommendations that it does not have is left out; people of unknown segments get its own.
        """
        segments = cycle(catalogue.segments)
        people = tuple(
            person.model_copy(
                update={
                    "segment": person.segment
                    and (person.segment if person.segment in catalogue.segments else next(segments)),
                    "groups": tuple(group for group in person.groups if group in catalogue.groups),
                }
            )
            for person in self.people
        )
        steps = tuple(step for step in self.steps if _subject(step) in {None, *catalogue.recommendations})
        return self.model_copy(update={"people": people, "steps": steps})

    @property
    def length(self) -> timedelta:
        return timedelta(hours=sum(step.hours for step in self.steps))


def load_scene(file: Path = SCENE) -> Scene:
    """Read a scene. Raises pydantic's ValidationError where the file does not hold one."""
    return Scene.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))


def _subject(step: Step) -> str | None:
    """Return the recommendation a step speaks of, None where it speaks of none."""
    match step:
        case Command():
            return step.options.get("recommendation") or step.options.get("vote")
        case Write():
            return step.thread
        case Vote() | Objection() | PrivateFeedback():
            return step.recommendation
        case Join():
            return None


class SceneError(Exception):
    """The bot did not do in the scene what its members asked of it."""


@dataclass(frozen=True, slots=True)
class Server:
    """The simulated server with its members, by their key in the scene."""

    guild: GuildHandle
    lobby: ChannelHandle
    members: Mapping[str, MemberActor]


def build_server(scene: Scene, env: Env, locales: dict[int, str]) -> Server:
    """Make the server and its members, and note which language each one's Discord has."""
    guild = env.create_guild(scene.server)
    staff = guild.create_role(STAFF, permissions=discord.Permissions(manage_guild=True, manage_threads=True))
    lobby = guild.create_text_channel(scene.lobby)
    members = {}
    for person in scene.people:
        user = env.create_user(person.key, global_name=person.name)
        members[person.key] = guild.add_member(user, roles=[staff] if person.moderator else [])
        locales[user.id] = person.locale
    return Server(guild, lobby, members)


class Actors:
    """Acts a scene in a server. Raises SceneError at the first thing that does not come off."""

    def __init__(self, scene: Scene, env: Env, server: Server, store: Store, catalogue: Catalogue) -> None:
        self._people = {person.key: person for person in scene.people}
        self._steps = scene.steps
        self._env = env
        self._server = server
        self._store = store
        self._catalogue = catalogue

    async def act(self) -> None:
        for step in self._steps:
            if step.hours:
                await self._env.advance_time(timedelta(hours=step.hours).total_seconds())
            await self._do(step)
        if self._env.errors:
            raise SceneError(f"the bot failed in the scene: {self._env.errors[0]!r}")

    async def _do(self, step: Step) -> None:
        match step:
            case Command():
                member = self._member(step.who)
                answer = _answered(await member.slash(self._server.lobby, step.command, **step.options))
                if step.press:
                    _answered(await member.click(answer, label=step.press))
            case Join():
                for who in step.who:
                    await self._join(self._people[who])
            case Write():
                await self._member(step.who).send(self._where(step), step.text)
            case Vote():
                for position, who in _ballots(step):
                    _answered(await self._press(who, step.recommendation, position))
            case Objection():
                form = await self._press(step.who, step.recommendation, Position.OBJECT)
                await self._fill_in(step.who, form, {"reason": step.reason, "quotation": step.quotation})
            case PrivateFeedback():
                form = await self._member(step.who).slash(
                    self._server.lobby, "feedback", recommendation=step.recommendation
                )
                await self._fill_in(step.who, form, {"words": step.text, "quotation": step.quotation})

    async def _join(self, person: Person) -> None:
        form = await self._member(person.key).slash(self._server.lobby, "join")
        await self._fill_in(person.key, form, {"segment": person.segment, "groups": list(person.groups)})

    async def _press(self, who: str, recommendation: str, position: Position) -> InteractionResult:
        card_id = self._place(PlaceKind.CARD, recommendation)
        card = next(message for message in self._group_channel(recommendation).history() if message.id == card_id)
        languages = self._store.memory.consultations[self._server.guild.id].public_languages
        label = " / ".join(dict.fromkeys(Speech(language)(f"position.{position}") for language in languages))
        return await self._member(who).click(card, label=label)

    async def _fill_in(self, who: str, form: InteractionResult, values: dict[str, object]) -> None:
        _answered(await self._member(who).submit_modal(form, values))

    def _where(self, step: Write) -> ChannelHandle:
        if step.thread is not None:
            thread_id = self._place(PlaceKind.THREAD, step.thread)
            return next(thread for thread in self._group_channel(step.thread).threads if thread.id == thread_id)
        return self._server.lobby if step.channel == "lobby" else self._channel(PlaceKind.QUESTIONS, "")

    def _group_channel(self, recommendation: str) -> ChannelHandle:
        return self._channel(PlaceKind.GROUP, self._catalogue.recommendations[recommendation].group)

    def _channel(self, kind: PlaceKind, key: str) -> ChannelHandle:
        channel_id = self._place(kind, key)
        return next(channel for channel in self._server.guild.channels.values() if channel.id == channel_id)

    def _place(self, kind: PlaceKind, key: str) -> int:
        place = self._store.memory.place(self._store.memory.consultations[self._server.guild.id].id, kind, key)
        if place is None:
            raise SceneError(f"the bot made no {kind} of {key}")
        return place

    def _member(self, key: str) -> MemberActor:
        return self._server.members[key]


def _ballots(step: Vote) -> Iterator[tuple[Position, str]]:
    for position, voters in (
        (Position.SUPPORT, step.support),
        (Position.ACCEPT, step.accept),
        (Position.PASS, step.pass_),
    ):
        for who in voters:
            yield position, who


def _answered(result: InteractionResult) -> ResponseMessage:
    if result.response is None:
        raise SceneError(f"the bot did not answer: {result!r}")
    return result.response
