"""Interpolated values are those of the formula, of good points alone, and never extrapolated."""

from __future__ import annotations

import itertools
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest
import xarray as xr
from dask.array import from_array
from hypothesis import given, settings
from hypothesis import strategies as st

from sixsv_reader import LutError, interpolate
from sixsv_reader.axes import fold_azimuth
from unit.reader_support import AXES, NODES, QUANTITIES, lut_of, random_lut, random_pixels, state

METHODS = ("linear", "cubic")
LUT = random_lut()
LONG = [name for name, values in NODES.items() if len(values) > 1]


def weights(nodes: list[float], x: float, method: str) -> np.ndarray:
    """Give the weight of each value of an axis, by the textbook."""
    found = np.zeros(len(nodes))
    if len(nodes) == 1:
        return np.ones(1)
    cell = min(sum(node <= x for node in nodes[1:]), len(nodes) - 2)
    used = range(cell, cell + 2)
    if method == "cubic" and len(nodes) >= 4:
        start = min(max(cell - 1, 0), len(nodes) - 4)
        used = range(start, start + 4)
    for i in used:
        found[i] = np.prod([(x - nodes[j]) / (nodes[i] - nodes[j]) for j in used if j != i])
    return found


def by_the_textbook(lut: xr.Dataset, quantity: str, point: dict[str, float], method: str) -> float:
    values = lut[quantity].values.astype(np.float64)
    for name in AXES:
        along = weights(list(lut[name].values), point.get(name, lut[name].values[0]), method)
        values = np.tensordot(along, values, (0, 0))
    return float(values)


@pytest.mark.parametrize("method", METHODS)
def test_pixels_are_interpolated_as_the_textbook_says(method: Any) -> None:
    pixels = random_pixels(20)
    result = interpolate(LUT, method=method, **pixels)
    for i in range(20):
        point = {name: values[i] for name, values in pixels.items()}
        for quantity in QUANTITIES:
            expected = by_the_textbook(LUT, quantity, point, method)
            assert float(result[quantity][i]) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("method", METHODS)
@given(data=st.data())
@settings(max_examples=30)
def test_nodes_are_reproduced_to_the_last_digit(method: Any, data: st.DataObject) -> None:
    at = {name: data.draw(st.sampled_from(values)) for name, values in NODES.items()}
    as_array = data.draw(st.booleans())
    asked = {name: np.array([value, value]) if as_array else value for name, value in at.items()}
    result = interpolate(LUT, method=method, **asked)
    for quantity in QUANTITIES:
        expected = float(LUT[quantity].sel(at))
        assert (result[quantity].values == expected).all()


@pytest.mark.parametrize("method", METHODS)
def test_all_nodes_at_once_are_the_table(method: Any) -> None:
    mesh = np.meshgrid(*NODES.values(), indexing="ij")
    result = interpolate(LUT, method=method, **dict(zip(AXES, mesh, strict=True)))
    for quantity in QUANTITIES:
        assert np.array_equal(result[quantity].values, LUT[quantity].values)


@given(
    slopes=st.lists(st.floats(-3, 3), min_size=8, max_size=8),
    method=st.sampled_from(METHODS),
    seed=st.integers(0, 1000),
)
@settings(max_examples=25)
def test_linear_functions_are_reproduced(slopes: list[float], method: Any, seed: int) -> None:
    scales = [
        slope / max(1.0, axis[-1]) for slope, axis in zip(slopes, NODES.values(), strict=True)
    ]

    def plane(*at: Any) -> Any:
        return 0.5 + sum(scale * x for scale, x in zip(scales, at, strict=True))

    pixels = random_pixels(10, seed)
    result = interpolate(_single(lut_of(plane)), method=method, **pixels)
    at = [pixels.get(name, np.zeros(10)) for name in AXES]
    # The table is in single precision.
    np.testing.assert_allclose(result["S"].values, plane(*at), atol=3e-6)


