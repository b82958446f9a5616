"""Where the store keeps what: the names of its files, and how they are listed.

``<store>/<fingerprint>/<key>.parquet``
    A sealed batch, known by the hash of its points.
``<store>/<fingerprint>/<key>.<host>.<pid>.<random>.journal``
    The journal of one attempt at that batch.
``<store>/<fingerprint>/<key>.damaged-<random>``
    A sealed batch that was found damaged.
``<store>/probes/<fingerprint>/<host>.json``
    What a probe measured on a machine.
"""

from __future__ import annotations

import os
import re
import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SEALED = ".parquet"
_JOURNAL = ".journal"
_PROBES = "probes"


@dataclass(frozen=True)
class StoreFile:
    """A file of the store.

    Attributes
    ----------
    path : Path
        The file.
    key : str
        Key of the batch that it is of.
    is_journal : bool
        Whether it is a journal; else it is a sealed batch.
    """

    path: Path
    key: str
    is_journal: bool


@dataclass(frozen=True)
class StoreFolder:
    """The folder of the store for one fingerprint.

    Attributes
    ----------
    store : Path
        Folder of the store.
    fingerprint : str
        Fingerprint of a recipe.
    """

    store: Path
    fingerprint: str

    @property
    def path(self) -> Path:
        """The folder."""
        return self.store / self.fingerprint

    def sealed(self, key: str) -> Path:
        """Give the file of a sealed batch."""
        return self.path / f"{key}{_SEALED}"

    def new_journal(self, key: str) -> Path:
        """Give a name that no other attempt at a batch has for its journal."""
        return self.path / f"{key}.{host_name()}.{os.getpid()}.{secrets.token_hex(4)}{_JOURNAL}"

    def new_damaged(self, key: str) -> Path:
        """Give a name for a sealed batch that is damaged."""
        return self.path / f"{key}.damaged-{secrets.token_hex(4)}"

    def probe(self, host: str) -> Path:
        """Give the file of what a probe measured on a machine."""
        return self._probes / f"{re.sub(r'[^A-Za-z0-9.-]', '-', host)}.json"

    def probes(self) -> Iterator[Path]:
        """Give the files of all probes."""
        return self._probes.glob("*.json")

    @property
    def _probes(self) -> Path:
        return self.store / _PROBES / self.fingerprint

    def files(self) -> list[StoreFile]:
        """List sealed batches and journals, in the order of their names.

        Raises
        ------
        OSError
            The folder cannot be read, or is not there.
        """
        with os.scandir(self.path) as entries:
            names = sorted(entry.name for entry in entries)
        return [
            StoreFile(self.path / name, name.split(".", 1)[0], name.endswith(_JOURNAL))
            for name in names
            # Temporary files begin with a dot.
            if name.endswith((_SEALED, _JOURNAL)) and not name.startswith(".")
        ]


def host_name() -> str:
    """Give the name of this machine as it stands in the names of files."""
    return "".join(c if c.isalnum() or c == "-" else "-" for c in socket.gethostname())[:60]
