"""Posts what was decided on a recommendation or a question, each decision once."""

from collections.abc import Sequence

from cogs.ui.layout import sent_once
from cogs.ui.outcome_cards import outcome_card
from cogs.ui.posting import Posting, nonce
from cogs.ui.subjects import subject_titles
from content.catalogue import LANGUAGES
from models import outcomes
from models.outcomes import Announced
from models.records import PlaceKind


class OutcomePoster(Posting[Announced]):
    """Posts in the subject's thread or, where it never got one, in its group's channel."""

    what = "decision"

    async def _waiting(self) -> Sequence[Announced]:
        async with self._bot.store.read() as session:
            return await outcomes.to_post(session)

    async def _post_one(self, one: Announced) -> None:
        every = self._bot.store.memory.consultations.values()
        consultation = next(held for held in every if held.id == one.consultation_id)
        subject = one.outcome.subject
        group = await self._bot.cards.group_of(consultation, subject) or ""
        places = ((PlaceKind.THREAD, subject), (PlaceKind.GROUP, group))
        channel = self._channel(consultation.id, consultation.guild_id, *places)
        async with self._bot.store.read() as session:
            titles = await subject_titles(session, self._bot, consultation)
        title = titles.get(subject, dict.fromkeys(LANGUAGES, subject))  # another content may have no such thing
        drawn = outcome_card(one.outcome, title, self._bot.public_speeches(consultation))
        await channel.send(view=sent_once(*drawn), nonce=nonce("D", one.outcome.id, one.outcome.decided_at))
        async with self._bot.store.write() as session:
            await outcomes.mark_posted(session, one.outcome.id)
