# shellcheck shell=bash
# Whether packets of full size reach the other hosts. Only the report of all hosts asks: a host's own stage holds no list of others.

# link_mtu: of the interface with this host's address, and that interface.
link_mtu() {
  local link
  link=$(ip -o address show to "$HOST_ADDRESS" 2>/dev/null | awk '{print $2; exit}')
  [ -z "$link" ] || echo "$(cat "/sys/class/net/$link/mtu" 2>/dev/null) $link"
}

# check_paths: for each of PEERS, `path ADDRESS full`, `small` where only a small packet arrives, or `silent` where nothing answers.
check_paths() {
  local peer mtu
  read -r mtu _ < <(link_mtu) || return 0
  if [ -z "$mtu" ] || ! command -v ping >/dev/null; then return 0; fi
  for peer in ${PEERS:-}; do
    { echo "path $peer $(try_path "$peer" "$mtu")"; } &
  done
  wait
}
# Headers of IPv4 and ICMP are 28 bytes, of IPv6 and ICMP 48. One answer of three will do: busy hosts are not narrow paths.
try_path() {
  local headers=28
  [[ $1 != *:* ]] || headers=48
  if ping -q -n -c 3 -i 0.2 -W 2 -M "do" -s $(($2 - headers)) "$1" >/dev/null 2>&1; then
    echo full
  elif ping -q -n -c 3 -i 0.2 -W 2 "$1" >/dev/null 2>&1; then
    echo small
  else
    echo silent
  fi
}
