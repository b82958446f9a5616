"""A campaign through real qsub, qstat, qdel: of Debian's slurm-wlm-torque, on a private SLURM.

    tests/cluster/private_slurm.sh isolated python -m pytest tests/cluster -m pbs

They speak the dialect of Torque, and only part of it. There is no qselect, no job history, no exit
status, no comment, no substate, one refusal code for everything, one -l; qdel kills at once. What
PBS does differently is replayed in test_pbs_replay.py.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sixsv_lut.cluster.records import COMPLETED, STOPPED, Job, Records

ROOT = Path(__file__).parents[2]
COMMANDS = ("qsub", "qstat", "qdel")
POLL = 2.0

pytestmark = [
    pytest.mark.pbs,
    pytest.mark.skipif(
        "slurm-private" not in os.environ.get("SLURM_CONF", "") or not shutil.which("qsub"),
        reason="runs inside tests/cluster/private_slurm.sh isolated",
    ),
]

CONFIGURATION = """\
campaign: small
sixsv: {executable: "2.1"}
satellite: S3A
instrument: OLCI
bands: [Oa03]
aerosol: {model: 0}
axes:
  uo3: [0.25]
  uw: [0.5, 3.0]
  aot550: [0]
  psurf: [950, 1013]
  alti: [0, 0.5]
  phi: [0, 90]
  thetas: [20, 50]
  thetav: [10, 40]
