"""Discord ids in, seals out. The only place that holds keys.

A seal is the id under AES-SIV (RFC 5297, `cryptography`) with its purpose and consultation as associated data. It is
deterministic, so that a person is found again, and differs by purpose, so that without the key no membership leads
to a ballot or to a word somebody gave in private.

Each consultation is sealed with a key of its own, derived (HKDF, RFC 5869) from the operator's key and a secret that
was drawn for it. Secrets lie beside the operator's key, never with the data: destroying one makes the ids of its
consultation unrecoverable, in every copy of the store, while the other consultations go on.
"""

import base64
import hashlib
import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from models.errors import OperatorError

KEY_BITS = 512
ID_BYTES = 8
PSEUDONYM_CHARACTERS = 10
_BASE32 = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", np.uint8)
SALT_BYTES = 16
SECRET_BYTES = 64
SECRET_NAME_LENGTH = 32
EVERYWHERE = 0
"""In place of a consultation: what is sealed for all of them, with the operator's key alone."""


class Purpose(StrEnum):
    """What a seal is for; seals of two purposes cannot be compared.

    What people write in threads stands there under their name, so it has a purpose of its own: otherwise a name in
    a thread would give away the pseudonym of a private comment. So has what a moderator confirms: who knows when they
    confirmed whom would else find their membership in the order of the rows.
    """

    MEMBERSHIP = "membership"
    CONFIRMATION = "confirmation"
    PREFERENCE = "preference"
    BALLOT = "ballot"
    THREAD = "thread"
    FEEDBACK = "feedback"
    TRACE = "trace"
    NOTICE = "notice"
    STATEMENT = "statement"
    BLOCK = "block"
    LIMIT = "limit"
    QUESTION = "question"  # seals the number of an answer, not a person


