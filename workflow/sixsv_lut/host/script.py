"""What every script of the workflow does around its work: log, and explain its errors."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from sixsv_lut.errors import CampaignError
from sixsv_lut.file_errors import explain


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
    except OSError as fault:
        _end(explain(fault, Path(log_file)))
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield
    except CampaignError as fault:
        _end(str(fault))
    except OSError as fault:
        if fault.errno is None:
            logging.exception("failed")
            raise
        _end(explain(fault))
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
