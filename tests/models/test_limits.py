"""How often one person may do something within an hour."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import models.limits
from models.errors import ConsultationError
from models.limits import WINDOW, Deed, Limits, Policy

PERSON = 812_345_678_901_234_567
OTHER = 812_345_678_901_234_568
THREE = Policy({Deed.FEEDBACK: 3, Deed.QUESTION: 1})


@pytest.fixture
def limits(store):
    return Limits(store, THREE)


def done(limits: Limits, deed: Deed = Deed.FEEDBACK, person: int = PERSON) -> bool:
    try:
        with limits.counted(deed, person):
            return True
    except ConsultationError:
        return False


async def test_after_so_many_within_an_hour_it_is_refused_until_the_first_is_an_hour_old(limits, clock):
    began = clock()
    for _ in range(3):
        assert done(limits)
        clock.advance(minutes=10)

    with pytest.raises(ConsultationError) as refused:
        limits.require(Deed.FEEDBACK, PERSON, "What I wrote.")
    assert refused.value.phrase == "limit.feedback"
    assert refused.value.values == {"again": began + WINDOW, "written": "What I wrote."}

    clock.advance(minutes=30)
    assert done(limits)
    assert not done(limits)


async def test_each_person_and_each_deed_is_counted_apart(limits):
    assert done(limits, Deed.QUESTION)
    assert not done(limits, Deed.QUESTION)
    assert done(limits, Deed.QUESTION, OTHER)
    assert done(limits, Deed.FEEDBACK)


async def test_what_failed_or_was_refused_does_not_count(limits):
    for _ in range(5):
        with pytest.raises(ZeroDivisionError), limits.counted(Deed.FEEDBACK, PERSON):
            _ = 1 / 0
    assert [done(limits) for _ in range(5)] == [True, True, True, False, False]


async def test_of_many_at_once_no_more_begin_than_are_allowed(limits):
    with limits.counted(Deed.QUESTION, PERSON), pytest.raises(ConsultationError):
        limits.require(Deed.QUESTION, PERSON)


async def test_those_who_did_nothing_for_an_hour_are_forgotten_once_there_are_many(limits, clock, monkeypatch):
    monkeypatch.setattr(models.limits, "MOST_KEPT", 10)
    for person in range(10):
        done(limits, person=person)
    clock.advance(hours=1)
    assert done(limits)
    assert len(limits._done) == 1


@settings(deadline=None, derandomize=True, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 90), max_size=20))
async def test_within_no_hour_is_more_done_than_is_allowed(store, clock, pauses):
    limits, moments = Limits(store, THREE), []
    for pause in pauses:
        clock.advance(minutes=pause)
        if done(limits):
            moments.append(clock())
    for moment in moments:
        assert sum(moment - timedelta(hours=1) < other <= moment for other in moments) <= 3


def test_links_are_refused_only_where_the_policy_says_so():
    written = "See https://example.org."
    Policy().require_allowed(written)
    Policy(links=False).require_allowed("See the article.")
    with pytest.raises(ConsultationError, match=r"text\.no_links"):
        Policy(links=False).require_allowed(written)
