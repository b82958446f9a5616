"""PBS: its commands, what they answer, and what it means.

PBS Pro and OpenPBS, and Torque as far as its dialect goes. JSON is never asked for: that of OpenPBS
23.06 is not always JSON.
"""

from __future__ import annotations

import getpass
import re
import shutil
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from sixsv_lut.cluster.patience import NoAnswerError
from sixsv_lut.cluster.pbs_settings import Settings
from sixsv_lut.cluster.records import Job, Records, number_of
from sixsv_lut.cluster.scheduler import Answer, Refusal, Scheduler, Seen

# Refusals of qsub that never pass, and what to change. Any other code passes sooner or later, or
# PBS may even have taken the job: with 183 qsub ends when the server dies meanwhile. Source:
# OpenPBS, src/include/pbs_error.h, the number modulo 256; 2 is qsub's own.
_FINAL = {
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
_HOLDERS = {"u": "owner", "o": "operator", "s": "system"}
_NO_HISTORY = "not configured to maintain job history"
_ID = re.compile(r"^(\d+(?:\[\d*\])?(?:\.[A-Za-z0-9][\w.-]*)?)$")
_LIVE_IN_TABLE = "QRHWSETBX"


def read_details(text: str) -> list[Seen]:
    """Read the text form of `qstat -f`.

    In PBS attributes begin with blanks, and long values go on in the next line after a tab. The
    qstat of slurm-wlm-torque begins attributes with a tab, and has no long ones.
    """
    found: list[tuple[str, dict[str, str]]] = []
    last = margin = ""
    for line in text.splitlines():
        if line.startswith("Job Id:"):
            found.append((line.partition(":")[2].strip(), {}))
            last = margin = ""
        elif found and line[:1] in ("\t", " "):
            attributes = found[-1][1]
            margin = margin or line[0]
            if line[0] == "\t" and margin == " " and last:
                attributes[last] += line[1:]
            elif line[0] == margin and " = " in line:
                name, _, value = line.lstrip().partition(" = ")
                last = name.lower()
                attributes[last] = value
    return [_seen(identifier, attributes) for identifier, attributes in found]


def _seen(identifier: str, attributes: dict[str, str]) -> Seen:
    state, held = attributes.get("job_state", ""), attributes.get("hold_types", "")
    # Only F says that a job has ended in PBS, C in Torque; the exit status is stale before.
    ended = state in ("F", "C")
    status = _number(attributes, "exit_status") if ended else None
    tries = _number(attributes, "run_count") or 0
    in_hold = state == "H" and _number(attributes, "substate") in (20, None)
    never_starts = in_hold and "s" in held and tries > 20
    if never_starts:
        reason = f"PBS could not start it in {tries} tries ({attributes.get('comment', '')})"
    else:
        reason = _reason(status, attributes)
    # A job that waits for another one bears a hold of the system, too.
    is_held = state == "H" and not attributes.get("depend") and not never_starts
    return Seen(
        identifier,
        state,
        ended=ended,
        succeeded=status == 0,
        reason=reason,
        node=attributes.get("exec_host", "").partition("/")[0],
        never_starts=never_starts,
        not_started=never_starts or status in _NOT_STARTED,
        held_by=next((_HOLDERS[h] for h in _HOLDERS if h in held), "") if is_held else "",
        attributes=attributes,
    )


def _number(attributes: Mapping[str, str], name: str) -> int | None:
    try:
        return int(attributes[name])
    except (KeyError, ValueError):
        return None


def _reason(status: int | None, attributes: Mapping[str, str]) -> str:
    """Say why a job ended badly, in PBS's words where there are any."""
    if status is None:
        before = _number(attributes, "substate") == 91
        what = "deleted before it started" if before else "ended"
    elif status in _DELETED:
        what = _DELETED[status]
    elif status < 0:
        what = f"ended by PBS: {_ENDED_BY_PBS.get(status, 'for a reason of its own')}"
    elif 128 < status < 160:
        what = f"killed by signal {status - 128}"
    else:
        what = f"exit code {status}"
    said = [f"Exit_status {status}" if status is not None else "", attributes.get("comment", "")]
    told = ", ".join(part for part in said if part)
    return f"{what} ({told})" if told else what


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
        self.short_outage_seconds = settings.poll
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
        for seen in found:
            if not seen.state:
                raise NoAnswerError(f"qstat -f tells no state of job {seen.identifier}")
        if self.dialect == "torque":
            # It may tell of an ended job that it ended, and not how.
            found = [seen for seen in found if not seen.ended or "exit_status" in seen.attributes]
        return found, rest_is_gone

    def details(self, identifiers: Sequence[str]) -> tuple[list[Seen], bool]:
        """Ask for all that PBS tells of single jobs; else like `look_up`."""
        if self.history is not False:
            answer = self.ask("qstat", "-x", "-f", *identifiers)
            if _NO_HISTORY not in answer.err:
                self.history = True
                return self._read(answer)
            # Without history -x shows nothing, not even a job that runs.
            self.history = False
        return self._read(self.ask("qstat", "-f", *identifiers))

    def _read(self, answer: Answer) -> tuple[list[Seen], bool]:
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

    def judge(self, refused: Answer, tries: int) -> Refusal:
        """Say what a refusal means: only what is known to be final lasts."""
        if self.dialect == "pbs":
            lasts = refused.code in _FINAL
            advice = _FINAL.get(refused.code) or _ADVICE_WHILE_WAITING.get(refused.code, "")
        else:
            # 162 and 255: the server is away, or the command was given up here.
            passes = refused.code in _NOT_TAKEN | {162, 255}
            lasts = not passes and not _PASSING_WORDS.search(refused.out + refused.err)
            advice = "look at the settings in site.conf, or ask the site's support" if lasts else ""
        return Refusal(
            lasts,
            not lasts,
            not_taken=refused.code in _NOT_TAKEN,
            misses_others=refused.code in _DEPENDENCY,
            advice=advice,
        )

    def find_submitted(self, job: Job, known: Collection[str]) -> str:
        """Find a job by the name of its log."""
        unknown = [i for i in self.live(name=self.records.tag) if number_of(i) not in known]
        for seen in self.details(unknown)[0] if unknown else []:
            if Path(seen.attributes.get("output_path", "")).name == Path(job.log).name:
                number = number_of(seen.identifier)
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
