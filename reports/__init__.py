"""What moderators take away: exports and charts, from records to files. Knows no Discord and opens no table."""
