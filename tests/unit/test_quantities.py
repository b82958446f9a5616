"""The quantities of a LUT, in both conventions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sixsv_lut.campaign.grid import Grid
from sixsv_lut.lut.collect import BandResults
from sixsv_lut.lut.quantities import LUT_NAMES, LUT_QUANTITIES
from sixsv_lut.lut.text import write_text
from sixsv_lut.sixsv.convention import RUN6SV, STANDARD, Convention
from sixsv_lut.sixsv.report import QUANTITY_NAMES, REQUIRED


@pytest.mark.parametrize("convention", [STANDARD, RUN6SV], ids=["standard", "run6sv"])
def test_quantities_are_made_of_numbers_that_every_good_report_has(convention: Convention) -> None:
    factors = {name for quantity in LUT_QUANTITIES for name in quantity.factors(convention)}
    assert factors <= set(REQUIRED) <= set(QUANTITY_NAMES)


@pytest.mark.parametrize("convention", [STANDARD, RUN6SV], ids=["standard", "run6sv"])
def test_the_expected_length_of_a_row_is_the_one_that_is_written(
    tmp_path: Path, convention: Convention
) -> None:
    grid = Grid((*((("1",),) * 7), ("1", "2")))
    numbers = {name: np.array([0.123, 0.5]) for name in LUT_NAMES}
    results = BandResults(np.zeros(2, np.int8), dict(numbers), [], 2, 1.0)
    write_text(grid, results, tmp_path / "lut.csv", convention)
    expected = sum(quantity.written_bytes(convention) for quantity in LUT_QUANTITIES)
    assert {
        len(line.split(" ", 8)[8]) for line in (tmp_path / "lut.csv").read_text().splitlines()
    } == {expected + len(LUT_QUANTITIES) - 1}
