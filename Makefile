# Everything here runs in .venv, which the first target that needs it makes.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: lut report report-picture install install-dev test test-unit test-workflow test-slurm test-pbs test-openpbs test-lowest-snakemake lint format reference lock benchmark benchmark-peers benchmark-planning benchmark-many-batches benchmark-reduced-blocks benchmark-both-modes benchmark-damaged-files benchmark-reader benchmark-surfaces benchmark-noise-and-steps benchmark-accuracy-advice clean

# The default campaign on all cores of this machine.
lut: install
	@$(BIN)/python -m snakemake --profile profiles/local

# The default campaign, and a page that tells of it: report.html.
report: install
	@$(BIN)/python -m snakemake --profile profiles/local --report report.html --report-after-run

# The picture of the report in README.md, for which Chromium and chromedriver are needed.
report-picture: install-dev report
	PYTHONPATH=tests $(BIN)/python docs/report_picture.py report.html docs/report.png

install: $(VENV)/.installed

install-dev: $(VENV)/.installed-dev

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version). Use make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# With the library of the workflow and the reader, as they stand in this folder.
$(VENV)/.installed: requirements.txt pyproject.toml reader/pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -e . -e reader
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

$(VENV)/.installed-benchmark: requirements-benchmark.txt $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-benchmark.txt
	@touch $@

# Side by side; tests of one file follow each other, because they share what was made for them.
PYTEST := $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

test: install-dev
	$(PYTEST)

test-unit: install-dev
	$(PYTEST) tests/unit

test-workflow: install-dev
	$(PYTEST) tests/workflow

# On a private SLURM, for which root and Debian are needed: it installs SLURM where that is missing.
test-slurm: install-dev
	tests/cluster/private_slurm.sh isolated $(BIN)/python -m pytest tests/cluster -m slurm

# The PBS commands: recorded answers of OpenPBS, and the real qsub of that SLURM.
test-pbs: install-dev
	tests/cluster/private_slurm.sh isolated $(BIN)/python -m pytest tests/cluster -m pbs

# The PBS profile under faults on a real OpenPBS, for which root and an OpenPBS in /opt/pbs (or PBS_EXEC) are
# needed; without one it says so. The environment's Python must be one that ordinary users can run.
test-openpbs: install-dev
	tests/cluster/private_openpbs.sh isolated $(BIN)/python -m pytest tests/cluster/test_openpbs.py $(ARGUMENTS)

# Planning, and what is used of Snakemake without being published, on the lowest Snakemake that the Snakefile
# allows; the other tests run on the pinned one.
LOWEST_SNAKEMAKE := $(shell sed -n 's/^min_version("\(.*\)")/\1/p' Snakefile)

test-lowest-snakemake: $(BIN)/python
	$(BIN)/python -m venv $(VENV)-lowest
	grep -v '^snakemake==' requirements-dev.txt > $(VENV)-lowest/requirements.txt
	$(VENV)-lowest/bin/python -m pip install --quiet --disable-pip-version-check \
	    -r $(VENV)-lowest/requirements.txt 'snakemake==$(LOWEST_SNAKEMAKE).*' -e . -e reader
	$(VENV)-lowest/bin/python -m pytest tests/unit/test_snakemake_internals.py \
	    tests/workflow/test_planning.py tests/workflow/test_complete_or_error.py

lint: install-dev
	$(BIN)/python -m ruff check workflow reader tests benchmarks docs examples status jobs
	$(BIN)/python -m ruff format --check workflow reader tests benchmarks docs examples status jobs
	$(BIN)/python -m mypy
	$(BIN)/python -m snakefmt --check Snakefile workflow/rules
	$(BIN)/python -m snakemake --lint

format: install-dev
	$(BIN)/python -m ruff check --fix workflow reader tests benchmarks docs examples status jobs
	$(BIN)/python -m ruff format workflow reader tests benchmarks docs examples status jobs
	$(BIN)/python -m snakefmt Snakefile workflow/rules

# The schema and the tables of config/README.md, from the types of the configuration.
reference: install
	$(BIN)/python -m sixsv_lut.campaign.reference

# The pinned versions, from the requirements*.in.
lock: install-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/python -m uv pip compile -q --upgrade --universal --python-version 3.11 --no-emit-index-url \
	    --no-annotate --no-header requirements.in -o requirements.txt
	$(BIN)/python -m uv pip compile -q --upgrade --universal --python-version 3.11 --no-emit-index-url \
	    --no-annotate --no-header requirements-dev.in -c requirements.txt -o requirements-dev.txt
	$(BIN)/python -m uv pip compile -q --upgrade --universal --python-version 3.11 --no-emit-index-url \
	    --no-annotate --no-header requirements-benchmark.in -c requirements.txt \
	    -o requirements-benchmark.txt

# What a batch costs beyond its launches.
benchmark: install
	$(BIN)/python benchmarks/batch_overhead.py

# This workflow against what people would use instead, recorded and shown in the pages. Other sizes, and what
# happens after a kill: make benchmark-peers ARGUMENTS="--launches 20000 --rounds 1", ARGUMENTS=--kill
benchmark-peers: $(VENV)/.installed-benchmark
	@command -v parallel > /dev/null || { test "$$(id -u)" = 0 && apt-get install --yes --quiet=2 parallel; } \
	    || echo "GNU parallel is missing: install it (Debian's package parallel), or it is left out" >&2
	PYTHONPATH=benchmarks:tests $(BIN)/python -m peers $(ARGUMENTS)

# What dry runs and starts of cluster jobs cost.
benchmark-planning: install
	$(BIN)/python benchmarks/planning.py

# What Snakemake and the batch processes cost, without 6SV: hours. It needs a C compiler.
benchmark-many-batches: install
	$(BIN)/python benchmarks/many_batches.py

# Reduced launches: blocks of the full-size grid, and a small campaign in both modes; hours. Launches of the first
# are kept in a file, those of the second in the folder named by --folder.
benchmark-reduced-blocks: install
	$(BIN)/python benchmarks/reduced_blocks.py $(ARGUMENTS)

benchmark-both-modes: install
	$(BIN)/python benchmarks/both_modes.py $(ARGUMENTS)

# Reduced launches of a 6SV with noise and steps: is what is said of the error true? Launches are kept in a file.
benchmark-noise-and-steps: install
	$(BIN)/python benchmarks/noise_and_steps.py $(ARGUMENTS)

# Whether the error between the nodes falls as predicted, when advice on nodes is taken: minutes.
benchmark-accuracy-advice: install-dev
	$(BIN)/python benchmarks/accuracy_advice.py $(ARGUMENTS)

# Files damaged at random: no table may be wrong.
benchmark-damaged-files: install-dev
	$(BIN)/python benchmarks/damaged_files.py $(ARGUMENTS)

# The reader against what SciPy and xarray interpolate with, on a table of full size: some minutes.
benchmark-reader: install
	$(BIN)/python benchmarks/reader_speed.py $(ARGUMENTS)

# The reader's correction against 6SV over surfaces that are not black.
benchmark-surfaces: install
	PYTHONPATH=tests $(BIN)/python benchmarks/surface_agreement.py $(ARGUMENTS)

clean:
	rm -rf $(VENV) $(VENV)-lowest .snakemake .mypy_cache .ruff_cache .pytest_cache .hypothesis