batch_size: 8
pictures: false
"""
POINTS = 64
BATCH = 8
LUT = "results/small/OUTLUT_S3A_OLCI_Oa03"


class Run:
    """A working folder, and Snakemake in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "config.yaml").write_text(CONFIGURATION)
        self.records = Records(folder / "results/small/cluster")
        self.calls = folder / "calls"
        bin_folder = folder / "bin"
        bin_folder.mkdir()
        for name in COMMANDS:
            path = bin_folder / name
            path.write_text(
                f'#!/bin/sh\necho {name} >>"{self.calls}"\nexec "{shutil.which(name)}" "$@"\n'
            )
            path.chmod(0o755)
        self.environment = {
            **os.environ,
            "PATH": f"{bin_folder}:{os.environ['PATH']}",
            "LUT_PBS_POLL": str(POLL),
            "LUT_PBS_WAIT_FIRST": "0.5",
            "LUT_PBS_WAIT_LONGEST": "1",
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.output = folder / "output"

    def start(self, *options: str, profile: str = "pbs") -> None:
        cluster = [
            *("--group-components", "simulate=4", "--cores", "2", "--set-threads", "simulate=2"),
            *("--seconds-between-status-checks", "1", "--latency-wait", "5"),
            *("--max-jobs-per-timespan", "5/1s"),
        ]
        with self.output.open("ab") as file:
            # A process that a script starts in the background may have been told to ignore SIGINT.
            self.process = subprocess.Popen(
                [
                    *("env", "--default-signal=INT", sys.executable, "-m", "snakemake"),
                    *("--snakefile", ROOT / "Snakefile", "--configfile", "config.yaml"),
                    *("--profile", ROOT / "profiles" / profile),
                    *(cluster if profile == "pbs" else []),
                    *options,
                ],
                cwd=self.folder,
                env=self.environment,
                stdout=file,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )

    def wait(self, seconds: float = 240) -> int:
        assert self.process is not None
        return self.process.wait(seconds)

    def finish(self, *options: str, profile: str = "pbs") -> None:
        self.start(*options, profile=profile)
        assert self.wait() == 0, self.text()

    def text(self) -> str:
        return self.output.read_text()

    def count(self, command: str) -> int:
        return self.calls.read_text().split().count(command) if self.calls.exists() else 0

    def lut(self) -> bytes:
        # The NetCDF file tells when and by what command it was made, besides.
        return (self.folder / f"{LUT}.csv").read_bytes()

    def launches(self) -> int:
        return int(json.loads((self.folder / f"{LUT}.json").read_text())["launches"])

    def failures(self) -> list[Job]:
        ended = (job for job in self.records.jobs().values() if job.state)
        return [job for job in ended if job.state not in (COMPLETED, STOPPED)]

    def in_queue(self, states: str = "PD,R,CG") -> list[str]:
        done = subprocess.run(
            ["squeue", "-h", "-o", "%A", "-t", states], capture_output=True, text=True, check=False
        )
        return done.stdout.split()

    def is_under_way(self) -> bool:
        """Tell whether a batch is done; three more are in the same job."""
        return any(self.folder.glob("store/**/*.parquet"))

    def until(self, done: Callable[[], object], seconds: float = 120) -> None:
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, f"waited in vain\n{self.text()}"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    run = Run(tmp_path_factory.mktemp("local") / "work")
    run.finish(profile="local")
    return run.lut()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    run = Run(tmp_path / "work")
    yield run
    if run.process is not None and run.process.poll() is None:
        run.process.kill()
    with contextlib.suppress(FileNotFoundError):
        subprocess.run(["scancel", *run.in_queue()], check=False, stderr=subprocess.DEVNULL)
    run.until(lambda: not run.in_queue())


def test_campaign(run: Run, local: bytes) -> None:
    began = time.monotonic()
    run.finish()
    elapsed = time.monotonic() - began
    assert run.lut() == local
    assert run.launches() == POINTS
    # Two groups of batches, and the LUT.
    assert run.count("qsub") == 3
    # One query for all jobs each poll; single jobs are asked for only when something is amiss.
    assert run.count("qstat") <= elapsed / POLL + 2
    assert not run.failures()
    files = [path for path in run.records.folder.rglob("*") if path.is_file()]
    assert len(files) <= 3 * 2 + 8


def test_job_deleted_by_hand(run: Run, local: bytes) -> None:
    run.start()
    run.until(run.is_under_way)
    deleted = run.in_queue("R")[0]
    subprocess.run(["qdel", deleted], check=True)
    assert run.wait() == 0, run.text()
    assert run.lut() == local
    assert run.launches() <= POINTS + BATCH
    assert [failure.identifier for failure in run.failures()] == [deleted]
    assert "deleted" in run.failures()[0].reason


def test_killed_main_process_finds_its_jobs(run: Run, local: bytes) -> None:
    run.start()
    run.until(lambda: run.count("qsub") == 2 and run.is_under_way())
    assert run.process is not None
    run.process.kill()
    run.process.wait()
    before = run.in_queue()
    assert before
    # So that they are not done before the next run looks for them.
    for job in before:
        subprocess.run(["scontrol", "suspend", job], check=False)
    run.start()
    run.until(lambda: "does this already" in run.text())
    for job in before:
        subprocess.run(["scontrol", "resume", job], check=False)
    assert run.wait() == 0, run.text()
    assert run.lut() == local
    assert run.launches() == POINTS
    assert run.count("qsub") == 3


def test_interrupt_leaves_no_job(run: Run, local: bytes) -> None:
    run.start()
    run.until(lambda: run.count("qsub") == 2 and run.is_under_way())
    assert run.process is not None
    run.process.send_signal(signal.SIGINT)
    assert run.wait(60) != 0
    run.until(lambda: not run.in_queue(), 30)
    run.finish()
    assert run.lut() == local
    assert run.launches() <= POINTS + 2 * BATCH


def test_a_probe_measures_in_one_job_what_the_plan_then_says(run: Run) -> None:
    run.finish("probe")
    assert run.count("qsub") == 1
    (path,) = (run.folder / "store/probes").rglob("*.json")
    probe = json.loads(path.read_text())
    # As many launches at a time as a job of the campaign runs.
    assert (probe["launches"], probe["failed"], probe["at_a_time"]) == (32, 0, 2)
    run.finish("plan")
    assert run.count("qsub") == 1
    plan = json.loads((run.folder / "results/small/plan.json").read_text())
    assert plan["bands"][0]["seconds_per_launch"] == probe["mean_seconds"]
    assert plan["cluster_jobs"] == 2
