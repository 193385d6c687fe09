"""What a message in a recommendation's thread is to the consultation: a member's words, with what they attached."""

import discord

from cogs.asking import is_addressed
from cogs.client import ConsultationBot
from cogs.ui.standing import mapped_roles
from content.catalogue import Catalogue
from models import polls
from models.records import Attachment, Consultation, ThreadMessage
from models.store import UnitOfWork
from models.texts import is_blank


def is_feedback(bot: ConsultationBot, message: discord.Message) -> bool:
    """Say whether a message in a thread is a member's words for the consultation, not for the bot."""
    spoken = message.type in {discord.MessageType.default, discord.MessageType.reply}
    return spoken and not message.author.bot and not is_addressed(bot, message) and has_words(message)


def is_kept_out(bot: ConsultationBot, consultation: Consultation, message: discord.Message) -> bool:
    """Say whether a message is by somebody who is blocked, or was when they wrote or edited it.

    It stands in the thread and is not stored, then or later.
    """
    store, author = bot.store, message.author.id
    written = filter(None, (message.created_at, message.edited_at))
    return store.is_blocked(consultation, author) or any(
        store.was_blocked(consultation, author, one) for one in written
    )


def has_words(message: discord.Message) -> bool:
    """Say whether Discord handed over something that a message says, or that something is attached to it."""
    return not is_blank(message.content) or bool(message.attachments)


def is_since(consultation: Consultation, message: discord.Message) -> bool:
    """Say whether a message was written since the consultation opened: before, only administrators can write."""
    return consultation.opened_at is not None and message.created_at >= consultation.opened_at


def as_message(
    consultation: Consultation, message: discord.Message, group: str | None, recommendation: str
) -> ThreadMessage:
    """Return a message as the store takes it."""
    return ThreadMessage(
        message_id=message.id,
        user_id=message.author.id,
        text=message.content,
        group=group,
        recommendation=recommendation,
        given_at=message.created_at,
        edited_at=message.edited_at,
        attachments=attached(message),
        roles=mapped_roles(consultation, message.author),
    )


def attached(message: discord.Message) -> tuple[Attachment, ...]:
    """Return what is kept of a message's attachments: never their content."""
    return tuple(Attachment(one.filename, one.content_type or "", one.size) for one in message.attachments)


async def group_of(session: UnitOfWork, catalogue: Catalogue, consultation: Consultation, subject: str) -> str | None:
    """Return the group in whose channel a card stands: a recommendation's, or that of a question of the moderators'."""
    if (recommendation := catalogue.recommendations.get(subject)) is not None:
        return recommendation.group
    poll = await polls.latest_poll_on(session, consultation.id, subject)
    return poll.group if poll else None
