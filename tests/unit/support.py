"""Makers of what several unit tests need: points, results, recipes and a fake 6SV."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from sixsv_lut.campaign.configuration import Configuration
from sixsv_lut.campaign.recipe import Recipe
from sixsv_lut.sixsv.axes import AXIS_NAMES
from sixsv_lut.sixsv.report import QUANTITY_NAMES, SPHERICAL_ALBEDO, TRANSMITTANCES, Status
from sixsv_lut.sixsv.responses import Response
from sixsv_lut.store.records import Result

DATA = Path(__file__).parent / "data"
VERSIONS = ("1.1", "2.1")
# Decks whose reports are good.
GOOD_DECKS = ("desert", "high-target", "thin-aerosol", "thick-aerosol", "no-aerosol", "run6sv")
GOOD_REPORTS = tuple((deck, version) for deck in GOOD_DECKS for version in VERSIONS)

# The made-up band of the stored decks: 0.66 to 0.67 micrometre.
LOWEST_SAMPLE = 164
RESPONSE = (0.125, 0.5, 1.0, 0.75, 0.25)

# Quantities that lie between 0 and 1.
FRACTIONS = (*TRANSMITTANCES, SPHERICAL_ALBEDO)

FINGERPRINT = "f" * 64
OTHER_FINGERPRINT = "0" * 64


def stored_report(deck: str, version: str = "2.1") -> str:
    return (DATA / "reports" / f"{deck}-{version}.txt").read_text()


def stored_deck(name: str) -> str:
    return (DATA / "decks" / f"{name}.txt").read_text()


def integrated(report: str) -> str:
    """Cut the tables of integrated values out of a report."""
    return report[report.index("integrated values of") :]


def points(count: int, start: int = 0, **others: float) -> npt.NDArray[np.float64]:
    """Make points that differ in the view zenith angle only: half a degree between them."""
    values = dict.fromkeys(AXIS_NAMES, 0.0)
    values |= {"uo3": 0.344, "uw": 1.424, "aot550": 0.2, "psurf": 1013.0, "phi": 90, "thetas": 30}
    values |= others
    rows = np.tile([values[name] for name in AXIS_NAMES], (count, 1)).astype(np.float64)
    rows[:, -1] = 0.5 * np.arange(start, start + count)
    return rows


def good_result(number: float, launches: int = 1) -> Result:
    """Make a result whose every number tells it from the others, up to number 120."""
    numbers = tuple(
        (number + i) / 1000 if name in FRACTIONS else number + i / 1000
        for i, name in enumerate(QUANTITY_NAMES)
    )
    return Result(Status.OK, launches, 0.25, numbers)


def failed_result(reason: str = "6SV ended with exit code 2", launches: int = 1) -> Result:
    return Result(Status.CRASHED, launches, 0.5, reason=reason)


def response(values: Iterable[float] = RESPONSE, lowest_sample: int = LOWEST_SAMPLE) -> Response:
    return Response(lowest_sample, tuple(values), "made up")


def recipe_with(executable: Path | None = None, **changes: Any) -> Recipe:
    sha256 = "e" * 64
    if executable is not None:
        sha256 = hashlib.sha256(executable.read_bytes()).hexdigest()
    content: dict[str, Any] = {
        "band": "Oa08",
        "executable": str(executable or "/opt/6sv"),
        "executable_sha256": sha256,
        "version": "2.1",
        "aerosol_model": 5,
        "run6sv": False,
        "response": response(),
    }
    return Recipe(**(content | changes))


def axes_entry(**changes: object) -> dict[str, Any]:
    """Make the axes of a configuration: 4 points, that differ in both zenith angles."""
    entry: dict[str, Any] = {
        "uo3": ["0.344"],
        "uw": ["1.424"],
        "aot550": ["0.2"],
        "psurf": ["1013"],
        "alti": ["0"],
        "phi": ["90"],
        "thetas": ["30", "40"],
        "thetav": ["10", "20"],
    }
    return entry | changes


def configuration_entry(**changes: object) -> dict[str, Any]:
    entry: dict[str, Any] = {"campaign": "test", "bands": ["Oa08"], "axes": axes_entry()}
    return entry | changes


def configuration(**changes: object) -> Configuration:
    return Configuration.model_validate(configuration_entry(**changes))


def write_script(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


class FakeSixSV:
    """A fast stand-in for 6SV that prints a stored report, and can be told to crash.

    It echoes its deck as 6SV does, puts a thousandth of the view zenith angle in the place of the
    apparent reflectance, so that each point has a result of its own, and notes the geometry of
    every launch.
    """

    def __init__(self, folder: Path, *, before: str = "", report: Path | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._launches = folder / "launches.txt"
        self._failing = folder / "failing.txt"
        self.path = write_script(
            folder / "fake-6sv",
            f"""#!/bin/sh
{before}
exec awk -v report='{report or DATA / "reports" / "desert-2.1.txt"}' \\
    -v launches='{self._launches}' -v failing='{self._failing}' '
