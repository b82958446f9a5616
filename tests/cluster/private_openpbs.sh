#!/bin/bash
# A real OpenPBS with two hosts on this machine, in namespaces of its own, from an installation that is there.
#
#   private_openpbs.sh isolated COMMAND...   start OpenPBS, run COMMAND, stop; says so and ends well if there is no OpenPBS
#
# and inside COMMAND, as its environment variable PRIVATE_OPENPBS tells, to make the faults that the tests need:
#
#   private_openpbs.sh as_user HOST COMMAND...   run it as the ordinary user on a host, pbshost or pbsnode2
#   private_openpbs.sh kill|freeze|thaw|start DAEMON   server, sched, comm, mom1, mom2; kill means SIGKILL
#   private_openpbs.sh killnode 1|2              the node loses power: its mom and the processes of its jobs
#   private_openpbs.sh ready                     wait until the server answers and both nodes are free
#
# In the namespaces only a loopback network exists; /etc and the folder of the server are private copies, and whatever
# is left at the end dies with them. PBS takes no jobs of root: jobs and Snakemake run as a user who exists only here.
EXEC=${PBS_EXEC:-/opt/pbs}          # where OpenPBS is installed
N=${PRIVATE_OPENPBS_CPUS:-16}       # CPUs that each host claims; may be more than there are
REQUEUE=${PRIVATE_OPENPBS_REQUEUE:-30}  # seconds before a job of a dead node may start again
D=/run/openpbs-private              # a private tmpfs
USER_NAME=lut
set -u
export LC_ALL=C.UTF-8 PATH=$EXEC/bin:$EXEC/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
say() { echo "private-openpbs: $*" >&2; }
die() { say "$*"; exit 1; }
wait_for() { local end=$((SECONDS + $1)); shift; until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || return 1; sleep 0.2; done; }
lock_of() {
  case $1 in
  server) echo $D/pbshost/server_priv/server.lock ;;
  sched) echo $D/pbshost/sched_priv/sched.lock ;;
  comm) echo $D/pbshost/server_priv/comm.lock ;;
  mom1) echo $D/pbshost/mom_priv/mom.lock ;;
  mom2) echo $D/pbsnode2/mom_priv/mom.lock ;;
  *) die "server, sched, comm, mom1 or mom2, not '$1'" ;;
  esac
}
pid_of() { head -n 1 "$(lock_of "$1")" 2>/dev/null | tr -d ' '; }
alive() { local pid; pid=$(pid_of "$1"); [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; }
signal() { local pid; pid=$(pid_of "$2"); [ -n "$pid" ] || die "$2 does not run"; kill "-$1" "$pid"; }
on() { # HOST COMMAND...: the second host differs in its name only
  if [ "$1" = pbsnode2 ]; then shift; nsenter --target "$(cat $D/second)" --uts -- "$@"; else shift; "$@"; fi
}
start_daemon() {
  alive "$1" && return
  case $1 in
  mom2) PBS_CONF_FILE=$D/pbsnode2.conf on pbsnode2 pbs_mom -M 15502 -R 15503 ;;
  mom1) pbs_mom ;;
  *) "pbs_$1" ;;
  esac </dev/null >>$D/daemons.log 2>&1
}
both_nodes_are_free() { [ "$(pbsnodes -a 2>/dev/null | grep -c 'state = free')" = 2 ]; }
ready() {
  wait_for 90 qstat -B || die "the server does not answer: see $D/daemons.log"
  wait_for 90 both_nodes_are_free || { pbsnodes -a >&2; die "the nodes are not free"; }
}
descendants() { local child; for child in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do echo "$child"; descendants "$child"; done; }
write_configuration() { # FILE HOST STARTS_SERVER
  printf '%s\n' "PBS_EXEC=$EXEC" PBS_SERVER=pbshost "PBS_HOME=$D/$2" "PBS_TMPDIR=$D/tmp" "PBS_START_SERVER=$3" "PBS_START_SCHED=$3" \
    "PBS_START_COMM=$3" PBS_START_MOM=1 PBS_CORE_LIMIT=unlimited PBS_SCP=/bin/cp >"$1"
}

case "${1:-}" in
isolated)
  shift
  if [ ! -x "$EXEC/sbin/pbs_server" ]; then
    say "skipped: there is no OpenPBS in $EXEC. Install it (https://github.com/openpbs/openpbs, file INSTALL), or say where it is with PBS_EXEC"
    exit 0
  fi
  [ "$(id -u)" = 0 ] || die "needs root, for namespaces of its own"
  exec unshare -n -u -m -p -f --kill-child --mount-proc --propagation private -- "$0" inside "$@" ;;
