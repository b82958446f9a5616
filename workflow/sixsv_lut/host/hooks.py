"""What happens when a run of Snakemake starts and ends, and what of its messages is shown."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.errors import CampaignError
from sixsv_lut.host import run, snakemake_internals
from sixsv_lut.host.jobs import Jobs
from sixsv_lut.host.script import running
from sixsv_lut.host.terminal import shown_on_terminal

# Exit code after Ctrl-C, as shells give it.
_INTERRUPTED = 130

# Missing files that a message lists.
_SHOWN = 20


class Hooks:
    """The start and the end of a run.

    Parameters
    ----------
    workflow : snakemake.workflow.Workflow
        The workflow.
    campaign : Campaign
        The campaign.
    jobs : Jobs
        What jobs ask for.
    """

    def __init__(self, workflow: Any, campaign: Campaign, jobs: Jobs) -> None:
        self._workflow = workflow
        self._campaign = campaign
        self._jobs = jobs
        self._profiles = Path(workflow.basedir) / "profiles"

    @property
    def _targets(self) -> set[str]:
        settings = self._workflow.dag_settings
        return set(settings.targets) if settings else set()

    def _asked_for_only(self, *targets: str) -> bool:
        return bool(self._targets) and self._targets <= set(targets)

    @property
    def _measures_accuracy(self) -> bool:
        everything = not self._targets or "all" in self._targets
        asked_for = self._campaign.configuration.accuracy_is_asked_for
        return "accuracy" in self._targets or (everything and asked_for)

    def quieten(self, handlers: list[logging.Handler]) -> None:
        """Show on the terminal what the user must know, unless ``--verbose`` was given."""
        if self._workflow.is_main_process and not self._workflow.output_settings.verbose:
            snakemake_internals.filter_terminal(handlers, self._shown)

    def _shown(self, record: logging.LogRecord) -> bool:
        return shown_on_terminal(
            record, only_warnings=self._asked_for_only("plan") and not self._workflow.dryrun
        )

    def start(self) -> None:
        """Begin a run, or only tell the plan; end with a plain message if that cannot be."""
        if self._asked_for_only("plan"):
            self._keep_folders_of_logs()
            self._tell_plan()
            # Ended here, it starts no job and does not wait for its executor: it may run beside
            # a Snakemake that runs the campaign.
            raise SystemExit(0)
        if "plan" in self._targets:
            self._tell_plan()
        try:
            run.start(
                self._campaign,
                progress=not self._asked_for_only("plan", "probe"),
                accuracy=self._measures_accuracy,
            )
            self._jobs.prepare_scheduler()
            self._jobs.start_on_cluster(self._profiles)
        except CampaignError as error:
            self._keep_folders_of_logs()
            raise SystemExit(f"Error: {error}") from None

    def _tell_plan(self) -> None:
        # Imported here: it needs NumPy, and every cluster job imports this module.
        from sixsv_lut.host.plan import tell_plan

        try:
            with running(f"{self._campaign.folder}/logs/plan.log"):
                tell_plan(self._campaign, self._jobs.site)
        except KeyboardInterrupt:
            raise SystemExit(_INTERRUPTED) from None

    def _keep_folders_of_logs(self) -> None:
        # Whenever a Snakemake ends, the SLURM plugin removes empty folders of logs: those too in
        # which queued jobs of another Snakemake are going to write.
        settings = self._workflow.executor_settings
        if hasattr(settings, "delete_logfiles_older_than"):
            settings.delete_logfiles_older_than = 0

    def succeed(self) -> None:
        """End a run that Snakemake calls a success; that it made what it should is checked."""
        self._end_on_cluster()
        missing = self._missing_files()
        made = not missing and not self._asked_for_only("plan", "probe")
        run.end(self._campaign, succeeded=made)
        if missing:
            raise SystemExit(f"Error: {missing}")
        if self._asked_for_only("probe"):
            print("snakemake plan, with the same options, tells what follows.", file=sys.stderr)

    def fail(self) -> None:
        """End a run that failed."""
        run.end(self._campaign, succeeded=False)
        self._end_on_cluster()

    def _end_on_cluster(self) -> None:
        said = self._jobs.end_on_cluster()
        if said:
            print(said, file=sys.stderr)

    def _missing_files(self) -> str:
        # Snakemake skips a job whose inputs are all ``ancient`` and there when one of these is made
        # again, even if what the job itself makes is missing; and it calls the run a success.
        asked_for = snakemake_internals.requested_files(self._workflow)
        missing = sorted({file for file in asked_for if not os.path.lexists(file)})
        if not missing:
            return ""
        return "\n".join(
            [
                "Snakemake ended without an error, but these files were not made:",
                *(f"  {path}" for path in missing[:_SHOWN]),
                *([f"  and {len(missing) - _SHOWN} more"] if len(missing) > _SHOWN else []),
                "Nothing that was computed is lost. Run the same command again, without "
                "--forcerun if it was given; if that ends in the same way, remove the folder "
                ".snakemake/incomplete first.",
            ]
        )
