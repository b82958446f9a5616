"""Where the products of a campaign are: each path in one place, with wildcards where it has some.

Patterns have the wildcards of Snakemake: the rules take them as they are, and `filled` gives the
path of one band or batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sixsv_lut.campaign.formats import DESCRIPTION_SUFFIX

_OF_BAND = "{band}-{digest}"
_OF_BATCH = f"{_OF_BAND}/{{batch}}"

# Batches of launches between the nodes also depend on how many are drawn.
_OF_ACCURACY_BATCH = f"{_OF_BAND}/{{launches}}/{{batch}}"

# What tells the logs and the tables of resource use of a rule's jobs from each other.
_JOBS = {
    "recipe": _OF_BAND,
    "simulate": _OF_BATCH,
    "consolidate": "{band}",
    "gas_transmittance": _OF_BAND,
    "pictures": "{band}",
    "pictures_of_accuracy": "{band}",
    "quality": "{band}",
    "accuracy_launches": _OF_ACCURACY_BATCH,
    "measure_accuracy": "{band}",
}


@dataclass(frozen=True)
class Paths:
    """The paths of a campaign.

    Attributes
    ----------
    folder : Path
        Folder of all products.
    """

    folder: Path

    @property
    def running(self) -> Path:
        """Which process runs the campaign, or ran it last, and by which configuration."""
        return self.folder / ".running"

    @property
    def plan(self) -> Path:
        """The plan, in base units."""
        return self.folder / "plan.json"

    def configuration(self, digest: str) -> str:
        """Give the file of an effective configuration."""
        return f"{self.folder}/configuration/{digest}.yaml"

    def table(self, digest: str) -> str:
        """Give the parameter table."""
        return f"{self.folder}/parameters/{digest}.parquet"

    def table_text(self, digest: str) -> str:
        """Give the text that shows what the parameter table holds."""
        return f"{self.folder}/parameters/{digest}.txt"

    @property
    def recipe(self) -> str:
        """Pattern of the recipes."""
        return f"{self.folder}/bands/{_OF_BAND}.json"

    @property
    def batch(self) -> str:
        """Pattern of the batch files."""
        return f"{self.folder}/batches/{_OF_BATCH}.parquet"

    def lut(self, satellite: str, instrument: str, suffix: str = DESCRIPTION_SUFFIX) -> str:
        """Give the pattern of one file of the LUTs."""
        return f"{self.folder}/OUTLUT_{satellite}_{instrument}_{{band}}{suffix}"

    def page(self, name: str) -> str:
        """Give a page of the report."""
        return f"{self.folder}/report/{name}.html"

    @property
    def gas_transmittance(self) -> str:
        """Pattern of the tables of what gases let through at the wavelengths of a band."""
        return f"{self.folder}/bands/{_OF_BAND}-gases.csv"

    def picture(self, name: str, suffix: str) -> str:
        """Give the pattern of a picture of a band."""
        return f"{self.folder}/pictures/{{band}}/{name}{suffix}"

    def picture_of_campaign(self, name: str, suffix: str) -> str:
        """Give the file of a picture of all bands."""
        return f"{self.folder}/pictures/all/{name}{suffix}"

    @property
    def quality(self) -> str:
        """Pattern of the verdicts on the LUTs."""
        return f"{self.folder}/quality/{{band}}.json"

    @property
    def refused_quality(self) -> str:
        """Pattern of the verdicts that end a run."""
        return f"{self.folder}/quality/{{band}}.violated.json"

    @property
    def accuracy(self) -> str:
        """Pattern of the results of measuring the error between the nodes."""
        return f"{self.folder}/accuracy/{{band}}.json"

    @property
    def accuracy_errors(self) -> str:
        """Pattern of the tables of errors between the nodes."""
        return f"{self.folder}/accuracy/{{band}}_errors.csv"

    @property
    def accuracy_launches(self) -> str:
        """Pattern of the tables of launches between the nodes."""
        return f"{self.folder}/accuracy/{{band}}_launches.csv"

    @property
    def accuracy_batch(self) -> str:
        """Pattern of the batches of launches between the nodes."""
        return f"{self.folder}/accuracy/batches/{_OF_ACCURACY_BATCH}.parquet"

    def log(self, rule: str) -> str:
        """Give the pattern of the logs of a rule."""
        return f"{self.folder}/logs/{self._of_jobs(rule)}.log"

    def benchmark(self, rule: str) -> str:
        """Give the pattern of the tables in which Snakemake notes what jobs of a rule took."""
        return f"{self.folder}/benchmarks/{self._of_jobs(rule)}.tsv"

    @staticmethod
    def _of_jobs(rule: str) -> str:
        return f"{rule}/{_JOBS[rule]}" if rule in _JOBS else rule


def filled(pattern: str, *, band: str, digest: str = "", batch: int = 0, launches: int = 0) -> str:
    """Put the values of wildcards into a pattern."""
    return pattern.format(band=band, digest=digest, batch=f"{batch:05d}", launches=launches)
