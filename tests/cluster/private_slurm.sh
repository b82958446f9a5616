#!/bin/bash
# A real SLURM with several virtual nodes on this machine, in namespaces of its own.
#
#   private_slurm.sh isolated COMMAND...   install what is missing (Debian, root), start SLURM, run COMMAND, stop
#
# and inside COMMAND, to make the faults that the tests need:
#
#   private_slurm.sh killnode nX     the node loses power: slurmd, slurmstepds and the processes of its jobs
#   private_slurm.sh startnode nX    it comes back
#   private_slurm.sh killctld        slurmctld stops answering
#   private_slurm.sh startctld       it is back
#
# In the namespaces only a loopback network exists, /etc/hosts and /run/slurm are private copies, and
# whatever is left at the end dies with them. Settings, by environment:
N=${PRIVATE_SLURM_NODES:-4}         # virtual nodes n1..nN
C=${PRIVATE_SLURM_CPUS:-8}          # CPUs that each of them claims; may be more than there are
M=${PRIVATE_SLURM_MEMORY:-8000}     # MB that each of them claims
AGE=${PRIVATE_SLURM_MIN_JOB_AGE:-300}   # seconds after which SLURM may forget a job that ended
DOWN=${PRIVATE_SLURM_DOWN:-5}       # seconds of silence after which a node is down
REQUEUE=${PRIVATE_SLURM_REQUEUE:-5} # seconds before a job of a dead node may start again
D=/run/slurm-private                # short, for unix sockets; a private tmpfs
P=17600                             # first TCP port, on the private loopback
set -u
export LC_ALL=C SLURM_CONF=$D/slurm.conf MUNGE_SOCKET=$D/munge/sock
say() { echo "private-slurm: $*" >&2; }
die() { say "$*"; exit 1; }
alive() { [ -s "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null; }
wait_for() { local end=$((SECONDS + $1)); shift; until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || return 1; sleep 0.1; done; }

install_packages() {
  for program in slurmctld slurmd sbatch munged ip qsub; do
    command -v $program >/dev/null && continue
    say "installing SLURM"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update && apt-get -qq -y --no-install-recommends install \
      slurmctld slurmd slurm-client munge iproute2 slurm-wlm-torque >/dev/null || die "SLURM could not be installed"
    return
  done
}

write_configuration() {
  umask 022
  mkdir -p $D/munge $D/state $D/spool $D/log $D/run
  (umask 077; dd if=/dev/urandom of=$D/munge/key bs=1024 count=1 status=none)
  {
    cat <<END
ClusterName=private
SlurmctldHost=private(127.0.0.1)
SlurmctldPort=$P
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
# cred_expire is also the delay before a job of a dead node may start again.
AuthInfo=socket=$D/munge/sock,cred_expire=$REQUEUE
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation=$D/state
SlurmdSpoolDir=$D/spool/%n
SlurmctldPidFile=$D/run/slurmctld.pid
SlurmdPidFile=$D/run/slurmd-%n.pid
SlurmctldLogFile=$D/log/slurmctld.log
SlurmdLogFile=$D/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=5,bf_interval=5
PropagateResourceLimits=NONE
MinJobAge=$AGE
MaxJobCount=20000
InactiveLimit=0
KillWait=5
SlurmctldTimeout=30
SlurmdTimeout=$DOWN
MessageTimeout=10
ReturnToService=2
JobRequeue=1
# A line for every job that ended: proof that needs no database.
JobCompType=jobcomp/filetxt
JobCompLoc=$D/log/jobcomp.txt
Licenses=sps:1000
AccountingStorageType=accounting_storage/none
END
    for i in $(seq 1 "$N"); do
      echo "NodeName=n$i NodeHostname=private NodeAddr=127.0.0.1 Port=$((P + 10 + i)) CPUs=$C RealMemory=$M State=UNKNOWN"
    done
    echo "PartitionName=work Nodes=ALL Default=YES MaxTime=INFINITE DefaultTime=60 DefMemPerCPU=200 State=UP"
  } >$D/slurm.conf
  # 22.05 always loads a cgroup plugin; this one touches nothing unless something uses it.
  echo 'CgroupPlugin=cgroup/v1' >$D/cgroup.conf
  # Jobs that come through the qsub of slurm-wlm-torque get their PBS_ variables.
  echo 'optional spank_pbs.so' >$D/plugstack.conf
  : >$D/log/jobcomp.txt
  # Inside jobs, SLURM_CONF is dropped by Snakemake's plugin: the configuration must be found without it.
  [ ! -e /etc/slurm/slurm.conf ] || mount --bind $D/slurm.conf /etc/slurm/slurm.conf
  ln -sfn $D /run/slurm/conf
}

start_munge() {
  munged --force --key-file=$D/munge/key --socket=$D/munge/sock --pid-file=$D/run/munged.pid \
    --log-file=$D/log/munged.log --seed-file=$D/munge/seed 2>>$D/log/munged.log
  wait_for 10 sh -c "munge -S $D/munge/sock -n | unmunge -S $D/munge/sock" || die "munge does not answer: see $D/log"
}
start_controller() {
  alive $D/run/slurmctld.pid || { rm -f $D/run/slurmctld.pid; slurmctld -f $D/slurm.conf || die "slurmctld did not start"; }
  wait_for 30 sinfo || die "slurmctld does not answer: see $D/log"
}
start_node() { alive "$D/run/slurmd-$1.pid" && return; mkdir -p "$D/spool/$1"; slurmd -f $D/slurm.conf -N "$1" || die "slurmd of $1 did not start"; }
nodes_are_idle() { [ "$(sinfo -h -N -p work -t idle -o %N | sort -u | wc -l)" -ge "$N" ]; }
end_processes() { # TERM them all, KILL those that are left after $1 seconds
  local end=$((SECONDS + $1)) pid; shift
  for pid in "$@"; do kill -TERM "$pid" 2>/dev/null; done
  for pid in "$@"; do
    while kill -0 "$pid" 2>/dev/null; do [ $SECONDS -lt $end ] || { kill -KILL "$pid" 2>/dev/null; break; }; sleep 0.1; done
  done
}

case "${1:-}" in
isolated)
  shift
  [ "$(id -u)" = 0 ] || die "needs root, for namespaces of its own"
  install_packages
  exec unshare -n -u -m -p -f --kill-child --mount-proc --propagation private -- "$0" inside "$@" ;;
inside)
  shift
  # The second address lets getaddrinfo find an IPv4 address at all.
  ip link set lo up && ip addr add 10.255.255.1/32 dev lo && hostname private || die "no private network"
  mkdir -p $D /run/slurm && mount -t tmpfs tmpfs $D && mount -t tmpfs tmpfs /run/slurm || die "no private folders"
  printf '127.0.0.1 localhost private\n' >$D/hosts && mount --bind $D/hosts /etc/hosts
  write_configuration; start_munge; start_controller
  for i in $(seq 1 "$N"); do start_node "n$i"; done
  wait_for 60 nodes_are_idle || { sinfo -N >&2; die "nodes are not idle: see $D/log"; }
  say "$(sinfo -h -o '%D nodes %T, %C CPUs')after ${SECONDS} s"
  "$@"
  status=$?
  # Jobs and daemons die with the namespace.
  exit $status ;;
killnode)
  # Daemons first, so that nobody is left who could report the end of the jobs.
  slurmd=$(cat "$D/run/slurmd-$2.pid"); rm -f "$D/run/slurmd-$2.pid"
  steps=$(ss -xlpH | grep -F "$D/spool/$2/" | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -u)
  jobs=$(grep -alzx "SLURMD_NODENAME=$2" /proc/[0-9]*/environ 2>/dev/null | tr -dc '0-9\n')
  kill -KILL $slurmd $steps; [ -z "$jobs" ] || kill -KILL $jobs 2>/dev/null
  say "killed node $2" ;;
startnode) start_node "$2"; say "started node $2" ;;
killctld) end_processes 30 "$(cat $D/run/slurmctld.pid)"; say "stopped slurmctld" ;;
startctld) start_controller; say "slurmctld is back" ;;
*) sed -n 2,15p "$0"; exit 2 ;;
esac
