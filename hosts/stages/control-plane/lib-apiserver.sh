# shellcheck shell=bash
# The apiserver of this host.

OWN_APISERVER=https://$(host_port "$HOST_ADDRESS" 6443)
readonly OWN_APISERVER
api_as_admin "$OWN_APISERVER"

# own_processes COMPONENT [OPTIONS of pgrep]: those of this host's static pod, which share its network. Other control planes on the same
# machine, in pods or in containers, have one of their own.
own_processes() { pgrep --ns $$ --nslist net "${@:2}" -x "${1:0:15}"; }
# Asked many times at each start: a port that nobody listens on yet is found without a process.
apiserver_ready_here() { apiserver_listens && apiserver_ready "$HOST_ADDRESS"; }
apiserver_listens() { (: <>"/dev/tcp/$HOST_ADDRESS/6443") 2>/dev/null; }
why_not_apiserver_ready_here() {
  if own_processes kube-apiserver >/dev/null; then echo "it runs"; else echo "it does not run"; fi
  last_words_of kube-apiserver
}
# newest_log COMPONENT [FIND...]: of its container that was started last; none where there was none.
newest_log() {
  local log
  log=$(find /var/log/pods -path "*_$1-*/$1/*.log" "${@:2}" -printf '%T@ %p\n' 2>/dev/null | sort -n | tail -n 1)
  echo "${log#* }"
}
# last_words_of COMPONENT: why it ended, where it says so, else the last that it said.
last_words_of() {
  local log why
  # The newest of all may have said nothing yet.
  log=$(newest_log "$1" -size +0c)
  [ -n "$log" ] || return 0
  why=$(grep -aE ' (Error:|panic:)|"command failed"' "$log" | tail -n 1) || true
  [ -n "$why" ] || why=$(tail -n 1 "$log")
  cut -c1-400 <<<"$why"
}

# comes_up COMPONENT LOG SECONDS WHAT COMMAND...: as wait_until, but no longer than it takes the component to end three times by itself.
# LOG is that of the container before, each start of which has a log of its own: a number in a folder for each manifest.
comes_up() {
  wait_until "$3" "$4" up_or_ended "$@"
  # One that came up may have ended since, once.
  if ends_again "$1" "$2"; then
    fail "$1 ends again and again with these settings: $(last_words_of "$1"). Put right what it names in the config, give cluster.repair another word, and run up: control planes that come after this one stay as they are"
  fi
}
up_or_ended() { "${@:5}" || ends_again "$1" "$2"; }
ends_again() {
  local before=$2 now start=0
  now=$(newest_log "$1")
  if [ "${now%/*}" = "${before%/*}" ]; then start=$(start_of "$before"); fi
  [ -n "$now" ] && [ $(($(start_of "$now") - start)) -ge 3 ] && ! own_processes "$1" >/dev/null && ended_by_settings "$1"
}
# Without what it asks, a component ends, too; and whoever can't renew the lease in time gives way to the next holder.
ended_by_settings() {
  case $1 in
    kube-apiserver) etcd_has_quorum ;;
    *) apiserver_ready_here && ! last_words_of "$1" | grep -qi 'leaderelection lost' ;;
  esac >/dev/null 2>&1
}
why_not_up_or_ended() {
  "${@:5}" || true
  last_words_of "$1"
}
start_of() {
  local name=${1##*/}
  echo "${name%.log}"
}

apiserver_gone() { ! own_processes kube-apiserver; }
apiserver_answers() { curl -s --max-time 5 --cacert "$KUBERNETES_PKI/ca.crt" "https://$(host_port "$1" 6443)/livez" >/dev/null; }

# The version that this host's manifest names; empty where there is none.
apiserver_version() { sed -n 's|^ *image: .*/kube-apiserver:v||p' "$MANIFESTS/kube-apiserver.yaml" 2>/dev/null || true; }

# component_restarted COMPONENT EPOCH: it runs, and was started no earlier than its manifest was written.
component_restarted() {
  local pid age now
  pid=$(own_processes "$1" -o) || {
    echo "$1 does not run yet"
    return 1
  }
  # It may end while it is looked at.
  age=$(ps -o etimes= -p "$pid") || {
    echo "$1 has just ended"
    return 1
  }
  printf -v now '%(%s)T' -1
  [ $((now - age)) -ge "$2" ] || {
    echo "$1 still runs as before"
    return 1
  }
  component_is_healthy "$1"
}
# What ends at once because of its settings may be seen while it still runs. /healthz is open to all, as kubeadm's probes need it.
component_is_healthy() {
  local port
  case $1 in
    kube-controller-manager) port=10257 ;;
    kube-scheduler) port=10259 ;;
    *) return 0 ;;
  esac
  curl -sk --max-time 5 -o /dev/null --fail "https://127.0.0.1:$port/healthz" || {
    echo "$1 does not say that it is healthy"
    return 1
  }
}
