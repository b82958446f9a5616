"""The launches as one HyperQueue job, one task each, on a server and a worker on this machine.

The Python package of HyperQueue carries server and worker, but not the program ``hq``: both run
inside this process.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from hyperqueue.cluster import LocalCluster, WorkerConfig
from hyperqueue.job import Job


def main() -> int:
    """Run all launches of the case, a report for each.

    Returns
    -------
    int
        1 if a task failed, else 0.
    """
    folder = Path(os.environ["CASE"])
    settings = json.loads((folder / "case.json").read_text())
    # By default the first task that fails cancels all others.
    job = Job(max_fails=None)
    for name in (folder / "names.txt").read_text().split():
        job.program(
            [os.environ["SIXSV"]],
            stdin=(folder / "decks" / name).read_bytes(),
            stdout=str(Path("reports", f"{name}.out").absolute()),
            stderr=None,
            name=name,
        )
    server, worker = str(Path("hq").absolute()), WorkerConfig(cores=settings["cores"])
    with LocalCluster(server, worker) as cluster:
        client = cluster.client()
        succeeded = client.wait_for_jobs([client.submit(job)], raise_on_error=False)
    return int(not succeeded)


if __name__ == "__main__":
    sys.exit(main())
