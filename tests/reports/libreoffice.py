"""Files opened by LibreOffice, where it is installed."""

import asyncio
import shutil
from pathlib import Path

OFFICE = shutil.which("soffice")
HAS_CALC = OFFICE is not None and (Path(OFFICE).resolve().parent / "libsclo.so").exists()
"""Debian has its parts in packages of their own."""
SECONDS = 120
READ_AS = {".csv": ["--infilter=Text - txt - csv (StarCalc):44,34,UTF8"]}  # commas, quotes; a dialog would ask


async def opened_in_libreoffice(file: Path, kind: str) -> Path:
    """Let LibreOffice open a file and write it anew as another kind, such as `pdf`; return where."""
    assert OFFICE is not None
    # A profile of its own: two at once would wait for each other.
    profile = f"-env:UserInstallation={(file.parent / 'profile').as_uri()}"
    process = await asyncio.create_subprocess_exec(
        OFFICE,
        profile,
        "--headless",
        *READ_AS.get(file.suffix, []),
        "--convert-to",
        kind,
        "--outdir",
        str(file.parent / "opened"),
        str(file),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    async with asyncio.timeout(SECONDS):
        assert await process.wait() == 0
    return file.parent / "opened" / f"{file.stem}.{kind}"
