"""Bands by name and by wavelength."""

from __future__ import annotations

import pytest

from sixsv_lut.sixsv.instruments import BANDS, Band, find_band, response_path, select_bands

# The numbers by which users of OLCI call its bands.
_OLCI = [
    400, 412, 442, 490, 510, 560, 620, 665, 674, 681, 709, 754, 761, 764, 768, 779, 865, 885, 900,
    940, 1020,
]  # fmt: skip
_OLCI_CENTRES = {
    412.5: 2, 442.5: 3, 673.75: 9, 681.25: 10, 708.75: 11, 753.75: 12, 761.25: 13, 764.375: 14,
    767.5: 15, 778.75: 16,
}  # fmt: skip


@pytest.mark.parametrize(("number", "wavelength"), list(enumerate(_OLCI, start=1)))
def test_a_band_of_olci_is_found_by_name_and_by_the_wavelength_users_say(
    number: int, wavelength: int
) -> None:
    by_name = find_band("OLCI", f"Oa{number:02d}")
    assert by_name.number == number
    assert find_band("OLCI", wavelength) == by_name
    assert find_band("OLCI", str(wavelength)) == by_name


@pytest.mark.parametrize(("centre", "number"), list(_OLCI_CENTRES.items()))
def test_a_band_of_olci_is_found_by_its_nominal_centre(centre: float, number: int) -> None:
    assert find_band("OLCI", centre).name == f"Oa{number:02d}"


@pytest.mark.parametrize(
    ("number", "wavelength"), list(enumerate([555, 659, 865, 1375, 1610, 2250], start=1))
)
def test_a_band_of_slstr_is_found_by_name_and_wavelength(number: int, wavelength: int) -> None:
    assert find_band("SLSTR", f"S{number}").number == number
    assert find_band("SLSTR", wavelength).number == number


@pytest.mark.parametrize("wanted", ["Oa22", "Oa1", "oa01", "S1", 413, "nan", "", True, 0])
def test_what_is_no_band_is_refused(wanted: str | int) -> None:
    with pytest.raises(ValueError, match="is not a band of OLCI"):
        find_band("OLCI", wanted)


def test_bands_come_in_the_order_of_the_instrument() -> None:
    assert [band.name for band in select_bands("OLCI", ["Oa17", 412.5, "Oa01"])] == [
        "Oa01",
        "Oa02",
        "Oa17",
    ]


def test_all_unknown_and_repeated_bands_are_named_at_once_with_the_choice() -> None:
    with pytest.raises(ValueError) as refusal:
        select_bands("SLSTR", ["S9", "S1", 554.27, "Oa01"])
    message = str(refusal.value)
    assert "'S9' is not a band of SLSTR" in message
    assert "'Oa01' is not a band of SLSTR" in message
    assert "554.27 names band S1 a second time" in message
    assert "S6 (2250)" in message


def test_the_instruments_have_21_and_6_bands() -> None:
    assert {name: len(bands) for name, bands in BANDS.items()} == {"OLCI": 21, "SLSTR": 6}


def test_the_name_of_the_band_is_filled_into_the_path_of_its_response() -> None:
    band = Band("S3", 3, 868, 865)
    assert str(response_path("/data/{band}/slstr_{band}.nc", band)) == "/data/S3/slstr_S3.nc"
