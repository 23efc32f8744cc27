# shellcheck shell=bash
# A firewall of the host's owner, firewalld or ufw, stays in charge. What the cluster needs is opened in it, by its own commands: now, and
# for its own reload and the next boot. `openings` has a line `protocol first last from` for each port that others than hosts reach.

# Its service only loads it at boot: `ufw enable` does not start that.
ufw_is_active() { command -v ufw >/dev/null && ufw status 2>/dev/null | grep '^Status: active' >/dev/null; }
firewalld_is_active() { command -v firewall-cmd >/dev/null && systemctl is-active --quiet firewalld 2>/dev/null; }

apply_others_firewalls() {
  if ufw_is_active; then open_ufw; fi
  if firewalld_is_active; then open_firewalld; fi
}
restore_others_firewalls() {
  if command -v ufw >/dev/null; then close_ufw ""; fi
  close_firewalld ""
}

# ---- ufw ------------------------------------------------------------------------------------------------------------------------
# Our rules carry a comment, by which they are found again. A rule that is there already stays its owner's.

readonly UFW_COMMENT=" comment 'ha-kubernetes'"

# wanted_ufw_rules: as `ufw show added` prints them.
wanted_ufw_rules() {
  local range protocol first last from
  for range in $NODE_CIDRS; do echo "allow from $range"; done
  if is_node; then printf '%s\n' "allow from $POD_CIDR" "route allow from $POD_CIDR" "route allow to $POD_CIDR"; fi
  while read -r protocol first last from; do
    [ "$first" = "$last" ] || first+=":$last"
    if [ "$from" = any ]; then echo "allow $first/$protocol"; else echo "allow from $from to any port $first proto $protocol"; fi
  done <"$STAGE/inputs/openings"
}
ufw_rules() { ufw show added 2>/dev/null | sed -n 's/^ufw //p'; }

