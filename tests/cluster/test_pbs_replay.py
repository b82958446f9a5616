"""The PBS commands against recorded answers of OpenPBS: each row of what was learned is a test."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROFILE = HERE.parents[1] / "profiles" / "pbs"
JOBS = HERE.parents[1] / "jobs"
RESULTS = Path("results/olci")
sys.path.insert(0, str(HERE))

from pbs_replay import Server, recorded, sample  # noqa: E402

from sixsv_lut.cluster.pbs import Pbs, read_details, walltime  # noqa: E402
from sixsv_lut.cluster.pbs_settings import Settings, SettingsError, read_settings  # noqa: E402
from sixsv_lut.cluster.pbs_watcher import Watcher  # noqa: E402
from sixsv_lut.cluster.records import (  # noqa: E402
    COMPLETED,
    STOPPED,
    Job,
    Records,
    campaign_tag,
    safe_name,
)
from sixsv_lut.cluster.runs import FOLDER, PYTHON, RUN, Run  # noqa: E402
from sixsv_lut.cluster.scheduler import Seen  # noqa: E402
from sixsv_lut.processes import process_start  # noqa: E402

pytestmark = pytest.mark.pbs

ID = "100.pbshost"


@dataclass
class Site:
    """A working folder and its stand-in server."""

    server: Server
    records: Records
    folder: Path
    history: bool
    said: list[str] = field(default_factory=list)
    _watcher: Watcher | None = None

    @property
    def watcher(self) -> Watcher:
        if self._watcher is None:
            settings = Settings(poll=0.05, patience=20)
            self._watcher = Watcher(settings, self.records, SayingPbs(self, settings))
        return self._watcher

    def job(self, sample_name: str, identifier: str = ID, wrote: str | None = None) -> Job:
        """Have a recorded job in PBS, submitted from here."""
        name = f"n{identifier.split('.')[0]}"
        job = Job(name, identifier, f"job {name}", outputs=["out"], log=f"{name}.log", time=1.0)
        self.records.append(job)
        self.becomes(sample_name, identifier)
        if wrote is not None:
            (self.records.exits / name).write_text(wrote + "\n")
        return job

    def becomes(self, sample_name: str, identifier: str = ID) -> None:
        attributes = sample(sample_name)
        if attributes["job_state"] == "F" and not self.history:
            (self.server.jobs / identifier).unlink(missing_ok=True)
        else:
            self.server.put(identifier, {**attributes, "Job_Name": "tag"})

    def rounds(self, number: int = 6) -> None:
        for _ in range(number):
            self.watcher.look()
            self.watcher.poll()

    def status(self, identifier: str = ID) -> str:
        # Only stdout is read: a watcher that this starts keeps stderr open.
        done = subprocess.run(
            [PROFILE / "status", identifier],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            check=True,
            timeout=20,
        )
        return done.stdout.strip()

    def failures(self) -> list[Job]:
        ended = (job for job in self.records.jobs().values() if job.state)
        return [job for job in ended if job.state not in (COMPLETED, STOPPED)]


class SayingPbs(Pbs):
    """The commands of PBS; what is said is kept."""

    def __init__(self, site: Site, settings: Settings) -> None:
        super().__init__(site.records, settings)
        self._site = site

    def say(self, message: str) -> None:
        self._site.said.append(message)


@pytest.fixture(params=[True, False], ids=["history", "no-history"])
def site(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Site]:
    yield from _site(tmp_path, monkeypatch, history=request.param)


@pytest.fixture
def plain_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    yield from _site(tmp_path, monkeypatch, history=False)


def _site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, history: bool) -> Iterator[Site]:
    server = Server(tmp_path / "server")
    server.make(history=history)
    # Nothing minds a space in the path of the working folder.
    folder = tmp_path / "work folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("FAKE_PBS", str(server.folder))
    monkeypatch.setenv("PATH", f"{server.folder}/bin:{os.environ['PATH']}")
    for name, value in {"POLL": "3600", "WAIT_FIRST": "0.1", "WAIT_LONGEST": "0.2"}.items():
        monkeypatch.setenv(f"LUT_PBS_{name}", value)
    # What the main process does: this one stands for it.
    records = Records(RESULTS.absolute() / "cluster")
    records.folder.mkdir(parents=True)
    records.begin(remove_logs=True)
    run = Run.of_process(os.getpid())
    records.add_run(run)
    for variable, value in {FOLDER: records.folder, RUN: run.key, PYTHON: sys.executable}.items():
        monkeypatch.setenv(variable, str(value))
    yield Site(server, records, folder, history)
    if records.watcher_file.exists():
        pid = int(records.watcher_file.read_text())
        if pid != os.getpid() and process_start(pid):
            os.kill(pid, signal.SIGKILL)


# --- how jobs end -------------------------------------------------------------------------------

# The recorded job, what it wrote itself, the verdict, and what the user is told with history.
ENDS: list[tuple[str, str | None, str, str]] = [
    ("finished_ok", "0", "success", ""),
    ("finished_exit3", "3", "failed", "exit code 3"),
    # The shell itself was killed: no last word.
    ("finished_shell_sigkill", "started n1", "failed", "killed by signal 9"),
    ("finished_shell_sigterm", "143", "failed", "killed by signal 15"),
    ("qdel_before_start", None, "failed", "deleted before it started"),
    ("qdel_held", None, "failed", "deleted before it started"),
    ("qdel_while_running", "started n1", "failed", "deleted while it ran"),
    ("qdel_running_job_traps_term_exit0", "143", "failed", "deleted while it ran"),
    ("walltime_exceeded", "143", "failed", "more walltime than the job asked for"),
    ("mem_exceeded_enforced", "started n1", "failed", "more memory than the job asked for"),
    ("nodedown_norerun_final", "started n1", "failed", "its node was lost"),
    ("prologue_exit1_final", None, "failed", "could not be started"),
    ("qrerun_4_F", "0", "success", ""),
    ("finished_output_dir_missing", "0", "success", ""),
]


@pytest.mark.parametrize(("name", "wrote", "verdict", "reason"), ENDS, ids=[end[0] for end in ENDS])
def test_end_of_a_job(site: Site, name: str, wrote: str | None, verdict: str, reason: str) -> None:
    site.job("running")
    site.rounds(2)
    assert site.status() == "running"
    if wrote is not None:
        (site.records.exits / "n100").write_text(wrote + "\n")
    site.becomes(name)
    site.rounds()
    assert site.status() == verdict
    failures = site.failures()
    assert len(failures) == (verdict == "failed")
    if failures and site.history:
        assert reason in failures[0].reason
    for failure in failures:
        assert failure.identifier == ID
        assert failure.reason


def test_exit_status_of_history_will_do_where_the_job_could_not_write(site: Site) -> None:
    site.job("finished_ok")
    site.rounds()
    assert site.status() == ("success" if site.history else "failed")


def test_daemon_restarted_and_not_rerunable(site: Site) -> None:
    site.job("running", wrote="started n1")
    site.becomes("nodedown_norerun_final")
    if site.history:
        site.server.put(ID, {**sample("nodedown_norerun_final"), "Exit_status": "-4"})
    site.rounds()
    assert site.status() == "failed"
    if site.history:
        assert "daemon of its node was restarted" in site.failures()[0].reason


# Jobs that have not ended, whatever their exit status or an earlier start's last word say.
LIVE = [
    "running",
    "exiting",
    "nodedown_rerunable_1_R",
    "nodedown_rerunable_2_Q",
    "qrerun_2_R",
    "momterm_rerunable_2_R",
    "nasty_V_inf_23.06.06",
    "queued_insufficient",
    "queued_can_never_run",
    "held_user",
    "held_dependency",
    "waiting_until_date",
]


@pytest.mark.parametrize("name", LIVE)
@pytest.mark.parametrize("wrote", [None, "started n1", "143", "3"])
def test_live_job_runs(plain_site: Site, name: str, wrote: str | None) -> None:
    plain_site.job(name, wrote=wrote)
    plain_site.rounds(5)
    assert plain_site.status() == "running"
    assert not plain_site.failures()


@pytest.mark.parametrize(
    "changes",
    [
        {"job_state": "E", "substate": "63", "Exit_status": "-3"},
        {"job_state": "S", "substate": "43"},
        {"job_state": "H", "substate": "20", "Hold_Types": "s", "run_count": "3"},
    ],
    ids=["failed start being retried", "suspended", "held by an operator"],
)
def test_live_job_in_a_state_without_a_recording(site: Site, changes: dict[str, str]) -> None:
    site.job("running")
    site.server.put(ID, {**sample("running"), **changes})
    site.rounds(10)
    assert site.status() == "running"
    assert not site.failures()


def test_qdel_while_running_takes_its_time(site: Site) -> None:
    site.job("running", wrote="143")
    site.rounds(3)
    assert site.status() == "running"
    site.becomes("qdel_while_running")
    site.rounds(3)
    assert site.status() == "failed"


def test_start_that_failed_for_good_is_deleted(site: Site) -> None:
    site.job("direct_write_output_dir_missing")
    site.rounds(6)
    assert site.status() == "failed"
    assert site.server.calls("qdel") == [f"qdel {ID}"]
    assert "could not start it in 21 tries" in site.failures()[0].reason
    assert "too many failed attempts" in site.failures()[0].reason


def test_user_hears_once_of_a_job_that_can_never_run(site: Site) -> None:
    site.job("queued_can_never_run")
    site.job("queued_can_never_run", "101.pbshost")
    site.rounds(20)
    assert len(site.said) == 1
    assert "Can Never Run: Insufficient amount of resource: ncpus (R: 64 A: 8 T: 8)" in site.said[0]


def test_success_is_seen_without_asking_pbs(plain_site: Site) -> None:
    plain_site.job("running", wrote="0")
    plain_site.watcher.look()
    assert plain_site.status() == "success"
    assert not plain_site.server.calls()


def test_states_only_move_forward(site: Site) -> None:
    site.job("running", wrote="0")
    site.rounds(1)
    site.becomes("running")
    site.rounds(3)
    assert site.status() == "success"


def test_words_of_pbs_in_the_log_are_passed_on(site: Site) -> None:
    site.job("running", wrote="143")
    Path("n100.log").write_text("x\n=>> PBS: job killed: walltime 62 exceeded limit 60\n")
    site.becomes("walltime_exceeded")
    site.rounds()
    assert "walltime 62 exceeded limit 60" in site.failures()[0].reason


def test_job_deleted_by_force(site: Site) -> None:
    site.job("running", wrote="started n1")
    site.becomes("qdel_while_running")
    if site.history:
        site.server.put(ID, {**sample("qdel_while_running"), "Exit_status": "265"})
    site.rounds()
    assert site.status() == "failed"
    if site.history:
        assert "deleted by force" in site.failures()[0].reason


@pytest.mark.parametrize(("letters", "who"), [("o", "operator"), ("s", "system")])
def test_user_hears_once_of_holds_of_the_site(plain_site: Site, letters: str, who: str) -> None:
    held = {**sample("held_user"), "Hold_Types": letters, "Job_Name": "tag"}
    for number in (100, 101):
        plain_site.job("held_user", f"{number}.pbshost")
        plain_site.server.put(f"{number}.pbshost", held)
    plain_site.rounds(20)
    assert len(plain_site.said) == 1
    assert f"qrls -h {letters} 10" in plain_site.said[0]
    assert f"{who} hold" in plain_site.said[0]


def test_job_that_waits_for_another_one_is_not_called_held(plain_site: Site) -> None:
    plain_site.job("held_dependency")
    plain_site.rounds(20)
    assert not plain_site.said


# --- starts that never run the script -----------------------------------------------------------


def _submit_watched_here(site: Site) -> subprocess.CompletedProcess[str]:
    """Submit a job that the watcher of the test watches, and no other."""
    site.records.watcher_file.write_text(f"{os.getpid()}\n")
    return submit(script("a:b=1"))


def _start_fails(site: Site, identifier: str) -> None:
    """Let a node fail to start a job, as its prologue does."""
    name = site.records.tag
    if site.history:
        site.server.put(identifier, {**sample("prologue_exit1_final"), "Job_Name": name})
    else:
        site.server.forget(identifier)


def _starts_again(site: Site, identifier: str) -> None:
    def done() -> bool:
        site.rounds(1)
        site.watcher.start_again()
        return identifier in site.server.all()

    _wait(done)


def test_failed_start_uses_no_retry(site: Site) -> None:
    site.watcher.settings = Settings(poll=0.05, wait_first=0.0)
    assert _submit_watched_here(site).stdout == "100.pbshost\n"
    for number in range(100, 105):
        _start_fails(site, f"{number}.pbshost")
        _starts_again(site, f"{number + 1}.pbshost")
    assert site.status() == "running"
    assert not site.failures()
    assert len(site.said) == 1
    assert "no retry is used" in site.said[0]
    if site.history:
        assert "on node pbshost" in site.said[0]
    # Snakemake knows it by its first id, whatever PBS calls it now.
    assert submit(script("a:b=1")).stdout == "100.pbshost\n"
    (job,) = site.records.jobs().values()
    (site.records.exits / job.name).write_text("0\n")
    site.watcher.look()
    assert site.status() == "success"


def test_later_starts_wait_longer(site: Site) -> None:
    site.watcher.settings = Settings(poll=0.05, wait_first=3.0, wait_longest=20.0)
    _submit_watched_here(site)
    (job,) = site.records.jobs().values()
    waits = []
    for starts in range(6):
        now = time.monotonic()
        site.watcher.not_started(
            replace(job, failed_starts=["n1"] * starts), Seen("100", node="n1", reason="why")
        )
        waits.append(round(site.watcher._due[job.name][0] - now))
    assert waits == [3, 6, 12, 20, 20, 20]


def test_job_that_never_starts_fails_in_the_end(site: Site) -> None:
    site.watcher.settings = Settings(poll=0.05, wait_first=0.0)
    _submit_watched_here(site)
    for number in range(100, 112):
        _start_fails(site, f"{number}.pbshost")
        if number < 111:
            _starts_again(site, f"{number + 1}.pbshost")

    def has_failed() -> bool:
        site.rounds(1)
        return site.status() == "failed"

    _wait(has_failed)
    (failure,) = site.failures()
    assert "12 starts failed" in failure.reason
    if site.history:
        assert "on pbshost" in failure.reason


def test_start_again_whose_answer_was_lost_is_found(site: Site) -> None:
    site.watcher.settings = Settings(poll=0.05, wait_first=0.0, wait_longest=0.0)
    _submit_watched_here(site)
    site.server.switch("taken", on=True)
    site.server.switch("refuse", on=True, text="183")
    _start_fails(site, ID)
    _starts_again(site, "101.pbshost")
    _wait(lambda: site.watcher.start_again() or not site.watcher._due)
    assert list(site.server.all())[-1] == "101.pbshost"
    (job,) = site.records.jobs().values()
    assert (job.identifier, job.known_as) == ("101.pbshost", ID)


def test_job_held_after_failed_starts_is_started_again(plain_site: Site) -> None:
    _submit_watched_here(plain_site)
    held = sample("direct_write_output_dir_missing")
    plain_site.server.put(ID, {**held, "Job_Name": plain_site.server.all()[ID]["Job_Name"]})
    plain_site.watcher.settings = Settings(poll=0.05, wait_first=0.0)
    _starts_again(plain_site, "101.pbshost")
    assert plain_site.server.calls("qdel") == [f"qdel {ID}"]
    assert plain_site.status() == "running"


def test_cancelled_job_is_not_started_again(plain_site: Site) -> None:
    _submit_watched_here(plain_site)
    subprocess.run([PROFILE / "cancel", ID], check=True)
    _wait(lambda: plain_site.server.all()[ID]["job_state"] == "F")
    plain_site.rounds()
    plain_site.watcher.start_again()
    assert plain_site.status() == "failed"
    assert len(plain_site.server.calls("qsub")) == 1


# --- when qstat shows no job --------------------------------------------------------------------


def test_purged_from_history(site: Site) -> None:
    site.job("running", wrote="started n1")
    site.server.forget(ID)
    site.rounds()
    assert site.status() == "failed"
    assert "no record" in site.failures()[0].reason


def test_last_word_may_come_late(plain_site: Site) -> None:
    plain_site.job("running", wrote="started n1")
    plain_site.server.forget(ID)
    plain_site.rounds(1)
    assert plain_site.status() == "running"
    (plain_site.records.exits / "n100").write_text("0\n")
    plain_site.rounds(1)
    assert plain_site.status() == "success"


def test_history_off_tells_nothing_of_a_running_job(plain_site: Site) -> None:
    # qselect has lost it for a moment; qstat -x says nothing and 0 even while it runs.
    scheduler = Pbs(plain_site.records, Settings(dialect="pbs", patience=20))
    plain_site.server.put(ID, sample("running"))
    found, _ = scheduler.details([ID])
    assert [details.identifier for details in found] == [ID]
    assert scheduler.history is False
    assert not found[0].ended


def test_finished_job_asked_for_without_history_flag(site: Site) -> None:
    site.job("finished_ok", wrote="started n1")
    site.watcher.pbs.history = False
    site.rounds()
    assert site.status() == "failed"


def test_one_of_several_unknown(site: Site) -> None:
    site.job("running", wrote="started n1")
    site.job("running", "101.pbshost", wrote="started n1")
    site.becomes("finished_exit3")
    if site.history:
        site.server.forget("101.pbshost")
    else:
        site.becomes("finished_exit3", "101.pbshost")
    site.rounds()
    assert [site.status(), site.status("101.pbshost")] == ["failed", "failed"]


def test_outage_is_waited_for(site: Site) -> None:
    site.job("running", wrote="started n1")
    site.rounds(1)
    site.server.switch("down", on=True)
    site.becomes("finished_exit3")
    for _ in range(8):
        site.rounds(1)
        time.sleep(0.02)
        assert site.status() == "running"
    assert len(site.said) == 1
    assert "cannot connect to server pbshost" in site.said[0]
    site.server.switch("down", on=False)
    site.rounds(4)
    assert site.status() == "failed"
    assert any("answers again" in line for line in site.said[1:])


def test_one_query_a_poll_whatever_the_number_of_jobs(site: Site) -> None:
    for number in range(200, 320):
        site.job("running", f"{number}.pbshost", wrote="started n1")
    site.rounds(20)
    assert len(site.server.calls()) <= 20


# --- submissions --------------------------------------------------------------------------------


def script(
    *members: str, outputs: list[str] | None = None, tmp: str = "tmp.a", **resources: object
) -> Path:
    """Write a job script as Snakemake does."""
    scratch = Path(".snakemake", tmp)
    scratch.mkdir(parents=True, exist_ok=True)
    properties = {
        "type": "group",
        "groupid": "simulate",
        "output": outputs or [f"{m}.out" for m in members],
        "threads": 4,
        "resources": {"mem_mb": 900, "runtime": 90, **resources},
    }
    # Snakemake names the inputs of each member, also those that they share.
    wait = " ".join([shlex.quote(str(scratch.resolve())), *("in.parquet" for _ in members)])
    command = (
        f"cd {shlex.quote(str(Path.cwd()))} && {sys.executable} -m snakemake --target-jobs "
        f"{shlex.join(members)} --cores 4 --wait-for-files {wait} && exit 0 || exit 1"
    )
    path = scratch / f"snakejob.{members[0].replace(':', '.')}.sh"
    path.write_text(f"#!/bin/sh\n# properties = {json.dumps(properties)}\n{command}\n")
    return path


def submit(path: Path) -> subprocess.CompletedProcess[str]:
    # Into a file: the watcher keeps the stream open.
    with Path("stderr").open("w") as stderr:
        done = subprocess.run(
            [PROFILE / "submit", path],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            check=False,
            timeout=20,
        )
    done.stderr = Path("stderr").read_text()
    return done


def option(job: dict[str, str], name: str) -> list[str]:
    words = job["Submit_arguments"].split(" ")
    return [words[i + 1] for i, word in enumerate(words) if word == name]


def test_submission(plain_site: Site) -> None:
    done = submit(script("simulate:batch=1", "simulate:batch=2"))
    assert (done.returncode, done.stdout) == (0, "100.pbshost\n")
    job = plain_site.server.all()[ID]
    assert option(job, "-l") == ["select=1:ncpus=4:mem=900mb", "walltime=01:30:00"]
    assert option(job, "-m") == ["n"]
    assert option(job, "-j") == ["oe"]
    assert option(job, "-r") == ["y"]
    assert job["Job_Name"] == campaign_tag(plain_site.folder / RESULTS)
    log = Path(job["Output_Path"].partition(":")[2])
    assert log.is_absolute()
    assert log.parent.is_dir()
    assert (plain_site.records.folder / "jobs.jsonl").read_text().count("\n") == 2


def test_site_settings(plain_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUT_PBS_QUEUE", "workq")
    monkeypatch.setenv("LUT_PBS_ACCOUNT", "acc")
    monkeypatch.setenv("LUT_PBS_EXTRA", "-W group_list=rt")
    monkeypatch.setenv("LUT_PBS_NODE_CORES", "24")
    submit(script("a:b=1", pbs_queue="long", pbs_select_extra=":mpiprocs=1"))
    job = plain_site.server.all()[ID]
    assert option(job, "-q") == ["long"]
    assert option(job, "-A") == ["acc"]
    assert option(job, "-W") == ["group_list=rt"]
    assert option(job, "-l")[0] == "select=1:ncpus=24:mem=900mb:mpiprocs=1"


def test_banner_does_not_break_the_id(plain_site: Site) -> None:
    plain_site.server.switch("banner", on=True)
    assert submit(script("a:b=1")).stdout == "100.pbshost\n"


PASSING = [
    "limit_server_max_queued_user_3",
    "limit_queue_max_queued_user",
    "limit_queue_max_queued_res_ncpus_user",
    "limit_old_queue_max_queuable",
    "server_down_qsub",
]


@pytest.mark.parametrize("name", PASSING)
def test_refusal_that_passes_is_waited_for(plain_site: Site, name: str) -> None:
    plain_site.server.switch("refuse", on=True, text=f"{name} {name} {name}")
    done = submit(script("a:b=1"))
    assert (done.returncode, done.stdout) == (0, "100.pbshost\n")
    assert len(plain_site.server.calls("qsub")) == 4
    words = recorded(name)[1].split("\n")[0].removeprefix("qsub: ")
    assert words in done.stderr
    assert done.stderr.count("waiting") == 1
    assert not plain_site.failures()


@pytest.mark.parametrize("code", [1, 3, 152, 162, 171, 173, 183, 189, 255])
def test_code_that_is_not_known_to_be_final_is_waited_for(plain_site: Site, code: int) -> None:
    plain_site.server.switch("refuse", on=True, text=f"{code} {code}")
    assert submit(script("a:b=1")).stdout == "100.pbshost\n"
    assert len(plain_site.server.calls("qsub")) == 3
    assert not plain_site.failures()


@pytest.mark.parametrize("code", [162, 183, 189, 255])
def test_job_that_was_taken_in_spite_of_the_code_is_found(plain_site: Site, code: int) -> None:
    plain_site.server.switch("taken", on=True)
    plain_site.server.switch("refuse", on=True, text=f"{code}")
    assert submit(script("a:b=1")).stdout == "100.pbshost\n"
    assert len(plain_site.server.calls("qsub")) == 1
    assert not plain_site.failures()


def test_disabled_queue_is_said_once(plain_site: Site) -> None:
    plain_site.server.switch("refuse", on=True, text="173 173 173 173 173 173")
    done = submit(script("a:b=1"))
    assert done.stdout == "100.pbshost\n"
    assert done.stderr.count("the queue is disabled") == 1


def test_server_that_answers_with_255(plain_site: Site) -> None:
    plain_site.server.switch("refuse", on=True, text="server_down_qstat")
    assert submit(script("a:b=1")).stdout == "100.pbshost\n"


FINAL = {"limit_resources_max_walltime": "walltime", "unknown_queue": "queue"}


@pytest.mark.parametrize("name", FINAL)
def test_refusal_that_does_not_pass_is_reported(plain_site: Site, name: str) -> None:
    plain_site.server.switch("refuse", on=True, text=name)
    done = submit(script("a:b=1"))
    assert done.returncode == 1
    assert done.stdout == ""
    words = recorded(name)[1].strip().removeprefix("qsub: ")
    assert words in done.stderr
    assert FINAL[name] in done.stderr
    assert words in plain_site.failures()[0].reason


def test_refused_request_is_not_sent_again(plain_site: Site) -> None:
    plain_site.server.switch("refuse", on=True, text="188")
    assert submit(script("a:b=1")).returncode == 1
    # Snakemake's next attempt asks for more.
    for minutes in (90, 120):
        again = submit(script("a:b=1", runtime=minutes))
        assert again.returncode == 1
        assert "the words of PBS" in again.stderr
    assert submit(script("a:b=2")).returncode == 1
    assert len(plain_site.server.calls("qsub")) == 1
    assert len(plain_site.failures()) == 4
    # A smaller job, or another queue, is another request.
    assert submit(script("a:b=1", runtime=80)).stdout == "100.pbshost\n"
    assert submit(script("a:b=2", pbs_queue="long")).stdout == "101.pbshost\n"


def test_refused_request_is_sent_again_by_the_next_run(
    plain_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain_site.server.switch("refuse", on=True, text="170")
    assert submit(script("a:b=1")).returncode == 1
    monkeypatch.setenv(RUN, Run.of_process(os.getppid()).key)
    assert submit(script("a:b=1")).stdout == "100.pbshost\n"


@pytest.mark.parametrize("code", [2, 159, 166, 170, 174, 175, 187, 188, 197, 201])
def test_final_codes(plain_site: Site, code: int) -> None:
    qsub = plain_site.server.folder / "bin" / "qsub"
    qsub.write_text(f"#!/bin/sh\necho 'qsub: the words of PBS' >&2\nexit {code}\n")
    done = submit(script("a:b=1"))
    assert done.returncode == 1
    assert "the words of PBS" in done.stderr


def test_waiting_ends_with_snakemake(plain_site: Site) -> None:
    plain_site.server.switch("refuse", on=True, text=" ".join([PASSING[0]] * 10000))
    path = script("a:b=1")
    snakemake = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import os, subprocess; from sixsv_lut.cluster.runs import RUN, Run; "
            "os.environ[RUN] = Run.of_process(os.getpid()).key; "
            f"subprocess.run({[str(PROFILE / 'submit'), str(path)]!r})",
        ],
        stderr=subprocess.DEVNULL,
    )
    _wait(lambda: len(plain_site.server.calls("qsub")) > 1)
    snakemake.kill()
    snakemake.wait()
    time.sleep(1.5)
    before = len(plain_site.server.calls("qsub"))
    time.sleep(1)
    assert len(plain_site.server.calls("qsub")) == before


# --- the same job twice -------------------------------------------------------------------------


def test_live_job_is_not_submitted_again(plain_site: Site) -> None:
    first = submit(script("a:b=1", "a:b=2"))
    again = submit(script("a:b=2", "a:b=1", tmp="tmp.b"))
    part = submit(script("a:b=2", tmp="tmp.b"))
    assert [first.stdout, again.stdout, part.stdout] == ["100.pbshost\n"] * 3
    assert len(plain_site.server.calls("qsub")) == 1


def test_job_that_is_newer_than_the_list_of_live_jobs_is_not_submitted_again(
    plain_site: Site,
) -> None:
    plain_site.records.write_live(time.time(), [])
    submit(script("a:b=1"))
    assert submit(script("a:b=1")).stdout == "100.pbshost\n"
    assert len(plain_site.server.calls("qsub")) == 1


def test_other_job_is_submitted(plain_site: Site) -> None:
    assert submit(script("a:b=1")).stdout == "100.pbshost\n"
    assert submit(script("a:b=11")).stdout == "101.pbshost\n"


def test_overlapping_job_waits_for_the_live_one(plain_site: Site) -> None:
    submit(script("a:b=1", "a:b=2"))
    assert submit(script("a:b=2", "a:b=3")).stdout == "101.pbshost\n"
    assert option(plain_site.server.all()["101.pbshost"], "-W") == ["depend=afterany:100.pbshost"]


def test_ended_job_is_submitted_again(plain_site: Site) -> None:
    submit(script("a:b=1"))
    plain_site.server.forget(ID)
    plain_site.server.put("150.pbshost", sample("running"))
    plain_site.records.live_file.unlink(missing_ok=True)
    assert submit(script("a:b=1")).stdout == "151.pbshost\n"


def test_job_that_ended_well_unseen_is_not_run_again(plain_site: Site) -> None:
    submit(script("a:b=1", outputs=["out"]))
    name = next(iter(plain_site.records.jobs()))
    (plain_site.records.exits / name).write_text("0\n")
    Path("out").touch()
    plain_site.server.forget(ID)
    assert submit(script("a:b=1", outputs=["out"])).stdout == "100.pbshost\n"
    # Once Snakemake has heard of it, the same job is a new one.
    assert plain_site.status() == "success"
    assert submit(script("a:b=1", outputs=["out"])).stdout == "101.pbshost\n"
    assert len(plain_site.server.calls("qsub")) == 2


def test_submission_whose_answer_was_lost_is_found(plain_site: Site) -> None:
    plain_site.server.switch("silent", on=True)
    assert submit(script("a:b=1")).stdout == "100.pbshost\n"
    assert len(plain_site.server.calls("qsub")) == 1


def test_submission_that_was_killed_is_found(plain_site: Site) -> None:
    submit(script("a:b=1"))
    # As if it had been killed between qsub and the note of the id.
    table = plain_site.records.table
    table.write_text(table.read_text().splitlines()[0] + "\n")
    assert submit(script("a:b=1")).stdout == "100.pbshost\n"
    assert len(plain_site.server.calls("qsub")) == 1


def test_nothing_is_submitted_on_a_guess(plain_site: Site) -> None:
    submit(script("a:b=1"))
    plain_site.records.live_file.unlink(missing_ok=True)
    plain_site.server.switch("down", on=True)
    process = subprocess.Popen(
        [PROFILE / "submit", script("a:b=1")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    _wait(lambda: len(plain_site.server.calls("qselect")) > 2)
    assert len(plain_site.server.calls("qsub")) == 1
    plain_site.server.switch("down", on=False)
    assert process.communicate(timeout=30)[0] == "100.pbshost\n"
    assert len(plain_site.server.calls("qsub")) == 1


# --- what the job itself does -------------------------------------------------------------------


def _job_script(site: Site, command: str) -> tuple[Path, Path]:
    path = script("a:b=1")
    text = path.read_text().splitlines()
    path.write_text("\n".join([*text[:2], command]) + "\n")
    submit(path)
    job = Path("job.sh")
    job.write_text(site.server.all()[ID]["script"])
    return job, site.records.exits / next(iter(site.records.jobs()))


@pytest.mark.parametrize(
    ("command", "code"), [("true", 0), ("(exit 3)", 3), ("exit 0 || exit 1", 0)]
)
def test_job_writes_its_exit_code(plain_site: Site, command: str, code: int) -> None:
    job, exit_file = _job_script(plain_site, command)
    exit_file.write_text("143\n")
    assert subprocess.run(["/bin/sh", job], check=False).returncode == code
    assert exit_file.read_text() == f"{code}\n"


def test_job_that_is_told_to_stop_has_not_succeeded(plain_site: Site) -> None:
    job, exit_file = _job_script(plain_site, "trap '' TERM; sleep 1; exit 0")
    process = subprocess.Popen(["/bin/sh", job])
    _wait(lambda: exit_file.exists() and "started" in exit_file.read_text())
    time.sleep(0.2)
    process.terminate()
    # At once: a kill may follow.
    _wait(lambda: exit_file.read_text() == "143\n", seconds=0.7)
    assert process.wait() == 143
    assert exit_file.read_text() == "143\n"


def test_job_finds_the_folder_it_waits_for(plain_site: Site) -> None:
    scratch = Path(".snakemake/tmp.a").absolute()
    named = f"--wait-for-files {shlex.quote(str(scratch))}"
    job, exit_file = _job_script(plain_site, f"test -d .snakemake/tmp.a # {named}")
    for path in Path(".snakemake/tmp.a").iterdir():
        path.unlink()
    Path(".snakemake/tmp.a").rmdir()
    subprocess.run(["/bin/sh", job], check=True)
    assert exit_file.read_text() == "0\n"


# --- status, cancel, jobs -----------------------------------------------------------------------


@pytest.mark.parametrize("identifier", ["", "7", "7.host", "17[].host", "no id", "../../etc"])
def test_status_always_answers(plain_site: Site, identifier: str) -> None:
    assert plain_site.status(identifier) == "running"


def test_status_starts_a_watcher_that_has_died(plain_site: Site) -> None:
    submit(script("a:b=1"))
    file = plain_site.records.watcher_file
    _wait(file.exists)
    first = int(file.read_text())
    os.kill(first, signal.SIGKILL)
    _wait(lambda: not process_start(first))
    for _ in range(20):
        assert plain_site.status() == "running"
    _wait(lambda: int(file.read_text()) != first and process_start(int(file.read_text())) != "")


def test_cancel_asks_once_and_does_not_wait(plain_site: Site) -> None:
    qdel = plain_site.server.folder / "bin" / "qdel"
    qdel.write_text(f'#!/bin/sh\nsleep 1\necho "$*" >"{plain_site.folder}/deleted"\n')
    subprocess.run([PROFILE / "cancel", *[f"{n}.pbshost" for n in range(20)]], check=True)
    assert not Path("deleted").exists()  # it does not wait for PBS
    _wait(lambda: Path("deleted").exists() and len(Path("deleted").read_text().split()) == 20)


def test_cancel_can_leave_jobs(plain_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUT_PBS_ON_INTERRUPT", "leave")
    subprocess.run([PROFILE / "cancel", ID], check=True)
    assert not plain_site.server.calls("qdel")


def test_jobs_are_shown_and_cancelled(plain_site: Site) -> None:
    submit(script("a:b=1"))
    submit(script("a:b=2"))
    plain_site.server.put("500.pbshost", {**sample("running"), "Job_Name": "mine"})
    shown = _jobs("show")
    assert "a:b=1" in shown
    assert "101.pbshost" in shown
    assert "500.pbshost" not in shown
    _jobs("cancel")
    assert plain_site.server.calls("qdel") == ["qdel 100.pbshost 101.pbshost"]
    # A cancelled job is on its way out: the next one waits for it, and is not taken for it.
    plain_site.server.put("100.pbshost", {**sample("running"), "Job_Name": "tag"})
    assert submit(script("a:b=1")).stdout == "501.pbshost\n"


def test_failures_are_shown_until_they_are_mended(plain_site: Site) -> None:
    plain_site.job("running", wrote="3")
    plain_site.server.forget(ID)
    plain_site.rounds()
    Path("n100.log").touch()
    shown = _jobs("failed")
    assert "exit code 3" in shown
    assert "log: n100.log" in shown
    Path("out").touch()
    assert not _jobs("failed")


def _jobs(*arguments: str) -> str:
    command = [sys.executable, JOBS, *arguments, RESULTS]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(("stopped", "deleted"), [(True, True), (False, False)])
def test_end_of_snakemake(plain_site: Site, *, stopped: bool, deleted: bool) -> None:
    """Jobs of a run that was stopped are deleted, those of one that was killed are left."""
    submit(script("a:b=1"))
    run = plain_site.records.runs()[0]
    if stopped:
        plain_site.records.mark_stopped(run)
    plain_site.watcher.see_off(run)
    _wait(lambda: not plain_site.watcher.deleting)
    assert bool(plain_site.server.calls("qdel")) == deleted
    assert not plain_site.records.runs()


def _interrupt(site: Site) -> None:
    """End the Snakemake of this campaign as Ctrl-C does: it has said that it was stopped."""
    run = site.records.runs()[0]
    site.records.mark_stopped(run)
    site.watcher.see_off(run)


@pytest.mark.parametrize("code", [162, 183, 255, 1])
def test_jobs_are_deleted_until_pbs_has_said_so(plain_site: Site, code: int) -> None:
    submit(script("a:b=1"))
    real = plain_site.server.folder / "bin" / "qdel"
    text = real.read_text()
    tried = plain_site.folder / "tried"
    real.write_text(
        f"#!/bin/sh\n[ -e '{tried}' ] || {{ : >'{tried}'; exit {code}; }}\n"
        + text.split("\n", 1)[1]
    )
    _interrupt(plain_site)
    _wait(lambda: not plain_site.watcher.deleting)
    assert plain_site.server.calls("qdel") == [f"qdel {ID}"]
    assert plain_site.said == ["1 jobs of this run deleted"]


def test_qdel_that_hangs_does_not_keep_other_jobs_unwatched(plain_site: Site) -> None:
    submit(script("a:b=1"))
    qdel = plain_site.server.folder / "bin" / "qdel"
    text = qdel.read_text()
    hung, go_on = plain_site.folder / "hung", plain_site.folder / "go on"
    qdel.write_text(
        f"#!/bin/sh\n: >'{hung}'\nwhile [ ! -e '{go_on}' ]; do sleep 0.05; done\n"
        + text.split("\n", 1)[1]
    )
    _interrupt(plain_site)
    _wait(hung.exists)
    # Meanwhile a job of the next run ends.
    plain_site.job("running", "200.pbshost", wrote="3")
    plain_site.server.forget("200.pbshost")
    plain_site.rounds()
    assert plain_site.status("200.pbshost") == "failed"
    assert plain_site.watcher.deleting
    go_on.touch()
    _wait(lambda: not plain_site.watcher.deleting)
    assert plain_site.server.all()[ID]["job_state"] == "F"


# --- small parts --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", sorted((HERE / "openpbs-samples").glob("*.json")), ids=lambda p: p.stem
)
def test_text_form_is_read_as_it_was_written(path: Path) -> None:
    from pbs_replay import as_text

    attributes = sample(path.stem)
    text = as_text("1.a", attributes) + as_text("2.a", attributes)
    assert [details.identifier for details in read_details(text)] == ["1.a", "2.a"]
    for details in read_details(text):
        assert details.attributes == {name.lower(): value for name, value in attributes.items()}


def test_text_form_of_debian_is_read() -> None:
    (details,) = read_details("Job Id:\t4\n\tJob_Name = a b\n\tjob_state = C\n\tqueue = work\n")
    assert details.identifier == "4"
    assert details.ended
    assert details.attributes["queue"] == "work"


@pytest.mark.parametrize(
    ("printed", "identifier"),
    [
        ("12.host\n", "12.host"),
        ("Welcome\n12\n12.host.site.org\nbye 13.x\n", "12.host.site.org"),
        ("17\n", "17"),
        ("100[].host", "100[].host"),
        ("nothing 12", ""),
    ],
)
def test_identifier(tmp_path: Path, printed: str, identifier: str) -> None:
    pbs = Pbs(Records(tmp_path), Settings())
    assert pbs.identifier_in(printed) == identifier


@pytest.mark.parametrize("name", ["olci-small", "a:b=c,d e", "42", "_x", "ü" * 300])
def test_names_are_safe(name: str, tmp_path: Path) -> None:
    tag = campaign_tag(tmp_path / safe_name(name))
    assert tag[0].isalpha()
    assert len(tag) <= 15
    assert all(c.isascii() and (c.isalnum() or c in "-_") for c in tag)


def test_walltime() -> None:
    assert [walltime(1), walltime(90), walltime(6000)] == ["00:01:00", "01:30:00", "100:00:00"]


def test_settings_explain_themselves(tmp_path: Path) -> None:
    (tmp_path / "site.conf").write_text("pole = 3\n")
    with pytest.raises(SettingsError, match="line 1: there is no setting 'pole'"):
        read_settings(tmp_path, {})
    with pytest.raises(SettingsError, match="LUT_PBS_POLL: poll is 'often'"):
        read_settings(PROFILE, {"LUT_PBS_POLL": "often"})
    assert read_settings(PROFILE, {}) == Settings()


def _wait(done: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
