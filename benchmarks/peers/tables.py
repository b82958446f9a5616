"""The tables of README.md and benchmarks/README.md, from the recorded measurements."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

from peers.contenders import CONTENDERS
from peers.kill import KINDS

BEGIN, END = "<!-- peers -->", "<!-- /peers -->"
FLOOR = "xargs"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _head(cells: list[str]) -> list[str]:
    return [_row(cells), _row(["---", *["---:"] * (len(cells) - 1)])]


def _median(rounds: list[dict[str, Any]], key: str) -> float:
    return statistics.median(one[key] for one in rounds)


def summary(entry: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Reduce the rounds of one size to medians.

    Parameters
    ----------
    entry : dict
        One size of the recorded measurements.

    Returns
    -------
    dict
        For each contender: medians, median of the ratios to the floor of the same round, and
        overhead of a launch above the floor of the same round, in ms.
    """
    reduced: dict[str, dict[str, float]] = {}
    floor = entry["contenders"].get(FLOOR, {}).get("rounds")
    for name in CONTENDERS:
        if name not in entry["contenders"]:
            continue
        rounds = entry["contenders"][name]["rounds"]
        keys = ("wall_seconds", "cpu_seconds", "files", "right")
        reduced[name] = {key: _median(rounds, key) for key in keys}
        if floor:
            walls = [
                (one["wall_seconds"], base["wall_seconds"])
                for one, base in zip(rounds, floor, strict=True)
            ]
            per_launch = 1000 * entry["cores"] / entry["launches"]
            reduced[name]["ratio"] = statistics.median(a / b for a, b in walls)
            reduced[name]["overhead_ms"] = statistics.median((a - b) * per_launch for a, b in walls)
    return reduced


def _in_turns(seconds: float | None) -> str:
    return "one after the other" if seconds is None else f"in turns of {seconds:g} s"


def _conditions(entry: dict[str, Any]) -> str:
    rounds = f"{entry['rounds']} round{'s' if entry['rounds'] > 1 else ''}"
    return (
        f"{entry['launches']:,} launches of {1000 * entry['seconds_per_launch']:.0f} ms "
        f"(6SV {entry['sixsv']}, aerosol model {entry['aerosol']}) on {entry['cores']} cores "
        f"({entry['machine']['cpu']}), median of {rounds} {_in_turns(entry['turn_seconds'])}, "
        f"{entry['date']}"
    )


def _size_table(entry: dict[str, Any], memory: dict[str, float]) -> list[str]:
    lines = [
        f"{_conditions(entry)}:",
        "",
        *_head(
            [
                "contender",
                "time (s)",
                "ratio to 6SV alone",
                "overhead (ms/launch)",
                "CPU (s)",
                "peak memory (MB)",
                "files left",
                "results",
                "leaves",
            ]
        ),
    ]
    for name, one in summary(entry).items():
        lines.append(
            _row(
                [
                    CONTENDERS[name].title,
                    f"{one['wall_seconds']:.1f}",
                    f"{one['ratio']:.3f}" if "ratio" in one else "",
                    f"{one['overhead_ms']:.1f}" if "overhead_ms" in one else "",
                    f"{one['cpu_seconds']:.0f}",
                    f"{memory[name]:.0f}" if name in memory else "",
                    f"{one['files']:,.0f}",
                    f"{one['right']:,.0f}",
                    CONTENDERS[name].makes,
                ]
            )
        )
    missing = [CONTENDERS[name].title for name in entry["missing"]]
    if missing:
        lines += ["", f"Not installed where this was measured: {', '.join(missing)}."]
    return [*lines, ""]


def _run_twice(seen: dict[str, Any], launches: int) -> int:
    last = seen["again"] or seen
    return max(0, int(last["launches"]) - launches)


def _what_happened(seen: dict[str, Any] | None, launches: int) -> str:
    if seen is None:
        return "-"
    last = seen["again"] or seen
    if last["right"] < launches:
        return f"{last['right']} of {launches}, also after the same command again"
    twice = f"{_run_twice(seen, launches)} run twice"
    if seen["again"] is None:
        return f"all there; {twice}"
    silent = ", without an error" if seen["exit_code"] == 0 else ""
    return f"{seen['right']} of {launches}{silent}; same command again: {twice}"


def _kill_table(entry: dict[str, Any]) -> list[str]:
    launches = entry["launches"]
    lines = [
        f"Results, and launches run a second time, after `kill -9` at 40 % of {launches} launches "
        f"(batches of {entry['batch_size']}, Dask partitions of {entry['partition_size']}), "
        f"{entry['date']}:",
        "",
        _row(["contender", "a running 6SV killed", "a worker killed", "main process killed"]),
        _row(["---"] * 4),
    ]
    for name, contender in CONTENDERS.items():
        if name in entry["contenders"]:
            seen = entry["contenders"][name]
            cells = [_what_happened(seen.get(kind), launches) for kind in KINDS]
            lines.append(_row([contender.title, *cells]))
    return [*lines, ""]


def short_table(record: dict[str, Any]) -> str:
    """Write the one table of the README as Markdown.

    Parameters
    ----------
    record : dict
        The recorded measurements, with at least one size.

    Returns
    -------
    str
        A row for each contender: time, files, and what was left after a kill.
    """
    entry = max(record["sizes"].values(), key=lambda size: len(size["contenders"]))
    killed = record.get("kill", {"contenders": {}, "launches": 0})
    launches = killed["launches"]
    kills = f"; kills at 40 % of {launches} launches" if launches else ""
    lines = [f"{_conditions(entry)}{kills}:", ""]
    lines += _head(
        [
            "contender",
            "time, 6SV alone = 1",
            "files left",
            "leaves",
            "results, a running 6SV killed",
            "launches run twice, main process killed",
        ]
    )
    for name, one in summary(entry).items():
        seen = killed["contenders"].get(name)
        lines.append(
            _row(
                [
                    CONTENDERS[name].title,
                    f"{one['ratio']:.2f}" if "ratio" in one else "",
                    f"{one['files']:,.0f}",
                    CONTENDERS[name].makes,
                    f"{seen['launch']['right']} of {launches}" if seen else "",
                    f"{_run_twice(seen['main'], launches)}" if seen else "",
                ]
            )
        )
    return "\n".join([*lines, ""])


def tables(record: dict[str, Any]) -> str:
    """Write all tables as Markdown.

    Parameters
    ----------
    record : dict
        The recorded measurements.

    Returns
    -------
    str
        The tables.
    """
    lines: list[str] = []
    for size in sorted(record.get("sizes", {}), key=int):
        lines += _size_table(record["sizes"][size], record.get("peak_memory_mb", {}))
    if "kill" in record:
        lines += _kill_table(record["kill"])
    return "\n".join(lines)


def update_page(page: Path, text: str) -> None:
    """Put tables between the markers of a page.

    Parameters
    ----------
    page : Path
        The page.
    text : str
        The tables.

    Raises
    ------
    ValueError
        The markers are not there, once each and in order.
    """
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{page} has no lines {BEGIN} and {END}, between which the tables go")
    page.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}")


def update_pages(project: Path, record: dict[str, Any]) -> None:
    """Put the short table into README.md, and all tables into benchmarks/README.md.

    Parameters
    ----------
    project : Path
        The project's folder.
    record : dict
        The recorded measurements.
    """
    update_page(project / "README.md", short_table(record))
    update_page(project / "benchmarks/README.md", tables(record))