class Sealer:
    """Seals and opens ids with the operator's key and each consultation's secret.

    `folder` holds a file for each secret; without one they are kept in memory alone, as in rehearsals.
    """

    def __init__(self, key: bytes, folder: Path | None = None) -> None:
        self._key = key
        self._folder = folder
        self._in_memory: dict[str, bytes] = {}
        self._ciphers = {EVERYWHERE: AESSIV(key)}

    def seal(self, purpose: Purpose, user_id: int, consultation_id: int = EVERYWHERE, about: str = "") -> bytes:
        """Return the 24 bytes that stand for `user_id` in one consultation, for one purpose and about one thing.

        Raises KeyError for a consultation whose secret is not in use.
        """
        cipher = self._ciphers[consultation_id]
        return cipher.encrypt(user_id.to_bytes(ID_BYTES, "big"), _context(purpose, consultation_id, about))

    def open(self, purpose: Purpose, seal: bytes, consultation_id: int = EVERYWHERE, about: str = "") -> int:
        """Return the id that was sealed. Raises `cryptography.exceptions.InvalidTag` for anything else it was for."""
        context = _context(purpose, consultation_id, about)
        return int.from_bytes(self._ciphers[consultation_id].decrypt(seal, context), "big")

    def make_secret(self) -> str:
        """Draw the secret of a consultation, keep it on disk and return its name, which tells nothing of it.

        Raises OperatorError where it cannot be kept.
        """
        secret = secrets.token_bytes(SECRET_BYTES)
        name = _name_of(secret)
        if self._folder is None:
            self._in_memory[name] = secret
            return name
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_new(self._folder / name, secret)
        except OSError as error:
            raise _unusable(self._folder, error) from error
        return name

    def use_secret(self, consultation_id: int, name: str) -> None:
        """Seal the ids of a consultation with the secret of this name from now on, in place of an earlier one.

        Raises OperatorError where that secret is missing or damaged: another one would recognise nobody.
        """
        key = HKDF(SHA512(), KEY_BITS // 8, salt=self._secret(name), info=b"consultation").derive(self._key)
        self._ciphers[consultation_id] = AESSIV(key)

    def destroy_secret(self, name: str) -> None:
        """Destroy a secret, overwriting it first; one that is gone already is no matter.

        Raises OperatorError where the file cannot be removed.
        """
        self._in_memory.pop(name, None)
        if self._folder is None:
            return
        path = self._folder / name
        try:
            with suppress(FileNotFoundError):
                with path.open("r+b") as file:
                    file.write(secrets.token_bytes(path.stat().st_size))
                    file.flush()
                    os.fsync(file.fileno())
                path.unlink()
        except OSError as error:
            raise _unusable(path, error) from error

    def check_value(self) -> bytes:
        """Return what the store keeps so that another key is noticed."""
        return self._ciphers[EVERYWHERE].encrypt(b"stakeholder consultation", [b"key check"])

    def matches(self, check_value: bytes) -> bool:
        """Say whether `check_value` was made with this key."""
        try:
            self._ciphers[EVERYWHERE].decrypt(check_value, [b"key check"])
        except InvalidTag:
            return False
        return True

    def _secret(self, name: str) -> bytes:
        try:
            if self._folder is None:
                return self._in_memory[name]
            secret = base64.b64decode((self._folder / name).read_text().strip(), validate=True)
        except (KeyError, FileNotFoundError) as error:
            place = f"The file {name} is missing in {self._folder}" if self._folder else "A secret is missing"
            raise OperatorError(
                f"{place}: it seals the ids of a consultation in this store. Restore it from your backup. Where that "
                "consultation was forgotten on purpose, use a copy of the store from after that.",
            ) from error
        except OSError as error:
            raise _unusable(self._folder, error) from error
        except ValueError:
            secret = b""
        if _name_of(secret) != name:
            raise OperatorError(f"{name} in {self._folder} is damaged. Restore the file from your backup.")
        return secret


def pseudonym(seal: bytes, scope: str = "") -> str:
    """Return the name a seal bears in exports, the same in each of them; another `scope` gives another name."""
    digest = hashlib.sha256(seal + scope.encode()).digest()
    return "P-" + base64.b32encode(digest).decode()[:PSEUDONYM_CHARACTERS]


def pseudonym_numbers(seals: Iterable[bytes], scope: str) -> "np.ndarray[tuple[int], np.dtype[np.uint64]]":
    """Return the first 64 bits of what `pseudonym` is made of, for many seals."""
    end = scope.encode()
    digests = [hashlib.sha256(seal + end).digest()[:8] for seal in seals]
    return np.frombuffer(b"".join(digests), ">u8").astype(np.uint64)


def pseudonyms(numbers: "np.ndarray[tuple[int], np.dtype[np.uint64]]") -> list[str]:
    """Return the pseudonyms that belong to `pseudonym_numbers`."""
    places = np.arange(59, 59 - 5 * PSEUDONYM_CHARACTERS, -5, dtype=np.uint64)
    characters = _BASE32[(numbers[:, None] >> places) & np.uint64(31)].tobytes().decode()
    return ["P-" + characters[i : i + PSEUDONYM_CHARACTERS] for i in range(0, len(characters), PSEUDONYM_CHARACTERS)]


def new_salt() -> bytes:
    """Draw what makes the pseudonyms of a consultation's ballots others than they were."""
    return secrets.token_bytes(SALT_BYTES)


def read_or_make_key(path: Path, *, may_make: bool = True) -> tuple[bytes, bool]:
    """Return the operator's key and whether it was made just now, readable by its owner alone.

    Raises OperatorError where the file cannot be read or made, holds something else, or is missing and none may be
    made, because a store was filled under another.
    """
    try:
        if path.exists():
            key = base64.b64decode(path.read_text().strip(), validate=True)
            if len(key) * 8 != KEY_BITS:
                raise OperatorError(f"{path} does not hold a key of this bot. Restore the key file from your backup.")
            return key, False
        if not may_make:
            raise OperatorError(
                f"There is no key in {path}, and the store was made with one. Restore the key file from your backup, "
                "or name it with KEY_FILE.",
            )
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = AESSIV.generate_key(KEY_BITS)
        _write_new(path, key)
    except ValueError as error:
        raise OperatorError(
            f"{path} does not hold a key of this bot. Restore the key file from your backup."
        ) from error
    except OSError as error:
        raise OperatorError(
            f"The key file {path} cannot be used ({error.strerror}). Make it readable, or name another with KEY_FILE.",
        ) from error
    return key, True


def secrets_folder(key_file: Path) -> Path:
    """Return where the consultations' secrets lie: beside the operator's key."""
    return key_file.with_name(f"{key_file.name}.secrets")


def _write_new(path: Path, content: bytes) -> None:
    """Write a file for its owner alone; it is on disk when this returns."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(base64.b64encode(content).decode() + "\n")
        file.flush()
        os.fsync(descriptor)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def _name_of(secret: bytes) -> str:
    """Return a name that shows a damaged secret and does not lead to it."""
    return hashlib.sha256(secret).hexdigest()[:SECRET_NAME_LENGTH]


def _unusable(path: Path | None, error: OSError) -> OperatorError:
    return OperatorError(f"{path} cannot be used ({error.strerror}). Make it readable and writable for the bot.")


def _context(purpose: Purpose, consultation_id: int, about: str) -> list[bytes]:
    return [purpose.encode(), str(consultation_id).encode(), *([about.encode()] if about else [])]
