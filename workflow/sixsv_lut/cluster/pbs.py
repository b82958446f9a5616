"""PBS: its commands, what they answer, and what it means.

PBS Pro and OpenPBS, and Torque as far as its dialect goes. JSON is never asked for: that of OpenPBS
23.06 is not always JSON.
"""

from __future__ import annotations

import getpass
import re
import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sixsv_lut.cluster.patience import NoAnswerError
from sixsv_lut.cluster.pbs_settings import Settings
from sixsv_lut.cluster.records import Job, Records, number_of
from sixsv_lut.cluster.scheduler import Answer, Scheduler, Seen

# Refusals of qsub that never pass, and what to change. Any other code passes sooner or later, or
# PBS may even have taken the job: with 183 qsub ends when the server dies meanwhile. Source:
# OpenPBS, src/include/pbs_error.h, the number modulo 256; 2 is qsub's own.
FINAL = {
    2: "a name or an option is not allowed: look at 'extra' in site.conf",
    159: "you may not use this queue, account or project: look at those in site.conf",
    166: "a value is not allowed: look at 'extra' and 'select_extra' in site.conf",
    170: "there is no such queue ('qstat -Q' lists them): set queue in site.conf, or LUT_PBS_QUEUE",
    174: "you may not use this queue: set another one in site.conf, or LUT_PBS_QUEUE",
    175: "PBS does not run jobs of this user (root never): submit as an ordinary user",
    187: "PBS does not know a resource: look at 'extra' and 'select_extra' in site.conf",
    188: "the job asks for more cores, memory or walltime than the queue gives: make jobs smaller "
    "(cores, batches in a job, walltime limit in profile.yaml), or take another queue",
    197: "there is no such group: look at 'extra' in site.conf",
    201: "there is no such account: look at 'account' in site.conf, or LUT_PBS_ACCOUNT",
}
# Refusals that pass, after which the job is certainly not there: limits of queue and user, a queue
# that is disabled.
_NOT_TAKEN = {38, 39, 173, 198}
# After these the job that was to be waited for may have ended.
_DEPENDENCY = {1, 35, 153, 168}
# What a person should know about some refusals that pass.
_ADVICE_WHILE_WAITING = {
    173: "the queue is disabled, as before a maintenance; another one can be set in site.conf",
}
# How qdel ends when it was heard: done, finished, unknown, another user's.
_DELETE_ANSWERS = {0, 35, 153, 159}
# Where the code tells nothing (Torque's and SLURM's qsub), these words mean that waiting helps.
_PASSING_WORDS = re.compile(
    r"would exceed|maximum number of jobs|cannot connect|connection refused|timed? ?out|try again"
    r"|temporarily|unable to contact|not responding|not enabled|job submit limit|QOSMaxSubmit",
    re.IGNORECASE,
)
# Negative exit statuses: PBS ended the job, not its script. Source: OpenPBS, src/include/job.h; -3,
# -4, -20, -27 and -29 were seen.
_ENDED_BY_PBS = {
    -1: "the job could not be started (before its files were staged in)",
    -2: "the job could not be started (after its files were staged in)",
    -3: "the job could not be started, and was to be tried again",
    -4: "the daemon of its node was restarted",
    -5: "the daemon of its node was restarted",
    -6: "the daemon of its node was restarted",
    -10: "the job could not be started as this user",
    -20: "its node was lost",
    -24: "more cores in use than the job asked for, for a moment",
    -25: "more cores in use than the job asked for",
    -26: "more virtual memory than the job asked for",
    -27: "more memory than the job asked for",
    -28: "more CPU time than the job asked for",
    -29: "more walltime than the job asked for",
}
# The job was never started, whatever had to be done before its script could run.
_NOT_STARTED = {-1, -2, -3}
# A signal of PBS that ended the job is told as 256 and its number.
_DELETED = {271: "deleted while it ran", 265: "deleted by force ('qdel -W force')"}
_NO_HISTORY = "not configured to maintain job history"
_ID = re.compile(r"^(\d+(?:\[\d*\])?(?:\.[A-Za-z0-9][\w.-]*)?)$")
_LIVE_IN_TABLE = "QRHWSETBX"


