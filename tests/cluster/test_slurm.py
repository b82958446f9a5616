"""The SLURM profile on a real SLURM, with faults; run by tests/cluster/private_slurm.sh.

Five campaigns run at the same time on one private cluster, each with faults of its own, and the
outage of slurmctld hits them all. Every one must end with the LUT that this machine alone makes,
and must run no launch twice that was flushed before the fault.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from threading import Event

import numpy as np
import pytest
import xarray as xr
import yaml

from sixsv_lut.cluster.records import Job, Records, campaign_tag
from sixsv_lut.simulate.batch import FLUSH_SECONDS
from sixsv_lut.sixsv.executable import find_executable
from sixsv_lut.sixsv.report import Status

pytestmark = pytest.mark.slurm

REPOSITORY = Path(__file__).resolve().parents[2]
PRIVATE_SLURM = REPOSITORY / "tests" / "cluster" / "private_slurm.sh"
SNAKEMAKE = Path(sys.executable).with_name("snakemake")

# 96 launches of one band in 6 batches, quick ones: without aerosol.
SMALL = {
    "sixsv": {"executable": "2.1"},
    "satellite": "S3A",
    "instrument": "OLCI",
    "bands": ["Oa03"],
    "aerosol": {"model": 0},
    "axes": {
        "uo3": [0.25, 0.30, 0.35],
        "uw": [0.5, 3.0],
        "aot550": [0],
        "psurf": [950, 1013],
        "alti": [0],
        "phi": [0, 90],
        "thetas": [20, 50],
        "thetav": [10, 40],
    },
    "batch_size": 16,
    "formats": ["text"],
}

# Some 3,340 launches of 3,528 points: the hold-out points alone are 2,996.
REDUCED = {
    **SMALL,
    "bands": ["Oa20"],
    "axes": {
        "uo3": [0.3],
        "uw": [0.5, 2.5, 4, 6],
        "aot550": [0],
        "psurf": [700, 770, 840, 900, 950, 1000, 1050],
        "alti": [0, 1, 3],
        "phi": {"start": 0, "stop": 180, "step": 9},
        "thetas": [20],
        "thetav": [10, 40],
    },
    "launches": "reduced",
    "batch_size": 1700,
    "formats": ["text", "netcdf"],
}

# The partition in which no node dies.
QUIET = ("--default-resources", "slurm_partition=quiet")


def wait_until(true: Callable[[], object], seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.1)


def slurm(*command: str) -> str:
    """Ask SLURM, again while it does not answer: another campaign may have its fault."""
    end = time.monotonic() + 120
    while True:
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        if answer.returncode == 0 or time.monotonic() > end:
            assert answer.returncode == 0, answer.stderr
            return answer.stdout
        time.sleep(0.5)


def fault(*arguments: str) -> float:
    """Make a fault of the cluster, and tell when."""
    subprocess.run([PRIVATE_SLURM, *arguments], check=True)
    return time.time()


@dataclass
class Run:
    """A campaign in a folder of its own, with a 6SV that notes what it is launched for."""

    folder: Path
    configuration: dict[str, object]
    seconds: float = 0.0  # added to every launch, without CPU
    options: tuple[str, ...] = ()
    faults: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        real = find_executable(str(self.configuration["sixsv"]["executable"]))
        wrapper = self.folder / "sixsv"
        wrapper.write_text(
            "#!/bin/bash\n"
            "deck=$(cat)\n"
            f"sleep {self.seconds}\n"
            f'report=$({real} <<<"$deck") || exit\n'
            "printf '%s\\n' \"$report\"\n"
            f'echo "$(md5sum <<<"$deck") $EPOCHREALTIME" >>{self.folder}/launches\n'
        )
        wrapper.chmod(0o755)
        sixsv = {**self.configuration["sixsv"], "executable": str(wrapper)}
        own = {"sixsv": sixsv, "campaign": self.folder.name, "pictures": False}
        merged = {**self.configuration, **own}
        (self.folder / "config.yaml").write_text(yaml.safe_dump(merged))
        # Every call of a command of SLURM is noted on its way to the real one.
        commands = self.folder / "counted"
        commands.mkdir()
        for name in ("sbatch", "squeue", "sacct", "scontrol", "sacctmgr", "scancel", "sinfo"):
            command = commands / name
            command.write_text(
                "#!/bin/bash\n"
                f'echo "{name} $EPOCHREALTIME" >>{self.folder}/calls\n'
                f'exec {shutil.which(name)} "$@"\n'
            )
            command.chmod(0o755)

    def start(self, *options: str) -> subprocess.Popen[bytes]:
        log = (self.folder / "snakemake.log").open("ab")
        return subprocess.Popen(
            [
                *("env", "--default-signal=INT", SNAKEMAKE),
                *("--snakefile", REPOSITORY / "Snakefile"),
                *("--directory", self.folder),
                *("--configfile", self.folder / "config.yaml"),
                *("--profile", REPOSITORY / "profiles" / "slurm"),
                *("--cores", "2", "--set-threads", "simulate=2"),
                *("--group-components", "simulate=3"),
                *("--slurm-init-seconds-before-status-checks", "2"),
                *("--latency-wait", "10"),
                *self.options,
                *options,
            ],
            cwd=self.folder,
            env={
                **os.environ,
                "PATH": f"{self.folder}/counted:{os.environ['PATH']}",
                "SIXSV_LUT_FIRST_WAIT": "2",
                "SIXSV_LUT_VANISHED": "20",
            },
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def finish(self, process: subprocess.Popen[bytes], seconds: float = 500) -> int:
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            pytest.fail(f"Snakemake was not done after {seconds} s:\n{self.log()[-3000:]}")

    def log(self) -> str:
        return (self.folder / "snakemake.log").read_text()

    def luts(self) -> dict[str, bytes]:
        results = self.folder / "results" / self.folder.name
        return {path.name: path.read_bytes() for path in results.glob("OUTLUT_*.csv")}

    def jobs(self, *states: str) -> list[str]:
        """Give the campaign's jobs in SLURM."""
        answer = slurm("squeue", "-h", "-o", "%i %j", f"--states={','.join(states) or 'all'}")
        rows = [line.split() for line in answer.splitlines()]
        folder = self.folder / "results" / self.folder.name
        return [job for job, name in rows if name == campaign_tag(folder)]

    def node_of(self, job: str) -> str:
        return slurm("squeue", "-h", "-j", job, "-o", "%N").strip()

    def launches(self) -> list[tuple[str, float]]:
        """Give the deck and the end of every launch, in the order of the ends."""
        file = self.folder / "launches"
        lines = file.read_text().splitlines() if file.exists() else []
        return [(line.split()[0], float(line.split()[-1])) for line in lines]

    def wait_for_launches(self, number: int, seconds: float = 90) -> None:
        wait_until(lambda: len(self.launches()) >= number, seconds, f"{number} launches")

    def calls(self, command: str) -> list[float]:
        lines = (self.folder / "calls").read_text().splitlines()
        return [float(line.split()[1]) for line in lines if line.split()[0] == command]

    def records(self) -> Path:
        return self.folder / "results" / self.folder.name / "cluster"

    def submitted(self) -> list[dict[str, object]]:
        """Give each job as it was submitted, and once more where a later run found it again."""
        lines = (self.records() / "jobs.jsonl").read_text().splitlines()
        known = [line for line in map(json.loads, lines) if line["identifier"]]
        waited_for = {(line["name"], line["run"]): line for line in reversed(known)}
        return sorted(waited_for.values(), key=known.index)

    def ended(self) -> list[Job]:
        return [job for job in Records(self.records()).jobs().values() if job.state]

    def assert_nothing_flushed_ran_twice(self) -> None:
        ends: dict[str, list[float]] = defaultdict(list)
        for deck, end in self.launches():
            ends[deck].append(end)
        # Flushed every few seconds; some more for the fault to take effect on a busy machine.
        for times in ends.values():
            for end in times[:-1]:
                near = [fault for fault in self.faults if -5 < fault - end < FLUSH_SECONDS + 5]
                assert near, f"a launch that ended at {end} ran again; faults {self.faults}"


