"""The floor: what discord.py alone costs. Answers every click in private at once, and stores nothing."""

import logging
import os

import discord

client = discord.Client(intents=discord.Intents(guilds=True))


@client.event
async def on_interaction(interaction: discord.Interaction) -> None:
    await interaction.response.send_message("Your click has arrived, and is forgotten.", ephemeral=True)


if __name__ == "__main__":
    client.run(os.environ["DISCORD_TOKEN"], log_level=logging.WARNING)
