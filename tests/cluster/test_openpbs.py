"""Campaigns under faults on a real OpenPBS with two hosts.

    tests/cluster/private_openpbs.sh isolated python -m pytest tests/cluster/test_openpbs.py

Each case runs real 6SV through real PBS, compares the LUT byte for byte with that of a local run,
and counts how many launches were run to their end more often than once. A job is held in its work,
where a fault needs one that runs, by a file that the executable waits for.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from sixsv_lut.cluster.records import COMPLETED, STOPPED, Job, Records
from sixsv_lut.sixsv.executable import find_executable, launch_environment
from sixsv_lut.sixsv.report import Status

ROOT = Path(__file__).parents[2]
TOOL = Path(__file__).with_name("private_openpbs.sh")
SERVER = Path(os.environ.get("PRIVATE_OPENPBS", "/nonexistent"))
POLL = 2.0

pytestmark = [
    pytest.mark.openpbs,
    pytest.mark.skipif(
        not SERVER.is_dir(), reason="runs inside tests/cluster/private_openpbs.sh isolated"
    ),
]

CONFIGURATION = """\
campaign: small
sixsv: {{executable: {executable}, timeout: 600}}
satellite: S3A
instrument: OLCI
bands: [Oa03]
aerosol: {{model: 0}}
axes:
  uo3: [0.25]
  uw: {uw}
  aot550: [0]
  psurf: [950, 1013]
  alti: [0, 0.5]
  phi: [0, 90]
  thetas: [20, 50]
  thetav: [10, 40]
batch_size: {batch_size}
pictures: false
"""
# Some 3,340 launches of 3,528 points: the hold-out points alone are 2,996.
REDUCED = """\
campaign: small
sixsv: {{executable: {executable}, timeout: 600}}
satellite: S3A
instrument: OLCI
bands: [Oa20]
aerosol: {{model: 0}}
axes:
  uo3: [0.3]
  uw: {uw}
  aot550: [0]
  psurf: [700, 770, 840, 900, 950, 1000, 1050]
  alti: [0, 1, 3]
  phi: {{start: 0, stop: 180, step: 9}}
  thetas: [20]
  thetav: [10, 40]
launches: reduced
batch_size: {batch_size}
formats: [text, netcdf]
"""
# After the file "eat" was made, one launch takes more memory than its job may have.
EXECUTABLE = """\
#!/bin/sh
while [ -e {folder}/hold ]; do sleep 0.1; done
if [ -e {folder}/eat ] && rm {folder}/eat 2>/dev/null; then
    exec {python} -c "import time; x = b'a' * 4_000_000_000; time.sleep(60)"