def alone(folder: Path, configuration: dict[str, object]) -> dict[str, bytes]:
    """Make the LUTs of a campaign on this machine, without SLURM."""
    folder.mkdir()
    own = {"campaign": "alone", "pictures": False}
    (folder / "config.yaml").write_text(yaml.safe_dump({**configuration, **own}))
    subprocess.run(
        [
            *(SNAKEMAKE, "--snakefile", REPOSITORY / "Snakefile", "--directory", folder),
            *("--configfile", folder / "config.yaml"),
            *("--profile", REPOSITORY / "profiles" / "local"),
        ],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return {path.name: path.read_bytes() for path in folder.glob("results/alone/OUTLUT_*.csv")}


# ---------------------------------------------------------------- the campaigns


def default_campaign(folder: Path, others: Sequence[Event]) -> Run:
    """The default campaign: a node dies, a job is cancelled by hand, slurmctld is down."""
    configuration = yaml.safe_load((REPOSITORY / "config" / "config.yaml").read_text())
    run = Run(folder, configuration, options=("--group-components", "simulate=4"))
    process = run.start()
    run.wait_for_launches(40)
    dying, cancelled = run.jobs("RUNNING")[:2]
    node = run.node_of(dying)
    run.faults.append(fault("killnode", node))
    slurm("scancel", cancelled)
    run.faults.append(time.time())
    wait_until(lambda: dying not in run.jobs("RUNNING"), 60, "SLURM to miss the node")
    fault("startnode", node)
    for other in others:
        other.wait(200)
    run.wait_for_launches(160, 300)
    fault("killctld")
    # Longer than any command of SLURM waits, and through starts and ends of batches.
    messages = folder / "results" / folder.name / "cluster" / "messages.log"
    wait_until(
        lambda: messages.exists() and "does not answer" in messages.read_text(), 60, "a message"
    )
    run.wait_for_launches(220, 120)
    fault("startctld")
    assert run.finish(process) == 0, run.log()[-3000:]
    return run


def walltime_campaign(folder: Path) -> Run:
    """A batch that takes longer than the walltime of its first attempt."""
    sixsv = {**SMALL["sixsv"], "seconds_per_launch": 0.1}
    configuration = {**SMALL, "sixsv": sixsv, "batch_size": 96}
    run = Run(folder, configuration, seconds=1.2, options=QUIET)
    process = run.start()
    wait_until(lambda: len(_submissions(run)) >= 2, 200, "a second submission")
    run.faults.append(time.time())
    assert run.finish(process) == 0, run.log()[-3000:]
    return run


def _submissions(run: Run) -> list[dict[str, object]]:
    try:
        return run.submitted()
    except OSError:
        return []


def killed_campaign(folder: Path, done: Event) -> Run:
    """Snakemake is killed while jobs run and others are queued, and started again."""
    # There is one such licence, so that the second job stays in the queue.
    options = ("--default-resources", "slurm_extra='--licenses=one'")
    options += ("--resources", "serial_batches=1", "submissions_per_minute=12")
    run = Run(folder, SMALL, seconds=1, options=options)
    process = run.start()
    run.wait_for_launches(10)
    wait_until(lambda: len(run.jobs("PENDING")) == 1, 30, "a job in the queue")
    process.kill()
    process.wait()
    before = set(run.jobs())
    assert len(before) == 2
    done.set()
    process = run.start()
    assert run.finish(process) == 0, run.log()[-3000:]
    return run


def interrupted_campaign(folder: Path, done: Event) -> Run:
    """Ctrl-C, then the same command again."""
    run = Run(folder, SMALL, seconds=1, options=QUIET)
    process = run.start()
    run.wait_for_launches(10)
    run.faults.append(time.time())
    process.send_signal(signal.SIGINT)
    assert run.finish(process) == 1
    alive = run.jobs("PENDING", "RUNNING")
    done.set()
    assert not alive, f"{alive} are left after Ctrl-C"
    process = run.start()
    assert run.finish(process) == 0, run.log()[-3000:]
    return run


def reduced_campaign(folder: Path) -> tuple[Run, Path]:
    """Reduced launches: a job is killed; then the same campaign on this machine alone."""
    run = Run(folder, REDUCED, options=(*QUIET, "--group-components", "simulate=1"))
    process = run.start()
    run.wait_for_launches(300, 300)
    slurm("scancel", "--signal=KILL", "--full", run.jobs("RUNNING")[0])
    run.faults.append(time.time())
    assert run.finish(process) == 0, run.log()[-3000:]
    launches = (run.folder / "launches").rename(run.folder / "launches-of-jobs")
    # The same executable, because what is drawn at random depends on it.
    sixsv = {**REDUCED["sixsv"], "executable": str(run.folder / "sixsv")}
    alone(run.folder / "alone", {**REDUCED, "sixsv": sixsv})
    launches.rename(run.folder / "launches")
    return run, run.folder / "alone/results/alone"


@dataclass
class Campaigns:
    default: Run
    walltime: Run
    killed: Run
    interrupted: Run
    reduced: tuple[Run, Path]
    alone: dict[str, dict[str, bytes]]


@pytest.fixture(scope="module")
def campaigns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaigns]:
    if shutil.which("squeue") is None or "slurm-private" not in os.environ.get("SLURM_CONF", ""):
        pytest.skip(f"no private SLURM: run {PRIVATE_SLURM} isolated pytest -m slurm tests/cluster")
    folder = tmp_path_factory.mktemp("slurm")
    events = killed_done, interrupted_done = Event(), Event()
    default_configuration = yaml.safe_load((REPOSITORY / "config/config.yaml").read_text())
    with ThreadPoolExecutor() as pool:
        default = pool.submit(default_campaign, folder / "default", events)
        walltime = pool.submit(walltime_campaign, folder / "walltime")
        killed = pool.submit(killed_campaign, folder / "killed", killed_done)
        interrupted = pool.submit(interrupted_campaign, folder / "interrupted", interrupted_done)
        reduced = pool.submit(reduced_campaign, folder / "reduced")
        small = pool.submit(alone, folder / "small", {**SMALL, "batch_size": 96})
        reference = {"default": alone(folder / "reference", default_configuration)}
        reference["small"] = small.result()
        yield Campaigns(
            default.result(),
            walltime.result(),
            killed.result(),
            interrupted.result(),
            reduced.result(),
            reference,
        )


