"""What the consultation remembers and decides. Knows no Discord and no content, only their keys and ids."""
