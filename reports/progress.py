"""How far the writing of files is, told from one thread to another."""

from dataclasses import dataclass


@dataclass(slots=True)
class Progress:
    """How many rows were written until now, and in which attempt; read by others while it is counted."""

    rows: int = 0
    attempt: int = 1

    def begin_again(self) -> None:
        """Count anew: what was written until now is thrown away."""
        self.rows = 0
        self.attempt += 1
