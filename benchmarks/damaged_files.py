"""What damaged files do: random flips, cuts and swaps in every file that a table is made from.

A small campaign of two bands, with numbers of real reports of 6SV, is damaged again and again: bits
and bytes are flipped, blocks cut out, emptied or exchanged within a file, whole files cut off or
exchanged with others, of the same band or another. Damaged are sealed batches (with a digest, and
such as were sealed before there was one), batch files, journals, the parameter table and recipes.
After each damage the tables are made in one of three ways: from the batch files as they are; from
the store, as if the batch files had been deleted; or from the store in batches of another size.
What Snakemake does then is done here by calls, and in the place of a launch its known result is
entered.

Each case must end in one of these ways, and the tables must have the same bytes in the end:

harmless    the same tables at once
run again   what is damaged was renamed or passed over, and its launches were run again
refused     with a message that names the file and the command that removes it; the command was
            run, and the next run of the workflow made the same tables

Everything else is ``wrong`` (other numbers) or ``unexplained`` (another error, or a command that
does not repair). Prints a line for each kind of file, and ends with an error if there is such a
case.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT / "tests"))

import numpy as np  # noqa: E402
import numpy.typing as npt  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

from sixsv_lut.campaign.campaign import Campaign  # noqa: E402
from sixsv_lut.campaign.configuration import Configuration, validate  # noqa: E402
from sixsv_lut.campaign.recipe import Recipe, make_recipe, read_recipe, read_recipe_of  # noqa: E402
from sixsv_lut.campaign.table import read_batch, write_table  # noqa: E402
from sixsv_lut.errors import CampaignError  # noqa: E402
from sixsv_lut.lut.collect import collect, refuse_too_many_failures  # noqa: E402
from sixsv_lut.lut.text import write_text  # noqa: E402
from sixsv_lut.sixsv.instruments import find_band  # noqa: E402
from sixsv_lut.sixsv.report import QUANTITY_NAMES, Status, parse_report  # noqa: E402
from sixsv_lut.store.batch_store import BatchStore  # noqa: E402
from sixsv_lut.store.records import Result  # noqa: E402
from sixsv_lut.store.sealed import read_sealed_table  # noqa: E402
from support import SMALL  # noqa: E402
from unit.support import GOOD_REPORTS, stored_report  # noqa: E402

BATCH_SIZE, OTHER_BATCH_SIZE = 8, 5
OUTCOMES = ("harmless", "run again", "refused", "wrong", "unexplained")
_REMEDY = re.compile(r"rm -r?f? ?[^\n)]+|\(cd [^\n]+\)")


class Workflow:
    """What the workflow does with a campaign, without Snakemake and without launches."""

    def __init__(self, folder: Path, batch_size: int) -> None:
        folders = {"results": str(folder / "results"), "store": str(folder / "store")}
        config = SMALL | folders | {"batch_size": batch_size, "axes": SMALL["axes"] | {"uw": [1.5]}}
        self.campaign = Campaign(validate(config, "the trial"))
        self.configuration: Configuration = self.campaign.configuration
        self.grid = self.campaign.grid
        self.recipes = {
            band: make_recipe(self.configuration, find_band("OLCI", band))
            for band in self.campaign.band_names
        }
        self._text = folder / "table.csv"
        reports = [parse_report(stored_report(*report)) for report in GOOD_REPORTS]
        self._reports = [tuple(report[name] for name in QUANTITY_NAMES) for report in reports]

    def result(self, recipe: Recipe, values: npt.NDArray[np.float64]) -> Result:
        """Give what a launch gives: numbers of a real report, a little different for each point."""
        band = [one.fingerprint for one in self.recipes.values()].index(recipe.fingerprint)
        point = int(self.grid.locate(values[np.newaxis])[0])
        numbers = self._reports[(point + 5 * band) % len(self._reports)]
        factor = 1 - (point + 100 * band) * 1e-4
        return Result(Status.OK, 1, 0.25, tuple(number * factor for number in numbers))

    def prepare(self) -> None:
        """Make the parameter table and the recipes that are not there."""
        table = Path(self.campaign.table)
        if not table.exists():
            write_table(self.grid, self.campaign.batches, table)
        for band, recipe in self.recipes.items():
            path = Path(self.campaign.recipe(band))
            if not path.exists():
                recipe.write(path)

    def simulate(self) -> int:
        """Make the batch files that are not there, and tell how many launches that took."""
        launches = 0
        for band in self.campaign.band_names:
            for batch, file in enumerate(map(Path, self.campaign.batch_files(band))):
                if not file.exists():
                    launches += self._batch(band, batch, file)
        return launches

    def _batch(self, band: str, batch: int, file: Path) -> int:
        table, batches = Path(self.campaign.table), self.campaign.batches
        values, keys = read_batch(table, batch, self.grid, batches)
        recipe = read_recipe(Path(self.campaign.recipe(band)), band)
        kept = BatchStore(Path(self.configuration.store), recipe.fingerprint, values)
        kept.make_folder()
        records = kept.recover(keys)
        to_run = [int(row) for row in records.to_run]
        if to_run:
            journal = kept.open_journal()
            for row in to_run:
                result = self.result(recipe, records.values[row])
                journal.append(records.values[row], result)
                records.enter(row, result)
            journal.close()
            kept.seal(records, journal)
        elif not kept.sealed.exists():
            kept.seal(records)
        kept.publish(file)
        return len(to_run)

    def tables(self) -> list[tuple[bytes, object]]:
        """Make the table of each band, and what else its products say in numbers."""
        made = []
        for band in self.campaign.band_names:
            path = Path(self.campaign.recipe(band))
            recipe = read_recipe_of(path, self.configuration, band)
            files = [Path(file) for file in self.campaign.batch_files(band)]
            batches = self.campaign.batches
            results = collect(self.grid, batches, recipe.fingerprint, files)
            refuse_too_many_failures(results, self.grid, band, 0)
            write_text(self.grid, results, self._text)
            told = (recipe.response.centre, find_band("OLCI", recipe.band).wavelength)
            made.append((self._text.read_bytes(), told))
        return made

    def run(self) -> tuple[list[tuple[bytes, object]], int]:
        """Do all that Snakemake would do, and give the tables and the number of launches."""
        self.prepare()
        launches = self.simulate()
        return self.tables(), launches


def without_digest(path: Path, recipe: Recipe) -> None:
    """Write a sealed file as it was written before there were digests."""
    table = read_sealed_table(path, recipe.fingerprint)
    metadata = json.loads(table.schema.metadata[b"sixsv_lut"])
    del metadata["metadata_sha256"]
    table = table.replace_schema_metadata({"sixsv_lut": json.dumps(metadata)})
    pq.write_table(
        table,
        path,
        compression="zstd",
        row_group_size=len(table),
        write_page_checksum=True,
        write_statistics=False,
    )


# ----- damage: each takes the content of a file, and that of another one


def _flip_a_bit(rng: random.Random, content: bytearray, _other: bytes) -> None:
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)


def _flip_a_bit_near_the_end(rng: random.Random, content: bytearray, _other: bytes) -> None:
    # The footer of Parquet is there, and what a file says of itself.
    content[-1 - rng.randrange(min(25_000, len(content)))] ^= 1 << rng.randrange(8)


def _flip_bits(rng: random.Random, content: bytearray, other: bytes) -> None:
    for _ in range(rng.randint(2, 40)):
        _flip_a_bit(rng, content, other)


def _replace_a_byte(rng: random.Random, content: bytearray, _other: bytes) -> None:
    content[rng.randrange(len(content))] = rng.randrange(256)


def _cut_off(rng: random.Random, content: bytearray, _other: bytes) -> None:
    del content[rng.randrange(len(content)) :]


def _cut_out(rng: random.Random, content: bytearray, _other: bytes) -> None:
    at = rng.randrange(len(content))
    del content[at : at + rng.choice((1, 8, 512, 4096))]


def _empty_a_block(rng: random.Random, content: bytearray, _other: bytes) -> None:
    size = rng.choice((16, 512, 4096))
    at = rng.randrange(len(content)) // size * size
    content[at : at + size] = bytes(len(content[at : at + size]))


def _exchange_blocks(rng: random.Random, content: bytearray, _other: bytes) -> None:
    size = min(rng.choice((8, 64, 512, 4096)), len(content) // 2)
    one, two = (rng.randrange(len(content) - size + 1) for _ in range(2))
    first, second = bytes(content[one : one + size]), bytes(content[two : two + size])
    content[one : one + size], content[two : two + size] = second, first


def _block_of_another(rng: random.Random, content: bytearray, other: bytes) -> None:
    size = rng.choice((64, 512, 4096))
    at = rng.randrange(len(content)) // size * size
    content[at : at + size] = other[at : at + size]


def _append(rng: random.Random, content: bytearray, other: bytes) -> None:
    content += other[: rng.randint(1, len(other))]


def _whole_file_of_another(_chance: random.Random, content: bytearray, other: bytes) -> None:
    content[:] = other


Damage = Callable[[random.Random, bytearray, bytes], None]
DAMAGES: tuple[Damage, ...] = (
    _flip_a_bit,
    _flip_a_bit_near_the_end,
    _flip_bits,
    _replace_a_byte,
    _cut_off,
    _cut_out,
    _empty_a_block,
    _exchange_blocks,
    _block_of_another,
    _append,
    _whole_file_of_another,
)


class Trial:
    """Damages a campaign, and looks what becomes of its tables."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._usual = Workflow(folder, BATCH_SIZE)
        self._other = Workflow(folder, OTHER_BATCH_SIZE)
        self._expected = self._usual.run()[0]
        self._sealed = self._content()
        for band, recipe in self._usual.recipes.items():
            for path in (folder / "store" / recipe.fingerprint).iterdir():
                without_digest(path, recipe)
            for file in self._usual.campaign.batch_files(band):
                Path(file).unlink()
        assert self._usual.run() == (self._expected, 0)
        self._old = self._content()
        self._journals = self._with_journals()
        # What is damaged, the state of the campaign in which it is, and its files.
        self.kinds = {
            "sealed batch": (self._sealed, "store/*/*.parquet"),
            "sealed batch without a digest": (self._old, "store/*/*.parquet"),
            "batch file, not linked": (self._sealed, "results/*/batches/*/*.parquet"),
            "journal": (self._journals, "store/*/*.journal"),
            "parameter table": (self._sealed, "results/*/parameters/*.parquet"),
            "recipe": (self._sealed, "results/*/bands/*.json"),
        }

    def _content(self) -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in self._folder.rglob("*") if path.is_file()}

    def _with_journals(self) -> dict[Path, bytes]:
        content = {
            path: content for path, content in self._sealed.items() if path.suffix != ".parquet"
        }
        self._restore(content)
        self._usual.prepare()
        for recipe in self._usual.recipes.values():
            for start in range(0, self._usual.grid.points, BATCH_SIZE):
                values = self._usual.grid.rows(start, start + BATCH_SIZE)
                kept = BatchStore(self._folder / "store", recipe.fingerprint, values)
                kept.make_folder()
                journal = kept.open_journal()
                for point in values:
                    journal.append(point, self._usual.result(recipe, point))
                journal.close()
        return self._content()

    def _restore(self, content: dict[Path, bytes]) -> None:
        for name in ("results", "store"):
            shutil.rmtree(self._folder / name, ignore_errors=True)
        for path, written in content.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(written)

    def case(self, kind: str, rng: random.Random) -> tuple[str, str]:
        """Damage a file of this kind, and tell how that ends, and what was said."""
        content, pattern = self.kinds[kind]
        files = sorted(path for path in content if path.match(pattern))
        at, other = rng.sample(range(len(files)), 2) if len(files) > 1 else (0, 0)
        changed = bytearray(content[files[at]])
        damage = rng.choice(DAMAGES)
        damage(rng, changed, content[files[other]])
        damaged = content | {files[at]: bytes(changed)}
        if damage is _whole_file_of_another and rng.random() < 0.5:
            damaged |= {files[other]: content[files[at]]}  # exchanged
        self._restore(damaged)
        if kind.startswith("sealed"):
            self._link_batch_files()
        way = rng.choice((self._as_it_is, self._from_the_store, self._in_other_batches))
        outcome, said = way()
        return outcome, f"{damage.__name__[1:]}, {way.__name__[1:]}: {said}"

    def _link_batch_files(self) -> None:
        # As the workflow does: the batch file and the sealed one are the same file.
        for band, recipe in self._usual.recipes.items():
            for batch, file in enumerate(map(Path, self._usual.campaign.batch_files(band))):
                values = self._usual.grid.rows(*self._usual.campaign.batches[batch])
                kept = BatchStore(self._folder / "store", recipe.fingerprint, values)
                kept.publish(file)

    def _as_it_is(self) -> tuple[str, str]:
        return self._outcome(self._usual)

    def _from_the_store(self) -> tuple[str, str]:
        shutil.rmtree(self._usual.campaign.folder / "batches", ignore_errors=True)
        return self._outcome(self._usual)

    def _in_other_batches(self) -> tuple[str, str]:
        return self._outcome(self._other)

    def _outcome(self, workflow: Workflow) -> tuple[str, str]:
        said = ""
        for _ in range(8):
            try:
                made, launches = workflow.run()
            except CampaignError as refusal:
                if str(refusal) == said:
                    return "unexplained", f"refused again: {said}"
                said = str(refusal)
                remedy = _REMEDY.search(said)
                if remedy is None:
                    return "unexplained", f"no command: {said}"
                subprocess.run(remedy.group(), shell=True, check=True, cwd=self._folder)
            except Exception as error:
                return "unexplained", repr(error)
            else:
                if made != self._expected:
                    return "wrong", said
                return ("refused", said) if said else ("run again" if launches else "harmless", "")
        return "unexplained", f"refused for ever: {said}"


def main() -> int:
    """Damage as often as asked, and print how it ended."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=5000, help="cases in all (default: 5000)")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    rng = random.Random(arguments.seed)
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(Path(folder))
        print(f"{'damaged':32}{'cases':>7}" + "".join(f"{name:>13}" for name in OUTCOMES))
        for number, kind in enumerate(trial.kinds):
            cases = (arguments.rounds + number) // len(trial.kinds)
            ended: Counter[str] = Counter()
            for _ in range(cases):
                outcome, said = trial.case(kind, rng)
                ended[outcome] += 1
                if outcome in ("wrong", "unexplained"):
                    bad += 1
                    print(f"  {outcome}: {said}", file=sys.stderr)
            columns = "".join(f"{ended[name]:>13}" for name in OUTCOMES)
            print(f"{kind:32}{cases:>7}{columns}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
