"""What is wrong with a configuration, in words for people: from pydantic's errors to ours."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sixsv_lut.campaign.configuration_values import LONGEST_NAME
from sixsv_lut.readable import shown

# What the bounds in the types of the fields are in words, by pydantic's name of the error.
_BOUNDS = {
    "greater_than": ("gt", "greater than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
}


def explain(errors: ValidationError, model: type[BaseModel], source: str) -> str:
    """Tell all that is wrong with a configuration.

    Parameters
    ----------
    errors : ValidationError
        What pydantic has found.
    model : type of BaseModel
        The type of the configuration, by which known keys are told.
    source : str
        Where the configuration was written.

    Returns
    -------
    str
        A line that counts the errors, then a line for each, with key, value and remedy.
    """
    lines = [f"  {_explain(error, model)}" for error in errors.errors()]
    count = f"{len(lines)} errors" if len(lines) > 1 else "an error"
    return "\n".join([f"{source} has {count}:", *lines])


def _explain(error: ErrorDetails, model: type[BaseModel]) -> str:
    # An item of a list goes by the name of the list.
    where = [part for part in error["loc"] if isinstance(part, str)]
    key = ".".join(_key_shown(part) for part in where)
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "extra_forbidden":
        known = _known_keys(model, where[:-1])
        guess = difflib.get_close_matches(where[-1][:LONGEST_NAME], known, n=1)
        remedy = f"did you mean {guess[0]}?" if guess else f"the keys here are {', '.join(known)}"
        return f"{key}: unknown key; {remedy}"
    if kind == "missing":
        return f"{key}: is missing and has no default"
    if value is None:
        return f"{key}: has no value: write one, or leave the key out if it has a default"
    if kind == "value_error":
        return f"{key}: {context['error']}" if key else str(context["error"])
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        return f"{key}: {shown(value)} must be {words} {context[name]:,}"
    if kind == "literal_error":
        return f"{key}: {shown(value)} must be {context['expected'].replace(chr(39), '')}"
    return f"{key}: {shown(value)} cannot be used here"


def _key_shown(key: str) -> str:
    return key if key.isprintable() and len(key) <= LONGEST_NAME else shown(key)


def _known_keys(model: Any, section: Sequence[str]) -> list[str]:
    for name in section:
        field = model.model_fields.get(name)
        if field is None or not hasattr(field.annotation, "model_fields"):
            return []
        model = field.annotation
    return list(model.model_fields)
