"""What a campaign has cost: launches, retries, failures, and how well its cores were used."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.errors import CampaignError
from sixsv_lut.readable import duration, hours
from sixsv_lut.report.state import BandState, CampaignState
from sixsv_lut.sixsv.report import Status
from sixsv_lut.store.sealed import Account, read_sealed_table

_SLOWEST = 3
_REASONS = 8


@dataclass(frozen=True)
class BatchCost:
    """What one batch has cost.

    Attributes
    ----------
    band : str
        Official name of the band.
    batch : int
        Number of the batch.
    launches : int
        Launches of all attempts.
    attempts : int
        Processes that worked at it.
    elapsed_seconds : float
        Time of all attempts.
    core_seconds : float
        The same, times the cores they held.
    host : str
        Where the last one ran.
    """

    band: str
    batch: int
    launches: int
    attempts: int
    elapsed_seconds: float
    core_seconds: float
    host: str


@dataclass(frozen=True)
class CampaignCost:
    """What a campaign has cost.

    Attributes
    ----------
    points : int
        Points of complete batches.
    failed : int
        Those without a good result.
    launches : int
        Launches of these points.
    retries : int
        Launches beyond the first of a point.
    failures : mapping of str to int
        Number of points for each reason.
    result_hours : float
        CPU-hours in 6SV of the launches whose results these points have, whoever made them.
    launch_hours : float
        CPU-hours in 6SV: elapsed time of the launches that attempts on record made.
    core_hours : float
        CPU-hours for which these attempts held cores, the start of their processes included.
    further_attempts : int
        Attempts beyond the first of a batch, which had been interrupted or had failed points.
    slowest : tuple of BatchCost
        The batches that took longest.
    """

    points: int
    failed: int
    launches: int
    retries: int
    failures: Mapping[str, int]
    result_hours: float
    launch_hours: float
    core_hours: float
    further_attempts: int
    slowest: tuple[BatchCost, ...]

    @property
    def efficiency(self) -> float:
        """Time in 6SV over the core time that was held; 0 where nothing is on record."""
        return self.launch_hours / self.core_hours if self.core_hours else 0.0


def account(campaign: Campaign, state: CampaignState) -> CampaignCost:
    """Add up what the complete batches of a campaign have cost.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    state : CampaignState
        Its state, read.

    Returns
    -------
    CampaignCost
        The cost, from the files of the batches and Snakemake's benchmark files; for a band of which
        only the tables are left, from their description.
    """
    return total(account_bands(campaign, state).values())


def account_bands(campaign: Campaign, state: CampaignState) -> dict[str, CampaignCost]:
    """Add up what the complete batches of each band have cost; see `account`."""
    return {band: _band_cost(campaign, band, of_band) for band, of_band in state.bands.items()}


def total(costs: Iterable[CampaignCost]) -> CampaignCost:
    """Add up costs.

    Parameters
    ----------
    costs : iterable of CampaignCost
        Those of each band.

    Returns
    -------
    CampaignCost
        Those of all bands together.
    """
    parts = list(costs)
    failures: Counter[str] = Counter()
    for part in parts:
        failures.update(part.failures)
    slowest = (slow for part in parts for slow in part.slowest)
    return CampaignCost(
        points=sum(part.points for part in parts),
        failed=sum(part.failed for part in parts),
        launches=sum(part.launches for part in parts),
        retries=sum(part.retries for part in parts),
        failures=dict(failures.most_common()),
        result_hours=sum(part.result_hours for part in parts),
        launch_hours=sum(part.launch_hours for part in parts),
        core_hours=sum(part.core_hours for part in parts),
        further_attempts=sum(part.further_attempts for part in parts),
        slowest=_slowest(slowest),
    )


def _band_cost(campaign: Campaign, band: str, of_band: BandState) -> CampaignCost:
    # Of tables without their batches, nothing is on record of attempts and reasons.
    accounts = [of_band.described] if of_band.described else list(of_band.accounts.values())
    costs: list[BatchCost] = []
    failures: Counter[str] = Counter()
    if not of_band.described:
        for batch, made in of_band.accounts.items():
            if made.attempts:
                costs.append(_batch_cost(campaign, band, batch, made))
            if made.failed:
                failures.update(_reasons(of_band.sealed_file(batch), of_band.fingerprint))
    points = sum(made.points for made in accounts)
    launches = sum(made.launches for made in accounts)
    seconds = sum(attempt.launch_seconds for made in accounts for attempt in made.attempts)
    return CampaignCost(
        points=points,
        failed=sum(made.failed for made in accounts),
        launches=launches,
        retries=max(0, launches - points),
        failures=dict(failures.most_common()),
        result_hours=sum(made.launch_seconds for made in accounts) / 3600,
        launch_hours=seconds / 3600,
        core_hours=sum(cost.core_seconds for cost in costs) / 3600,
        further_attempts=sum(cost.attempts - 1 for cost in costs),
        slowest=_slowest(costs),
    )


def _slowest(costs: Iterable[BatchCost]) -> tuple[BatchCost, ...]:
    return tuple(sorted(costs, key=lambda cost: -cost.elapsed_seconds)[:_SLOWEST])


def _batch_cost(campaign: Campaign, band: str, batch: int, made: Account) -> BatchCost:
    last = made.attempts[-1]
    # Snakemake measured the whole process of the last attempt, which also had to start.
    measured = _benchmark_seconds(Path(campaign.batch_benchmark(band, batch)))
    start_up = max(0.0, measured - last.elapsed_seconds)
    return BatchCost(
        band=band,
        batch=batch,
        launches=sum(attempt.launches for attempt in made.attempts),
        attempts=len(made.attempts),
        elapsed_seconds=sum(attempt.elapsed_seconds for attempt in made.attempts) + start_up,
        core_seconds=sum(attempt.core_seconds for attempt in made.attempts)
        + start_up * last.threads,
        host=last.host,
    )


def _benchmark_seconds(path: Path) -> float:
    # Snakemake's documentation, section "Benchmark Rules": a header, then s first of the columns.
    with contextlib.suppress(OSError, ValueError, IndexError):
        return float(path.read_text().splitlines()[1].split("\t")[0])
    return 0.0


def _reasons(path: Path, fingerprint: str) -> Counter[str]:
    with contextlib.suppress(CampaignError, OSError):
        table = read_sealed_table(path, fingerprint, ["status", "reason"])
        return Counter(
            f"{Status(status).meaning}: {reason}"
            for status, reason in zip(
                table["status"].to_pylist(), table["reason"].to_pylist(), strict=True
            )
            if status != Status.OK
        )
    return Counter()


def describe(cost: CampaignCost) -> list[str]:
    """Write the cost of a campaign for people.

    Parameters
    ----------
    cost : CampaignCost
        The cost.

    Returns
    -------
    list of str
        Lines.
    """
    lines = [
        f"{cost.points} points, {cost.failed} failed; {cost.launches} launches of 6SV, "
        f"{cost.retries} of them retries."
    ]
    if cost.failures:
        lines.append("Failed points, by reason:")
        shown = list(cost.failures.items())[:_REASONS]
        lines += [f"  {number:>7}  {reason}" for reason, number in shown]
        rest = sum(cost.failures.values()) - sum(number for _, number in shown)
        if rest:
            lines.append(f"  {rest:>7}  other reasons")
    if cost.core_hours:
        share = f"{100 * cost.efficiency:.0f} % of the {hours(cost.core_hours)}"
        lines.append(f"{hours(cost.launch_hours)} CPU-hours in 6SV, {share} that batches held.")
        if cost.further_attempts:
            attempts = "attempt" if cost.further_attempts == 1 else "attempts"
            lines.append(
                f"{cost.further_attempts} further {attempts} at batches that had been interrupted "
                "or had failed points."
            )
        lines.append("Slowest batches:")
        lines += [
            f"  {slow.band} {slow.batch:05d}  {duration(slow.elapsed_seconds)} for "
            f"{slow.launches} launches"
            + (f" in {slow.attempts} attempts" if slow.attempts > 1 else "")
            + f", on {slow.host}"
            for slow in cost.slowest
        ]
    return lines
