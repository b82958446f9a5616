"""What every script of the workflow does around its work: configuration, log, errors."""

from __future__ import annotations

import contextlib
import logging
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from sixsv_lut.errors import CampaignError
from sixsv_lut.file_errors import explain

if TYPE_CHECKING:  # thousands of batch processes start without it
    from sixsv_lut.campaign.campaign import Campaign
    from sixsv_lut.campaign.configuration import Configuration


def handed_to_scripts(campaign: Campaign) -> dict[str, Any]:
    """Give what scripts find in ``snakemake.config``.

    Scripts are processes of their own, started by the Snakemake that has checked the configuration.

    Parameters
    ----------
    campaign : Campaign
        The campaign.

    Returns
    -------
    dict
        ``configuration``, from which `configuration_of` takes the typed configuration; and
        ``batch``, the few plain values that the script of a batch needs.
    """
    configuration = campaign.configuration
    return {
        "configuration": pickle.dumps(configuration),
        "batch": {
            "store": configuration.store,
            "executable": configuration.sixsv.executable,
            "timeout": configuration.sixsv.timeout,
            "retries": configuration.sixsv.retries,
            "axes": configuration.axes.written(),
            "batches": campaign.batches,
        },
    }


def configuration_of(snakemake: Any) -> Configuration:
    """Give the configuration that Snakemake has handed to a script.

    Parameters
    ----------
    snakemake : snakemake.script.Snakemake
        What Snakemake provides to a script.

    Returns
    -------
    Configuration
        The effective configuration, as the Snakefile has checked it.
    """
    configuration: Configuration = pickle.loads(snakemake.config["configuration"])  # noqa: S301
    return configuration


@contextlib.contextmanager
def running(log_file: str) -> Iterator[None]:
    """Log to a file, and end with a plain message when the user can mend what is wrong.

    Parameters
    ----------
    log_file : str
        Path of the log; what an earlier attempt logged is kept.
    """
    logging.raiseExceptions = False  # a log that has no room stops nothing
    try:
        Path(log_file).parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(log_file)
    except OSError as error:
        _end(explain(error, Path(log_file)))
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield
    except CampaignError as error:
        _end(str(error))
    except OSError as error:
        if error.errno is None:
            logging.exception("failed")
            raise
        _end(explain(error))
    except Exception:
        logging.exception("failed")
        raise
    finally:
        root.removeHandler(handler)
        with contextlib.suppress(OSError):
            handler.close()


def _end(message: str) -> NoReturn:
    logging.error("%s", message)
    print(f"\nError: {message}\n", file=sys.stderr, flush=True)
    # No traceback: the message says what to do. Snakemake sees the exit code.
    raise SystemExit(1) from None
