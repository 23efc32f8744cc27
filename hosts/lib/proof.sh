# shellcheck shell=bash
# The proof that this host is a Node that pods can run on, and what mends it where it is not.
# Settings of the stages that use it: KUBERNETES_VERSION, and POD_NETWORK, which is not there where the stage can't wait for a pod network:
# because the user brings one, or because the add-ons come later.
POD_NETWORK=${POD_NETWORK:-}

# read_node: this host's Node as the API gives it, in NODE; empty where there is none. Fails where the API does not say.
read_node() {
  if NODE=$(api GET "/api/v1/nodes/$HOST_NAME"); then return 0; fi
  if [[ $NODE == *'"reason":"NotFound"'* ]]; then
    NODE=""
    return 0
  fi
  printf '%s' "$NODE" | cut -c1-200
  return 1
}
node_is_known() {
  read_node || return 1
  [ -n "$NODE" ] || {
    echo "the API has no Node of this name"
    return 1
  }
}

# True where the API has no Node for this host. A kubelet makes its Node when it starts, and at no other time, so one that somebody
# deleted comes back with another start.
node_is_gone() {
  wait_until 60 "the API to say whether this Node exists" read_node
  read_node
  [ -z "$NODE" ]
}
register_again() {
  restart_kubelet
  wait_until 60 "this node to register" node_is_known
  did "registered this node again, because its Node was gone"
}
# The certificate that the kubelet serves logs and metrics with is its own and good for a year. It makes one where there is none, and
# none before the end of that; a year's last tenth is soon enough. With SERVING_CERTIFICATE=signed it is one of the cluster's authority: the
# kubelet asks the API for it, control planes approve that, and it asks again by itself well before the end.
readonly SERVING=/var/lib/kubelet/pki/kubelet-server-current.pem
renew_serving_certificate() {
  local file=/var/lib/kubelet/pki/kubelet
  if [ "${SERVING_CERTIFICATE:-}" = signed ]; then
    rm -f "$file.crt" "$file.key"
    if [ ! -e "$SERVING" ] || serving_is_signed "$(staged "$KUBERNETES_PKI/ca.crt")" >/dev/null; then return 0; fi
    # Of an authority that nobody trusts any more, or of long ago.
    rm -f "$SERVING"
    forget_started kubelet
    did "had the kubelet ask for another certificate to serve with"
    return
  fi
  rm -f "$file"-server-*.pem
  if [ ! -f "$file.crt" ] || openssl x509 -noout -checkend $((3600 * 24 * 37)) -in "$file.crt" >/dev/null 2>&1; then return 0; fi
  rm -f "$file.crt" "$file.key"
  forget_started kubelet
  did "had the kubelet make another certificate to serve with"
}
# serving_is_signed AUTHORITIES
serving_is_signed() {
  [ -e "$SERVING" ] || {
    echo "nothing has approved or signed it yet. See journalctl -u ha-kubernetes-serving on the control planes"
    return 1
  }
  openssl verify -CAfile "$1" "$SERVING" 2>&1
}
restart_kubelet() {
  systemctl reset-failed kubelet 2>/dev/null || true
  systemctl restart kubelet || fail "kubelet does not start: $(journalctl -u kubelet -n 3 -o cat | tr '\n' ' ')"
}

# prove_node SIGN [TURN...]: waits until pods can run here. Another range of pods than the host still uses is taken over first, under
# TURN, a command that runs what follows it. While a cluster is born the add-ons, and the pod network with them, may not have begun: then
# another command waits, once all is applied. SIGN is the path of an object that this host can read once they have; empty: they have.
prove_node() {
  if [ -n "$1" ] && ! api GET "$1" -o /dev/null >/dev/null 2>&1; then return 0; fi
  shift
  if [ -n "$POD_NETWORK" ]; then
    wait_until 120 "the controller manager to give this node a range of pods" range_wanted
    if range_is_another; then "$@" mend_pod_network; fi
  fi
  wait_until 240 "this node to be Ready" node_serves
  if [ "${SERVING_CERTIFICATE:-}" = signed ]; then
    wait_until 120 "the certificate that the kubelet asked for, to serve with" serving_is_signed "$KUBERNETES_PKI/ca.crt"
  fi
}

node_serves() {
  local boot ready
  boot=$(</proc/sys/kernel/random/boot_id)
  node_is_known || return 1
  if [[ $NODE != *"\"bootID\":\"$boot\""* ]]; then
    echo "the Node is still that of an earlier start of this host: its kubelet has not reported yet"
    return 1
  fi
  if [[ $NODE != *"\"kubeletVersion\":\"v$KUBERNETES_VERSION\""* ]]; then
    echo "the Node does not say kubelet v$KUBERNETES_VERSION yet"
    return 1
  fi
  ready=$(ready_condition)
  if [ "${ready%% *}" != True ]; then
    if [ -z "$POD_NETWORK" ] && [[ $ready == *NetworkPluginNotReady* ]]; then return 0; fi
    echo "not Ready: ${ready#* }"
    return 1
  fi
  kubelet_reports
}
why_not_node_serves() {
  node_serves || true
  [ -z "$POD_NETWORK" ] || pod_network_waits
}
# `status message` of the condition Ready.
ready_condition() {
  local pattern='"type":"Ready","status":"([A-Za-z]+)"[^}]*"message":"([^}]*)"}'
  [[ $NODE =~ $pattern ]] || return 0
  echo "${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"
}

