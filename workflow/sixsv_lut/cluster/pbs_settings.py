"""Settings of the site: site.conf, over it the environment, over it a job's own resources."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

PREFIX = "LUT_PBS_"
FILE = "site.conf"
# Resources of a rule that stand for a setting.
RESOURCES = ("queue", "account", "project", "extra", "node_cores", "select_extra")


class SettingsError(Exception):
    """A setting is wrong: the message says which, where, and what it may be."""


@dataclass(frozen=True)
class Settings:
    """What site.conf says; each field is explained there."""

    queue: str = ""
    account: str = ""
    project: str = ""
    extra: str = ""
    node_cores: int = 0
    select_extra: str = ""
    rerun: str = "y"
    poll: float = 30.0
    wait_first: float = 5.0
    wait_longest: float = 120.0
    patience: float = 120.0
    on_interrupt: str = "cancel"
    keep_logs: str = "failed"
    dialect: str = "auto"

    def for_job(self, resources: Mapping[str, Any]) -> Settings:
        """Put a job's own resources over the site's settings."""
        own = {}
        for name in RESOURCES:
            given = resources.get(f"pbs_{name}")
            if given not in (None, ""):
                where = f"resource pbs_{name}"
                own[name] = _value(name, str(given), getattr(self, name), where)
        return replace(self, **own)


_CHOICES = {
    "rerun": ("y", "n"),
    "on_interrupt": ("cancel", "leave"),
    "keep_logs": ("failed", "all"),
    "dialect": ("auto", "pbs", "torque"),
}


def read_settings(folder: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings of a site.

    Parameters
    ----------
    folder : Path
        Folder of the profile, where site.conf is.
    environment : mapping
        What goes over it: LUT_PBS_QUEUE and so on.

    Raises
    ------
    SettingsError
        A setting is unknown, or has a value that it can't have.
    """
    given: dict[str, tuple[str, str]] = {}
    path = folder / FILE
    lines = path.read_text().splitlines() if path.exists() else []
    for number, line in enumerate(lines, 1):
        text = line.split("#", 1)[0].strip()
        if not text:
            continue
        name, equals, value = text.partition("=")
        if not equals:
            raise SettingsError(f"{path}, line {number}: '{text}' is no 'name = value'")
        given[name.strip()] = (value.strip(), f"{path}, line {number}")
    for variable, value in environment.items():
        if variable.startswith(PREFIX):
            given[variable.removeprefix(PREFIX).lower()] = (value, f"environment, {variable}")
    known = {field.name: field for field in fields(Settings)}
    values: dict[str, Any] = {}
    for name, (text, where) in given.items():
        if name not in known:
            raise SettingsError(
                f"{where}: there is no setting '{name}'; there are {', '.join(known)}"
            )
        values[name] = _value(name, text, known[name].default, where)
    return Settings(**values)


def _value(name: str, text: str, default: Any, where: str) -> Any:
    if isinstance(default, int | float):
        try:
            value = type(default)(text)
        except ValueError:
            value = -1
        if value < 0 or (name == "poll" and value == 0):
            raise SettingsError(
                f"{where}: {name} is '{text}', it must be a number, and not negative"
            )
        return value
    if name in _CHOICES and text not in _CHOICES[name]:
        raise SettingsError(f"{where}: {name} is '{text}', it can be {' or '.join(_CHOICES[name])}")
    return text
