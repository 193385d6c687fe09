"""What every room's tests share: the default consultation's content, read once."""

from pathlib import Path

import pytest

from content.answers import Answers
from content.catalogue import Catalogue, load_catalogue

CONTENT = Path(__file__).parent.parent / "content"


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """Return the default consultation."""
    return load_catalogue(CONTENT / "valley")


@pytest.fixture(scope="session")
def answers(catalogue: Catalogue) -> Answers:
    """Return the default consultation, ready to be asked."""
    return Answers(catalogue)
