"""An executable that is exchanged while a campaign runs never puts its numbers into a table."""

from __future__ import annotations

from pathlib import Path

from support import SMALL, SMALL_POINTS, Workspace

# Launches of the real executable after which a foreign one takes its place, and launches of both
# after which the real one is back.
_SWAPPED, _SWAPPED_BACK = 3, 9


def test_an_executable_that_is_swapped_and_swapped_back_within_a_batch_changes_no_table(
    finished: Workspace, workspace: Workspace
) -> None:
    folder = workspace.folder
    path = Path(
        workspace.executable(
            f"""echo >> {folder}/launches
[ $(wc -c < {folder}/launches) -eq {_SWAPPED} ] && mv {folder}/fake-6sv {folder}/real &&
    mv {folder}/foreign {folder}/fake-6sv
[ $(wc -c < {folder}/launches) -eq {_SWAPPED_BACK} ] && [ -e {folder}/real ] &&
    mv {folder}/real {folder}/fake-6sv
exec "$SIXSV" """
        )
    )
    foreign = folder / "foreign"
    foreign.write_text(
        path.read_text().replace(
            'exec "$SIXSV"',
            '"$SIXSV" | sed "s/apparent reflectance  0.0/apparent reflectance  0.9/"',
        )
    )
    foreign.chmod(0o755)
    workspace.configure(
        SMALL | {"bands": ["Oa03"], "sixsv": {"executable": str(path)}, "batch_size": SMALL_POINTS}
    )
    workspace.snakemake()

    assert not foreign.exists()
    assert not (folder / "real").exists()
    assert workspace.launches() == SMALL_POINTS
    assert workspace.lut("Oa03").read_bytes() == finished.lut("Oa03").read_bytes()
