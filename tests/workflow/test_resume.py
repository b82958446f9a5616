"""What is done is never done again, and never lost, whatever happens in between."""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from support import SMALL, SMALL_POINTS, Workspace

CORES = 2


def slow_counting(workspace: Workspace) -> str:
    """Make an executable that counts its launches and takes its time, so that kills find work."""
    script = f'echo >> {workspace.folder}/launches\nsleep 0.1\nexec "$SIXSV"'
    return workspace.executable(script)


def wait_until_nothing_runs(workspace: Workspace) -> None:
    """Wait until no process of this workspace is left."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        left = []
        for process in psutil.process_iter():
            try:
                if process.cwd() == str(workspace.folder) and process.pid != os.getpid():
                    left.append(process)
            except psutil.Error:
                continue
        if not left:
            return
        time.sleep(0.1)
    raise AssertionError(f"still running: {left}")


def batch_processes(snakemake: int) -> list[psutil.Process]:
    """Give the processes that run batches for a Snakemake."""
    batches = []
    for process in psutil.Process(snakemake).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if process.cmdline()[-1].endswith("simulate.py"):
                batches.append(process)
    return batches


def test_a_second_run_does_nothing_and_says_so(finished: Workspace) -> None:
    before = {path: path.stat().st_mtime_ns for path in finished.folder.glob("results/small/OUT*")}

    printed = finished.snakemake()

    assert "Nothing to be done" in printed
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_killed_at_random_moments_the_lut_is_the_same_and_next_to_nothing_runs_twice(
    finished: Workspace, workspace: Workspace
) -> None:
    workspace.configure(SMALL | {"sixsv": {"executable": slow_counting(workspace)}})
    rng = random.Random(20261121)
    kills = 0
    for _ in range(4):
        running = workspace.start("--cores", str(CORES))
        launches = workspace.launches() + rng.randint(1, SMALL_POINTS // 3)
        while running.poll() is None and workspace.launches() < launches:
            time.sleep(0.02)
        if running.poll() is not None:
            break
        time.sleep(rng.random())
        # Snakemake alone: its batches must notice that they are on their own.
        running.kill()
        running.wait()
        kills += 1
        wait_until_nothing_runs(workspace)
    workspace.snakemake("--cores", str(CORES))

    assert kills >= 2
    assert workspace.texts() == finished.texts()
    assert workspace.launches() <= 2 * SMALL_POINTS + kills * CORES


def test_a_killed_batch_goes_on_by_itself_where_it_was(
    finished: Workspace, workspace: Workspace
) -> None:
    workspace.configure(
        SMALL | {"sixsv": {"executable": slow_counting(workspace)}, "batch_size": 32}
    )
    running = workspace.start("--cores", str(CORES))
    while workspace.launches() < 20:
        assert running.poll() is None
        time.sleep(0.02)
    batches = batch_processes(running.pid)
    for process in batches:
        process.kill()
    assert running.wait(timeout=120) == 0

    assert batches
    assert workspace.texts() == finished.texts()
    assert workspace.launches() <= 2 * SMALL_POINTS + 2 * CORES


def test_terminate_keeps_what_is_done_and_says_how_to_go_on(workspace: Workspace) -> None:
    workspace.configure(
        SMALL
        | {"sixsv": {"executable": slow_counting(workspace)}, "bands": ["Oa03"], "batch_size": 32}
    )
    running = workspace.start("--cores", "1")
    while workspace.launches() < 5:
        assert running.poll() is None
        time.sleep(0.02)
    for process in batch_processes(running.pid):
        process.send_signal(signal.SIGTERM)
    running.wait(timeout=60)
    printed = (workspace.folder / "output.txt").read_text()

    assert "received SIGTERM" in printed
    assert "Run the same command again to go on from there" in printed
    workspace.snakemake("--cores", "1")
    assert workspace.launches() <= SMALL_POINTS + 1


def test_a_changed_axis_value_computes_the_new_points_only(workspace: Workspace) -> None:
    config = SMALL | {
        "sixsv": {"executable": workspace.counting_executable()},
        "bands": ["Oa03"],
    }
    workspace.configure(config)
    workspace.snakemake()
    first = workspace.lut("Oa03").read_bytes()
    assert workspace.launches() == SMALL_POINTS

    axes = {**SMALL["axes"], "thetav": [10, 45]}
    workspace.configure(config | {"axes": axes, "batch_size": 12})
    workspace.snakemake()
    assert workspace.launches() == SMALL_POINTS + SMALL_POINTS // 2

    workspace.configure(config)
    workspace.snakemake()
    assert workspace.launches() == SMALL_POINTS + SMALL_POINTS // 2
    assert workspace.lut("Oa03").read_bytes() == first


def test_another_band_leaves_the_others_alone(workspace: Workspace) -> None:
    config = SMALL | {"sixsv": {"executable": workspace.counting_executable()}}
    workspace.configure(config | {"bands": ["Oa03"]})
    workspace.snakemake()
    before = workspace.lut("Oa03").read_bytes()
    workspace.configure(config | {"bands": ["Oa03", 865]})

    planned = workspace.snakemake("-n")
    workspace.snakemake()

    assert re.search(r"simulate +4\b", planned)
    assert workspace.launches() == 2 * SMALL_POINTS
    assert workspace.lut("Oa03").read_bytes() == before


def test_another_spelling_of_a_value_changes_the_text_and_launches_nothing(
    workspace: Workspace,
) -> None:
    config = SMALL | {"sixsv": {"executable": workspace.counting_executable()}, "bands": ["Oa03"]}
    workspace.configure(config)
    workspace.snakemake()
    workspace.configure(config | {"axes": {**SMALL["axes"], "uo3": ["0.3000"]}})
    workspace.snakemake()

    assert workspace.launches() == SMALL_POINTS
    assert b" 0.3000 " in workspace.lut("Oa03").read_bytes()


def test_another_extra_output_launches_nothing(workspace: Workspace) -> None:
    config = SMALL | {"sixsv": {"executable": workspace.counting_executable()}, "bands": ["Oa03"]}
    workspace.configure(config)
    workspace.snakemake()
    workspace.configure(config | {"extra_outputs": ["spherical_albedo_rayleigh"]})
    workspace.snakemake()

    assert workspace.launches() == SMALL_POINTS


def test_edited_code_runs_nothing_again(workspace: Workspace) -> None:
    workspace.configure(SMALL | {"bands": ["Oa03"]})
    workspace.snakemake()
    for path in (workspace.folder / "workflow").rglob("*.py"):
        path.write_text(path.read_text() + "\n# edited\n")
    rules = workspace.folder / "workflow/rules/simulate.smk"
    rules.write_text(rules.read_text().replace("threads: 1", "threads: 2"))

    assert "Nothing to be done" in workspace.snakemake("-n")


def test_lost_outputs_come_back_from_the_store_without_a_launch(
    finished: Workspace, workspace: Workspace
) -> None:
    workspace.configure(SMALL | {"sixsv": {"executable": workspace.counting_executable()}})
    workspace.snakemake()
    shutil.rmtree(workspace.folder / "results")
    shutil.rmtree(workspace.folder / ".snakemake")
    workspace.snakemake()

    assert workspace.texts() == finished.texts()
    assert workspace.launches() == 2 * SMALL_POINTS


def test_another_executable_makes_other_results_and_keeps_the_old(workspace: Workspace) -> None:
    workspace.configure(SMALL | {"bands": ["Oa03"]})
    workspace.snakemake()
    workspace.configure(SMALL | {"bands": ["Oa03"], "sixsv": {"executable": "1.1"}})
    workspace.snakemake()

    assert len(list((workspace.folder / "store").iterdir())) == 2


def test_an_executable_that_is_rebuilt_the_same_changes_nothing_and_another_one_does(
    workspace: Workspace,
) -> None:
    executable = Path(workspace.counting_executable())
    workspace.configure(SMALL | {"bands": ["Oa03"], "sixsv": {"executable": str(executable)}})
    workspace.snakemake()
    executable.write_text(executable.read_text())
    assert "Nothing to be done" in workspace.snakemake("-n")

    executable.write_text(executable.read_text() + "\n")
    assert re.search(r"simulate +4\b", workspace.snakemake("-n"))


@pytest.mark.parametrize("damage", ["cut off", "one bit of the footer"])
def test_a_damaged_batch_is_named_with_the_command_that_repairs_it(
    finished: Workspace, workspace: Workspace, damage: str
) -> None:
    workspace.configure(SMALL | {"sixsv": {"executable": workspace.counting_executable()}})
    workspace.snakemake()
    damaged = sorted(workspace.folder.glob("results/small/batches/Oa03-*/*.parquet"))[1]
    # The same file as in the store.
    if damage == "cut off":
        os.truncate(damaged, damaged.stat().st_size - 100)
    else:
        with damaged.open("r+b") as file:
            content = file.read()
            at = content.rindex(b"spherical_albedo_total")
            file.seek(at)
            file.write(bytes([content[at] ^ 1]))
    workspace.lut("Oa03").unlink()

    printed = workspace.snakemake(succeeds=False)
    repair = re.search(r"^ +(rm -f \S+)$", printed, re.MULTILINE)
    assert repair, printed
    assert damaged.name in repair.group(1)

    subprocess.run(repair.group(1), shell=True, cwd=workspace.folder, check=True)
    workspace.snakemake()
    assert workspace.texts() == finished.texts()
    assert workspace.launches() == 2 * SMALL_POINTS + 8
    assert list(workspace.folder.glob("store/*/*.damaged-*"))


def test_two_runs_of_a_campaign_at_a_time_are_refused(workspace: Workspace) -> None:
    workspace.configure(SMALL | {"sixsv": {"executable": slow_counting(workspace)}})
    running = workspace.start("--cores", "1")
    while not workspace.launches():
        assert running.poll() is None
        time.sleep(0.05)

    printed = workspace.snakemake(succeeds=False)
    running.send_signal(signal.SIGINT)
    running.wait(timeout=60)

    assert "another Snakemake runs this campaign already" in printed
    assert str(running.pid) in printed


def test_a_refused_run_keeps_the_folders_in_which_jobs_of_the_other_will_write_their_logs(
    workspace: Workspace,
) -> None:
    folder_of_a_log = workspace.folder / "logs/slurm/group_Oa03-0123456789ab-00000_simulate"
    folder_of_a_log.mkdir(parents=True)
    results = workspace.folder / "results/small"
    results.mkdir(parents=True)
    on_slurm = ("--profile", str(workspace.folder / "profiles/slurm"))
    with (results / ".running").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        printed = workspace.snakemake(*on_slurm, succeeds=False)

    assert "another Snakemake runs this campaign already" in printed
    assert folder_of_a_log.exists()


@pytest.mark.skipif(os.getuid() != 0, reason="mounting a small file system needs root")
def test_a_full_disk_is_explained_and_loses_nothing(
    finished: Workspace, workspace: Workspace
) -> None:
    store = workspace.folder / "store"
    store.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(store)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine mounts no file systems")
    try:
        workspace.configure(
            SMALL | {"sixsv": {"executable": workspace.counting_executable()}, "batch_size": 32}
        )
        printed = workspace.snakemake("--cores", "1", succeeds=False)
        assert re.search(r"Error: store/\S+: No space left on device: the file system of", printed)
        assert "Make room there, then run the same command again" in printed
        launched = workspace.launches()
        subprocess.run(["mount", "-o", "remount,size=16m", str(store)], check=True)
        workspace.snakemake("--cores", "1")

        assert workspace.texts() == finished.texts()
        # At each of the failed batches, the launch that found no room; no other.
        assert launched < 2 * SMALL_POINTS
        assert workspace.launches() <= 2 * SMALL_POINTS + 4
    finally:
        subprocess.run(["umount", str(store)], check=True)


def test_folders_that_cannot_be_made_are_named_before_anything_runs(workspace: Workspace) -> None:
    (workspace.folder / "results").write_text("a file where a folder should be")
    (workspace.folder / "store").symlink_to("/proc/nowhere")
    printed = workspace.snakemake(succeeds=False)

    assert "results: 'results' is a file, not a folder" in printed
    assert "store: 'store' is a link to nothing" in printed


@pytest.mark.skipif(os.getuid() != 0, reason="mounting a small file system needs root")
def test_a_full_disk_under_the_results_is_named_and_nothing_is_left_of_the_tables(
    finished: Workspace, workspace: Workspace
) -> None:
    results = workspace.folder / "results"
    results.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(results)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine mounts no file systems")
    try:
        workspace.snakemake("--until", "simulate")
        room = os.statvfs(results)
        filler = results / "filler"
        filler.write_bytes(bytes(room.f_bavail * room.f_frsize - 40_000))
        printed = workspace.snakemake(succeeds=False)
        assert re.search(
            r"Error: results/small/OUTLUT_S3A_OLCI_Oa\d\d.nc: No space left on device: the file "
            r"system of \S+results/small",
            printed,
        ), printed
        assert "Traceback" not in printed
        assert not list(results.glob("small/.OUTLUT*"))
        filler.unlink()
        workspace.snakemake()

        assert workspace.texts() == finished.texts()
    finally:
        subprocess.run(["umount", "-l", str(results)], check=True)


@pytest.mark.skipif(os.getuid() != 0, reason="mounting a file system needs root")
def test_a_campaign_without_launches_works_with_a_store_that_may_only_be_read(
    finished: Workspace, workspace: Workspace
) -> None:
    store = workspace.folder / "store"
    store.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(store)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine mounts no file systems")
    try:
        workspace.snakemake()
        subprocess.run(["mount", "-o", "remount,ro", str(store)], check=True)
        for size in (8, 12):
            shutil.rmtree(workspace.folder / "results")
            workspace.configure(SMALL | {"batch_size": size})
            workspace.snakemake()
            assert workspace.texts() == finished.texts()

        workspace.configure(SMALL | {"axes": {**SMALL["axes"], "thetav": [10, 45]}})
        printed = workspace.snakemake("-n", succeeds=False)
        assert f"store cannot be written and lacks {SMALL_POINTS} launches" in printed
    finally:
        subprocess.run(["umount", "-l", str(store)], check=True)
