# shellcheck shell=bash
# The holder routed: every balancer with an apiserver has the address on its loopback interface, and FRR announces it to the routers. The
# package's own service becomes ours.

readonly FRR_UNIT=$UNITS/frr.service.d/ha-kubernetes.conf ADDRESS_UNIT=$UNITS/ha-kubernetes-address.service
readonly ADDRESS_SCRIPT=/usr/local/lib/ha-kubernetes/api-address.sh
readonly FRR_FILES=(/etc/frr/frr.conf /etc/frr/daemons "$FRR_UNIT") ADDRESS_FILES=("$ADDRESS_UNIT" "$ADDRESS_SCRIPT")

routed_is_here() { is_saved service-frr; }
routed_runs() { systemctl is-active --quiet frr && systemctl is-active --quiet ha-kubernetes-address; }

routed_take_over() { take_over_service frr frr_is_used; }
frr_is_used() { systemctl is-active --quiet frr && grep -q '^router ' /etc/frr/frr.conf 2>/dev/null; }

# In a network of the host's own, neighbors would look for the address themselves, and no router would be asked.
routed_check() {
  local address words
  for address in $ROUTED; do
    words=$(ip -4 route get "$address" 2>/dev/null) || continue
    [[ $words == local\ * || $words == *" via "* ]] ||
      fail "the API's address $address is in a network that this host is in itself (${words%% src*}): a routed address must be outside of it"
  done
  # vtysh leaves a list of its commands in the home folder.
  words=$(HOME=$STAGE vtysh --dryrun --inputfile "$(staged /etc/frr/frr.conf)" 2>&1) || fail "FRR refuses its configuration: $(tail -n 3 <<<"$words" | tr '\n' ' ')"
  put_file 0755 "$ADDRESS_SCRIPT" <"$STAGE/stage/api-address.sh"
}

routed_is_stale() { stale frr "${FRR_FILES[@]}" || stale ha-kubernetes-address.service "${ADDRESS_FILES[@]}"; }

# A restart of FRR takes the route away, so clients go to another balancer before it.
routed_converge() {
  reread_units frr ha-kubernetes-address
  if stale frr "${FRR_FILES[@]}"; then
    give_up_address
    turn_on restart frr "${FRR_FILES[@]}"
  fi
  if stale ha-kubernetes-address.service "${ADDRESS_FILES[@]}"; then
    give_up_address
    turn_on restart ha-kubernetes-address.service "${ADDRESS_FILES[@]}"
  fi
  wait_until 60 "a router to be FRR's neighbor (\`vtysh -c 'show $ROUTED_BY'\` on this host, \`journalctl -u frr\`)" router_answers
}
router_answers() {
  local said
  said=$(HOME=$STAGE vtysh -c "show $ROUTED_BY json")
  # BGP and OSPF, in their own words.
  [[ $said == *'"Established"'* || $said =~ \"(nbrState|state)\":\ ?\"Full ]] || {
    echo "no neighbor is up"
    return 1
  }
}

routed_remove() {
  systemctl disable --quiet --now ha-kubernetes-address 2>/dev/null || true
  rm -f "$ADDRESS_SCRIPT"
  rmdir "${ADDRESS_SCRIPT%/*}" "${FRR_UNIT%/*}" 2>/dev/null || true
  systemctl daemon-reload
  restore_service frr
  forget_started frr ha-kubernetes-address.service
}
