"""SLURM's commands as Snakemake's plugin sees them, so that a campaign outlives SLURM's errors.

The plugin gives a job up, or waits for it for ever, whenever a command of SLURM fails or answers in
a way it does not expect. The workflow therefore puts a folder of wrappers first in the PATH of its
main process. ``profiles/slurm/wrapper`` answers by itself where the answer cannot matter; else it
comes here, and from here to the real commands:

``sbatch``
    Waits while SLURM does not answer or takes no more jobs, and gives the id of the job that does
    the work already, where an earlier run has left one.
``squeue``
    One real squeue for all jobs of the campaign. While SLURM does not answer there is no news,
    which is no failure.
``scancel``
    Cancels all jobs of the campaign, those too whose submission is under way.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from sixsv_lut.cluster.patience import NoAnswerError, StoppedError
from sixsv_lut.cluster.records import FAILED, STOPPED, Records, read_text
from sixsv_lut.cluster.runs import FOLDER, PROFILE, RATE, Run
from sixsv_lut.cluster.slurm import Slurm
from sixsv_lut.cluster.submission import RefusedError, Submission
from sixsv_lut.cluster.task import Task
from sixsv_lut.cluster.watch import Watch
from sixsv_lut.files import atomic_write

# Options that differ from job to job, and are never the reason of a refusal.
_OF_ONE_JOB = ("--output", "-o", "--comment", "--wrap")
# Submissions a minute where the profile does not say.
_RATE = 60


def _without(arguments: Sequence[str], *options: str) -> list[str]:
    """Leave out options, given as ``--option=value`` or as two words."""
    kept, skip = [], False
    for argument in arguments:
        if not skip and argument.partition("=")[0] not in options:
            kept.append(argument)
        skip = argument in options
    return kept


def _value(arguments: Sequence[str], *options: str) -> str:
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        name, equals, value = argument.partition("=")
        if name in options:
            return value if equals else following
    return ""


def sbatch(records: Records, arguments: list[str]) -> int:
    """Submit a job, or find it again."""
    profile = Path(os.environ[PROFILE])
    command = _value(arguments, "--wrap")
    # In jobs too commands are replaced, of which each batch would call one.
    task = Task(command, first=f"export PATH={shlex.quote(f'{profile}/bin_in_jobs')}:$PATH")
    job = task.job(
        _without(arguments, "--wrap", "--comment"),
        repr(_without(arguments, *_OF_ONE_JOB)),
        amounts=[],
        log=_value(arguments, "--output", "-o"),
    )
    scheduler = Slurm(records)
    records.note_scheduler(scheduler.kind, profile)
    try:
        rate = float(os.environ.get(RATE) or _RATE)
        print(Submission(task, job, scheduler, records, rate).identifier())
    except (RefusedError, StoppedError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def squeue(records: Records, _arguments: list[str]) -> int:
    """Tell the plugin the state of all its jobs."""
    scheduler = Slurm(records)
    try:
        for job, state in states(records, scheduler).items():
            print(f"{job}|{state}")
    except Exception as error:  # the plugin gives all its jobs up when this fails
        scheduler.say(f"the state of the jobs could not be told: {error!r}")
    return 0


def states(records: Records, scheduler: Slurm) -> dict[str, str]:
    """Give the states of the jobs of this run, in words that the plugin handles; or no news."""
    path, run = records.folder / "watch.json", Run.current().key
    memory = json.loads(read_text(path) or "{}")
    if memory.get("run") != run:
        memory = {"run": run, "accounting": True}
    scheduler.accounting = memory["accounting"]
    watch = Watch(scheduler, records, memory)
    # Read before SLURM is asked: a job that is submitted meanwhile is not missing.
    watch.jobs = records.open_jobs()
    told = watch.poll()
    memory["accounting"] = scheduler.accounting
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(memory))
    jobs = records.jobs().values()
    ours = {job.identifier: job for job in jobs if job.run == run and job.identifier}
    told |= {identifier: job.state for identifier, job in ours.items() if job.state}
    return {i: _for_plugin(told[i]) for i in told if i in ours and told[i] != "UNKNOWN"}


def _for_plugin(state: str) -> str:
    # For the plugin UNKNOWN is a success, PREEMPTED is no end, and NODE_FAIL shuts the node out for
    # good, although SLURM itself uses it again only when it is well.
    return FAILED if state in ("PREEMPTED", "NODE_FAIL", STOPPED) else state


def scancel(records: Records, _arguments: list[str]) -> int:
    """Cancel all jobs of the campaign: the plugin does this when the user stops it."""
    records.mark_stopped(Run.current())
    scheduler = Slurm(records)
    try:
        scheduler.delete_all()
    except NoAnswerError as error:
        scheduler.say(f"jobs could not be cancelled: {error}")
        return 1
    return 0


if __name__ == "__main__":
    wrapper = {"sbatch": sbatch, "squeue": squeue, "scancel": scancel}[sys.argv[1]]
    sys.exit(wrapper(Records(Path(os.environ[FOLDER])), sys.argv[2:]))
