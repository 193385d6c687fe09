"""A day in the past, as a moderator types it: a date, a weekday or how long ago, in their language or English."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from dateparser.date import DateDataParser

from models.errors import ConsultationError

_LONGEST_TEXT = 80  # characters; no date is longer


def parse_since(text: str, language: str, timezone: ZoneInfo, now: datetime) -> datetime:
    """Return the beginning, in UTC, of the last day that `text` names in the consultation's time zone.

    `language` is the moderator's (a two-letter code), `now` an aware datetime. Raises ConsultationError where the text
    is not understood or names a day that is not over or running.
    """
    local = now.astimezone(timezone)
    answer = DateDataParser(
        languages=list(dict.fromkeys((language, "en"))),
        use_given_order=True,
        settings={
            "PARSERS": ["relative-time", "absolute-time"],
            "RELATIVE_BASE": local.replace(tzinfo=None),
            "PREFER_DATES_FROM": "past",
            "PREFER_DAY_OF_MONTH": "first",
            "DATE_ORDER": "YMD" if text[:4].isdigit() else "DMY",
            "PREFER_LOCALE_DATE_ORDER": False,
            "RETURN_AS_TIMEZONE_AWARE": False,
        },
    ).get_date_data(text[:_LONGEST_TEXT])
    found: datetime | None = answer.date_obj
    if found is None or found.date() > local.date():
        raise ConsultationError("export.since_unclear", text=text[:_LONGEST_TEXT])
    return found.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=timezone).astimezone(UTC)
