"""What can go wrong for a person: a phrase key and its values. The sentence itself is in `content/phrases`."""


class ConsultationError(Exception):
    """Something the person who asked for it is told, in their language, to them alone.

    `phrase` is a key of `content/phrases`; `values` fill its placeholders, moments as Discord's timestamps. `written`
    among them is what the person wrote, where no form holds it, and comes back to them.
    """

    def __init__(self, phrase: str, **values: object) -> None:
        super().__init__(phrase)
        self.phrase = phrase
        self.values = values


class OperatorError(Exception):
    """Something that keeps the bot from starting; its text tells the operator what to do."""
