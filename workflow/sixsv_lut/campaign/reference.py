"""The reference of the configuration, made from its types: JSON schema and table of keys.

``python -m sixsv_lut.campaign.reference`` writes both into the folder ``config``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sixsv_lut.campaign.configuration import Configuration
from sixsv_lut.sixsv.report import QUANTITIES

_BEGIN, _END = "<!-- begin {} -->", "<!-- end {} -->"


def json_schema() -> str:
    """Give the JSON schema of the configuration, as text."""
    schema = Configuration.model_json_schema()
    schema["title"] = "6SV look-up tables: the configuration of a campaign"
    return json.dumps(schema, indent=2) + "\n"


def key_table() -> str:
    """Give the table of all keys, as Markdown."""
    lines = ["| key | default | meaning |", "| --- | --- | --- |"]
    lines += [
        f"| `{key}` | {default} | {meaning} |" for key, default, meaning in _keys(Configuration, "")
    ]
    return "\n".join(lines) + "\n"


def _keys(model: Any, prefix: str) -> list[tuple[str, str, str]]:
    rows = []
    for name, field in model.model_fields.items():
        inner = field.annotation
        if hasattr(inner, "model_fields"):
            rows += _keys(inner, f"{prefix}{name}.")
            continue
        default = "(needed)" if field.is_required() else f"`{json.dumps(field.default)}`"
        rows.append((f"{prefix}{name}", default, field.description or ""))
    return rows


def output_table() -> str:
    """Give the table of all numbers of 6SV's report, as Markdown."""
    lines = ["| name | units | meaning |", "| --- | --- | --- |"]
    lines += [f"| `{one.name}` | {one.units} | {one.long_name} |" for one in QUANTITIES]
    return "\n".join(lines) + "\n"


def with_tables(page: str) -> str:
    """Give a page with its tables made anew, each between its two marks."""
    for name, table in (("keys", key_table()), ("outputs", output_table())):
        begin, end = _BEGIN.format(name), _END.format(name)
        before, _, rest = page.partition(begin)
        _, _, after = rest.partition(end)
        page = f"{before}{begin}\n{table}{end}{after}"
    return page


def main() -> None:
    """Write the schema and the tables into the folder ``config``."""
    folder = Path(__file__).parents[3] / "config"
    (folder / "schema.json").write_text(json_schema())
    page = folder / "README.md"
    page.write_text(with_tables(page.read_text()))


if __name__ == "__main__":
    main()
