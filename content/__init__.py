"""What the consultation says: files that people edit, and the code that reads them. Knows no Discord and no store."""
