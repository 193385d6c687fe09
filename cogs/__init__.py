"""What people do in Discord: commands, cards, buttons and forms. Thin: translate, call one use case, answer."""
