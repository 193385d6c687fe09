"""What the operator sets, and their store opened by it."""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import PositiveInt, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.errors import OperatorError
from models.limits import Deed, Policy
from models.records import Consultation
from models.sealing import Sealer, read_or_make_key, secrets_folder
from models.store import Store, exists, open_store

log = logging.getLogger("consultation")

HERE = Path(__file__).parent.parent
NAME = "consultation-bot"


class Settings(BaseSettings):
    """What the operator sets, in the environment or in `.env` beside `bot.py`."""

    model_config = SettingsConfigDict(env_file=HERE / ".env", extra="ignore", env_ignore_empty=True)

    discord_token: SecretStr | None = None
    content_folder: Path = HERE / "content" / "valley"
    database_url: str = f"sqlite+aiosqlite:///{HERE / 'data' / 'consultation.db'}"
    key_file: Path = platformdirs.user_config_path(NAME) / "key"
    feedback_per_hour: PositiveInt = 20
    questions_per_hour: PositiveInt = 60
    proposals_per_hour: PositiveInt = 10
    links: Literal["allowed", "refused"] = "allowed"
    rehearsal_port: int = 8765
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @property
    def policy(self) -> Policy:
        """How much one person may do in an hour, and what may stand in what they write."""
        per_hour = {
            Deed.FEEDBACK: self.feedback_per_hour,
            Deed.QUESTION: self.questions_per_hour,
            Deed.PROPOSAL: self.proposals_per_hour,
        }
        return Policy(per_hour, links=self.links == "allowed")


async def open_the_store(settings: Settings) -> Store:
    """Open the operator's store with their key, telling them once where a new key was put."""
    key_file = settings.key_file.expanduser()
    key, made = read_or_make_key(key_file, may_make=not exists(settings.database_url))
    if made:
        log.warning(
            "A key was made in %s. Keep a copy of it, and of the folder of secrets that comes beside it, apart from "
            "the data: without them nobody is recognised any more.",
            settings.key_file,
        )
    return await open_store(settings.database_url, Sealer(key, secrets_folder(key_file)), lambda: datetime.now(UTC))


def only_one(consultations: Iterable[Consultation], server: int | None) -> Consultation:
    """Return the consultation of a server or, where none is named, the only one. Raises OperatorError for any other."""
    held = list(consultations)
    meant = [one for one in held if server in {None, one.guild_id}]
    if len(meant) != 1:
        servers = ", ".join(str(one.guild_id) for one in held) or "none"
        raise OperatorError(f"Say with --server which server's consultation is meant. The store holds: {servers}.")
    return meant[0]
