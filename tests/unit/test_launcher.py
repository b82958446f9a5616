"""One process for each launch: what comes back, and what never stays behind."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sixsv_lut.errors import CampaignError
from sixsv_lut.sixsv.executable import find_executable, launch_environment
from sixsv_lut.sixsv.launcher import Launcher, LaunchError
from sixsv_lut.sixsv.report import Status
from unit.support import VERSIONS, alive, gone_soon, pid_in, stored_deck, write_script


def _launcher(folder: Path, script: str, timeout: float = 20.0) -> Launcher:
    return Launcher(write_script(folder / "fake-6sv", script), dict(os.environ), timeout)


def test_the_deck_goes_in_and_the_report_comes_out(tmp_path: Path) -> None:
    assert _launcher(tmp_path, "#!/bin/sh\ncat\n").launch("a deck\n") == "a deck\n"


def test_a_deck_and_a_report_larger_than_a_pipe_go_through(tmp_path: Path) -> None:
    deck = "0123456789abcde\n" * 100_000
    assert _launcher(tmp_path, "#!/bin/sh\ncat\n").launch(deck) == deck


def test_a_launch_does_not_need_its_deck_to_be_read(tmp_path: Path) -> None:
    assert _launcher(tmp_path, "#!/bin/sh\necho done\n").launch("x" * 1_000_000) == "done\n"


def test_a_launch_makes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    launcher = _launcher(tmp_path, "#!/bin/sh\ncat\n")
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("TMPDIR", str(folder))
    launcher.launch("a deck\n")
    assert list(folder.iterdir()) == []


def test_the_environment_is_the_given_one(tmp_path: Path) -> None:
    script = write_script(tmp_path / "fake-6sv", '#!/bin/sh\necho "$ONE:$HOME"\n')
    assert Launcher(script, {"ONE": "1"}, 20).launch("") == "1:\n"


def test_a_non_zero_exit_code_is_a_crash_with_what_was_said(tmp_path: Path) -> None:
    launcher = _launcher(tmp_path, "#!/bin/sh\necho first >&2\necho >&2\necho second >&2\nexit 2\n")
    with pytest.raises(LaunchError) as failure:
        launcher.launch("")
    assert failure.value.status is Status.CRASHED
    assert failure.value.reason == "6SV ended with exit code 2: first | second"


def test_a_report_of_a_launch_that_crashed_is_not_taken(tmp_path: Path) -> None:
    with pytest.raises(LaunchError):
        _launcher(tmp_path, "#!/bin/sh\necho a report\nexit 1\n").launch("")


def test_what_is_said_on_standard_error_is_no_failure(tmp_path: Path) -> None:
    assert _launcher(tmp_path, "#!/bin/sh\necho hm >&2\necho out\n").launch("") == "out\n"


def test_a_death_by_signal_is_a_crash_and_the_signal_is_named(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match="6SV was killed by SIGSEGV") as failure:
        _launcher(tmp_path, "#!/bin/sh\nkill -SEGV $$\n").launch("")
    assert failure.value.status is Status.CRASHED


def test_a_hanging_launch_is_killed_after_the_timeout(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    launcher = _launcher(tmp_path, f"#!/bin/sh\necho $$ > {pid_file}\nexec sleep 60\n", timeout=0.5)
    with pytest.raises(LaunchError, match=r"did not end within 0\.5 s and was killed") as failure:
        launcher.launch("")
    assert failure.value.status is Status.TIMEOUT
    assert not alive(pid_in(pid_file))


def test_the_children_of_a_hanging_launch_are_killed_too(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    script = f"#!/bin/sh\nsleep 60 &\necho $! > {pid_file}\nwait\n"
    with pytest.raises(LaunchError):
        _launcher(tmp_path, script, timeout=0.5).launch("")
    assert gone_soon(pid_in(pid_file))


@pytest.mark.parametrize("leaving", ["", "setsid", "env -i setsid"])
def test_a_launch_that_ends_is_good_although_a_child_keeps_its_output_open(
    tmp_path: Path, leaving: str
) -> None:
    pid_file = tmp_path / "pid"
    script = f"#!/bin/sh\n{leaving} sleep 60 &\necho $! > {pid_file}\necho a report\n"
    assert _launcher(tmp_path, script).launch("") == "a report\n"
    assert gone_soon(pid_in(pid_file))


@pytest.mark.parametrize("ends", ["exit 0", "exit 1", "sleep 60"])
@pytest.mark.parametrize("leaving", ["setsid", "setsid --fork", "env -i setsid"])
def test_a_child_that_left_the_session_of_a_launch_is_killed(
    tmp_path: Path, leaving: str, ends: str
) -> None:
    pid_file = tmp_path / "pid"
    child = write_script(
        tmp_path / "child",
        f"#!/bin/sh\necho $$ > {pid_file}.part; mv {pid_file}.part {pid_file}; exec sleep 60\n",
    )
    script = (
        f"#!/bin/sh\n({leaving} {child} >/dev/null 2>&1 </dev/null &)\n"
        f"while ! [ -e {pid_file} ]; do sleep 0.01; done\n{ends}\n"
    )
    launcher = _launcher(tmp_path, script, timeout=0.5 if "sleep" in ends else 20)
    with contextlib.suppress(LaunchError):
        launcher.launch("")
    assert gone_soon(pid_in(pid_file))


def test_a_child_that_left_its_session_is_spared_while_its_own_launch_runs(tmp_path: Path) -> None:
    # The script waits for a child that is no child of it any more; meanwhile other launches end.
    done = tmp_path / "done"
    pid_file = tmp_path / "pid"
    child = write_script(
        tmp_path / "child",
        f"#!/bin/sh\necho $$ > {pid_file}\nsleep 0.5\n"
        f"echo yes > {done}.part\nmv {done}.part {done}\n",
    )
    script = (
        "#!/bin/sh\nread word\n[ $word = quick ] && exit 0\n"
        f"(setsid {child} >/dev/null 2>&1 &)\n"
        f"while ! [ -e {done} ]; do sleep 0.01; done\ncat {done}\n"
    )
    launcher = _launcher(tmp_path, script)
    reports: list[str] = []
    thread = threading.Thread(target=lambda: reports.append(launcher.launch("slow\n")))
    thread.start()
    pid_in(pid_file)
    while thread.is_alive():
        launcher.launch("quick\n")
    thread.join()
    assert reports == ["yes\n"]


def test_children_that_this_process_had_before_are_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        _launcher(tmp_path, "#!/bin/sh\ncat\n").launch("a deck\n")
        assert other.poll() is None
        other.kill()


def test_what_a_child_prints_just_after_the_end_of_its_launch_is_read(tmp_path: Path) -> None:
    script = "#!/bin/sh\n(sleep 0.2; echo second) &\necho first\n"
    assert _launcher(tmp_path, script).launch("") == "first\nsecond\n"


@pytest.mark.parametrize("stream", ["", " >&2"])
def test_a_launch_that_prints_without_end_is_killed_at_a_bound(tmp_path: Path, stream: str) -> None:
    pid_file = tmp_path / "pid"
    script = f"#!/bin/sh\necho $$ > {pid_file}\nexec yes{stream}\n"
    with pytest.raises(LaunchError, match=r"printed more than 4,194,304 bytes") as failure:
        _launcher(tmp_path, script).launch("")
    assert failure.value.status is Status.UNREADABLE
    assert not alive(pid_in(pid_file))


def test_a_launch_that_closes_its_output_and_goes_on_times_out(tmp_path: Path) -> None:
    script = "#!/bin/sh\nexec sleep 60 >/dev/null 2>&1\n"
    with pytest.raises(LaunchError) as failure:
        _launcher(tmp_path, script, timeout=0.3).launch("")
    assert failure.value.status is Status.TIMEOUT


def test_time_in_which_a_launch_is_suspended_does_not_count(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    script = f"#!/bin/sh\necho $$ > {pid_file}\nkill -STOP $$\necho done\n"
    launcher = _launcher(tmp_path, script, timeout=0.5)
    reports: list[str] = []
    thread = threading.Thread(target=lambda: reports.append(launcher.launch("")))
    thread.start()
    pid = pid_in(pid_file)
    time.sleep(1.5)
    os.kill(pid, signal.SIGCONT)
    thread.join()
    assert reports == ["done\n"]


@pytest.mark.parametrize("code", [0, 1])
def test_a_child_that_a_launch_leaves_behind_is_killed(tmp_path: Path, code: int) -> None:
    pid_file = tmp_path / "pid"
    script = f"#!/bin/sh\nsleep 60 >/dev/null 2>&1 &\necho $! > {pid_file}\nexit {code}\n"
    launcher = _launcher(tmp_path, script)
    if code:
        with pytest.raises(LaunchError):
            launcher.launch("")
    else:
        launcher.launch("")
    assert gone_soon(pid_in(pid_file))


def test_a_launcher_that_is_stopped_kills_what_runs_and_starts_no_more(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    script = f"#!/bin/sh\nsleep 60 &\necho $! > {pid_file}\nwait\n"
    launcher = _launcher(tmp_path, script, timeout=60)
    ended: list[BaseException] = []

    def launch() -> None:
        try:
            launcher.launch("")
        except LaunchError as failure:
            ended.append(failure)

    thread = threading.Thread(target=launch)
    thread.start()
    pid = pid_in(pid_file)
    launcher.stop()
    thread.join(10)
    assert len(ended) == 1
    assert gone_soon(pid)
    with pytest.raises(CampaignError, match="no more launches"):
        launcher.launch("")


def test_a_launch_that_hangs_after_it_was_suspended_times_out(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    script = f"#!/bin/sh\necho $$ > {pid_file}\nkill -STOP $$\nexec sleep 60\n"
    launcher = _launcher(tmp_path, script, timeout=0.3)
    ended: list[LaunchError] = []

    def launch() -> None:
        try:
            launcher.launch("")
        except LaunchError as failure:
            ended.append(failure)

    thread = threading.Thread(target=launch)
    thread.start()
    pid = pid_in(pid_file)
    time.sleep(0.8)
    assert ended == []
    os.kill(pid, signal.SIGCONT)
    thread.join(20)
    assert [failure.status for failure in ended] == [Status.TIMEOUT]


def _swap_by_renaming(path: Path, other: Path) -> None:
    other.rename(path)


def _overwrite(path: Path, other: Path) -> None:
    path.write_bytes(other.read_bytes())


def _turn_the_link(path: Path, other: Path) -> None:
    path.unlink()
    path.symlink_to(other)


def _delete(path: Path, _other: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("change", [_swap_by_renaming, _overwrite, _turn_the_link, _delete])
@pytest.mark.parametrize("kind", ["program", "shell script", "script of another language"])
def test_what_happens_to_the_path_after_the_start_does_not_matter(
    tmp_path: Path, kind: str, change: Callable[[Path, Path], None]
) -> None:
    path, real = tmp_path / "6sv", tmp_path / "real"
    if kind == "program":
        shutil.copy(shutil.which("cat") or "cat", real)
    elif kind == "shell script":
        write_script(real, "#!/bin/sh\nexec cat\n")
    else:
        write_script(real, f"#!{sys.executable}\nimport sys\nprint(sys.stdin.read(), end='')\n")
    path.symlink_to(real)
    launcher = Launcher(path, dict(os.environ), 20)
    change(path, write_script(tmp_path / "other", "#!/bin/sh\necho foreign\n"))
    assert launcher.launch("a deck\n") == "a deck\n"


def test_an_executable_that_is_not_the_expected_one_is_refused(tmp_path: Path) -> None:
    script = write_script(tmp_path / "6sv", "#!/bin/sh\n")
    with pytest.raises(CampaignError, match=r"has changed since .* run snakemake again"):
        Launcher(script, {}, 1, sha256="0" * 64)


@pytest.fixture(params=["the kernel forbids it", "it finds its libraries beside itself"])
def program_without_copy(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Give a program that cannot be run from a copy in memory."""
    program = tmp_path / "6sv"
    shutil.copy(shutil.which("cat") or "cat", program)
    if request.param == "the kernel forbids it":

        def forbid(*_: object) -> int:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(os, "memfd_create", forbid)
    else:
        with program.open("ab") as file:
            file.write(b"\0$ORIGIN/../lib\0")
    return program


