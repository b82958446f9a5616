"""SLURM's commands as Snakemake's plugin sees them, so that a campaign outlives SLURM's faults.

The plugin gives a job up, or waits for it for ever, whenever a command of SLURM fails or answers in
a way it does not expect. The workflow therefore puts the folder `bin` first in the PATH of its main
process. The commands there come here, and from here to the real ones:

``sbatch``
    Waits while SLURM does not answer or takes no more jobs. Does not submit again what an earlier
    run has submitted and is still queued or running: gives the id of that job. Names every job
    after its campaign, so that SLURM itself can list and cancel them.
``squeue``
    One real squeue for all jobs of the campaign. While SLURM does not answer there is no news,
    which is no failure. A job that SLURM has forgotten is looked up where it left its exit code,
    then with sacct.
``sacct``, ``scontrol``, ``sacctmgr``, ``sinfo``
    What the plugin asks beside: answered without SLURM where the answer cannot matter.
``scancel``
    Cancels all jobs of the campaign, those too whose submission is under way.

``show``, ``cancel`` and ``end`` are for people and for the end of a run. Python's standard library
is all this needs, so that it starts in a few hundredths of a second.
"""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import hashlib
import json
import os
import re
import shlex
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

# Set by sixsv_lut.host.cluster in the main process.
FOLDER = "SIXSV_LUT_CLUSTER_FOLDER"
RUN = "SIXSV_LUT_CLUSTER_RUN"
CONFIGURATION = "SIXSV_LUT_CLUSTER_CONFIGURATION"
ACCOUNT = "SIXSV_LUT_CLUSTER_ACCOUNT"
RATE = "SIXSV_LUT_CLUSTER_RATE"
SNAKEMAKE_PID = "SIXSV_LUT_SNAKEMAKE_PID"

BIN = Path(__file__).resolve().parent / "bin"
# What stands in for SLURM's commands inside jobs, where each call would be one for every batch.
BIN_IN_JOBS = BIN.parent / "bin_in_jobs"

# How long to wait before a refused submission is tried again: doubled each time.
FIRST_WAIT_SECONDS = float(os.environ.get("SIXSV_LUT_FIRST_WAIT", "5"))
LONGEST_WAIT_SECONDS = 300.0
# The plugin waits 60 s for an answer, and gives its jobs up without one.
QUERY_SECONDS = 40.0
SUBMIT_SECONDS = 120.0
# How long a job must be missing from SLURM's answers before it is given up: a controller that was
# restarted may need a while to know its jobs again.
VANISHED_SECONDS = float(os.environ.get("SIXSV_LUT_VANISHED", "180"))
# How often a refusal in unknown words is tried again.
UNKNOWN_REFUSALS = 8

ENDED = frozenset(
    {
        "COMPLETED",
        "BOOT_FAIL",
        "CANCELLED",
        "DEADLINE",
        "FAILED",
        "NODE_FAIL",
        "OUT_OF_MEMORY",
        "PREEMPTED",
        "TIMEOUT",
    }
)
# States that SLURM shows for a moment before it queues the job again.
MAYBE_QUEUED_AGAIN = frozenset({"BOOT_FAIL", "NODE_FAIL", "PREEMPTED"})
# A job that waits for a person: it will never start by itself.
HELD_FOR_EVER = ("launch failed requeued held", "launch_failed_requeued_held")

# sbatch's words for what passes: SLURM down, overloaded, or full.
PASSING = re.compile(
    r"unable to contact|connect|timed out|temporarily|try again|zero bytes|"
    r"authentication|munge|credential|socket|transport|communication|configuration source|"
    r"standby|not responding|in maintenance|limit on (the )?number|job submit limit|"
    r"MaxSubmitJob|MaxJobCount|maximum number of (jobs|submi)|rate limit|too many|"
    r"reservation .*(not|un)usable|nodes? (are )?busy|database",
    re.IGNORECASE,
)
# sbatch's words for what never passes, whatever else they say.
LASTING = re.compile(
    r"invalid (account|partition|qos|wckey|license|time|job array|feature|generic|node|user|"
    r"constraint|depend|reservation|.*specif)|not available$|configuration is not available|"
    r"unrecognized option|invalid option|permission|not permitted|requested time limit|"
    r"(memory|processor|node|cpu).*(can ?not|can't|more|exceed)|no such file|unable to open",
    re.IGNORECASE,
)