def test_cubic_interpolation_reproduces_polynomials_of_third_degree_where_linear_cannot() -> None:
    lut = _single(lut_of(lambda *at: (at[6] / 70) ** 3))
    asked = state(thetas=np.array([5.0, 33.0, 66.0]))
    expected = (asked["thetas"] / 70) ** 3
    cubic = interpolate(lut, method="cubic", **asked)["S"].values
    linear = interpolate(lut, **asked)["S"].values
    np.testing.assert_allclose(cubic, expected, atol=1e-6)
    assert (np.abs(linear - expected) > 1e-3).all()


def _single(lut: xr.Dataset) -> xr.Dataset:
    return lut.astype(np.float32).assign(status=lut["status"])


@given(st.floats(-5000, 5000))
def test_an_azimuth_and_its_mirror_images_are_one(phi: float) -> None:
    folded = fold_azimuth(np.array([phi, -phi, phi + 360, 360 - phi]))
    assert ((folded >= 0) & (folded <= 180)).all()
    np.testing.assert_allclose(folded, folded[0], atol=1e-9)


@given(st.floats(0, 180))
def test_an_azimuth_in_half_a_circle_keeps_every_digit(phi: float) -> None:
    assert fold_azimuth(phi) == phi


def test_any_azimuth_is_taken() -> None:
    expected = interpolate(LUT, **state(phi=50.0))
    for phi in (-50.0, 410.0, 310.0, -310.0):
        assert float(interpolate(LUT, **state(phi=phi))["S"]) == float(expected["S"])
    several = interpolate(LUT, **state(phi=np.array([50.0, -50.0, 310.0, 410.0])))
    np.testing.assert_allclose(several["S"].values, float(expected["S"]), rtol=1e-14)


def test_an_azimuth_axis_that_begins_beyond_180_degrees_is_used_too() -> None:
    other_half = LUT.assign_coords(phi=[180.0, 270.0, 330.0, 360.0]).isel(phi=slice(None))
    mirrored = LUT.isel(phi=slice(None, None, -1)).assign_coords(phi=[0.0, 30.0, 90.0, 180.0])
    asked = {"phi": np.array([10.0, 200.0, -75.0])}
    one = interpolate(other_half, **state(**asked))["S"].values
    same = interpolate(mirrored, **state(**asked))["S"].values
    np.testing.assert_allclose(one, same, rtol=1e-12)


def test_scalars_arrays_and_data_arrays_say_the_same() -> None:
    scalar = float(interpolate(LUT, **state())["rho_atm"])
    array = interpolate(LUT, **state(thetas=np.full((2, 3), 33.0)))["rho_atm"]
    named = interpolate(LUT, **state(thetas=xr.DataArray([33.0], dims="x")))["rho_atm"]
    assert array.shape == (2, 3)
    assert named.dims == ("x",)
    np.testing.assert_allclose(array.values, scalar, rtol=1e-14)
    np.testing.assert_allclose(named.values, scalar, rtol=1e-14)


def test_data_arrays_are_broadcast_by_the_names_of_their_dimensions() -> None:
    sun = xr.DataArray(
        [[10.0, 20.0], [30.0, 60.0], [5.0, 2.5]], dims=("y", "x"), coords={"x": [7, 8]}
    )
    water = xr.DataArray([1.0, 2.0], dims="x")
    result = interpolate(LUT, **state(uw=water, thetas=sun))
    assert result["S"].dims == ("y", "x")
    assert list(result["x"]) == [7, 8]
    for y, x in itertools.product(range(3), range(2)):
        alone = interpolate(LUT, **state(uw=float(water[x]), thetas=float(sun[y, x])))
        assert float(result["S"][y, x]) == pytest.approx(float(alone["S"]), rel=1e-13)


def test_plain_arrays_are_broadcast_by_their_shapes() -> None:
    sun, view = np.array([[10.0], [50.0]]), np.array([3.0, 20.0, 40.0])
    result = interpolate(LUT, **state(thetas=sun, thetav=view))["Tup"]
    whole = interpolate(
        LUT, **state(thetas=np.repeat(sun, 3, 1), thetav=np.repeat(view[None], 2, 0))
    )["Tup"]
    assert result.shape == (2, 3)
    assert np.array_equal(result.values, whole.values)


