"""Reflectances of the surface and of the top of the atmosphere belong together."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from sixsv_reader import LutError, interpolate, surface_reflectance, toa_reflectance
from unit.reader_support import random_lut, random_pixels, state

LUT = random_lut()


@given(st.floats(0, 1))
@settings(max_examples=20)
def test_there_and_back_is_where_one_was(surface: float) -> None:
    toa = toa_reflectance(LUT, surface, **state())
    assert float(surface_reflectance(LUT, toa, **state())) == pytest.approx(surface, abs=1e-12)


def test_the_formula_is_that_of_a_lambertian_surface() -> None:
    at = interpolate(LUT, **state())
    for surface in (0.0, 0.2, 0.9):
        expected = at["rho_atm"] + at["Ttotal"] * surface / (1 - at["S"] * surface)
        assert float(toa_reflectance(LUT, surface, **state())) == pytest.approx(float(expected))


def test_scenes_keep_their_dimensions_and_coordinates() -> None:
    scene = xr.DataArray(
        np.full((4, 3), 0.3, np.float32), dims=("y", "x"), coords={"y": [40, 30, 20, 10]}
    )
    sun = xr.DataArray(np.linspace(10, 60, 3), dims="x")
    result = surface_reflectance(LUT, scene, **state(thetas=sun))
    assert result.dims == ("y", "x")
    assert list(result["y"]) == [40, 30, 20, 10]
    assert result.name == "surface_reflectance"
    assert result.attrs["pixels_outside_grid"] == 0
    alone = surface_reflectance(LUT, 0.3, **state(thetas=60.0))
    np.testing.assert_allclose(result[:, 2], float(alone), rtol=1e-6)


def test_chunks_say_the_same_as_the_whole() -> None:
    pixels = {
        name: xr.DataArray(values, dims=("y", "x"))
        for name, values in random_pixels((20, 30)).items()
    }
    scene = xr.full_like(pixels["uw"], 0.4)
    whole = surface_reflectance(LUT, scene, **pixels)
    lazily = {name: values.chunk(x=7) for name, values in pixels.items()}
    for chunked in (
        surface_reflectance(LUT, scene.chunk(x=7), **lazily),
        surface_reflectance(LUT, scene, **lazily),
        surface_reflectance(LUT, scene.chunk(y=5), **pixels),
    ):
        assert chunked.chunks is not None
        assert np.array_equal(chunked.values, whole.values)


def test_bands_are_corrected_each_by_its_table() -> None:
    luts = [random_lut(seed=seed) for seed in (0, 1)]
    both = xr.concat(luts, "band").assign_coords(band=["Oa08", "Oa09"])
    toa = xr.DataArray([[0.3, 0.5, 0.2], [0.4, 0.6, 0.1]], dims=("band", "x"))
    toa = toa.assign_coords(band=["Oa08", "Oa09"])
    result = surface_reflectance(both, toa, **state())
    for number, lut in enumerate(luts):
        alone = surface_reflectance(lut, toa[number].drop_vars("band"), **state())
        assert np.array_equal(result.values[number], alone.values)
    with pytest.raises(LutError, match="does not fit"):
        surface_reflectance(both, toa[::-1], **state())
    with pytest.raises(LutError, match="that of a single band"):
        surface_reflectance(LUT, toa, **state())


def test_nan_stays_nan_and_what_is_not_seen_becomes_nan() -> None:
    toa = np.array([0.4, np.nan, 0.4])
    result = surface_reflectance(LUT, toa, outside="nan", **state(uw=np.array([1.0, 1.0, 99.0])))
    assert np.isnan(result.values).tolist() == [False, True, True]
    assert result.attrs["pixels_outside_grid"] == 1
    opaque = LUT.assign(Ttotal=LUT["Ttotal"] * 0)
    assert np.isnan(surface_reflectance(opaque, 0.4, **state()))


def test_empty_scenes_stay_empty() -> None:
    assert surface_reflectance(LUT, np.empty((0, 3)), **state()).shape == (0, 3)


@pytest.mark.parametrize("values", [[30.0, 40.0, 2.5], [3000, 2400, 1700]])
def test_percent_and_scaled_integers_are_recognised(values: list[float]) -> None:
    with pytest.raises(LutError, match="divide percent by 100, scaled integers by their scale"):
        surface_reflectance(LUT, np.array(values), **state())


def test_a_glint_is_no_reason_to_refuse_a_scene() -> None:
    assert np.isfinite(surface_reflectance(LUT, np.array([0.3, 7.0, 0.4]), **state())).all()


def test_arrays_that_do_not_fit_together_are_refused() -> None:
    with pytest.raises(LutError, match="do not fit together"):
        surface_reflectance(LUT, np.full(3, 0.3), **state(uw=np.ones(4)))
    with pytest.raises(LutError, match="does not fit"):
        surface_reflectance(
            LUT,
            xr.DataArray([0.3, 0.3], dims="x", coords={"x": [0, 1]}),
            **state(uw=xr.DataArray([1.0, 1.0], dims="x", coords={"x": [1, 2]})),
        )


def test_a_pixel_much_darker_than_the_atmosphere_is_nan_and_no_bright_surface() -> None:
    # As in an absorption band, where hardly anything of the surface reaches the sensor.
    lut = LUT.copy(deep=True)
    lut["Ttotal"][:], lut["rho_atm"][:], lut["S"][:] = 0.001, 0.05, 0.2
    surface = surface_reflectance(lut, np.array([0.03, 0.0449, 0.045, 0.0451, 0.0501]), **state())
    assert np.isnan(surface[:3]).all()
    assert float(surface[3]) < 0 < float(surface[4])
    assert surface.attrs["pixels_without_solution"] == 3
    assert surface.attrs["pixels_with_nan_reflectance"] == 0
    lut["S"][:] = 0.6
    assert toa_reflectance(lut, 1.9, **state()).attrs["pixels_without_solution"] == 1


def test_nan_reflectances_are_counted_apart_from_what_the_table_lacks() -> None:
    scene = np.array([0.3, np.nan, np.nan, 0.4])
    sun = np.array([30.0, 30.0, np.nan, 89.0])
    result = surface_reflectance(LUT, scene, outside="nan", **state(thetas=sun))
    assert np.isnan(result[1:]).all()
    assert result.attrs["pixels_with_nan_reflectance"] == 2
    assert result.attrs["pixels_with_nan_input"] == result.attrs["pixels_outside_grid"] == 1
    assert result.attrs["pixels_without_solution"] == 0


def test_a_scene_without_bands_is_not_taken_for_that_of_every_band() -> None:
    both = xr.concat([LUT, random_lut(seed=5)], "band").assign_coords(band=["Oa08", "Oa09"])
    pixels = random_pixels(3)
    with pytest.raises(LutError, match=r"2 bands.*no dimension band.*lut\.sel"):
        surface_reflectance(both, np.full((2, 3), 0.3), **pixels)
    assert surface_reflectance(both, 0.3, **pixels).dims == ("band", "dim_0")