# ufw_command VERB RULE: the verb comes after `route`.
ufw_command() {
  local rule=$2 route=()
  if [[ $rule == route\ * ]]; then route=(route) rule=${rule#route }; fi
  # shellcheck disable=SC2086 # one word each
  ufw "${route[@]}" $1 $rule "${@:3}" >/dev/null
}
open_ufw() {
  local wanted rules rule changed=0
  wanted=$(wanted_ufw_rules)
  rules=$(ufw_rules)
  while read -r rule; do
    if [[ $'\n'"$rules"$'\n' == *$'\n'"$rule"$'\n'* ]] || [[ $'\n'"$rules"$'\n' == *$'\n'"$rule comment "* ]]; then continue; fi
    # Before the owner's own rules: one that denies a port to everybody would close it to hosts.
    ufw_command prepend "$rule" comment ha-kubernetes || fail "ufw does not take the rule '$rule'"
    changed=$((changed + 1))
  done <<<"$wanted"
  [ "$changed" -eq 0 ] || did "opened ufw for the cluster ($changed rules)"
  close_ufw "$wanted"
}
# close_ufw RULES: takes our rules away but for these.
close_ufw() {
  local rule changed=0
  while read -r rule; do
    [[ $rule == *"$UFW_COMMENT" ]] || continue
    rule=${rule%"$UFW_COMMENT"}
    if [[ $'\n'"$1"$'\n' == *$'\n'"$rule"$'\n'* ]]; then continue; fi
    ufw_command delete "$rule" || fail "ufw does not give up the rule '$rule'"
    changed=$((changed + 1))
  done < <(ufw_rules)
  [ "$changed" -eq 0 ] || did "took $changed rules out of ufw"
}

# ---- firewalld ------------------------------------------------------------------------------------------------------------------
# Hosts and pods are sources of its zone `trusted`, what others reach is opened in the zone of the host's network. Set both now and for
# good: a reload would drop what others set for now alone. `saved firewalld` has our own settings, `zone option value` a line.

# wanted_firewalld: the same lines.
wanted_firewalld() {
  local range zone protocol first last from link
  for range in $NODE_CIDRS; do echo "trusted source $range"; done
  if is_node; then echo "trusted source $POD_CIDR"; fi
  link=$(ip -o -4 address show to "$HOST_ADDRESS" | awk '{print $2; exit}')
  zone=$(firewall-cmd --get-zone-of-interface="$link" 2>/dev/null) || zone=$(firewall-cmd --get-default-zone)
  while read -r protocol first last from; do
    [ "$first" = "$last" ] || first+="-$last"
    if [ "$from" = any ]; then
      echo "$zone port $first/$protocol"
    else
      echo "$zone rich-rule rule family=\"ipv4\" source address=\"$from\" port port=\"$first\" protocol=\"$protocol\" accept"
    fi
  done <"$STAGE/inputs/openings"
}
# in_firewalld COMMAND ZONE OPTION VALUE [--permanent]
in_firewalld() { firewall-cmd "${@:5}" --zone="$2" "--$1-$3=$4" >/run/ha-kubernetes/firewalld.said 2>&1; }

open_firewalld() {
  local wanted zone option value known="" for_good changed=0
  wanted=$(wanted_firewalld)
  if is_saved firewalld; then known=$(saved firewalld); fi
  # Files that firewalld makes of its own defaults, once something is set in a zone.
  while read -r zone; do
    if [ ! -e "/etc/firewalld/zones/$zone.xml" ]; then save "firewalld-zone-$zone" <<<"none"; fi
    if [ ! -e "/etc/firewalld/zones/$zone.xml.old" ]; then save "firewalld-old-$zone" <<<"none"; fi
  done < <(awk '{print $1}' <<<"$wanted" | sort -u)
  while read -r zone option value; do
    for for_good in "" --permanent; do
      # shellcheck disable=SC2086 # one word or none
      if in_firewalld query "$zone" "$option" "$value" $for_good; then continue; fi
      # Noted first: what a killed run has set is ours, too.
      if [[ $'\n'"$known"$'\n' != *$'\n'"$zone $option $value"$'\n'* ]]; then
        known+=$'\n'"$zone $option $value"
        sed '/^$/d' <<<"$known" | write_file 0600 root:root "$SAVED/firewalld"
      fi
      # shellcheck disable=SC2086 # one word or none
      in_firewalld add "$zone" "$option" "$value" $for_good ||
        fail "firewalld does not take $option $value in its zone $zone: $(tail -n 1 /run/ha-kubernetes/firewalld.said). A source that is in another zone of yours must be taken out there (firewall-cmd --permanent --zone=ZONE --remove-source=$value, and once more without --permanent)"
      changed=$((changed + 1))
    done
  done <<<"$wanted"
  [ "$changed" -eq 0 ] || did "opened firewalld for the cluster"
  close_firewalld "$wanted"
}
# close_firewalld LINES: takes away our own settings but for these. Where firewalld does not run its files are all there is.
close_firewalld() {
  local zone option value kept="" changed=0
  is_saved firewalld || return 0
  while read -r zone option value; do
    if [[ $'\n'"$1"$'\n' == *$'\n'"$zone $option $value"$'\n'* ]]; then
      kept+="$zone $option $value"$'\n'
      continue
    fi
    if firewalld_is_active; then
      in_firewalld remove "$zone" "$option" "$value" || true
      in_firewalld remove "$zone" "$option" "$value" --permanent || true
    elif command -v firewall-offline-cmd >/dev/null; then
      firewall-offline-cmd -q --zone="$zone" "--remove-$option=$value" >/dev/null 2>&1 || true
    fi
    changed=$((changed + 1))
  done < <(saved firewalld)
  [ "$changed" -eq 0 ] || did "took $changed settings out of firewalld"
  if [ -n "$kept" ]; then
    printf '%s' "$kept" | write_file 0600 root:root "$SAVED/firewalld"
    return 0
  fi
  drop_made_zones
  forget firewalld
}
# The files that came with our settings go, where nothing else was set in them meanwhile.
drop_made_zones() {
  local note zone file
  for note in "$SAVED"/firewalld-zone-*; do
    [ -f "$note" ] || continue
    zone=${note##*/firewalld-zone-}
    file=/etc/firewalld/zones/$zone.xml
    if [ -f "$file" ] && cmp -s <(plain_zone "$file") <(plain_zone "/usr/lib/firewalld/zones/$zone.xml"); then rm -f "$file" "$file.old"; fi
    forget "firewalld-zone-$zone"
  done
  # firewalld's own copy of what it wrote over.
  for note in "$SAVED"/firewalld-old-*; do
    [ -f "$note" ] || continue
    rm -f "/etc/firewalld/zones/${note##*/firewalld-old-}.xml.old"
    rm -f "$note"
  done
}
# plain_zone FILE: what it says, in one order, without what firewalld adds when it writes.
plain_zone() { tr -d '\n' <"$1" | sed 's/> *</>\n</g' | sed -E 's/^ +//; s/ *\/>/\/>/; /^<\?xml|^<forward\/>/d' | sort; }