inside)
  shift
  mkdir -p $D && mount -t tmpfs -o mode=755 tmpfs $D && cp -a /etc $D/etc && mount --bind $D/etc /etc || die "no private folders"
  ip link set lo up && ip addr add 192.0.2.10/32 dev lo && ip addr add 192.0.2.11/32 dev lo && hostname pbshost || die "no private network"
  printf '127.0.0.1 localhost\n192.0.2.10 pbshost\n192.0.2.11 pbsnode2\n' >/etc/hosts
  unshare --uts sh -c "hostname pbsnode2; echo \$\$ >$D/second; exec sleep infinity" </dev/null >/dev/null 2>&1 &
  mkdir -p $D/home && useradd --create-home --base-dir $D/home --shell /bin/bash $USER_NAME || die "no user"
  mkdir $D/work && chown $USER_NAME $D/work
  # qsub serves the next qsub through a socket there: two private servers at a time must not share it.
  mkdir --mode 1777 $D/tmp
  # By way of env: setpriv itself still has root's rights when it looks for the program.
  setpriv --reuid=$USER_NAME --regid=$USER_NAME --init-groups env "$1" --version >/dev/null 2>&1 ||
    die "an ordinary user cannot run $1; make the environment with another Python, such as make PYTHON=/usr/bin/python3"

  write_configuration /etc/pbs.conf pbshost 1
  write_configuration $D/pbsnode2.conf pbsnode2 0
  printf 'PBS_LEAF_NAME=pbsnode2\nPBS_MOM_NODE_NAME=pbsnode2\n' >>$D/pbsnode2.conf
  version=$(qstat --version 2>&1 | sed 's/.*= *//')
  "$EXEC/libexec/pbs_postinstall" server "$version" "$EXEC" $D/pbshost postgres >>$D/daemons.log 2>&1
  # Memory is watched often, so that a job that takes too much is seen soon.
  printf '%s\n' '$clienthost pbshost' '$clienthost pbsnode2' '$usecp *:/ /' '$enforce mem' '$min_check_poll 1' '$max_check_poll 3' >$D/pbshost/mom_priv/config
  "$EXEC/libexec/pbs_habitat" >>$D/daemons.log 2>&1 || die "no database: see below
$(tail -n 20 $D/daemons.log)"
  for folder in . aux checkpoint mom_logs mom_priv mom_priv/hooks mom_priv/hooks/tmp mom_priv/jobs spool undelivered; do
    mkdir -p $D/pbsnode2/$folder && chmod --reference=$D/pbshost/$folder $D/pbsnode2/$folder
  done
  cp -a $D/pbshost/pbs_environment $D/pbshost/pbs_version $D/pbsnode2/ && cp -a $D/pbshost/mom_priv/config $D/pbsnode2/mom_priv/
  for daemon in comm mom1 mom2 sched server; do start_daemon $daemon; done
  wait_for 90 qstat -B || die "the server does not answer: $(tail -n 20 $D/daemons.log)"
  pbsnodes pbshost >/dev/null 2>&1 || qmgr -c 'create node pbshost' >>$D/daemons.log 2>&1
  qmgr >>$D/daemons.log 2>&1 <<END
create node pbsnode2 port=15502
set node pbshost resources_available.ncpus=$N
set node pbsnode2 resources_available.ncpus=$N
set server job_history_enable=true
set server flatuid=true
set server acl_roots=root@*
set server node_fail_requeue=$REQUEUE
set server scheduling=true
set server scheduler_iteration=5
END
  ready
  say "OpenPBS $version is ready after $SECONDS s"
  PRIVATE_OPENPBS=$D "$@"
  status=$?
  # Jobs and daemons die with the namespace.
  exit $status ;;
as_user)
  host=$2; shift 2
  set -- setpriv --reuid=$USER_NAME --regid=$USER_NAME --init-groups env HOME=$D/home/$USER_NAME USER=$USER_NAME LOGNAME=$USER_NAME "$@"
  # Its process id is this one's, so that a signal reaches it.
  [ "$host" = pbsnode2 ] && exec nsenter --target "$(cat $D/second)" --uts -- "$@"
  exec "$@" ;;
kill) signal KILL "$2" ;;
freeze) signal STOP "$2" ;;
thaw) signal CONT "$2" ;;
start) start_daemon "$2" ;;
killnode)
  pid=$(pid_of "mom$2")
  # Jobs are the mom's children: the tree is gathered before it is cut.
  kill -KILL "$pid" $(descendants "$pid") 2>/dev/null ;;
ready) ready ;;
*) sed -n 2,15p "$0"; exit 2 ;;
esac
