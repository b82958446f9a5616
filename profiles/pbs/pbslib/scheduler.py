"""What PBS says, and what it means.

Everything that was learned about PBS stands here: which exit codes are final, which text ends a
job, what its exit statuses mean. JSON is never asked for: that of OpenPBS 23.06 is not always JSON.
"""

from __future__ import annotations

import getpass
import re
import shutil
import subprocess
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

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
NOT_TAKEN = {38, 39, 173, 198}
# What a person should know about some of them.
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


class UnansweredError(Exception):
    """PBS did not answer, or not to the question: try again later."""


@dataclass(frozen=True)
class Answer:
    """How a command of PBS ended."""

    code: int
    out: str
    err: str

    @property
    def words(self) -> str:
        """What it said, in one line."""
        return " ".join((self.err.strip() or self.out.strip()).split())


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
    def not_started(self) -> bool:
        """Whether PBS says that the job's script was never run by the start that ended it."""
        return self.never_starts or self.exit_status in _NOT_STARTED

    @property
    def node(self) -> str:
        """Name the node where it was, or was to be, started; empty if PBS does not tell."""
        return self.text("exec_host").partition("/")[0]

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
    def succeeded(self) -> bool:
        """Whether it ended well."""
        return self.ended and self.exit_status == 0

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
        elif status > 128 and status < 160:
            what = f"killed by signal {status - 128}"
        else:
            what = f"exit code {status}"
        said = ", ".join(
            part
            for part in (f"Exit_status {status}" if status is not None else "", comment)
            if part
        )
        return f"{what} ({said})" if said else what


def sequence(identifier: str) -> str:
    """Give the number of a job's id: the server's name is not written the same everywhere."""
    return identifier.partition(".")[0]


def identifier_in(text: str) -> str:
    """Find the job's id in what qsub printed, among whatever a site adds to it; empty if none."""
    found = [match[1] for line in text.splitlines() if (match := _ID.match(line.strip()))]
    with_server = [identifier for identifier in found if "." in identifier]
    return (with_server or found or [""])[-1]


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


class Scheduler:
    """The commands of PBS.

    Parameters
    ----------
    dialect : str
        auto, pbs or torque.
    patience : float
        Seconds after which a command is given up.
    """

    def __init__(self, dialect: str, patience: float) -> None:
        if dialect == "auto":
            dialect = "pbs" if shutil.which("qselect") else "torque"
        self.dialect = dialect
        self.patience = patience
        self.history: bool | None = None if dialect == "pbs" else False

    def _ask(self, *command: str, patience: float | None = None) -> Answer:
        patience = patience or self.patience
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=patience,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise UnansweredError(f"{command[0]} did not come back in {patience:.0f} s") from None
        except OSError as fault:
            raise UnansweredError(
                f"{command[0]}: {fault.strerror} (is PBS on the PATH of this machine?)"
            ) from None
        return Answer(
            done.returncode,
            done.stdout.decode(errors="replace"),
            done.stderr.decode(errors="replace"),
        )

    def live(self, name: str = "", state: str = "") -> list[str]:
        """List the ids of this user's jobs that have not ended: one cheap call, no history needed.

        Parameters
        ----------
        name, state : str
            Only jobs of this name, or in this state.

        Raises
        ------
        UnansweredError
            PBS did not tell.
        """
        user = getpass.getuser()
        if self.dialect == "torque":
            return self._live_in_table(user, name, state)
        answer = self._ask(
            "qselect",
            "-u",
            user,
            *(["-N", name] if name else []),
            *(["-s", state] if state else []),
        )
        if answer.code != 0:
            raise UnansweredError(f"qselect: {answer.words} (code {answer.code})")
        return [match[1] for line in answer.out.splitlines() if (match := _ID.match(line.strip()))]

    def _live_in_table(self, user: str, name: str, state: str) -> list[str]:
        answer = self._ask("qstat")
        # An empty table may have no header, and a server that is away prints to either stream.
        if answer.code != 0 or re.search(r"error|cannot|unable", answer.out + answer.err, re.I):
            raise UnansweredError(f"qstat: {answer.words} (code {answer.code})")
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

    def details(self, identifiers: Sequence[str]) -> tuple[list[Details], bool]:
        """Ask for single jobs, in history too where there is one.

        Returns
        -------
        list of Details
            Of the jobs that PBS knows.
        bool
            Whether jobs that are not among them are gone for good.

        Raises
        ------
        UnansweredError
            PBS did not tell.
        """
        if self.history is not False:
            answer = self._ask("qstat", "-x", "-f", *identifiers)
            if _NO_HISTORY not in answer.err:
                self.history = True
                return self._read(answer)
            # Without history -x shows nothing, not even a job that runs.
            self.history = False
        return self._read(self._ask("qstat", "-f", *identifiers))

    def _read(self, answer: Answer) -> tuple[list[Details], bool]:
        found = read_details(answer.out)
        if answer.code in (0, 35, 153):
            return found, True
        raise UnansweredError(f"qstat: {answer.words} (code {answer.code})")

    def delete(self, identifiers: Collection[str], patience: float | None = None) -> None:
        """Delete jobs; those that are gone already are no fault.

        Parameters
        ----------
        identifiers : collection of str
            Which.
        patience : float, optional
            Seconds after which the command is given up, if not the usual ones.

        Raises
        ------
        UnansweredError
            PBS is away, or did not say whether it has deleted them: ask again.
        """
        if not identifiers:
            return
        answer = self._ask("qdel", *identifiers, patience=patience)
        if self.dialect == "pbs" and answer.code not in _DELETE_ANSWERS:
            raise UnansweredError(f"qdel: {answer.words} (code {answer.code})")

    def submit(self, options: Iterable[str], script: str) -> Answer:
        """Hand in a job.

        Raises
        ------
        UnansweredError
            The command did not come back: the job may be in the queue, or not.
        """
        return self._ask("qsub", *options, script)

    def is_final(self, refused: Answer) -> bool:
        """Whether a refusal never passes: only what is known to be final is."""
        if self.dialect == "pbs":
            return refused.code in FINAL
        # 162 and 255: the server is away, or the command was given up here.
        if refused.code in NOT_TAKEN | {162, 255}:
            return False
        return not _PASSING_WORDS.search(refused.out + refused.err)

    def advice_while_waiting(self, refused: Answer) -> str:
        """Say what a person should know about a refusal that passes; mostly nothing."""
        if self.dialect == "pbs" and refused.code in _ADVICE_WHILE_WAITING:
            return f"; {_ADVICE_WHILE_WAITING[refused.code]}"
        return ""
