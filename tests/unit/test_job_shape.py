"""What a cluster job asks for, and which shapes are refused with the number that fits."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from sixsv_lut.cluster.job_shape import JobShape
from sixsv_lut.errors import CampaignError

SERIAL = JobShape(
    batches=16, threads=4, cores=4, serial=True, walltime_limit=480, memory_per_core=3000
)
SIDE_BY_SIDE = JobShape(
    batches=48, threads=4, cores=24, serial=False, walltime_limit=1440, memory_per_core=2000
)


def test_walltime_of_serial_batches_adds_up_to_the_job() -> None:
    """4096 launches, 4 at a time, 0.5 s each, and a margin of a half: 14 minutes a batch."""
    assert SERIAL.rounds == 16
    assert SERIAL.batch_minutes(4096, 0.5) == 14
    SERIAL.check(4096, 0.5)


def test_walltime_grows_with_the_attempt_up_to_the_limit() -> None:
    """Twice as much each time, never more than the site's limit for the whole job."""
    minutes = [SERIAL.batch_minutes(4096, 0.5, attempt) for attempt in (1, 2, 3, 4)]
    assert minutes == [14, 28, 30, 30]
    assert SERIAL.rounds * minutes[-1] <= 480


def test_batches_side_by_side() -> None:
    """6 batches of 4 launches at a time on 24 cores: 8 rounds."""
    assert SIDE_BY_SIDE.side_by_side == 6
    assert SIDE_BY_SIDE.rounds == 8
    SIDE_BY_SIDE.check(4096, 0.5)


def test_memory_counts_the_snakemakes_once_for_a_job() -> None:
    """Two for the SLURM plugin, one elsewhere; batches side by side share it."""
    assert SERIAL.batch_memory() == 2 * 180 + 170 + 4 * 20
    whole = 180 + 6 * (170 + 4 * 20)
    assert whole <= 6 * SIDE_BY_SIDE.batch_memory() < whole + 6
    assert SERIAL.batch_memory(2) == 915


def test_memory_never_beyond_the_cores() -> None:
    """More memory on a retry, but not more than the site gives to the cores."""
    shape = JobShape(1, 1, 1, True, None, 600)
    assert [shape.batch_memory(attempt) for attempt in (1, 2, 3)] == [550, 600, 600]


@pytest.mark.parametrize(
    ("shape", "remedy"),
    [
        (JobShape(16, 8, 4, True), r"--cores 8, or --set-threads simulate=4"),
        (JobShape(16, 2, 4, True), r"--set-threads simulate=4, or --cores 2"),
        (JobShape(16, 5, 24, False), r"--set-threads simulate=4"),
        (JobShape(16, 1, 1, True, None, 500), r"--cores 2 --set-threads simulate=2"),
        (JobShape(16, 1, 24, False, None, 100), r"--set-threads simulate=24"),
        (JobShape(100, 4, 4, True, 480), r"--group-components simulate=34"),
        (JobShape(100, 4, 24, False, 60), r"--group-components simulate=24"),
        (JobShape(1, 4, 4, True, 10), r"batch_size: 2960, with --group-components simulate=1"),
    ],
)
def test_refusal_gives_the_number_that_fits(shape: JobShape, remedy: str) -> None:
    """And with that number the shape is accepted."""
    with pytest.raises(CampaignError, match=re.escape(remedy)):
        shape.check(4096, 0.5)


def test_the_numbers_that_fit_do_fit() -> None:
    """What a refusal asks for is not refused."""
    JobShape(34, 4, 4, True, 480).check(4096, 0.5)
    JobShape(24, 4, 24, False, 60).check(4096, 0.5)
    JobShape(1, 4, 4, True, 10).check(2960, 0.5)
    JobShape(16, 2, 2, True, None, 500).check(4096, 0.5)


def test_a_batch_of_more_points_asks_for_more_memory() -> None:
    small, usual, large = (
        replace(SIDE_BY_SIDE, points=points).batch_memory(1) for points in (100, 4096, 74_000)
    )
    assert small == usual < large
