# shellcheck shell=bash
# shellcheck disable=SC2034 # lib-filters.sh reads what is set here
# Understands nft's rules far enough to lead one new connection through a chain. The connection is in PACKET_PROTOCOL, PACKET_PORT
# (- any), PACKET_FROM and PACKET_TO (ranges parted by commas).

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

# lead_through CHAIN: sets RESULT to what becomes of the connection: passes, dropped, or unclear.
lead_through() {
  local rule unclear=no
  RESULT=passes
  while read -r rule; do
    judge_rule "$rule"
    case $VERDICT in
      accept) return 0 ;;
      unclear) unclear=yes ;;
      drop)
        RESULT=dropped
        break
        ;;
    esac
  done <<<"${CHAIN_RULES[$1]:-}"
  if [ "${CHAIN_POLICIES[$1]}" = drop ]; then RESULT=dropped; fi
  if [ "$RESULT$unclear" = droppedyes ]; then RESULT=unclear; fi
}

# judge_rule RULE: sets VERDICT to accept (also where it only may match), drop (where it does), unclear (it goes on elsewhere), or
# none: it does not match, or does nothing to it.
judge_rule() {
  local word sure=yes
  read -ra WORDS <<<"$1"
  AT=0
  VERDICT=none
  # What a map makes of it is not read.
  if [[ " $1 " == *" vmap "* || " $1 " == *" map "* ]]; then
    VERDICT=unclear
    return 0
  fi
  while [ "$AT" -lt ${#WORDS[@]} ]; do
    word=${WORDS[AT]}
    AT=$((AT + 1))
    MATCHES=yes
    case $word in
      accept)
        VERDICT=accept
        return 0
        ;;
      drop | reject)
        [ "$sure" = no ] || VERDICT=drop
        return 0
        ;;
      jump | goto)
        # Those of Kubernetes drop nothing of its own; flannel's let pods through.
        case ${WORDS[AT]:-} in
          KUBE-*) ;;
          FLANNEL-*) VERDICT=accept ;;
          *) VERDICT=unclear ;;
        esac
        return 0
        ;;
      return | queue)
        VERDICT=unclear
        return 0
        ;;
      counter) [ "${WORDS[AT]:-}" != packets ] || AT=$((AT + 4)) ;;
      log) ;;
      iif | iifname | oif | oifname) match_interface ;;
      ct) match_state ;;
      ip) match_address ;;
      ip6 | icmp | icmpv6 | arp) MATCHES=no ;;
      meta) match_meta ;;
      tcp | udp) match_port "$word" ;;
      xt)
        if [[ "${WORDS[*]:AT}" =~ ^target\ (REJECT|DROP)$ ]]; then
          [ "$sure" = no ] || VERDICT=drop
          return 0
        fi
        MATCHES=unknown
        ;;
      *) MATCHES=unknown ;;
    esac
    if [ "$MATCHES" = no ]; then return 0; fi
    [ "$MATCHES" = yes ] || sure=no
  done
}
