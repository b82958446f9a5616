"""6SV look-up tables: everything of the workflow that works without Snakemake.

A package for each stage or subject, in the order in which imports go, from the bottom up:

``sixsv``
    6SV itself: what a launch reads and prints, and how it is started.
``campaign``
    What is to be done: configuration, grid of points, batches, paths, recipes.
``store``
    What is done: launches as they are kept on disk.
``reduced``
    The values of many points from a part of their launches: numbers alone.
``simulate``
    Doing it: batches of launches, and the probe of how long one takes.
``lut``
    The product: the table of a band, in every format.
``cluster``
    Cluster jobs: what they ask for, and how SLURM and PBS are talked to.
``report``
    Telling about it: how far a campaign is, what it has cost and will cost.
``host``
    What surrounds a run of Snakemake.

Modules beside these packages are of use to all. ``pyproject.toml`` holds the order, and ``make
lint`` checks it.
"""

__version__ = "0.1.0"