def main() -> int:
    """Do what the command was called for."""
    command, arguments = sys.argv[1], sys.argv[2:]
    for_people: dict[str, Callable[[Campaign], int]] = {"show": show, "cancel": cancel, "end": end}
    if command in for_people:
        return for_people[command](_named_campaign(arguments))
    folder = os.environ.get(FOLDER)
    commands: dict[str, Callable[[Campaign, list[str]], int]] = {
        "sbatch": sbatch,
        "squeue": squeue,
        "sacct": sacct,
        "sacctmgr": sacctmgr,
        "scancel": scancel,
        "scontrol": scontrol,
        "sinfo": sinfo,
    }
    if command not in commands:
        print(
            "usage: profiles/slurm/jobs show|cancel FOLDER, the campaign's folder of results",
            file=sys.stderr,
        )
        return 2
    if folder is None:
        return real_instead(command, arguments)
    return commands[command](Campaign(Path(folder)), arguments)


def _named_campaign(arguments: Sequence[str]) -> Campaign:
    folder = Path(arguments[0] if arguments else ".").absolute()
    if folder.name != "cluster":
        folder = folder / "cluster"
    if not folder.is_dir():
        raise SystemExit(
            f"there is no folder {folder}: give the campaign's folder of results, in which a "
            "campaign that ran on SLURM has the folder cluster"
        )
    return Campaign(folder)


# ---------------------------------------------------------------- the real commands


def environment() -> dict[str, str]:
    """Give the environment with the PATH that leads to the real commands, for them and for jobs."""
    paths = os.environ.get("PATH", os.defpath).split(os.pathsep)
    kept = [path for path in paths if path and Path(path).resolve() != BIN]
    return {**os.environ, "PATH": os.pathsep.join(kept)}


