"""Measures everything and prints one table: python -m benchmarks [--quick] [PART], a part being one of `PARTS`."""

import argparse
import asyncio
import logging
import sys
import tempfile
from pathlib import Path

from benchmarks import ballots, crashes, exports, plan, results
from benchmarks.figures import Figure, table

PARTS = ("ballots", "results", "crashes", "exports", "plan")


def main() -> int:
    """Measure what the command line asks for; return 1 where a figure is not what was wanted."""
    parser = argparse.ArgumentParser(prog="benchmarks", description="Measure the bot's process against a bare one.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a first impression")
    parser.add_argument("parts", nargs="*", metavar="|".join(PARTS), help="what to measure; else everything")
    asked = parser.parse_args()
    logging.disable(logging.WARNING)
    figures = []
    for part in asked.parts or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            figures += asyncio.run(_measure(part, Path(folder), quick=asked.quick))
    print(table(figures))
    return 0 if all(figure.met for figure in figures) else 1


async def _measure(part: str, folder: Path, *, quick: bool) -> list[Figure]:
    match part:
        case "ballots":
            return await ballots.measure(folder, quick=quick)
        case "results":
            return await results.measure(folder)
        case "exports":
            return await exports.measure(folder, quick=quick)
        case "plan":
            return await plan.measure(folder, quick=quick)
        case _:
            return await crashes.measure(folder, quick=quick)


if __name__ == "__main__":
    sys.exit(main())
