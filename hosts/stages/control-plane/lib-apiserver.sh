# shellcheck shell=bash
# The apiserver of this host, and the others'.

readonly OWN_APISERVER=https://$HOST_ADDRESS:6443
api_as_admin "$OWN_APISERVER"

ready() { curl -sf --max-time 5 --cacert "$KUBERNETES_PKI/ca.crt" "https://$1:6443/readyz" >/dev/null; }
# own_processes COMPONENT [OPTIONS of pgrep]: those of this host's static pod, which share its network. Other control planes on the same
# machine, in pods or in containers, have one of their own.
own_processes() { pgrep --ns $$ --nslist net "${@:2}" -x "${1:0:15}"; }
# Asked many times at each start: a port that nobody listens on yet is found without a process.
ready_here() { listens && ready "$HOST_ADDRESS"; }
listens() { (: <>"/dev/tcp/$HOST_ADDRESS/6443") 2>/dev/null; }
# The last that it said.
why_not_ready_here() {
  local log
  log=$(find /var/log/pods -path '*_kube-apiserver-*/kube-apiserver/*.log' -printf '%T@ %p\n' 2>/dev/null | sort -n | tail -n 1)
  if own_processes kube-apiserver >/dev/null; then echo "it runs"; else echo "it does not run"; fi
  if [ -n "$log" ]; then tail -n 1 "${log#* }" | cut -c1-300; fi
}
apiserver_gone() { ! own_processes kube-apiserver; }
serves() { curl -s --max-time 5 --cacert "$KUBERNETES_PKI/ca.crt" "https://$1:6443/livez" >/dev/null; }

# Another control plane can take over: always true where there is none.
another_ready() {
  local name address others=""
  while read -r name address; do
    [ "$name" != "$HOST_NAME" ] || continue
    others+=" $name"
    if ready "$address"; then return 0; fi
  done < <(control_planes)
  [ -z "$others" ] || {
    echo "no other apiserver is ready:$others"
    return 1
  }
}

# The version that this host's manifest names; empty where there is none.
apiserver_version() { sed -n 's|^ *image: .*/kube-apiserver:v||p' "$MANIFESTS/kube-apiserver.yaml" 2>/dev/null || true; }

# restarted COMPONENT EPOCH: it runs, and was started no earlier than its manifest was written.
restarted() {
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
