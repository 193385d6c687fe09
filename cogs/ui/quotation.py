"""The question how a text may be quoted, as it is asked in any form that takes a text, and its answer."""

from typing import Any

from cogs.ui.forms import Option, one_of
from cogs.ui.layout import Piece
from cogs.ui.texts import Speech
from models.records import Quotation

QUOTATION = "quotation"


def quotation_field(say: Speech) -> Piece:
    """Return the field; not being quoted is chosen beforehand."""
    options = [Option(one, say(f"quotation.{one}"), chosen=one is Quotation.NOT) for one in Quotation]
    return one_of(QUOTATION, say("quotation.label"), say("quotation.hint"), options)


def quotation_in(answers: dict[str, Any]) -> Quotation:
    """Return how the author lets their text be quoted: not, where the form did not ask."""
    return Quotation(answers.get(QUOTATION) or Quotation.NOT)
