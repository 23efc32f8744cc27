#!/usr/bin/env bash
# lvs-director.sh FOLDER AUTHORITY MILLISECONDS PORT LEAVING-PORT SERVICES NAME=ADDRESS...: has IPVS lead each of SERVICES, `ADDRESS:PORT` of the
# API with commas between them, to the apiservers, and sees to it that it stays so: kube-proxy in nftables mode clears IPVS when it starts.
#
# IPVS translates the address that a client asks for, and a table of nftables the client's own, so that answers come back through this host: no
# apiserver needs to know of it. A weight of 0 lets connections finish. With net.ipv4.vs.expire_nodest_conn, those to an apiserver
# that is taken out are reset.
set -u
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# shellcheck disable=SC2034 # apiservers.sh reads them
readonly FOLDER=$1 AUTHORITY=$2 MILLISECONDS=$3 PORT=$4 LEAVING_PORT=$5 SERVICES=${6//,/ }
readonly MARK=0x20000000
shift 6
# shellcheck source=hosts/stages/balancer/apiservers.sh
. "${BASH_SOURCE[0]%/*}/apiservers.sh"

# keep_table: the way of answers. A host that is not at the API's address would send what IPVS leads to its own apiserver out to that address:
# IPVS, at priority -98, keeps the route that a packet had. A mark, which is taken off again, has the kernel look for another. It has no
# named set, which Debian 13's nft would write in a form that ends the one in kube-proxy's image.
keep_table() {
  local service elements=""
  ! nft list table inet ha_kubernetes_lvs >/dev/null 2>&1 || return 0
  for service in $SERVICES; do elements+="${elements:+, }${service%:*} . ${service##*:}"; done
  nft -f - <<EOF
  table inet ha_kubernetes_lvs {
    chain postrouting {
      type nat hook postrouting priority srcnat - 5; policy accept;
      meta nfproto ipv4 meta l4proto tcp ct original ip daddr . ct original proto-dst { $elements } oifname != "lo" masquerade
    }
    chain route {
      type route hook output priority -90; policy accept;
      meta nfproto ipv4 meta l4proto tcp ct original ip daddr . ct original proto-dst { $elements } fib daddr type local meta mark set meta mark | $MARK
    }
    chain unmark {
      type filter hook output priority -80; policy accept;
      meta mark & $MARK == $MARK meta mark set meta mark ^ $MARK
    }
  }
EOF
}

# wanted: as `ipvsadm --save --numeric` has it.
wanted() {
  local service address weight
  for service in $SERVICES; do
    echo "-A -t $service -s rr"
    for address in $(those ready alive ending); do
      weight=0
      if [[ $'\n'"$CHOSEN"$'\n' == *$'\n'"$address"$'\n'* ]]; then weight=1; fi
      echo "-a -t $service -r $address:$PORT -m -w $weight"
    done
  done
}

# tell: what comes is added before what goes is taken away, so that there is always one to lead to.
tell() {
  local has want line service
  keep_table || USE=no
  has=$(ipvsadm --save --numeric) || USE=no
  want=$(wanted)
  while read -r line; do
    if [[ $'\n'"$has"$'\n' == *$'\n'"$line"$'\n'* ]]; then continue; fi
    # Another weight than before is an edit.
    if [[ $line == -a* && $'\n'"$has" == *$'\n'"${line% *} "* ]]; then line=-e${line#-a}; fi
    if [[ $line == -A* && $'\n'"$has" == *$'\n'"${line% *} "* ]]; then line=-E${line#-A}; fi
    # shellcheck disable=SC2034,SC2086 # one word each; apiservers.sh reads USE
    ipvsadm $line || USE=no
  done <<<"$want"
  for service in $SERVICES; do
    while read -r line; do
      if [[ $line == "-a -t $service "* && $'\n'"$want" != *$'\n'"${line% -m *} -m "* ]]; then
        line=${line%% -m *}
        # shellcheck disable=SC2086 # one word each
        ipvsadm -d${line#-a}
      fi
    done <<<"$has"
  done
}
# IPVS ends them itself.
give_up() { :; }

# Of a former configuration.
mkdir -p "$FOLDER"
while read -r service; do
  if [[ " $SERVICES " != *" $service "* ]]; then ipvsadm -D -t "$service"; fi
done < <(cat "$FOLDER/services" 2>/dev/null)
tr ' ' '\n' <<<"$SERVICES" >"$FOLDER/services"
nft delete table inet ha_kubernetes_lvs 2>/dev/null || true
watch_apiservers "$@"
