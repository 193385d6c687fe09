"""What the tests of the reports share: captions in invented phrases, and records of polls nobody held."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from content.phrases import Phrases
from models.records import Poll, Wording
from reports.captions import Captions

SEGMENTS = {"bakers": "Bakers of bread", "millers": "Millers", "farmers": "Farmers"}

POLL = Poll(
    id=7,
    consultation_id=1,
    subject="more-rye",
    recommendation="more-rye",
    group="flour",
    wording={"en": Wording("Grow more rye", "It keeps."), "de": Wording("Mehr Roggen anbauen", "Er hält sich.")},
    opened_at=datetime(2030, 3, 1, 9, 0, tzinfo=UTC),
    closes_at=None,
    ended_at=datetime(2030, 3, 8, 18, 30, 5, tzinfo=UTC),
    end_reason=None,
)


@pytest.fixture(scope="session")
def captions_in() -> Callable[[str], Captions]:
    phrases = Phrases.load(Path(__file__).parent / "phrases")
    return lambda language: Captions(phrases, language, SEGMENTS)


@pytest.fixture(scope="session")
def captions(captions_in: Callable[[str], Captions]) -> Captions:
    return captions_in("en")


@pytest.fixture(scope="session")
def poll() -> Poll:
    return POLL


@pytest.fixture(scope="session")
def poll_titled() -> Callable[[str], Poll]:
    return lambda title: replace(POLL, wording={"en": Wording(title, "")})
