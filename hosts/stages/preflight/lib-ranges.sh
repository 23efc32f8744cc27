# shellcheck shell=bash
# Whether the ranges of pods and Services are free where this host is. Neither can be changed once a cluster is born.

# range_of CIDR|ADDRESS: sets FIRST and LAST, in hexadecimal digits: 8 of IPv4, 32 of IPv6.
range_of() {
  local digits bits nibble
  digits=$(digits_of "${1%/*}")
  bits=$((4 * ${#digits}))
  [[ $1 != */* ]] || bits=${1#*/}
  FIRST=${digits:0:bits/4} LAST=${digits:0:bits/4}
  if [ $((bits % 4)) -ne 0 ]; then
    nibble=$((16#${digits:bits/4:1}))
    printf -v FIRST '%s%x' "$FIRST" $((nibble & ~(15 >> bits % 4) & 15))
    printf -v LAST '%s%x' "$LAST" $((nibble | 15 >> bits % 4))
  fi
  while [ ${#FIRST} -lt ${#digits} ]; do FIRST+=0 LAST+=f; done
}
digits_of() {
  local part head=${1%%%*} tail="" digits="" rest=""
  if [[ $1 != *:* ]]; then
    # shellcheck disable=SC2086 # one word each
    printf '%02x%02x%02x%02x' ${1//./ }
    return
  fi
  if [[ $head == *::* ]]; then tail=${head#*::} head=${head%%::*}; fi
  for part in ${head//:/ }; do printf -v digits '%s%04x' "$digits" $((16#$part)); done
  for part in ${tail//:/ }; do printf -v rest '%s%04x' "$rest" $((16#$part)); done
  while [ $((${#digits} + ${#rest})) -lt 32 ]; do digits+=0000; done
  printf '%s' "$digits$rest"
}
# relation RANGE OTHER: sets RELATION to `within` where the first lies in the other, `covers` where it holds all of it and more, else `apart`.
relation() {
  local first last
  range_of "$1"
  first=$FIRST last=$LAST
  range_of "$2"
  RELATION=apart
  if [ ${#first} -ne ${#FIRST} ]; then return 0; fi
  if [[ ! $first < $FIRST && ! $last > $LAST ]]; then
    RELATION=within
  elif [[ ! $first > $FIRST && ! $last < $LAST ]]; then
    RELATION=covers
  fi
}

# shellcheck disable=SC2086 # one word each
check_ranges() {
  local key range server interface address kind destination rest
  while read -r key range; do
    for server in ${NAME_SERVERS:-$(host_name_servers)}; do
      relation "$server" "$range"
      [ "$RELATION" = apart ] || problem "the name server $server lies in network.$key $range, where the cluster would hide it: take another range, or other name servers"
    done
    while read -r _ interface _ address _; do
      relation "${address%/*}" "$range"
      [ "$RELATION" = apart ] || problem "its own address $address ($interface) lies in network.$key $range: take another range"
    done < <(ip -o address show)
    while read -r kind destination rest; do
      case $kind in
        blackhole | unreachable | prohibit | throw | unicast | local | broadcast | multicast | nat) rest="$kind $rest" ;;
        *) rest="$destination $rest" destination=$kind ;;
      esac
      [[ $destination == [0-9a-f]*[.:]* ]] || continue
      # Our own (lib-routes.sh), of a run that was killed.
      if [[ " $SERVICE_CIDR " == *" $destination "* ]] && [ -f /etc/systemd/system/ha-kubernetes-service-route.service ]; then continue; fi
      relation "$destination" "$range"
      case $RELATION in
        within) problem "its route to $destination (${rest% }) lies in network.$key $range and would take traffic from the cluster: take another range" ;;
        covers) warning covered-range "its route to $destination (${rest% }) covers network.$key $range: what it leads to in that range can't be reached from here" ;;
      esac
    done < <(ip route show table main && ip -6 route show table main)
  done < <(printf 'podCidr %s\n' $POD_CIDR && printf 'serviceCidr %s\n' $SERVICE_CIDR)
}
