"""The end or beginning of a poll, as a moderator types it: a date, a weekday or a length, in their language or English.

Reads text with dateparser and hands back a moment. It never asks the system clock and never guesses: what
dateparser would read only in part (an hour it drops, a weekday that contradicts its date) counts as not understood,
and a number with a unit is a length or nothing.
"""

import re
from datetime import UTC, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from babel.dates import get_day_names
from dateparser.date import DateData, DateDataParser
from dateparser.languages.loader import default_loader

from models.errors import ConsultationError

_LONGEST_TEXT = 80  # characters; no date is longer, and dateparser takes its time over what is
_FURTHEST = timedelta(days=366)
_END_OF_DAY = time(23, 59)
_START_OF_DAY = time(0)

# The numbers in words that dateparser lacks: all Dutch ones, and those for a fortnight, one and a half and the like.
_DUTCH = ("twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen", "tien", "elf", "twaalf")
_NUMBERS = {
    **{word: number for number, word in enumerate(_DUTCH, start=2)},
    **dict.fromkeys(("veertien", "vierzehn"), 14),
    **dict.fromkeys(("twintig", "zwanzig"), 20),
    **dict.fromkeys(("anderhalf", "anderhalve", "anderthalb", "eineinhalb"), 1.5),
}
# What dateparser lacks in these languages, put into words that it has. Midnight ends the day that it is named with.
_REWRITINGS = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        ("[\u2018\u2019\u02bc]", "'"),
        (r"^(?:am|bis(?: zum)?|op|tot|jusqu'(?:à|au)|until|till|binnen|d'ici(?: le)?|within|innerhalb von)\s+", ""),
        (r"^(?:in|dans|over)\s+(\d{1,2})\s?[hu:]\s?([0-5]\d)$", r"in \1 hours \2 minutes"),
        (r"(?<![\d.])(\d{1,2})\.\s?(\d{1,2})\.(?!\d)", r"\1/\2"),
        (r"\b(\d{1,2}([./-])\d{1,2}\2)(\d\d)\b(?!:)", r"\g<1>20\3"),
        (r",?\s+de[nm]\s+", " "),
        (r"\b(?:een|één|eine)\b", "1"),
        *((rf"\b{word}\b", str(number)) for word, number in _NUMBERS.items()),
        (r"\buren\b", "uur"),
        # A weekday is the next one in any case.
        (r"\b(?:volgende|komende|aanstaande|nächste[nr]?|kommende[nr]?)\s+(?=\w+(?:dag|tag)\b|mittwoch\b)", ""),
        (r"\b(\w+di|dimanche)\s+prochain\b", r"\1"),
        (r"\b(?:noon|midi|mittags?)\b", "12:00"),
        (r"\b(?:midnight|minuit|middernacht|mitternacht)\b", "23:59"),
        (r"^(\d{1,2})\.(\d{1,2})(?=$|,?\s(?:(?:um|om|à|at|@)\s?)?\d)", r"\1/\2"),
    )
)
_QUANTITY = re.compile(r"(?:(?:in|dans|over)\s+)?(?P<number>[+-]?\d[\d.,]*)\s*(?P<unit>[^\W\d]+)")
_UNITS = ("year", "month", "week", "day", "hour", "minute", "second")
_DECIMAL_COMMA = re.compile(r"(?<![\d/.:,])(\d{1,3}),(?=\d{1,2}\s?[^\W\d])")
# dateparser would pass over the fraction, and take the separator of thousands for a decimal one.
_CUT_SHORT = re.compile(r"[\u00bc-\u00be\u2150-\u215e]|(?<![\d/.:,])\d+[.,]\d{3,}\s?[^\W\d]")
_MINUTES = re.compile(r"\d+\.\d\d")
_NAMED_DAY = re.compile(
    r"\b(?:today|tomorrow|aujourd'hui|demain|après-demain|vandaag|morgen|overmorgen|heute|übermorgen)\b"
)
# '48h' is a length; an hour is a time of day after 'at', with its minutes, or where the language has a word for it.
_TIME_OF_DAY = re.compile(
    r"\d:\d|\d\s?[ap]\.?m\b|\d\s?(?:uhr|o'clock)\b|\d\s?[hu]\s?[0-5]\d\b|(?:\b(?:à|om|um|at)|@)\s*\d"
)
_SPOKEN_HOUR = re.compile(
    r"\b(?P<hour>\d{1,2})(?:[:.](?P<minute>[0-5]\d))?\s?(?:h|u|uhr|uur|heures?|o'clock)(?:\s?(?P<after>[0-5]\d))?\b"
)
# dateparser passes over a number without a unit: '3 days 5' would be 3 days.
_LONE_NUMBER = re.compile(r"(?<![\d:.,])\d+(?![\d:.,]|\s*[^\W\d])")


