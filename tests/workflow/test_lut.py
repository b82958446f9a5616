"""The LUT is what 6SV says, point by point, however the work was divided."""

from __future__ import annotations

import json
import subprocess
from decimal import ROUND_DOWN, Decimal
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from sixsv_lut.campaign.configuration import validate
from sixsv_lut.campaign.grid import Grid
from sixsv_lut.campaign.recipe import make_recipe
from sixsv_lut.sixsv.axes import AXIS_NAMES
from sixsv_lut.sixsv.deck import US62
from sixsv_lut.sixsv.executable import find_executable, launch_environment
from sixsv_lut.sixsv.instruments import find_band
from support import SMALL, SMALL_POINTS, Workspace


def launch(deck: str, version: str) -> list[str]:
    """Run 6SV once, as plainly as can be."""
    ended = subprocess.run(
        [find_executable(version)],
        input=deck,
        env=launch_environment(),
        text=True,
        capture_output=True,
        check=True,
    )
    return ended.stdout.splitlines()


def numbers_after(lines: list[str], label: str) -> list[str]:
    """Give the words that follow a label."""
    line = next(line for line in lines if label in line)
    return line.partition(label)[2].strip(" *").split()


def sequential_lut(config: dict[str, object], band: str) -> bytes:
    """Make the text LUT of a band by a loop over its decks, without any of the machinery."""
    configuration = validate(config, "test")
    grid = Grid(configuration.axes.written())
    writer = make_recipe(configuration, find_band("OLCI", band)).deck_writer()
    text = []
    for point, values in enumerate(grid.rows(0, grid.points)):
        lines = launch(writer.deck(values).text, "2.1")
        gas = numbers_after(lines, "global gas. trans. :")
        scattering = numbers_after(lines, 'total  sca.   "    :')
        albedo = numbers_after(lines, "spherical albedo   :")[2]
        reflectance = numbers_after(lines, "apparent reflectance")[0]
        at = [int(i[0]) for i in grid.indices([point])]
        written = [axis[i] for axis, i in zip(grid.values, at, strict=True)]
        products = [f"{float(g) * float(s):.7f}" for g, s in zip(gas, scattering, strict=True)]
        text.append(" ".join([*reversed(written), *products, reflectance, albedo]))
    return ("\n".join(text) + "\n").encode()


@pytest.mark.parametrize("band", ["Oa03", "Oa17"])
def test_the_text_lut_equals_a_sequential_loop_over_the_same_decks(
    finished: Workspace, band: str
) -> None:
    assert finished.lut(band).read_bytes() == sequential_lut(SMALL, band)


def test_batch_size_and_threads_change_no_byte(finished: Workspace, workspace: Workspace) -> None:
    workspace.configure(SMALL | {"batch_size": 5})
    workspace.snakemake("--set-threads", "simulate=2")

    assert workspace.texts() == finished.texts()


def test_netcdf_and_zarr_say_the_same_as_the_text(finished: Workspace) -> None:
    text = np.loadtxt(finished.lut("Oa03"))
    with (
        xr.open_dataset(finished.lut("Oa03", "nc")) as netcdf,
        xr.open_zarr(finished.lut("Oa03", "zarr")) as zarr,
    ):
        assert tuple(netcdf["S"].dims) == AXIS_NAMES
        for column, name in enumerate(("Tdown", "Tup", "Ttotal", "rho_atm", "S"), start=8):
            np.testing.assert_allclose(netcdf[name].values.ravel(), text[:, column], atol=1e-7)
        assert (netcdf["status"].values == 0).all()
        xr.testing.assert_identical(netcdf.drop_attrs().load(), zarr.drop_attrs().load())
        point = netcdf.sel(uo3=0.3, uw=3.0, alti=0.5, phi=90, thetas=50, thetav=10).squeeze()
        row = text[(text[:, :5] == [10, 50, 90, 0.5, 1013]).all(axis=1) & (text[:, 6] == 3.0)]
        assert float(point["rho_atm"]) == pytest.approx(row[0, 11], abs=1e-7)


def test_every_product_says_how_it_was_made(finished: Workspace) -> None:
    with xr.open_dataset(finished.lut("Oa17", "nc")) as netcdf:
        attributes = netcdf.attrs
    description = json.loads(finished.lut("Oa17", "json").read_text())

    assert attributes["fingerprint"] == description["fingerprint"]
    assert len(attributes["fingerprint"]) == 64
    assert attributes["executable_version"] == "2.1"
    assert "Py6S" in attributes["spectral_response_source"]
    assert description["effective_configuration"]["axes"]["uo3"] == ["0.30"]
    assert description["points"] == description["launches"] == SMALL_POINTS
    assert "--profile local" in attributes["command"]


