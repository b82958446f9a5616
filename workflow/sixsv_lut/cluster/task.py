"""What Snakemake wants to have run, the script of the cluster job that runs it, and its names."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from sixsv_lut.cluster.records import Job, Records

# The job writes its exit code itself: without job history nothing else tells. It does so at once
# when it is told to stop, since a kill may follow, and then whatever the command made of it: who
# stops a job has not let it succeed. The file of an earlier start of the same job is replaced
# first. The folder and list of files that Snakemake makes it wait for go when Snakemake ends; a job
# that is left in the queue finds them again.
_SCRIPT = """\
#!/bin/sh
exit_file={exit_file}
stopped=
end() {{ printf '%s\\n' "$1" >"$exit_file"; }}
stop() {{ stopped=$1; end "$1"; }}
printf 'started %s\\n' "$(hostname)" >"$exit_file"
trap 'stop 143' TERM
trap 'stop 129' HUP
trap 'stop 130' INT
trap 'stop 152' XCPU
{preparation}
(
{command}
) </dev/null &
child=$!
# A signal ends the wait, not the command: wait for it again.
while :; do
    wait "$child"
    code=$?
    kill -0 "$child" 2>/dev/null || break
done
code=${{stopped:-$code}}
end "$code"
exit "$code"
"""
# Members of a job that are named, and failed jobs that are listed.
_SHOWN = 3
_LISTED = 20


@dataclass(frozen=True)
class Task:
    """What Snakemake wants to have run.

    Attributes
    ----------
    command : str
        The command line.
    rule : str
        Name of the rule, or of the group, where it is told.
    outputs : list of str
        Its output files; none where Snakemake does not tell.
    first : str
        A line to be run in the job before the command.
    """

    command: str
    rule: str = ""
    outputs: list[str] = field(default_factory=list)
    first: str = ""

    @cached_property
    def members(self) -> list[str]:
        """The Snakemake jobs in it, as rule and wildcards."""
        return sorted(_in_order(member) for member in self.option("--target-jobs"))

    @cached_property
    def inputs(self) -> str:
        """A hash of the names of its input files: they carry digests of what they hold."""
        # Named once for each member that has it: a job of fewer members is the same work.
        names = sorted({name for name in self._waited_for if not _is_scratch(name)})
        return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]

    @cached_property
    def _waited_for(self) -> list[str]:
        listed = self.option("--wait-for-files-file")
        if listed:
            return Path(listed[0]).read_text().splitlines()
        return self.option("--wait-for-files")

    def option(self, name: str) -> list[str]:
        """Give the values of an option in the command."""
        if name not in self._words:
            return []
        values = []
        for word in self._words[self._words.index(name) + 1 :]:
            if word.startswith("--"):
                break
            values.append(word)
        return values

    @cached_property
    def _words(self) -> list[str]:
        try:
            return shlex.split(self.command)
        except ValueError:
            return []

    def job(self, options: list[str], request: str, amounts: list[float], log: str = "") -> Job:
        """Give the cluster job that does it, not yet named; `Job` explains the parameters."""
        return Job(
            name="",
            identifier="",
            title=describe(self.members) or self.rule,
            members=self.members,
            inputs=self.inputs,
            outputs=self.outputs,
            options=options,
            request=request,
            amounts=amounts,
            log=log,
        )

    def script(self, exit_file: Path) -> str:
        """Write what the scheduler is to run; it leaves its exit code in a file."""
        lines = [self.first] if self.first else []
        scratch = [name for name in self._waited_for if _is_scratch(name)]
        lines += [f"mkdir -p {shlex.quote(name)}" for name in scratch]
        listed = self.option("--wait-for-files-file")
        if listed:
            quoted = shlex.quote(listed[0])
            content = shlex.quote("\n".join(self._waited_for))
            lines.append(f"[ -e {quoted} ] || printf '%s\\n' {content} >{quoted}")
        return _SCRIPT.format(
            exit_file=shlex.quote(str(exit_file.absolute())),
            preparation="\n".join(lines),
            command=self.command,
        )


def describe(members: Sequence[str]) -> str:
    """Name Snakemake jobs shortly, for people."""
    names = []
    for member in members:
        rule, colon, wildcards = member.partition(":")
        kept = [item for item in wildcards.split(",") if not item.startswith("digest=")]
        names.append(rule + colon + ",".join(kept))
    if len(names) <= _SHOWN:
        return ", ".join(names)
    return f"{names[0]} ... {names[-1]} ({len(names)} in all)"


def describe_failed(records: Records, jobs: Sequence[Job]) -> str:
    """List cluster jobs that failed, with the scheduler's own reason and the paths of the logs."""
    lines = [f"{len(jobs)} cluster jobs failed for good:"] if jobs else []
    for job in jobs[:_LISTED]:
        where = f" on {job.node}" if job.node else ""
        why = f" ({job.reason})" if job.reason else ""
        lines.append(f"  job {job.identifier or '-'}: {job.state}{why}{where}")
        lines.append(f"    {job.title}")
        logs = [job.log, *(_batch_log(records, member) for member in job.members[:_SHOWN])]
        lines += [f"    log: {log}" for log in logs if log and Path(log).exists()]
    if len(jobs) > _LISTED:
        lines.append(f"  and {len(jobs) - _LISTED} more, in {records.table}")
    return "".join(f"{line}\n" for line in lines)


def _batch_log(records: Records, member: str) -> str:
    rule, _, items = member.partition(":")
    wildcards = dict(item.split("=", 1) for item in items.split(",") if "=" in item)
    logs, band = records.folder.parent / "logs" / rule, wildcards.get("band", "")
    if "batch" in wildcards:
        return f"{logs}/{band}-{wildcards.get('digest', '')}/{wildcards['batch']}.log"
    return f"{logs}/{band}.log"


def _in_order(member: str) -> str:
    rule, colon, wildcards = member.partition(":")
    return rule + colon + ",".join(sorted(wildcards.split(",")))


def _is_scratch(name: str) -> bool:
    # Snakemake's folder for one run.
    path = Path(name)
    return path.parent.name == ".snakemake" and path.name.startswith("tmp.")