def test_default_campaign_gives_the_lut_of_one_machine(campaigns: Campaigns) -> None:
    """A dead node, a cancelled job and an outage of slurmctld leave no trace in the LUT."""
    run = campaigns.default
    assert run.luts() == campaigns.alone["default"]
    assert len(run.luts()) == 2
    run.assert_nothing_flushed_ran_twice()


def test_walltime_shorter_than_a_batch(campaigns: Campaigns) -> None:
    """A batch that is killed at its walltime goes on where it was, with more time."""
    run = campaigns.walltime
    assert run.luts() == campaigns.alone["small"]
    run.assert_nothing_flushed_ran_twice()
    first, second = (line for line in run.submitted() if "simulate" in str(line["members"]))
    assert "TIMEOUT" in [job.state for job in run.ended()]
    assert first["members"] == second["members"]


def test_killed_snakemake_finds_its_jobs_again(campaigns: Campaigns) -> None:
    """Running and queued jobs are waited for, none is submitted twice, no launch runs twice."""
    run = campaigns.killed
    assert run.luts() == campaigns.alone["small"]
    assert len(run.launches()) == 96
    simulate = [line for line in run.submitted() if "simulate" in str(line["members"])]
    first, second = dict.fromkeys(line["run"] for line in simulate)
    assert [line["run"] for line in simulate] == [first, first, second, second]
    assert len({line["identifier"] for line in simulate}) == 2


