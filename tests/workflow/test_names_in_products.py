"""What a product says of its variables is what 6SV did."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from support import SMALL, Workspace


@pytest.fixture(scope="module")
def lut(tmp_path_factory: pytest.TempPathFactory) -> xr.Dataset:
    """Make a LUT with a desert aerosol, which scatters forward, at low sun and view."""
    workspace = Workspace(tmp_path_factory.mktemp("names"))
    axes = SMALL["axes"] | {
        "aot550": [0.5],
        "uw": [1.5],
        "alti": [0],
        "phi": [0, 180],
        "thetas": [20, 60],
        "thetav": [10, 60],
    }
    workspace.configure(SMALL | {"bands": ["Oa17"], "aerosol": {"model": 5}, "axes": axes})
    workspace.snakemake()
    return xr.load_dataset(workspace.lut("Oa17", "nc")).squeeze()


def differs_along(variable: xr.DataArray, axis: str) -> bool:
    return bool(np.ptp(variable.values, axis=variable.get_axis_num(axis)).max() > 1e-4)


def test_the_downward_path_is_the_suns_and_the_upward_path_the_sensors(lut: xr.Dataset) -> None:
    for name, words, axis, other in (
        ("Tdown", "downward transmittance, sun to target", "thetas", "thetav"),
        ("Tup", "upward transmittance, target to sensor", "thetav", "thetas"),
    ):
        assert words in lut[name].long_name
        assert differs_along(lut[name], axis)
        assert not differs_along(lut[name], other)
    assert "two-way" in lut["Ttotal"].long_name
    np.testing.assert_allclose(lut["Ttotal"], lut["Tdown"] * lut["Tup"], atol=2e-4)


def test_azimuth_0_is_backscattering(lut: xr.Dataset) -> None:
    assert "0 is backscattering" in lut["phi"].comment
    low = lut["rho_atm"].sel(thetas=60, thetav=60)
    assert low.sel(phi=180) > 2 * low.sel(phi=0)


def test_angles_are_named_for_whose_they_are(lut: xr.Dataset) -> None:
    assert (lut["thetas"].long_name, lut["thetas"].standard_name) == (
        "solar zenith angle",
        "solar_zenith_angle",
    )
    assert (lut["thetav"].long_name, lut["thetav"].standard_name) == (
        "view zenith angle",
        "sensor_zenith_angle",
    )
