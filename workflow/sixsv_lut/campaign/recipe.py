"""The recipe of a band: everything but the 8 values that determines the result of a launch."""

from __future__ import annotations

import hashlib
import json
import shlex
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixsv_lut.campaign.determining import determining
from sixsv_lut.errors import CampaignError
from sixsv_lut.files import write_as_json
from sixsv_lut.sixsv.convention import Convention, convention
from sixsv_lut.sixsv.deck import DeckWriter
from sixsv_lut.sixsv.executable import find_executable, printed_version
from sixsv_lut.sixsv.instruments import Band, find_band
from sixsv_lut.sixsv.responses import Response, read_response

if TYPE_CHECKING:  # thousands of batch processes start without it
    from sixsv_lut.campaign.configuration import Configuration


_DIGEST = "sha256"


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _remedy(path: Path) -> str:
    return f"delete it (rm -f {shlex.quote(str(path))}) and run again"


@dataclass(frozen=True)
class Recipe:
    """What all launches of one band have in common.

    Attributes
    ----------
    band : str
        Official name of the band.
    executable : str
        Path of 6SV.
    executable_sha256 : str
        SHA-256 of that file.
    version : str
        Version that 6SV prints.
    aerosol_model : int
        6SV's number of the aerosol model.
    run6sv : bool
        Whether decks are written as the older shell tool did.
    response : Response
        Spectral response.
    """

    band: str
    executable: str
    executable_sha256: str
    version: str
    aerosol_model: int
    run6sv: bool
    response: Response

    @cached_property
    def fingerprint(self) -> str:
        """Hash of what determines a launch's result, 64 hexadecimal digits."""
        content = determining(self.executable_sha256, self.aerosol_model, self.convention)
        content["lowest_sample"] = self.response.lowest_sample
        content["response"] = list(self.response.values)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @property
    def convention(self) -> Convention:
        """How decks are written and reports are read."""
        return convention(run6sv=self.run6sv)

    def deck_writer(self) -> DeckWriter:
        """Give the writer of this band's decks."""
        return DeckWriter(
            self.aerosol_model,
            self.response.lowest_sample,
            self.response.values,
            self.convention,
        )

    def write(self, path: Path) -> None:
        """Write the recipe as JSON; the same recipe always gives the same bytes."""
        content = asdict(self) | {"fingerprint": self.fingerprint}
        content[_DIGEST] = _digest(content)
        write_as_json(path, content)


def _executable(executable: str) -> Path:
    try:
        return find_executable(executable)
    except ValueError as error:
        raise CampaignError(f"sixsv.executable: {error}") from None


def make_recipe(configuration: Configuration, band: Band) -> Recipe:
    """Make the recipe of a band from the configuration, the executable and the response.

    Raises
    ------
    CampaignError
        There is no such executable, or the spectral response cannot be used.
    """
    executable = _executable(configuration.sixsv.executable)
    content = executable.read_bytes()  # once: its digest and its version belong together
    return Recipe(
        band=band.name,
        executable=str(executable),
        executable_sha256=hashlib.sha256(content).hexdigest(),
        version=printed_version(content),
        aerosol_model=configuration.aerosol.model,
        run6sv=configuration.run6sv,
        response=read_response(
            configuration.spectral_response, configuration.satellite, configuration.instrument, band
        ),
    )


def read_recipe(path: Path, band: str | None = None, *, executable: str | None = None) -> Recipe:
    """Read a recipe that `Recipe.write` wrote.

    Parameters
    ----------
    path : Path
        The recipe.
    band : str, optional
        Official name of the band whose recipe it must be.
    executable : str, optional
        The executable as the configuration names it now: the environment may have been moved since
        the recipe was made. If not given, the recipe says where 6SV was then.

    Returns
    -------
    Recipe
        The recipe.

    Raises
    ------
    CampaignError
        The file is not a recipe, was changed by hand, or is that of another band.
    """
    try:
        content = json.loads(path.read_text())
        # Those that were written before have none.
        whole = content.pop(_DIGEST, None) in (None, _digest(content))
        fingerprint = content.pop("fingerprint")
        response = content.pop("response")
        response["values"] = tuple(response["values"])
        recipe = Recipe(response=Response(**response), **content)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CampaignError(
            f"{path} cannot be read as a recipe ({error}): {_remedy(path)}"
        ) from error
    if recipe.fingerprint != fingerprint or not whole:
        raise CampaignError(
            f"{path} was changed by hand, or made by another version of this workflow: "
            f"{_remedy(path)}"
        )
    if band not in (None, recipe.band):
        raise CampaignError(f"{path} is not the recipe of band {band}: {_remedy(path)}")
    if executable is None:
        return recipe
    return replace(recipe, executable=str(_executable(executable)))


def read_recipe_of(path: Path, configuration: Configuration, band: str) -> Recipe:
    """Read the recipe of a band, and check that it is the one that the configuration gives.

    Parameters
    ----------
    path : Path
        The recipe.
    configuration : Configuration
        The configuration of the campaign.
    band : str
        Official name of the band.

    Returns
    -------
    Recipe
        The recipe.

    Raises
    ------
    CampaignError
        The file is not a recipe, was changed by hand, or is another one; or the spectral response
        cannot be used.
    """
    recipe = read_recipe(path, band)
    expected = make_recipe(configuration, find_band(configuration.instrument, band))
    if recipe.fingerprint != expected.fingerprint:
        raise CampaignError(f"{path} is not the recipe of this configuration: {_remedy(path)}")
    return recipe