def real(
    command: Sequence[str], seconds: float, text: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a real command; one that does not end in time, or is not there, has failed."""
    try:
        return subprocess.run(
            list(command),
            env=environment(),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
            input=text,
        )
    except subprocess.TimeoutExpired:
        why = f"{command[0]} timed out after {seconds:.0f} s"
        return subprocess.CompletedProcess(command, 124, "", why)
    except OSError as fault:
        return subprocess.CompletedProcess(command, 127, "", f"{command[0]}: {fault.strerror}")


def real_instead(command: str, arguments: Sequence[str]) -> int:
    """Become the real command."""
    try:
        os.execvpe(command, [command, *arguments], environment())  # noqa: S606
    except OSError as fault:
        print(f"{command}: {fault.strerror}", file=sys.stderr)
    return 127


# ---------------------------------------------------------------- what is kept of a campaign


class Campaign:
    """What is known of the jobs of a campaign.

    Parameters
    ----------
    folder : Path
        Where it is kept: the folder ``cluster`` of the campaign.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run = os.environ.get(RUN, "")
        where = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:8]
        # The name of all its jobs.
        self.tag = f"sixsv-{folder.resolve().parent.name}-{where}"
        self.user = getpass.getuser()

    def say(self, text: str) -> None:
        """Tell the user, in a file and on the terminal."""
        with contextlib.suppress(OSError), (self.folder / "messages.log").open("a") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")
        with contextlib.suppress(OSError):
            # Snakemake keeps the output of commands to itself, so this goes where its own goes.
            # Not into a file, in which both would overwrite each other.
            path = f"/proc/{os.environ[SNAKEMAKE_PID]}/fd/2" if SNAKEMAKE_PID in os.environ else ""
            if path and not stat.S_ISREG(Path(path).stat().st_mode):
                with Path(path).open("a") as terminal:
                    terminal.write(f"SLURM: {text}\n")

    def append(self, name: str, line: dict[str, Any]) -> None:
        """Append a line to one of the records."""
        with (self.folder / name).open("a") as file:
            file.write(json.dumps(line) + "\n")

    def lines(self, name: str) -> list[dict[str, Any]]:
        """Read one of the records; a line that was cut short is left out."""
        found = []
        with contextlib.suppress(OSError), (self.folder / name).open() as file:
            for line in file:
                with contextlib.suppress(ValueError):
                    found.append(json.loads(line))
        return found

    def of_this_run(self, name: str) -> list[dict[str, Any]]:
        """Read the lines of this run of Snakemake."""
        return [line for line in self.lines(name) if line.get("run") == self.run]

    @contextlib.contextmanager
    def state(self) -> Iterator[dict[str, Any]]:
        """Give what this run remembers between commands, to be changed by one at a time."""
        path = self.folder / "run.json"
        with (self.folder / "lock").open("a") as lock:
            with contextlib.suppress(OSError):
                fcntl.flock(lock, fcntl.LOCK_EX)
            state: dict[str, Any] = {}
            with contextlib.suppress(OSError, ValueError):
                state = json.loads(path.read_text())
            if state.get("run") != self.run:
                state = {"run": self.run}
            before = json.dumps(state)
            yield state
            after = json.dumps(state)
            if after != before:
                aside = path.with_suffix(f".{os.getpid()}")
                aside.write_text(after)
                aside.rename(path)

    @contextlib.contextmanager
    def one_at_a_time(self) -> Iterator[None]:
        """Let no other submission come so far meanwhile."""
        with (self.folder / "submission.lock").open("a") as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    wait(self, 0.2)
                    continue
                except OSError:
                    pass  # a file system without locks: at worst SLURM is asked twice
                break
            yield

    def exit_file(self, job: str) -> Path:
        """Where a job leaves its exit code."""
        return self.folder / "exit" / job

    @property
    def cancelled(self) -> bool:
        """Whether the user has stopped this run."""
        try:
            return (self.folder / "cancelled").read_text().strip() == self.run
        except OSError:
            return False

    def mark_cancelled(self) -> None:
        """Let no more submission of this run go through."""
        (self.folder / "cancelled").write_text(self.run)

    def in_slurm(self) -> list[dict[str, str]] | None:
        """Ask SLURM for all jobs of the campaign; None without an answer."""
        answer = real(
            [
                "squeue",
                f"--user={self.user}",
                f"--name={self.tag}",
                "--states=all",
                "--noheader",
                "--format=%i|%T|%r|%N|%k",
            ],
            QUERY_SECONDS,
        )
        if answer.returncode != 0:
            self.last_fault = answer.stderr.strip() or f"exit code {answer.returncode}"
            return None
        names = ("id", "state", "reason", "node", "comment")
        rows = [line.split("|", len(names) - 1) for line in answer.stdout.splitlines()]
        return [
            dict(zip(names, (cell.strip() for cell in row), strict=True))
            for row in rows
            if len(row) == len(names)
        ]

    def alive_in_slurm(self) -> list[dict[str, str]] | None:
        """Ask SLURM for the jobs that are queued or running; None without an answer."""
        jobs = self.in_slurm()
        return None if jobs is None else [job for job in jobs if job["state"] not in ENDED]


class StoppedError(Exception):
    """The run that this command worked for is over."""


def wait(campaign: Campaign, seconds: float) -> None:
    """Wait, but not for a run that is over."""
    until = time.monotonic() + seconds
    while True:
        if campaign.cancelled:
            raise StoppedError("the run was stopped")
        pid = os.environ.get(SNAKEMAKE_PID)
        if pid and not Path(f"/proc/{pid}").exists():
            raise StoppedError("the Snakemake that asked for it is gone")
        left = until - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(0.5, left))


def waits() -> Iterator[float]:
    """Give how long to wait, time after time."""
    seconds = FIRST_WAIT_SECONDS
    while True:
        yield seconds
        seconds = min(2 * seconds, LONGEST_WAIT_SECONDS)


