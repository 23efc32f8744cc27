#!/usr/bin/env bash
# approve.sh [once], on a control plane: approves the certificates that kubelets ask for to serve logs, metrics and commands with. Kubernetes
# has nothing that approves those. Each request must be of a Node, for its own name and addresses, and for nothing else. Any other one stays
# as it is, and the log says why.
set -euo pipefail
: "${NODE:?the Node of this host}" "${SCRATCH:?a folder of its own in memory}"
umask 077
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# A proxy of the login has no way to this cluster.
for variable in $(compgen -e); do if [[ ${variable,,} == *_proxy ]]; then unset "$variable"; fi; done
readonly PKI=${PKI:-/etc/kubernetes/pki} CONF=${CONF:-/etc/kubernetes}
readonly REQUESTS=/apis/certificates.k8s.io/v1/certificatesigningrequests OF_KUBELETS=spec.signerName=kubernetes.io/kubelet-serving
declare -A SAID=()

# session: how the control plane's own apiserver is reached now; what kubeadm renews is read again.
session() {
  SERVER=$(sed -n 's/^ *server: //p' "$CONF/kubelet.conf")
  sed -n 's/^ *client-\(certificate\|key\)-data: *//p' "$CONF/admin.conf" | while read -r data; do base64 -d <<<"$data"; done >"$SCRATCH/admin.pem"
}
get() { kubectl --kubeconfig "$CONF/admin.conf" --server "$SERVER" --cache-dir "$SCRATCH/cache" --request-timeout 20s get "$@" </dev/null; }
# By its own name: to curl's the API gives text for people.
ask() { curl -sS -A ha-kubernetes --fail-with-body --cacert "$PKI/ca.crt" --cert "$SCRATCH/admin.pem" -X "$1" "$SERVER$2" "${@:3}"; }

# requests: a line `NAME VERSION USER GROUP,... USAGE,... REQUEST` for each that nobody has decided on. What a requestor chose is escaped as
# in URLs, so that it can't look like more than one word.
requests() {
  # shellcheck disable=SC2016 # a Go template
  get certificatesigningrequests --field-selector "$OF_KUBELETS" -o go-template='{{range .items}}{{if not .status.conditions}}{{.metadata.name}} {{.metadata.resourceVersion}} {{urlquery .spec.username}} {{range .spec.groups}}{{urlquery .}},{{end}} {{range .spec.usages}}{{urlquery .}},{{end}} {{.spec.request}}{{"\n"}}{{end}}{{end}}'
}
# addresses: a line `NODE TYPE ADDRESS` for each address of each Node.
addresses() {
  # shellcheck disable=SC2016 # a Go template
  get nodes -o go-template='{{range .items}}{{$name := .metadata.name}}{{range .status.addresses}}{{$name}} {{.type}} {{urlquery .address}}{{"\n"}}{{end}}{{end}}' | sed 's/%3A/:/g'
}

