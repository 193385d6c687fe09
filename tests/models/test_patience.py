"""Doing something again where the store fails for a moment."""

import pytest
from sqlalchemy.exc import OperationalError

from models import patience
from models.errors import ConsultationError

FULL = OperationalError("INSERT", None, Exception("database or disk is full"))


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr(patience, "PAUSES", [0.0, 0.0])


def failing(*failures):
    """Return work that fails like this, once each, and then says how often it was tried."""
    waiting = list(failures)

    async def work():
        if waiting:
            raise waiting.pop(0)
        return len(failures) + 1

    return work


@pytest.mark.parametrize("failures", [0, 1, 2])
async def test_what_fails_for_a_moment_is_done(failures):
    assert await patience.patiently(failing(*[FULL] * failures)) == failures + 1


async def test_what_goes_on_failing_is_told():
    with pytest.raises(OperationalError):
        await patience.patiently(failing(*[FULL] * 3))


async def test_what_the_store_refuses_for_a_reason_is_not_tried_again():
    work = failing(ConsultationError("consultation.not_open"))
    with pytest.raises(ConsultationError):
        await patience.patiently(work)
    assert await work() == 2


def test_the_pauses_leave_an_interaction_time_for_its_answer(monkeypatch):
    monkeypatch.undo()
    assert sum(patience.PAUSES) < 2
