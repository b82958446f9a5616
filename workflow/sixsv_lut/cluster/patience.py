"""Waiting for a scheduler that does not answer or takes no jobs, as long as a run wants it."""

from __future__ import annotations

import time
from collections.abc import Callable

# While nothing changes, this often is enough to say so.
SAY_SECONDS = 600.0
_TICK_SECONDS = 0.5


class NoAnswerError(Exception):
    """The scheduler did not answer, or not to the question: ask again later."""


class StoppedError(Exception):
    """The run that this command works for was stopped, or is gone."""


class Patience:
    """Waits longer each time, says why once in a while, and ends with the run.

    Parameters
    ----------
    first, longest : float
        The first wait and the longest, in seconds; each is twice the one before.
    is_over : callable
        Whether nobody waits for this any more.
    say : callable
        Tells the user.
    """

    def __init__(
        self,
        first: float,
        longest: float,
        is_over: Callable[[], bool],
        say: Callable[[str], None],
    ) -> None:
        self._seconds = first
        self._longest = longest
        self._is_over = is_over
        self._say = say
        self._since = time.monotonic()
        self._said: float | None = None

    def wait(self, why: str) -> None:
        """Wait before the next try.

        Raises
        ------
        StoppedError
            The run is over.
        """
        now = time.monotonic()
        if self._said is None or now - self._said >= SAY_SECONDS:
            waited = (
                "" if self._said is None else f" for {(now - self._since) / 60:.0f} minutes now"
            )
            self._say(f"waiting{waited}, nothing is lost: {why}")
            self._said = now
        seconds = self._seconds
        self._seconds = min(self._seconds * 2, self._longest)
        self.pause(seconds)

    def pause(self, seconds: float) -> None:
        """Wait for a given time.

        Raises
        ------
        StoppedError
            The run is over.
        """
        end = time.monotonic() + seconds
        while True:
            if self._is_over():
                raise StoppedError("the run was stopped")
            left = end - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, _TICK_SECONDS))
