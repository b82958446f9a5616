"""The launches as a Dask bag on a local cluster, gathered into one table."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from dask import bag
from dask.distributed import Client, LocalCluster

from peers.case import five_quantities, read_points, write_rows
from sixsv_lut.campaign.recipe import read_recipe
from sixsv_lut.sixsv.deck import DeckWriter
from sixsv_lut.sixsv.report import parse_report


def launch(point: tuple[int, list[float]], writer: DeckWriter) -> tuple[int, list[float]]:
    """Launch 6SV on one point.

    Parameters
    ----------
    point : tuple
        Number and 8 values.
    writer : DeckWriter
        Writer of the band's decks.

    Returns
    -------
    tuple
        Number and five quantities.
    """
    number, values = point
    ended = subprocess.run(
        [os.environ["SIXSV"]],
        input=writer.deck(values).text,
        capture_output=True,
        text=True,
        check=True,
    )
    return number, five_quantities(parse_report(ended.stdout))


def main() -> None:
    """Run all launches of the case, and write the table."""
    folder = Path(os.environ["CASE"])
    settings = json.loads((folder / "case.json").read_text())
    writer = read_recipe(folder / "recipe.json").deck_writer()
    with (
        LocalCluster(
            n_workers=settings["cores"],
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            local_directory="dask",
        ) as cluster,
        Client(cluster),
    ):
        points = bag.from_sequence(read_points(folder), partition_size=settings["partition_size"])
        rows = points.map(launch, writer=writer).compute(retries=1)
    write_rows(Path("table.txt"), rows)


if __name__ == "__main__":
    main()
