"""Seals, pseudonyms and the key file."""

import base64
import stat
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from models.errors import OperatorError
from models.sealing import KEY_BITS, Purpose, Sealer, pseudonym, read_or_make_key, secrets_folder

CONSULTATIONS = (1, 2, 11)


@pytest.fixture
def sealer() -> Sealer:
    return with_secrets(Sealer(bytes(range(64))))


def with_secrets(sealer: Sealer) -> Sealer:
    for consultation in CONSULTATIONS:
        sealer.use_secret(consultation, sealer.make_secret())
    return sealer


ids = st.integers(min_value=0, max_value=2**64 - 1)
purposes = st.sampled_from(Purpose)


@given(ids, purposes, st.integers(min_value=0, max_value=10**6))
def test_a_seal_opens_to_the_id_it_was_made_from(user_id: int, purpose: Purpose, consultation_id: int):
    sealer = Sealer(bytes(64))
    sealer.use_secret(consultation_id, sealer.make_secret())

    seal = sealer.seal(purpose, user_id, consultation_id)

    assert len(seal) == 24
    assert sealer.open(purpose, seal, consultation_id) == user_id


def test_a_person_is_found_again_by_the_same_seal(sealer):
    assert sealer.seal(Purpose.BALLOT, 42, 1) == sealer.seal(Purpose.BALLOT, 42, 1)


def test_every_purpose_and_every_consultation_gives_another_seal(sealer):
    seals = {sealer.seal(purpose, 42, consultation) for purpose in Purpose for consultation in (0, *CONSULTATIONS)}

    assert len(seals) == len(Purpose) * 4


def test_a_purpose_and_a_consultation_are_not_run_together(sealer):
    assert sealer.seal(Purpose.BALLOT, 42, 11) != sealer.seal(Purpose.BALLOT, 42, 1)


def test_a_seal_does_not_open_for_another_purpose_consultation_or_key(sealer):
    seal = sealer.seal(Purpose.BALLOT, 42, 1)

    with pytest.raises(InvalidTag):
        sealer.open(Purpose.MEMBERSHIP, seal, 1)
    with pytest.raises(InvalidTag):
        sealer.open(Purpose.BALLOT, seal, 2)
    with pytest.raises(InvalidTag):
        with_secrets(Sealer(bytes(64))).open(Purpose.BALLOT, seal, 1)


def test_a_check_value_matches_the_key_it_was_made_with_alone(sealer):
    assert sealer.matches(sealer.check_value())
    assert not Sealer(bytes(64)).matches(sealer.check_value())


@pytest.mark.parametrize("damaged", [b"", b"short", bytes(40)])
def test_a_damaged_check_value_does_not_match(sealer, damaged):
    assert not sealer.matches(damaged)


def test_the_seal_of_an_id_is_no_check_value(sealer):
    assert not sealer.matches(sealer.seal(Purpose.MEMBERSHIP, 42))


def test_a_pseudonym_stays_the_same_within_a_scope_and_differs_between_scopes(sealer):
    seal = sealer.seal(Purpose.BALLOT, 42, 1)

    assert pseudonym(seal, "poll 1") == pseudonym(seal, "poll 1")
    assert len({pseudonym(seal), pseudonym(seal, "poll 1"), pseudonym(seal, "poll 2")}) == 3


def test_a_pseudonym_is_short_and_safe_in_a_sheet(sealer):
    name = pseudonym(sealer.seal(Purpose.BALLOT, 42, 1))

    assert name.startswith("P-")
    assert len(name) == 12
    assert name[2:].isalnum()


def test_the_key_is_made_once_for_its_owner_alone_and_read_from_then_on(tmp_path: Path):
    path = tmp_path / "operator" / "key"

    key, made = read_or_make_key(path)

    assert made
    assert len(key) == 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert read_or_make_key(path) == (key, False)


def test_two_keys_are_never_the_same(tmp_path: Path):
    assert read_or_make_key(tmp_path / "one")[0] != read_or_make_key(tmp_path / "two")[0]


