"""Measure this workflow against what people would use instead; record it; show it in the pages.

All contenders launch the same 6SV on the same points with the same number of cores. They take turns
of some seconds (see `peers.turns`), who goes first changes from round to round; those that cannot
be stopped run after the others. Results that differ end the benchmark without a record.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import functools
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from peers.case import AEROSOL, PROJECT, SIXSV, Case, make_case
from peers.contenders import CONTENDERS, Table, count_files, found_version
from peers.kill import KINDS, kill_one
from peers.processes import Clock, adopt_orphans, run
from peers.tables import summary, update_pages
from peers.turns import take_turns
from sixsv_lut.simulate.probe import processor

RECORD = PROJECT / "benchmarks/peers.json"
_TIMEOUT = 24 * 3600.0

# Seconds. No launch may be stopped until a time-out ends it: the workflow's is 120 s.
_LONGEST_TURN = 20.0
_LONGEST_STOP = 60.0

_MEMORY_LAUNCHES = 200


def _machine() -> dict[str, Any]:
    return {
        "cpu": processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def _seconds_per_launch(case: Case, sample: int = 10) -> float:
    # One at a time, spread over the grid: what a launch takes on an otherwise idle machine.
    names = (case.folder / "names.txt").read_text().split()
    taken = []
    for name in names[:: max(1, len(names) // sample)][:sample]:
        with (case.folder / "decks" / name).open("rb") as deck:
            started = time.perf_counter()
            subprocess.run(
                [case.executable],
                stdin=deck,
                stdout=subprocess.DEVNULL,
                env=case.environment,
                check=True,
            )
        taken.append(time.perf_counter() - started)
    return float(np.median(taken))


def _run_once(
    name: str, case: Case, place: Path, clock: Clock, *, memory: bool = False
) -> tuple[dict[str, Any], Table]:
    contender = CONTENDERS[name]
    folder = place / name
    folder.mkdir()
    command = contender.prepare(case, folder)
    before = count_files(folder)
    cost = run(command, folder, case.environment, timeout=_TIMEOUT, memory=memory, clock=clock)
    table = contender.results(case, folder)
    printed = (folder / "printed").read_text(errors="replace")
    measured = asdict(cost) | {"files": count_files(folder) - before - 1}  # without "printed"
    shutil.rmtree(folder)
    if cost.exit_code != 0 and contender.exact:
        raise SystemExit(f"{name} ended with exit code {cost.exit_code}:\n{printed[-3000:]}")
    print(
        f"{name:10} {cost.wall_seconds:8.2f} s, CPU {cost.cpu_seconds:8.2f} s, "
        f"{measured['files']} files"
        + (f", {cost.peak_memory_mb:.0f} MB" if cost.peak_memory_mb is not None else ""),
        flush=True,
    )
    return measured, table


def _compare(tables: dict[str, Table], measured: dict[str, dict[str, Any]], launches: int) -> None:
    exact = [name for name in tables if CONTENDERS[name].exact]
    reference = tables["workflow" if "workflow" in exact else (exact or list(tables))[0]]
    for name, table in tables.items():
        right = CONTENDERS[name].right(table, reference)
        differences = np.abs(table - reference)
        there = np.isfinite(differences).all(axis=1)
        measured[name]["right"] = right
        measured[name]["largest_difference"] = float(differences[there].max(initial=0))
        if right < launches and CONTENDERS[name].exact:
            raise SystemExit(
                f"{name} has {right} right results of {launches}; the largest difference is "
                f"{measured[name]['largest_difference']:g}: nothing is recorded, because "
                "contenders that do not do the same cannot be compared"
            )


@contextlib.contextmanager
def _prepared(arguments: argparse.Namespace, launches: int) -> Iterator[tuple[Case, Path]]:
    with tempfile.TemporaryDirectory(prefix="peers-", dir=arguments.folder) as place:
        folder = Path(place, "case")
        folder.mkdir()
        yield make_case(folder, launches, arguments.cores, arguments.batch_size), Path(place)


def _measure(arguments: argparse.Namespace, names: list[str]) -> dict[str, Any]:
    rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    others = sum(CONTENDERS[name].stoppable for name in names) - 1
    turn_seconds = min(_LONGEST_TURN, _LONGEST_STOP / others) if others > 0 else None
    with _prepared(arguments, arguments.launches) as (case, place):
        seconds = _seconds_per_launch(case)
        expected = seconds * case.launches / case.cores
        print(
            f"{case.launches} launches of {seconds:.3f} s on {case.cores} cores: at least "
            f"{expected:.0f} s for each contender in each round; batches of {case.batch_size}, "
            f"partitions of {case.partition_size}",
            flush=True,
        )
        for turn in range(arguments.rounds):
            shift = turn % len(names)
            print(f"round {turn + 1}", flush=True)
            together, alone = {}, {}
            for name in names[shift:] + names[:shift]:
                group = together if CONTENDERS[name].stoppable else alone
                group[name] = functools.partial(_run_once, name, case, place)
            ended = take_turns(together, turn_seconds)
            for name, one in alone.items():
                ended |= take_turns({name: one})
            measured = {name: one for name, (one, _) in ended.items()}
            tables = {name: table for name, (_, table) in ended.items()}
            _compare(tables, measured, case.launches)
            for name in names:
                rounds[name].append(measured[name])
        return {
            "launches": case.launches,
            "cores": case.cores,
            "batch_size": case.batch_size,
            "partition_size": case.partition_size,
            "rounds": arguments.rounds,
            "turn_seconds": turn_seconds,
            "seconds_per_launch": seconds,
            "sixsv": SIXSV,
            "aerosol": AEROSOL,
            "axes": case.config["axes"],
            "contenders": {
                name: {"version": found_version(name), "rounds": rounds[name]} for name in names
            },
        }


def _memory(arguments: argparse.Namespace, names: list[str]) -> dict[str, float]:
    # One at a time: pages that processes share count with a part in each, those of a contender that
    # is stopped too.
    print(f"memory, with {_MEMORY_LAUNCHES} launches", flush=True)
    with _prepared(arguments, _MEMORY_LAUNCHES) as (case, place):
        peaks = {}
        for name in names:
            alone = functools.partial(_run_once, name, case, place, memory=True)
            measured, _ = take_turns({name: alone})[name]
            peaks[name] = measured["peak_memory_mb"]
        return peaks


def _kill(arguments: argparse.Namespace, names: list[str]) -> dict[str, Any]:
    with _prepared(arguments, arguments.launches) as (case, place):
        folder = place / "work"
        folder.mkdir()
        floor = CONTENDERS["xargs"]
        run(floor.prepare(case, folder), folder, case.environment, timeout=_TIMEOUT)
        reference = floor.results(case, folder)
    if not np.isfinite(reference).all():
        raise SystemExit("6SV alone did not give every result: there is nothing to compare with")
    # The LUT, which has 7 decimals, is compared with this.
    seen: dict[str, Any] = {}
    for name in names:
        seen[name] = {"version": found_version(name)}
        for kind in KINDS:
            if kind == "worker" and CONTENDERS[name].is_worker is None:
                continue
            seen[name][kind] = kill_one(name, kind, case, reference, arguments.folder)
            print(f"{name:10} {kind:6} {json.dumps(seen[name][kind])}", flush=True)
    return {
        "launches": case.launches,
        "cores": case.cores,
        "batch_size": case.batch_size,
        "partition_size": case.partition_size,
        "contenders": seen,
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make benchmark-peers", description=__doc__)
    parser.add_argument("--launches", type=int, help="a divisor of 20,000 (2000; with --kill 160)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument(
        "--batch-size",
        type=int,
        help="launches to a batch of the workflow (default: four batches for each core)",
    )
    parser.add_argument("--kill", action="store_true", help="kill in the middle; measure no time")
    parser.add_argument("--table-only", action="store_true", help="the pages from the record")
    parser.add_argument("--folder", help="where to work (the folder for temporary files)")
    parser.add_argument("--record", type=Path, default=RECORD, help="the file of measurements")
    parser.add_argument("--no-readme", action="store_true", help="leave the pages as they are")
    arguments = parser.parse_args()
    if arguments.launches is None:
        arguments.launches = 160 if arguments.kill else 2000
    return arguments


def main() -> None:
    """Measure, record, and show."""
    arguments = _arguments()
    record = json.loads(arguments.record.read_text()) if arguments.record.exists() else {}
    if not arguments.table_only:
        adopt_orphans()
        asked = [name for name in CONTENDERS if name in arguments.contenders]
        names = [name for name in asked if found_version(name) is not None]
        missing = [name for name in asked if name not in names]
        for name in missing:
            print(f"{name} is left out: {CONTENDERS[name].needs} is not installed", file=sys.stderr)
        entry = (_kill if arguments.kill else _measure)(arguments, names)
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        entry |= {"date": today, "machine": _machine(), "missing": missing}
        if arguments.kill:
            record["kill"] = entry
        else:
            record.setdefault("sizes", {})[str(entry["launches"])] = entry
            record.setdefault("peak_memory_mb", {}).update(_memory(arguments, names))
            print(json.dumps(summary(entry), indent=1))
        arguments.record.write_text(json.dumps(record, indent=1) + "\n")
    if not arguments.no_readme:
        update_pages(PROJECT, record)


if __name__ == "__main__":
    main()
