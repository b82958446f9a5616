"""What determines the results of all launches of a band, besides the 8 values and its response.

The fingerprint, by which launches are kept, and the digests in paths, by which Snakemake knows what
is to be made, both begin here: neither can forget what the other counts.
"""

from __future__ import annotations

from typing import Any

from sixsv_lut.sixsv.convention import DECK_VERSION, Convention


def determining(
    executable_sha256: str, aerosol_model: int, convention: Convention
) -> dict[str, Any]:
    """List what determines results.

    Parameters
    ----------
    executable_sha256 : str
        SHA-256 of the 6SV executable.
    aerosol_model : int
        6SV's number of the aerosol model.
    convention : Convention
        How decks are written and reports are read.

    Returns
    -------
    dict of str to object
        By the names that fingerprints have always known. To add one makes all earlier results
        invalid, but for those that get the fingerprint they had.
    """
    return {
        "deck_version": DECK_VERSION,
        "executable_sha256": executable_sha256,
        "aerosol_model": aerosol_model,
        "run6sv": convention.version or False,
    }
