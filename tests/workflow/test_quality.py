"""Every LUT is checked: the verdict stands beside it, and ends the run if that is asked for."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import netCDF4

from support import SMALL, SMALL_POINTS, Workspace


def verdict(workspace: Workspace, band: str, suffix: str = ".json") -> dict[str, Any]:
    text = (workspace.folder / f"results/small/quality/{band}{suffix}").read_text()
    made: dict[str, Any] = json.loads(text)
    return made


def test_a_finished_campaign_has_a_verdict_on_each_lut(finished: Workspace) -> None:
    for band in ("Oa03", "Oa17"):
        made = verdict(finished, band)
        assert (made["verdict"], made["band"], made["campaign"]) == ("passed", band, "small")
        judged = {check["name"]: check["verdict"] for check in made["checks"]}
        assert judged["monotony_of_transmittance"] == "passed"
        # Two values on each axis.
        assert judged["jumps"] == "not applicable"
    assert "\nQuality: all checks passed\n" in (finished.folder / "printed.txt").read_text()


def test_a_lut_that_differs_from_an_earlier_one_is_told_or_ends_the_run(
    finished: Workspace, workspace: Workspace
) -> None:
    folder = workspace.folder
    shutil.copytree(finished.folder / "store", folder / "store", copy_function=shutil.copy2)
    (folder / "earlier").mkdir()
    shutil.copy(finished.lut("Oa17", "nc"), folder / "earlier/Oa17.nc")
    with netCDF4.Dataset(folder / "earlier/Oa17.nc", "a") as earlier:
        earlier["rho_atm"][0, 1, 0, 0, 1, 0, 1, 0] += 0.01
    one_batch = SMALL | {"bands": ["Oa17"], "batch_size": SMALL_POINTS}
    quality: dict[str, Any] = {"compare_with": "earlier/{band}.nc"}

    workspace.configure(one_batch | {"quality": quality | {"stop": True}})
    for _ in range(2):  # it does not pass because it was refused before
        printed = workspace.snakemake(succeeds=False)
        assert "violates comparison_of_rho_atm (1, worst 0.01 where 0.0001 is the limit)" in printed
        assert "uw=3.0, aot550=0, psurf=1013, alti=0.5, phi=0, thetas=50, thetav=10)" in printed
        assert "quality.stop" in printed
        assert verdict(workspace, "Oa17", ".violated.json")["verdict"] == "violated"
        assert not (folder / "results/small/quality/Oa17.json").exists()
    # The table itself is there.
    assert workspace.lut("Oa17").read_bytes() == finished.lut("Oa17").read_bytes()

    workspace.configure(one_batch | {"quality": quality})
    printed = workspace.snakemake()
    assert "Quality: Oa17 violates comparison_of_rho_atm (1, worst 0.01" in printed
    made = verdict(workspace, "Oa17")
    (differing,) = (check for check in made["checks"] if check["verdict"] == "violated")
    assert (differing["violations"], differing["compared_points"]) == (1, SMALL_POINTS)
    assert not (folder / "results/small/quality/Oa17.violated.json").exists()

    # An earlier LUT that was replaced is compared with again.
    shutil.copy(finished.lut("Oa17", "nc"), folder / "earlier/Oa17.nc")
    assert "Quality: all checks passed" in workspace.snakemake()


def test_an_earlier_lut_that_cannot_be_used_is_refused_by_a_dry_run(workspace: Workspace) -> None:
    earlier = workspace.folder / "earlier.nc"
    for content, said in ((None, "there is no earlier.nc"), ("text", "cannot be read")):
        if content:
            Path(earlier).write_text(content)
        workspace.configure(SMALL | {"quality": {"compare_with": "earlier.nc"}})
        printed = workspace.snakemake("-n", succeeds=False)
        assert "quality.compare_with: " in printed
        assert said in printed
        assert "Traceback" not in printed
