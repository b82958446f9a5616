"""What gases let through at single wavelengths is what 6SV averages over a band."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from sixsv_lut.campaign.recipe import make_recipe
from sixsv_lut.simulate.gases import GASES, WAVELENGTH, launch_gases
from sixsv_lut.simulate.launches import Launches, launcher_of
from sixsv_lut.sixsv.instruments import find_band
from sixsv_lut.sixsv.report import QUANTITY_NAMES
from unit.support import FakeSixSV, configuration, points, recipe_with


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_water_vapour_absorbs_at_940_nm_as_it_does_in_the_band(tmp_path: Path) -> None:
    recipe = make_recipe(configuration(bands=["Oa20"]), find_band("OLCI", "Oa20"))
    point = points(1, aot550=0)[0]

    launch_gases(recipe, point, 60, tmp_path / "gases.csv")

    rows = table(tmp_path / "gases.csv")
    assert list(rows[0]) == [WAVELENGTH, *GASES]
    assert len(rows) == len(recipe.response.values) + 16
    first = round(float(recipe.response.wavelengths[0] * 1000), 1)
    inside = [float(row["water_vapour"]) for row in rows if float(row[WAVELENGTH]) >= first]
    through = inside[: len(recipe.response.values)]
    launcher = launcher_of(recipe, 60)
    result = Launches(recipe, launcher).launch(point)
    launcher.stop()
    of_band = dict(zip(QUANTITY_NAMES, result.quantities, strict=True))
    # 6SV weights with the solar irradiance, too, which is almost the same all over the band.
    weighted = sum(a * b for a, b in zip(through, recipe.response.values, strict=True))
    mean = weighted / sum(recipe.response.values)
    assert mean == pytest.approx(of_band["water_vapour_transmittance_total"], rel=0.01)
    assert all(float(row["ozone"]) == 1 for row in rows)


def test_a_failed_launch_leaves_its_row_empty(tmp_path: Path) -> None:
    fake = FakeSixSV(tmp_path / "fake")
    fake.fail_at(0)

    launch_gases(recipe_with(fake.path), points(1)[0], 60, tmp_path / "gases.csv")

    rows = table(tmp_path / "gases.csv")
    assert len(rows) == 21
    assert {value for row in rows for name, value in row.items() if name != WAVELENGTH} == {""}