def parse_deadline(
    text: str,
    language: str,
    timezone: ZoneInfo,
    now: datetime,
    begins_at: datetime | None = None,
    furthest: timedelta | None = _FURTHEST,
) -> datetime:
    """Return the moment, in UTC, that `text` names.

    `language` is the moderator's (a two-letter code), `timezone` the consultation's, `now` an aware datetime. A day
    without a time ends at 23:59; a weekday is the next one, never today; a length counts from `now`, in elapsed
    time where it has hours or minutes and on the calendar otherwise. Of an hour that the clock shows twice, the
    first is meant. Where the poll begins only at `begins_at`, lengths, weekdays and hours count from then; 'tomorrow'
    and its like count from now in any case.

    Raises ConsultationError where the text is not understood, is not in the future, not after the beginning or lies
    further ahead than `furthest` (a year; None for any date).
    """
    moment = _checked(text, language, timezone, now, begins_at or now, _END_OF_DAY, furthest)
    if begins_at is not None and moment <= begins_at:
        raise ConsultationError("poll.end_before_beginning")
    return moment


def parse_beginning(text: str, language: str, timezone: ZoneInfo, now: datetime) -> datetime:
    """Return the moment, in UTC, that `text` names as `parse_deadline` does, but a day without a time begins at 0:00.

    Raises ConsultationError where the text is not understood, is not in the future or lies over a year ahead.
    """
    return _checked(text, language, timezone, now, now, _START_OF_DAY, _FURTHEST)


def _checked(
    text: str,
    language: str,
    timezone: ZoneInfo,
    now: datetime,
    base: datetime,
    whole_day: time,
    furthest: timedelta | None,
) -> datetime:
    moment = _read(text, language, timezone, now, base, whole_day) if len(text) <= _LONGEST_TEXT else None
    if moment is None:
        raise ConsultationError("poll.end_unclear", text=text[:_LONGEST_TEXT])
    if moment <= now:
        raise ConsultationError("poll.end_in_past")
    if furthest is not None and moment - now > furthest:
        raise ConsultationError("poll.end_too_far")
    return moment.astimezone(UTC)


def _read(
    text: str, language: str, timezone: ZoneInfo, now: datetime, base: datetime, whole_day: time
) -> datetime | None:
    """Return what the text means, counted from `base`, or None; it may lie in the past."""
    words = " ".join(text.lower().split())
    for pattern, replacement in _REWRITINGS:
        words = pattern.sub(replacement, words)
    number, unit = _quantity(words, language)
    # '2.30 uur' may as well be half past two.
    if _CUT_SHORT.search(words) or (unit == "hour" and _MINUTES.fullmatch(number)):
        return None
    local = (now if _NAMED_DAY.search(words) else base).astimezone(timezone)
    try:
        if unit or not (_NAMED_DAY.search(words) or _TIME_OF_DAY.search(words)):
            length = _read_length(words, language, local)
            if length is not None or unit:
                return length
        spoken = _SPOKEN_HOUR.sub(_digits, words).replace("24:00", "23:59")
        return _read_date(spoken, language, local, whole_day)
    except OverflowError:  # the years 1 and 9999 have no room for a change of time zone
        return None
    except ValueError:  # a month and a half, of which nobody can say how long it is
        return None


