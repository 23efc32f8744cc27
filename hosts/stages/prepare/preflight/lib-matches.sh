# shellcheck shell=bash
# shellcheck disable=SC2034 # lib-rules.sh reads what is set here
# What one condition of a rule says of the connection that lib-rules.sh leads through a chain: each match_ function reads on from WORDS at
# AT and sets MATCHES to yes, no or unknown.

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
turned() {
  case $NEGATED$MATCHES in
    yesyes) MATCHES=no ;;
    yesno) MATCHES=yes ;;
  esac
}

match_interface() {
  take_values
  if [ "${VALUES[*]}" = lo ]; then MATCHES=no; else MATCHES=unknown; fi
  turned
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
  turned
}

match_meta() {
  local what=${WORDS[AT]:-}
  AT=$((AT + 1))
  case $what in
    nfproto)
      take_values
      if [ "${VALUES[*]}" = ipv6 ]; then MATCHES=no; fi
      turned
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
  turned
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
  turned
}

match_address() {
  local what=${WORDS[AT]:-} ranges range value found inside=0 outside=0
  AT=$((AT + 1))
  case $what in
    protocol)
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
      [[ $value =~ ^[0-9.]+(/[0-9]+)?$ ]] || return 0
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
  turned
}