def test_chunks_say_the_same_as_the_whole() -> None:
    pixels = random_pixels((40, 30))
    whole = interpolate(LUT, **pixels)
    lazily = {name: from_array(v, chunks=(17, 8)) for name, v in pixels.items()}
    chunked = interpolate(LUT, **lazily)
    assert chunked["S"].chunks is not None
    for quantity in QUANTITIES:
        assert np.array_equal(chunked[quantity].values, whole[quantity].values)
    mixed = state(thetas=xr.DataArray(lazily["thetas"], dims=("y", "x")))
    alone = state(thetas=pixels["thetas"])
    np.testing.assert_allclose(
        interpolate(LUT, **mixed)["S"].values, interpolate(LUT, **alone)["S"].values, rtol=1e-13
    )


def test_threads_change_no_bit() -> None:
    pixels = random_pixels(300_000)
    one = interpolate(LUT, threads=1, **pixels)
    two = interpolate(LUT, threads=2, **pixels)
    assert all(np.array_equal(one[name], two[name]) for name in QUANTITIES)


def test_large_tables_whose_pixels_are_sorted_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = random_pixels(500)
    expected = interpolate(LUT, **pixels)
    monkeypatch.setattr("sixsv_reader.interpolation._IN_CACHE", 0)
    sorted_ones = interpolate(LUT, **pixels)
    assert all(np.array_equal(expected[name], sorted_ones[name]) for name in QUANTITIES)


def test_an_axis_that_is_constant_in_an_array_is_as_a_scalar() -> None:
    asked = random_pixels(20) | {"uw": np.full(20, 1.25)}
    array = interpolate(LUT, **asked)
    scalar = interpolate(LUT, **(asked | {"uw": 1.25}))
    assert all(np.array_equal(array[name], scalar[name]) for name in QUANTITIES)


def test_quantities_can_be_chosen() -> None:
    both = interpolate(LUT, **state())
    assert list(both) == list(QUANTITIES)
    one = interpolate(LUT, variables="S", **state())
    assert list(one) == ["S"]
    assert float(one["S"]) == float(both["S"])
    extra = LUT.assign(optical_depth_total=LUT["S"] * 3, other=LUT["Tup"])
    assert len(interpolate(extra, **random_pixels(3))) == 7


def test_bands_are_interpolated_each_by_its_table() -> None:
    other = random_lut(seed=5)
    both = xr.concat([LUT, other], "band").assign_coords(band=["Oa08", "Oa09"])
    for asked in (random_pixels((2, 5)), state()):
        result = interpolate(both, **asked)
        assert result["S"].dims[0] == "band"
        for number, lut in enumerate((LUT, other)):
            alone = interpolate(lut, **asked)
            assert np.array_equal(result["S"].values[number], alone["S"].values)


# What failed.


@given(data=st.data())
@settings(max_examples=25)
def test_a_failed_corner_makes_nan_of_the_pixels_that_need_it_and_of_no_others(
    data: st.DataObject,
) -> None:
    lut = LUT.copy(deep=True)
    at = {name: data.draw(st.sampled_from(range(len(v)))) for name, v in NODES.items()}
    code = data.draw(st.sampled_from([1, 2, 3, 4, 5, 17]))
    lut["status"][at] = code
    pixels = random_pixels(200, data.draw(st.integers(0, 99)))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        result = interpolate(lut, **pixels)
    needed = np.ones(200, bool)
    for name, values in pixels.items():
        along = [weights(NODES[name], x, "linear")[at[name]] != 0 for x in values]
        needed &= np.array(along)
    for quantity in QUANTITIES:
        assert np.array_equal(np.isnan(result[quantity].values), needed)
    assert result.attrs["pixels_at_failed_points"] == needed.sum()
    assert bool(told) == bool(needed.any())


def test_derived_points_count_as_launched_ones() -> None:
    lut = LUT.copy(deep=True)
    lut["status"][:] = 6
    assert interpolate(lut, **state()).equals(interpolate(LUT, **state()))


