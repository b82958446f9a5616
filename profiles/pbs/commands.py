"""Entry of the PBS commands that are written in Python; the scripts beside this file call it."""

from __future__ import annotations

import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Run a command."""
    # Not resolved: a folder of links to these files is a profile too, with a site.conf of its own.
    folder = Path(__file__).absolute().parent
    name, *rest = arguments or ["?"]
    # Each imports only what it needs: start-up time counts.
    if name == "submit":
        from pbslib import submit

        return submit.main(folder, rest)
    if name == "refresh":
        from pbslib import refresh

        return refresh.main(folder, rest)
    if name == "jobs":
        from pbslib import jobs

        return jobs.main(folder, rest)
    print(f"{sys.argv[0]}: submit, refresh or jobs, not '{name}'", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
