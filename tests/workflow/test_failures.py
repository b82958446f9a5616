"""A failed launch is never a number, and a wrong configuration never runs."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import xarray as xr

from support import PROJECT, SMALL, SMALL_POINTS, Workspace

# By view zenith angle: what the fake 6SV does, the reason that must be given, the status.
FAULTS = {
    10: ("run", "", 0),
    20: ("kill -SEGV $$", "killed by SIGSEGV", 2),
    30: ("echo no licence >&2; exit 3", "exit code 3: no licence", 2),
    40: ("sleep 600 & wait", "did not end within 5 s and was killed", 1),
    50: ("echo hello", "what 6SV printed is no report: 'hello'", 3),
    60: ("run | head -c 8000", "the report stops before", 3),
    70: (
        "run | sed '/total  sca/s/0\\.[0-9]*/*******/'",
        "6SV printed scattering_transmittance_downward as *******",
        4,
    ),
    80: (
        "run | sed '/total  sca/s/0\\.[0-9]*/1.20000/'",
        "scattering_transmittance_downward 1.2 is outside [0, 1]",
        5,
    ),
}


def test_failed_launches_are_named_by_point_and_reason_and_never_become_numbers(
    workspace: Workspace,
) -> None:
    cases = "\n".join(f'*" {angle} 0 1 1"*) {does} ;;' for angle, (does, _, _) in FAULTS.items())
    script = f"""deck=$(cat)
run() {{ printf "%s\\n" "$deck" | "$SIXSV"; }}
case "$deck" in
{cases}
esac"""
    axes = {name: [values[0]] for name, values in SMALL["axes"].items()} | {"thetav": list(FAULTS)}
    config: dict[str, Any] = SMALL | {
        "bands": ["Oa03"],
        "sixsv": {"executable": workspace.executable(script), "timeout": 5, "retries": 0},
        "axes": axes,
        "batch_size": 5,
    }
    workspace.configure(config)
    printed = workspace.snakemake(succeeds=False)

    failed = len(FAULTS) - 1
    assert f"band Oa03: {failed} of {len(FAULTS)} launches failed, 0 allowed" in printed
    assert "point 3 (uo3=0.30, uw=1.5, aot550=0, psurf=1013, alti=0, phi=0, thetas=20" in printed
    for _, reason, _ in FAULTS.values():
        assert reason in printed
    assert not workspace.lut("Oa03").exists()

    workspace.configure(config | {"allowed_failures": failed})
    workspace.snakemake()
    rows = [row.split()[8:] for row in workspace.lut("Oa03").read_text().splitlines()]
    assert all(0 <= float(number) <= 1 for number in rows[0])
    assert rows[1:] == [["nan"] * 5] * failed
    with xr.open_dataset(workspace.lut("Oa03", "nc")) as netcdf:
        statuses = [status for _, _, status in FAULTS.values()]
        assert netcdf["status"].values.ravel().tolist() == statuses
        assert np.isnan(netcdf["rho_atm"].values.ravel()).tolist() == [s > 0 for s in statuses]


def test_failed_launches_are_tried_again_once_their_batches_are_removed(
    workspace: Workspace,
) -> None:
    broken = workspace.folder / "broken"
    broken.touch()
    script = f'[ ! -e {broken} ] || exit 7\necho >> {workspace.folder}/launches\nexec "$SIXSV"'
    workspace.configure(
        SMALL
        | {"bands": ["Oa03"], "sixsv": {"executable": workspace.executable(script), "retries": 0}}
    )
    printed = workspace.snakemake(succeeds=False)
    assert "(cd results/small/batches/Oa03-" in printed

    broken.unlink()
    for path in workspace.folder.glob("results/small/batches/*/*.parquet"):
        path.unlink()
    workspace.snakemake()

    assert workspace.launches() == SMALL_POINTS


def test_every_error_of_a_configuration_is_named_at_once_and_nothing_is_written(
    workspace: Workspace,
) -> None:
    workspace.configure(
        SMALL
        | {
            "batchsize": 8,
            "bands": ["Oa99"],
            "batch_size": 0,
            "sixsv": {"executable": "/nowhere/6sv"},
            "axes": {**SMALL["axes"], "thetas": [95], "uw": []},
        }
    )
    printed = workspace.snakemake("-n", succeeds=False)

    for line in (
        "config/config.yaml has 6 errors:",
        "batchsize: unknown key; did you mean batch_size?",
        "bands: 'Oa99' is not a band of OLCI",
        "batch_size: 0 must be at least 1",
        "sixsv.executable: there is no file /nowhere/6sv",
        "axes.thetas: 95 outside [0, 89) degree",
        "axes.uw: is empty",
    ):
        assert line in printed
    assert not (workspace.folder / "results").exists()


def test_a_response_file_that_does_not_fit_is_refused_when_planning(workspace: Workspace) -> None:
    wavelengths = 0.35 + 0.0025 * np.arange(150)
    table = np.zeros((150, 22))
    table[:, 0] = wavelengths
    path = workspace.folder / "responses.txt"
    np.savetxt(path, table)
    workspace.configure(SMALL | {"spectral_response": str(path)})

    printed = workspace.snakemake("-n", succeeds=False)

    assert f"{path}, band Oa03: no sample is above 0" in printed
    assert f"{path}, band Oa17: " in printed


def test_a_dry_run_plans_and_writes_nothing(workspace: Workspace) -> None:
    printed = workspace.snakemake("-n")

    assert "simulate" in printed
    assert not (workspace.folder / "results").exists()
    assert not (workspace.folder / "store").exists()


def test_a_configuration_file_on_the_command_line_replaces_the_default(
    workspace: Workspace,
) -> None:
    example = str(PROJECT / "config/examples/run6sv.yaml")
    printed = workspace.snakemake("-n", "--configfile", example, "--config", "batch_size=9")

    assert re.search(r"^simulate +6$", printed, re.MULTILINE)


def test_an_executable_that_cannot_start_fails_the_batch_not_every_launch(
    workspace: Workspace,
) -> None:
    path = workspace.folder / "not-a-program"
    path.write_bytes(b"\x7fELF nonsense")
    path.chmod(0o755)
    workspace.configure(SMALL | {"bands": ["Oa03"], "sixsv": {"executable": str(path)}})
    printed = workspace.snakemake(succeeds=False)

    assert "6SV cannot start" in printed
    assert not list(workspace.folder.glob("store/*/*.parquet"))