@pytest.mark.parametrize("method", METHODS)
def test_a_good_node_beside_a_failed_one_is_still_given(method: Any) -> None:
    lut = LUT.copy(deep=True)
    lut["status"][{"thetas": 1}] = 4
    asked = state(thetas=np.array([0.0, 50.0]))
    assert np.isfinite(interpolate(lut, method=method, **asked)["S"].values).all()
    with pytest.warns(UserWarning, match="1 pixels are NaN because points of the table failed"):
        result = interpolate(lut, **state(thetas=np.array([50.0, 30.0])))
    assert np.isnan(result["S"].values).tolist() == [False, True]


# What is outside, missing or wrong.


def test_outside_is_refused_with_the_axis_the_range_and_how_many() -> None:
    with pytest.raises(LutError) as caught:
        interpolate(LUT, **state(thetas=np.array([10.0, 75.0, 80.0])))
    message = str(caught.value)
    assert "thetas (solar zenith angle): 2 of 3 values are outside" in message
    assert "from 0 to 70 degree" in message
    assert "outside='nan'" in message


@given(
    name=st.sampled_from([name for name in LONG if name != "phi"]),  # any azimuth is inside
    above=st.booleans(),
    far=st.floats(1e-5, 0.5),
    method=st.sampled_from(METHODS),
)
@settings(max_examples=30)
def test_outside_is_nan_and_counted_if_that_is_wanted(
    name: str, above: bool, far: float, method: Any
) -> None:
    low, high = NODES[name][0], NODES[name][-1]
    beyond = high + far * high if above else low - far * high
    result = interpolate(
        LUT, outside="nan", method=method, **state(**{name: np.array([low, beyond, high])})
    )
    assert np.isnan(result["S"].values).tolist() == [False, True, False]
    assert result.attrs["pixels_outside_grid"] == 1
    assert result.attrs["outside_grid_by_axis"] == f"{name}: 1"
    alone = interpolate(LUT, outside="nan", method=method, **state(**{name: beyond}))
    assert np.isnan(alone["S"].values)


def test_chunks_refuse_what_is_outside_when_they_are_computed() -> None:
    asked = state(thetas=from_array(np.array([10.0, 80.0]), chunks=1))
    lazily = interpolate(LUT, **asked)
    with pytest.raises(LutError, match=r"thetas .*outside"):
        lazily.compute()
    with pytest.warns(UserWarning, match="1 pixels are NaN because they are outside"):
        result = interpolate(LUT, outside="nan", **asked).compute()
    assert np.isnan(result["S"].values).tolist() == [False, True]


def test_values_in_single_precision_are_on_the_ends_of_the_grid() -> None:
    for name in LONG:
        ends = np.array([NODES[name][0], NODES[name][-1]], np.float32)
        # Whichever side of the end they were rounded to.
        nearby = np.array([np.nextafter(ends, np.float32(to)) for to in (-1e9, 1e9)])
        exact = interpolate(LUT, **state(**{name: ends.astype(np.float64).round(6)}))
        result = interpolate(LUT, **state(**{name: nearby}))["S"].values
        np.testing.assert_allclose(result, [exact["S"].values] * 2, rtol=2e-6)
    lut = random_lut(NODES | {"uo3": [0.3]})
    assert np.isfinite(interpolate(lut, **state(uo3=np.float32(0.3)))["S"])


def test_an_axis_of_one_value_may_be_left_out_or_must_be_met() -> None:
    asked = state()
    with_it = interpolate(LUT, **asked)
    del asked["alti"]
    assert interpolate(LUT, **asked).equals(with_it)
    with pytest.raises(LutError, match=r"alti .* only has 0 km: they are 1\."):
        interpolate(LUT, **state(alti=1.0))
    some = interpolate(LUT, outside="nan", **state(alti=np.array([0.0, 1.0])))
    assert np.isnan(some["S"].values).tolist() == [False, True]


def test_a_table_of_one_point_gives_that_point() -> None:
    one = LUT.isel({name: [0] for name in AXES})
    assert float(interpolate(one)["S"]) == float(one["S"].squeeze())


