# shellcheck shell=bash
# shellcheck disable=SC2034 # used where it is sourced
# Functions for every script of the lab: names, messages, deadlines, locks, and the connection to the docker daemon that holds the labs.

unset DOCKER_CONTEXT DOCKER_TLS_VERIFY
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# RUN does not survive a boot, STATE does. Once the last lab is gone, only STATE/docker with the image is left.
RUN=/run/ha-kubernetes-lab
STATE=/var/lib/ha-kubernetes-lab
CACHE=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/ha-kubernetes
# Every container and network of ours carries this label; its value is the cluster's name.
LABEL=ha-kubernetes.cluster
OWN_DAEMON=unix://$RUN/docker.sock
readonly LAB RUN STATE CACHE LABEL OWN_DAEMON

# Progress goes to stderr; stdout is the command's result.
say() { printf '%s\n' "$*" >&2; }
fail() {
  printf 'ERROR: lab: %s\n' "$*" >&2
  exit 1
}

# wait_until SECONDS DESCRIPTION COMMAND...: polls until COMMAND succeeds; at the deadline it fails with COMMAND's last output.
wait_until() {
  local what=$2 seconds=$1 end=$((SECONDS + $1)) last=""
  shift 2
  until last=$("$@" 2>&1 </dev/null); do
    [ "$SECONDS" -lt "$end" ] || fail "gave up after $seconds s waiting for $what: $(tail -n 5 <<<"$last")"
    sleep 0.1
  done
}

need_root() { [ "$(id -u)" = 0 ] || fail "needs root: hosts are containers with networks and mounts of their own. Run it with sudo"; }

