"""What is raised when a table or a question to it is wrong."""

from __future__ import annotations


class LutError(ValueError):
    """A file is no look-up table, or what is asked of a table cannot be answered from it.

    The message names the file or the axis, the value, what was expected, and how to mend it.
    """
