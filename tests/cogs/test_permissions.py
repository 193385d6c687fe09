"""Who may do what, and where: a table of every command and every component, walked in the place of everybody.

A new command or component needs its row here, or the first tests fail. What is refused is refused privately, by a
sentence or, for commands, by Discord, which does not show them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

import discord
import pytest
from discord import ui
from simcord import ChannelHandle, GuildHandle, InteractionResult, RoleHandle, UserHandle
from simcord.backend.errors import SetupError

from cogs.ui.layout import custom_id, sent_once
from cogs.ui.texts import PHRASES
from models.records import PlaceKind
from tests.cogs.conftest import House, answered, said
from tests.cogs.test_voting import STEM, neutral, phrase

FACT = "direct-jobs"


class Who(Enum):
    """For whom something is, with or without a consultation in the server where they do it."""

    ANYONE = auto()  # everywhere, in direct messages too
    MEMBERS = auto()  # in a server with a consultation
    WRITERS = auto()  # the same, unless moderators have blocked them
    MODERATORS = auto()
    MANAGERS = auto()  # moderators, also where there is no consultation yet


@dataclass(frozen=True)
class Row:
    """For whom a command or component is, and with what it is given; `menu` is the value chosen in a select menu."""

    who: Who
    given: Mapping[str, Any] = field(default_factory=dict)
    arguments: tuple[object, ...] = ()
    menu: str | None = None


# What is given need only get past the gate: a row that is refused for another reason counts as let in.
ON_STEM = {"recommendation": STEM}
WHY = {"reason": "A reason."}
MENU = "Add a private comment"
COMMANDS = {
    "about": Row(Who.ANYONE),
    "help": Row(Who.ANYONE),
    "ask": Row(Who.ANYONE, {"question": "What is biotech?"}),
    "fact": Row(Who.ANYONE),
    "recommendation": Row(Who.ANYONE),
    "group": Row(Who.ANYONE),
    "timeline": Row(Who.ANYONE),
    "language": Row(Who.ANYONE, {"language": "en"}),
    "vote": Row(Who.MEMBERS),
    "join": Row(Who.WRITERS),
    "feedback": Row(Who.WRITERS),
    "propose": Row(Who.WRITERS),
    "review proposals": Row(Who.MODERATORS),
    "export": Row(Who.MODERATORS),
    "poll open": Row(Who.MODERATORS, ON_STEM),
    "poll open-all": Row(Who.MODERATORS, {"group": "No such group"}),
    "poll edit": Row(Who.MODERATORS, {"vote": STEM}),
    "poll ask": Row(Who.MODERATORS, {"kind": "single", "group": "No such group"}),
    "poll close": Row(Who.MODERATORS, {"vote": STEM, "reason": "\N{ZERO WIDTH SPACE}"}),
    "poll cancel": Row(Who.MODERATORS, {"vote": STEM, "reason": "\N{ZERO WIDTH SPACE}"}),
    "poll publish": Row(Who.MODERATORS, {"vote": STEM}),
    "question list": Row(Who.MODERATORS),
    "question answer": Row(Who.MODERATORS, {"question": "Who pays?", "language": "en"}),
    "question answers": Row(Who.MODERATORS),
    "review feedback": Row(Who.MODERATORS),
    "review theme": Row(Who.MODERATORS, {"feedback": "F-NOBODY", "theme": "Costs"}),
    "outcome decide": Row(Who.MODERATORS, {**ON_STEM, "decision": "adopted"}),
    "outcome due": Row(Who.MODERATORS),
    "results": Row(Who.MEMBERS),
    "report overview": Row(Who.MODERATORS),
    "report page": Row(Who.MODERATORS),
    "report plan": Row(Who.MODERATORS),
    "mydata": Row(Who.ANYONE),
    MENU: Row(Who.WRITERS),
    "consultation segment source": Row(Who.MODERATORS, {"source": "declared"}),
    "consultation segment role": Row(Who.MODERATORS, {"role": "some role"}),
    "consultation segment confirm": Row(Who.MODERATORS, {"person": "somebody"}),
    "consultation status": Row(Who.MODERATORS),
    "consultation missing": Row(Who.MODERATORS, ON_STEM),
    "consultation expect": Row(Who.MODERATORS, {"segment": "industry", "heads": 3}),
    "consultation log": Row(Who.MODERATORS),
    "consultation block": Row(Who.MODERATORS, {"person": "somebody", **WHY}),
    "consultation unblock": Row(Who.MODERATORS, {"person": "somebody", **WHY}),
    "consultation open": Row(Who.MODERATORS),
    "consultation close": Row(Who.MODERATORS, WHY),
    "consultation setup": Row(Who.MANAGERS),
}
# `poll` stands for the id of an open poll. A form's handler is pressed like a button: it gets what a form without any
# field would hand in.
COMPONENTS = {
    "privacy": Row(Who.ANYONE),
    "browse": Row(Who.ANYONE, arguments=(0, "section"), menu=FACT),
    "fact": Row(Who.ANYONE, arguments=(FACT, "en")),
    "ask": Row(Who.ANYONE),
    "languages": Row(Who.ANYONE),
    "language": Row(Who.ANYONE, arguments=("en",)),
    "moderators_answer": Row(Who.ANYONE, arguments=(1,)),
    "helped": Row(Who.ANYONE),
    "unhelpful": Row(Who.WRITERS, arguments=("en", 1)),
    "asked_again": Row(Who.WRITERS, arguments=("en", 1, 1)),
    "start_here": Row(Who.MEMBERS),
    "card_here": Row(Who.MEMBERS, arguments=(STEM,)),
    "open_polls": Row(Who.MEMBERS),
    "deck_go_on": Row(Who.MEMBERS, arguments=("",)),
    "deck_skip": Row(Who.MEMBERS, arguments=("poll", "")),
    "deck_answers": Row(Who.MEMBERS, arguments=(0, "")),
    "deck_change": Row(Who.MEMBERS, arguments=("poll", "")),
    "join": Row(Who.WRITERS),
    "feedback": Row(Who.WRITERS, arguments=("",)),
    "words": Row(Who.WRITERS, arguments=("", 1)),
    "vote": Row(Who.WRITERS, arguments=("support", "poll")),
    "ballot": Row(Who.WRITERS, arguments=("support", "poll", 1)),
    "reason_given": Row(Who.WRITERS, arguments=("support", "poll", 1)),
    "deck_vote": Row(Who.WRITERS, arguments=("support", "poll", "")),
    "deck_cast": Row(Who.WRITERS, arguments=("support", "poll", "")),
    "choose": Row(Who.WRITERS, arguments=("poll",), menu="support"),
    "rank": Row(Who.WRITERS, arguments=("poll",)),
    "ranked": Row(Who.WRITERS, arguments=("poll", ""), menu="support"),
    "give_reason": Row(Who.WRITERS, arguments=("support", "poll")),
    "deck_choose": Row(Who.WRITERS, arguments=("poll", ""), menu="support"),
    "deck_ranked": Row(Who.MEMBERS, arguments=("poll", "", ""), menu="support"),
    "deck_ballot": Row(Who.WRITERS, arguments=("support", "poll", "", 1)),
    "propose": Row(Who.WRITERS),
    "propose_typed": Row(Who.WRITERS, arguments=("g", "training", 1)),
    "propose_correct": Row(Who.WRITERS, arguments=(1,)),
    "propose_corrected": Row(Who.WRITERS, arguments=(1, 1)),
    "propose_send": Row(Who.WRITERS, arguments=(1,)),
    # Whose it is decides; what moderators ask back is answered in direct messages too.
    "propose_leave": Row(Who.ANYONE, arguments=(1,)),
    "propose_answer": Row(Who.ANYONE, arguments=(1,)),
    "propose_answered": Row(Who.ANYONE, arguments=(1, 1)),
    **{
        f"proposal_{name}": Row(Who.MODERATORS, arguments=(1, 1))
        for name in ("approve", "reject", "ask", "translate", "correct")
    },
    **{
        f"proposal_{name}": Row(Who.MODERATORS, arguments=(1, 1, 1))
        for name in ("approved", "rejected", "asked", "translated", "corrected")
    },
    "proposal_merge": Row(Who.MODERATORS, arguments=(1, 1), menu="2"),
    "proposal_merged": Row(Who.MODERATORS, arguments=(1, 1, 2, 1)),
    "proposal_next": Row(Who.MODERATORS, arguments=(1,)),
    "asked": Row(Who.MODERATORS, arguments=(1, 1)),
    "correct_draft": Row(Who.MODERATORS, arguments=(1,)),
    "open_draft": Row(Who.MODERATORS, arguments=(1,)),
    "change_draft": Row(Who.MODERATORS, arguments=(1,)),
    "leave_draft": Row(Who.MODERATORS, arguments=(1,)),
    "question_page": Row(Who.MODERATORS, arguments=(0,)),
    "answer_page": Row(Who.MODERATORS, arguments=(0,)),
    "question_answer": Row(Who.MODERATORS, arguments=(1, 0)),
    "question_answered": Row(Who.MODERATORS, arguments=("", 1)),
    "question_remove": Row(Who.MODERATORS, arguments=(1, 0)),
    "questions_removed": Row(Who.MODERATORS, arguments=(0, 1)),
    "answer_remove": Row(Who.MODERATORS, arguments=(1, 0)),
    "log": Row(Who.MODERATORS, arguments=(0, "", "")),
    "mydata": Row(Who.ANYONE, arguments=(1,)),
    "mydata_files": Row(Who.ANYONE, arguments=(1,)),
    "mydata_words": Row(Who.ANYONE, arguments=(1,)),
    "mydata_words_page": Row(Who.ANYONE, arguments=(1, 0)),
    "mydata_erase": Row(Who.ANYONE, arguments=(1,)),
    "mydata_keep": Row(Who.ANYONE),
    "review_page": Row(Who.MODERATORS, arguments=(".a..", 0)),
    "review_show": Row(Who.MODERATORS, arguments=(".a..",), menu="unread"),
    "review_open": Row(Who.MODERATORS, arguments=("F-NOBODY", 0, "", 0)),
    "review_next": Row(Who.MODERATORS, arguments=(".a..", 0)),
    "review_mark": Row(Who.MODERATORS, arguments=("pinned", "F-NOBODY", 0, "", 0)),
    "review_themes": Row(Who.MODERATORS, arguments=("F-NOBODY", 0, "", 0)),
    "themes": Row(Who.MODERATORS, arguments=("F-NOBODY", 0, "", 0, 1)),
    "review_reply": Row(Who.MODERATORS, arguments=("F-NOBODY", 0, "", 0)),
    "reply": Row(Who.MODERATORS, arguments=("F-NOBODY", 0, "", 0, 1)),
    "review_earlier": Row(Who.MODERATORS, arguments=("F-NOBODY",)),
    "results_page": Row(Who.MEMBERS, arguments=("consensus", 0)),
    "results_open": Row(Who.MEMBERS, arguments=(0,), menu="1"),
    "reasons": Row(Who.MEMBERS, arguments=(1,)),
    "reasons_page": Row(Who.MEMBERS, arguments=(1, 0)),
    "decided": Row(Who.MODERATORS, arguments=("adopted", STEM, 1)),
    "words_on": Row(Who.WRITERS, arguments=(1, 1)),
    # What is about oneself alone needs no more than being oneself; last, because it ends one's membership.
    "mydata_erase_now": Row(Who.ANYONE, arguments=(1,)),
}
# These change for whom the rest is open, so they are given last.
LAST = ("consultation close", "consultation setup")


class Outcome(Enum):
    """What becomes of something that somebody does."""

    LET_IN = auto()
    NOT_SHOWN = auto()
    MODERATORS_ONLY = "moderator.only"
    NO_CONSULTATION = "setup.missing"
    BLOCKED = "block.refused"


class Place(Enum):
    """Where it is done."""

    SERVER = auto()
    ANOTHER_SERVER = auto()  # the bot is there, a consultation is not
    DIRECT_MESSAGE = auto()


MODERATING = {"moderator", "administrator"}
# Discord shows them moderators' commands, because they manage threads.
SHOWN = MODERATING | {"keeper of threads"}
CASES = [
    *((role, Place.SERVER) for role in ("member", "participant", "blocked", "keeper of threads", *sorted(MODERATING))),
    *((role, Place.ANOTHER_SERVER) for role in ("member", "administrator")),
    *((role, Place.DIRECT_MESSAGE) for role in ("member", "moderator", "outsider")),
]


def expected(row: Row, role: str, place: Place, *, command: bool) -> Outcome:
    """Return what is to become of a row of the table when somebody in this role does it in this place."""
    if row.who is Who.ANYONE:
        return Outcome.LET_IN
    if command and place is Place.DIRECT_MESSAGE:
        return Outcome.NOT_SHOWN
    moderates = role in MODERATING and place is not Place.DIRECT_MESSAGE
    if row.who in {Who.MODERATORS, Who.MANAGERS} and not moderates:
        return Outcome.NOT_SHOWN if command and role not in SHOWN else Outcome.MODERATORS_ONLY
    if place is not Place.SERVER and row.who is not Who.MANAGERS:
        return Outcome.NO_CONSULTATION
    return Outcome.BLOCKED if row.who is Who.WRITERS and role == "blocked" else Outcome.LET_IN


@dataclass
class Stage:
    """Somebody in a place, who does what the table says."""

    house: House
    role: str
    place: Place
    who: Any
    channel: ChannelHandle
    poll_id: int
    somebody: UserHandle
    some_role: RoleHandle

    async def give(self, name: str, row: Row) -> Outcome:
        """Give a command."""
        stand_ins = {"somebody": self.somebody, "some role": self.some_role}
        given = {option: stand_ins.get(value, value) for option, value in row.given.items()}
        if name == MENU:
            return await self._give_on_a_message(name)
        try:
            if self.place is Place.DIRECT_MESSAGE:
                result = await self.who.slash(name, **given)
            else:
                result = await self.who.slash(self.channel, name, **given)
        except SetupError as hidden:
            assert "not visible to this user" in str(hidden)  # noqa: PT017 - any other is a mistake in the table
            return Outcome.NOT_SHOWN
        return self._outcome(result)

    async def _give_on_a_message(self, name: str) -> Outcome:
        if self.place is Place.DIRECT_MESSAGE:
            menu = self.house.bot.tree.get_command(name, type=discord.AppCommandType.message)
            assert isinstance(menu, discord.app_commands.ContextMenu)
            return Outcome.NOT_SHOWN if menu.guild_only else Outcome.LET_IN
        message = await self.who.send(self.channel, "Something said.")
        return self._outcome(await self.who.context_menu(self.channel, name, message))

    async def press(self, name: str, row: Row) -> Outcome:
        """Press a component that the bot has sent to this place."""
        pressed = custom_id(name, *(self.poll_id if one == "poll" else one for one in row.arguments))
        item: ui.Item[Any] = ui.Button(label="Press", custom_id=pressed)
        if row.menu is not None:
            item = ui.Select(custom_id=pressed, options=[discord.SelectOption(label="One", value=row.menu)])
        if self.place is Place.DIRECT_MESSAGE:
            channel: Any = await self.house.bot.create_dm(discord.Object(self.who.id))
        else:
            channel = self.house.bot.get_channel(self.channel.id)
        sent = await channel.send(view=sent_once(ui.ActionRow(item)))
        await self.house.env.settle()
        message = next(one for one in self.channel.history() if one.id == sent.id)
        if row.menu is not None:
            return self._outcome(await self.who.select(message, [row.menu], custom_id=pressed))
        return self._outcome(await self.who.click(message, custom_id=pressed))

    def _outcome(self, result: InteractionResult) -> Outcome:
        if result.modal is not None:
            return Outcome.LET_IN
        assert result.acknowledged
        role = self.house.store.memory.place(1, PlaceKind.MODERATOR_ROLE)
        text = answered(result).content or ""
        assert not neutral(text), text
        for refused in (Outcome.MODERATORS_ONLY, Outcome.NO_CONSULTATION, Outcome.BLOCKED):
            if text.startswith(phrase(refused.value, moderators=f"<@&{role}>")):
                said(result)  # and to them alone
                return refused
        return Outcome.LET_IN


@pytest.fixture
async def stage(open_house: House, role: str, place: Place) -> Stage:
    """Return somebody in this role and place, and an open vote that they have not answered."""
    await open_house.open_poll(STEM)
    (poll_id,) = open_house.store.memory.polls
    guild, channel = open_house.guild, open_house.lobby
    if place is Place.ANOTHER_SERVER:
        guild = open_house.env.create_guild("Another test server")
        channel = guild.create_text_channel("elsewhere")
    user = open_house.env.create_user("ann-example")
    who: Any = user
    if role != "outsider":
        who = guild.add_member(user, roles=roles_of(open_house, guild, role))
    if role in {"participant", "blocked"}:
        await open_house.join(who, "academia")
    if role == "blocked":
        await open_house.moderator.slash(open_house.lobby, "consultation block", person=who, **WHY)
    if place is Place.DIRECT_MESSAGE:
        who, channel = user, user.dm_channel
    somebody = open_house.env.create_user("somebody-example")
    return Stage(open_house, role, place, who, channel, poll_id, somebody, guild.create_role("Some role"))


def roles_of(house: House, guild: GuildHandle, role: str) -> list[Any]:
    """Return the roles in Discord of somebody in this role."""
    if role == "moderator":
        return [house.guild.roles[PHRASES.text("setup.moderators", "en")]]
    if role == "administrator":
        held = discord.Permissions(manage_guild=True, manage_threads=True)
    elif role == "keeper of threads":
        held = discord.Permissions(manage_threads=True)
    else:
        return []
    return [guild.create_role("Held", permissions=held)]


def test_every_command_is_in_the_table(house: House) -> None:
    kinds = (discord.AppCommandType.chat_input, discord.AppCommandType.message, discord.AppCommandType.user)
    every = [command for kind in kinds for command in house.bot.tree.walk_commands(type=kind)]
    named = {one.qualified_name for one in every if not isinstance(one, discord.app_commands.Group)}
    assert named == set(COMMANDS)


def test_every_component_is_in_the_table(house: House) -> None:
    assert set(house.bot.router._handlers) == set(COMPONENTS)


@pytest.mark.parametrize(("role", "place"), CASES)
async def test_everybody_is_let_in_where_the_table_says_and_nowhere_else(stage: Stage, role: str, place: Place) -> None:
    wrong = {}
    for name, row in COMPONENTS.items():
        outcome, right = await stage.press(name, row), expected(row, role, place, command=False)
        if outcome is not right:
            wrong[f"component {name}"] = (outcome, right)
    for name in [*(one for one in COMMANDS if one not in LAST), *LAST]:
        row = COMMANDS[name]
        outcome, right = await stage.give(name, row), expected(row, role, place, command=True)
        if outcome is not right:
            wrong[f"/{name}"] = (outcome, right)
    assert wrong == {}
