"""The examples of the reader's page run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support import PROJECT
from unit.reader_support import ATTRIBUTES, random_lut

PAGE = PROJECT / "reader/README.md"

NODES = {
    "uo3": [0.25, 0.35],
    "uw": [0.5, 3.0],
    "aot550": [0.05, 0.30],
    "psurf": [950.0, 1013.0],
    "alti": [0.0, 0.5],
    "phi": [0.0, 90.0],
    "thetas": [20.0, 50.0],
    "thetav": [10.0, 40.0],
}


def test_the_examples_run_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "results/olci-small"
    folder.mkdir(parents=True)
    for seed, band in enumerate(("Oa03", "Oa17")):
        lut = random_lut(NODES, seed).assign_attrs(ATTRIBUTES | {"band": band})
        lut.to_netcdf(folder / f"OUTLUT_S3A_OLCI_{band}.nc")
    monkeypatch.chdir(tmp_path)
    examples = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(examples) == 3
    names: dict[str, Any] = {}
    for example in examples:
        exec(example, names)
    assert names["at"]["rho_atm"].shape == (3,)
    assert names["surface"].dims == ("band", "y", "x")
    np.testing.assert_allclose(names["again"].values, names["toa"].values, rtol=1e-12)
