"""What was asked last in a place, for ten minutes and for the busiest places only."""

from datetime import UTC, datetime, timedelta

from cogs.ui.recent_questions import MOST_PLACES, RecentQuestions

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time


def test_a_place_gives_back_its_own_last_question() -> None:
    recent = RecentQuestions(Clock())
    assert recent.before(1, "how many willows?") is None
    assert recent.before(2, "how long is the pontoon?") is None
    assert recent.before(1, "who is the mayor?") == "how many willows?"


def test_a_question_that_leans_keeps_the_one_it_leans_on() -> None:
    recent = RecentQuestions(Clock())
    recent.before(1, "how many willows in 2020?")
    assert recent.before(1, "and in 2021?") == "how many willows in 2020?"
    assert recent.before(1, "and in 2022?") == "how many willows in 2020?"


def test_after_ten_minutes_it_is_forgotten() -> None:
    clock = Clock()
    recent = RecentQuestions(clock)
    recent.before(1, "how many willows?")
    clock.time = NOON + timedelta(minutes=10)
    assert recent.before(1, "and pontoons?") == "how many willows?"
    clock.time += timedelta(minutes=11)
    assert recent.before(1, "and pontoons?") is None


def test_only_the_latest_places_are_remembered() -> None:
    recent = RecentQuestions(Clock())
    for place in range(MOST_PLACES + 1):
        recent.before(place, "how many willows?")
    assert recent.before(0, "and pontoons?") is None
    assert recent.before(MOST_PLACES, "and pontoons?") == "how many willows?"