fi
{sixsv}
code=$?
echo >>{folder}/launches
exit $code
"""
POINTS = 64
BATCH = 8
LUT = "results/small/OUTLUT_S3A_OLCI_Oa03"


def tool(*words: str) -> None:
    """Make a fault."""
    subprocess.run([TOOL, *words], check=True, timeout=200)


def operator(*command: str, check: bool = True) -> str:
    """Run a command of PBS as the site does."""
    done = subprocess.run(command, check=check, capture_output=True, text=True, timeout=120)
    return done.stdout


class Case:
    """A working folder of the ordinary user, and Snakemake in it."""

    def __init__(
        self,
        name: str,
        uw: str = "[0.5, 3.0]",
        batch_size: int = BATCH,
        points: int = POINTS,
        *,
        configuration: str = CONFIGURATION,
        sixsv: Path | None = None,
    ) -> None:
        self.folder = SERVER / "work" / name
        self.folder.mkdir()
        self.records = Records(self.folder / "results/small/cluster")
        self.points = points
        executable = self.folder / "6sv"
        executable.write_text(
            EXECUTABLE.format(
                folder=self.folder, sixsv=find_executable("2.1"), python=sys.executable
            )
        )
        executable.chmod(0o755)
        (self.folder / "config.yaml").write_text(
            configuration.format(executable=sixsv or executable, uw=uw, batch_size=batch_size)
        )
        owner = (SERVER / "work").stat()
        for path in (self.folder, *self.folder.iterdir()):
            os.chown(path, owner.st_uid, owner.st_gid)
        self.process: subprocess.Popen[bytes] | None = None
        self.output = self.folder / "output"
        self.path = os.environ["PATH"]

    def start(
        self, *options: str, profile: str = "pbs", host: str = "pbshost", **site: object
    ) -> None:
        cluster = [
            *("--group-components", "simulate=4", "--cores", "2", "--set-threads", "simulate=2"),
            *("--seconds-between-status-checks", "1", "--latency-wait", "5"),
            *("--max-jobs-per-timespan", "5/1s"),
        ]
        settings = {"poll": POLL, "wait_first": 0.5, "wait_longest": 5, "patience": 20, **site}
        environment = [f"LUT_PBS_{name.upper()}={value}" for name, value in settings.items()]
        with self.output.open("ab") as file:
            # A process that a script starts in the background may have been told to ignore SIGINT.
            self.process = subprocess.Popen(
                [
                    *(TOOL, "as_user", host, f"PATH={self.path}", *environment),
                    *("env", "--default-signal=INT", sys.executable, "-m", "snakemake"),
                    *("--snakefile", ROOT / "Snakefile", "--configfile", "config.yaml"),
                    *("--profile", ROOT / "profiles" / profile),
                    *(cluster if profile == "pbs" else []),
                    *options,
                ],
                cwd=self.folder,
                stdout=file,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )

    def wait(self, seconds: float = 400) -> int:
        assert self.process is not None
        return self.process.wait(seconds)

    def finish(self, *options: str, **others: str) -> None:
        self.start(*options, **others)
        self.ends_well()

    def ends_well(self) -> None:
        assert self.wait() == 0, self.text()

    def text(self) -> str:
        return self.output.read_text()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Let no launch begin meanwhile."""
        (self.folder / "hold").touch()
        try:
            yield
        finally:
            (self.folder / "hold").unlink(missing_ok=True)

    def lut(self, name: str = LUT) -> bytes:
        return (self.folder / f"{name}.csv").read_bytes()

    def launches(self) -> int:
        path = self.folder / "launches"
        return len(path.read_bytes()) if path.exists() else 0

    def failures(self) -> list[Job]:
        ended = (job for job in self.records.jobs().values() if job.state)
        return [job for job in ended if job.state not in (COMPLETED, STOPPED)]

    def submissions(self) -> int:
        lines = self.records.text().splitlines()
        return len({json.loads(line)["identifier"] for line in lines} - {""})

    def until(self, done: Callable[[], object], seconds: float = 150) -> None:
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, f"waited in vain\n{self.text()}"
            time.sleep(0.2)

    def until_said(self, words: str, seconds: float = 150) -> None:
        self.until(lambda: words in self.text(), seconds)

    def until_started(self, number: int) -> list[str]:
        """Wait until as many jobs run their script."""
        folder = self.records.exits
        self.until(lambda: folder.exists() and len(list(folder.iterdir())) >= number)
        return jobs("R")


def jobs(state: str = "") -> list[str]:
    """List live jobs."""
    return operator("qselect", *(["-s", state] if state else []), check=False).split()


@pytest.fixture(scope="module", autouse=True)
def fortran_library() -> None:
    """Leave in the environment what the ordinary user may not put there."""
    launch_environment()


@pytest.fixture(scope="module")
def local() -> bytes:
    case = Case("local")
    case.finish(profile="local")
    assert case.launches() == POINTS
    return case.lut()


Tell = Callable[..., None]


@pytest.fixture
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    case = Case(request.node.name.replace("[", "-").rstrip("]"))
    yield case
    (case.folder / "hold").unlink(missing_ok=True)
    _end(case)


def _end(case: Case) -> None:
    if case.process is not None and case.process.poll() is None:
        case.process.kill()
    if left := jobs():
        operator("qdel", "-W", "force", *left, check=False)
    case.until(lambda: not jobs())


