"""How a fact, and the answer to a question, are shown: what the article says, where, and what stands near it."""

from collections.abc import Iterable

from cogs.ui.layout import Piece, button, card, harmless, rows, source, text
from cogs.ui.moderators_answers import NOTHING_FOUND, Found
from cogs.ui.texts import Speech
from content.answers import Answer, AnswerKind
from content.catalogue import Catalogue, Fact
from models.records import ModeratorsAnswer


def fact_card(catalogue: Catalogue, fact: Fact, say: Speech) -> list[Piece]:
    """Draw one fact with its passage, and its related facts as buttons."""
    related = [catalogue.facts[key] for key in fact.related]
    return [card(*_fact(fact, say), *_fact_buttons(related, say))]


def answer_card(answer: Answer, found: Found = NOTHING_FOUND, number: int | None = None) -> list[Piece]:
    """Draw the answer to a question: the fact with its passage, what is said where no fact answers, or the moderators'.

    `found` is what the moderators answer to it; `number` that of the answer, by which it can be said to be of no help.
    """
    say = Speech(answer.language)
    offered = [button(found.offered.question, "moderators_answer", found.offered.id)] if found.offered else []
    return [card(*_answer(answer, found, say), *rows(offered), *_opinion_buttons(number, say))]


def moderators_answer_card(answer: ModeratorsAnswer) -> list[Piece]:
    """Draw what moderators answered, in its language, with nothing beside it."""
    return [card(*_from_moderators(answer, Speech(answer.language)))]


def _answer(answer: Answer, found: Found, say: Speech) -> list[Piece]:
    if found.given is not None:
        nearby = [text(say("answer.nearby"))] if answer.nearest else []
        return [*_from_moderators(found.given, say), *nearby, *_fact_buttons(answer.nearest, say)]
    if answer.fact is None:
        pieces: list[Piece] = [text(without_fact(answer))]
        if answer.nearest and answer.kind is AnswerKind.UNKNOWN:
            pieces.append(text(say("answer.nearest")))
        return [*pieces, *_fact_buttons(answer.nearest, say)]
    left_out = [text(f"**{say('answer.left_out')}**")] if answer.fact.gap else []
    return [*left_out, *_fact(answer.fact, say), *_fact_buttons(answer.related, say)]


def _from_moderators(answer: ModeratorsAnswer, say: Speech) -> list[Piece]:
    return [
        text(
            f"### {say('answer.from_moderators')}",
            f"-# {say('answer.to_question', question=harmless(answer.question))}",
            harmless(answer.answer),
        ),
    ]


def _opinion_buttons(number: int | None, say: Speech) -> list[Piece]:
    if number is None:
        return []
    return list(
        rows(
            [
                button(say("helped.yes"), "helped", emoji="👍"),
                button(say("helped.no"), "unhelpful", say.language, number, emoji="👎"),
            ]
        )
    )


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
