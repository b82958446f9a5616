"""Batches of reduced launches with real 6SV, killed outright in every phase of a search."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from types import GeneratorType
from typing import Any

import numpy as np
import pytest

import reduced_batch
from disturbed_sixsv import REAL_SIXSV, digest_of_deck, disturbed_sixsv, launched_decks
from reduced_batch import BLOCKS, HOLD_OUT, PROMISE, THREADS, VALUES
from sixsv_lut.campaign.recipe import Recipe, make_recipe
from sixsv_lut.reduced.block import VALUES as NAMES
from sixsv_lut.reduced.search import search
from sixsv_lut.sixsv.executable import find_executable
from sixsv_lut.sixsv.instruments import find_band
from sixsv_lut.sixsv.report import QUANTITY_NAMES, Status
from sixsv_lut.store.records import Records
from sixsv_lut.store.sealed import SealedBatch
from unit.support import axes_entry, configuration

_COLUMNS = [QUANTITY_NAMES.index(name) for name in NAMES]

# Which function of a search waits for launches, the first that is found, and what phase that is.
PHASES = {
    "_hold_out": "hold-out",
    "_grow": "growth",
    "_check": "fresh checks",
    "_first_checks": "checks",
    "run": "seeds",
}
MOST_BATCHES = 8
# A step that makes interpolations grow.
STEP = "psurf > 920 && phi > 90 ? 1e-4 : 0"


def phases(records: Records, recipe: Recipe) -> set[str]:
    """Tell in which phases the searches are that have these launches."""
    found, first = set(), 0
    for block in BLOCKS:
        values = records.quantities[first:][: block.points, _COLUMNS]
        known = records.status[first:][: block.points] == Status.OK
        first += block.points
        running = search(block, PROMISE, recipe.fingerprint, HOLD_OUT)
        wanted = next(running)
        try:
            while known[wanted].all():
                wanted = running.send(values[wanted])
        except StopIteration:
            continue
        functions = functions_of(running)
        found.add(next(phase for name, phase in PHASES.items() if name in functions))
    return found


def functions_of(running: Generator[Any, Any, Any]) -> set[str]:
    """Give the names of a generator and of those that it waits for."""
    names = set()
    while isinstance(running, GeneratorType):
        names.add(running.gi_code.co_name)
        running = running.gi_yieldfrom
    return names


def start(folder: Path) -> subprocess.Popen[bytes]:
    """Start the batch."""
    return subprocess.Popen(
        [sys.executable, reduced_batch.__file__, str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recipe:
    monkeypatch.setenv(REAL_SIXSV, str(find_executable("2.1")))
    executable = disturbed_sixsv(tmp_path / "6sv", STEP)
    configured = configuration(
        bands=["Oa20"],
        aerosol={"model": 0},
        axes=axes_entry(aot550=[0]),
        sixsv={"executable": str(executable)},
    )
    return make_recipe(configured, find_band("OLCI", "Oa20"))


def test_batches_killed_in_every_phase_make_the_same_and_launch_nothing_twice_that_was_kept(
    tmp_path: Path, recipe: Recipe
) -> None:
    executable = tmp_path / "6sv"
    writer = recipe.deck_writer()
    digests = np.array([digest_of_deck(writer.deck(point).text) for point in VALUES])

    undisturbed = tmp_path / "undisturbed"
    reduced_batch.run(undisturbed, recipe)
    needed = launched_decks(executable)
    assert len(needed) == len(set(needed)) < len(VALUES) / 2
    expected = SealedBatch(undisturbed / "batch.parquet", recipe.fingerprint)

    rng = random.Random(20261121)
    hit: set[str] = set()
    kills = more = 0
    noted = len(needed)
    for number in range(MOST_BATCHES):
        folder = tmp_path / f"batch-{number}"
        folder.mkdir()
        recipe.write(folder / "recipe.json")
        kept: set[str] = set()
        begun: list[str] = []
        killed = True
        while killed:
            process = start(folder)
            moment = len(launched_decks(executable)) + rng.randint(1, len(needed) // 5)
            while process.poll() is None and len(launched_decks(executable)) < moment:
                time.sleep(0.01)
            time.sleep(rng.uniform(0, 0.02))
            process.kill()
            killed = process.wait() != 0
            records = reduced_batch.store_of(folder, recipe).recover()
            new = launched_decks(executable)[noted:]
            noted += len(new)
            assert not kept & set(new), "what was kept is launched again"
            begun += new
            kept = set(digests[records.status == Status.OK].tolist())
            if killed:
                kills += 1
                hit |= phases(records, recipe)
                time.sleep(0.2)  # for the launches that were orphaned
        # A batch may be killed before it has written a deck to the process it has started.
        assert set(begun) - {digest_of_deck("")} == set(needed)
        more += len(begun) - len(needed)

        made = SealedBatch(folder / "batch.parquet", recipe.fingerprint)
        for what in ("values", "status", "quantities"):
            one, other = (getattr(batch.known(), what) for batch in (made, expected))
            assert one.tobytes() == other.tobytes()
        assert made.reduced() == expected.reduced()
        if hit == set(PHASES.values()):
            break
    assert hit == set(PHASES.values())
    # What ran, and what had ended and was about to be written.
    assert more <= 2 * THREADS * kills
