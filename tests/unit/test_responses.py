"""Spectral responses: three sources, one grid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from Py6S import PredefinedWavelengths

from sixsv_lut.errors import CampaignError
from sixsv_lut.sixsv.instruments import BANDS, find_band
from sixsv_lut.sixsv.responses import Response, read_response, resample

_OA08 = find_band("OLCI", "Oa08")  # 665 nm
_S2 = find_band("SLSTR", "S2")  # 659.47 nm
Floats = npt.NDArray[np.float64]


_WAVELENGTHS = 0.65 + 0.0025 * np.arange(13)


def _floats(*values: float) -> Floats:
    return np.array(values, dtype=np.float64)


def _bell(wavelengths: Floats, centre: float = 0.665, width: float = 0.004) -> Floats:
    values = np.exp(-(((wavelengths - centre) / width) ** 2))
    return np.where(values < 1e-4, 0, values)


@pytest.mark.parametrize("satellite", ["S3A", "S3B"])
@pytest.mark.parametrize(
    ("instrument", "band"), [(name, band) for name, bands in BANDS.items() for band in bands]
)
def test_every_built_in_response_covers_its_band_without_padding(
    satellite: str, instrument: str, band: Any
) -> None:
    found = read_response("built-in", satellite, instrument, band)
    assert found.values[0] > 0
    assert found.values[-1] > 0
    assert found.centre == pytest.approx(band.wavelength, abs=7)
    assert f"{satellite}_{instrument}_{band.number:02d}" in found.source
    assert found.source.startswith("Py6S ")


def test_a_built_in_response_keeps_every_digit_and_zeros_inside() -> None:
    found = read_response("built-in", "S3A", "OLCI", _OA08)
    _, start, _, values = PredefinedWavelengths.S3A_OLCI_08
    padding = int(np.flatnonzero(values)[0])
    assert list(found.values) == list(np.trim_zeros(values))
    assert found.wavelengths[0] == pytest.approx(start + 0.0025 * padding, abs=1e-9)


def test_zeros_inside_are_kept_and_zeros_at_the_ends_are_cut_off() -> None:
    wavelengths = 0.65 + 0.0025 * np.arange(10)
    values = _floats(0, 0, 0.1, 0, 0, 1, 0.5, 0, 0.01, 0)
    found = resample(wavelengths, values, _OA08, "x")
    assert found.values == (0.1, 0, 0, 1, 0.5, 0, 0.01)
    assert found.lowest_sample == 162


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=30))
def test_a_response_on_the_grid_keeps_every_digit(values: list[float]) -> None:
    first = 166 - len(values) // 2
    padded = _floats(0, *values, 0)
    found = resample(0.25 + 0.0025 * (first - 1 + np.arange(len(padded))), padded, _OA08, "x")
    assert found == Response(first, tuple(values), "x")


def test_a_finer_response_is_interpolated_linearly_on_the_grid() -> None:
    wavelengths = 0.64 + 0.0001 * np.arange(500)
    found = resample(wavelengths, _bell(wavelengths), _OA08, "x")
    expected = np.interp(found.wavelengths, wavelengths, _bell(wavelengths))
    assert found.values == pytest.approx(expected, abs=1e-12)
    steps = (found.wavelengths - 0.25) / 0.0025
    assert steps == pytest.approx(np.round(steps), abs=1e-6)


def test_a_coarser_response_is_interpolated_linearly_on_the_grid() -> None:
    wavelengths = 0.65 + 0.005 * np.arange(7)
    found = resample(wavelengths, _floats(0, 0.5, 1, 1, 1, 0.5, 0), _OA08, "x")
    assert found.values == pytest.approx([0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25])
    assert found.lowest_sample == 161


def _sampled(step: float, width: float) -> tuple[Floats, Floats]:
    """Sample a bell curve at 665 nm, of some width at half its peak, every so many nm."""
    half = int(2 * width / step) + 2
    wavelengths = 0.665 + step / 1000 * np.arange(-half, half + 1)
    return wavelengths, np.exp2(-(((wavelengths - 0.665) * 2000 / width) ** 2))


@pytest.mark.parametrize(("step", "width"), [(50, 20), (50, 60), (10, 20), (5.5, 20), (3, 5)])
def test_a_response_of_too_few_samples_is_refused(step: float, width: float) -> None:
    with pytest.raises(ValueError, match=r"too few samples: between .* at least every"):
        resample(*_sampled(step, width), _OA08, "x")


@pytest.mark.parametrize(("step", "width"), [(5, 20.5), (2.5, 2), (2.5, 20), (1, 5), (15, 62)])
def test_a_response_of_enough_samples_is_taken(step: float, width: float) -> None:
    assert resample(*_sampled(step, width), _OA08, "x").values


def test_a_response_of_a_few_corners_is_taken() -> None:
    wavelengths, values = _floats(0.3, 0.6549, 0.655, 0.675, 0.6751, 2), _floats(0, 0, 1, 1, 0, 0)
    assert resample(wavelengths, values, _OA08, "x").values == (1,) * 9


@pytest.mark.parametrize("peak", [1e300, 1.1e6, 9e-7, 1e-300])
def test_a_response_beyond_any_unit_is_refused(peak: float) -> None:
    with pytest.raises(ValueError, match="write it as parts of 1 or in percent"):
        resample(_WAVELENGTHS, peak * _bell(_WAVELENGTHS), _OA08, "x")


@pytest.mark.parametrize(("first", "last"), [(-1e300, 0.7), (-1, 0.7), (0.6, 2500), (0.6, 1e300)])
def test_wavelengths_beyond_any_spectrum_are_refused(first: float, last: float) -> None:
    wavelengths = np.concatenate([[first], _WAVELENGTHS, [last]])
    values = np.concatenate([[0], _bell(_WAVELENGTHS), [0]])
    with pytest.raises(ValueError, match="write them in micrometre, not in nm"):
        resample(wavelengths, values, _OA08, "x")


def test_the_centre_is_weighted_by_the_response() -> None:
    assert Response(164, (1.0, 3.0), "x").centre == pytest.approx(660 * 0.25 + 662.5 * 0.75)


def test_noise_below_zero_is_zero() -> None:
    wavelengths = 0.6575 + 0.0025 * np.arange(7)
    values = _floats(0, -1e-4, 0.5, 1, -1e-4, 0.5, -1e-4)
    assert resample(wavelengths, values, _OA08, "x").values == (0.5, 1, 0, 0.5)


@pytest.mark.parametrize(
    ("wavelengths", "values", "said"),
    [
        (_WAVELENGTHS, np.zeros(13), "no sample is above 0: it has no response"),
        (_WAVELENGTHS[::-1], _bell(_WAVELENGTHS), "do not strictly increase"),
        (np.full(13, 0.665), np.ones(13), "do not strictly increase"),
        (_floats(0.65, np.nan, 0.67), np.ones(3), "do not strictly increase"),
        (_WAVELENGTHS, np.full(13, np.nan), "not a finite number"),
        (_WAVELENGTHS, np.full(13, np.inf), "not a finite number"),
        (_WAVELENGTHS, -_bell(_WAVELENGTHS), "no sample is above 0"),
        (_WAVELENGTHS, _bell(_WAVELENGTHS) - 0.01, "negative"),
        (_WAVELENGTHS * 1000, _bell(_WAVELENGTHS), "write them in micrometre, not in nm"),
        (_WAVELENGTHS + 0.2, _bell(_WAVELENGTHS), "not the band's centre at 0.665"),
        (_WAVELENGTHS[:6], _bell(_WAVELENGTHS)[:6], "not the band's centre at 0.665"),
        (_WAVELENGTHS[:7], _bell(_WAVELENGTHS)[:7], "stops inside the band"),
        (_WAVELENGTHS[6:], _bell(_WAVELENGTHS)[6:], "stops inside the band"),
        (_WAVELENGTHS, _bell(_WAVELENGTHS, 0.655, 0.001), "outside the band at 665 nm"),
        (_floats(0.664, 0.6651, 0.666, 0.6668), _floats(0, 0, 1, 0), "falls on 6SV's grid"),
    ],
)  # fmt: skip
def test_what_is_no_response_of_the_band_is_refused(
    wavelengths: Floats, values: Floats, said: str
) -> None:
    with pytest.raises(ValueError) as refusal:
        resample(wavelengths, values, _OA08, "x")
    assert said in str(refusal.value)


@pytest.mark.parametrize(("lowest", "highest"), [(0.28, 0.7), (0.6, 3.95)])
def test_a_response_that_reaches_where_6sv_is_wrong_is_refused(
    lowest: float, highest: float
) -> None:
    wavelengths = np.arange(round(lowest / 0.0025), round(highest / 0.0025)) * 0.0025
    values = np.maximum(_bell(wavelengths), 0.01)
    with pytest.raises(ValueError, match=r"can be trusted from 0\.3 to 3\.9"):
        resample(wavelengths, values, _OA08, "x")


def _table(path: Path, columns: int = 21, band: int = 8) -> Floats:
    wavelengths = 0.35 + 0.0025 * np.arange(821)
    table = np.zeros((821, columns + 1))
    table[:, 0] = wavelengths
    table[:, band] = _bell(wavelengths)
    np.savetxt(path, table, fmt="%.7E")
    return table[:, band]


def test_a_band_is_read_from_its_column_of_a_table(tmp_path: Path) -> None:
    path = tmp_path / "responses.txt"
    values = _table(path)
    found = read_response(str(path), "S3A", "OLCI", _OA08)
    assert found.values == tuple(float(f"{v:.7E}") for v in values if v > 0)
    assert found.wavelengths[found.values.index(1)] == pytest.approx(0.665)
    assert found.source == str(path)


def test_a_band_whose_column_is_zero_has_no_response(tmp_path: Path) -> None:
    path = tmp_path / "responses.txt"
    _table(path)
    with pytest.raises(CampaignError) as refusal:
        read_response(str(path), "S3A", "OLCI", find_band("OLCI", "Oa07"))
    assert "spectral_response" in str(refusal.value)
    assert "band Oa07" in str(refusal.value)
    assert "no sample is above 0" in str(refusal.value)


def test_a_table_of_another_instrument_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "responses.txt"
    _table(path, columns=6, band=2)
    assert read_response(str(path), "S3A", "SLSTR", _S2).values
    with pytest.raises(CampaignError, match="has 7 columns; expected 22"):
        read_response(str(path), "S3A", "OLCI", _OA08)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"wavelength Oa01\n0.35 0\n", "'wavelength' in line 1 is no number"),
        (b"0.35 0\n# more\n0.36 0,5\n", "'0,5' in line 3 is no number"),
        (b"\xff\x00\x80", " in line 1 is no number"),
        (b"0.35 0\n1\n", "line 2 has 1 columns, the lines above have 2"),
    ],
)
def test_what_is_no_table_of_numbers_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "responses.txt"
    path.write_bytes(content)
    with pytest.raises(CampaignError) as refusal:
        read_response(str(path), "S3A", "OLCI", _OA08)
    assert "is not a table of numbers without header" in str(refusal.value)
    assert said in str(refusal.value)


@pytest.mark.filterwarnings("error")
def test_an_empty_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "responses.txt"
    path.write_text("")
    with pytest.raises(CampaignError, match="spectral_response"):
        read_response(str(path), "S3A", "OLCI", _OA08)


@pytest.mark.parametrize("name", ["responses.txt", "responses.nc"])
def test_a_missing_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CampaignError, match=rf"{name} cannot be read: .*(No such file|not found)"):
        read_response(str(tmp_path / name), "S3A", "OLCI", _OA08)


def _olci_file(path: Path, bands: int = 21) -> tuple[Floats, Floats]:
    wavelengths = np.zeros((bands, 201))
    values = np.zeros((bands, 201))
    for i, band in enumerate(BANDS["OLCI"][:bands]):
        wavelengths[i] = band.wavelength - 20 + 0.2 * np.arange(201)
        values[i] = _bell(wavelengths[i], band.wavelength, 3)
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("band_number", bands)
        file.createDimension("sample", 201)
        for name, content in (("", values), ("_wavelength", wavelengths)):
            variable = file.createVariable(
                f"mean_spectral_response_function{name}", "f4", ("band_number", "sample")
            )
            variable[:] = content
    return wavelengths, values


@pytest.mark.parametrize("band", BANDS["OLCI"], ids=lambda band: band.name)
def test_a_band_is_read_from_esa_s_mean_file_of_olci_in_nm(tmp_path: Path, band: Any) -> None:
    wavelengths, values = _olci_file(tmp_path / "olci.nc")
    found = read_response(str(tmp_path / "olci.nc"), "S3A", "OLCI", band)
    row = band.number - 1
    expected = np.interp(found.wavelengths, wavelengths[row] / 1000, values[row])
    assert found.values == pytest.approx(expected, abs=2e-4)
    assert found.centre == pytest.approx(band.wavelength, abs=0.5)


def _slstr_file(
    path: Path, *, scale: float | None = None, missing: list[int] | None = None, sign: int = 1
) -> tuple[Floats, Floats]:
    wavelengths = 0.63 + 0.0005 * np.arange(120)
    values = _bell(wavelengths, 0.6595, 0.008)
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("n_data", 120)
        variable = file.createVariable("wavelength", "f8", ("n_data",))
        variable[:] = wavelengths[::sign]
        variable = file.createVariable("response", "f8", ("n_data",), fill_value=-1e37)
        if scale is not None:
            variable.scale_factor = scale
        written = values.copy()[::sign]
        variable[:] = np.ma.masked_array(written, np.isin(np.arange(120), missing or []))
    return wavelengths, values


def test_a_band_is_read_from_esa_s_file_of_slstr(tmp_path: Path) -> None:
    wavelengths, values = _slstr_file(tmp_path / "slstr_S2.nc")
    found = read_response(str(tmp_path / "slstr_{band}.nc"), "S3A", "SLSTR", _S2)
    expected = np.interp(found.wavelengths, wavelengths, values)
    assert found.values == pytest.approx(expected, abs=1e-12)
    assert found.source == str(tmp_path / "slstr_S2.nc")


def test_the_scale_factor_of_a_response_is_applied(tmp_path: Path) -> None:
    _slstr_file(tmp_path / "plain.nc")
    _slstr_file(tmp_path / "scaled.nc", scale=0.01)
    with netCDF4.Dataset(tmp_path / "scaled.nc") as file:
        file.set_auto_maskandscale(False)
        assert file["response"][:].max() > 90  # stored as percent
    plain, scaled = (
        read_response(str(tmp_path / name), "S3A", "SLSTR", _S2).values
        for name in ("plain.nc", "scaled.nc")
    )
    assert scaled == pytest.approx(plain, rel=1e-12)


@pytest.mark.parametrize("scale", [None, 0.01])
def test_fill_values_are_left_out(tmp_path: Path, scale: float | None) -> None:
    wavelengths, values = _slstr_file(
        tmp_path / "slstr.nc", scale=scale, missing=[0, 1, 50, 51, 119]
    )
    found = read_response(str(tmp_path / "slstr.nc"), "S3A", "SLSTR", _S2)
    there = ~np.isin(np.arange(120), [0, 1, 50, 51, 119])
    expected = np.interp(found.wavelengths, wavelengths[there], values[there])
    assert found.values == pytest.approx(expected, abs=1e-12)


def test_wavelengths_that_decrease_in_the_file_are_sorted(tmp_path: Path) -> None:
    _slstr_file(tmp_path / "up.nc")
    _slstr_file(tmp_path / "down.nc", sign=-1)
    up, down = (
        read_response(str(tmp_path / name), "S3A", "SLSTR", _S2) for name in ("up.nc", "down.nc")
    )
    assert (up.lowest_sample, up.values) == (down.lowest_sample, down.values)


def test_the_file_of_another_band_is_refused(tmp_path: Path) -> None:
    _slstr_file(tmp_path / "slstr.nc")
    with pytest.raises(CampaignError, match="not the band's centre"):
        read_response(str(tmp_path / "slstr.nc"), "S3A", "SLSTR", find_band("SLSTR", "S1"))


def test_a_netcdf_file_without_responses_is_refused_with_what_it_holds(tmp_path: Path) -> None:
    with netCDF4.Dataset(tmp_path / "other.nc", "w") as file:
        file.createVariable("temperature", "f4")
    with pytest.raises(CampaignError, match=r"has neither .* found temperature"):
        read_response(str(tmp_path / "other.nc"), "S3A", "OLCI", _OA08)


def test_a_file_that_is_no_netcdf_is_refused(tmp_path: Path) -> None:
    (tmp_path / "responses.nc").write_text("0.35 0\n")
    with pytest.raises(CampaignError, match=r"responses\.nc cannot be read"):
        read_response(str(tmp_path / "responses.nc"), "S3A", "OLCI", _OA08)


def test_a_netcdf_file_with_too_few_bands_is_refused(tmp_path: Path) -> None:
    _olci_file(tmp_path / "olci.nc", bands=5)
    with pytest.raises(CampaignError, match="spectral_response"):
        read_response(str(tmp_path / "olci.nc"), "S3A", "OLCI", _OA08)


def test_a_netcdf_file_without_the_wavelengths_is_refused(tmp_path: Path) -> None:
    with netCDF4.Dataset(tmp_path / "olci.nc", "w") as file:
        file.createDimension("n", 21)
        file.createVariable("mean_spectral_response_function", "f4", ("n", "n"))
    with pytest.raises(CampaignError, match="spectral_response"):
        read_response(str(tmp_path / "olci.nc"), "S3A", "OLCI", _OA08)


def test_a_netcdf_file_whose_variables_do_not_fit_is_refused(tmp_path: Path) -> None:
    with netCDF4.Dataset(tmp_path / "slstr.nc", "w") as file:
        file.createDimension("n", 5)
        file.createDimension("m", 4)
        file.createVariable("wavelength", "f8", ("n",))[:] = 0.6
        file.createVariable("response", "f8", ("m",))[:] = 1
    with pytest.raises(CampaignError, match="are not of the same number"):
        read_response(str(tmp_path / "slstr.nc"), "S3A", "SLSTR", _S2)


def test_a_netcdf_file_of_words_is_refused(tmp_path: Path) -> None:
    with netCDF4.Dataset(tmp_path / "slstr.nc", "w") as file:
        file.createDimension("n", 2)
        for name in ("wavelength", "response"):
            file.createVariable(name, str, ("n",))[:] = np.array(["a", "b"], dtype=object)
    with pytest.raises(CampaignError, match="cannot be read as responses of S2"):
        read_response(str(tmp_path / "slstr.nc"), "S3A", "SLSTR", _S2)
