"""How fast the bot is and what it survives, measured on its real process against a floor in the same run."""
