"""The lists that moderators work through: what is asked without an answer, and what they answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import discord
from discord import ui

from cogs.ui.layout import Piece, button, card, harmless, rows, sent_once, shortened, text
from cogs.ui.texts import Speech
from models.records import ModeratorsAnswer, OpenQuestion

GROUPS_ON_A_PAGE = 4
ANSWERS_ON_A_PAGE = 3
SHOWN_OF_A_QUESTION = 200  # characters; escaping may double them
SHOWN_OF_A_VARIANT = 80
VARIANTS = 2
SHOWN_OF_AN_ANSWER = 300


@dataclass(frozen=True, slots=True)
class QuestionGroup:
    """Questions that ask for the same, the most asked first."""

    questions: tuple[OpenQuestion, ...]

    @property
    def first(self) -> OpenQuestion:
        return self.questions[0]

    @property
    def count(self) -> int:
        return sum(question.count for question in self.questions)

    @property
    def last_day(self) -> date:
        return max(question.last_day for question in self.questions)


def questions_page(groups: Sequence[QuestionGroup], page: int, say: Speech) -> ui.LayoutView:
    """Draw a page of the questions that have no answer, each group with buttons to answer and to remove it."""
    page = _within(page, len(groups), GROUPS_ON_A_PAGE)
    pieces: list[Piece] = [text(f"### {say('question.list_title')}", *([] if groups else [say("question.none")]))]
    for group in groups[page * GROUPS_ON_A_PAGE :][:GROUPS_ON_A_PAGE]:
        pieces += [
            text(*_group(group, say)),
            *rows(
                [
                    button(say("question.answer_it"), "question_answer", group.first.id, page),
                    button(say("question.remove"), "question_remove", group.first.id, page),
                ]
            ),
        ]
    return sent_once(card(*pieces, *_turning("question_page", page, len(groups), GROUPS_ON_A_PAGE, say)))


def answers_page(answers: Sequence[ModeratorsAnswer], page: int, say: Speech) -> ui.LayoutView:
    """Draw a page of the answers that are served, each with buttons to read it whole and to remove it."""
    page = _within(page, len(answers), ANSWERS_ON_A_PAGE)
    pieces: list[Piece] = [
        text(f"### {say('question.answers_title')}", *([] if answers else [say("question.no_answers")]))
    ]
    for answer in answers[page * ANSWERS_ON_A_PAGE :][:ANSWERS_ON_A_PAGE]:
        added = discord.utils.format_dt(answer.added_at, "D")
        pieces += [
            text(
                f"**{harmless(shortened(answer.question, SHOWN_OF_A_QUESTION))}**",
                harmless(shortened(answer.answer, SHOWN_OF_AN_ANSWER)),
                "-# " + say("question.added", language=say(f"language.{answer.language}"), day=added),
            ),
            *rows(
                [
                    button(say("question.read"), "moderators_answer", answer.id),
                    button(say("question.remove"), "answer_remove", answer.id, page),
                ]
            ),
        ]
    return sent_once(card(*pieces, *_turning("answer_page", page, len(answers), ANSWERS_ON_A_PAGE, say)))


def _group(group: QuestionGroup, say: Speech) -> list[str]:
    languages = dict.fromkeys(say(f"language.{question.language}") for question in group.questions)
    kinds = dict.fromkeys(say(f"question.{question.kind}") for question in group.questions)
    # Noon is the same day in most of the world, whatever the reader's time zone.
    last = discord.utils.format_dt(datetime.combine(group.last_day, time(12), UTC), "D")
    variants = group.questions[1 : 1 + VARIANTS]
    more = len(group.questions) - 1 - len(variants)
    return [
        f"**{harmless(shortened(group.first.text, SHOWN_OF_A_QUESTION))}**",
        *(f"· {harmless(shortened(variant.text, SHOWN_OF_A_VARIANT))}" for variant in variants),
        *([f"· {say('question.more', count=more)}"] if more else []),
        "-# " + say("question.asked", count=group.count, languages=", ".join(languages), day=last),
        "-# " + "; ".join(kinds),
    ]


def _turning(name: str, page: int, entries: int, on_a_page: int, say: Speech) -> list[Piece]:
    buttons = []
    if page > 0:
        buttons.append(button(say("deck.previous"), name, page - 1))
    if (page + 1) * on_a_page < entries:
        buttons.append(button(say("deck.next"), name, page + 1))
    return list(rows(buttons))


def _within(page: int, entries: int, on_a_page: int) -> int:
    return max(0, min(page, (entries - 1) // on_a_page))
