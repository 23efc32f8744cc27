# shellcheck shell=bash
# Understands nft's rules far enough to lead one new connection through a chain. Only lead_through is for other scripts.

# lead_through POLICY RULES PROTOCOL PORT FROM TO: sets RESULT to what becomes of the connection: passes, dropped, or unclear. PORT may
# be - for any; FROM and TO are ranges parted by commas.
lead_through() {
  local rule unclear=no PACKET_PROTOCOL=$3 PACKET_PORT=$4 PACKET_FROM=$5 PACKET_TO=$6 PACKET_FAMILY=ip
  [[ $PACKET_FROM != *:* ]] || PACKET_FAMILY=ip6
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
  done <<<"$2"
  if [ "$1" = drop ]; then RESULT=dropped; fi
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
      ip | ip6) if [ "$word" = "$PACKET_FAMILY" ]; then match_address; else MATCHES=no; fi ;;
      icmp | icmpv6 | arp) MATCHES=no ;;
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

# ---- what one condition says of the connection -------------------------------------------------------------------------------
# Each match_ function reads on from WORDS at AT and sets MATCHES to yes, no or unknown.

# take_values: from WORDS at AT, `[!=] VALUE` or `[!=] { VALUE VALUE }`: sets VALUES and NEGATED.
take_values() {
  NEGATED=no VALUES=()
  case ${WORDS[AT]:-} in
    '!=') NEGATED=yes ;&
    '==') AT=$((AT + 1)) ;;
  esac
  if [ "${WORDS[AT]:-}" = "{" ]; then
    AT=$((AT + 1))
    while [ "$AT" -lt ${#WORDS[@]} ] && [ "${WORDS[AT]}" != "}" ]; do
      VALUES+=("${WORDS[AT]}")
      AT=$((AT + 1))
    done
  else
    VALUES=("${WORDS[AT]:-}")
  fi
  AT=$((AT + 1))
}
negate_match() {
  case $NEGATED$MATCHES in
    yesyes) MATCHES=no ;;
    yesno) MATCHES=yes ;;
  esac
}

match_interface() {
  take_values
  if [ "${VALUES[*]}" = lo ]; then MATCHES=no; else MATCHES=unknown; fi
  negate_match
}

# A list of states parted by commas came apart into words.
match_state() {
  if [ "${WORDS[AT]:-}" != state ] || [ "${WORDS[AT + 1]:-}" = vmap ]; then
    MATCHES=unknown
    return 0
  fi
  AT=$((AT + 1))
  take_values
  while [[ " established related invalid untracked new " == *" ${WORDS[AT]:-none} "* ]]; do
    VALUES+=("${WORDS[AT]}")
    AT=$((AT + 1))
  done
  if [[ " ${VALUES[*]} " == *" new "* ]]; then MATCHES=yes; else MATCHES=no; fi
  negate_match
}

match_meta() {
  local what=${WORDS[AT]:-}
  AT=$((AT + 1))
  case $what in
    nfproto)
      take_values
      case $PACKET_FAMILY${VALUES[*]} in ipipv6 | ip6ipv4) MATCHES=no ;; esac
      negate_match
      ;;
    l4proto) match_protocol ;;
    *) MATCHES=unknown ;;
  esac
}
match_protocol() {
  local value numbers=" tcp:6 udp:17 vrrp:112 "
  take_values
  MATCHES=no
  for value in "${VALUES[@]}"; do
    if [ "$value" = "$PACKET_PROTOCOL" ] || [[ $numbers == *" $PACKET_PROTOCOL:$value "* ]]; then MATCHES=yes; fi
  done
  negate_match
}

match_port() {
  local what=${WORDS[AT]:-} value
  if [ "$1" != "$PACKET_PROTOCOL" ]; then
    MATCHES=no
    return 0
  fi
  if [ "$what" != dport ]; then
    MATCHES=unknown
    return 0
  fi
  AT=$((AT + 1))
  take_values
  MATCHES=no
  for value in "${VALUES[@]}"; do
    if [ "$PACKET_PORT" = - ] || [[ ! $value =~ ^[0-9]+(-[0-9]+)?$ ]]; then
      MATCHES=unknown
      return 0
    fi
    if [ "$PACKET_PORT" -ge "${value%-*}" ] && [ "$PACKET_PORT" -le "${value#*-}" ]; then MATCHES=yes; fi
  done
  negate_match
}

match_address() {
  local what=${WORDS[AT]:-} ranges range value found inside=0 outside=0
  AT=$((AT + 1))
  case $what in
    protocol | nexthdr)
      match_protocol
      return 0
      ;;
    saddr) IFS=, read -ra ranges <<<"$PACKET_FROM" ;;
    daddr) IFS=, read -ra ranges <<<"$PACKET_TO" ;;
    *)
      MATCHES=unknown
      return 0
      ;;
  esac
  take_values
  MATCHES=unknown
  for range in "${ranges[@]}"; do
    found=apart
    for value in "${VALUES[@]}"; do
      [[ $value =~ ^[0-9a-f.:]+(/[0-9]+)?$ ]] || return 0
      relation "$range" "$value"
      case $RELATION in
        within) found=within ;;
        covers) [ "$found" = within ] || found=covers ;;
      esac
    done
    case $found in
      within) inside=$((inside + 1)) ;;
      apart) outside=$((outside + 1)) ;;
    esac
  done
  if [ "$inside" = ${#ranges[@]} ]; then MATCHES=yes; elif [ "$outside" = ${#ranges[@]} ]; then MATCHES=no; fi
  negate_match
}
