"""Whether the error between the nodes falls as it is predicted, when advice on nodes is taken.

A campaign with aerosol is run and its accuracy measured; the nodes that are advised for a target
are taken as they stand in the result, and the accuracy of that campaign is measured at other random
points. Prints one JSON object for each quantity with a target: the root mean square error before,
the target, what was predicted (with its uncertainty), and what was measured then (with its own).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT / "tests"))

from support import Workspace  # noqa: E402

CAMPAIGN: dict[str, Any] = {
    "campaign": "advice",
    "aerosol": {"model": 5},
    "axes": {
        "uo3": [0.3],
        "uw": [0.5, 3],
        "aot550": [0.05, 0.4, 0.8],
        "psurf": [1013],
        "alti": [0],
        "phi": [0, 90, 180],
        "thetas": [20, 60],
        "thetav": [0, 30, 60],
    },
    "batch_size": 16,
    "formats": ["netcdf"],
}


def measure(workspace: Workspace, band: str, arguments: list[str]) -> dict[str, Any]:
    """Measure the accuracy of the campaign that is configured."""
    command = workspace.command("accuracy", *arguments)
    ended = subprocess.run(command, cwd=workspace.folder, capture_output=True, check=False)
    if ended.returncode:
        sys.exit(ended.stderr.decode())
    path = workspace.folder / f"results/{CAMPAIGN['campaign']}/accuracy/{band}.json"
    result: dict[str, Any] = json.loads(path.read_text())
    return result


def main() -> None:
    """Measure, take the advice, measure again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--band", default="Oa08")
    parser.add_argument("--launches", type=int, default=60, help="at random points")
    parser.add_argument("--factor", type=float, default=0.5, help="by which errors are to fall")
    parser.add_argument("--cores", type=int, help="all of this machine by default")
    arguments = parser.parse_args()
    options = ["--cores", str(arguments.cores)] if arguments.cores else []
    with tempfile.TemporaryDirectory() as name:
        workspace = Workspace(Path(name))
        config = CAMPAIGN | {"bands": [arguments.band]}
        workspace.configure(config | {"accuracy": {"launches": arguments.launches}})
        first = measure(workspace, arguments.band, options)
        before = {name: first["errors"]["linear"][name]["rms"] for name in ("rho_atm", "Ttotal")}
        target = {name: float(f"{arguments.factor * rms:.2g}") for name, rms in before.items()}
        # Only the target is new: nothing is launched for it.
        workspace.configure(
            config | {"accuracy": {"launches": arguments.launches, "target": target}}
        )
        advised = measure(workspace, arguments.band, options)["advice"]["target"]
        axes = yaml.safe_load(advised["axes_yaml"])
        (workspace.folder / "advice.yaml").write_text(advised["axes_yaml"])
        files = ["--configfile", "config/config.yaml", "advice.yaml"]
        then = measure(workspace, arguments.band, [*options, *files])["errors"]["linear"]
        print(json.dumps({"band": arguments.band, "advised": axes["axes"]}))
        print(json.dumps({"points": advised["points"], "launches": advised["launches"]}))
        for name, wanted in target.items():
            of_advice, now = advised["quantities"][name], then[name]
            predicted = [of_advice[f"predicted_{what}"] for what in ("rms", "low", "high")]
            measured = [now[what] for what in ("rms", "rms_low", "rms_high")]
            numbers = {
                "rms_before": before[name],
                "target": wanted,
                "predicted": predicted,
                "measured": measured,
            }
            print(json.dumps({"quantity": name} | numbers), flush=True)


if __name__ == "__main__":
    main()
