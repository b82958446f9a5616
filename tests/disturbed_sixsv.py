"""6SV with noise or steps in its apparent reflectance."""

from __future__ import annotations

import hashlib
from pathlib import Path

# Where the real 6SV is, so that the executable has the same content, and thereby the same
# fingerprint and random draws, wherever the tests run.
REAL_SIXSV = "REAL_SIXSV"

# The numbers of the deck that tell the point, without aerosol; see `sixsv_lut.sixsv.deck`. The
# other numbers of the report stay: rho_atm is the apparent reflectance, and nothing else is.
_SCRIPT = r"""#!/bin/sh
# 6SV with something added to its apparent reflectance.
deck=$(cat)
hash=$(printf %s "$deck" | md5sum | cut -c1-32)
echo "$hash" >> "${0%/*}/launches"
report=${0%/*}/reports/$hash
if [ ! -e "$report" ]; then
    printf '%s\n' "$deck" | "$REAL_SIXSV" > "$report.$$" && mv "$report.$$" "$report" || exit
fi
DECK=$deck HASH=$hash awk '
BEGIN {
    split(ENVIRON["DECK"], lines, "\n")
    split(lines[2], angles, " ")
    thetas = angles[1]; phi = angles[2]; thetav = angles[3]
    split(lines[4], ground, " ")
    psurf = ground[2]
    alti = -lines[40]
    for (i = 1; i <= 8; i++)
        number = 16 * number + index("0123456789abcdef", substr(ENVIRON["HASH"], i, 1)) - 1
    noise = 2 * number / 4294967295 - 1
    added = @ADDED@
}
{
    at = index($0, "apparent reflectance")
    if (at) {
        at += length("apparent reflectance")
        value = substr($0, at, 11) + added
        $0 = substr($0, 1, at - 1) sprintf("%11.7f", value < 0 ? 0 : value) substr($0, at + 11)
    }
    print
}' "$report"
"""


def disturbed_sixsv(path: Path, added: str) -> Path:
    """Write an executable that runs the one of `REAL_SIXSV`.

    Beside itself it notes its launches and keeps the reports, which it prints when it is launched
    again with the same deck: that is faster.

    Parameters
    ----------
    path : Path
        Where to write it.
    added : str
        What is added to the apparent reflectance: an expression of AWK with the variables
        ``thetas``, ``thetav``, ``phi``, ``psurf``, ``alti``, and ``noise``, a hash of the deck
        between -1 and 1.

    Returns
    -------
    Path
        The same path.
    """
    path.write_text(_SCRIPT.replace("@ADDED@", added))
    path.chmod(0o755)
    path.with_name("reports").mkdir()
    return path


def launched_decks(executable: Path) -> list[str]:
    """Give the digests of the decks of all launches that were begun."""
    notes = executable.with_name("launches")
    return notes.read_text().split() if notes.exists() else []


def digest_of_deck(text: str) -> str:
    """Give what stands for a deck in these notes."""
    return hashlib.md5(text.rstrip("\n").encode()).hexdigest()
