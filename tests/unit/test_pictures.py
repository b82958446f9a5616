"""Pictures are whole, labelled and always the same; what failed is seen; one value is no axis."""

from __future__ import annotations

import subprocess
import sys
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from sixsv_lut.campaign.campaign import Campaign
from sixsv_lut.lut.quantities import LUT_NAMES
from sixsv_lut.pictures import choices
from sixsv_lut.pictures.along_axes import along_axes
from sixsv_lut.pictures.directions import directions
from sixsv_lut.pictures.draw import draw_accuracy
from sixsv_lut.pictures.errors import error_by_interval, error_over_zenith_angles
from sixsv_lut.pictures.files import PictureFiles
from sixsv_lut.pictures.kinds import (
    Picture,
    pictures_of_accuracy,
    pictures_of_band,
    pictures_of_campaign,
)
from sixsv_lut.pictures.launched import launched_points, points_per_launch
from sixsv_lut.pictures.response import response_over_gases
from sixsv_lut.pictures.spectra import spectra
from sixsv_lut.pictures.style import save, style
from sixsv_lut.simulate.gases import GASES, WAVELENGTH
from unit.pictures_support import made_up_errors, made_up_launches, smooth_lut
from unit.support import configuration, response

AXES: dict[str, list[float]] = {
    "uo3": [0.2, 0.4],
    "uw": [1, 4],
    "aot550": [0.05, 0.2, 0.6],
    "psurf": [850, 1013],
    "alti": [0, 1],
    "phi": [0, 90, 180],
    "thetas": [20, 60],
    "thetav": [0, 30, 50],
}
ONE_VALUE: dict[str, list[float]] = {name: values[:1] for name, values in AXES.items()}


def campaign_with(axes: dict[str, list[float]] = AXES, **changes: Any) -> Campaign:
    written = {name: list(map(str, values)) for name, values in axes.items()}
    return Campaign(configuration(axes=written, **changes))


CAMPAIGN = campaign_with()
REDUCED = campaign_with(launches="reduced")
SPECTRAL = campaign_with(bands=["Oa03", "Oa08", "Oa17"])


@pytest.fixture(autouse=True)
def _in_the_style_and_without_a_warning() -> Iterator[None]:
    with style(), warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def gas_table(folder: Path) -> Path:
    path = folder / "gases.csv"
    lines = [",".join([WAVELENGTH, *GASES])]
    lines += [f"{655 + 2.5 * i},0.8,0.81,0.99,,1,1,1,1" for i in range(10)]
    lines += [",".join(["680", *[""] * len(GASES)])]  # all launches there have failed
    path.write_text("\n".join(lines) + "\n")
    return path


def figure_of(kind: str, folder: Path) -> Figure:
    match kind:
        case "directions":
            return directions(CAMPAIGN, "Oa08", smooth_lut(CAMPAIGN, "Oa08"))
        case "response":
            return response_over_gases(CAMPAIGN, "Oa08", response(), gas_table(folder))
        case "launched":
            return launched_points(REDUCED, "Oa08", smooth_lut(REDUCED, "Oa08", derived=0.9))
        case "per launch":
            return points_per_launch(REDUCED, "Oa08", smooth_lut(REDUCED, "Oa08", derived=0.9))
        case "by interval":
            return error_by_interval(CAMPAIGN, "Oa08", made_up_errors(CAMPAIGN))
        case "over angles":
            return error_over_zenith_angles(CAMPAIGN, "Oa08", made_up_launches(CAMPAIGN))
        case "spectra":
            luts = {band: smooth_lut(SPECTRAL, band) for band in SPECTRAL.band_names}
            return spectra(SPECTRAL, luts, "uw")
        case quantity:
            return along_axes(CAMPAIGN, "Oa08", smooth_lut(CAMPAIGN, "Oa08"), quantity)


def saved(figure: Figure, folder: Path, name: str = "picture") -> tuple[Path, Path]:
    paths = {suffix: folder / f"{name}{suffix}" for suffix in (".svg", ".png")}
    save(figure, paths)
    return paths[".svg"], paths[".png"]


def text_of(svg: Path) -> str:
    root = ET.parse(svg).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    return "\n".join(
        "".join(one.itertext()).strip() for one in root.iter("{http://www.w3.org/2000/svg}text")
    )


