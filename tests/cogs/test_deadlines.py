"""What moderators type as the end of a poll, in four languages."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from babel.dates import format_date
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cogs.ui import deadlines
from cogs.ui.deadlines import parse_beginning, parse_deadline
from models.errors import ConsultationError

BRUSSELS = ZoneInfo("Europe/Brussels")
MONDAY = datetime(2026, 11, 23, 14, 0, tzinfo=BRUSSELS)
LANGUAGES = ("en", "fr", "nl", "de")
unhurried = settings(deadline=None, derandomize=True)  # the first text in a language loads its words


def local(text: str, language: str = "en", now: datetime = MONDAY) -> str:
    return parse_deadline(text, language, BRUSSELS, now).astimezone(BRUSSELS).strftime("%Y-%m-%d %H:%M")


def complaint(text: str, language: str = "en", now: datetime = MONDAY) -> str:
    with pytest.raises(ConsultationError) as caught:
        parse_deadline(text, language, BRUSSELS, now)
    return caught.value.phrase


DATES = [
    ("en", "12 December", "2026-12-12 23:59"),
    ("en", "December 12th, 6pm", "2026-12-12 18:00"),
    ("en", "Friday", "2026-11-27 23:59"),
    ("en", "until Friday", "2026-11-27 23:59"),
    ("en", "Friday 5pm", "2026-11-27 17:00"),
    ("en", "Fri 9 o'clock", "2026-11-27 09:00"),
    ("en", "FRIDAY   at\t5 p.m.", "2026-11-27 17:00"),
    ("en", "Friday 17.30", "2026-11-27 17:30"),
    ("en", "Friday at midnight", "2026-11-27 23:59"),
    ("en", "Friday 24:00", "2026-11-27 23:59"),
    ("en", "Saturday 12 December", "2026-12-12 23:59"),
    ("en", "today", "2026-11-23 23:59"),
    ("en", "tomorrow", "2026-11-24 23:59"),
    ("en", "tomorrow at noon", "2026-11-24 12:00"),
    ("en", "day after tomorrow", "2026-11-25 23:59"),
    ("en", "in 3 days at 18:00", "2026-11-26 18:00"),
    ("en", "18:00", "2026-11-23 18:00"),
    ("fr", "1er décembre", "2026-12-01 23:59"),
    ("fr", "le 12 décembre à 18h", "2026-12-12 18:00"),
    ("fr", "vendredi", "2026-11-27 23:59"),
    ("fr", "jusqu\u2019à vendredi", "2026-11-27 23:59"),
    ("fr", "vendredi 17h", "2026-11-27 17:00"),
    ("fr", "vendredi 17h30", "2026-11-27 17:30"),
    ("fr", "ven. 17 h 30", "2026-11-27 17:30"),
    ("fr", "le 4/12 à 17 heures", "2026-12-04 17:00"),
    ("fr", "aujourd'hui à 18h", "2026-11-23 18:00"),
    ("fr", "demain à midi", "2026-11-24 12:00"),
    ("fr", "après-demain", "2026-11-25 23:59"),
    ("fr", "dans 3 jours à 18h", "2026-11-26 18:00"),
    ("fr", "mercredi minuit", "2026-11-25 23:59"),
    ("fr", "vendredi prochain", "2026-11-27 23:59"),
    ("fr", "dimanche prochain à 17h", "2026-11-29 17:00"),
    ("nl", "12 december 18u", "2026-12-12 18:00"),
    ("nl", "vrijdag", "2026-11-27 23:59"),
    ("nl", "tot vrijdag 17u", "2026-11-27 17:00"),
    ("nl", "vrijdag om 17u30", "2026-11-27 17:30"),
    ("nl", "vr 17.30 uur", "2026-11-27 17:30"),
    ("nl", "vandaag 18u", "2026-11-23 18:00"),
    ("nl", "morgen om 12 uur", "2026-11-24 12:00"),
    ("nl", "overmorgen", "2026-11-25 23:59"),
    ("nl", "over 3 dagen om 18u", "2026-11-26 18:00"),
    ("nl", "volgende vrijdag", "2026-11-27 23:59"),
    ("nl", "komende vrijdag om 17u", "2026-11-27 17:00"),
    ("de", "12. Dezember", "2026-12-12 23:59"),
    ("de", "am 12. Dezember um 18 Uhr", "2026-12-12 18:00"),
    ("de", "12.12.", "2026-12-12 23:59"),
    ("de", "12.12", "2026-12-12 23:59"),
    ("de", "12.12 18:00", "2026-12-12 18:00"),
    ("de", "2.12 um 18 Uhr", "2026-12-02 18:00"),
    ("de", "2.12 mittags", "2026-12-02 12:00"),
    ("de", "Mittwoch, 2.12., 17 Uhr", "2026-12-02 17:00"),
    ("de", "Freitag, den 4. Dezember", "2026-12-04 23:59"),
    ("de", "Freitag 17 Uhr", "2026-11-27 17:00"),
    ("de", "bis Freitag um 17.30 Uhr", "2026-11-27 17:30"),
    ("de", "heute 18 Uhr", "2026-11-23 18:00"),
    ("de", "morgen Mittag", "2026-11-24 12:00"),
    ("de", "übermorgen", "2026-11-25 23:59"),
    ("de", "in 3 Tagen um 18 Uhr", "2026-11-26 18:00"),
    ("de", "nächsten Freitag", "2026-11-27 23:59"),
    ("de", "am kommenden Mittwoch um 12 Uhr", "2026-11-25 12:00"),
]


@pytest.mark.parametrize(("language", "text", "end"), DATES)
def test_a_date_is_read_as_it_is_said_in_each_language(language, text, end):
    assert local(text, language) == end


LENGTHS = [
    ("en", "3 days", "2026-11-26 14:00"),
    ("en", "in 48 hours", "2026-11-25 14:00"),
    ("en", "within a week", "2026-11-30 14:00"),
    ("en", "1 day 5 hours", "2026-11-24 19:00"),
    ("en", "in 1h30", "2026-11-23 15:30"),
    ("en", "1 year", "2027-11-23 14:00"),
    ("en", "2.5 hours", "2026-11-23 16:30"),
    ("en", "in 4.5 hours", "2026-11-23 18:30"),
    ("en", "1.5 days", "2026-11-25 02:00"),
    ("fr", "3 jours", "2026-11-26 14:00"),
    ("fr", "1 semaine", "2026-11-30 14:00"),
    ("fr", "dans une semaine", "2026-11-30 14:00"),
    ("fr", "d'ici 48 h", "2026-11-25 14:00"),
    ("fr", "2 mois", "2027-01-23 14:00"),
    ("fr", "1,5 heure", "2026-11-23 15:30"),
    ("fr", "dans deux semaines", "2026-12-07 14:00"),
    ("fr", "la semaine prochaine", "2026-11-30 14:00"),
    ("nl", "3 dagen", "2026-11-26 14:00"),
    ("nl", "over 48 uur", "2026-11-25 14:00"),
    ("nl", "binnen een week", "2026-11-30 14:00"),
    ("nl", "5 uren", "2026-11-23 19:00"),
    ("nl", "48u", "2026-11-25 14:00"),
    ("nl", "2,5 uur", "2026-11-23 16:30"),
    ("nl", "anderhalf uur", "2026-11-23 15:30"),
    ("nl", "twee weken", "2026-12-07 14:00"),
    ("nl", "over drie dagen", "2026-11-26 14:00"),
    ("nl", "volgende week", "2026-11-30 14:00"),
    ("de", "3 Tage", "2026-11-26 14:00"),
    ("de", "2 Wochen", "2026-12-07 14:00"),
    ("de", "eine Woche", "2026-11-30 14:00"),
    ("de", "innerhalb von 48 Stunden", "2026-11-25 14:00"),
    ("de", "1.5 Stunden", "2026-11-23 15:30"),
    ("de", "1,5 Stunden", "2026-11-23 15:30"),
    ("de", "anderthalb Stunden", "2026-11-23 15:30"),
    ("de", "in zwei Wochen", "2026-12-07 14:00"),
    ("de", "in vierzehn Tagen", "2026-12-07 14:00"),
]


@pytest.mark.parametrize(("language", "text", "end"), LENGTHS)
def test_a_length_counts_from_now_in_each_language(language, text, end):
    assert local(text, language) == end


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("12/12/2026", "2026-12-12 23:59"),
        ("12-12-26", "2026-12-12 23:59"),
        ("5/12", "2026-12-05 23:59"),
        ("01/02/2027", "2027-02-01 23:59"),
        ("2027-02-01", "2027-02-01 23:59"),
        ("2026-12-12 18:00", "2026-12-12 18:00"),
        ("2026-12-12T18:00Z", "2026-12-12 19:00"),
        ("48h", "2026-11-25 14:00"),
        ("7d", "2026-11-30 14:00"),
        ("90 minutes", "2026-11-23 15:30"),
    ],
)
def test_figures_mean_the_same_in_every_language(language, text, end):
    assert local(text, language) == end


@pytest.mark.parametrize("language", ["fr", "nl", "de"])
@pytest.mark.parametrize(("text", "end"), [row[1:] for row in DATES + LENGTHS if row[0] == "en"])
def test_english_is_understood_in_every_language(language, text, end):
    assert local(text, language) == end


@unhurried
@given(st.dates(date(2026, 11, 24), date(2027, 11, 22)), st.sampled_from(LANGUAGES))
def test_every_date_written_out_in_full_is_the_end_of_that_day(day, language):
    for style in ("long", "full", "d MMM y"):
        assert local(format_date(day, style, locale=language), language) == f"{day} 23:59"


@unhurried
@given(st.dates(date(2026, 11, 24), date(2027, 11, 22)), st.times(), st.sampled_from(LANGUAGES))
def test_every_minute_written_as_figures_is_that_minute(day, clock, language):
    moment = datetime.combine(day, time(clock.hour, clock.minute), BRUSSELS)
    assert parse_deadline(f"{day} {clock:%H:%M}", language, BRUSSELS, MONDAY) == moment.astimezone(UTC)


@unhurried
@given(st.integers(1, 8760), st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis adds the zone
def test_hours_are_hours_that_pass_whatever_the_clocks_do(hours, now):
    assert parse_deadline(f"{hours} h", "fr", BRUSSELS, now) == now + timedelta(hours=hours)


def test_the_moment_is_in_utc():
    end = parse_deadline("12 December", "en", BRUSSELS, MONDAY)
    assert end.tzinfo is UTC
    assert end == datetime(2026, 12, 12, 22, 59, tzinfo=UTC)


def test_another_consultation_has_its_own_time_zone():
    end = parse_deadline("12 December 18:00", "en", ZoneInfo("America/New_York"), MONDAY)
    assert end == datetime(2026, 12, 12, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "now", "end"),
    [
        ("Sunday", datetime(2026, 10, 23, 12, 0, tzinfo=UTC), datetime(2026, 10, 25, 22, 59, tzinfo=UTC)),
        ("Saturday", datetime(2026, 10, 23, 12, 0, tzinfo=UTC), datetime(2026, 10, 24, 21, 59, tzinfo=UTC)),
        ("48 hours", datetime(2026, 10, 24, 12, 0, tzinfo=UTC), datetime(2026, 10, 26, 12, 0, tzinfo=UTC)),
        ("2 days", datetime(2026, 10, 24, 12, 0, tzinfo=UTC), datetime(2026, 10, 26, 13, 0, tzinfo=UTC)),
        ("25 October 02:30", datetime(2026, 10, 24, 12, 0, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("Sunday", datetime(2027, 3, 26, 12, 0, tzinfo=UTC), datetime(2027, 3, 28, 21, 59, tzinfo=UTC)),
        ("Saturday", datetime(2027, 3, 26, 12, 0, tzinfo=UTC), datetime(2027, 3, 27, 22, 59, tzinfo=UTC)),
        ("48 hours", datetime(2027, 3, 27, 12, 0, tzinfo=UTC), datetime(2027, 3, 29, 12, 0, tzinfo=UTC)),
        ("2 days", datetime(2027, 3, 27, 12, 0, tzinfo=UTC), datetime(2027, 3, 29, 11, 0, tzinfo=UTC)),
        ("28 March 02:30", datetime(2027, 3, 27, 12, 0, tzinfo=UTC), datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),
    ],
)
def test_the_clocks_change_in_october_2026_and_march_2027(text, now, end):
    assert parse_deadline(text, "en", BRUSSELS, now) == end


def test_late_in_the_evening_today_is_the_day_in_brussels():
    after_midnight = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    assert local("today", now=after_midnight) == "2026-11-24 23:59"
    assert local("tomorrow 9am", now=after_midnight) == "2026-11-25 09:00"


@pytest.mark.parametrize("year", [2001, 2024, 2031, 2090])
def test_now_is_what_the_caller_says_and_never_the_systems_clock(year):
    now = datetime(year, 6, 15, 10, 0, tzinfo=BRUSSELS)
    assert local("3 days", now=now) == f"{year}-06-18 10:00"
    assert local("tomorrow", now=now) == f"{year}-06-16 23:59"
    assert local("18:00", now=now) == f"{year}-06-15 18:00"
    assert local("14 June", now=now) == f"{year + 1}-06-14 23:59"
    assert local("16/06/" + str(year)[2:], now=now.replace(year=2000 + year % 100)) == f"{year}-06-16 23:59"
    weekday = parse_deadline("Friday", "en", BRUSSELS, now)
    assert weekday.weekday() == 4
    assert now < weekday < now + timedelta(days=8)


def test_a_date_without_its_year_is_the_next_one():
    assert local("22 November") == "2027-11-22 23:59"
    assert local("29 February", now=datetime(2027, 6, 1, tzinfo=UTC)) == "2028-02-29 23:59"


@pytest.mark.parametrize("text", ["23 November", "23/11", "23/11/26", "Monday 23 November"])
def test_todays_date_is_today_and_not_a_year_from_now(text):
    assert local(text) == "2026-11-23 23:59"
    new_year = datetime(2027, 1, 1, 9, 0, tzinfo=BRUSSELS)
    assert local("1 January", now=new_year) == "2027-01-01 23:59"


@pytest.mark.parametrize("text", ["Monday", "Monday 17:00", "lundi 17h"])
def test_a_weekday_is_the_next_one_and_never_today(text):
    assert local(text, "fr").startswith("2026-11-30")


@pytest.mark.parametrize(
    "text",
    ["yesterday", "2 days ago", "-3 days", "0 days", "now", "22/11/2026", "22/11/26", "today 13:00", "23 November 1pm"],
)
def test_an_end_that_is_not_in_the_future_is_refused(text):
    assert complaint(text) == "poll.end_in_past"


def test_this_very_moment_is_not_in_the_future():
    assert complaint("today 14:00") == "poll.end_in_past"
    assert local("today 14:01") == "2026-11-23 14:01"


@pytest.mark.parametrize("text", ["2 years", "400 days", "13 December 2027", "31/12/9999", "999999 days"])
def test_an_end_over_a_year_ahead_is_refused(text):
    assert complaint(text) == "poll.end_too_far"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "soon",
        "12",
        "1765000000",
        "December",
        "2027",
        "Q1 2027",
        "tonight",
        "Friday evening",
        "31 February",
        "29/02/2027",
        "tomorrow 25:00",
        "1/1/0001",
        "99999999999999999999 days",
        "3 days or 4 days",
        "12 December or 13 December",
    ],
)
def test_what_names_no_moment_is_unclear(text):
    assert complaint(text) == "poll.end_unclear"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Friday 17"),
        ("en", "tomorrow 5"),
        ("en", "3 days 5"),
        ("en", "Friday 12 December"),
        ("en", "tomorrow 25 December"),
        ("en", "12/13/2026"),
        ("fr", "lundi 12 décembre"),
        ("nl", "vr 12 december"),
        ("de", "morgen um 9"),
        ("en", "1.5 months"),
        ("en", "1,000 hours"),
        ("en", "2½ hours"),
        ("en", "an hour and a half"),
        ("fr", "2 heures et demie"),
        ("nl", "2.30 uur"),
        ("nl", "tweeënhalf uur"),
        ("de", "1.000 Stunden"),
        ("de", "zweieinhalb Stunden"),
    ],
)
def test_what_would_be_read_only_in_part_is_unclear(language, text):
    assert complaint(text, language) == "poll.end_unclear"


UNITS = {
    "en": {"minutes": 1, "hours": 60, "h": 60, "days": 1_440, "weeks": 10_080, "months": 43_800, "years": 525_600},
    "fr": {"minutes": 1, "heures": 60, "h": 60, "jours": 1_440, "semaines": 10_080, "mois": 43_800, "ans": 525_600},
    "nl": {"minuten": 1, "uur": 60, "u": 60, "dagen": 1_440, "weken": 10_080, "maanden": 43_800, "jaar": 525_600},
    "de": {"Minuten": 1, "Stunden": 60, "h": 60, "Tage": 1_440, "Wochen": 10_080, "Monate": 43_800, "Jahre": 525_600},
}
numbers = st.one_of(
    st.integers(0, 99).map(str),
    st.tuples(st.integers(0, 31), st.sampled_from(".,"), st.text("0123456789", min_size=1, max_size=3)).map(
        lambda parts: "".join(map(str, parts))
    ),
)


@unhurried
@given(st.sampled_from(LANGUAGES), st.data())
def test_a_number_with_a_unit_is_that_length_or_refused_and_never_a_date(language, data):
    number, unit = data.draw(numbers), data.draw(st.sampled_from(sorted(UNITS[language])))
    before = data.draw(st.sampled_from(["", {"en": "in", "fr": "dans", "nl": "over", "de": "in"}[language] + " "]))
    gap = data.draw(st.sampled_from(["", " "]))
    end = outcome(f"{before}{number}{gap}{unit}", language)

    if isinstance(end, datetime):
        length = timedelta(minutes=float(number.replace(",", ".")) * UNITS[language][unit])
        assert abs(end - MONDAY - length) <= (length / 10 if UNITS[language][unit] > 10_080 else timedelta(hours=1))
    elif gap and number.isdigit() and int(number):
        assert end == "poll.end_too_far"


def test_a_refusal_says_what_was_typed():
    with pytest.raises(ConsultationError) as caught:
        parse_deadline("When Everyone Agrees", "en", BRUSSELS, MONDAY)
    assert caught.value.values == {"text": "When Everyone Agrees"}


def test_a_long_text_is_refused_unread_and_quoted_only_in_its_beginning(monkeypatch):
    monkeypatch.setattr(deadlines, "DateDataParser", None)
    with pytest.raises(ConsultationError) as caught:
        parse_deadline("12 December " * 500, "en", BRUSSELS, MONDAY)
    assert caught.value.phrase == "poll.end_unclear"
    assert caught.value.values == {"text": ("12 December " * 500)[:80]}


WORDS = ["friday", "vendredi", "vrijdag", "freitag", "tomorrow", "demain", "morgen", "midnight", "december"]
FIGURES = ["3", "12", "17h", "24:00", "25:99", "12/12", "31.02.", "0001", "9999", "-1", "+7", "99999999"]
REST = ["in", "dans", "over", "om", "à", "ago", "days", "jours", "uur", "Uhr", "weeks", ",", ":", "/", "\u0660", "\0"]


def outcome(text, language):
    try:
        return parse_deadline(text, language, BRUSSELS, MONDAY)
    except ConsultationError as refusal:
        return refusal.phrase


@unhurried
@given(
    st.one_of(
        st.text(max_size=80),
        st.text(max_size=6000),
        st.lists(st.sampled_from(WORDS + FIGURES + REST), max_size=8).map(" ".join),
    )
)
@example("\u0663 days")
@example("\ud800")
@example("9999-12-31 23:59:59-12:00")
@example("0001-01-01 00:00+14:00")
def test_whatever_is_typed_ends_in_a_moment_ahead_or_in_a_refusal(text):
    for language in LANGUAGES:
        end = outcome(text, language)
        refused = end in {"poll.end_unclear", "poll.end_in_past", "poll.end_too_far"}
        assert refused or MONDAY < end <= MONDAY + timedelta(days=366)


# Beginnings


@pytest.mark.parametrize(
    ("language", "text", "beginning"),
    [
        ("en", "Friday", "2026-11-27 00:00"),
        ("fr", "vendredi 9h", "2026-11-27 09:00"),
        ("nl", "12 december", "2026-12-12 00:00"),
        ("de", "morgen", "2026-11-24 00:00"),
        ("en", "2 days", "2026-11-25 14:00"),
    ],
)
def test_a_beginning_is_read_like_an_end_but_a_whole_day_from_its_start(language, text, beginning):
    read = parse_beginning(text, language, BRUSSELS, MONDAY).astimezone(BRUSSELS)
    assert read.strftime("%Y-%m-%d %H:%M") == beginning


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("2 weeks", "2026-12-18 09:00"),
        ("Monday", "2026-12-07 23:59"),
        ("18:00", "2026-12-04 18:00"),
        ("12 December", "2026-12-12 23:59"),
        ("2 January", "2027-01-02 23:59"),
    ],
)
def test_the_end_of_a_vote_that_begins_later_counts_from_its_beginning(text, end):
    begins_at = datetime(2026, 12, 4, 9, 0, tzinfo=BRUSSELS)
    read = parse_deadline(text, "en", BRUSSELS, MONDAY, begins_at).astimezone(BRUSSELS)
    assert read.strftime("%Y-%m-%d %H:%M") == end


@pytest.mark.parametrize("text", ["tomorrow", "today 18:00", "27/11/2026"])
def test_an_end_before_the_beginning_is_refused(text):
    begins_at = datetime(2026, 12, 4, 9, 0, tzinfo=BRUSSELS)
    with pytest.raises(ConsultationError) as caught:
        parse_deadline(text, "en", BRUSSELS, MONDAY, begins_at)
    assert caught.value.phrase == "poll.end_before_beginning"


def test_a_beginning_over_the_change_to_summer_time_keeps_its_hour():
    before = datetime(2027, 3, 27, 9, 0, tzinfo=BRUSSELS)
    end = parse_deadline("2 days", "en", BRUSSELS, MONDAY, before)
    assert end.astimezone(BRUSSELS).strftime("%Y-%m-%d %H:%M") == "2027-03-29 09:00"
