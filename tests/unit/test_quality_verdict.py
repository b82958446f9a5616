"""From the LUT of a campaign to the verdict on it: the JSON file, the summary, the stop."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import xarray as xr

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.errors import CampaignError
from sixsv_lut.lut.quantities import LUT_NAMES
from sixsv_lut.quality.lut_quality import CHECKS, check_earlier, check_quality
from sixsv_lut.quality.verdict import summary_lines
from sixsv_lut.sixsv.axes import AXIS_NAMES
from unit.quality_support import lut_without_aerosol, reversed_along
from unit.support import configuration

BANDS = ("Oa11", "Oa17")
COMPARISONS = [f"comparison_of_{name}" for name in LUT_NAMES]


def _axes() -> dict[str, list[str]]:
    lut = lut_without_aerosol()
    return {name: [f"{value:g}" for value in lut[name].values] for name in AXIS_NAMES}


def _campaign(tmp_path: Path, **quality: Any) -> Campaign:
    """Give a campaign with the LUT of one of its bands, of which no number is wrong."""
    campaign = Campaign(
        configuration(
            results=str(tmp_path / "results"),
            aerosol={"model": 0},
            axes=_axes(),
            bands=list(BANDS),
            formats=["netcdf"],
            quality=quality,
        )
    )
    _write(campaign, lut_without_aerosol())
    return campaign


def _write(campaign: Campaign, lut: xr.Dataset, band: str = "Oa11") -> None:
    description, netcdf = (Path(path) for path in campaign.lut_files(band))
    netcdf.parent.mkdir(parents=True, exist_ok=True)
    lut.to_netcdf(netcdf)
    description.write_text("{}")


def _check(campaign: Campaign, band: str = "Oa11") -> dict[str, Any]:
    check_quality(campaign, band, Path(campaign.quality_file(band)))
    verdict: dict[str, Any] = json.loads(Path(campaign.quality_file(band)).read_text())
    return verdict


def _earlier(tmp_path: Path, lut: xr.Dataset, name: str = "earlier.nc", **attributes: str) -> str:
    path = tmp_path / name
    lut.assign_attrs(attributes).to_netcdf(path)
    return str(path)


def test_the_verdict_on_a_good_lut(tmp_path: Path) -> None:
    verdict = _check(_campaign(tmp_path))
    assert (verdict["band"], verdict["campaign"], verdict["verdict"]) == ("Oa11", "test", "passed")
    assert len(verdict["checks"]) == len(CHECKS) + 1
    assert {check["verdict"] for check in verdict["checks"][:-1]} == {"passed"}
    assert verdict["checks"][-1]["name"] == "comparison"
    assert verdict["checks"][-1]["verdict"] == "not applicable"
    for check in verdict["checks"]:
        assert {"name", "title", "reason", "violations", "worst", "limit", "points"} <= set(check)
        assert check["title"].endswith(".")


def test_a_violation_names_its_points_and_stops_nothing(tmp_path: Path) -> None:
    campaign = _campaign(tmp_path)
    _write(campaign, reversed_along(lut_without_aerosol(), "psurf"))
    verdict = _check(campaign)
    (violated,) = (check for check in verdict["checks"] if check["verdict"] == "violated")
    assert verdict["verdict"] == "violated"
    assert violated["name"] == "monotony_of_transmittance"
    assert violated["violations"] > len(violated["points"]) == 20
    assert violated["worst"] > violated["limit"]
    first = violated["points"][0]
    assert first.startswith(f"Ttotal along psurf: {violated['worst']:.3g} at point ")
    assert "psurf=" in first
    assert "thetav=" in first


def test_with_stop_a_violation_is_an_error_and_the_verdict_is_kept(tmp_path: Path) -> None:
    campaign = _campaign(tmp_path, stop="true")
    _write(campaign, reversed_along(lut_without_aerosol(), "psurf"))
    with pytest.raises(CampaignError) as error:
        _check(campaign)
    kept = Path(campaign.refused_quality_file("Oa11"))
    # Snakemake takes an output that is there for finished.
    assert not Path(campaign.quality_file("Oa11")).exists()
    assert json.loads(kept.read_text())["verdict"] == "violated"
    for said in ("Oa11", "monotony_of_transmittance", "psurf=", str(kept), "quality.stop"):
        assert said in str(error.value)

    _write(campaign, lut_without_aerosol())
    assert _check(campaign)["verdict"] == "passed"
    assert not kept.exists()


def test_with_stop_a_good_lut_is_no_error(tmp_path: Path) -> None:
    assert _check(_campaign(tmp_path, stop="yes"))["verdict"] == "passed"


def test_the_summary_has_a_line_for_all_or_for_each_violation(tmp_path: Path) -> None:
    campaign = _campaign(tmp_path)
    _write(campaign, lut_without_aerosol(), "Oa17")
    assert summary_lines(campaign) == []
    _check(campaign)
    assert summary_lines(campaign) == ["Quality: not checked yet: Oa17"]
    _check(campaign, "Oa17")
    assert summary_lines(campaign) == ["Quality: all checks passed"]
    _write(campaign, reversed_along(lut_without_aerosol(), "psurf"))
    _check(campaign)
    (line,) = summary_lines(campaign)
    assert line.startswith("Quality: Oa11 violates monotony_of_transmittance (")
    assert line.endswith(f"see {campaign.quality_file('Oa11')}")


def test_a_verdict_on_an_earlier_lut_is_none(tmp_path: Path) -> None:
    campaign = _campaign(tmp_path)
    _check(campaign)
    there = Path(campaign.quality_file("Oa11")).stat().st_mtime
    os.utime(campaign.lut_files("Oa11")[0], (there + 10, there + 10))
    assert summary_lines(campaign) == []


# ------------------------------------------------------------------ comparison


def test_a_lut_is_its_own_like(tmp_path: Path) -> None:
    path = _earlier(tmp_path, lut_without_aerosol())
    checks = _check(_campaign(tmp_path, compare_with=path))["checks"][len(CHECKS) :]
    assert [check["name"] for check in checks] == COMPARISONS
    assert {check["verdict"] for check in checks} == {"passed"}
    assert {check["largest_difference"] for check in checks} == {0}
    assert {check["compared_points"] for check in checks} == {lut_without_aerosol()["S"].size}
    assert path in checks[0]["reason"]


def test_a_difference_is_found_at_the_nodes_that_both_have(tmp_path: Path) -> None:
    earlier = lut_without_aerosol().isel(psurf=[2, 0], thetas=slice(1, None))
    earlier = earlier.assign_coords(thetas=[20.0, 41.0, 55.0, 60.0, 70.0])
    earlier["rho_atm"][{"psurf": 0, "thetas": 2, "thetav": 1}] += 1e-3
    for band in BANDS:
        _earlier(tmp_path, earlier, f"{band}.nc")
    campaign = _campaign(tmp_path, compare_with=str(tmp_path / "{band}.nc"))
    verdict = _check(campaign)
    violated = [check for check in verdict["checks"] if check["verdict"] == "violated"]
    assert [check["name"] for check in violated] == ["comparison_of_rho_atm"]
    # 2 pressures, 4 solar zenith angles.
    assert violated[0]["compared_points"] == 2 * 2 * 1 * 2 * 2 * 3 * 4 * 4
    assert violated[0]["violations"] == 2 * 2 * 2 * 3
    assert all("psurf=1013" in point for point in violated[0]["points"])
    assert all("thetas=55, thetav=20" in point for point in violated[0]["points"])
    assert violated[0]["largest_difference"] == pytest.approx(1e-3, rel=1e-4)
    rms = 1e-3 * (violated[0]["violations"] / violated[0]["compared_points"]) ** 0.5
    assert violated[0]["rms_difference"] == pytest.approx(rms, rel=1e-4)


def test_an_earlier_lut_as_zarr_is_read_too(tmp_path: Path) -> None:
    lut_without_aerosol().to_zarr(tmp_path / "earlier.zarr", zarr_format=2)
    verdict = _check(_campaign(tmp_path, compare_with=str(tmp_path / "earlier.zarr")))
    assert verdict["verdict"] == "passed"


def test_a_lut_without_common_nodes_is_refused_by_both_names(tmp_path: Path) -> None:
    earlier = lut_without_aerosol().assign_coords(uw=[1.0, 2.0])
    path = _earlier(tmp_path, earlier)
    campaign = _campaign(tmp_path, compare_with=path)
    for refuse in (check_earlier, _check):
        with pytest.raises(CampaignError) as error:
            refuse(campaign)
        for said in (path, campaign.lut_files("Oa11")[0], "uw", "1, 2 there", "0.5, 4 here"):
            assert said in str(error.value)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:3000]), "cannot be read"),
        (lambda path: path.write_text("no NetCDF"), "cannot be read"),
        (
            lambda path: lut_without_aerosol().drop_vars(["S", "Tup"]).to_netcdf(path),
            "it lacks Tup, S",
        ),
        (lambda path: lut_without_aerosol().isel(uo3=0).to_netcdf(path), "it lacks uo3, Tdown"),
        (
            lambda path: lut_without_aerosol().assign_attrs(band="Oa12").to_netcdf(path),
            "is a LUT of band Oa12, not of Oa11",
        ),
    ],
)
def test_what_is_no_such_lut_is_refused_before_anything_runs(
    tmp_path: Path, spoil: Any, said: str
) -> None:
    path = Path(_earlier(tmp_path, lut_without_aerosol()))
    campaign = _campaign(tmp_path, compare_with=str(path))
    spoil(path)
    with pytest.raises(CampaignError, match=r"^quality\.compare_with: ") as error:
        check_earlier(campaign)
    assert said in str(error.value)
    assert str(path) in str(error.value)
