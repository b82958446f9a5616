"""How numbers, switches and text are taken from a configuration.

A configuration file gives every value as the text that was written (see `configuration_file`), the
command line and Python give values with a type of their own. Both are taken, but nothing that only
YAML or Python would call a number. Errors are `ValueError`, which pydantic collects.
"""

from __future__ import annotations

import math
import re
from typing import Annotated

from pydantic import BeforeValidator, Field

from sixsv_lut.campaign.promise import SMALLEST_ERROR
from sixsv_lut.readable import shown
from sixsv_lut.sixsv.axes import DECIMAL_NUMBER

LONGEST_NAME = 100

_TRUE, _FALSE = frozenset({"true", "yes", "on"}), frozenset({"false", "no", "off"})
_WHOLE_NUMBER = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,17})")


def _whole_number(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value):
        return int(value)
    raise ValueError(f"{shown(value)} is not a whole number: write it like 16")


def _number(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
    elif isinstance(value, str) and DECIMAL_NUMBER.fullmatch(value):
        number = float(value)
    else:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{shown(value)} is not a number: write it like 0.25, 10 or 1e-3")
    return number


def _switch(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUE | _FALSE:
        return value.lower() in _TRUE
    raise ValueError(f"{shown(value)} is neither true nor false: write one of them")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(  # noqa: TRY004 -- pydantic collects ValueErrors
            f"{shown(value)} is no text: write text, in quotes if it looks like a number"
        )
    return value


def tolerance_of(text: str) -> tuple[float, bool]:
    """Give the number of a tolerance, and whether it was written in percent: it is a part then."""
    relative = text.endswith("%")
    number = _number(text.removesuffix("%").strip())
    return (number / 100 if relative else number), relative


def _tolerance(value: object) -> str:
    text = str(value).strip() if isinstance(value, str | float | int) else ""
    try:
        error, relative = tolerance_of(text)
    except ValueError:
        error, relative = math.nan, False
    least, most = (1e-5, 0.1) if relative else (SMALLEST_ERROR, 0.01)
    if isinstance(value, bool) or not least <= error <= most:
        raise ValueError(
            f"{shown(value)} is no tolerance: write a reflectance from 1e-6 to 0.01, like 1e-5, or "
            "a part from 0.001 % to 10 %, like 0.1 %"
        )
    return text


WholeNumber = Annotated[int, BeforeValidator(_whole_number)]
RealNumber = Annotated[float, BeforeValidator(_number)]
# An error that may be asked for: 6SV prints rho_atm to 1e-7, and transmittances to 1e-5.
MeanError = Annotated[float, Field(ge=1e-6, lt=1), BeforeValidator(_number)]
Switch = Annotated[bool, BeforeValidator(_switch)]
Text = Annotated[str, BeforeValidator(_text)]
Tolerance = Annotated[str, BeforeValidator(_tolerance)]


def list_of_text(value: object) -> object:
    """Give a list back if all of it is text.

    Raises
    ------
    ValueError
        It is no list, or a member is no text.
    """
    if not isinstance(value, list | tuple):
        raise ValueError(  # noqa: TRY004 -- pydantic collects ValueErrors
            f"{shown(value)} is no list: write it in brackets, like [one, another]"
        )
    for one in value:
        _text(one)
    return value


def plain_name(name: str, pattern: str, allowed: str) -> str:
    """Give a name back if it is short and holds only some characters.

    Parameters
    ----------
    name : str
        The name.
    pattern : str
        Regular expression of the names that are taken.
    allowed : str
        The same in words.

    Returns
    -------
    str
        The name.

    Raises
    ------
    ValueError
        The name is too long, or holds another character.
    """
    if len(name) > LONGEST_NAME:
        raise ValueError(
            f"{shown(name)} has {len(name)} signs, and {LONGEST_NAME} is the most: shorten it"
        )
    if not re.fullmatch(pattern, name):
        raise ValueError(f"{shown(name)} may hold only {allowed}")
    return name