def test_nan_pixels_are_nan_and_counted() -> None:
    asked = random_pixels(10)
    asked["uw"][3] = np.nan
    asked["thetas"][[3, 7]] = np.nan
    result = interpolate(LUT, **asked)
    assert np.flatnonzero(np.isnan(result["S"].values)).tolist() == [3, 7]
    assert result.attrs["pixels_with_nan_input"] == 2
    # Also along an axis that is constant where it is not NaN, and as the only value.
    constant = interpolate(LUT, **state(uw=np.array([1.0, np.nan, 1.0])))
    assert np.isnan(constant["S"].values).tolist() == [False, True, False]
    assert np.isnan(interpolate(LUT, **state(uw=np.nan))["S"])


def test_masked_values_are_nan() -> None:
    masked = np.ma.masked_values([1.0, -999.0], -999.0)
    result = interpolate(LUT, **state(uw=masked))
    assert np.isnan(result["S"].values).tolist() == [False, True]


def test_infinite_values_are_outside() -> None:
    with pytest.raises(LutError, match="1 of 1 values are outside"):
        interpolate(LUT, **state(uw=np.inf))


def test_empty_arrays_give_empty_arrays() -> None:
    result = interpolate(LUT, **state(thetas=np.empty((0, 4)), uw=np.empty((0, 1))))
    assert result["S"].shape == (0, 4)
    assert interpolate(LUT, **state(thetas=[]))["S"].shape == (0,)


@pytest.mark.parametrize(
    ("name", "factor", "unit", "mend"),
    [
        ("psurf", 100, "Pa", "values / 100"),
        ("psurf", 0.1, "kPa", r"values \* 10"),
        ("uo3", 1000, "Dobson units", "values / 1000"),
        ("uo3", 0.0214, "kg m-2", "values / 0.0214"),
        ("uw", 10, "kg m-2", "values / 10"),
    ],
)
@pytest.mark.parametrize("outside", ["raise", "nan"])
def test_values_in_another_unit_are_recognised(
    name: str, factor: float, unit: str, mend: str, outside: Any
) -> None:
    values = np.linspace(*(NODES[name][i] for i in (0, -1)), 11) * factor
    with pytest.raises(LutError, match=f"{name} is in {unit}, by its values .*give {mend}"):
        interpolate(LUT, outside=outside, **state(**{name: values}))


def test_altitudes_in_metres_are_recognised() -> None:
    lut = random_lut(NODES | {"alti": [0.0, 2.0]})
    with pytest.raises(LutError, match=r"alti is in metres, by its values .*give values / 1000"):
        interpolate(lut, outside="nan", **state(alti=np.array([1.0, 350.0, 800.0])))


def test_a_single_wild_value_is_no_sign_of_another_unit() -> None:
    result = interpolate(LUT, outside="nan", **state(psurf=np.array([1000.0, 990.0, 1e20])))
    assert np.isnan(result["S"].values).tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("name", "units"),
    [("psurf", "Pa"), ("thetas", "radians"), ("alti", "m"), ("uw", "kg m-2"), ("uo3", "DU")],
)
def test_values_that_name_another_unit_are_refused(name: str, units: str) -> None:
    value = xr.DataArray(state()[name], attrs={"units": units})
    with pytest.raises(LutError, match=f"{name} is in .*attribute units is '{units}'"):
        interpolate(LUT, **state(**{name: value}))