WHOSE = "S3A OLCI Oa08 (665 nm), campaign test, aerosol desert"


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        ("Tdown", ("Tdown (dimensionless)", "uo3 (cm-atm)", "uw (g cm⁻²)", "psurf (hPa)", WHOSE)),
        ("S", ("S (dimensionless)", "alti (km)", "thetas (°)", "aot550 (dimensionless)", WHOSE)),
        ("rho_atm", ("phi (°)", "thetav (°)", "0 of 864 points failed", "uw 1 g cm⁻²", WHOSE)),
        ("directions", ("rho_atm (dimensionless)", "view zenith angle thetav (°)", WHOSE)),
        ("response", ("wavelength (nm)", "response, 5 samples", "water vapour", WHOSE)),
        ("launched", ("phi (°)", "psurf 850 hPa, alti 1 km", "thetas 20°, thetav 30°", WHOSE)),
        ("per launch", ("solar zenith angle thetas (°)", "points a launch (dimensionless)", WHOSE)),
        ("by interval", ("root mean square error (dimensionless)", "thetav", "rho_atm", WHOSE)),
        ("over angles", ("solar zenith angle thetas (°)", "error of rho_atm (dimensionless)")),
        ("spectra", ("wavelength (nm)", "Oa17", "uw (g cm⁻²)", "campaign test")),
    ],
)
def test_a_picture_says_what_it_shows_as_text(
    kind: str, texts: tuple[str, ...], tmp_path: Path
) -> None:
    svg, png = saved(figure_of(kind, tmp_path), tmp_path)

    shown = text_of(svg)
    assert [text for text in texts if text not in shown] == []
    with Image.open(png) as image:
        assert min(image.size) > 400
        assert len(image.getcolors(256) or []) > 8
    assert png.stat().st_size < 200_000


@pytest.mark.parametrize("kind", ["directions", "launched", "over angles"])
def test_the_same_lut_gives_the_same_bytes(kind: str, tmp_path: Path) -> None:
    first = saved(figure_of(kind, tmp_path), tmp_path, "first")
    second = saved(figure_of(kind, tmp_path), tmp_path, "second")

    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert b"<dc:date>" not in first[0].read_bytes()


def test_the_users_own_settings_of_matplotlib_change_nothing(tmp_path: Path) -> None:
    import matplotlib

    expected = saved(figure_of("response", tmp_path), tmp_path, "expected")
    with matplotlib.rc_context({"font.size": 20, "svg.fonttype": "path"}), style():
        drawn = saved(figure_of("response", tmp_path), tmp_path, "drawn")

    assert [path.read_bytes() for path in drawn] == [path.read_bytes() for path in expected]


def test_a_failed_point_is_a_gap_with_a_mark_and_is_counted() -> None:
    at = [choices.typical_node(CAMPAIGN, axis) for axis in AXES]
    point = int(CAMPAIGN.grid.point([[node] for node in at])[0])
    lut = smooth_lut(CAMPAIGN, "Oa08", failed=[point])

    figure = along_axes(CAMPAIGN, "Oa08", lut, "Ttotal")

    for panel, axis in zip(figure.axes, AXES, strict=True):
        marks = [x for line in panel.lines[1::2] for x in line.get_xdata()]
        assert marks == [AXES[axis][at[list(AXES).index(axis)]]]
    assert "1 of 864 points failed" in figure.get_supxlabel()


def test_errors_are_drawn_from_the_tables_of_accuracy(tmp_path: Path) -> None:
    small = campaign_with(ONE_VALUE | {"thetas": [20, 60], "thetav": [0, 30]})
    made_up_errors(small).to_csv(tmp_path / "errors.csv", index=False)
    made_up_launches(small).to_csv(tmp_path / "launches.csv", index=False)
    outputs = [tmp_path / Path(pattern).name for pattern in PictureFiles(small).of_accuracy]

    draw_accuracy(small, "Oa08", tmp_path / "errors.csv", tmp_path / "launches.csv", outputs)

    assert len(outputs) == 4
    assert all(path.stat().st_size > 5000 for path in outputs)


def test_a_value_where_the_status_says_failed_is_not_drawn() -> None:
    lut = smooth_lut(CAMPAIGN, "Oa08", failed=range(864))
    lut["S"] = lut["S"].fillna(0.5)

    figure = along_axes(CAMPAIGN, "Oa08", lut, "S")

    for line in figure.axes[0].lines[::2]:
        assert np.isnan(line.get_ydata()).all()


@pytest.mark.parametrize("kind", ["along axes", "directions", "launched", "per launch", "spectra"])
def test_a_lut_of_failures_alone_is_drawn(kind: str, tmp_path: Path) -> None:
    campaign = campaign_with(bands=["Oa03", "Oa08", "Oa17"], launches="reduced")
    lut = smooth_lut(campaign, "Oa08", failed=range(864))
    figure = {
        "along axes": lambda: along_axes(campaign, "Oa08", lut, "rho_atm"),
        "directions": lambda: directions(campaign, "Oa08", lut),
        "launched": lambda: launched_points(campaign, "Oa08", lut),
        "per launch": lambda: points_per_launch(campaign, "Oa08", lut),
        "spectra": lambda: spectra(campaign, dict.fromkeys(campaign.band_names, lut), "aot550"),
    }[kind]()

    svg, _ = saved(figure, tmp_path)

    assert "864 of 864 points failed" in text_of(svg)


