"""Starts an unmodified discord.py program against another API than Discord's: launch.py API GATEWAY PROGRAM.

Changes two of discord.py's addresses and nothing of the program, which runs as if it had been started by itself.
"""

import runpy
import sys
from pathlib import Path

import discord
import yarl


def main() -> None:
    """Point discord.py at the API and the gateway that the command line names, and run the program."""
    api, gateway, program = sys.argv[1:]
    discord.http.Route.BASE = api
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
    sys.argv = [program]
    sys.path[0] = str(Path(program).resolve().parent)
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main()