@pytest.fixture
def tell(case: Case, local: bytes, record_property: Callable[[str, object], None]) -> Tell:
    """Check a campaign that has ended, and put it into the table of faults."""

    def told(fault: str, *, twice: int = 0, failed: int | None = 0, ended: str = "") -> None:
        record_property("fault", fault)
        record_property("launches run twice", case.launches() - POINTS)
        assert case.lut() == local
        assert case.launches() - POINTS <= twice
        if failed is not None:
            assert len(case.failures()) == failed, case.failures()
        record_property("how it ended", ended or "LUT complete, byte for byte")

    return told


@contextlib.contextmanager
def setting(change: str, back: str) -> Iterator[None]:
    """Let the server have a setting for a while."""
    operator("qmgr", "-c", change)
    try:
        yield
    finally:
        operator("qmgr", "-c", back)


# --- nothing special ----------------------------------------------------------------------------


def test_plain(case: Case, tell: Tell) -> None:
    case.finish()
    # Two groups of batches, and the LUT.
    assert case.submissions() == 3
    tell("none")


def test_history_off(case: Case, tell: Tell) -> None:
    with setting("set server job_history_enable=false", "set server job_history_enable=true"):
        case.finish()
    tell("no job history")


# --- what the server does to submissions --------------------------------------------------------


def test_disabled_queue_is_waited_for(case: Case, tell: Tell) -> None:
    operator("qdisable", "workq")
    try:
        case.start()
        case.until_said("the queue is disabled")
        time.sleep(15)
        assert not jobs()
    finally:
        operator("qenable", "workq")
    case.ends_well()
    assert case.text().count("the queue is disabled") == 1
    tell("queue disabled for 15 s")


def test_server_killed_while_qsub_waits(case: Case, tell: Tell) -> None:
    tool("freeze", "server")
    case.start()
    case.until(lambda: _qsub_runs(case))
    time.sleep(1)
    tool("kill", "server")
    # qsub ends now, and nobody knows whether the job was taken.
    case.until_said("nothing is lost: PBS does not answer")
    tool("start", "server")
    tool("ready")
    case.ends_well()
    assert case.submissions() == 3
    tell("server killed during qsub")


def _qsub_runs(case: Case) -> bool:
    # A qsub of another case may linger: it serves the next ones in the background.
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = path.read_bytes()
            if words.split(b"\0")[0].endswith(b"qsub") and str(case.folder).encode() in words:
                return True
    return False


def test_job_that_was_taken_although_qsub_ended_with_183(case: Case, tell: Tell) -> None:
    # No test can kill the server between its taking of the job and its answer.
    folder = case.folder / "bin"
    folder.mkdir()
    (folder / "qsub").write_text(
        f"#!/bin/sh\nPATH={case.path}\nif mkdir {case.folder}/done 2>/dev/null; then\n"
        'qsub "$@" >/dev/null\necho "qsub: Premature end of message" >&2\nexit 183\nfi\n'
        'exec qsub "$@"\n'
    )
    (folder / "qsub").chmod(0o755)
    case.folder.chmod(0o777)
    case.path = f"{folder}:{case.path}"
    case.finish()
    assert case.submissions() == 3
    tell("qsub ends with 183, the job was taken")


def test_queue_limit(case: Case, tell: Tell) -> None:
    with setting("set queue workq max_queued='[u:PBS_GENERIC=1]'", "unset queue workq max_queued"):
        case.finish()
    assert "would exceed" in case.text()
    tell("limit of 1 queued job")


def test_refused_for_good(case: Case, tell: Tell) -> None:
    case.start(queue="nosuchqueue")
    assert case.wait() != 0
    assert case.text().count("qsub -N") == 1
    assert "not sent to PBS again" in case.text()
    case.records.table.unlink()
    case.finish()
    tell("no such queue, then mended", ended="ended with advice, sent once; then LUT complete")


def test_server_down_two_minutes(case: Case, tell: Tell) -> None:
    with case.held():
        case.start("--group-components", "simulate=1")
        case.until_started(1)
        tool("kill", "server")
        time.sleep(120)
        tool("start", "server")
        tool("ready")
    case.ends_well()
    tell("server down for 2 minutes, with submissions in them")


# --- starts that fail ---------------------------------------------------------------------------


