"""The line of progress."""

from __future__ import annotations

from pathlib import Path

import pytest

from sixsv_lut.accuracy.launches import AccuracyLaunches
from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.report.progress import line, line_between_nodes
from sixsv_lut.report.state import Progress
from unit.support import configuration


@pytest.mark.parametrize(
    ("done", "total", "since", "seconds", "text"),
    [
        (0, 512, 0, 0.0, "0 of 512 launches (0 %)"),
        (100, 512, 100, 5.0, "100 of 512 launches (19 %)"),
        (118, 512, 0, 10.0, "118 of 512 launches (23 %), 11.8 per second, 34 s to go"),
        (200, 512, 100, 10.0, "200 of 512 launches (39 %), 10 per second, 32 s to go"),
        (1000, 60_000, 0, 10.0, "1000 of 60000 launches (1 %), 100 per second, 10 min to go"),
        (
            1000,
            3_123_120,
            0,
            100.0,
            "1000 of 3123120 launches (0 %), 10 per second, 3 days 15 h to go",
        ),
        (512, 512, 0, 10.0, "512 of 512 launches (100 %), 51.2 per second, 0 s to go"),
        (511, 512, 511, 10.0, "511 of 512 launches (99 %)"),
        (0, 0, 0, 1.0, "0 of 0 launches (0 %)"),
    ],
)
def test_the_line_tells_count_rate_and_remaining_time(
    done: int, total: int, since: int, seconds: float, text: str
) -> None:
    assert line(Progress(points=total, finished=done), since, seconds) == text


def test_the_line_names_failed_launches() -> None:
    done = Progress(points=512, finished=120, failed=2)
    assert line(done, 0, 10.0) == "120 of 512 launches (23 %), 2 failed, 12 per second, 33 s to go"


def test_launches_between_the_nodes_have_a_line_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    launches = AccuracyLaunches(Campaign(configuration(bands=["Oa03", "Oa08"])))
    total = 2 * len(launches.points)
    assert line_between_nodes(launches) == f"0 of {total} launches between the nodes (0 %)"

    for band in ("Oa03", "Oa08"):
        first = Path(launches.files(band)[0])
        first.parent.mkdir(parents=True)
        first.touch()
    finished = 2 * launches.batches.launches(0)
    assert line_between_nodes(launches).startswith(f"{finished} of {total} launches")
