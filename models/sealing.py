"""Discord ids in, seals out. The only place that holds the key.

A seal is the id under AES-SIV (RFC 5297, `cryptography`) with its purpose and consultation as associated data. It is
deterministic, so that a person is found again, and differs by purpose, so that without the key no membership leads
to a ballot or to a word somebody gave in private.
"""

import base64
import hashlib
import os
from enum import StrEnum
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from models.errors import OperatorError

KEY_BITS = 512
ID_BYTES = 8
PSEUDONYM_CHARACTERS = 10


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
    BLOCK = "block"
    LIMIT = "limit"
    QUESTION = "question"  # seals the number of an answer, not a person


class Sealer:
    """Seals and opens ids with the operator's key."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESSIV(key)

    def seal(self, purpose: Purpose, user_id: int, consultation_id: int = 0) -> bytes:
        """Return the 24 bytes that stand for `user_id` in one consultation (0: in all) and for one purpose."""
        return self._cipher.encrypt(user_id.to_bytes(ID_BYTES, "big"), _context(purpose, consultation_id))

    def open(self, purpose: Purpose, seal: bytes, consultation_id: int = 0) -> int:
        """Return the id that was sealed. Raises `cryptography.exceptions.InvalidTag` for any other purpose or key."""
        return int.from_bytes(self._cipher.decrypt(seal, _context(purpose, consultation_id)), "big")

    def check_value(self) -> bytes:
        """Return what the store keeps so that another key is noticed."""
        return self._cipher.encrypt(b"stakeholder consultation", [b"key check"])

    def matches(self, check_value: bytes) -> bool:
        """Say whether `check_value` was made with this key."""
        try:
            self._cipher.decrypt(check_value, [b"key check"])
        except InvalidTag:
            return False
        return True


def pseudonym(seal: bytes, scope: str = "") -> str:
    """Return the name a seal bears in exports, the same in each of them; another `scope` gives another name."""
    digest = hashlib.sha256(seal + scope.encode()).digest()
    return "P-" + base64.b32encode(digest).decode()[:PSEUDONYM_CHARACTERS]


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
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(base64.b64encode(key).decode() + "\n")
    except ValueError as error:
        raise OperatorError(
            f"{path} does not hold a key of this bot. Restore the key file from your backup."
        ) from error
    except OSError as error:
        raise OperatorError(
            f"The key file {path} cannot be used ({error.strerror}). Make it readable, or name another with KEY_FILE.",
        ) from error
    return key, True


def _context(purpose: Purpose, consultation_id: int) -> list[bytes]:
    return [purpose.encode(), str(consultation_id).encode()]