# hexed ADDRESS: its bytes.
hexed() {
  local left right all
  if [[ $1 != *:* ]]; then
    IFS=. read -ra all <<<"$1"
    printf '%02X' "${all[@]}"
    return
  fi
  IFS=: read -ra left <<<"${1%%::*}"
  right=()
  if [[ $1 == *::* ]]; then IFS=: read -ra right <<<"${1#*::}"; fi
  all=("${left[@]}")
  while [ $((${#all[@]} + ${#right[@]})) -lt 8 ]; do all+=(0); done
  all+=("${right[@]}")
  printf '%04X' "${all[@]/#/0x}"
}

# names_of FILE: the alternative names of a request, `dns NAME` or `ip BYTES` a line. From its bytes: in what openssl prints, one name could
# hide others. Fails where the request has any other extension, or names of another kind.
names_of() {
  local bytes length tag value
  bytes=$(openssl asn1parse -in "$1" | awk '/X509v3/ {kinds++} /X509v3 Subject Alternative Name *$/ {names++}
    /OCTET STRING/ {values++; sub(/.*\[HEX DUMP\]:/, ""); bytes = $0} END {if (kinds == 1 && names == 1 && values == 1) print bytes}')
  [[ $bytes =~ ^30([0-9A-F]{2})+$ ]] || return 1
  length=$((16#${bytes:2:2})) bytes=${bytes:4}
  if [ "$length" -eq 129 ]; then length=$((16#${bytes:0:2})) bytes=${bytes:2}; fi
  [ ${#bytes} -eq $((length * 2)) ] || return 1
  while [ -n "$bytes" ]; do
    tag=${bytes:0:2} length=$((16#${bytes:2:2} * 2))
    value=${bytes:4:length} bytes=${bytes:4+length}
    [ "$length" -lt 256 ] && [ ${#value} -eq "$length" ] || return 1
    case $tag in
      82)
        # Lower-case letters, digits, hyphens and dots.
        [[ $value =~ ^(2D|2E|3[0-9]|6[1-9A-F]|7[0-9A])+$ ]] || return 1
        # shellcheck disable=SC2001 # each two characters
        printf 'dns %b\n' "$(sed 's/../\\x&/g' <<<"$value")"
        ;;
      87) echo "ip $value" ;;
      *) return 1 ;;
    esac
  done
}

# names_of_api: those of the API's own certificate, in the same form.
names_of_api() {
  local name
  openssl x509 -in "$PKI/apiserver.crt" -noout -ext subjectAltName | tail -n 1 | sed 's/^ *//; s/, */\n/g' | while read -r name; do
    case $name in
      DNS:*) echo "dns ${name#DNS:}" ;;
      "IP Address:"*) echo "ip $(hexed "${name#IP Address:}")" ;;
    esac
  done
}

# fault USER GROUPS USAGES REQUEST: why a request is not to be approved; nothing where it is well. Reads the files `addresses` and `api-names`.
fault() {
  local node=${1#system%3Anode%3A} subject names own kind name is=""
  if [[ $1 != system%3Anode%3A* || ! $node =~ ^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$ || ,$2 != *,system%3Anodes,* ]]; then
    echo "it is not a Node's own"
    return
  fi
  case $(tr ',' '\n' <<<"$3" | sort | paste -sd,) in
    ,digital+signature,server+auth | ,digital+signature,key+encipherment,server+auth) ;;
    *) echo "it is for other usages than those of a server: ${3//+/ }" && return ;;
  esac
  base64 -d <<<"$4" >"$SCRATCH/request.pem" 2>/dev/null || true
  # openssl 3.0 says a wrong signature in words alone.
  if ! subject=$(openssl req -in "$SCRATCH/request.pem" -verify -noout -subject -nameopt RFC2253 2>"$SCRATCH/verified") || ! grep -q 'verify OK$' "$SCRATCH/verified"; then
    echo "it is not a request that is signed by its own key"
  elif [ "$subject" != "subject=CN=system:node:$node,O=system:nodes" ]; then
    echo "its subject is not that of Node $node"
  elif ! names=$(names_of "$SCRATCH/request.pem"); then
    echo "it asks for something else than names and addresses"
  elif [ "$node" != "$NODE" ] && name=$(grep -xF -m 1 -f "$SCRATCH/api-names" <<<"$names"); then
    echo "the API itself has this name: $name"
  else
    own=$(own_addresses "$node")
    while read -r kind name; do
      if is_of "$kind" "$name" "$node" "$own"; then
        is+=$kind
      else
        echo "Node $node alone does not have this name: $kind $name" && return
      fi
    done <<<"$names"
    [[ $is == *dns* && $is == *ip* ]] || echo "it lacks the name or an address of Node $node"
  fi
}

# is_of KIND NAME NODE ADDRESSES
is_of() {
  local address
  case $1 in
    ip) grep -qx "$2 .*" <<<"$4" ;;
    dns)
      [ "$2" != "$3" ] || return 0
      # A name that a cloud gives an instance by its address.
      while read -r _ address; do
        if [ -n "$address" ] && [[ $2 =~ ^ip-${address//./-}\.([a-z0-9-]+\.compute|ec2)\.internal$ ]]; then return 0; fi
      done <<<"$4"
      return 1
      ;;
  esac
}

# own_addresses NODE: a line `BYTES ADDRESS` for each that no other Node has. A node writes its own Node's addresses, so that one alone says little.
own_addresses() {
  local name type address
  while read -r name type address; do
    if [ "$type" = InternalIP ]; then echo "$name $(hexed "$address") $address"; fi
  done <"$SCRATCH/addresses" | awk -v node="$1" '$1 == node {own[$2] = $3; next} {others[$2]} END {for (one in own) if (!(one in others)) print one, own[one]}'
}

# approve_all: sets LEFT to the number of requests that stay.
approve_all() {
  local name version user groups usages request why
  LEFT=0
  requests >"$SCRATCH/requests"
  [ -s "$SCRATCH/requests" ] || return 0
  addresses >"$SCRATCH/addresses"
  names_of_api >"$SCRATCH/api-names"
  while read -r name version user groups usages request; do
    why=$(fault "$user" "$groups" "$usages" "$request")
    # The version, so that no other request of the same name is meant. Another control plane may have been first.
    if [ -z "$why" ] && why=$(ask PATCH "$REQUESTS/$name/approval" -H 'Content-Type: application/merge-patch+json' --max-time 20 --data-binary \
      '{"metadata":{"resourceVersion":"'"$version"'"},"status":{"conditions":[{"type":"Approved","status":"True","reason":"OwnNamesAlone","message":"It is of a Node, for its own name and addresses."}]}}'); then
      echo "approved $name of ${user#system%3Anode%3A}"
      continue
    fi
    [[ $why != *'"reason":"Conflict"'* ]] || continue
    LEFT=$((LEFT + 1))
    [ "${SAID[$name]:-}" = "$why" ] || echo "left $name of ${user//%3A/:}: ${why:0:300}"
    SAID[$name]=$why
  done <"$SCRATCH/requests"
}

# look: as long as one watch of the API lasts, at each new request, and again at those that stayed.
look() {
  local event events status
  session
  approve_all
  exec {events}< <(ask GET "$REQUESTS?watch=1&timeoutSeconds=300&fieldSelector=${OF_KUBELETS//\//%2F}" -N --max-time 330)
  while :; do
    status=0
    read -rt "$((LEFT > 0 ? 5 : 330))" -u "$events" event || status=$?
    # More than 128: no event in that time.
    if [ "$status" -gt 0 ] && [ "$status" -le 128 ]; then break; fi
    if [ "$status" -gt 0 ] || [[ $event == '{"type":"ADDED"'* ]]; then approve_all; fi
  done
  exec {events}<&-
}

if [ "${1:-}" = once ]; then
  session
  approve_all
else
  # An error ends it, and systemd starts it again.
  while :; do look; done
fi
