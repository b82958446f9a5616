"""A whole small campaign with all launches and with reduced launches, compared point by point.

The workflow makes both in a folder of their own, each with an empty store, by the same executable
and on the same cores. Three bands of different kinds: a blue one without gas, one in which water
vapour and ozone act, and 940 nm. Prints one JSON object for each band:

points, launches          of the grid, and of the campaign of reduced launches
ratio, cpu_ratio          points for each launch; CPU time of all launches for that of the reduced
same_text                 whether Tdown, Tup, Ttotal and S are the same text in every row
largest_error, rms_error  of rho_atm of the derived points
share_above               share of the derived points that err by more than the statement's bound
statement                 what the table says of itself
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import yaml

PROJECT = Path(__file__).resolve().parents[1]
BANDS = ["Oa01", "Oa11", "Oa20"]

# 25 blocks of 1,188 points.
AXES: dict[str, Any] = {
    "uo3": [0.25, 0.45],
    "uw": [0.5, 2.5, 5],
    "aot550": [0.05, 0.3, 0.8],
    "psurf": [800, 1013],
    "alti": [0, 1, 2],
    "phi": {"start": 0, "stop": 180, "step": 18},
    "thetas": [10, 25, 40, 55, 70],
    "thetav": [5, 20, 35, 50, 60],
}


def make(folder: Path, config: dict[str, Any], cores: int) -> float:
    """Make the tables of a campaign, and give the CPU time that took."""
    path = folder / f"{config['campaign']}.yaml"
    path.write_text(yaml.safe_dump(config))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [
            *(sys.executable, "-m", "snakemake", "--snakefile", str(PROJECT / "Snakefile")),
            *("--profile", str(PROJECT / "profiles/local"), "--directory", str(folder)),
            *("--configfile", str(path), "--cores", str(cores)),
        ],
        check=True,
        stdout=sys.stderr,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare(every: Path, reduced: Path) -> dict[str, Any]:
    """Compare the tables of a band."""
    described = json.loads(reduced.with_suffix(".json").read_text())
    rows = [path.with_suffix(".csv").read_text().split() for path in (every, reduced)]
    exact = [[row[at::13] for at in (8, 9, 10, 12)] for row in rows]
    with xr.open_dataset(every) as one, xr.open_dataset(reduced) as other:
        derived = other.status.values == 6
        # The text has more digits than the single precision of the NetCDF file.
        rho = [np.array(row[11::13], dtype=float) for row in rows]
        errors = np.abs(rho[0] - rho[1])[derived.ravel()]
        assert one.sizes == other.sizes
    bound = described.get("derived_rho_atm_hold_out_largest_error", 0.0)
    return {
        "band": described["band"],
        "points": described["points"],
        "launches": described["launched_points"],
        "ratio": described["points_per_launched_point"],
        "same_text": exact[0] == exact[1],
        "largest_error": float(f"{errors.max(initial=0):.2g}"),
        "rms_error": float(f"{np.sqrt(np.mean(errors**2)):.2g}") if len(errors) else 0.0,
        # Both texts are rounded to 7 decimals.
        "share_above": float(np.mean(errors > bound + 1e-7)) if len(errors) else 0.0,
        "statement": described["derived_rho_atm_error"],
    }


def main() -> None:
    """Make the tables, and print how they compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bands", nargs="+", default=BANDS)
    parser.add_argument("--aerosol", type=int, default=5, help="6SV's number; 0 is the fastest")
    parser.add_argument("--sixsv", default="1.1", help="version of 6SV, or an executable")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--folder", type=Path, help="kept, so that the command can be given again")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        axes = AXES | ({} if arguments.aerosol else {"aot550": [0], "psurf": [700, 800, 900, 1013]})
        config = {
            "bands": arguments.bands,
            "aerosol": {"model": arguments.aerosol},
            "sixsv": {"executable": arguments.sixsv},
            "axes": axes,
            "formats": ["text", "netcdf"],
        }
        seconds = {}
        for mode in ("reduced", "all"):
            own = {"campaign": mode, "launches": mode, "store": f"store-{mode}", "pictures": False}
            seconds[mode] = make(folder, config | own, arguments.cores)
        for band in arguments.bands:
            paths = (
                folder / f"results/{mode}/OUTLUT_S3A_OLCI_{band}.nc" for mode in ("all", "reduced")
            )
            print(json.dumps(compare(*paths)), flush=True)
        ratio = round(seconds["all"] / seconds["reduced"], 2)
        print(json.dumps({"cpu_seconds": seconds, "cpu_ratio": ratio}))


if __name__ == "__main__":
    main()