# ---------------------------------------------------------------- sbatch


def sbatch(campaign: Campaign, arguments: list[str]) -> int:
    """Submit a job, or find it again."""
    wrapped = next((a for a in arguments if a.startswith("--wrap=")), "").removeprefix("--wrap=")
    jobs = members(wrapped)
    if not jobs:
        return real_instead("sbatch", arguments)
    try:
        found, before = find_again(campaign, jobs)
        if found is not None:
            remember(campaign, found, jobs, arguments, adopted=True)
            print(found)
            return 0
        job, refusal = submit(campaign, jobs, wrapped, arguments, before)
    except StoppedError as why:
        print(f"not submitted: {why}", file=sys.stderr)
        return 1
    if job is None:
        campaign.append(
            "ended.jsonl",
            {"run": campaign.run, "id": "", "state": "REFUSED", "reason": refusal, "jobs": jobs},
        )
        print(refusal, file=sys.stderr)
        return 1
    remember(campaign, job, jobs, arguments, adopted=False)
    print(job)
    return 0


def members(wrapped: str) -> list[str]:
    """Name the Snakemake jobs that a command line runs."""
    found = re.search(r"--target-jobs\s+(.*?)\s+--allowed-rules", wrapped, re.DOTALL)
    if not found:
        return []
    # The paths of batches say what they depend on; of the others only the configuration does.
    configuration = os.environ.get(CONFIGURATION, "")
    return sorted(
        job if ",digest=" in job or ":digest=" in job else f"{job}@{configuration}"
        for job in (_in_order(spec) for spec in shlex.split(found.group(1)))
    )


def _in_order(spec: str) -> str:
    rule, _, wildcards = spec.partition(":")
    return f"{rule}:{','.join(sorted(wildcards.split(',')))}"


def key_of(jobs: Sequence[str]) -> str:
    """Name a cluster job by what it does."""
    return hashlib.sha256("\n".join(jobs).encode()).hexdigest()[:16]


def remember(
    campaign: Campaign, job: str, jobs: list[str], arguments: Sequence[str], *, adopted: bool
) -> None:
    """Keep what was submitted."""
    output = _option(arguments, "--output", "-o")
    campaign.append(
        "submitted.jsonl",
        {
            "id": job,
            "run": campaign.run,
            "key": key_of(jobs),
            "adopted": adopted,
            "at": round(time.time(), 1),
            "log": output.replace("%j", job),
            "jobs": jobs,
        },
    )


def _option(arguments: Sequence[str], *names: str) -> str:
    for number, argument in enumerate(arguments):
        for name in names:
            if argument == name and number + 1 < len(arguments):
                return arguments[number + 1]
            if argument.startswith(f"{name}="):
                return argument.removeprefix(f"{name}=")
    return ""


def find_again(campaign: Campaign, jobs: list[str]) -> tuple[str | None, list[str]]:
    """Look for a job of an earlier run that does this work.

    Returns
    -------
    tuple
        The id of a job that does all of it, or None; and the ids of jobs that do some of it.
    """
    with campaign.one_at_a_time():
        with campaign.state() as state:
            known = "alive" in state
        if not known:
            # Only an earlier run can have left jobs, so they are asked for once.
            alive, ending = _alive_of_earlier_runs(campaign)
            with campaign.state() as state:
                state["alive"], state["ending"] = alive, ending
    wanted = set(jobs)
    with campaign.state() as state:
        mine = ",".join(jobs)
        for job, does in state["alive"].items():
            taken = state.setdefault("taken", {}).setdefault(job, [])
            # Once only: when it has failed, the work is submitted anew.
            if wanted <= set(does) and mine not in taken:
                taken.append(mine)
                return job, []
        # A job of which nothing is known may do anything.
        some = [
            job
            for job, does in {**state["alive"], **state["ending"]}.items()
            if (not does or wanted & set(does)) and mine not in state.get("taken", {}).get(job, [])
        ]
        return None, some


