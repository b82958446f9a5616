"""Times and sizes as people read them."""

from __future__ import annotations

import math

import pytest

from sixsv_lut.readable import duration, hours, shown, size


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "1 s"),
        (99, "99 s"),
        (100, "2 min"),
        (5900, "98 min"),
        (6000, "1 h 40 min"),
        (7200, "2 h"),
        (35_970, "10 h"),
        (36_000, "10 h"),
        (90_000, "25 h"),
        (200_000, "2 days 8 h"),
        (172_800, "2 days"),
        (1e7, "115 days"),
        (math.nan, "-"),
    ],
)
def test_times_are_written_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (20_012, "20 kB"),
        (499_123_456, "499 MB"),
        (999_600, "1 MB"),
        (1.2e12, "1.2 TB"),
    ],
)
def test_sizes_have_three_digits(number: float, text: str) -> None:
    assert size(number) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.07876, "0.0788"), (99.94, "99.9"), (1025.2, "1,025")]
)
def test_hours_have_three_digits_or_are_whole(value: float, text: str) -> None:
    assert hours(value) == text


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("x", "'x'"),
        ("", "''"),
        ("é", "'é'"),
        ("a\nb", r'"a\nb"'),
        ("\udcff", r'"\udcff"'),
        ("x" * 61, f"'{'x' * 59}…'"),
        (None, "nothing"),
        (True, "true"),
        (False, "false"),
        (5, "5"),
        (5.0, "5"),
        (0.25, "0.25"),
        (10**100, f"1{'0' * 57}…0"),
        ([1, "a", None], "[1, 'a', nothing]"),
        ([0] * 1000, f"[{'0, ' * 19}…]"),
        ({"a": 1, 2: {}}, "{a, 2}"),
    ],
)
def test_a_wrong_value_is_shown_as_in_a_file_and_on_one_line(value: object, said: str) -> None:
    assert shown(value) == said