def test_prologue_that_fails_costs_no_retry(case: Case, tell: Tell) -> None:
    prologues = [SERVER / host / "mom_priv/prologue" for host in ("pbshost", "pbsnode2")]
    for path in prologues:
        path.write_text("#!/bin/sh\nexit 1\n")
        path.chmod(0o500)
    try:
        case.start()
        case.until_said("did not come to run its script on node pbshost")
        # More starts than Snakemake has attempts.
        case.until(lambda: case.submissions() >= 2 * 5)
    finally:
        for path in prologues:
            path.unlink()
    case.ends_well()
    tell("prologue fails on all nodes, 5 starts and more")


# --- jobs that are ended ------------------------------------------------------------------------


def test_running_job_deleted(case: Case, tell: Tell) -> None:
    with case.held():
        case.start()
        running = case.until_started(2)
        operator("qdel", running[0])
        case.until(lambda: running[0] not in jobs())
    case.ends_well()
    assert "deleted while it ran" in case.failures()[0].reason
    tell("qdel of a running job", failed=1)


def test_running_job_deleted_by_force(case: Case, tell: Tell) -> None:
    with case.held():
        case.start()
        running = case.until_started(2)
        operator("qdel", "-W", "force", running[0])
        case.until(lambda: case.failures())
    case.ends_well()
    assert "deleted by force" in case.failures()[0].reason
    # A job that was deleted by force may work on for a moment beside the one that follows it.
    tell("qdel -W force of a running job", failed=1, twice=2 * BATCH)


def test_queued_job_deleted(case: Case, tell: Tell) -> None:
    operator("qstop", "workq")
    try:
        case.start()
        case.until(lambda: len(jobs("Q")) == 2)
        operator("qdel", jobs("Q")[0])
    finally:
        operator("qstart", "workq")
    case.ends_well()
    tell("qdel of a queued job", failed=1)


def test_walltime(case: Case, tell: Tell) -> None:
    with case.held():
        case.start()
        running = case.until_started(2)
        operator("qalter", "-l", "walltime=5", running[0])
        case.until(lambda: case.failures())
    case.ends_well()
    assert "more walltime than the job asked for" in case.failures()[0].reason
    tell("walltime exceeded", failed=1)


def test_memory(case: Case, tell: Tell) -> None:
    with case.held():
        case.start()
        case.until_started(2)
        (case.folder / "eat").touch()
    case.ends_well()
    assert "more memory than the job asked for" in case.failures()[0].reason
    tell("memory exceeded", failed=1, twice=BATCH)


# --- jobs that PBS starts again -----------------------------------------------------------------


def test_rerun(case: Case, tell: Tell) -> None:
    with case.held():
        case.start()
        operator("qrerun", case.until_started(2)[0])
        time.sleep(3 * POLL)
    case.ends_well()
    tell("qrerun of a running job")


@pytest.mark.parametrize("rerun", ["y", "n"])
def test_node_killed(case: Case, tell: Tell, rerun: str) -> None:
    try:
        with case.held():
            case.start(rerun=rerun)
            running = case.until_started(2)
            node = operator("qstat", "-f", running[0]).partition("exec_host = ")[2][:8]
            tool("killnode", "2" if node == "pbsnode2" else "1")
            if rerun == "y":
                case.until(lambda: "run_count = 2" in operator("qstat", "-f", running[0]))
            else:
                case.until(case.failures)
        case.ends_well()
    finally:
        tool("start", "mom1")
        tool("start", "mom2")
        tool("ready")
    tell(f"node killed, rerun = {rerun}", failed=None)
    assert bool(case.failures()) == (rerun == "n")


# --- a daemon that is frozen --------------------------------------------------------------------


def test_frozen_node(case: Case, tell: Tell) -> None:
    with case.held():
        case.start()
        case.until_started(2)
        tool("freeze", "mom1")
        tool("freeze", "mom2")
    try:
        time.sleep(20)
    finally:
        tool("thaw", "mom1")
        tool("thaw", "mom2")
    case.ends_well()
    tell("moms frozen for 20 s, with running jobs")