def test_the_netcdf_lut_follows_the_cf_conventions(finished: Workspace) -> None:
    from compliance_checker.runner import CheckSuite, ComplianceChecker

    CheckSuite.load_all_available_checkers()
    report = finished.folder / "cf.json"
    passed, errors = ComplianceChecker.run_checker(
        ds_loc=str(finished.lut("Oa03", "nc")),
        checker_names=["cf:1.8"],
        verbose=0,
        criteria="lenient",
        output_filename=str(report),
        output_format="json",
    )
    checked = json.loads(report.read_text())["cf:1.8"]

    assert not errors
    assert checked["high_priorities"]
    assert [m for result in checked["high_priorities"] for m in result["msgs"]] == []
    # The order of the axes is that of the points; the checker takes surface pressure for a height.
    advice = [m for result in checked["medium_priorities"] for m in result["msgs"]]
    assert [m for m in advice if "not in the recommended order" not in m] == []
    assert passed


def test_the_run_ends_with_paths_sizes_launches_failures_and_time(finished: Workspace) -> None:
    printed = (finished.folder / "printed.txt").read_text()

    assert "OUTLUT_S3A_OLCI_Oa03.csv" in printed
    assert "kB" in printed
    launched = f"{2 * SMALL_POINTS} launches of 6SV, 0 of them retries"
    assert f"{2 * SMALL_POINTS} points, 0 failed; {launched}" in printed


def older_tool_lut(config: dict[str, object], band: str) -> bytes:
    """Make a text LUT as the older shell tool did."""
    configuration = validate(config, "test")
    response = make_recipe(configuration, find_band("OLCI", band)).response
    first, last = 0.25 + 0.0025 * response.lowest_sample, float(response.wavelengths[-1])

    def e10_4(value: float) -> str:
        digits, exponent = f"{value:.3e}".split("e")
        power = int(exponent) + 1 if value else 0
        return f"0.{digits[0]}{digits[2:]}E{'-' if power < 0 else '+'}{abs(power):02d}"

    def scaled(value: float, wanted: float, column: float) -> float:
        return float(np.float32(value) * np.float32(wanted) / np.float32(column))

    def product(gas: str, scattering: str) -> str:
        cut = (Decimal(gas) * Decimal(scattering)).quantize(Decimal("0.00001"), ROUND_DOWN)
        return "0" if cut == 0 else str(cut).removeprefix("0")

    text = []
    axes = configuration.axes
    for uo3 in axes.uo3:
        for uw in axes.uw:
            profile = [
                "  ".join(map(e10_4, level))
                for level in (
                    (z, p, t, scaled(w, float(uw), 1.424), scaled(o, float(uo3), 0.344))
                    for z, p, t, w, o in US62  # at 1013 hPa
                )
            ]
            for aot550 in axes.aot550:
                for phi in axes.phi:
                    for thetas in axes.thetas:
                        for thetav in axes.thetav:
                            deck = [
                                *("0", f"{thetav} {phi} {thetas} 0 1 1", "7", *profile),
                                *("5", "0", str(aot550), "0", "-1000", "1"),
                                f"{first:.4f} {last:.4f}",
                                *(str(value) for value in response.values),
                                *("0", "0", "0", "0.3", "-1", ""),
                            ]
                            lines = launch("\n".join(deck), "1.1")
                            gas = numbers_after(lines, "global gas. trans. :")
                            scattering = numbers_after(lines, 'total  sca.   "    :')
                            heading = next(
                                i for i, line in enumerate(lines) if "atm. intrin. ref." in line
                            )
                            reflectance = lines[heading + 1].strip(" *").split()[0]
                            albedo = numbers_after(lines, "spherical albedo   :")[2]
                            products = map(product, gas, scattering)
                            values = (thetav, thetas, phi, "0", "1013", aot550, uw, uo3)
                            text.append(" ".join([*values, *products, reflectance, albedo]))
    return ("\n".join(text) + "\n").encode()


def test_run6sv_gives_the_older_tools_table_byte_for_byte(workspace: Workspace) -> None:
    config = SMALL | {
        "sixsv": {"executable": "1.1"},
        "bands": ["Oa20"],
        "aerosol": {"model": 5},
        "axes": {
            "uo3": ["0.300"],
            "uw": ["0.7", "2.25"],
            "aot550": ["0.10"],
            "psurf": [1013],
            "alti": [0],
            "phi": [0, 135],
            "thetas": [15, 62.5],
            "thetav": ["5.0"],
        },
        "formats": ["text"],
        "pictures": False,
        "run6sv": True,
    }
    workspace.configure(config)
    workspace.snakemake()

    assert workspace.lut("Oa20").read_bytes() == older_tool_lut(config, "Oa20")


def test_a_response_table_gives_the_same_lut_as_the_built_in_responses(
    finished: Workspace, workspace: Workspace, tmp_path: Path
) -> None:
    wavelengths = 0.35 + 0.0025 * np.arange(821)
    table = np.zeros((821, 22))
    table[:, 0] = wavelengths
    for band in ("Oa03", "Oa17"):
        response = make_recipe(validate(SMALL, "test"), find_band("OLCI", band)).response
        first = response.lowest_sample - 40  # 0.35 micrometre is sample 40 of 6SV's grid
        table[first : first + len(response.values), int(band[2:])] = response.values
    np.savetxt(tmp_path / "responses.txt", table, fmt="%.16E")
    workspace.configure(SMALL | {"spectral_response": str(tmp_path / "responses.txt")})
    workspace.snakemake()

    assert workspace.texts() == finished.texts()