def _alive_of_earlier_runs(campaign: Campaign) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    # What is queued or running, and what is just ending: that is not waited for, but nothing that
    # it did is started before it is gone.
    jobs = campaign.alive_in_slurm()
    for seconds in waits():
        if jobs is not None:
            break
        campaign.say(f"no answer ({campaign.last_fault}); waiting for it, nothing is lost")
        wait(campaign, seconds)
        jobs = campaign.alive_in_slurm()
    assert jobs is not None
    does = {line["key"]: line["jobs"] for line in campaign.lines("submitted.jsonl")}
    found: tuple[dict[str, list[str]], dict[str, list[str]]] = ({}, {})
    for job in jobs:
        found[job["state"] == "COMPLETING"][job["id"]] = does.get(job["comment"], [])
    if found[0]:
        campaign.say(
            f"{len(found[0])} jobs of an earlier run are still queued or running and are waited for"
        )
    return found


def submit(
    campaign: Campaign,
    jobs: list[str],
    wrapped: str,
    arguments: list[str],
    before: Sequence[str],
) -> tuple[str | None, str]:
    """Submit a job; wait while SLURM cannot take it.

    Returns
    -------
    tuple
        Its id; or None and why it was refused for good.
    """
    key = key_of(jobs)
    command = ["sbatch", *(a for a in arguments if not a.startswith("--wrap="))]
    # What is given last counts.
    command += [f"--job-name={campaign.tag}", f"--comment={key}", "--open-mode=append"]
    if before:
        command.append(f"--dependency=afterany:{':'.join(before)}")
    alike = hashlib.sha256(repr(_what_may_be_refused(command)).encode()).hexdigest()[:16]
    with campaign.state() as state:
        refusal = state.get("refused", {}).get(alike)
    if refusal is not None:
        return None, str(refusal)  # the same request, so the same answer: SLURM is not asked
    command.append(f"--wrap={leaving_exit_code(campaign, wrapped)}")
    unknown = 0
    for seconds in waits():
        wait(campaign, _until_turn(campaign))
        answer = real(command, SUBMIT_SECONDS)
        said = " | ".join(line.strip() for line in answer.stderr.splitlines() if line.strip())
        number = re.search(r"^(\d+)(;\S*)?$", answer.stdout.strip(), re.MULTILINE)
        if answer.returncode == 0 and number:
            return number.group(1), ""
        said = said or answer.stdout.strip() or f"sbatch ended with exit code {answer.returncode}"
        passes = PASSING.search(said) and not LASTING.search(said)
        unknown += not passes
        if LASTING.search(said) or unknown > UNKNOWN_REFUSALS:
            with campaign.state() as state:
                state.setdefault("refused", {})[alike] = said
            campaign.say(f"refused a job: {said}")
            return None, said
        campaign.say(f"takes no job now ({said}); trying again in {seconds:.0f} s")
        wait(campaign, seconds)
        job = _submitted_all_the_same(campaign, key)
        if job is not None:
            return job, ""
    raise AssertionError("waits for ever")


def _until_turn(campaign: Campaign) -> float:
    # Submissions are evenly spaced, whoever makes them.
    rate = float(os.environ.get(RATE) or 60)
    with campaign.state() as state:
        turn = max(time.time(), float(state.get("next submission", 0.0)))
        state["next submission"] = turn + 60 / rate
    return turn - time.time()


def _what_may_be_refused(command: Sequence[str]) -> list[str]:
    kept, skip = [], False
    for argument in command:
        if not skip and not argument.startswith(("--output=", "--comment=", "--dependency=")):
            kept.append(argument)
        skip = argument in ("--output", "--comment", "-o")
    return kept


def _submitted_all_the_same(campaign: Campaign, key: str) -> str | None:
    # When the answer was lost on the way, the job is there.
    known = {line["id"] for line in campaign.of_this_run("submitted.jsonl")}
    for job in campaign.alive_in_slurm() or []:
        if job["comment"] == key and job["id"] not in known:
            return job["id"]
    return None


