"""How a fact, and the answer to a question, are shown: what the article says, where, and what stands near it."""

from collections.abc import Iterable

from cogs.ui.layout import Piece, button, card, rows, source, text
from cogs.ui.texts import Speech
from content.answers import Answer, AnswerKind
from content.catalogue import Catalogue, Fact


def fact_card(catalogue: Catalogue, fact: Fact, say: Speech) -> list[Piece]:
    """Draw one fact with its passage, and its related facts as buttons."""
    related = [catalogue.facts[key] for key in fact.related]
    return [card(*_fact(fact, say), *_fact_buttons(related, say))]


def answer_card(answer: Answer) -> list[Piece]:
    """Draw the answer to a question: the fact with its passage, or what is said where no fact answers."""
    say = Speech(answer.language)
    if answer.fact is None:
        pieces: list[Piece] = [text(without_fact(answer))]
        if answer.nearest and answer.kind is AnswerKind.UNKNOWN:
            pieces.append(text(say("answer.nearest")))
        return [card(*pieces, *_fact_buttons(answer.nearest, say))]
    left_out = [text(f"**{say('answer.left_out')}**")] if answer.fact.gap else []
    return [card(*left_out, *_fact(answer.fact, say), *_fact_buttons(answer.related, say))]


def without_fact(answer: Answer) -> str:
    """Return what is said where no fact answers: a reply to small talk, a question back, or an honest no."""
    say = Speech(answer.language)
    if answer.small_talk:
        return say(f"small_talk.{answer.small_talk}")
    return say("answer.choice" if answer.kind is AnswerKind.CHOICE else "answer.not_said")


def _fact(fact: Fact, say: Speech) -> list[Piece]:
    return [
        text(
            f"### {fact.title.in_language(say.language)}",
            fact.text.in_language(say.language),
            source(fact.citation, say),
        ),
    ]


def _fact_buttons(facts: Iterable[Fact], say: Speech) -> list[Piece]:
    return list(rows(button(fact.title.in_language(say.language), "fact", fact.key, say.language) for fact in facts))
