# shellcheck shell=bash
# Whether the ranges of pods and Services are free where this host is. Neither can be changed once a cluster is born.

# range_of CIDR|ADDRESS: sets FIRST and LAST, as numbers.
range_of() {
  local bits=32 a b c d
  [[ $1 != */* ]] || bits=${1#*/}
  IFS=. read -r a b c d <<<"${1%/*}"
  FIRST=$(((a << 24 | b << 16 | c << 8 | d) & ~(0xffffffff >> bits)))
  LAST=$((FIRST | 0xffffffff >> bits))
}
# relation RANGE OTHER: sets RELATION to `within` where the first lies in the other, `covers` where it holds all of it and more, else `apart`.
relation() {
  local first last
  range_of "$1"
  first=$FIRST last=$LAST
  range_of "$2"
  RELATION=apart
  if [ "$first" -ge "$FIRST" ] && [ "$last" -le "$LAST" ]; then
    RELATION=within
  elif [ "$first" -le "$FIRST" ] && [ "$last" -ge "$LAST" ]; then
    RELATION=covers
  fi
}

check_ranges() {
  local key range server interface address kind destination rest
  while read -r key range; do
    for server in ${NAME_SERVERS:-$(host_name_servers)}; do
      [[ $server != *:* ]] || continue
      relation "$server" "$range"
      [ "$RELATION" = apart ] || problem "the name server $server lies in network.$key $range, where the cluster would hide it: take another range, or other name servers"
    done
    while read -r _ interface _ address _; do
      relation "${address%/*}" "$range"
      [ "$RELATION" = apart ] || problem "its own address $address ($interface) lies in network.$key $range: take another range"
    done < <(ip -o -4 address show)
    while read -r kind destination rest; do
      case $kind in
        blackhole | unreachable | prohibit | throw | unicast | local | broadcast | multicast | nat) rest="$kind $rest" ;;
        *) rest="$destination $rest" destination=$kind ;;
      esac
      [[ $destination == [0-9]* ]] || continue
      # Our own (lib-routes.sh), of a run that was killed.
      if [ "$destination" = "$SERVICE_CIDR" ] && [ -f /etc/systemd/system/ha-kubernetes-service-route.service ]; then continue; fi
      relation "$destination" "$range"
      case $RELATION in
        within) problem "its route to $destination (${rest% }) lies in network.$key $range and would take traffic from the cluster: take another range" ;;
        covers) warning covered-range "its route to $destination (${rest% }) covers network.$key $range: what it leads to in that range can't be reached from here" ;;
      esac
    done < <(ip -4 route show table main)
  done <<<"podCidr $POD_CIDR
serviceCidr $SERVICE_CIDR"
}
