# shellcheck shell=bash
# Apiservers, this host's and the others', asked on their own hosts.

apiserver_ready() { curl -sf --max-time 5 --cacert "$KUBERNETES_PKI/ca.crt" "https://$(host_port "$1" 6443)/readyz" >/dev/null; }

# Another control plane can take over: always true where there is none.
another_apiserver_ready() {
  local name address others=""
  while read -r name address; do
    [ "$name" != "$HOST_NAME" ] || continue
    others+=" $name"
    if apiserver_ready "$address"; then return 0; fi
  done < <(control_planes)
  [ -z "$others" ] || {
    echo "no other apiserver is ready:$others"
    return 1
  }
}
