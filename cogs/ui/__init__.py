"""What several cogs draw and do alike: texts, layouts, forms, cards, and how a click finds its handler."""