def leaving_exit_code(campaign: Campaign, wrapped: str) -> str:
    """Write a command line so that its exit code stays behind in a file."""
    file = f'{shlex.quote(str(campaign.folder / "exit"))}/"$SLURM_JOB_ID"'
    return (
        f"export PATH={shlex.quote(str(BIN_IN_JOBS))}:$PATH\n"
        f"rm -f {file}\n({wrapped}\n)\ncode=$?\n"
        f"echo $code > {file}.new && mv {file}.new {file}\nexit $code"
    )


# ---------------------------------------------------------------- squeue


def squeue(campaign: Campaign, arguments: list[str]) -> int:
    """Tell the plugin the state of all its jobs."""
    try:
        if any(argument.startswith("--name") for argument in arguments):
            for job, state in states(campaign).items():
                print(f"{job}|{state}")
            return 0
    except Exception as fault:  # the plugin gives all its jobs up when this fails
        campaign.say(f"the state of the jobs could not be told: {fault!r}")
        return 0
    return real_instead("squeue", arguments)


def states(campaign: Campaign) -> dict[str, str]:
    """Give the state of the jobs of this run, in words that the plugin handles; or no news."""
    # Read before SLURM is asked: a job that is submitted meanwhile is not missing.
    submitted = {line["id"]: line for line in campaign.of_this_run("submitted.jsonl")}
    ended = {line["id"]: line["state"] for line in campaign.of_this_run("ended.jsonl")}
    answer = campaign.in_slurm()
    if answer is None:
        _silent(campaign)
        return _for_plugin({job: ended[job] for job in submitted if job in ended})
    there = {job["id"]: job for job in answer}
    now = {job: ended[job] for job in submitted if job in ended}
    missing = [job for job in submitted if job not in there and job not in ended]
    from_accounting = accounting(campaign, missing)
    with campaign.state() as state:
        if state.pop("silent since", None):
            campaign.say("answers again")
        for job in submitted:
            if job in ended:
                continue
            if job in there:
                end = _end_of(there[job], state)
            else:
                end = _end_of_missing(campaign, job, from_accounting.get(job), state)
            if end is None:
                if job in there and there[job]["state"] not in ENDED:
                    now[job] = there[job]["state"]
                continue
            now[job] = end["state"]
            log = submitted[job]["log"]
            jobs = submitted[job]["jobs"]
            campaign.append(
                "ended.jsonl", {"run": campaign.run, "id": job, **end, "log": log, "jobs": jobs}
            )
            with contextlib.suppress(OSError):
                campaign.exit_file(job).unlink()
            if end.get("held"):
                real(["scancel", job], 5)
    return _for_plugin(now)


def _silent(campaign: Campaign) -> None:
    with campaign.state() as state:
        if "silent since" not in state:
            state["silent since"] = time.time()
            campaign.say(f"no answer ({campaign.last_fault}); waiting for it, nothing is lost")


def _for_plugin(states: dict[str, str]) -> dict[str, str]:
    # For the plugin UNKNOWN is a success, PREEMPTED is no end, and NODE_FAIL shuts the node out for
    # good, although SLURM itself uses it again only when it is well.
    as_failed = {"PREEMPTED", "NODE_FAIL"}
    return {
        job: "FAILED" if state in as_failed else state
        for job, state in states.items()
        if state != "UNKNOWN"
    }


def _end_of(job: dict[str, str], state: dict[str, Any]) -> dict[str, Any] | None:
    # How a job that SLURM knows has ended, or None.
    told = state.setdefault("told", {})
    name = job["state"]
    if name == "PENDING" and job["reason"].lower() in HELD_FOR_EVER:
        return {"state": "FAILED", "reason": job["reason"], "node": job["node"], "held": True}
    if name not in ENDED:
        told.pop(job["id"], None)
        return None
    if name in MAYBE_QUEUED_AGAIN and told.get(job["id"]) != name:
        told[job["id"]] = name
        return None
    return {"state": name, "reason": job["reason"], "node": job["node"]}


