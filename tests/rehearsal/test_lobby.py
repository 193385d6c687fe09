"""The lobby: the page a visitor sees, what its buttons do, and whom it refuses."""

import socket
from datetime import timedelta

import pytest

from content.catalogue import Catalogue
from models import polls
from models.errors import OperatorError
from rehearsal.guard import HERE
from rehearsal.lobby import Rehearsal, serving
from rehearsal.page import Lobby, Page, Player, Room, Section, Talk
from tests.rehearsal.conftest import Visit

THREAD = "Unlock the potential of health data"


async def test_the_page_lists_people_channels_and_open_votes(visit: Visit) -> None:
    page = await visit.page()
    for expected in ("Anna Example", "Nora Newcomer", "Has not joined yet", "health-data", THREAD, "1 vote open"):
        assert expected in page
    assert "Nothing leaves this machine" in page
    assert "<iframe" not in page


async def test_a_channel_opens_as_the_member_that_was_picked(visit: Visit) -> None:
    await visit.press("/player", key="chloe")
    page = await visit.press("/channel", id=visit.channel_id("health-data"))
    assert 'title="health-data, as Chloé Exemple"' in page
    preview = visit.simulation.preview
    assert preview is not None
    assert preview.viewers[0].id == visit.simulation.server.members["chloe"].id


async def test_another_channel_takes_the_place_of_the_first(visit: Visit) -> None:
    await visit.press("/channel", id=visit.channel_id("questions"))
    page = await visit.press("/channel", id=visit.thread_id("health-data", THREAD))
    assert f'title="{THREAD}, as Anna Example"' in page
    page = await visit.press("/leave")
    assert "<iframe" not in page
    assert visit.simulation.preview is None


async def test_the_chat_window_passes_the_preview_on_for_the_lobby_alone(visit: Visit) -> None:
    await visit.press("/channel", id=visit.channel_id("questions"))
    window = f"http://{HERE}:{visit.port + 1}"
    async with visit.client.get(window) as answer:
        assert answer.status == 200
        assert f"frame-ancestors {visit.address} " in answer.headers["Content-Security-Policy"]
        assert "X-Frame-Options" not in answer.headers
    async with visit.client.get(f"{window}/api/state") as answer:
        assert answer.status == 401
    async with visit.client.get(window, headers={"Host": "elsewhere.example"}) as answer:
        assert answer.status == 403


async def test_the_chat_window_says_when_nothing_is_open(visit: Visit) -> None:
    async with visit.client.get(f"http://{HERE}:{visit.port + 1}/") as answer:
        assert answer.status == 503


async def test_a_jump_of_the_clock_ends_a_poll_and_its_result_is_new(visit: Visit) -> None:
    thread = visit.simulation.channel(visit.thread_id("health-data", THREAD))
    assert thread is not None
    before = len(thread.history())
    page = await visit.press("/clock", by="week")
    assert len(thread.history()) == before + 1
    assert '<span class="badge">result</span> <span class="badge new">2 new</span>'.replace("> <", "><") in page
    assert not visit.simulation.env.errors
    assert [poll.recommendation for poll in visit.simulation.store.memory.polls.values()] == ["growth-capital"]


async def test_time_passes_with_the_clock_outside(visit: Visit) -> None:
    await visit.simulation.keep_time()
    before = visit.simulation.env.now()
    await visit.simulation.keep_time()
    assert visit.simulation.env.now() > before


async def test_after_a_restart_the_buttons_on_old_cards_still_work(visit: Visit) -> None:
    page = await visit.press("/restart")
    assert "The bot was restarted" in page
    channel = visit.simulation.server.guild.channels["health-data"]
    result = await visit.simulation.server.members["anna"].click(channel.history()[0], label="Support")
    assert result.response is not None
    assert result.ephemeral


async def test_starting_over_forgets_what_was_done(visit: Visit) -> None:
    await visit.press("/clock", by="week")
    first = visit.simulation
    page = await visit.press("/start-over")
    assert "The scene is set anew" in page
    assert visit.simulation is not first
    assert len(visit.simulation.store.memory.polls) == 2


@pytest.mark.parametrize(
    ("path", "fields"),
    [("/player", {"key": "nobody"}), ("/channel", {"id": "x"}), ("/clock", {"by": "century"}), ("/clock", {})],
)
async def test_what_cannot_be_done_is_said_in_a_sentence(visit: Visit, path: str, fields: dict[str, str]) -> None:
    assert "That could not be done" in await visit.press(path, **fields)


async def test_a_channel_that_is_gone_is_said_to_be(visit: Visit) -> None:
    assert "not there any more" in await visit.press("/channel", id=1)


async def test_a_bot_that_does_not_come_to_rest_is_said_to_be_at_work(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(type(visit.simulation), "jump", never)
    assert "still at work" in await visit.press("/clock", by="day")


async def test_what_nobody_foresaw_shows_a_sentence_and_a_way_out(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Page, "draw", None)
    async with visit.client.get(visit.address) as answer:
        assert answer.status == 500
        assert "Start over" in await answer.text()


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "elsewhere.example"},
        {"Origin": "http://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_change_asked_for_from_elsewhere_is_refused(visit: Visit, headers: dict[str, str]) -> None:
    before = visit.simulation.env.now()
    async with visit.client.post(f"{visit.address}/clock", data={"by": "week"}, headers=headers) as answer:
        assert answer.status == 403
    assert (visit.simulation.env.now() - before).days == 0


async def test_a_page_asked_for_under_a_foreign_name_is_refused(visit: Visit) -> None:
    for host in ("elsewhere.example", f"elsewhere.example:{visit.port}", HERE):
        async with visit.client.get(visit.address, headers={"Host": host}) as answer:
            assert answer.status == 403


async def test_a_notice_that_nobody_wrote_is_not_shown(visit: Visit) -> None:
    async with visit.client.get(visit.address, params={"notice": "<b>gotcha"}) as answer:
        assert "gotcha" not in await answer.text()


async def test_a_port_that_is_taken_is_named_with_the_way_out(catalogue: Catalogue, two_ports: int) -> None:
    with socket.socket() as taken:
        taken.bind((HERE, two_ports))
        taken.listen()
        with pytest.raises(OperatorError, match=f"Port {two_ports} .* REHEARSAL_PORT"):
            async with serving(Rehearsal(catalogue, two_ports), two_ports):
                pass


def test_what_people_wrote_is_escaped() -> None:
    evil = '<script>alert("$now")</script>'
    player = Player("k", evil, "en", "member", evil, chosen=True)
    talk = Talk(2, evil, "open", evil, 1, shown=True)
    lobby = Lobby(evil, (player,), (Section(evil, (Room(1, evil, 2, False, (talk,)),)),), evil, evil, evil, None)
    page = Page().draw(lobby)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


async def test_a_vote_that_begins_later_is_not_called_open(visit: Visit) -> None:
    simulation = visit.simulation
    before = simulation.open_polls()
    async with simulation.store.write() as session:
        await polls.open_poll(
            session,
            simulation.consultation,
            "stem-orientation",
            "training",
            before[0].wording,
            None,
            opens_at=simulation.env.now() + timedelta(days=3),
        )

    page = await visit.page()

    assert "vote opens " in page
    assert simulation.open_polls() == before
    await visit.press("/clock", by="week")
    assert "vote opens " not in await visit.page()
