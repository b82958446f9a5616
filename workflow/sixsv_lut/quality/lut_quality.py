"""From the LUT of a band to the verdict on it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.errors import CampaignError
from sixsv_lut.files import write_as_json
from sixsv_lut.lut.open import open_lut
from sixsv_lut.quality import checks
from sixsv_lut.quality.checked_lut import CheckedLut
from sixsv_lut.quality.comparison import NO_COMPARISON, common_nodes, compare, open_earlier
from sixsv_lut.quality.findings import Outcome
from sixsv_lut.quality.smoothness import jumps
from sixsv_lut.quality.verdict import described, violations
from sixsv_lut.sixsv.axes import AXIS_NAMES
from sixsv_lut.sixsv.convention import convention

log = logging.getLogger(__name__)

CHECKS: tuple[checks.Check, ...] = (
    checks.failed_points,
    checks.numbers_and_status,
    checks.physical_range,
    checks.independence,
    checks.monotony_of_transmittance,
    checks.exchange_of_transmittance,
    checks.exchange_of_rho_atm,
    checks.two_way_transmittance,
    jumps,
)


def check_quality(campaign: Campaign, band: str, output: Path) -> None:
    """Check the LUT of a band, and write the verdict.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    band : str
        Name of the band.
    output : Path
        The file of the verdict.

    Raises
    ------
    CampaignError
        The LUT cannot be compared with the earlier one; or it violates a check and
        ``quality.stop`` is set: then the verdict is beside the output, because Snakemake deletes
        outputs of what failed, and takes those that it does not delete for finished.
    """
    outcomes = _outcomes(campaign, band)
    verdict = described(campaign.configuration.campaign, band, campaign.grid, outcomes)
    for outcome in outcomes:
        log.info("%s: %s %s", outcome.name, outcome.verdict, outcome.reason)
    refused = Path(campaign.refused_quality_file(band))
    if verdict["verdict"] == "violated" and campaign.configuration.quality.stop:
        write_as_json(refused, verdict)
        raise CampaignError(_refusal(verdict, campaign.lut_files(band)[0], refused))
    write_as_json(output, verdict)
    refused.unlink(missing_ok=True)


def check_earlier(campaign: Campaign) -> None:
    """Check, before anything runs, that the LUTs to compare with can be used.

    Raises
    ------
    CampaignError
        One of them cannot be.
    """
    axes = dict(zip(AXIS_NAMES, campaign.grid.axes, strict=True))
    for band in campaign.band_names:
        for path in campaign.compared_with(band):
            with open_earlier(Path(path), band) as earlier:
                common_nodes(axes, earlier, Path(path), campaign.lut_files(band)[0])


def _outcomes(campaign: Campaign, band: str) -> list[Outcome]:
    configuration = campaign.configuration
    with open_lut(campaign, band) as dataset:
        lut = CheckedLut(dataset, convention(run6sv=configuration.run6sv), configuration.promise)
        outcomes = [check(lut) for check in CHECKS]
        for path in campaign.compared_with(band):
            with open_earlier(Path(path), band) as earlier:
                outcomes += compare(lut, earlier, Path(path), campaign.lut_files(band)[0])
    return outcomes if campaign.compared_with(band) else [*outcomes, NO_COMPARISON]


def _refusal(verdict: dict[str, Any], lut: str, path: Path) -> str:
    first = next(check for check in verdict["checks"] if check["verdict"] == "violated")
    return (
        f"the LUT of band {verdict['band']}, {lut}, violates {violations(verdict)}.\n"
        f"The worst of {first['name']}:\n"
        + "".join(f"  {point}\n" for point in first["points"][:5])
        + f"All of it stands in {path}. The LUT is there and can be looked at; find out why its "
        "numbers are so, or set quality.stop to false to go on with it as it is."
    )
