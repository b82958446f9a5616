"""The configuration: what is taken, and every refusal with key, value and remedy."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from sixsv_lut.configuration import (
    Configuration,
    effective,
    effective_yaml,
    from_effective,
    validate,
)
from sixsv_lut.errors import CampaignError
from unit.support import axes_entry, configuration_entry


def _refusal(**changes: object) -> list[str]:
    """Give the lines of the message, the first without its indent."""
    with pytest.raises(CampaignError) as refusal:
        validate(configuration_entry(**changes), "config.yaml")
    return [line.strip() for line in str(refusal.value).splitlines()]


def _valid(**changes: object) -> Configuration:
    return validate(configuration_entry(**changes), "config.yaml")


def test_a_small_configuration_gets_every_default() -> None:
    made = _valid()
    assert (made.sixsv.executable, made.sixsv.retries) == ("2.1", 1)
    assert (made.satellite, made.instrument, made.spectral_response) == ("S3A", "OLCI", "built-in")
    assert (made.aerosol.model, made.aerosol_name) == (5, "desert")
    assert (made.formats, made.extra_outputs) == (["text", "netcdf"], [])
    assert (made.run6sv, made.any_value, made.allowed_failures) == (False, False, 0)


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/tmp")
    made = _valid(results="~/results", store="~/scratch/store")
    assert (made.results, made.store) == ("/tmp/results", "/tmp/scratch/store")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"bandz": 1}, "bandz: unknown key; did you mean bands?"),
        ({"axis": 1}, "axis: unknown key; did you mean axes?"),
        ({"colour": 1}, "colour: unknown key; the keys here are campaign, results, store, "),
        ({"interval": 1}, "interval: unknown key"),
        ({"strict": True}, "strict: unknown key"),
        ({"tuple_size": 1}, "tuple_size: unknown key"),
        ({"int": 1}, "int: unknown key"),
        ({"sixsv": {"time_out": 1}}, "sixsv.time_out: unknown key; did you mean timeout?"),
        ({"sixsv": {"interpolate": 1}}, "sixsv.interpolate: unknown key; the keys here are"),
        ({"aerosol": {"type": 1}}, "aerosol.type: unknown key; the keys here are model, name"),
        ({"axes": axes_entry(phis=[0])}, "axes.phis: unknown key; did you mean phi?"),
        ({"campaign": "-x"}, "campaign: '-x' may hold only letters, digits and, not at the start"),
        ({"campaign": ".."}, "campaign: '..' may hold only"),
        ({"campaign": "a/b"}, "campaign: 'a/b' may hold only"),
        ({"campaign": ""}, "campaign: '' may hold only"),
        ({"campaign": 5}, "campaign: 5 is no text: write text, in quotes if"),
        ({"results": ""}, "results: '' is empty: write a path"),
        ({"store": ""}, "store: '' is empty: write a path"),
        ({"satellite": "S3C"}, "satellite: 'S3C' must be S3A or S3B"),
        ({"instrument": "MSI"}, "instrument: 'MSI' must be OLCI or SLSTR"),
        ({"bands": "Oa01"}, "bands: 'Oa01' is no list: write [Oa08] for one band, or all"),
        ({"bands": 412}, "bands: 412 is no list: write [Oa08] for one band, or all"),
        ({"bands": []}, "bands: is empty: name at least one band, or write all"),
        ({"bands": ["Oa22"]}, "bands: 'Oa22' is not a band of OLCI; choose from Oa01 (400), "),
        ({"bands": ["Oa02", 412.5]}, "bands: 412.5 names band Oa02 a second time: keep one"),
        ({"bands": ["S1"]}, "bands: 'S1' is not a band of OLCI"),
        (
            {"spectral_response": "no.txt"},
            "spectral_response: there is no file no.txt: give the path",
        ),
        ({"spectral_response": "x/{band}.nc"}, "spectral_response: there is no file x/Oa08.nc"),
        ({"aerosol": {"model": 4}}, "aerosol.model: 4 needs the fractions of four components: ch"),
        ({"aerosol": {"model": 8}}, "aerosol.model: 8 needs a size distribution: choose from 0 ("),
        ({"aerosol": {"model": 11}}, "aerosol.model: 11 needs sun photometer measurements: choose"),
        ({"aerosol": {"model": 12}}, "aerosol.model: 12 needs a file of Mie results: choose from"),
        ({"aerosol": {"model": 13}}, "aerosol.model: 13 is no model of 6SV: choose from 0 (none)"),
        ({"aerosol": {"model": -1}}, "aerosol.model: -1 is no model of 6SV"),
        ({"aerosol": {"name": "a/b"}}, "aerosol.name: 'a/b' may hold only"),
        ({"aerosol": {"model": 0}}, "axes: aot550 must be [0] with aerosol model 0: there is no"),
        ({"sixsv": {"executable": "/no/6sv"}}, "sixsv.executable: there is no file /no/6sv: give"),
        ({"sixsv": {"executable": "3.0"}}, "or one of the versions 1.1, 2.1"),
        ({"sixsv": {"timeout": 0}}, "sixsv.timeout: 0 must be greater than 0"),
        ({"sixsv": {"timeout": float("inf")}}, "sixsv.timeout: inf is not a number: write it like"),
        ({"sixsv": {"retries": -1}}, "sixsv.retries: -1 must be at least 0"),
        ({"batch_size": 0}, "batch_size: 0 must be at least 1"),
        ({"batch_size": "many"}, "batch_size: 'many' is not a whole number: write it"),
        ({"batch_size": 1.5}, "batch_size: 1.5 is not a whole number: write it"),
        ({"batch_size": 1_000_001}, "batch_size: 1000001 must be at most 1,000,000"),
        ({"formats": ["csv"]}, "formats: 'csv' must be text, netcdf or zarr"),
        ({"formats": []}, "formats: is empty: name at least one of text,"),
        ({"formats": ["text", "text"]}, "formats: text is there twice: keep one"),
        ({"extra_outputs": ["spherical_albedo"]}, "did you mean spherical_albedo_total"),
        ({"extra_outputs": ["zz"]}, "extra_outputs: zz: no number of 6SV's report has this name"),
        ({"extra_outputs": ["optical_depth_total"] * 2}, "optical_depth_total is there twice"),
        ({"allowed_failures": -1}, "allowed_failures: -1 must be at least 0"),
        ({"run6sv": "maybe"}, "run6sv: 'maybe' is neither true nor false"),
        ({"axes": None}, "axes: has no value"),
        ({"axes": axes_entry(uo3=[])}, "axes.uo3: is empty: an axis has at least one value"),
        ({"axes": axes_entry(phi=[0, 0])}, "axes.phi: 0 is there twice: keep one"),
        ({"axes": axes_entry(thetas=[90])}, "axes.thetas: 90 outside [0, 89) degree, where 6SV"),
        ({"axes": axes_entry(psurf=[0])}, "axes.psurf: 0 outside (0.1, 1100] hPa"),
    ],
)
def test_a_wrong_configuration_is_refused_with_key_value_and_remedy(
    changes: dict[str, Any], said: str
) -> None:
    first, *faults = _refusal(**changes)
    assert first == "config.yaml has a fault:"
    assert len(faults) == 1
    assert said in faults[0]


@pytest.mark.parametrize("missing", ["campaign", "bands", "axes"])
def test_a_key_without_default_must_be_there(missing: str) -> None:
    entry = configuration_entry()
    del entry[missing]
    with pytest.raises(CampaignError, match=f"{missing}: is missing and has no default"):
        validate(entry, "config.yaml")


def test_every_axis_must_be_there() -> None:
    assert len(_refusal(axes={})) == 1 + 8


def test_all_faults_are_told_at_once() -> None:
    first, *faults = _refusal(
        campaign="a b",
        colour=1,
        satellite="S3C",
        bands=["Oa99"],
        batch_size=0,
        aerosol={"model": 4, "size": 1},
        sixsv={"executable": "/no/6sv", "timeout": -1},
        axes=axes_entry(thetas=[95], thetav=[], uw=["x"], psi=[1]),
        extra_outputs=["zz"],
    )
    assert first == "config.yaml has 14 faults:"
    assert len({fault.split(":")[0] for fault in faults}) == 14


def test_a_fault_of_the_bands_does_not_hide_a_missing_response_file() -> None:
    _, *faults = _refusal(bands=["Oa99"], spectral_response="/no/file.txt")
    assert len(faults) == 2


def test_a_band_that_is_neither_text_nor_number_is_one_fault() -> None:
    assert len(_refusal(bands=["Oa01", None])) == 2


def test_a_switch_takes_values_outside_the_domains() -> None:
    made = _valid(any_value=True, axes=axes_entry(thetas=["89.5"]))
    assert made.axes.written()[6] == ("89.5",)


@pytest.mark.parametrize("value", ["2.1", 2.1])
def test_a_version_may_be_written_as_a_number(value: object) -> None:
    assert _valid(sixsv={"executable": value}).sixsv.executable == "2.1"


@pytest.mark.parametrize("model", [0, 1, 2, 3, 5, 6, 7])
def test_aerosol_models_that_need_no_further_input_are_taken(model: int) -> None:
    aot550 = ["0"] if model == 0 else ["0.2"]
    made = _valid(aerosol={"model": model}, axes=axes_entry(aot550=aot550))
    assert made.aerosol.model == model


def test_the_name_of_an_aerosol_may_be_given() -> None:
    assert _valid(aerosol={"model": 6, "name": "Amazon 2.0"}).aerosol_name == "Amazon 2.0"


def test_all_bands_are_those_of_the_instrument() -> None:
    assert len(_valid(bands="all").selected_bands()) == 21
    assert [band.name for band in _valid(instrument="SLSTR", bands="all").selected_bands()] == [
        "S1",
        "S2",
        "S3",
        "S4",
        "S5",
        "S6",
    ]


def test_bands_by_wavelength_become_official_names_in_the_order_of_the_instrument() -> None:
    assert _valid(bands=[865, "442", "Oa01"]).bands == ["Oa01", "Oa03", "Oa17"]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"bands": "all", "formats": ["zarr"], "extra_outputs": ["optical_depth_total"]},
        {"axes": axes_entry(uo3=["0.30", "3.1e-1"], thetas={"start": 0, "stop": 80, "step": 10})},
        {"any_value": True, "axes": axes_entry(thetas=["89.5"])},
        {"aerosol": {"model": 0}, "axes": axes_entry(aot550=["0"])},
        {"instrument": "SLSTR", "bands": [555], "run6sv": True, "sixsv": {"executable": "1.1"}},
    ],
)
def test_the_effective_configuration_is_a_configuration_with_the_same_effect(
    changes: dict[str, Any],
) -> None:
    made = _valid(**changes)
    again = from_effective(yaml.safe_load(effective_yaml(made)))
    assert effective(again) == effective(made)
    assert again.axes.written() == made.axes.written()
    assert from_effective(effective(made)) == again


def test_the_effective_configuration_has_every_key() -> None:
    written = yaml.safe_load(effective_yaml(_valid()))
    assert set(written) == set(Configuration.model_fields)
    assert written["aerosol"] == {"model": 5, "name": "desert"}


def test_a_configuration_cannot_be_changed() -> None:
    with pytest.raises(ValueError):
        _valid().batch_size = 5  # type: ignore[misc]
