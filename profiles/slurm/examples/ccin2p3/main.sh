#!/bin/bash
# The main process of a campaign as a job at CC-IN2P3: sbatch profiles/slurm/examples/ccin2p3/main.sh
# It submits the campaign's jobs and waits for them, with little CPU, for days.
#
#SBATCH --partition=htc_daemon
#SBATCH --account=my_group
#SBATCH --licenses=sps
#SBATCH --ntasks=1
#SBATCH --mem=2G
#SBATCH --time=7-00:00:00
#SBATCH --job-name=sixsv-main
#SBATCH --output=%x-%j.log
# When this time is over, or its node dies, the campaign's jobs run on: submit this file again, and
# they are found and waited for.
#SBATCH --requeue

exec .venv/bin/snakemake --profile slurm --profile profiles/slurm/examples/ccin2p3 "$@"