def _end_of_missing(
    campaign: Campaign, job: str, accounted: str | None, state: dict[str, Any]
) -> dict[str, Any] | None:
    # How a job that SLURM has forgotten has ended, or None while that is open.
    with contextlib.suppress(OSError, ValueError):
        code = int(campaign.exit_file(job).read_text())
        if code == 0:
            return {"state": "COMPLETED", "reason": "", "node": ""}
        return {"state": "FAILED", "reason": f"exit code {code}", "node": ""}
    if accounted in ENDED:
        return {"state": accounted, "reason": "by sacct", "node": ""}
    since = state.setdefault("missing", {}).setdefault(job, time.time())
    if time.time() - since < VANISHED_SECONDS:
        return None
    return {"state": "FAILED", "reason": "SLURM no longer knows this job", "node": ""}


def accounting(campaign: Campaign, jobs: Sequence[str]) -> dict[str, str]:
    """Ask the accounting database, where there is one, for the state of jobs."""
    with campaign.state() as state:
        if not jobs or state.get("no accounting"):
            return {}
    answer = real(["sacct", "-X", "-n", "-P", "-o", "JobIDRaw,State", "-j", ",".join(jobs)], 10)
    if answer.returncode != 0:
        if "disabled" in answer.stderr.lower():
            with campaign.state() as state:
                state["no accounting"] = True
        return {}
    rows = (line.split("|") for line in answer.stdout.splitlines() if "|" in line)
    # "CANCELLED by 1000" is CANCELLED.
    return {row[0].strip(): (row[1].split() or [""])[0].rstrip("+") for row in rows}


# ---------------------------------------------------------------- the others


def sacct(campaign: Campaign, arguments: list[str]) -> int:
    """Answer the plugin's query for states as squeue does."""
    if _option(arguments, "--name"):
        return squeue(campaign, arguments)
    if arguments[:1] == ["-nu"]:
        # The plugin guesses an account, by a command that no sacct understands.
        print("none")
        return 0
    return real_instead("sacct", arguments)


def scontrol(_campaign: Campaign, arguments: list[str]) -> int:
    """Say that SLURM remembers its jobs for long: what it forgets is looked up here.

    The plugin asks before every query, which would be a second question for each.
    """
    if arguments == ["show", "config"]:
        print("MinJobAge = 864000 sec\nMaxArraySize = 1001")
        return 0
    return real_instead("scontrol", arguments)


def sacctmgr(_campaign: Campaign, arguments: list[str]) -> int:
    """Take the account for a good one.

    The plugin asks before every submission, and counts an accounting database that is down, or
    missing, as the end of the job. A wrong account is refused by sbatch.
    """
    account = os.environ.get(ACCOUNT)
    if account and "user" in arguments:
        print(account)
        return 0
    return real_instead("sacctmgr", arguments)


def sinfo(_campaign: Campaign, arguments: list[str]) -> int:
    """Give the partitions; none while SLURM does not answer: it has a default."""
    answer = real(["sinfo", *arguments], QUERY_SECONDS)
    print(answer.stdout, end="")
    return 0


def scancel(campaign: Campaign, arguments: list[str]) -> int:
    """Cancel all jobs of the campaign: the plugin does this when the user stops it."""
    campaign.mark_cancelled()
    return _cancel_all(campaign)


def _cancel_all(campaign: Campaign) -> int:
    command = ["scancel", f"--user={campaign.user}", f"--name={campaign.tag}"]
    answer = real(command, QUERY_SECONDS)
    if answer.returncode != 0:
        said = answer.stderr.strip() or f"exit code {answer.returncode}"
        campaign.say(
            f"jobs could not be cancelled ({said}). When SLURM is back, cancel them by: "
            f"{shlex.join(command)}"
        )
    return answer.returncode


# ---------------------------------------------------------------- for people