def _read_length(words: str, language: str, now: datetime) -> datetime | None:
    answer = _ask("relative-time", words, language, now)
    if answer is None or answer.period == "part_of_day":
        return None
    end: datetime = answer.date_obj
    if answer.period == "time":
        return now.astimezone(UTC) + (end - now.replace(tzinfo=None))
    return end.replace(tzinfo=now.tzinfo).astimezone(UTC)


def _read_date(words: str, language: str, now: datetime, whole_day: time) -> datetime | None:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    answer = _ask("relative-time", words, language, midnight)
    if answer is None and not _NAMED_DAY.search(words):
        answer = _ask("absolute-time", words, language, midnight)
        if answer and "year" not in answer.parts:  # today's date is today then, and not a year from now
            answer = _ask("absolute-time", words, language, midnight - timedelta(microseconds=1))
    if answer is None or "month" not in answer.parts or not _weekday_agrees(words, language, answer.date_obj):
        return None
    end: datetime = answer.date_obj
    if answer.period == "day" and not _TIME_OF_DAY.search(words):
        end = datetime.combine(end, whole_day)
    elif answer.period != "time":
        return None
    return end.replace(tzinfo=now.tzinfo).astimezone(UTC)


def _ask(parser: str, words: str, language: str, base: datetime) -> DateData | None:
    """Return what one of dateparser's parsers reads: local time without a zone, and the unit it is exact to."""
    if parser == "relative-time" and _LONE_NUMBER.search(words):
        return None
    answer = DateDataParser(
        languages=list(dict.fromkeys((language, "en"))),
        use_given_order=True,
        settings={
            "PARSERS": [parser],
            "RELATIVE_BASE": base.replace(tzinfo=None),
            "PREFER_DATES_FROM": "future",
            "DATE_ORDER": "DMY",
            "STRICT_DATE_ORDER": "all",
            "PREFER_LOCALE_DATE_ORDER": False,
            "TIMEZONE": str(base.tzinfo),
            "RETURN_AS_TIMEZONE_AWARE": False,
            "RETURN_TIME_AS_PERIOD": True,
        },
    ).get_date_data(_DECIMAL_COMMA.sub(r"\1.", words))
    return answer if answer.date_obj else None


def _digits(hour: re.Match[str]) -> str:
    return f"{hour['hour']}:{hour['minute'] or hour['after'] or '00'}"


def _quantity(words: str, language: str) -> tuple[str, str]:
    """Return the number and the unit, by its English name, of a text that is just that; else nothing in both."""
    found = _QUANTITY.fullmatch(words)
    unit = _units(language).get(found["unit"], "") if found else ""
    return (found["number"], unit) if found and unit else ("", "")


@cache
def _units(language: str) -> dict[str, str]:
    """Return dateparser's words for units of time, in this language and English, with the English name of each."""
    words: dict[str, str] = {}
    for spoken in ("en", language):
        info = default_loader.get_locale(spoken).info
        words |= {word.lower(): unit for unit in _UNITS for word in info[unit]}
    return words


def _weekday_agrees(words: str, language: str, found: datetime) -> bool:
    names = _weekdays(language) | _weekdays("en")
    named = {names[word] for word in re.findall(r"[^\W\d_]+", words) if word in names}
    return named <= {found.weekday()}


@cache
def _weekdays(language: str) -> dict[str, int]:
    """Return the days' names and their short forms, lower case, with 0 for Monday."""
    return {
        name.lower().rstrip("."): day
        for width in ("wide", "abbreviated")
        for day, name in get_day_names(width, locale=language).items()
    }
