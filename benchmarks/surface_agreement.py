"""How far the reader's correction agrees with 6SV itself, over surfaces that are not black.

At random states, 6SV is launched over a black surface, which gives what a table holds at that
state, and over a surface of random reflectance. What differs is the formula and the digits that 6SV
prints: no interpolation is between. Prints one line for each band: the strongest absorption, and
the errors of the reflectance at the top of the atmosphere and of that of the surface. Then the
error at the top for bands of several widths in the blue, where the atmosphere changes fastest: 6SV
averages products over the band, a table has products of averages.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import xarray as xr

from sixsv_lut.campaign.configuration import validate
from sixsv_lut.sixsv.axes import AXIS_NAMES
from sixsv_lut.sixsv.responses import Response
from sixsv_reader import surface_reflectance, toa_reflectance
from surface_launches import Surface

BANDS = ["Oa01", "Oa03", "Oa06", "Oa08", "Oa11", "Oa13", "Oa17", "Oa19", "Oa20", "Oa21"]
RANGES = {
    "uo3": (0.2, 0.45),
    "uw": (0.3, 5),
    "aot550": (0.02, 0.8),
    "psurf": (900, 1030),
    "alti": (0, 1.5),
    "phi": (0, 180),
    "thetas": (0, 70),
    "thetav": (0, 60),
}


def _table_of(point: np.ndarray, report: dict[str, float]) -> xr.Dataset:
    values: dict[str, Any] = {
        name: report[f"gas_transmittance_{path}"] * report[f"scattering_transmittance_{path}"]
        for name, path in (("Tdown", "downward"), ("Tup", "upward"), ("Ttotal", "total"))
    }
    values |= {"rho_atm": report["apparent_reflectance"], "S": report["spherical_albedo_total"]}
    data: dict[str, Any] = {n: (AXIS_NAMES, np.full([1] * 8, v)) for n, v in values.items()}
    data["status"] = (AXIS_NAMES, np.zeros([1] * 8, np.int8))
    return xr.Dataset(data, {n: [v] for n, v in zip(AXIS_NAMES, point, strict=True)})


def measure(band: str, aerosol: int, states: int, threads: int) -> str:
    """Compare at some states of a band, and tell what was found."""
    rng = np.random.default_rng(1)
    points = np.stack([rng.uniform(*limits, states) for limits in RANGES.values()], axis=1)
    if not aerosol:
        points[:, AXIS_NAMES.index("aot550")] = 0
    surfaces = np.round(rng.uniform(0.02, 0.9, states), 3)
    axes = {name: [float(value)] for name, value in zip(AXIS_NAMES, points[0], strict=True)}
    axes = {name: [round(values[0], 6)] for name, values in axes.items()}
    config = {"campaign": "b", "bands": [band], "aerosol": {"model": aerosol}, "axes": axes}
    configuration = validate(config, "the benchmark")
    black = Surface(configuration, band, 0.0)

    def launch(i: int) -> tuple[float, float, float]:
        report = black.report(points[i])
        lut = _table_of(points[i], report)
        toa = Surface(configuration, band, float(surfaces[i])).apparent_reflectance(points[i])
        return (
            report["gas_transmittance_total"],
            float(toa_reflectance(lut, surfaces[i])) - toa,
            float(surface_reflectance(lut, toa)) - surfaces[i],
        )

    with ThreadPoolExecutor(threads) as pool:
        gases, at_top, at_surface = np.array(list(pool.map(launch, range(states)))).T
    numbers = [
        f"{np.sqrt(np.mean(errors**2)):.1e} | {np.abs(errors).max():.1e}"
        for errors in (at_top, at_surface)
    ]
    return f"| {band} | {aerosol} | {states} | {gases.min():.2f} | {' | '.join(numbers)} |"


def measure_widths() -> str:
    """Compare at one state for rectangular bands that begin at 0.4 micrometre."""
    point = (0.3, 1.5, 0.5, 1013, 0, 60, 60, 50)
    axes = {name: [value] for name, value in zip(AXIS_NAMES, point, strict=True)}
    config = {"campaign": "b", "bands": ["Oa01"], "aerosol": {"model": 5}, "axes": axes}
    configuration = validate(config, "the benchmark")
    lines = ["| width (nm) | surface 0.1 | 0.4 | 0.8 |", "| ---: | ---: | ---: | ---: |"]
    for samples in (2, 11, 21):
        response = Response(60, (1.0,) * samples, "rectangular")
        lut = _table_of(
            np.array(point), Surface(configuration, "Oa01", 0.0, response).report(point)
        )
        errors = [
            float(toa_reflectance(lut, surface))
            - Surface(configuration, "Oa01", surface, response).apparent_reflectance(point)
            for surface in (0.1, 0.4, 0.8)
        ]
        lines.append(f"| {2.5 * (samples - 1):g} | {' | '.join(f'{e:.1e}' for e in errors)} |")
    return "\n".join(lines)


def main() -> None:
    """Compare each band."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bands", nargs="+", default=BANDS)
    parser.add_argument("--aerosols", nargs="+", type=int, default=[0, 5])
    parser.add_argument("--states", type=int, default=60)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    print(
        "| band | aerosol model | states | lowest gas transmittance | top: RMS | largest | "
        "surface: RMS | largest |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    )
    for aerosol in arguments.aerosols:
        for band in arguments.bands:
            print(measure(band, aerosol, arguments.states, arguments.threads), flush=True)
    print(f"\n{measure_widths()}")


if __name__ == "__main__":
    main()
