"""The plan that follows from a configuration alone: batches and the paths of all products.

Snakemake reads this whenever it parses the Snakefile, in every cluster job too: nothing here
imports NumPy or opens a file, but for the configuration, and the executable and files of responses,
which are hashed.

Paths carry a digest of what they depend on. So a changed configuration plans exactly what is
missing, going back to an earlier one finds its files again, and no product is ever taken for
another's.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sixsv_lut.campaign.batches import Batches, BlockBatches, RangeBatches
from sixsv_lut.campaign.configuration import Configuration, effective, validate
from sixsv_lut.campaign.configuration_file import DEFAULT_FILE, merge, read_configurations
from sixsv_lut.campaign.determining import determining
from sixsv_lut.campaign.formats import DESCRIPTION_SUFFIX, FOLDERS, SUFFIXES
from sixsv_lut.campaign.paths import Paths, filled
from sixsv_lut.campaign.promise import Promise
from sixsv_lut.sixsv.convention import convention
from sixsv_lut.sixsv.executable import find_executable, sha256_of
from sixsv_lut.sixsv.instruments import BUILT_IN, find_band, response_path

if TYPE_CHECKING:
    from sixsv_lut.campaign.grid import Grid

# Points of a band up to which no cluster job is made to check its LUT.
_POINTS_CHECKED_AT_ONCE = 5_000_000


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Campaign:
    """A configuration, and what follows from it.

    Attributes
    ----------
    configuration : Configuration
        The effective configuration.
    """

    configuration: Configuration

    @cached_property
    def folder(self) -> Path:
        """Folder of all products."""
        return Path(self.configuration.results) / self.configuration.campaign

    @cached_property
    def band_names(self) -> tuple[str, ...]:
        """Official names of the bands, in the order of the instrument."""
        return tuple(band.name for band in self.configuration.selected_bands())

    @cached_property
    def paths(self) -> Paths:
        """Where all products are."""
        return Paths(self.folder)

    @cached_property
    def grid(self) -> Grid:
        """The grid of points."""
        # Imported here: it needs NumPy.
        from sixsv_lut.campaign.grid import Grid

        return Grid(self.configuration.axes.written())

    @cached_property
    def points(self) -> int:
        """Number of points of the grid."""
        return math.prod(map(len, self.configuration.axes.written()))

    @cached_property
    def batches(self) -> Batches:
        """The batches of one band."""
        configuration = self.configuration
        if self.promise is None:
            return RangeBatches(self.points, configuration.batch_size)
        shape = tuple(map(len, configuration.axes.written()))
        return BlockBatches(
            shape, configuration.batch_size, self.promise, configuration.hold_out_draw
        )

    @property
    def promise(self) -> Promise | None:
        """What is promised of derived values; None where all points are launched."""
        return self.configuration.promise

    @cached_property
    def consolidation_memory(self) -> int:
        """Memory in which a band's LUT is made, in MB.

        Measured: 570 MB for 3,123,120 points, 100 to 180 bytes for one more. An extra output takes
        4 bytes of each point, and as much again while it is written.
        """
        bytes_of_point = 200 + 10 * len(self.configuration.extra_outputs)
        return max(1500, 500 + self.points * bytes_of_point // 1_000_000)

    @property
    def pictures_memory(self) -> int:
        """Memory in which a LUT is drawn, in MB."""
        bytes_of_point = 150 if self.configuration.formats == ["text"] else 20
        return 1000 + self.points * bytes_of_point // 1_000_000

    @property
    def quality_memory(self) -> int:
        """Memory in which a band's LUT is checked, in MB.

        Measured for 3,123,120 points: 300 MB, 460 MB where it exists as text alone, 440 MB where
        each point violates each check and is compared with an earlier LUT.
        """
        return max(1000, 300 + self.points * 200 // 1_000_000)

    @property
    def is_checked_at_once(self) -> bool:
        """Whether checking a band's LUT is too little for a cluster job.

        Measured for 3,123,120 points: 2 s of CPU time, 12 s where each point violates each check.
        """
        return self.points <= _POINTS_CHECKED_AT_ONCE

    @cached_property
    def table_digest(self) -> str:
        """Digest of what the parameter table depends on."""
        values = [[float(value) for value in axis] for axis in self.configuration.axes.written()]
        name = self.batches.name
        return _digest([values, self.configuration.batch_size, *([name] if name else [])])

    @cached_property
    def band_digests(self) -> dict[str, str]:
        """Digest of what the batches of each band depend on, by the band's name."""
        configuration = self.configuration
        version, executable, *others = determining(
            sha256_of(Path(self.executable)),
            configuration.aerosol.model,
            convention(run6sv=configuration.run6sv),
        ).values()
        # In the order that it always had: it is in the paths of results.
        return {
            band: _digest(
                [
                    version,
                    self.table_digest,
                    executable,
                    band,
                    self._response_digest(band),
                    *others,
                ]
            )
            for band in self.band_names
        }

    def _response_digest(self, band: str) -> list[str]:
        files = self.response_files(band)
        if files:
            return [sha256_of(Path(file)) for file in files]
        configuration = self.configuration
        return [configuration.satellite, configuration.instrument, version("Py6S")]

    @cached_property
    def configuration_file(self) -> str:
        """The effective configuration, as a file."""
        return self.paths.configuration(_digest(effective(self.configuration)))

    @cached_property
    def table(self) -> str:
        """The parameter table."""
        return self.paths.table(self.table_digest)

    @cached_property
    def table_text(self) -> str:
        """What the parameter table holds, as text."""
        return self.paths.table_text(self.table_digest)

    @cached_property
    def executable(self) -> str:
        """The 6SV executable."""
        return str(find_executable(self.configuration.sixsv.executable))

    def response_files(self, band: str) -> list[str]:
        """Give the file of a band's spectral response, if it is not built in."""
        source = self.configuration.spectral_response
        if source == BUILT_IN:
            return []
        return [str(response_path(source, find_band(self.configuration.instrument, band)))]

    def recipe(self, band: str) -> str:
        """Give the file of a band's recipe."""
        return self._filled(self.paths.recipe, band)

    def gas_transmittance(self, band: str) -> str:
        """Give the table of what gases let through at the wavelengths of a band."""
        return self._filled(self.paths.gas_transmittance, band)

    def batch_file(self, band: str, batch: int) -> str:
        """Give the file of a batch."""
        return self._filled(self.paths.batch, band, batch)

    def batch_files(self, band: str) -> list[str]:
        """Give the files of all batches of a band, in the order of the points."""
        return [self.batch_file(band, batch) for batch in range(len(self.batches))]

    def batch_benchmark(self, band: str, batch: int) -> str:
        """Give the file in which Snakemake notes what the last attempt at a batch took."""
        return self._filled(self.paths.benchmark("simulate"), band, batch)

    def _filled(self, pattern: str, band: str, batch: int = 0) -> str:
        return filled(pattern, band=band, digest=self.band_digests[band], batch=batch)

    @cached_property
    def lut_patterns(self) -> dict[str, bool]:
        """Patterns of the files of a LUT, its description first, and whether each is a folder."""
        configuration = self.configuration
        suffixes = {DESCRIPTION_SUFFIX: False}
        suffixes |= {SUFFIXES[form]: form in FOLDERS for form in configuration.formats}
        return {
            self.paths.lut(configuration.satellite, configuration.instrument, suffix): is_folder
            for suffix, is_folder in suffixes.items()
        }

    def lut_files(self, band: str) -> list[str]:
        """Give the files of a band's LUT: its description, then one for each format."""
        return [filled(pattern, band=band) for pattern in self.lut_patterns]

    def quality_file(self, band: str) -> str:
        """Give the file of the verdict on a band's LUT."""
        return filled(self.paths.quality, band=band)

    def refused_quality_file(self, band: str) -> str:
        """Give the file of that verdict where it ends the run."""
        return filled(self.paths.refused_quality, band=band)

    def compared_with(self, band: str) -> list[str]:
        """Give the earlier LUT with which a band's LUT is compared, if there is one."""
        path = self.configuration.quality.compared_with(band)
        return [] if path is None else [str(path)]


def load_campaign(
    files: Sequence[str | Path] = (), given: Mapping[str, Any] | None = None
) -> Campaign:
    """Read and check a configuration, and give the campaign.

    Parameters
    ----------
    files : sequence of path
        The configuration files, later ones over earlier ones; none stands for the default one.
    given : mapping, optional
        What was given on the command line, over all files.

    Returns
    -------
    Campaign
        The campaign.

    Raises
    ------
    CampaignError
        A file cannot be read, or something is wrong with the configuration; the message lists
        every error.
    """
    paths = [Path(file) for file in files] or [DEFAULT_FILE]
    config = read_configurations(paths)
    sources = [str(path) for path in paths]
    if given:
        merge(config, given)
        sources.append("the command line")
    return Campaign(validate(config, " + ".join(sources)))
