import re
import struct
import threading
from dataclasses import replace
from io import BytesIO
from itertools import permutations
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from models.records import Position
from models.tally import tally
from reports.charts import BARS, diverging_widths, draw_result, result_chart, slice_widths, text_alternative
from reports.drawing import CARD, QUIET, TEXT, TRACK, shortened

NOBODY = tally([])
EVERY_POSITION = tally([("bakers", position, 3) for position in Position])


def size_of(picture: bytes) -> tuple[int, int]:
    assert picture.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", picture[16:24])
    return width, height


def share_of(colour: str, picture: bytes) -> float:
    """Return the part of the picture's dots that have exactly this colour."""
    dots = imread(BytesIO(picture), format="png")[..., :3]
    return float((abs(dots - to_rgb(colour)).max(axis=2) < 1 / 512).mean())


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""

    def luminance(colour: str) -> float:
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.fixture
def written(monkeypatch):
    """The texts that are written on a picture, in order."""
    texts = []
    write = Axes.text

    def listen(axes, x, y, text, **settings):
        texts.append(text)
        return write(axes, x, y, text, **settings)

    monkeypatch.setattr(Axes, "text", listen)
    return texts


def test_the_picture_is_800_dots_wide_and_the_same_bytes_each_time(poll, captions):
    picture = draw_result(poll, EVERY_POSITION, captions)
    assert size_of(picture)[0] == 800
    assert draw_result(poll, EVERY_POSITION, captions) == picture


