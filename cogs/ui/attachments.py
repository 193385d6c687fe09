"""Files as Discord takes them with an answer."""

import io
import zipfile
from collections.abc import Mapping

import discord

from models.errors import ConsultationError


def attached(made: Mapping[str, bytes], limit: int, packed_name: str) -> list[discord.File]:
    """Return the files as they are, or packed in one where together they have more than `limit` bytes.

    Raises ConsultationError where Discord would refuse even that.
    """
    if sum(map(len, made.values())) <= limit:
        return [discord.File(io.BytesIO(content), name) for name, content in made.items()]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in made.items():
            archive.writestr(name, content)
    if packed.tell() > limit:
        raise ConsultationError("export.too_large", megabytes=packed.tell() // 2**20)
    packed.seek(0)
    return [discord.File(packed, packed_name)]