# The kubelet that runs now has renewed the Node's lease: not one that died while the Node still counts as Ready.
kubelet_reports() {
  local pid age now since lease pattern='"renewTime":"([^"]+)"'
  pid=$(systemctl show -p MainPID --value kubelet)
  age=$(ps -o etimes= -p "$pid") || {
    echo "the kubelet does not run: $(journalctl -u kubelet -n 1 -o cat | cut -c1-200)"
    return 1
  }
  printf -v now '%(%s)T' -1
  # Whole seconds: it may have been started a second before that.
  TZ=UTC printf -v since '%(%FT%T)T' $((now - age - 1))
  lease=$(api GET "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/$HOST_NAME") || return 1
  if [[ $lease =~ $pattern && ! ${BASH_REMATCH[1]} < $since ]]; then return 0; fi
  echo "the kubelet that was started at $since has not reported yet"
  return 1
}

# What flannel's pod on this node waits for; nothing where it runs.
pod_network_waits() {
  local pods cause='"waiting":\{("message":"[^"]*",)?"reason":"([^"]*)"(,"message":"([^"]*))?'
  pods=$(api GET "/api/v1/namespaces/kube-flannel/pods?fieldSelector=spec.nodeName%3D$HOST_NAME") || return 0
  if [[ $pods == *'"items":[]'* ]]; then echo "it has no pod of flannel, the pod network"; fi
  if [[ $pods =~ $cause ]]; then echo "its pod of flannel, the pod network, waits: ${BASH_REMATCH[2]} ${BASH_REMATCH[4]}"; fi
}

# ---- the range of pods --------------------------------------------------------------------------------------------------
# A Node that was deleted and comes back gets another range. flannel reads it when it starts, and the bridge never changes its address:
# every new pod would fail, while the Node is Ready.

# The addresses that flannel gives the bridge of pods: the first ones of the Node's ranges, of which it has one for each family.
range_wanted() {
  local pattern='"podCIDRs":\["([^]]*)"\]' range
  node_is_known || return 1
  [[ $NODE =~ $pattern ]] || {
    echo "the Node has none"
    return 1
  }
  for range in ${BASH_REMATCH[1]//\",\"/ }; do first_of "$range"; done
}
# first_of RANGE: its first address, with its length.
first_of() {
  local network=${1%/*} group
  case $network in
    *::) echo "${network}1/${1#*/}" ;;
    *:*)
      group=${network##*:}
      printf '%s:%x/%s\n' "${network%:*}" $((16#$group + 1)) "${1#*/}"
      ;;
    *) echo "${network%.*}.$((${network##*.} + 1))/${1#*/}" ;;
  esac
}
# Of the bridge, and as flannel knows it; a line for each that is there.
ranges_here() {
  ip -o address show dev cni0 scope global 2>/dev/null | awk '{print $4}' || true
  flannel_ranges
}
flannel_ranges() { sed -n -E 's/^FLANNEL_(IPV6_)?SUBNET=//p' /run/flannel/subnet.env 2>/dev/null || true; }
range_is_another() {
  local wanted
  wanted=$(range_wanted) || return 1
  ranges_here | grep -vxF "$wanted" >/dev/null
}
flannel_has_range() {
  local wanted
  wanted=$(range_wanted) || return 1
  [ "$(flannel_ranges | sort)" = "$(sort <<<"$wanted")" ] || {
    echo "it still has $(flannel_ranges | paste -sd' '), not $(paste -sd' ' <<<"$wanted")"
    return 1
  }
}

# Pods of the old range are out of reach, so they move away first; those that stay on every node are started again.
mend_pod_network() {
  local had
  had=$(ranges_here | paste -sd' ')
  [ "$(this_kubectl get node "$HOST_NAME" -o 'jsonpath={.spec.unschedulable}')" = true ] || touch "$CORDONED"
  drain_node
  this_kubectl -n kube-flannel delete pods --field-selector "spec.nodeName=$HOST_NAME" --wait=false >/dev/null
  wait_until 120 "flannel to take the Node's range of pods" flannel_has_range
  ip link delete cni0 2>/dev/null || true
  rm -rf /var/lib/cni/networks/cbr0
  # shellcheck disable=SC2016 # a Go template
  this_kubectl get pods -A --field-selector "spec.nodeName=$HOST_NAME" \
    -o go-template='{{range .items}}{{if not .spec.hostNetwork}}{{.metadata.namespace}} {{.metadata.name}}{{"\n"}}{{end}}{{end}}' |
    while read -r namespace name; do this_kubectl -n "$namespace" delete pod "$name" --wait=false --ignore-not-found >/dev/null; done
  uncordon
  did "gave the pods of this node the Node's range, $(range_wanted | paste -sd' '), in place of $had"
}