# install_missing NAME:PACKAGE...: installs the packages of the commands, or of the files named by their paths, that this machine lacks.
install_missing() {
  local tool missing=() packages=()
  for tool in "$@"; do
    [[ $tool == /* && -f ${tool%%:*} ]] || command -v "${tool%%:*}" >/dev/null || { missing+=("${tool%%:*}") && packages+=("${tool##*:}"); }
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null ||
    fail "this machine lacks ${missing[*]}. The lab installs them only on Debian and Ubuntu: install them and try again"
  mapfile -t packages < <(printf '%s\n' "${packages[@]}" | sort -u)
  say "installing ${packages[*]}"
  local log
  # The lock's file is closed, because a daemon that a package starts must not hold it.
  log=$(exec 2>&1 9>&- && apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
    apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "${packages[@]}") ||
    fail "apt-get could not install ${packages[*]}: $(tail -n 5 <<<"$log")"
}

# locked NAME COMMAND...: runs one COMMAND at a time on this machine; the kernel releases the lock with the last process that holds it.
locked() {
  local name=$1
  shift
  mkdir -p "$(dirname "$RUN")/lock"
  (
    exec 9>"$(dirname "$RUN")/lock/ha-kubernetes-lab-$name"
    flock -n 9 || { say "waiting for another run of the lab" && flock -w 900 9; } ||
      fail "another run has held the lab's lock '$name' for 900 s"
    "$@"
  )
}

# Names of one cluster's objects. A bridge's name has at most 15 characters, so it is a digest.
network_name() { echo "ha-kubernetes-$1"; }
container_name() { echo "ha-kubernetes-$1-$2"; }
bridge_name() { echo "hak-$(printf %s "$1" | sha256sum | cut -c1-10)"; }
# A host that is a virtual machine has a folder.
vm_folder() { echo "$STATE/vms/$1/$2"; }
nat_table() { echo "ha-kubernetes-lab-$1"; }

# family_of ADDRESS|RANGE: ip's option for it.
family_of() { if [[ $1 == *:* ]]; then echo -6; else echo -4; fi; }

# docker_make EXISTS NAME COMMAND...: lets docker create an object. If the daemon is creating it already, because a killed run asked for
# it, this waits until EXISTS NAME succeeds.
docker_make() {
  local exists=$1 name=$2 said
  shift 2
  if ! said=$(docker "$@" 2>&1 >/dev/null); then
    [[ $said == *already* ]] || fail "docker can't make $name: $said"
    wait_until 30 "docker to finish $name, which another run asked for ($said)" "$exists" "$name"
  fi
}

# remove_containers LABEL...: removes all containers with these labels, and their volumes. Polls until docker has none left, because a
# killed run may have asked for the same.
remove_containers() {
  local filters=()
  mapfile -t filters < <(printf -- '--filter\nlabel=%s\n' "$@")
  wait_until 90 "docker to remove containers of $*" no_containers_left "${filters[@]}"
}
no_containers_left() {
  local containers
  containers=$(docker ps --all --quiet "$@") || return 1
  # shellcheck disable=SC2086 # one word each
  [ -z "$containers" ] || docker rm --force --volumes $containers
}

docker_has_network() { docker network inspect "$1" >/dev/null 2>&1; }
daemon_answers() { docker version >/dev/null 2>&1; }

# The first lab records which daemon holds it; the last one removes the record.
labs_exist() { [ -f "$STATE/daemon" ]; }

use_recorded_daemon() {
  DOCKER_HOST=$(cat "$STATE/daemon")
  export DOCKER_HOST
}

# Connects docker to the daemon that holds the labs. Starts the daemon if it is ours and does not run, for example after a boot.
connect_docker() {
  labs_exist || fail "there is no lab on this machine: create the network first"
  use_recorded_daemon
  if daemon_answers; then return 0; fi
  [ "$DOCKER_HOST" = "$OWN_DAEMON" ] ||
    fail "the docker daemon that holds the labs, $DOCKER_HOST, does not answer: start it (systemctl start docker)"
  locked daemon start_own_daemon
}

# A docker daemon that creates only what we ask for: no default bridge, no packet filter rules, no cgroups of systemd.
start_own_daemon() {
  local end=$((SECONDS + 60)) launched=no
  mkdir -p "$RUN" "$STATE/docker"
  until daemon_answers; do
    # A daemon that lives and does not answer is starting or ending, after a killed run.
    if own_daemon_ended; then
      [ "$launched" = no ] || fail "dockerd did not start: $(tail -n 5 "$RUN/docker.log")"
      launch_own_daemon
      launched=yes
    fi
    [ "$SECONDS" -lt "$end" ] || fail "dockerd does not answer after 60 s; its log is $RUN/docker.log"
    sleep 0.1
  done
}

own_daemon_lives() {
  local pid
  pid=$(cat "$RUN/daemon.pid" 2>/dev/null) && grep -zqxF -- "$OWN_DAEMON" "/proc/$pid/cmdline" 2>/dev/null
}
own_daemon_ended() { ! own_daemon_lives; }

# Its process id is on disk before the lock is released: if this run is killed, the next one still finds the daemon.
launch_own_daemon() {
  say "starting a docker daemon for the lab"
  echo '{}' >"$RUN/daemon.json"
  # Files of a killed daemon: with them, a new one would wait for a containerd that is gone.
  rm -f "$RUN/docker.pid" "$RUN/daemon.pid" "$RUN/exec/containerd/containerd.pid"
  # shellcheck disable=SC2016 # for the inner shell
  setsid sh -c 'echo $$ >"$0" && exec "$@" 9>&-' "$RUN/daemon.pid" \
    dockerd --config-file "$RUN/daemon.json" --host "$OWN_DAEMON" --pidfile "$RUN/docker.pid" \
    --data-root "$STATE/docker" --exec-root "$RUN/exec" --storage-driver overlay2 --exec-opt native.cgroupdriver=cgroupfs \
    --containerd-namespace ha-kubernetes-lab --containerd-plugins-namespace ha-kubernetes-lab-plugins \
    --bridge none --iptables=false --ip6tables=false --ip-forward=false --userland-proxy=false \
    --log-level warn >>"$RUN/docker.log" 2>&1 </dev/null &
  wait_until 10 "dockerd to be started" test -s "$RUN/daemon.pid"
}