@dataclass(frozen=True)
class Details:
    """What `qstat -f` tells of one job."""

    identifier: str
    attributes: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Give an attribute, empty where there is none."""
        return self.attributes.get(name.lower(), "")

    def number(self, name: str) -> int | None:
        """Give an attribute that is a number."""
        try:
            return int(self.text(name))
        except ValueError:
            return None

    @property
    def ended(self) -> bool:
        """Whether the job has ended: only F says so in PBS, C in Torque."""
        return self.text("job_state") in ("F", "C")

    @property
    def never_starts(self) -> bool:
        """Whether PBS has given up starting it, and holds it for ever."""
        return (
            self.text("job_state") == "H"
            and self.number("substate") in (20, None)
            and "s" in self.text("Hold_Types")
            and (self.number("run_count") or 0) > 20
        )

    @property
    def held_by(self) -> str:
        """Say who holds it: ``owner``, ``operator``, ``system``, or nobody.

        A job that waits for another one bears a hold of the system, too.
        """
        if self.text("job_state") != "H" or self.text("depend") or self.never_starts:
            return ""
        kinds = {"u": "owner", "o": "operator", "s": "system"}
        letters = self.text("Hold_Types")
        return next((kind for letter, kind in kinds.items() if letter in letters), "")

    @property
    def exit_status(self) -> int | None:
        """The exit status, of ended jobs only: it is stale in every other state."""
        return self.number("Exit_status") if self.ended else None

    @property
    def reason(self) -> str:
        """Say why it ended badly, in PBS's words where there are any."""
        comment = self.text("comment")
        status = self.exit_status
        if self.never_starts:
            return f"PBS could not start it in {self.number('run_count')} tries ({comment})"
        if status is None:
            what = "deleted before it started" if self.number("substate") == 91 else "ended"
        elif status in _DELETED:
            what = _DELETED[status]
        elif status < 0:
            what = f"ended by PBS: {_ENDED_BY_PBS.get(status, 'for a reason of its own')}"
        elif 128 < status < 160:
            what = f"killed by signal {status - 128}"
        else:
            what = f"exit code {status}"
        said = [f"Exit_status {status}" if status is not None else "", comment]
        told = ", ".join(part for part in said if part)
        return f"{what} ({told})" if told else what

    @property
    def seen(self) -> Seen:
        """The same in the words that all schedulers share."""
        return Seen(
            self.identifier,
            self.text("job_state"),
            ended=self.ended,
            succeeded=self.exit_status == 0,
            reason=self.reason,
            node=self.text("exec_host").partition("/")[0],
            never_starts=self.never_starts,
            not_started=self.never_starts or self.exit_status in _NOT_STARTED,
        )


def read_details(text: str) -> list[Details]:
    """Read the text form of `qstat -f`.

    In PBS attributes begin with blanks, and long values go on in the next line after a tab. The
    qstat of slurm-wlm-torque begins attributes with a tab, and has no long ones.
    """
    found: list[Details] = []
    last = margin = ""
    for line in text.splitlines():
        if line.startswith("Job Id:"):
            found.append(Details(line.partition(":")[2].strip()))
            last = margin = ""
        elif found and line[:1] in ("\t", " "):
            margin = margin or line[0]
            if line[0] == "\t" and margin == " " and last:
                found[-1].attributes[last] += line[1:]
            elif line[0] == margin and " = " in line:
                name, _, value = line.lstrip().partition(" = ")
                last = name.lower()
                found[-1].attributes[last] = value
    return found


