"""What end-to-end tests share: a small campaign, and a folder in which Snakemake runs it."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from sixsv_lut.sixsv.executable import find_executable

PROJECT = Path(__file__).resolve().parents[1]

# Launches without aerosol are the fastest there are.
SMALL: dict[str, Any] = {
    "campaign": "small",
    "bands": ["Oa03", "Oa17"],
    "aerosol": {"model": 0},
    "axes": {
        "uo3": ["0.30"],
        "uw": [1.5, "3.0"],
        "aot550": [0],
        "psurf": [1013],
        "alti": [0, 0.5],
        "phi": [0, 90],
        "thetas": [20, 50],
        "thetav": [10, 40],
    },
    "batch_size": 8,
    "pictures": False,
}
SMALL_POINTS = 32


class Workspace:
    """A folder in which Snakemake runs, as a user's clone of the project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("Snakefile", "workflow", "config", "profiles", "status"):
            source = PROJECT / name
            if source.is_dir():
                ignore = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, folder / name, ignore=ignore)
            else:
                shutil.copy(source, folder / name)
        for name in ("local",):
            (folder / name).symlink_to(f"profiles/{name}")
        self.configure(SMALL)

    def configure(self, config: dict[str, Any]) -> None:
        """Write the configuration that runs by default."""
        (self.folder / "config/config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))

    def command(self, *arguments: str) -> list[str]:
        """Give the command that runs Snakemake."""
        return [sys.executable, "-m", "snakemake", "--profile", "local", *arguments]

    def snakemake(self, *arguments: str, succeeds: bool = True) -> str:
        """Run Snakemake, and give what it printed."""
        ended = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
            check=False,
        )
        assert (ended.returncode == 0) == succeeds, ended.stdout
        return ended.stdout

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start Snakemake, and do not wait."""
        with (self.folder / "output.txt").open("ab") as output:
            return subprocess.Popen(
                self.command(*arguments),
                cwd=self.folder,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def lut(self, band: str, suffix: str = "csv", campaign: str = "small") -> Path:
        """Give the path of a LUT."""
        return self.folder / f"results/{campaign}/OUTLUT_S3A_OLCI_{band}.{suffix}"

    def texts(self) -> dict[str, bytes]:
        """Give the text LUTs of both bands."""
        return {band: self.lut(band).read_bytes() for band in ("Oa03", "Oa17")}

    def executable(self, script: str) -> str:
        """Make an executable of a shell script, in which $SIXSV is the real 6SV."""
        path = self.folder / "fake-6sv"
        real = find_executable("2.1")
        path.write_text(f"#!/bin/sh\nSIXSV={real}\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    def counting_executable(self) -> str:
        """Make an executable that counts its launches and is otherwise 6SV."""
        return self.executable(f'echo >> {self.folder}/launches\nexec "$SIXSV"')

    def launches(self) -> int:
        """Tell how often the counting executable was launched."""
        path = self.folder / "launches"
        return len(path.read_bytes()) if path.exists() else 0
