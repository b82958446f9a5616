"""A run draws the pictures that its configuration asks for, with real 6SV, and no more of them."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from PIL import Image

from sixsv_lut.campaign.campaign import load_campaign
from sixsv_lut.pictures.files import PictureFiles
from support import SMALL, Workspace

# Three bands have spectra; two azimuths and two view angles, pictures of directions.
CAMPAIGN = SMALL | {
    "bands": ["Oa03", "Oa17", "Oa20"],
    "axes": SMALL["axes"] | {"uo3": [0.3], "uw": [1.5], "alti": [0], "phi": [0, 180]},
    "formats": ["text"],
    "allowed_failures": 1,
    "pictures": True,
}


def test_a_run_draws_its_pictures_once_and_shows_what_failed(workspace: Workspace) -> None:
    # No report at one point of each band.
    executable = workspace.executable(
        'deck=$(cat)\ncase "$deck" in *"20 180 40 0 1 1"*) exit 3;; esac\n'
        'printf "%s\\n" "$deck" | "$SIXSV"'
    )
    workspace.configure(CAMPAIGN | {"sixsv": {"executable": executable, "retries": 0}})
    workspace.snakemake()

    campaign = load_campaign([workspace.folder / "config/config.yaml"])
    wanted = [workspace.folder / file for file in PictureFiles(campaign).wanted]
    assert len(wanted) == 2 * (3 * 7 + 1)
    assert {path.stem for path in wanted} >= {"rho_atm_over_directions", "spectra_by_thetas"}
    for path in wanted:
        if path.suffix == ".svg":
            assert ET.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg"
        else:
            with Image.open(path) as image:
                image.verify()
    assert "1 of 8 points failed" in _read(workspace, "Oa03/rho_atm_along_axes.svg")
    assert "1 of 8 points failed" in _read(workspace, "Oa17/rho_atm_over_directions.svg")
    # At 940 nm water vapour absorbs.
    assert "water vapour" in _read(workspace, "Oa20/spectral_response.svg")
    assert "Nothing to be done" in workspace.snakemake()


def test_without_pictures_none_are_drawn_and_nothing_more_is_launched(
    workspace: Workspace,
) -> None:
    workspace.configure(CAMPAIGN | {"pictures": False})

    printed = workspace.snakemake("-n")

    assert "pictures" not in printed
    assert "gas_transmittance" not in printed


def _read(workspace: Workspace, name: str) -> str:
    return (workspace.folder / "results/small/pictures" / name).read_text()
