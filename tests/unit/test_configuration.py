"""The configuration: what is taken, and every refusal with key, value and remedy."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.campaign.configuration import (
    Configuration,
    Target,
    effective,
    effective_yaml,
    validate,
)
from sixsv_lut.errors import CampaignError
from sixsv_lut.lut.quantities import LUT_NAMES
from unit.support import axes_entry, configuration_entry, write_script


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


def test_files_in_the_home_folder_stay_as_they_were_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    write_script(tmp_path / "6sv", "#!/bin/sh\n")
    (tmp_path / "response.txt").write_text("")
    made = _valid(sixsv={"executable": "~/6sv"}, spectral_response="~/response.txt")
    assert (made.sixsv.executable, made.spectral_response) == ("~/6sv", "~/response.txt")


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
        (
            {"quality": {"compare_with": "no.nc"}},
            "quality.compare_with: there is no no.nc: give the path of a LUT, in which {band} st",
        ),
        (
            {"quality": {"compare_with": "luts/{band}.zarr"}},
            "quality.compare_with: there is no luts/Oa08.zarr: give the path",
        ),
        (
            {"quality": {"compare_with": "lut.csv"}},
            "quality.compare_with: 'lut.csv' must be a LUT that says what its axes are: a file or ",
        ),
        ({"quality": {"compare_with": "a{x}.nc"}}, "quality.compare_with: 'a{x}.nc' holds { }"),
        ({"quality": {"stop": "maybe"}}, "quality.stop: 'maybe' is neither true nor false: wri"),
        ({"quality": {"compare": "x.nc"}}, "quality.compare: unknown key; did you mean compare_"),
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
    first, *errors = _refusal(**changes)
    assert first == "config.yaml has an error:"
    assert len(errors) == 1
    assert said in errors[0]


@pytest.mark.parametrize("missing", ["campaign", "bands", "axes"])
def test_a_key_without_default_must_be_there(missing: str) -> None:
    entry = configuration_entry()
    del entry[missing]
    with pytest.raises(CampaignError, match=f"{missing}: is missing and has no default"):
        validate(entry, "config.yaml")


def test_every_axis_must_be_there() -> None:
    assert len(_refusal(axes={})) == 1 + 8


def test_all_errors_are_told_at_once() -> None:
    first, *errors = _refusal(
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
    assert first == "config.yaml has 14 errors:"
    assert len({error.split(":")[0] for error in errors}) == 14


def test_a_lut_is_not_compared_with_what_the_campaign_itself_makes(tmp_path: Path) -> None:
    (tmp_path / "test").mkdir()
    earlier = tmp_path / "test" / "OUTLUT_S3A_OLCI_Oa08.nc"
    earlier.write_text("")
    _, error = _refusal(results=str(tmp_path), quality={"compare_with": str(earlier)})
    assert f"quality.compare_with: {earlier} lies inside the campaign's own results" in error
    made = _valid(campaign="other", results=str(tmp_path), quality={"compare_with": str(earlier)})
    assert made.quality.compared_with("Oa08") == earlier


def test_an_error_of_the_bands_does_not_hide_a_missing_response_file() -> None:
    _, *errors = _refusal(bands=["Oa99"], spectral_response="/no/file.txt")
    assert len(errors) == 2


def test_a_band_that_is_neither_text_nor_number_is_one_error() -> None:
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
    again = validate(yaml.safe_load(effective_yaml(made)), "its effective form")
    assert effective(again) == effective(made)
    assert again.axes.written() == made.axes.written()
    assert validate(effective(made), "its effective form") == again


def test_the_effective_configuration_has_every_key() -> None:
    asked_for = {"accuracy": {"target": {"rho_atm": "1e-3"}}, "axes": axes_entry()}
    written = yaml.safe_load(effective_yaml(_valid(**asked_for)))
    assert set(written) == set(Configuration.model_fields)
    assert written["accuracy"] == {"launches": 300, "target": {"rho_atm": 0.001}}
    assert written["aerosol"] == {"model": 5, "name": "desert"}


def test_the_key_whose_presence_is_a_request_is_only_there_if_it_was_given() -> None:
    written = yaml.safe_load(effective_yaml(_valid()))
    assert set(written) == set(Configuration.model_fields) - {"accuracy"}
    for given in ({}, {"accuracy": {}}):
        configuration = validate(configuration_entry(**given), "x")
        again = validate(effective(configuration), "its effective form")
        assert configuration.accuracy_is_asked_for == again.accuracy_is_asked_for == bool(given)
        assert effective(again) == effective(configuration)


@pytest.mark.parametrize(
    ("accuracy", "said"),
    [
        ({"target": {"rho": "1e-3"}}, "accuracy.target.rho: unknown key; did you mean rho_atm?"),
        ({"target": {"rho_atm": "-1"}}, "accuracy.target.rho_atm: -1 must be at least 1e-06"),
        ({"target": {"rho_atm": "0"}}, "accuracy.target.rho_atm: 0 must be at least 1e-06"),
        ({"target": {"S": "1"}}, "accuracy.target.S: 1 must be less than 1.0"),
        ({"target": {"S": "small"}}, "accuracy.target.S: 'small' is not a number"),
        ({"launches": "3"}, "accuracy.launches: 3 must be at least 20"),
    ],
)
def test_targets_are_positive_errors_of_quantities(accuracy: dict[str, Any], said: str) -> None:
    with pytest.raises(CampaignError, match=re.escape(said)):
        validate(configuration_entry(accuracy=accuracy), "x")


def test_targets_can_be_set_for_the_quantities_of_a_lut() -> None:
    assert tuple(Target.model_fields) == LUT_NAMES


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"run6sv": True}, "accuracy: with run6sv: true, rho_atm has the 3 decimals"),
        (
            {"axes": axes_entry(thetas=["30"], thetav=["10"])},
            "accuracy: every axis has one value, so there is nothing between nodes",
        ),
    ],
)
def test_accuracy_that_cannot_be_measured_is_refused_if_it_is_asked_for(
    changes: dict[str, Any], said: str
) -> None:
    validate(configuration_entry(**changes), "x")
    with pytest.raises(CampaignError, match=re.escape(said)):
        validate(configuration_entry(**changes, accuracy={}), "x")


def test_a_configuration_cannot_be_changed() -> None:
    with pytest.raises(ValueError):
        _valid().batch_size = 5  # type: ignore[misc]


@pytest.mark.parametrize("value", ["010", "0x10", "1_000", "1:30", "true", True, "1e3", 5.0, [5]])
@pytest.mark.parametrize("key", ["batch_size", "allowed_failures", "sixsv.retries"])
def test_what_only_yaml_or_python_takes_for_a_whole_number_is_refused(
    key: str, value: object
) -> None:
    section, _, name = key.rpartition(".")
    _, error = _refusal(**{section: {name: value}} if section else {name: value})
    assert error.startswith(f"{key}: ")
    assert error.endswith("is not a whole number: write it like 16")


@pytest.mark.parametrize("value", ["010", "0x10", "1_000", "1:30", "true", True, ".inf", "nan"])
@pytest.mark.parametrize("name", ["timeout", "seconds_per_launch"])
def test_what_only_yaml_or_python_takes_for_a_number_is_refused(name: str, value: object) -> None:
    _, error = _refusal(sixsv={name: value})
    assert error.startswith(f"sixsv.{name}: ")
    assert error.endswith("is not a number: write it like 0.25, 10 or 1e-3")


def test_numbers_and_switches_may_be_text() -> None:
    made = _valid(sixsv={"timeout": "1e2", "retries": "3"}, batch_size="7", run6sv="true")
    assert (made.sixsv.timeout, made.sixsv.retries, made.batch_size) == (100, 3, 7)
    assert made.run6sv is True
    assert _valid(run6sv="Off").run6sv is False


def _of_points(number: int) -> dict[str, Any]:
    """Make axes of so many points: at most 10,000 values on each of two axes."""
    first = min(number, 10_000)
    assert number % first == 0
    return axes_entry(
        thetas=["30"],
        thetav=["10"],
        uw=[f"{i / 1000}" for i in range(first)],
        uo3=[f"{i / 10_000}" for i in range(number // first)],
    )


def test_more_batches_than_can_be_planned_are_refused_with_the_size_that_will_do() -> None:
    axes, bands = _of_points(120_000), ["Oa01", "Oa02", "Oa03"]
    _, error = _refusal(axes=axes, bands=bands, batch_size=3)
    assert error == (
        "batch_size: 3 makes 120,000 batches of 120,000 points in each of 3 bands, and 100,000 can "
        "be planned: write 4 or more"
    )
    made = _valid(axes=axes, bands=bands, batch_size=4)
    assert len(Campaign(made).batches) * 3 == 90_000
    # The bound itself is taken.
    assert _valid(axes=_of_points(100_000), batch_size=1)
    assert _refusal(axes=_of_points(110_000), batch_size=1)


@pytest.mark.parametrize("bands", [1, 2, 3, 7, 21])
@pytest.mark.parametrize("points", [110_000, 1_230_000, 100_000_000])
def test_the_batch_size_that_is_named_will_do_and_no_smaller_one(bands: int, points: int) -> None:
    entry = {
        "axes": _of_points(points),
        "bands": [f"Oa{number:02d}" for number in range(1, bands + 1)],
    }
    _, error = _refusal(**entry, batch_size=1)
    enough = int(error.rpartition("write ")[2].split()[0])
    assert _valid(**entry, batch_size=enough)
    assert _refusal(**entry, batch_size=enough - 1)


def test_more_points_than_a_table_can_hold_are_refused() -> None:
    axes = _of_points(100_000_000) | {"alti": [0, 1]}
    _, error = _refusal(axes=axes, batch_size=1_000_000)
    assert error.startswith("axes: 200,000,000 points in a band: a table can be made of 100,000,00")


def test_an_axis_of_endless_values_is_refused() -> None:
    _, error = _refusal(axes=axes_entry(uw=[f"{i / 1000}" for i in range(10_001)]))
    assert error == "axes.uw: has 10001 values: 10000 is the most"


@pytest.mark.parametrize("key", ["results", "store"])
@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("/", "'/' is the root of the file system"),
        ("//", "is the root of the file system"),
        ("/tmp/..", "is the root of the file system"),
        ("  ", "'  ' is empty"),
        (" x", "' x' begins or ends with a blank"),
        ("a\nb", r'"a\nb" holds a line break'),
        ("a\tb", "holds a line break or another sign that cannot be seen"),
        ("a\0b", "holds a line break or another sign that cannot be seen"),
        ("a\x7f", "holds a line break or another sign that cannot be seen"),
        ("a\u200bb", "holds a line break or another sign that cannot be seen"),
        ("~nosuchuser/x", "'~nosuchuser/x': nobody on this machine is called nosuchuser"),
        ("x/" + "y" * 256, "has a name of 256 bytes, and 255 is the most"),
        ("é" * 128, "has a name of 256 bytes, and 255 is the most"),
        ("d/" * 2000, "bytes, and 3500 is the most"),
        ("a:b", "'a:b' reads like the address of a server"),
        ("s3://bucket", "reads like the address of a server"),
        ("file", "'file' is a file, not a folder"),
        ("file/x", "/file is a file"),
        ("gone", "'gone' is a link to nothing, not a folder"),
        (5, "5 is no text"),
        (True, "true is no text"),
        (None, "has no value"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, value: object, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("")
    Path("gone").symlink_to("nothing")
    _, error = _refusal(**{key: value})
    assert error.startswith(f"{key}: ")
    assert said in error


@pytest.mark.parametrize("value", ["a b", "é", "y" * 255, "it's", "$HOME/x", "...", "../x", "."])
def test_odd_folders_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.chdir(tmp_path)
    made = _valid(results=value, store=f"{value}/s")
    assert (made.results, made.store) == (value, f"{value}/s")


@pytest.mark.parametrize("value", ["a{b}", "{", "a<b>", "a\\b"])
def test_results_where_snakemake_would_not_find_them_are_refused(value: str) -> None:
    _, error = _refusal(results=value)
    assert "which Snakemake or NetCDF give a meaning" in error


def test_a_file_where_the_campaign_s_folder_should_be_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("results").mkdir()
    Path("results/test").write_text("")
    _, error = _refusal()
    assert error == "results: 'results/test' is a file, not a folder"


@pytest.mark.parametrize(
    ("results", "store", "said"),
    [
        ("results", "results/test", "lies inside the campaign's results, results/test"),
        ("results", "results/test/store", "lies inside the campaign's results"),
        ("results", "link/store", "lies inside the campaign's results"),
        ("../out", "../out/x/../test/s", "lies inside the campaign's results, ../out/test"),
        (f"store/{'a1' * 32}", "store", "would hold the campaign's results"),
        ("inside", "store", "would hold the campaign's results"),
        ("store/probes", "store", "in its own folder probes"),
    ],
)
def test_store_and_results_inside_each_other_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, results: str, store: str, said: str
) -> None:
    here = tmp_path / "here"
    (here / "results/test").mkdir(parents=True)
    (here / "store" / ("0" * 64)).mkdir(parents=True)
    monkeypatch.chdir(here)
    Path("link").symlink_to("results/test")
    Path("inside").symlink_to("store/" + "0" * 64)
    _, error = _refusal(results=results, store=store)
    assert error.startswith("store: ")
    assert said in error


@pytest.mark.parametrize(
    ("results", "store"),
    [
        ("out", "out"),
        ("results", "results/store"),
        ("results", "results/test2"),
        ("store/x", "store"),
    ],
)
def test_store_and_results_beside_each_other_are_taken(results: str, store: str) -> None:
    assert _valid(results=results, store=store)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("x" * 101, "has 101 signs, and 100 is the most: shorten it"),
        ("x" * 5000, "has 5000 signs, and 100 is the most"),
        ("..", "'..' may hold only letters, digits and, not at the start, the signs . _ -"),
        ("a b", "'a b' may hold only"),
        ("é", "'é' may hold only"),
        ("a\n", r'"a\n" may hold only'),
    ],
)
def test_a_wrong_name_is_refused_for_the_right_reason(name: str, said: str) -> None:
    _, error = _refusal(campaign=name)
    assert said in error
    assert len(error) < 200


def test_the_longest_name_is_taken() -> None:
    assert _valid(campaign="x" * 100).campaign == "x" * 100


@pytest.mark.parametrize("key", ["executable", "spectral_response"])
@pytest.mark.parametrize("path", ["~nosuchuser/6sv", "x" * 300, "a\nb", "a\0b", "", "no.txt"])
def test_a_path_that_no_file_can_have_is_refused(key: str, path: str) -> None:
    changes = {"sixsv": {key: path}} if key == "executable" else {key: path}
    _, error = _refusal(**changes)
    assert error.startswith(f"{'sixsv.' if key == 'executable' else ''}{key}: ")


@pytest.mark.parametrize("section", ["sixsv", "aerosol", "axes"])
@pytest.mark.parametrize("value", [5, "x", [], True])
def test_what_is_no_section_is_refused_with_the_keys_it_has(section: str, value: object) -> None:
    _, error = _refusal(**{section: value})
    assert re.fullmatch(rf"{section}: \S+ is no section: write its keys below it, .*", error)


@pytest.mark.parametrize(
    ("tolerance", "error", "relative"),
    [("1e-5", 1e-5, False), (2e-5, 2e-5, False), ("0.1 %", 0.001, True), ("5%", 0.05, True)],
)
def test_a_tolerance_is_a_reflectance_or_a_part(
    tolerance: str | float, error: float, relative: bool
) -> None:
    promise = _valid(launches="reduced", tolerance=tolerance).promise
    assert promise is not None
    assert (promise.error, promise.relative) == (error, relative)


@pytest.mark.parametrize("tolerance", ["0", "1e-7", "0.5", "0 %", "20 %", "1e-5 m", "%", True, [1]])
def test_a_tolerance_that_cannot_be_kept_is_refused(tolerance: object) -> None:
    with pytest.raises(CampaignError, match=r"tolerance: .* is no tolerance: write a reflectance"):
        _valid(launches="reduced", tolerance=tolerance)


def test_nothing_is_promised_where_all_points_are_launched() -> None:
    assert _valid(tolerance="1e-5").promise is None


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        (
            "run6sv",
            True,
            "exclude each other, because run6sv takes the reflectance that 6SV prints",
        ),
        ("extra_outputs", ["apparent_radiance"], "apparent_radiance cannot be had with launches"),
    ],
)
def test_what_cannot_be_derived_is_refused_with_reduced_launches(
    key: str, value: object, said: str
) -> None:
    _valid(**{key: value})
    with pytest.raises(CampaignError, match=said):
        _valid(launches="reduced", **{key: value})