def test_qdel_that_hangs_does_not_keep_the_next_run(case: Case, tell: Tell) -> None:
    live = case.records.live_file
    with case.held():
        case.start()
        case.until_started(2)
        for mom in ("mom1", "mom2"):
            tool("freeze", mom)
        try:
            assert case.process is not None
            case.process.send_signal(signal.SIGINT)
            assert case.wait() != 0
            case.start()
            case.until(lambda: case.text().count("Building DAG") == 2)
            time.sleep(10)
            # The list of live jobs goes on being renewed.
            before = live.stat().st_mtime
            case.until(lambda: live.stat().st_mtime > before, 4 * POLL)
        finally:
            for mom in ("mom1", "mom2"):
                tool("thaw", mom)
    case.ends_well()
    tell("Ctrl-C while moms are frozen, next run at once", failed=None)


# --- Snakemake is ended -------------------------------------------------------------------------


def test_interrupt(case: Case, tell: Tell) -> None:
    with case.held():
        case.start()
        case.until_started(2)
        assert case.process is not None
        case.process.send_signal(signal.SIGINT)
        assert case.wait() != 0
        case.until(lambda: not jobs(), 60)
    case.finish()
    tell("Ctrl-C, and the next run")


def test_killed_with_jobs_running_and_queued(case: Case, tell: Tell) -> None:
    one_at_a_time = setting(
        "set queue workq max_run='[u:PBS_GENERIC=1]'", "unset queue workq max_run"
    )
    with case.held(), one_at_a_time:
        case.start()
        case.until_started(1)
        case.until(lambda: len(jobs()) == 2)
        assert case.process is not None
        case.process.kill()
        case.process.wait()
        time.sleep(3 * POLL)
        assert (len(jobs("R")), len(jobs("Q"))) == (1, 1)
        case.start(host="pbsnode2")
        case.until(lambda: case.text().count("does this already") == 2)
    case.ends_well()
    assert case.submissions() == 3
    tell("kill -9 with jobs running and queued, next run on the other host")


# --- reduced launches -------------------------------------------------------------------------


def test_reduced_launches(record_property: Callable[[str, object], None]) -> None:
    lut = LUT.replace("Oa03", "Oa20")
    shape = ("[0.5, 2.5, 4, 6]", 1700)
    alone = Case("local-reduced", *shape, configuration=REDUCED)
    alone.finish(profile="local")
    needed = alone.launches()
    # The same executable, because what is drawn at random depends on it. It counts for both.
    case = Case("reduced", *shape, configuration=REDUCED, sixsv=alone.folder / "6sv")
    try:
        case.start("--group-components", "simulate=1")
        case.until(lambda: alone.launches() > needed + 300, 300)
        operator("qdel", jobs("R")[0])
        case.ends_well()
        twice = alone.launches() - 2 * needed
        record_property("fault", "qdel of a running job of reduced launches")
        record_property("launches run twice", twice)
        assert case.lut(lut) == alone.lut(lut)
        with (
            xr.open_dataset(case.folder / f"{lut}.nc") as made,
            xr.open_dataset(alone.folder / f"{lut}.nc") as expected,
        ):
            assert made.drop_attrs().identical(expected.drop_attrs())
            assert set(np.unique(made.status)) == {Status.OK, Status.DERIVED}
            assert int((made.status == Status.OK).sum()) == needed
        assert twice == 0
        assert len(case.failures()) == 1
        record_property("how it ended", "LUT complete, byte for byte")
    finally:
        _end(case)


# --- many jobs ----------------------------------------------------------------------------------


def test_many_jobs(record_property: Callable[[str, object], None]) -> None:
    shape = ("[0.5, 1.0, 1.5, 2.0, 2.5, 3.0]", 1, 192)
    alone = Case("local-192", *shape)
    alone.finish(profile="local")
    case = Case("many", *shape)
    try:
        case.start("--group-components", "simulate=1", "--jobs", "250")
        assert case.wait(2400) == 0, case.text()
        record_property("fault", "none, 192 jobs of one batch")
        record_property("launches run twice", case.launches() - 192)
        assert case.lut() == alone.lut()
        assert case.launches() == 192
        record_property("how it ended", "LUT complete, byte for byte")
    finally:
        _end(case)