def test_an_axis_of_one_value_has_no_panel(tmp_path: Path) -> None:
    campaign = campaign_with(ONE_VALUE | {"thetas": [20, 60]})

    figure = along_axes(campaign, "Oa08", smooth_lut(campaign, "Oa08"), "Tdown")
    svg, _ = saved(figure, tmp_path)

    assert [panel.get_xlabel().splitlines()[-1] for panel in figure.axes] == ["thetas (°)"]
    assert "aot550 0.05" in text_of(svg)  # fixed


def test_a_lut_of_one_point_has_its_response_alone() -> None:
    campaign = campaign_with(ONE_VALUE)

    assert [picture.name for picture in pictures_of_band(campaign, "Oa08")] == ["spectral_response"]
    assert pictures_of_accuracy(campaign, "Oa08") == ()


def names(pictures: tuple[Picture, ...]) -> list[str]:
    return [picture.name for picture in pictures]


def test_which_pictures_there_are_follows_from_the_configuration() -> None:
    along = [f"{name}_along_axes" for name in LUT_NAMES]

    assert names(pictures_of_band(CAMPAIGN, "Oa08")) == [
        *along,
        "rho_atm_over_directions",
        "spectral_response",
    ]
    assert names(pictures_of_band(REDUCED, "Oa08"))[-2:] == ["launched_points", "points_per_launch"]
    text_alone = campaign_with(launches="reduced", formats=["text"])
    assert "launched_points" not in names(pictures_of_band(text_alone, "Oa08"))
    one_azimuth = campaign_with(AXES | {"phi": [90]})
    assert names(pictures_of_band(one_azimuth, "Oa08")) == [*along, "spectral_response"]
    assert names(pictures_of_accuracy(CAMPAIGN, "Oa08")) == [
        "error_by_interval",
        "error_over_zenith_angles",
    ]
    assert names(pictures_of_campaign(CAMPAIGN)) == []
    assert names(pictures_of_campaign(SPECTRAL)) == [
        "spectra_by_aot550",
        "spectra_by_uw",
        "spectra_by_thetas",
    ]
    one_value = campaign_with(ONE_VALUE, bands=["Oa03", "Oa08", "Oa17"])
    assert names(pictures_of_campaign(one_value)) == ["spectra"]


@pytest.mark.parametrize("campaign", [CAMPAIGN, REDUCED, SPECTRAL], ids=["all", "reduced", "bands"])
def test_a_caption_says_band_campaign_units_and_fixed_values(campaign: Campaign) -> None:
    for picture in pictures_of_band(campaign, "Oa08"):
        assert picture.caption.endswith(f"Band {WHOSE}.")
        assert "°" in picture.caption
        assert "dimensionless" in picture.caption or "hPa" in picture.caption
    for picture in pictures_of_campaign(campaign):
        assert "campaign test" in picture.caption.lower()
        assert "psurf 1013 hPa" in picture.caption
    caption = pictures_of_band(campaign, "Oa08")[3].caption
    assert "uo3 0.4 cm-atm, uw 1 g cm⁻², aot550 0.2, psurf 1013 hPa, alti 0 km" in caption
    assert "aot550 0.05, 0.2 and 0.6 or thetas 20 and 60°" in caption


def test_fixed_nodes_are_the_nearest_ones() -> None:
    campaign = campaign_with(ONE_VALUE | {"thetas": [0, 25, 35, 70]})

    assert choices.typical_node(campaign, "thetas") == 1
    assert choices.spread(13, 5) == (0, 3, 6, 9, 12)
    assert choices.spread(3, 5) == (0, 1, 2)


def test_the_files_follow_from_the_pictures() -> None:
    files = PictureFiles(SPECTRAL)

    assert "results/test/pictures/{band}/spectral_response.png" in files.of_band
    assert len(files.wanted) == 3 * len(files.of_band) + len(files.of_campaign)
    assert "results/test/pictures/all/spectra_by_uw.svg" in files.wanted
    assert PictureFiles(campaign_with(pictures=False)).wanted == []


def test_which_pictures_there_are_is_told_without_numpy_and_matplotlib() -> None:
    code = (
        "import sys, sixsv_lut.pictures.files; "
        "print({'numpy', 'matplotlib', 'xarray', 'pandas'} & set(sys.modules))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout

    assert printed.strip() == "set()"


def test_a_batch_imports_no_matplotlib() -> None:
    code = (
        "import sys, sixsv_lut.simulate.batch, sixsv_lut.simulate.work; "
        "print('matplotlib' in sys.modules)"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout

    assert printed.strip() == "False"
