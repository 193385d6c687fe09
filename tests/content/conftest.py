import shutil
from pathlib import Path

import pytest

from content.catalogue import Catalogue, load_catalogue

SAMPLE = Path(__file__).parent / "sample"
VALLEY = Path(__file__).parents[2] / "content" / "valley"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of the sample consultation, to be broken."""
    return Path(shutil.copytree(SAMPLE, tmp_path / "sample"))


@pytest.fixture(scope="session")
def sample() -> Catalogue:
    return load_catalogue(SAMPLE)


@pytest.fixture(scope="session")
def valley() -> Catalogue:
    return load_catalogue(VALLEY)