class Pbs(Scheduler):
    """The commands of PBS.

    Parameters
    ----------
    records : Records
        The records of the campaign.
    settings : Settings
        What the site wants.
    """

    name = "PBS"
    kind = "pbs"
    submit_command = "qsub"

    def __init__(self, records: Records, settings: Settings) -> None:
        super().__init__(records, settings.patience)
        self.first_wait = settings.wait_first
        self.longest_wait = settings.wait_longest
        self.fresh_seconds = max(self.fresh_seconds, 2 * settings.poll)
        self.hiccup_seconds = settings.poll
        dialect = settings.dialect
        if dialect == "auto":
            dialect = "pbs" if shutil.which("qselect") else "torque"
        self.dialect = dialect
        self.history: bool | None = None if dialect == "pbs" else False

    # --- jobs that are there ---

    def list_jobs(self) -> list[Seen]:
        """List the user's jobs that have not ended; no job history is needed."""
        return [Seen(identifier) for identifier in self.live()]

    def live(self, name: str = "", state: str = "") -> list[str]:
        """List the ids of the user's jobs that have not ended.

        Parameters
        ----------
        name, state : str
            Only jobs of this name, or in this state.

        Raises
        ------
        NoAnswerError
            PBS did not tell.
        """
        user = getpass.getuser()
        if self.dialect == "torque":
            return self._live_in_table(user, name, state)
        chosen = [*(["-N", name] if name else []), *(["-s", state] if state else [])]
        answer = self.ask("qselect", "-u", user, *chosen)
        if answer.code != 0:
            raise NoAnswerError(f"qselect: {answer.words} (code {answer.code})")
        return [match[1] for line in answer.out.splitlines() if (match := _ID.match(line.strip()))]

    def _live_in_table(self, user: str, name: str, state: str) -> list[str]:
        answer = self.ask("qstat")
        # An empty table may have no header, and a server that is away prints to either stream.
        if answer.code != 0 or re.search(r"error|cannot|unable", answer.out + answer.err, re.I):
            raise NoAnswerError(f"qstat: {answer.words} (code {answer.code})")
        found = []
        for line in answer.out.splitlines():
            words = line.split()
            if len(words) < 6 or not words[0][0].isdigit():
                continue
            if words[2] != user[: len(words[2])] or words[4] not in _LIVE_IN_TABLE:
                continue
            if (name and words[1] != name[: len(words[1])]) or (state and words[4] not in state):
                continue
            found.append(words[0])
        return found

    def look_up(self, identifiers: Sequence[str]) -> tuple[list[Seen], bool]:
        """Ask for single jobs, in history too where there is one."""
        found, rest_is_gone = self.details(identifiers)
        for details in found:
            if not details.text("job_state"):
                raise NoAnswerError(f"qstat -f tells no state of job {details.identifier}")
        # Torque may tell of an ended job that it ended, and not how.
        useless = [d for d in found if d.ended and d.exit_status is None and self.dialect != "pbs"]
        return [details.seen for details in found if details not in useless], rest_is_gone

    def details(self, identifiers: Sequence[str]) -> tuple[list[Details], bool]:
        """Ask for all that PBS tells of single jobs; else like `look_up`."""
        if self.history is not False:
            answer = self.ask("qstat", "-x", "-f", *identifiers)
            if _NO_HISTORY not in answer.err:
                self.history = True
                return self._read(answer)
            # Without history -x shows nothing, not even a job that runs.
            self.history = False
        return self._read(self.ask("qstat", "-f", *identifiers))

    def _read(self, answer: Answer) -> tuple[list[Details], bool]:
        found = read_details(answer.out)
        if answer.code in (0, 35, 153):
            return found, True
        raise NoAnswerError(f"qstat: {answer.words} (code {answer.code})")

    # --- submissions ---

    def options(self, job: Job, after: Collection[str]) -> list[str]:
        """Complete the options of qsub; a job is known by the name of its log."""
        options = ["-N", self.records.tag, "-j", "oe", "-o", job.log, "-m", "n"]
        if after:
            options += ["-W", f"depend=afterany:{':'.join(after)}"]
        return options + job.options

    def submit(self, job: Job, script: str) -> Answer:
        """Hand in a job; its script is a file."""
        Path(job.script).write_text(script)
        return self.ask("qsub", *job.options, job.script)

    def identifier_in(self, text: str) -> str:
        """Find the job's id in what qsub printed, among whatever a site adds to it."""
        found = [match[1] for line in text.splitlines() if (match := _ID.match(line.strip()))]
        with_server = [identifier for identifier in found if "." in identifier]
        return (with_server or found or [""])[-1]

    def is_final(self, refused: Answer, tries: int) -> bool:
        """Whether a refusal never passes: only what is known to be final is."""
        if self.dialect == "pbs":
            return refused.code in FINAL
        # 162 and 255: the server is away, or the command was given up here.
        if refused.code in _NOT_TAKEN | {162, 255}:
            return False
        return not _PASSING_WORDS.search(refused.out + refused.err)

    def was_surely_not_taken(self, refused: Answer) -> bool:
        """Whether the job is certainly not in the queue after a refusal."""
        return refused.code in _NOT_TAKEN

    def may_miss_others(self, refused: Answer) -> bool:
        """Whether a refusal may come from the end of a job that this one was to wait for."""
        return refused.code in _DEPENDENCY

    def advice(self, refused: Answer) -> str:
        """Say what a person should know, or should change, about a refusal."""
        if self.is_passing(refused):
            return _ADVICE_WHILE_WAITING.get(refused.code, "") if self.dialect == "pbs" else ""
        ask = "look at the settings in site.conf, or ask the site's support"
        return FINAL.get(refused.code, ask)

    def find_submitted(self, job: Job, known: Collection[str]) -> str:
        """Find a job by the name of its log."""
        unknown = [i for i in self.live(name=self.records.tag) if number_of(i) not in known]
        for details in self.details(unknown)[0] if unknown else []:
            if Path(details.text("Output_Path")).name == Path(job.log).name:
                number = number_of(details.identifier)
                return next(i for i in unknown if number_of(i) == number)
        return ""

    def delete(self, identifiers: Collection[str], patience: float | None = None) -> None:
        """Delete jobs."""
        if not identifiers:
            return
        answer = self.ask("qdel", *identifiers, patience=patience)
        if self.dialect == "pbs" and answer.code not in _DELETE_ANSWERS:
            raise NoAnswerError(f"qdel: {answer.words} (code {answer.code})")


def walltime(minutes: float) -> str:
    """Write a walltime in the form that every PBS takes."""
    seconds = round(minutes * 60)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
