"""Stand-ins for qsub, qselect, qstat and qdel that answer as recorded OpenPBS servers did.

Run with one of these names first, this file is that command. What it knows is a folder that
FAKE_PBS names: a file for each job (its attributes, as `qstat -f` prints them), and switches.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from pathlib import Path

SAMPLES = Path(__file__).parent / "openpbs-samples"


def sample(name: str) -> dict[str, str]:
    """Read a recorded job, as the attributes of the text form."""
    text = (SAMPLES / f"{name}.json").read_text()
    # The recorded JSON is not always JSON: bare words of the environment.
    text = re.sub(r'":(inf|nan|[+]?\d*\.)(,?)$', r'":"\1"\2', text, flags=re.MULTILINE)
    ((_, job),) = json.loads(text)["Jobs"].items()
    attributes = {}
    for key, value in job.items():
        if key == "Variable_List":
            attributes[key] = ",".join(f"{name}={content}" for name, content in value.items())
        elif isinstance(value, dict):
            attributes.update({f"{key}.{name}": str(content) for name, content in value.items()})
        else:
            attributes[key] = str(value)
    return attributes


def recorded(name: str) -> tuple[int, str]:
    """Read a recorded failure: exit code and stderr."""
    text = (SAMPLES / f"{name}.txt").read_text()
    code = re.search(r"exit code (\d+)", text)
    assert code
    return int(code[1]), text.partition("--- stderr\n")[2]


def as_text(identifier: str, attributes: dict[str, str]) -> str:
    """Print a job as `qstat -f` does: lines of 80 columns, going on after a tab."""
    lines = [f"Job Id: {identifier}"]
    for name, value in attributes.items():
        line = f"    {name} = {value}"
        while len(line) > 78:
            lines.append(line[:78])
            line = f"\t{line[78:]}"
        lines.append(line)
    return "\n".join(lines) + "\n\n"


class Server:
    """The folder of a stand-in server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.jobs = folder / "jobs"

    def make(self, *, history: bool) -> None:
        """Begin with nothing in the queue."""
        self.jobs.mkdir(parents=True)
        (self.folder / "bin").mkdir()
        for name in ("qsub", "qselect", "qstat", "qdel"):
            path = self.folder / "bin" / name
            path.write_text(f'#!/bin/sh\nexec {sys.executable} -S -s "{__file__}" {name} "$@"\n')
            path.chmod(0o755)
        self.switch("history", on=history)

    def switch(self, name: str, *, on: bool, text: str = "") -> None:
        """Set a switch: history, down, banner, silent, refuse (recordings or codes), taken."""
        path = self.folder / name
        if on:
            path.write_text(text)
        else:
            path.unlink(missing_ok=True)

    def has(self, name: str) -> bool:
        """Tell whether a switch is set."""
        return (self.folder / name).exists()

    def put(self, identifier: str, attributes: dict[str, str]) -> None:
        """Set what is known of a job."""
        (self.jobs / identifier).write_text(json.dumps(attributes))

    def get(self, identifier: str) -> dict[str, str] | None:
        """Give what is known of a job."""
        path = self.jobs / identifier
        return json.loads(path.read_text()) if path.exists() else None

    def forget(self, identifier: str) -> None:
        """Remove a job, as a server without history does at its end."""
        (self.jobs / identifier).unlink()

    def all(self) -> dict[str, dict[str, str]]:
        """Give all jobs, as they were submitted."""
        names = sorted(
            (path.name for path in self.jobs.iterdir()), key=lambda n: int(n.split(".")[0])
        )
        return {name: job for name in names if (job := self.get(name)) is not None}

    def calls(self, command: str = "") -> list[str]:
        """List the calls so far."""
        path = self.folder / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line for line in lines if not command or line.split()[0] == command]


def _fail(name: str) -> int:
    code, text = recorded(name)
    sys.stderr.write(text)
    return code


def _qselect(server: Server, words: list[str]) -> int:
    if server.has("down"):
        return _fail("server_down_qselect")
    wanted = dict(zip(words[::2], words[1::2], strict=True))
    for identifier, job in server.all().items():
        if job["job_state"] in "FX":
            continue
        if "-N" in wanted and job["Job_Name"] != wanted["-N"]:
            continue
        if "-s" in wanted and job["job_state"] not in wanted["-s"]:
            continue
        print(identifier)
    return 0


def _qstat(server: Server, words: list[str]) -> int:
    if server.has("down"):
        return _fail("server_down_qstat")
    assert "-F" not in words, "JSON must not be asked for"
    identifiers = [word for word in words if not word.startswith("-")]
    code = 0
    for identifier in identifiers:
        job = server.get(identifier)
        if "-x" in words and not server.has("history"):
            sys.stderr.write(recorded("history_disabled_after_end")[1])
        elif job is None or (job["job_state"] == "F" and not server.has("history")):
            sys.stderr.write(f"qstat: Unknown Job Id {identifier}\n")
            code = 153
        elif job["job_state"] == "F" and "-x" not in words:
            sys.stderr.write(f"qstat: {identifier} Job has finished, use -x or -H to obtain it\n")
            code = 35
        else:
            sys.stdout.write(as_text(identifier, job))
    return code


def _qdel(server: Server, words: list[str]) -> int:
    if server.has("down"):
        return _fail("server_down_qdel")
    code = 0
    for identifier in words:
        job = server.get(identifier)
        if job is None or job["job_state"] == "F":
            code = 153 if job is None else 35
            continue
        if job["job_state"] == "R":
            job["Exit_status"] = "271"
        server.put(identifier, {**job, "job_state": "F", "substate": "91"})
    return code


def _qsub(server: Server, words: list[str]) -> int:
    refused_with = 0
    if server.has("refuse"):
        path = server.folder / "refuse"
        first, *rest = path.read_text().split()
        server.switch("refuse", on=bool(rest), text=" ".join(rest))
        if not first.isdigit():
            return _fail(first)
        sys.stderr.write("qsub: the words of PBS\n")
        # What a server that dies meanwhile makes of it: the job may be taken all the same.
        if not server.has("taken"):
            return int(first)
        server.switch("silent", on=True)
        refused_with = int(first)
    if server.has("down"):
        return _fail("server_down_qsub")
    options = dict(zip(words[:-1:2], words[1:-1:2], strict=True))
    # No number is given twice, even if the job is forgotten.
    last = server.folder / "last"
    numbers = [int(name.split(".")[0]) for name in server.all()]
    number = max([*numbers, int(last.read_text()) if last.exists() else 99]) + 1
    last.write_text(str(number))
    depend = options.get("-W", "")
    identifier = f"{number}.pbshost"
    job = {
        **sample("queued_insufficient"),
        "Job_Name": options["-N"],
        "Output_Path": f"pbshost:{options['-o']}",
        "Submit_arguments": " ".join(words),
        "ctime": time.ctime(),
        "depend": depend,
        "script": Path(words[-1]).read_text(),
    }
    server.put(identifier, job)
    if server.has("silent"):
        return refused_with
    if server.has("banner"):
        print("*** Maintenance on Monday 23 ***\n2026\n")
        print(identifier)
        print("Your project has 1200 hours left.")
    else:
        print(identifier)
    return 0


def main(words: list[str]) -> int:
    """Be the command that is named first."""
    name, *rest = words
    server = Server(Path(os.environ["FAKE_PBS"]))
    with (server.folder / "calls").open("a") as file:
        file.write(" ".join(words) + "\n")
    return {"qselect": _qselect, "qstat": _qstat, "qdel": _qdel, "qsub": _qsub}[name](server, rest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
