"""What Snakemake wants to have run, and the script that PBS gets for it."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MARK = "# properties = "

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
mkdir -p {scratch}
{waiting}
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


class ScriptError(Exception):
    """A file is no job script of Snakemake."""


@dataclass(frozen=True)
class Task:
    """What Snakemake wants to have run.

    Attributes
    ----------
    path : Path
        Snakemake's job script.
    properties : dict
        What it says of the job.
    command : str
        What it runs.
    """

    path: Path
    properties: dict[str, Any]
    command: str

    @property
    def scratch(self) -> Path:
        """Snakemake's folder for this run."""
        return self.path.resolve().parent

    @property
    def resources(self) -> dict[str, Any]:
        """Resources of the job."""
        return dict(self.properties.get("resources") or {})

    @property
    def rule(self) -> str:
        """Name of the rule, or of the group."""
        return str(self.properties.get("rule") or self.properties.get("groupid") or "job")

    @property
    def cores(self) -> int:
        """How many cores it uses: what Snakemake reserves, and no more than the job is told."""
        threads = int(self.properties.get("threads") or 1)
        told = self.option("--cores")
        return min(threads, int(told[0])) if told and told[0].isdigit() else threads

    @property
    def members(self) -> list[str]:
        """The Snakemake jobs in it, as rule and wildcards."""
        return sorted(self.option("--target-jobs"))

    @property
    def outputs(self) -> list[str]:
        """Its output files; none where they are more than Snakemake tells."""
        return [str(path) for path in self.properties.get("output") or []]

    @property
    def inputs(self) -> str:
        """A hash of the names of its input files: they carry digests of what they hold."""
        files = self.option("--wait-for-files")
        listed = self.option("--wait-for-files-file")
        if listed:
            files = Path(listed[0]).read_text().splitlines()
        # Named once for each member that has it: a job of fewer members is the same work.
        names = sorted({name for name in files if Path(name).resolve() != self.scratch})
        return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]

    @property
    def title(self) -> str:
        """What it does, for people."""
        members = self.members
        first = members[0] if members else self.rule
        return first if len(members) < 2 else f"{first} and {len(members) - 1} more"

    def option(self, name: str) -> list[str]:
        """Give the values of an option in the command."""
        try:
            words = shlex.split(self.command)
        except ValueError:
            return []
        if name not in words:
            return []
        values = []
        for word in words[words.index(name) + 1 :]:
            if word.startswith("--"):
                break
            values.append(word)
        return values

    def script(self, exit_file: Path) -> str:
        """Write what PBS is to run."""
        waiting = ""
        listed = self.option("--wait-for-files-file")
        if listed:
            quoted = shlex.quote(listed[0])
            content = shlex.quote(Path(listed[0]).read_text().rstrip("\n"))
            waiting = f"[ -e {quoted} ] || printf '%s\\n' {content} >{quoted}"
        return _SCRIPT.format(
            exit_file=shlex.quote(str(exit_file.resolve())),
            scratch=shlex.quote(str(self.scratch)),
            waiting=waiting,
            command=self.command,
        )


def read_task(path: Path) -> Task:
    """Read a job script of Snakemake.

    Raises
    ------
    ScriptError
        It is none.
    """
    try:
        lines = path.read_text().splitlines()
        start = next(i for i, line in enumerate(lines) if line.startswith(_MARK))
        properties = json.loads(lines[start].removeprefix(_MARK))
    except (OSError, StopIteration, ValueError) as fault:
        raise ScriptError(f"{path} is no job script of Snakemake ({fault})") from None
    return Task(path, properties, "\n".join(lines[start + 1 :]).strip())


def safe_name(text: str) -> str:
    """Make a name that PBS and Torque take: 15 characters at most, the first one a letter."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-_")
    return name if name[:1].isalpha() else f"c{name}"


def campaign_tag(folder: Path) -> str:
    """Name a campaign in PBS, by the folder of its results: all its jobs are called that."""
    digest = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:6]
    return f"{safe_name(folder.name)[:8]}-{digest}"


def walltime(minutes: float) -> str:
    """Write a walltime in the form that every PBS takes."""
    seconds = round(minutes * 60)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