def test_a_program_that_cannot_be_copied_is_run_itself(
    tmp_path: Path, program_without_copy: Path
) -> None:
    launcher = Launcher(program_without_copy, dict(os.environ), 20)
    assert launcher.launch("a deck\n") == "a deck\n"
    # By its descriptor: neither a link that is turned nor another file in its place matters.
    program_without_copy.rename(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").rename(program_without_copy)


@pytest.mark.parametrize("change", [_overwrite, _swap_by_renaming])
def test_a_program_that_cannot_be_copied_may_not_change_meanwhile(
    tmp_path: Path, program_without_copy: Path, change: Callable[[Path, Path], None]
) -> None:
    launcher = Launcher(program_without_copy, dict(os.environ), 20)
    change(program_without_copy, write_script(tmp_path / "other", "#!/bin/sh\necho foreign\n"))
    with pytest.raises(CampaignError, match="was changed while it was in use"):
        launcher.launch("a deck\n")


def test_a_result_is_dropped_if_the_program_changed_while_it_ran(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbid(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "memfd_create", forbid)
    script = "#!/bin/sh\ncp $0 $0.copy\ncat $0.copy > $0\necho a report\n"  # there and back
    launcher = _launcher(tmp_path, script)
    with pytest.raises(CampaignError, match="was changed while it was in use"):
        launcher.launch("")


@pytest.mark.parametrize("first", ["#!/bin/sh", "#!/bin/sh -e", "#!/usr/bin/env bash"])
def test_a_shell_script_finds_what_is_beside_it(tmp_path: Path, first: str) -> None:
    write_script(tmp_path / "beside", "#!/bin/sh\ncat\n")
    launcher = _launcher(tmp_path, f'{first}\nexec "$(dirname "$0")/beside"\n')
    assert launcher.launch("a deck\n") == "a deck\n"


def test_the_options_of_a_shell_script_count(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match=r"exit code 1$"):
        _launcher(tmp_path, "#!/bin/sh -e\nfalse\necho a report\n").launch("")


@pytest.mark.parametrize(
    "script",
    [
        '#!/usr/bin/env bash\nexec "$(dirname "${BASH_SOURCE[0]}")/beside"\n',
        f"#!{sys.executable}\nimport os\nf = os.path.join(os.path.dirname(__file__), 'beside')\n"
        "os.execv(f, [f])\n",
    ],
    ids=["bash", "python"],
)
def test_a_script_that_cannot_find_what_is_beside_it_gets_a_hint(
    tmp_path: Path, script: str
) -> None:
    write_script(tmp_path / "beside", "#!/bin/sh\ncat\n")
    with pytest.raises(LaunchError, match="write whole paths into it"):
        _launcher(tmp_path, script).launch("a deck\n")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("wrapped", [False, True])
def test_6sv_prints_the_same_from_memory_as_from_its_file(
    tmp_path: Path, version: str, wrapped: bool
) -> None:
    program = find_executable(version)
    environment = launch_environment()
    deck = stored_deck("no-aerosol")
    direct = subprocess.run(
        [program], input=deck, env=environment, capture_output=True, text=True, check=True
    ).stdout
    if wrapped:
        program = write_script(tmp_path / "6sv", f'#!/bin/sh\nexec "{program}"\n')
    assert Launcher(program, environment, 20).launch(deck) == direct


def test_many_launches_at_a_time_do_not_mix_their_reports(tmp_path: Path) -> None:
    launcher = _launcher(tmp_path, "#!/bin/sh\ncat\n")
    reports: dict[int, str] = {}

    def launch(number: int) -> None:
        reports[number] = launcher.launch(f"deck {number}\n" * 1000)

    threads = [threading.Thread(target=launch, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reports == {number: f"deck {number}\n" * 1000 for number in range(16)}


def test_a_file_that_may_not_be_executed_stops_the_batch(tmp_path: Path) -> None:
    file = tmp_path / "6sv"
    file.write_text("#!/bin/sh\n")
    with pytest.raises(CampaignError, match=r"6SV cannot start: .*Permission denied"):
        Launcher(file, {}, 1).launch("")


def test_an_executable_that_is_not_there_stops_the_batch(tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match=r"6SV cannot start: .*No such file"):
        Launcher(tmp_path / "6sv", {}, 1).launch("")


def test_a_missing_library_stops_the_batch_with_the_remedy(tmp_path: Path) -> None:
    script = (
        "#!/bin/sh\n"
        "echo 'error while loading shared libraries: libgfortran.so.5: cannot open' >&2\nexit 127\n"
    )
    with pytest.raises(CampaignError, match=r"libgfortran\.so\.5(.|\n)*Install that library"):
        _launcher(tmp_path, script).launch("")


def test_output_that_is_not_text_is_no_error_of_the_launcher(tmp_path: Path) -> None:
    report = _launcher(tmp_path, "#!/bin/sh\nprintf '\\377\\000x'\n").launch("")
    assert report.endswith("x")


def test_a_launch_that_nobody_watches_ends_by_itself(tmp_path: Path) -> None:
    program = "import resource\nprint(resource.getrlimit(resource.RLIMIT_CPU))\n"
    script = f"#!{sys.executable}\n{program}"
    # The limit is set just after the start: a Python takes longer than that to come here.
    limit = _launcher(tmp_path, script, timeout=30).launch("")
    assert limit.strip() == "(31, 31)"
    assert resource.getrlimit(resource.RLIMIT_CPU) != (31, 31)