def show(campaign: Campaign) -> int:
    """Show the jobs of a campaign that are in SLURM."""
    jobs = campaign.alive_in_slurm()
    if jobs is None:
        print(f"SLURM does not answer: {campaign.last_fault}", file=sys.stderr)
        return 1
    print(f"{len(jobs)} jobs named {campaign.tag}")
    does = {line["id"]: line for line in campaign.lines("submitted.jsonl")}
    for job in jobs:
        line = does.get(job["id"], {})
        why = job["node"] or job["reason"]
        print(f"{job['id']:>10}  {job['state']:<12} {why:<20} {described(line.get('jobs', []))}")
    return 0


def cancel(campaign: Campaign) -> int:
    """Cancel the jobs of a campaign that are in SLURM."""
    jobs = campaign.alive_in_slurm()
    if jobs is None:
        print(f"SLURM does not answer: {campaign.last_fault}", file=sys.stderr)
        return 1
    status = _cancel_all(campaign) if jobs else 0
    if status == 0:
        print(f"{len(jobs)} jobs named {campaign.tag} cancelled")
    return status


def end(campaign: Campaign) -> int:
    """End a run: leave no job behind, and list what failed."""
    alive = campaign.alive_in_slurm()
    if alive is None:
        print(
            f"SLURM does not answer ({campaign.last_fault}): jobs of this campaign may be left "
            "in it. Show or cancel them by: "
            f"{BIN.parent / 'jobs'} show|cancel {campaign.folder.parent}"
        )
    elif alive and _cancel_all(campaign) == 0:
        print(f"{len(alive)} jobs of this campaign that were still in SLURM were cancelled.")
    print(failures(campaign), end="")
    return 0


def failures(campaign: Campaign, most: int = 20) -> str:
    """List the cluster jobs that failed in this run, and whose work was not done later.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    most : int
        How many are listed; the others are counted.

    Returns
    -------
    str
        Lines of text, with SLURM's own reason and the paths of the logs; empty without failures.
    """
    last: dict[str, dict[str, Any]] = {}
    for line in campaign.of_this_run("ended.jsonl"):
        for job in line["jobs"]:
            last[job] = line
    failed: dict[int, tuple[dict[str, Any], list[str]]] = {}
    for job, line in last.items():
        if line["state"] != "COMPLETED":
            failed.setdefault(id(line), (line, []))[1].append(job)
    if not failed:
        return ""
    lines = [f"\n{len(failed)} cluster jobs failed for good:"]
    for line, jobs in list(failed.values())[:most]:
        where = f" on {line['node']}" if line.get("node") else ""
        lines.append(f"  job {line['id'] or '-'}: {line['state']} ({line['reason']}){where}")
        lines.append(f"    {described(jobs)}")
        logs = [line.get("log", ""), *(batch_log(campaign, job) for job in jobs[:3])]
        lines += [f"    {log}" for log in logs if log and Path(log).exists()]
    if len(failed) > most:
        lines.append(f"  and {len(failed) - most} more, in {campaign.folder / 'ended.jsonl'}")
    return "\n".join(lines) + "\n"


def described(jobs: Sequence[str]) -> str:
    """Name Snakemake jobs shortly."""
    names = []
    for job in jobs:
        rule, _, rest = job.partition("@")[0].partition(":")
        wildcards = dict(item.split("=", 1) for item in rest.split(",") if "=" in item)
        parts = [wildcards[name] for name in ("band", "batch") if name in wildcards]
        names.append(" ".join([rule, *parts]))
    if len(names) <= 3:
        return ", ".join(names)
    return f"{names[0]} ... {names[-1]} ({len(names)} in all)"


def batch_log(campaign: Campaign, job: str) -> str:
    """Give the path of the log of a Snakemake job."""
    rule, _, rest = job.partition("@")[0].partition(":")
    wildcards = dict(item.split("=", 1) for item in rest.split(",") if "=" in item)
    logs = campaign.folder.parent / "logs" / rule
    if "batch" in wildcards:
        return f"{logs}/{wildcards['band']}-{wildcards['digest']}/{wildcards['batch']}.log"
    return f"{logs}/{wildcards.get('band', '')}.log"


if __name__ == "__main__":
    sys.exit(main())
