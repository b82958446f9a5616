"""Random numbers that are the same on every machine and with every version of Python.

The bits are SHA-256 of a seed and a counter. Python promises to keep its generator, but not how
``random.sample`` and ``random.choice`` use it; NumPy promises neither for its distributions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

_BITS = 64


class Draws:
    """A stream of random draws.

    Parameters
    ----------
    *seed : str
        What determines the stream.
    """

    def __init__(self, *seed: str) -> None:
        self._seed = "\n".join(seed).encode()
        self._count = 0

    def below(self, limit: int) -> int:
        """Draw a whole number from 0 to `limit` - 1, all with the same probability."""
        # Numbers at the end of the range would favour the small remainders: they are drawn again.
        fair = (1 << _BITS) // limit * limit
        while True:
            digest = hashlib.sha256(b"%d\n%s" % (self._count, self._seed)).digest()
            self._count += 1
            number = int.from_bytes(digest[: _BITS // 8], "big")
            if number < fair:
                return number % limit

    def sample(self, population: Sequence[int], number: int) -> list[int]:
        """Draw some different members of a population, or all of them if there are not so many."""
        pool = list(population)
        number = min(number, len(pool))
        for place in range(number):
            other = place + self.below(len(pool) - place)
            pool[place], pool[other] = pool[other], pool[place]
        return pool[:number]