function put(label, form, value,    at, text) {{
    at = index(line, label)
    if (at > 0) {{
        at += length(label)
        text = sprintf(form, value)
        line = substr(line, 1, at - 1) text substr(line, at + length(text))
    }}
}}
function e10_4(value,    parts, digits) {{
    split(sprintf("%.3e", value), parts, "e")
    digits = parts[1]
    sub(/[.]/, "", digits)
    return value ? sprintf("0.%sE%+03d", digits, parts[2] + 1) : "0.0000E+00"
}}
{{ deck[NR] = $0 }}
NR == 2 {{ geometry = $0; sun = $1; azimuth = $2; view = $3 }}
NR == 36 {{ top = e10_4($2) "            " e10_4($4) " " e10_4($5) }}
NR == 38 {{ at = $0 == 0 ? 39 : 40 }}
at && NR == at {{ thickness = $0 }}
at && NR == at + 1 {{ altitude = -$0 }}
at && NR == at + 4 {{ lowest = $1; highest = $2; count = int((highest - lowest) / 0.0025 + 1.5) }}
at && NR > at + 4 && NR <= at + 4 + count {{
    integral += 0.0025 * $0 * (NR == at + 5 || NR == at + 4 + count ? 0.5 : 1)
}}
at && NR == at + 8 + count {{ ground = $0 }}
END {{
    print geometry >> launches
    close(launches)
    while ((getline line < failing) > 0)
        if (line == view) {{ print "no luck at " view > "/dev/stderr"; exit 3 }}
    while ((getline line < report) > 0) {{
        put("solar zenith angle:  ", "%6.2f", sun)
        put("solar azimuthal angle:      ", "%6.2f", azimuth)
        put("view zenith angle:   ", "%6.2f", view)
        if (below_heading) put("*            ", "%11s", e10_4(altitude))
        below_heading = index(line, "*altitude  *pressure")
        if (index(line, " 0.1000E+03 "))
            put(" 0.1000E+03 ", "%s", substr(top, 1, 10) " 0.2100E+03 " substr(top, 23))
        if (deck[38] == 0) sub(/Desert aerosol model/, "no aerosols computed", line)
        put("opt. thick. 550 nm : ", "%7.4f", thickness)
        put("wl inf=", "%6.3f", lowest)
        put("wl sup=", "%6.3f", highest)
        put("constant reflectance over the spectra ", "%6.3f", ground)
        put("ground altitude  [km]", "%6.3f", altitude)
        if (below_integral) put("*           ", "%11.7f", integral)
        below_integral = index(line, "int. funct filter")
        put("apparent reflectance", "%11.7f", view / 1000)
        print line
    }}
}}'
""",
        )

    @property
    def launches(self) -> list[str]:
        """Geometries of all launches so far."""
        return self._launches.read_text().splitlines() if self._launches.exists() else []

    def fail_at(self, *views: float) -> None:
        """From now on, crash at these view zenith angles and at no others."""
        self._failing.write_text("".join(f"{view:g}\n" for view in views))


def alive(pid: int) -> bool:
    """Tell whether a process is there and has not ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def gone_soon(pid: int) -> bool:
    """Tell whether a process ends within 5 s."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        if not alive(pid):
            return True
        time.sleep(0.01)
    return False


def pid_in(path: Path) -> int:
    """Wait for a file with a process id."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        if path.exists() and path.read_text().strip():
            return int(path.read_text())
        time.sleep(0.01)
    raise AssertionError(f"{path} never came")


@contextlib.contextmanager
def small_disk(path: Path, size: str) -> Iterator[Path]:
    """Mount a file system of this size; skip the test where that cannot be done."""
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root can mount a small disk, and not everywhere")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


NOBODY = 65534


def as_another_user(work: Callable[[], object], group: int = NOBODY, umask: int = 0o022) -> str:
    """Do something in a process of another user, and give what came out, or the error."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setgid(group)
            os.setuid(NOBODY)
            os.umask(umask)
            said = str(work())
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(write, said.encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        told = answer.read()
    os.waitpid(child, 0)
    return told


def make_special(path: Path, kind: str) -> Path:
    """Make something that is no file, and give a path of it."""
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        here = Path.cwd()
        os.chdir(path.parent)  # the path of a socket may have 107 bytes
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
        os.chdir(here)
    return path
