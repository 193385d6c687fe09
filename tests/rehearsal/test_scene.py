"""The scene: what has happened in the rehearsal's server before one comes in."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import ValidationError

from content.answers import Answers
from content.catalogue import LANGUAGES, Catalogue, load_catalogue
from models import polls, status
from models.records import ConsultationState
from rehearsal.scene import Join, PrivateFeedback, Scene, Vote, Write, load_scene
from rehearsal.simulation import Simulation

INVENTED = re.compile(
    r"Example|Exemple|Voorbeeld|Beispiel|Muster|Verzonnen|Inventé|Imaginary|Placeholder|Newcomer|Moderator"
)
one_loop = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def scene() -> Scene:
    return load_scene()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def simulation(scene: Scene, catalogue: Catalogue, answers: Answers) -> AsyncIterator[Simulation]:
    running = await Simulation.start(scene, catalogue, answers)
    yield running
    await running.close()


def test_everybody_is_obviously_invented(scene: Scene) -> None:
    assert all(INVENTED.search(person.name) for person in scene.people)


def test_the_visitor_can_be_a_moderator_a_newcomer_and_members_of_every_language(scene: Scene) -> None:
    played = [person for person in scene.people if person.played]
    assert sum(person.moderator for person in played) == 1
    assert sum(person.segment is None and not person.moderator for person in played) == 1
    assert {person.locale[:2] for person in played if person.segment} == set(LANGUAGES)


def test_the_scene_speaks_of_people_segments_and_recommendations_that_exist(scene: Scene, catalogue: Catalogue) -> None:
    people = {person.key: person for person in scene.people}
    for person in people.values():
        assert person.segment is None or person.segment in catalogue.segments
        assert set(person.groups) <= set(catalogue.groups)
    for step in scene.steps:
        match step:
            case Join(who=who):
                assert all(people[key].segment for key in who)
            case Vote():
                voters = (*step.support, *step.accept, *step.pass_)
                assert len(set(voters)) == len(voters)
                assert all(people[key].segment for key in voters)
                assert step.recommendation in catalogue.recommendations
            case Write() if step.thread:
                assert step.thread in catalogue.recommendations
            case PrivateFeedback():
                assert step.recommendation in catalogue.recommendations


def test_a_step_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValidationError):
        Scene.model_validate({"server": "s", "lobby": "l", "bot": "b", "person": [], "step": [{"does": "dance"}]})


@one_loop
async def test_the_scene_ends_now_with_votes_open_and_results_to_read(simulation: Simulation) -> None:
    assert not simulation.env.errors
    assert simulation.consultation.state is ConsultationState.OPEN
    # A machine whose clock stands before the beginning of simulated time starts there.
    present = max(datetime.now(UTC), datetime(2026, 1, 1, tzinfo=UTC))
    assert abs(simulation.env.now() - present) < timedelta(days=1)
    async with simulation.store.read() as session:
        seen = await status.status(session, simulation.consultation.id)
        ended = await polls.ended_polls(session, simulation.consultation.id)
        results = [await polls.result(session, poll) for poll in ended]
    assert {one.poll.recommendation: one.turnout for one in seen.open_polls} == {
        "unlock-health-data": 11,
        "innovative-platforms": 4,
        "growth-capital": 3,
    }
    assert {poll.recommendation: poll.end_reason is None for poll in ended} == {
        "stem-orientation": True,
        "fiscal-and-financial-stimuli": False,
    }
    assert all(len(result.segments) > 1 for result in results)
    assert seen.participants == 17
    assert seen.feedback == 9


@one_loop
async def test_open_votes_end_at_different_times(simulation: Simulation) -> None:
    ends = [poll.closes_at for poll in simulation.store.memory.polls.values()]
    assert len(set(ends)) == len(ends)


@one_loop
async def test_what_was_written_in_threads_is_confirmed(simulation: Simulation) -> None:
    threads = [thread for channel in simulation.server.guild.channels.values() for thread in channel.threads]
    written = [
        message for thread in threads for message in thread.history() if not message.author.bot and message.content
    ]
    assert len(written) >= 8
    assert all([str(reaction.emoji) for reaction in message.reactions] == ["✅"] for message in written)


async def test_another_consultation_is_rehearsed_with_what_of_the_scene_fits_it(scene: Scene) -> None:
    other = load_catalogue(Path(__file__).parent.parent / "content" / "sample")
    fitted = scene.fitted(other)
    assert {person.segment for person in fitted.people} <= {None, *other.segments}
    simulation = await Simulation.start(fitted, other, Answers(other))
    try:
        assert not simulation.env.errors
        assert simulation.consultation.state is ConsultationState.OPEN
    finally:
        await simulation.close()


async def test_nothing_is_left_behind_in_the_temporary_folder(
    short_scene: Scene, catalogue: Catalogue, answers: Answers
) -> None:
    simulation = await Simulation.start(short_scene, catalogue, answers)
    folder = simulation._folder
    assert (folder / "consultation.db").exists()
    await simulation.close()
    assert not folder.exists()
