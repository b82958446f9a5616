"""Cluster jobs: what they ask for, and how SLURM and PBS are given them, watched and told to stop.

``scheduler`` says what can be asked of a scheduler, and its drivers ``slurm`` and ``pbs`` know how.
All else is the same for both: ``task`` (what Snakemake wants to have run, and the script of the
job), ``submission`` (hand it in once), ``watch`` (how jobs end), ``records`` (what is kept on
disk), ``runs`` (who waits) and ``patience`` (how long).
``slurm_wrappers``, ``pbs_submit`` and ``pbs_watcher`` are what Snakemake's two plugins call, and
``command`` is ``./jobs``.

Every submission starts a Python process, so these modules import little: no module that is not of
Python's standard library, but in ``command``.
"""