def test_ctrl_c_cancels_and_the_next_run_goes_on(campaigns: Campaigns) -> None:
    """After Ctrl-C no job is left, and nothing that was flushed runs again."""
    run = campaigns.interrupted
    assert run.luts() == campaigns.alone["small"]
    run.assert_nothing_flushed_ran_twice()


def test_reduced_launches_give_the_lut_of_one_machine(campaigns: Campaigns) -> None:
    """After a kill the same points are launched, and the others get the same values and status."""
    run, alone = campaigns.reduced
    name = "OUTLUT_S3A_OLCI_Oa20"
    assert run.luts() == {f"{name}.csv": (alone / f"{name}.csv").read_bytes()}
    with (
        xr.open_dataset(run.folder / f"results/reduced/{name}.nc") as made,
        xr.open_dataset(alone / f"{name}.nc") as expected,
    ):
        assert made.drop_attrs().identical(expected.drop_attrs())
        assert set(np.unique(made.status)) == {Status.OK, Status.DERIVED}
        launched = int((made.status == Status.OK).sum())
    assert len({deck for deck, _ in run.launches()}) == launched
    assert any(job.state != "COMPLETED" for job in run.ended())
    run.assert_nothing_flushed_ran_twice()


def test_load_on_slurm_is_bounded(campaigns: Campaigns) -> None:
    """One query a poll for all jobs, one submission a job, nothing else."""
    for run in (campaigns.default, campaigns.killed):
        queries = run.calls("squeue")
        seconds = queries[-1] - queries[0]
        # The test asks after 2 s, then 12, 22 ...; starts, ends and refusals ask once more.
        assert len(queries) <= 15 + seconds / 8
        for command in ("sacct", "scontrol", "sacctmgr", "sinfo"):
            assert len(run.calls(command)) <= 6, command
    default = campaigns.default
    answered = {line["identifier"] for line in default.submitted()}
    assert len(default.calls("sbatch")) <= len(answered) + 10


def test_logs_are_few_and_of_failures(campaigns: Campaigns) -> None:
    """A job has one log, and what succeeded leaves none."""
    run = campaigns.default
    logs = list((run.folder / "logs" / "slurm").rglob("*.log"))
    failed = [job.identifier for job in run.ended() if job.state != "COMPLETED"]
    assert {log.stem for log in logs} == set(failed)
    assert not list((run.folder / "results/default/cluster/exit").iterdir())


def test_submissions_are_as_far_apart_as_the_profile_says(campaigns: Campaigns) -> None:
    """12 submissions a minute: never two within 5 s, also where jobs could be had at once."""
    times = campaigns.killed.calls("sbatch")
    assert len(times) >= 2
    assert min(after - before for before, after in pairwise(times)) > 4.5