def test_pictures_drawn_in_threads_at_once_are_the_same(poll, captions):
    pictures = []
    threads = [
        threading.Thread(target=lambda: pictures.append(draw_result(poll, EVERY_POSITION, captions))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pictures == [draw_result(poll, EVERY_POSITION, captions)] * 4


def test_each_position_is_drawn_in_its_colour_in_proportion(poll, captions):
    once = tally([("bakers", Position.SUPPORT, 3), ("bakers", Position.OBJECT, 1)])
    picture = draw_result(poll, once, captions)
    support, objections = (share_of(BARS[position][0], picture) for position in (Position.SUPPORT, Position.OBJECT))
    assert 2 < support / objections < 3.5


def test_a_poll_nobody_voted_in_shows_an_empty_bar(poll, captions, written):
    picture = draw_result(poll, NOBODY, captions)
    assert share_of(TRACK, picture) > 0.1
    assert written == [
        *("Nobody voted", "Grow more rye", "Object", "Can live with it", "Support", "Pass", "0 ballots", "Everyone")
    ]


def test_every_published_row_has_its_title_its_ballots_and_the_numbers_that_are_not_0(poll, captions, written):
    result = tally(
        [("bakers", Position.SUPPORT, 10_000), ("bakers", Position.OBJECT, 1), ("millers", Position.PASS, 5)]
    )
    draw_result(poll, result, captions)
    assert written[written.index("Pass") + 1 :] == [
        *("10,006 ballots", "Everyone", "1", "10,000", "5"),
        *("10,001 ballots", "Bakers of bread", "1", "10,000"),
        *("5 ballots", "Millers", "5"),
    ]


@pytest.mark.parametrize(
    ("language", "number", "ballots"),
    [("en", "1,234", "1,234 ballots"), ("fr", "1\u202f234", "1\u202f234 votes"), ("de", "1.234", "1.234 Stimmen")],
)
def test_numbers_are_written_as_the_language_writes_them(poll, captions_in, written, language, number, ballots):
    draw_result(poll, tally([("bakers", Position.ACCEPT, 1_234)]), captions_in(language))
    assert ballots in written
    assert number in written


def test_a_title_is_the_one_voted_on_in_any_language_there_is(poll, captions_in, written):
    draw_result(poll, NOBODY, captions_in("de"))
    draw_result(poll, NOBODY, captions_in("fr"))
    assert "Mehr Roggen anbauen" in written
    assert "Grow more rye" in written


def test_a_segment_that_the_content_no_longer_has_is_called_by_its_key(poll, captions, written):
    draw_result(poll, tally([("thatchers", Position.ACCEPT, 5)]), captions)
    assert "thatchers" in written


def test_long_titles_are_wrapped_also_within_a_word(poll_titled, captions, written):
    segment = "Getreidemühlenverbandsgeschäftsführungen"
    long = replace(captions, segments={"millers": segment, "bakers": "Bäckereien und Konditoreien auf dem Lande"})
    title = "W" * 80
    result = tally([(key, position, 10_000) for key in long.segments for position in Position])
    tall = size_of(draw_result(poll_titled(title), result, long))[1]
    assert title not in written
    assert {title, segment} <= {
        "".join(written[start:stop]) for start in range(len(written)) for stop in range(start, start + 6)
    }
    assert tall > size_of(draw_result(poll_titled("Rye"), result, captions))[1]


def test_dollar_signs_are_money(poll_titled, captions):
    assert draw_result(poll_titled("From $5 to $9"), NOBODY, captions) != draw_result(
        poll_titled("From 5 to 9"), NOBODY, captions
    )
    draw_result(poll_titled(r"$\frac{$ of it"), NOBODY, captions)


def test_the_legend_takes_a_second_line_where_the_language_is_long(poll, captions_in):
    english, german = (size_of(draw_result(poll, NOBODY, captions_in(language)))[1] for language in ("en", "de"))
    assert german > english


def test_colours_contrast_with_the_card_and_with_what_is_written_on_them():
    assert contrast(TEXT, CARD) > 7
    assert contrast(QUIET, CARD) > 4.5
    for fill, ink in BARS.values():
        assert contrast(fill, ink) > 4.5
        assert contrast(fill, CARD) > 3


def test_the_text_alternative_says_what_the_picture_shows(poll, captions):
    result = tally([("bakers", Position.SUPPORT, 5), ("millers", Position.OBJECT, 1_000)])
    assert text_alternative(poll, result, captions) == (
        "Ballots on “Grow more rye”. Segments: self-declared. "
        "Everyone (1,005 ballots): Support 5, Can live with it 0, Object 1,000, Pass 0. "
        "Bakers of bread (5 ballots): Support 5, Can live with it 0, Object 0, Pass 0. "
        "Millers (1,000 ballots): Support 0, Can live with it 0, Object 1,000, Pass 0."
    )


def test_the_text_alternative_has_every_segment_and_discord_gets_as_many_as_it_takes(poll, captions):
    result = tally([(f"guild {number:02} of people who thresh", Position.SUPPORT, 5) for number in range(30)])
    whole = text_alternative(poll, result, captions)
    assert "guild 29" in whole
    assert "guild 29" in result_chart(poll, result, captions).alternative
    text = shortened(whole)
    assert 900 < len(text) <= 1_024
    assert text.endswith("Pass 0. …")
    assert "Everyone (150 ballots)" in text
    assert "guild 00" in text
    assert "guild 29" not in text


@given(st.lists(st.integers(0, 10**6), min_size=4, max_size=4), st.lists(st.floats(0.01, 0.2), min_size=4, max_size=4))
def test_slices_fill_the_bar_and_none_is_narrower_than_its_number(counts, least):
    shares = slice_widths(counts, least)
    assert sum(shares) == pytest.approx(1 if any(counts) else 0)
    for count, share, narrowest in zip(counts, shares, least, strict=True):
        assert share >= narrowest if count else share == 0


@given(st.lists(st.integers(0, 10**6), min_size=4, max_size=4))
def test_more_ballots_never_give_a_narrower_slice(counts):
    shares = slice_widths(counts, [0.05] * 4)
    for (more, wider), (fewer, narrower) in permutations(zip(counts, shares, strict=True), 2):
        assert more <= fewer or wider >= narrower


def test_slices_with_room_for_their_numbers_are_in_proportion():
    assert slice_widths([5, 3, 0, 2], [0.1] * 4) == [0.5, 0.3, 0, 0.2]


# Diverging bars


bars = st.lists(st.lists(st.integers(0, 10**6), min_size=4, max_size=4), min_size=1, max_size=11)


@settings(deadline=None)
@given(bars)
def test_bars_share_a_middle_and_those_who_passed_stand_apart_within_the_card(rows):
    widths = diverging_widths(rows, [[20.0] * 4] * len(rows), 372)
    objections, agreeing = (max(sum(row[part]) for row in widths) for part in (slice(0, 1), slice(1, 3)))
    assert objections + agreeing + max(row[3] for row in widths) <= 372
    for counts, row in zip(rows, widths, strict=True):
        assert all(width >= 20 - 1e-9 if count else width == 0 for count, width in zip(counts, row, strict=True))


def test_objections_go_to_the_left_of_the_middle_and_agreement_to_the_right(poll, captions):
    result = tally([("bakers", Position.SUPPORT, 10), ("millers", Position.OBJECT, 10)])
    dots = imread(BytesIO(draw_result(poll, result, captions)), format="png")[..., :3]

    def columns(position):
        found = (abs(dots - to_rgb(BARS[position][0])).max(axis=2) < 1 / 512)[-200:]
        return found.any(axis=0).nonzero()[0]

    assert columns(Position.OBJECT).max() < columns(Position.SUPPORT).min()


# On a page


def test_a_picture_on_a_page_needs_nothing_else_and_takes_the_page_s_colours(poll, captions):
    drawn = result_chart(poll, EVERY_POSITION, captions).svg("chart-7")
    assert drawn.startswith("<svg ")
    assert drawn == result_chart(poll, EVERY_POSITION, captions).svg("chart-7")
    assert not any(
        outside in drawn for outside in ("<script", "<image", "<style", "<metadata", "url(http", "font-family")
    )
    assert "var(--chart-card)" in drawn
    assert CARD not in drawn
    ids = re.findall(r'\bid="([^"]*)"', drawn)
    assert ids
    assert len(set(ids)) == len(ids)
    assert all(one.startswith("chart-7-") for one in ids)
    assert set(re.findall(r'href="#([^"]*)"', drawn)) <= set(ids)


def test_a_picture_on_a_page_says_in_words_what_it_shows(poll_titled, captions):
    drawn = result_chart(poll_titled('<b>"Rye"</b> & $5'), EVERY_POSITION, captions).svg("chart-7")
    svg = ET.fromstring(drawn.replace("xlink:href", "href"))  # noqa: S314 - it was made just now
    assert svg.get("role") == "img"
    assert svg.get("aria-label", "").startswith('Ballots on “<b>"Rye"</b> & $5”.')


def test_for_paper_a_chart_is_light_and_without_its_finding(poll, captions):
    chart = result_chart(poll, tally([("bakers", Position.SUPPORT, 9), ("millers", Position.OBJECT, 6)]), captions)
    on_screen, printed = chart.png(), chart.printed()
    (width, height), (shown_width, shown_height) = size_of(printed), size_of(on_screen)
    assert width == shown_width
    assert shown_height - height == pytest.approx(2 * 18 * chart.title_lines, abs=1)
    assert share_of("#ffffff", printed) > 0.3
    assert share_of("#000000", printed) > 0
    assert share_of(CARD, printed) == share_of(TRACK, printed) == 0
    fills = {fill for position, (fill, _ink) in BARS.items() if position in {Position.SUPPORT, Position.OBJECT}}
    assert all(share_of(fill, printed) > 0 for fill in fills)


def test_on_a_page_the_finding_stands_over_the_picture_and_not_in_it(poll, captions):
    chart = result_chart(poll, EVERY_POSITION, captions)
    before = chart.png()
    (height,) = re.findall(r'^<svg [^>]* height="([\d.]+)"', chart.svg("chart-7"))
    assert float(height) == size_of(before)[1] / 2 - 18 * chart.title_lines
    assert chart.png() == before
    assert len(re.findall("<use", chart.svg("a"))) < len(re.findall("<use", replace(chart, title_lines=0).svg("a")))
