"""Snakemake's submit command for PBS: read its job script, hand the job in, print the id."""

from __future__ import annotations

import json
import os
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from sixsv_lut.cluster.patience import StoppedError
from sixsv_lut.cluster.pbs import Pbs, walltime
from sixsv_lut.cluster.pbs_settings import RESOURCES, Settings, SettingsError, read_settings
from sixsv_lut.cluster.pbs_watcher import start_watcher
from sixsv_lut.cluster.records import Job, Records
from sixsv_lut.cluster.runs import FOLDER
from sixsv_lut.cluster.submission import RefusedError, Submission
from sixsv_lut.cluster.task import Task

_MARK = "# properties = "


class ScriptError(Exception):
    """A file is no job script of Snakemake."""


def read_job_script(path: Path) -> tuple[Task, dict[str, Any]]:
    """Read a job script of Snakemake: what it runs, and what it says of the job.

    Raises
    ------
    ScriptError
        It is none.
    """
    try:
        lines = path.read_text().splitlines()
        start = next(i for i, line in enumerate(lines) if line.startswith(_MARK))
        properties = json.loads(lines[start].removeprefix(_MARK))
    except (OSError, StopIteration, ValueError) as error:
        raise ScriptError(f"{path} is no job script of Snakemake ({error})") from None
    rule = str(properties.get("rule") or properties.get("groupid") or "job")
    outputs = [str(output) for output in properties.get("output") or []]
    return Task("\n".join(lines[start + 1 :]).strip(), rule, outputs), properties


def job_of(task: Task, properties: dict[str, Any], settings: Settings, dialect: str) -> Job:
    """Say in options of qsub what a job asks for.

    Parameters
    ----------
    task : Task
        What Snakemake wants to have run.
    properties : dict
        What Snakemake's job script says of it.
    settings : Settings
        Those of the site, with the job's own over them.
    dialect : str
        pbs or torque.
    """
    resources = properties.get("resources") or {}
    # What Snakemake reserves, and no more than the job is told to use.
    cores, told = int(properties.get("threads") or 1), task.option("--cores")
    if told and told[0].isdigit():
        cores = min(cores, int(told[0]))
    cores = max(cores, settings.node_cores)
    memory, minutes = float(resources.get("mem_mb") or 0), float(resources.get("runtime") or 0)
    select = f"select=1:ncpus={cores}"
    if memory:
        select += f":mem={int(memory)}mb"
    limits = [select + settings.select_extra]
    if minutes:
        limits.append(f"walltime={walltime(minutes)}")
    options = ["-r", settings.rerun]
    if dialect == "torque":
        # Only the last -l counts there.
        options += ["-l", ",".join(limits)]
    else:
        # The login shell of a user may be no sh, and PBS would run the script with it.
        options += ["-S", "/bin/sh"]
        for limit in limits:
            options += ["-l", limit]
    chosen = {"-q": settings.queue, "-A": settings.account, "-P": settings.project}
    for option, value in chosen.items():
        if value:
            options += [option, value]
    options += shlex.split(settings.extra)
    key = repr([getattr(settings, name) for name in (*RESOURCES, "rerun")])
    return task.job(options, key, [float(cores), memory, minutes])


def main(profile: Path, path: Path) -> int:
    """Submit a job script of Snakemake, with the settings of a profile; print the job's id."""
    if FOLDER not in os.environ:
        print(f"[PBS] {FOLDER} is not set: this is a command for Snakemake", file=sys.stderr)
        return 2
    try:
        records = Records(Path(os.environ[FOLDER]))
        task, properties = read_job_script(path)
        settings = read_settings(profile)
        scheduler = Pbs(records, settings)
        records.note_scheduler(scheduler.kind, profile)
        start_watcher(records, profile)
        own = settings.for_job(properties.get("resources") or {})
        job = job_of(task, properties, own, scheduler.dialect)
        job = replace(job, script=f"{path.absolute()}.pbs")
        print(Submission(task, job, scheduler, records).identifier(), flush=True)
    except (SettingsError, ScriptError, RefusedError) as error:
        print(f"[PBS] {error}", file=sys.stderr)
        return 1
    except StoppedError:
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
