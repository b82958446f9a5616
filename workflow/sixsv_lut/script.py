"""What every script of the workflow does around its work: log, and explain its errors."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

from sixsv_lut.errors import CampaignError


@contextlib.contextmanager
def running(log_file: str) -> Iterator[None]:
    """Log to a file, and end with a plain message when the user can mend what is wrong.

    Parameters
    ----------
    log_file : str
        Path of the log; what an earlier attempt logged is kept.
    """
    Path(log_file).parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(log_file)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield
    except CampaignError as fault:
        logging.error("%s", fault)  # noqa: TRY400 -- the message says what to do
        print(f"\nError: {fault}\n", file=sys.stderr, flush=True)
        # No traceback: the message says what to do. Snakemake sees the exit code.
        raise SystemExit(1) from None
    except Exception:
        logging.exception("failed")
        raise
    finally:
        root.removeHandler(handler)
        handler.close()