def test_angles_in_radians_are_refused_if_all_look_so_and_warned_of_if_one_does() -> None:
    angles = random_pixels(50)
    in_radians = {name: np.radians(angles[name]) for name in ("phi", "thetas", "thetav")}
    with pytest.raises(LutError, match=r"they are in radians.*np\.degrees"):
        interpolate(LUT, **state(**in_radians))
    with pytest.warns(UserWarning, match="thetas is between .* was taken for degrees"):
        interpolate(LUT, **state(thetas=in_radians["thetas"]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        interpolate(LUT, **state(phi=0.0, thetas=0.0, thetav=0.0))
        interpolate(LUT, **state(thetav=np.array([0.1, 0.9])))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"sza": 3.0}, "sza: no axis of a table; its axes are uo3"),
        ({"method": "nearest"}, "method 'nearest' is unknown: linear or cubic"),
        ({"outside": "clip"}, "outside='clip' is unknown: raise or nan"),
        ({"variables": ["T"]}, "no quantity T: it has Tdown"),
        ({"threads": 0}, "threads=0 must be 1 or more"),
        ({"thetas": "low"}, "thetas is of type"),
        ({"uw": np.ones(3), "phi": np.ones(4)}, r"do not fit together: uw \(3,\), phi \(4,\)"),
        (
            {"uw": np.ones(3), "phi": xr.DataArray([1.0, 2.0], dims="x")},
            "uw are arrays without names of dimensions",
        ),
        (
            {
                "uw": xr.DataArray([1.0, 2.0], dims="x", coords={"x": [1, 2]}),
                "phi": xr.DataArray([1.0, 2.0], dims="x", coords={"x": [2, 3]}),
            },
            "uw, phi do not fit together",
        ),
    ],
)
def test_wrong_questions_are_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(LutError, match=message):
        interpolate(LUT, **state(**asked))


def test_values_that_are_missing_are_named() -> None:
    asked = state()
    del asked["uw"], asked["thetas"]
    with pytest.raises(LutError, match=r"missing for uw \(g cm-2\), thetas \(degree\)"):
        interpolate(LUT, **asked)


def test_numba_is_imported_only_where_pixels_are_interpolated() -> None:
    program = "import sys, sixsv_reader; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("method", ["linear", "cubic"])
def test_a_pixel_does_not_depend_on_the_others_of_its_scene(method: Any) -> None:
    # Scenes whose lowest and highest values are on nodes, or not.
    nodes = NODES | {"thetas": [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0]}
    lut = random_lut(nodes)
    for low, high in itertools.product((20.0, 22.0, 25.0), (26.0, 30.0, 35.0, 40.0, 60.0)):
        scene = np.array([low, 25.5, high])
        together = interpolate(lut, method=method, **state(thetas=scene))["S"].values
        for angle, value in zip(scene, together, strict=True):
            alone = float(interpolate(lut, method=method, **state(thetas=angle))["S"])
            assert value == pytest.approx(alone, rel=1e-12), (low, high, angle)


@pytest.mark.parametrize("thetas", [3.0, np.array([3.0, 4.0, 5.0])])
def test_a_pixel_that_is_nan_is_not_counted_as_one_at_a_failed_point_too(thetas: Any) -> None:
    lut = random_lut()
    lut["status"][:] = 2
    ozone = np.array([0.26, np.nan, 0.9])
    with pytest.warns(UserWarning, match="1 pixels are NaN because points"):
        found = interpolate(lut, outside="nan", **state(uo3=ozone, thetas=thetas))
    assert np.isnan(found["S"]).all()
    counts = ("with_nan_input", "outside_grid", "at_failed_points")
    assert [found.attrs[f"pixels_{name}"] for name in counts] == [1, 1, 1]


def test_a_pixel_that_is_nan_on_a_constant_axis_stays_so_and_counts_once() -> None:
    lut = random_lut()
    lut["status"][:] = 2
    ozone = np.array([0.26, np.nan, 0.26])
    for others in ({}, {"thetas": np.array([3.0, 4.0, 5.0])}):
        with pytest.warns(UserWarning, match="2 pixels are NaN because points"):
            found = interpolate(lut, **state(uo3=ozone, **others))
        assert np.isnan(found["S"]).all()
        assert found.attrs["pixels_with_nan_input"] == 1
    good = interpolate(random_lut(), **state(uo3=ozone))["S"].values
    assert np.isnan(good).tolist() == [False, True, False]


def test_a_dataset_without_a_band_is_refused() -> None:
    lut = xr.concat([random_lut()], "band").assign_coords(band=["Oa08"])
    with pytest.raises(LutError, match="no band"):
        interpolate(lut.isel(band=[]), **state())