@pytest.mark.parametrize(
    "content",
    [b"", b"not a key", base64.b64encode(bytes(32)), base64.b64encode(bytes(65)), b"\xff\xfe\x00"],
    ids=["empty", "no base64", "too short", "too long", "no text"],
)
def test_a_file_that_holds_no_key_is_refused_and_kept(tmp_path: Path, content):
    path = tmp_path / "key"
    path.write_bytes(content)

    with pytest.raises(OperatorError, match="does not hold a key"):
        read_or_make_key(path)

    assert path.read_bytes() == content


def test_a_folder_in_place_of_the_key_file_is_refused(tmp_path: Path):
    with pytest.raises(OperatorError, match="KEY_FILE"):
        read_or_make_key(tmp_path)


def test_a_key_file_below_a_file_is_refused(tmp_path: Path):
    (tmp_path / "file").touch()

    with pytest.raises(OperatorError, match="KEY_FILE"):
        read_or_make_key(tmp_path / "file" / "key")


def test_a_folder_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def denied(_path: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "exists", denied)

    with pytest.raises(OperatorError, match=r"Permission denied.*KEY_FILE"):
        read_or_make_key(tmp_path / "key")


def test_no_key_is_made_for_a_store_that_was_filled_under_another(tmp_path):
    with pytest.raises(OperatorError, match="Restore the key file"):
        read_or_make_key(tmp_path / "key", may_make=False)

    assert not (tmp_path / "key").exists()


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "operator" / "key"


def opened(key_file: Path) -> Sealer:
    """Return the sealer of an operator as the bot makes it at each start."""
    return Sealer(read_or_make_key(key_file)[0], secrets_folder(key_file))


def test_a_secret_is_found_again_after_a_restart_and_readable_by_its_owner_alone(key_file: Path):
    sealer = opened(key_file)
    name = sealer.make_secret()
    sealer.use_secret(1, name)

    again = opened(key_file)
    again.use_secret(1, name)

    assert again.seal(Purpose.BALLOT, 42, 1) == sealer.seal(Purpose.BALLOT, 42, 1)
    assert stat.S_IMODE((secrets_folder(key_file) / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(secrets_folder(key_file).stat().st_mode) == 0o700


def test_a_seal_needs_both_the_key_and_the_secret(key_file: Path):
    sealer = opened(key_file)
    name = sealer.make_secret()
    sealer.use_secret(1, name)
    seal = sealer.seal(Purpose.BALLOT, 42, 1)
    of_another_operator = Sealer(bytes(64), secrets_folder(key_file))
    of_another_operator.use_secret(1, name)
    with_another_secret = opened(key_file)
    with_another_secret.use_secret(1, with_another_secret.make_secret())

    for other in (of_another_operator, with_another_secret):
        with pytest.raises(InvalidTag):
            other.open(Purpose.BALLOT, seal, 1)


def test_a_destroyed_secret_is_gone_and_the_others_go_on(key_file: Path):
    sealer = opened(key_file)
    destroyed, kept = sealer.make_secret(), sealer.make_secret()
    content = (secrets_folder(key_file) / destroyed).read_bytes()
    sealer.destroy_secret(destroyed)
    sealer.destroy_secret(destroyed)

    again = opened(key_file)
    again.use_secret(2, kept)
    with pytest.raises(OperatorError, match=f"{destroyed} is missing"):
        again.use_secret(1, destroyed)
    assert all(content not in file.read_bytes() for file in key_file.parent.rglob("*") if file.is_file())


@pytest.mark.parametrize("damage", [b"", b"no base64", base64.b64encode(bytes(64)), b"\xff\xfe"])
def test_a_damaged_secret_is_refused_and_kept(key_file: Path, damage):
    sealer = opened(key_file)
    name = sealer.make_secret()
    (secrets_folder(key_file) / name).write_bytes(damage)

    with pytest.raises(OperatorError, match="damaged"):
        opened(key_file).use_secret(1, name)

    assert (secrets_folder(key_file) / name).read_bytes() == damage


def test_a_folder_in_which_no_secret_can_be_kept_is_told(tmp_path: Path):
    (tmp_path / "file").touch()
    sealer = Sealer(bytes(KEY_BITS // 8), tmp_path / "file" / "secrets")

    with pytest.raises(OperatorError, match="cannot be used"):
        sealer.make_secret()


def test_a_consultation_without_a_secret_seals_nothing(key_file: Path):
    with pytest.raises(KeyError):
        opened(key_file).seal(Purpose.BALLOT, 42, 1)
