"""Which points of a block are launched: the search for its skeleton.

`search` is a generator without files, processes or a clock: it yields lists of points and is sent
what 6SV gave for them. What it asks for next follows from these numbers alone, on every machine
(see `sixsv_lut.reduced.arithmetic` and `sixsv_lut.reduced.draws`).

In this order:

gases       does ozone or water vapour change any printed digit where it acts most? If not, one
            value stands for all.
steps       launch the seeds of each of the four steps of the interpolation, choose pivots, launch
            these (see `sixsv_lut.reduced.skeleton`).
checks      launches that the skeleton does not need: where the interpolation depends most on which
            seeds are known, and for each aerosol at each place one that passes through all steps of
            the interpolation. 6SV steps along the optical depth; such a step belongs to one
            aerosol and place, is almost the same at all azimuths, and random checks miss it.
growth      while any launch differs from its interpolation by more than the tolerance: find the
            step that is wrong, give it one more seed, and launch some more points of that aerosol
            and place. Pivots stay, so that what was launched for them stays in use.
fresh       launch random points. If one is wrong, grow, and draw again.
hold-out    launch random points of all that are still derived, to state the error.

All points are launched where that does not end, where a launch fails that nothing can replace, and
where numbers that 6SV always prints alike differ. All points that differ from each other are
launched where these are few.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sixsv_lut.campaign.promise import Promise
from sixsv_lut.reduced.arithmetic import Matrix, choose_rows, first_largest, product, sensitive_rows
from sixsv_lut.reduced.block import Block
from sixsv_lut.reduced.copies import find_gases, originals
from sixsv_lut.reduced.draws import Draws
from sixsv_lut.reduced.launches import LaunchAllError, Launches, Launching
from sixsv_lut.reduced.skeleton import Interpolation, Method, Skeleton, interpolate

# Blocks with fewer points that differ from each other are launched as a whole: the checks alone
# would cost as much as is saved.
FEWEST_POINTS = 200

# By which part of the promised error a launched value may differ from its interpolation: what was
# not launched errs more than what was. Halved with every new draw of the hold-out points.
_INNER = 0.5
# Pivots are chosen with a part of that tolerance, because the errors of the steps add up.
_PIVOTS = 0.2
_LESS = 1 / 3

_FRESH = 20
_SENSITIVE_ROWS = 2
_MOST_GROWTH = 60
_CHECKED_AGAIN = 5
# How often a seed whose launches fail is replaced by another.
_MOST_REPLACED = 10

Search = Generator[list[int], npt.NDArray[np.float64], Skeleton]


def search(
    block: Block, promise: Promise, fingerprint: str, hold_out: int, *, draw: int = 1
) -> Search:
    """Find out which points of a block must be launched, and what derives the others.

    Parameters
    ----------
    block : Block
        The block.
    promise : Promise
        What the error of derived values must not exceed.
    fingerprint : str
        Fingerprint of the band's recipe. With the zenith angles, the promise and the draw it
        determines what is drawn at random.
    hold_out : int
        Number of hold-out points (see `sixsv_lut.campaign.hold_out.points_of_block`).
    draw : int
        2 for a band whose hold-out points erred by more than was promised: all its blocks are
        searched again with half the tolerance, and other hold-out points are drawn. 3 if that
        failed too, and so on.

    Yields
    ------
    list of int
        Points of the block to launch, each once in all.

    Receives
    --------
    ndarray of float64, shape (n, 8)
        `VALUES` of each of these points, in their order; NaN where the launch failed.

    Returns
    -------
    Skeleton
        What derives the other points.
    """
    angles = (float(block.thetas).hex(), float(block.thetav).hex())
    promised = (float(promise.error).hex(), str(promise.relative), str(draw))
    return _Search(block, promise, Draws(fingerprint, *angles, *promised), hold_out, draw).run()


class _Search:
    def __init__(
        self, block: Block, promise: Promise, draws: Draws, hold_out: int, draw: int
    ) -> None:
        self._block = block
        self._promise = promise
        self._draws = draws
        self._number_of_hold_out = hold_out
        self._launches = Launches(block)
        self._skeleton = Skeleton(draw=draw)
        self._interpolation = Interpolation(
            block, self._skeleton, self._launches.rho.reshape(block.shape)
        )
        self._originals = np.arange(block.points)
        self._derived = np.full(block.points, np.nan)
        self._replaced = 0

    def run(self) -> Search:
        try:
            self._refuse_small_blocks()
            yield from self._find_copies()
            yield from self._find_method()
            if self._skeleton.method is Method.INTERPOLATED:
                self._first_seeds()
                yield from self._build()
                yield from self._first_checks()
            yield from self._check()
            yield from self._hold_out()
        except LaunchAllError as why:
            self._skeleton = Skeleton(
                method=Method.LAUNCHED,
                draw=self._skeleton.draw,
                largest=self._skeleton.largest,
                growth=self._skeleton.growth,
                rounds=self._skeleton.rounds,
                reason=str(why),
            )
            missing = [int(point) for point in np.flatnonzero(~self._launches.done)]
            if missing:
                yield missing
        return self._skeleton

    def _refuse_small_blocks(self) -> None:
        if self._block.points < FEWEST_POINTS:
            raise LaunchAllError("too few points to gain anything")

    def _find_copies(self) -> Launching:
        skeleton = self._skeleton
        found = yield from find_gases(self._block, self._launches)
        skeleton.gases, skeleton.same_gases = found
        self._launches.same_gases = skeleton.same_gases
        self._originals = originals(self._block, skeleton.same_gases)

    def _find_method(self) -> Launching:
        distinct = np.unique(self._originals).tolist()
        if len(distinct) < FEWEST_POINTS:
            self._skeleton.method = Method.COPIED
            yield from self._launches.launch_needed(distinct)
            self._note_largest()
            self._evaluate()

    def _note_largest(self) -> None:
        self._skeleton.largest = float(np.nanmax(self._launches.rho))
        promised = self._promise.absolute(self._skeleton.largest)
        self._skeleton.tolerance = _INNER**self._skeleton.draw * promised
        self._skeleton.pivot_tolerance = _PIVOTS * self._skeleton.tolerance

    # The steps of the interpolation

    def _first_seeds(self) -> None:
        block, skeleton = self._block, self._skeleton
        psurf, alti = block.by_size("psurf"), block.by_size("alti")
        aot = block.by_size("aot550")
        most_air = block.pressure_and_altitude(psurf[-1], alti[0])
        least_air = block.pressure_and_altitude(psurf[0], alti[-1])
        middle = block.pressure_and_altitude(psurf[len(psurf) // 2], alti[len(alti) // 2])
        highest = block.pressure_and_altitude(psurf[-1], alti[-1])
        lowest = block.pressure_and_altitude(psurf[0], alti[0])
        uo3, uw = block.by_size("uo3"), block.by_size("uw")
        clear = skeleton.same_gases[block.gases(uo3[0], uw[0])]
        absorbing = skeleton.same_gases[block.gases(uo3[-1], uw[-1])]
        azimuth_seeds = [
            [aot[0], most_air, clear],
            [aot[-1], most_air, clear],
            [aot[len(aot) // 2], most_air, clear],
            [aot[-1], least_air, absorbing],
            [aot[0], least_air, absorbing],
        ]
        if len(block.azimuths) == 1:
            del azimuth_seeds[1:]
        aerosol_seeds = [
            [most_air, clear],
            [least_air, absorbing],
            [highest, clear],
            [lowest, absorbing],
            [middle, clear],
        ]
        skeleton.azimuth_seeds = _without_repetition(azimuth_seeds)
        skeleton.aerosol_seeds = _without_repetition(aerosol_seeds)
        skeleton.gas_seeds = list(dict.fromkeys([clear, absorbing]))
        skeleton.gas_pivots = [[] for _ in range(block.shape[2])]
        self._clear, self._extremes = clear, list(dict.fromkeys([most_air, least_air]))

    def _build(self) -> Launching:
        """Launch what the seeds and pivots ask for, choosing pivots on the way."""
        skeleton, steps = self._skeleton, self._interpolation
        yield from self._launch_azimuth_seeds()
        if not skeleton.azimuth_pivots:
            self._note_largest()
        chosen = choose_rows(
            steps.azimuth_matrix(), skeleton.pivot_tolerance, skeleton.azimuth_pivots
        )
        skeleton.azimuth_pivots = chosen

        yield from self._launch_aerosol_seeds()
        rows = steps.aerosol_rows()
        chosen = choose_rows(
            steps.aerosol_matrix(),
            skeleton.pivot_tolerance,
            [rows.index(pair) for pair in skeleton.aerosol_pivots],
        )
        skeleton.aerosol_pivots = [rows[row] for row in chosen]

        if not any(skeleton.gas_pivots):
            yield from self._leave_out_gas_seeds()
        yield from self._launch_gas_seeds()
        for place, pivots in enumerate(skeleton.gas_pivots):
            matrix = steps.gas_matrix(place)
            skeleton.gas_pivots[place] = choose_rows(matrix, skeleton.pivot_tolerance, pivots)

        yield from self._launch_columns()
        self._evaluate()

    def _evaluate(self) -> None:
        self._derived = interpolate(self._block, self._skeleton, self._launches.rho)

    def _launch_azimuth_seeds(self) -> Launching:
        _, aerosols, places, _ = self._block.shape
        gases = self._skeleton.gases
        every = [[a, k, g] for a in range(aerosols) for k in range(places) for g in gases]
        seeds = self._skeleton.azimuth_seeds
        yield from self._launch_seeds(seeds, every, self._points_of_azimuth_seed)

    def _points_of_azimuth_seed(self, seed: list[int]) -> list[int]:
        aerosol, place, gases = seed
        return [self._block.point(gases, aerosol, place, f) for f in self._block.azimuths]

    def _launch_aerosol_seeds(self) -> Launching:
        every = [[k, g] for k in range(self._block.shape[2]) for g in self._skeleton.gases]
        seeds = self._skeleton.aerosol_seeds
        yield from self._launch_seeds(seeds, every, self._points_of_aerosol_seed)

    def _points_of_aerosol_seed(self, seed: list[int]) -> list[int]:
        place, gases = seed
        rows = self._interpolation.aerosol_rows()
        return [self._block.point(gases, a, place, f) for f, a in rows]

    def _leave_out_gas_seeds(self) -> Launching:
        # Where little water vapour acts, all points depend on the gases in the same way: if that is
        # so under the most and the least air, one column is enough everywhere.
        skeleton = self._skeleton
        yield from self._launches.launch(
            point
            for gases in skeleton.gas_seeds
            for place in self._extremes
            for point in self._aerosols_at(gases, place)
        )
        matrices = [self._interpolation.gas_matrix(place) for place in self._extremes]
        if any(np.isnan(matrix).any() for matrix in matrices):
            return
        if all(len(choose_rows(matrix, skeleton.pivot_tolerance)) == 1 for matrix in matrices):
            del skeleton.gas_seeds[1:]

    def _launch_gas_seeds(self) -> Launching:
        every = [[g] for g in self._skeleton.gases]
        seeds = [[g] for g in self._skeleton.gas_seeds]
        yield from self._launch_seeds(seeds, every, self._points_of_gas_seed)
        self._skeleton.gas_seeds = [gases for (gases,) in seeds]

    def _points_of_gas_seed(self, seed: list[int]) -> list[int]:
        pivots = self._skeleton.aerosol_pivots
        places = range(self._block.shape[2])
        return [self._block.point(seed[0], a, k, f) for k in places for f, a in pivots]

    def _launch_seeds(
        self,
        seeds: list[list[int]],
        every: list[list[int]],
        points_of: Callable[[list[int]], list[int]],
    ) -> Launching:
        # Those of which a launch fails are replaced, in place, by others drawn at random.
        while True:
            yield from self._launches.launch(point for seed in seeds for point in points_of(seed))
            for seed in [seed for seed in seeds if self._launches.failed(points_of(seed))]:
                seeds.remove(seed)
                self._replaced += 1
                if self._replaced > _MOST_REPLACED:
                    raise LaunchAllError("too many launches failed")
                free = [
                    other
                    for other in every
                    if other not in seeds and not self._launches.failed(points_of(other))
                ]
                if free:
                    seeds.append(free[self._draws.below(len(free))])
                elif not seeds:
                    raise LaunchAllError("launches failed that nothing can replace")
            if all(self._launches.done[points_of(seed)].all() for seed in seeds):
                return

    def _launch_columns(self) -> Launching:
        skeleton, steps = self._skeleton, self._interpolation
        pivots = list(enumerate(skeleton.gas_pivots))
        if not skeleton.column_pivots:
            skeleton.column_seeds = [
                [place, skeleton.gas_pivots[place][1]]
                for place in self._extremes
                if len(skeleton.gas_pivots[place]) > 1
            ]
        columns = [[place, rows[0]] for place, rows in pivots] + skeleton.column_seeds
        needed = [self._pivot(p, row, g) for p, row in columns for g in skeleton.gases]
        yield from self._launches.launch_needed(needed)
        keep = [skeleton.gases.index(gases) for gases in skeleton.column_pivots]
        chosen = choose_rows(steps.column_matrix(), skeleton.pivot_tolerance, keep)
        skeleton.column_pivots = [skeleton.gases[row] for row in chosen]
        yield from self._launches.launch_needed(
            self._pivot(place, row, g)
            for place, rows in pivots
            for row in rows[1:]
            for g in skeleton.column_pivots
        )

    def _pivot(self, place: int, row: int, gases: int) -> int:
        azimuth, aerosol = self._skeleton.aerosol_pivots[row]
        return self._block.point(gases, aerosol, place, azimuth)

    # Checks

    def _first_checks(self) -> Launching:
        """Launch where errors are most likely, and one point of each aerosol at each place."""
        _, aerosols, places, _ = self._block.shape
        points = self._sensitive_points()
        gases = [self._shuffled(self._skeleton.gases) for _ in range(places)]
        unchecked = [(aerosol, place) for place in range(places) for aerosol in range(aerosols)]
        while unchecked:
            checks = {}
            for aerosol, place in unchecked:
                # Each combination of the gases has its turn at each place.
                turn = aerosol % len(gases[place])
                in_turn = gases[place][turn:] + gases[place][:turn]
                point = self._unlaunched(in_turn, aerosol, place)
                if point is not None:
                    checks[point] = aerosol, place
                elif np.isnan(self._launches.scattering_values[aerosol, place]).any():
                    raise LaunchAllError("launches failed that nothing can replace")
            yield from self._launches.launch([*points, *checks])
            # Another point is launched in the place of one that failed.
            unchecked = [
                pair for point, pair in checks.items() if np.isnan(self._launches.rho[point])
            ]

    def _sensitive_points(self) -> list[int]:
        block, skeleton, steps = self._block, self._skeleton, self._interpolation
        rows = steps.aerosol_rows()
        free = [row for row, pair in enumerate(rows) if pair not in skeleton.aerosol_pivots]
        chosen = sensitive_rows(
            steps.aerosol_matrix(), skeleton.pivot_tolerance, free, _SENSITIVE_ROWS
        )
        return [
            block.point(self._clear, aerosol, place, azimuth)
            for azimuth, aerosol in (rows[row] for row in chosen)
            for place in range(block.shape[2])
        ]

    def _unlaunched(self, gases: list[int], aerosol: int, place: int) -> int | None:
        # Azimuths first that are no pivots, because their values pass through all steps; of these
        # the one that depends most on the seeds, where the air is thickest and thinnest.
        block, skeleton = self._block, self._skeleton
        azimuths = self._shuffled([f for f in block.azimuths if f not in skeleton.azimuth_pivots])
        if place in self._extremes and azimuths:
            matrix = self._interpolation.azimuth_matrix()
            azimuths[:0] = sensitive_rows(matrix, skeleton.pivot_tolerance, sorted(azimuths), 1)
        for azimuth in [*azimuths, *skeleton.azimuth_pivots]:
            for g in gases:
                point = block.point(g, aerosol, place, azimuth)
                if not self._launches.done[point]:
                    return point
        return None

    def _shuffled(self, numbers: Sequence[int]) -> list[int]:
        return self._draws.sample(numbers, len(numbers))

    def _check(self) -> Launching:
        """Grow until all launches agree with the interpolation, those of random points too."""
        skeleton = self._skeleton
        while True:
            yield from self._grow()
            free = ~self._launches.done
            # A copy of a launched point tells nothing of the interpolation.
            telling = free & ~self._launches.done[self._originals]
            if np.count_nonzero(telling) >= _FRESH:
                free = telling
            skeleton.rounds += 1
            skeleton.fresh = []
            yield from self._launch_at_random(free, _FRESH, skeleton.fresh)
            errors = self._launches.errors(self._derived[skeleton.fresh], skeleton.fresh)
            if errors.max(initial=0.0) <= skeleton.tolerance:
                return

    def _hold_out(self) -> Launching:
        number = self._number_of_hold_out
        yield from self._launch_at_random(~self._launches.done, number, self._skeleton.hold_out)

    def _launch_at_random(
        self, candidates: npt.NDArray[np.bool_], number: int, drawn: list[int]
    ) -> Launching:
        # Other points are drawn in the place of those whose launch fails.
        candidates = candidates.copy()
        while len(drawn) < number and candidates.any():
            points = self._draws.sample(np.flatnonzero(candidates).tolist(), number - len(drawn))
            candidates[points] = False
            yield from self._launches.launch(points)
            drawn += [point for point in points if not np.isnan(self._launches.rho[point])]

    # Growth

    def _grow(self) -> Launching:
        skeleton = self._skeleton
        while True:
            errors = self._launches.errors(self._derived, range(self._block.points))
            if errors.max() <= skeleton.tolerance:
                return
            worst = first_largest(errors)
            point = int(self._originals[worst])
            yield from self._launches.launch_needed([point])
            if abs(self._launches.rho[point] - self._launches.rho[worst]) > skeleton.tolerance:
                raise LaunchAllError("points differ that are alike elsewhere")
            if len(skeleton.growth) == _MOST_GROWTH:
                raise LaunchAllError(f"the interpolation still errs after {_MOST_GROWTH} steps")
            yield from self._grow_at(point)
            yield from self._build()

    def _grow_at(self, point: int) -> Launching:
        """Find the step that is wrong at a launched point, and give it one more seed."""
        block, skeleton = self._block, self._skeleton
        gases, aerosol, place, _ = block.indices(point)
        # Where one value was wrong others may still be when this one is right.
        same = [block.point(g, aerosol, place, f) for g in skeleton.gases for f in block.azimuths]
        unknown = [other for other in same if not self._launches.done[other]]
        others = self._draws.sample(unknown, _CHECKED_AGAIN)
        yield from self._launches.launch([*self._pivots_at(point), *others])
        errors, column = self._errors_of_steps(point)
        aerosol_pivots = len(skeleton.aerosol_pivots)
        gas_pivots = skeleton.gas_pivots[place]
        # Of each step: the seeds, the new one, and whether there are rows left to become pivots.
        candidates: dict[str, tuple[list[Any], Any, bool]] = {
            "azimuth": (
                skeleton.azimuth_seeds,
                [aerosol, place, gases],
                len(skeleton.azimuth_pivots) < len(block.azimuths),
            ),
            "aerosol": (
                skeleton.aerosol_seeds,
                [place, gases],
                aerosol_pivots < len(self._interpolation.aerosol_rows()),
            ),
            "gases": (skeleton.gas_seeds, gases, len(gas_pivots) < aerosol_pivots),
            "columns": (
                skeleton.column_seeds,
                [place, gas_pivots[column]],
                len(skeleton.column_pivots) < len(skeleton.gases),
            ),
        }
        for step in sorted(errors, key=errors.__getitem__, reverse=True):
            seeds, seed, can_grow = candidates[step]
            # A seed that is within the tolerance already would not give another pivot.
            if can_grow and seed not in seeds and errors[step] > skeleton.pivot_tolerance:
                seeds.append(seed)
                skeleton.growth.append(step)
                return
        skeleton.pivot_tolerance *= _LESS
        skeleton.growth.append("tolerance")

    def _pivots_at(self, point: int) -> list[int]:
        # From which the point is interpolated, if the later steps are right.
        gases, _, place, _ = self._block.indices(point)
        return [*self._azimuths_at(point), *self._aerosols_at(gases, place)]

    def _azimuths_at(self, point: int) -> list[int]:
        gases, aerosol, place, _ = self._block.indices(point)
        pivots = self._skeleton.azimuth_pivots
        return [self._block.point(gases, aerosol, place, f) for f in pivots]

    def _aerosols_at(self, gases: int, place: int) -> list[int]:
        pivots = self._skeleton.aerosol_pivots
        return [self._block.point(gases, a, place, f) for f, a in pivots]

    def _errors_of_steps(self, point: int) -> tuple[dict[str, float], int]:
        # By how much each step errs near a point if it is given launched values, and which column.
        block, skeleton, steps = self._block, self._skeleton, self._interpolation
        gases, _, place, azimuth = block.indices(point)
        rows = [block.point(gases, a, place, f) for f, a in steps.aerosol_rows()]
        by_aerosol = self._aerosols_at(gases, place)
        by_gases = [by_aerosol[row] for row in skeleton.gas_pivots[place]]
        columns = steps.columns(place, steps.column_coefficients())
        of_columns = self._launches.errors(columns[:, skeleton.gases.index(gases)], by_gases)

        def error(weights: Matrix, pivots: list[int], at: list[int]) -> float:
            interpolated = product(weights, self._launches.rho[pivots][:, None])[:, 0]
            return float(self._launches.errors(interpolated, at).max())

        return {
            "azimuth": error(
                steps.azimuth_coefficients()[[azimuth]], self._azimuths_at(point), [point]
            ),
            "aerosol": error(steps.aerosol_coefficients(), by_aerosol, rows),
            "gases": error(steps.gas_coefficients(place), by_gases, by_aerosol),
            "columns": float(of_columns.max()),
        }, first_largest(of_columns)


def _without_repetition(seeds: list[list[int]]) -> list[list[int]]:
    return [seed for place, seed in enumerate(seeds) if seed not in seeds[:place]]
