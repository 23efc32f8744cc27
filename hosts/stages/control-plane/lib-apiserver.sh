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
# The last that it said.
why_not_apiserver_ready_here() {
  local log
  log=$(find /var/log/pods -path '*_kube-apiserver-*/kube-apiserver/*.log' -printf '%T@ %p\n' 2>/dev/null | sort -n | tail -n 1)
  if own_processes kube-apiserver >/dev/null; then echo "it runs"; else echo "it does not run"; fi
  if [ -n "$log" ]; then tail -n 1 "${log#* }" | cut -c1-300; fi
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
}
