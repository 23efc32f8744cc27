# shellcheck shell=bash
# Other packet filters on this host. An accept in one table does not overrule a drop in another: what a table of somebody else drops
# never arrives, whatever the firewall of hostPreparation lets in. So new connections that the cluster needs are led through each chain
# that the kernel calls (lib-rules.sh), as far as its rules can be understood. What can't be decided is a warning.

readonly OWN_TABLES='inet ha_kubernetes(_move|_lvs)?|ip6? kube-proxy|ip6? flannel-ipv[46]'

# Connections to this host that the cluster needs, `protocol:port`: the port table, flannel's tunnel, and what balancers say to each other.
needed_ports() {
  local entry
  for entry in $PORTS; do echo "tcp:${entry%%:*}"; done
  [ -z "$POD_LINK" ] || echo "udp:${POD_PORT:-8472}"
  if uses_vrrp; then echo vrrp:-; fi
}

check_filters() {
  local chain NEEDED_PORTS
  command -v nft >/dev/null || return 0
  NEEDED_PORTS=$(needed_ports)
  declare -A CHAIN_HOOKS=() CHAIN_POLICIES=() CHAIN_RULES=()
  read_chains < <(foreign_rules)
  for chain in "${!CHAIN_HOOKS[@]}"; do
    # With our firewall on, what the cluster needs is opened in theirs (lib-firewalls.sh).
    if item_is_on firewall && is_opened_chain "$chain"; then continue; fi
    judge_chain "$chain"
  done
}

# is_opened_chain CHAIN: firewalld's, or one that does nothing but ask ufw's own chains.
is_opened_chain() {
  [[ $1 != *" firewalld "* ]] || return 0
  [ -n "${CHAIN_RULES[$1]:-}" ] && ! grep -v 'jump ufw-' <<<"${CHAIN_RULES[$1]%$'\n'}" >/dev/null
}

judge_chain() {
  local chain=$1 protocol port from to need dropped="" unclear=""
  while read -r protocol port from to need; do
    lead_through "${CHAIN_POLICIES[$chain]}" "${CHAIN_RULES[$chain]:-}" "$protocol" "$port" "$from" "$to"
    case $RESULT in
      dropped) [[ "$dropped," == *", $need,"* ]] || dropped+=", $need" ;;
      unclear) [[ "$unclear," == *", $need,"* ]] || unclear+=", $need" ;;
    esac
  done < <(packets_of "${CHAIN_HOOKS[$chain]}" "${chain%% *}")
  # A host that lives was let through until now: what may be a mistake of these rules' reader must not stop an `up` there.
  if [ -n "$dropped" ] && first_run; then
    problem "the packet filter's chain $chain drops what the cluster needs: ${dropped:2}. Accept that there from nodeCidrs ($NODE_CIDRS) and podCidr ($POD_CIDR), or remove the chain"
  elif [ -n "$dropped" ]; then
    remark "the packet filter's chain $chain seems to drop what the cluster needs: ${dropped:2}"
  fi
  [ -z "$unclear" ] || warning unclear-filter "the packet filter's chain $chain must let in, from nodeCidrs ($NODE_CIDRS) and podCidr ($POD_CIDR), ${unclear:2}: its rules don't tell whether it does"
}

# packets_of HOOK FAMILY: of the table, ip, ip6 or inet: `protocol port from to what it is for` of what must get through there; - is any, ranges are parted by commas.
packets_of() {
  local family entry own nodes pods
  for family in ip ip6; do
    if [[ " ip ip6 " == *" $2 "* && $2 != "$family" ]]; then continue; fi
    # shellcheck disable=SC2086 # one word each
    own=$(of_family "$family" "$HOST_ADDRESS" ${SECOND_ADDRESS:-}) nodes=$(of_family "$family" $NODE_CIDRS) pods=$(of_family "$family" $POD_CIDR)
    case $1:$own in
      *:) ;;
      input:* | prerouting:*) for entry in $NEEDED_PORTS; do echo "${entry%:*} ${entry#*:} $nodes $own ${entry/:/ }"; done ;;
      output:*) for entry in $NEEDED_PORTS; do echo "${entry%:*} ${entry#*:} $own $nodes ${entry/:/ }"; done ;;
    esac
    case $1:$pods in
      *:) ;;
      forward:* | prerouting:*) if is_node; then echo "tcp - $pods $pods traffic of pods"; fi ;;
    esac
  done
}
# of_family ip|ip6 RANGE...: those of that family, parted by commas.
of_family() {
  local range found=""
  for range in "${@:2}"; do
    case "$1 $range" in "ip6 "*:* | "ip "*.*) found+=,$range ;; esac
  done
  echo "${found:1}"
}

# foreign_rules: what tables of others hold, in nft's language; those of the old iptables in the kernel are turned into it.
foreign_rules() {
  local table
  nft list tables 2>/dev/null | while read -r _ table; do
    # Address translation lets through what it does not know.
    if [[ $table =~ ^($OWN_TABLES|ip6?\ nat)$ ]] || [[ ! $table =~ ^(ip|ip6|inet)\  ]]; then continue; fi
    # shellcheck disable=SC2086 # family and name
    nft list table $table 2>/dev/null || true
  done
  if grep -qx filter /proc/net/ip_tables_names 2>/dev/null && type iptables-legacy-save iptables-restore-translate >/dev/null 2>&1; then
    iptables-restore-translate -f <(iptables-legacy-save -t filter) 2>/dev/null || true
  fi
}

# read_chains <RULES: fills CHAIN_HOOKS, CHAIN_POLICIES and CHAIN_RULES, by `family table chain`, from what `nft list table` or
# `iptables-restore-translate` print. Only chains that the kernel itself calls to filter have a hook.
read_chains() {
  local line table="" chain=""
  # What a rule says to people is left out: it may hold any word.
  sed -E 's/^\s+//; s/ comment "[^"]*"//; s/ prefix "[^"]*"//; s/"//g; s/,/ /g' | while read -r line; do
    if [[ $line =~ ^table\ ([a-z0-9]+\ [^ ]+)\ \{ ]]; then
      table=${BASH_REMATCH[1]}
    elif [[ $line =~ ^chain\ ([^ ]+)\ \{ ]]; then
      chain=${BASH_REMATCH[1]}
    elif [ "$line" = "}" ]; then
      chain=""
    elif [[ $line =~ ^add\ (chain|rule)\ ([a-z0-9]+\ [^ ]+\ [^ ]+)\ (.*)$ ]]; then
      note_line "${BASH_REMATCH[2]}" "${BASH_REMATCH[3]}"
    elif [ -n "$chain" ] && [ -n "$line" ]; then
      note_line "$table $chain" "$line"
    fi
  done
}
note_line() {
  if [[ $2 =~ type\ filter\ hook\ ([a-z]+)\  ]]; then
    CHAIN_HOOKS[$1]=${BASH_REMATCH[1]}
    CHAIN_POLICIES[$1]=accept
    [[ $2 != *"policy drop"* ]] || CHAIN_POLICIES[$1]=drop
  else
    CHAIN_RULES[$1]+=$2$'\n'
  fi
}
