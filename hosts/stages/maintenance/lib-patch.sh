# shellcheck shell=bash
# The distribution's own packages: which would be upgraded, and their upgrade.

UPDATES=()

# find_updates: their names, in UPDATES.
find_updates() {
  [ "$PATCHES" != none ] || return 0
  if has_dnf; then find_rpms; else find_debs; fi
}
patch() {
  [ ${#UPDATES[@]} -gt 0 ] || return 0
  say "upgrading ${#UPDATES[@]} packages: ${UPDATES[*]}"
  if has_dnf; then patch_rpms; else patch_debs; fi
  did "upgraded ${#UPDATES[@]} packages"
}

# ---- apt ------------------------------------------------------------------------------------------------------------------------

# Releases that are not for security get less than an installed package has, so that nothing of theirs takes its place. Of several records the
# first that fits counts (apt_preferences(5)). Debian and Ubuntu name their releases for security <release>-security.
readonly SECURITY_ALONE="Package: *
Pin: release a=now
Pin-Priority: 100

Package: *
Pin: release a=*-security
Pin-Priority: 990

Package: *
Pin: release n=*-security
Pin-Priority: 990

Package: *
Pin: origin *
Pin-Priority: 50
"

find_debs() {
  local said
  mend_dpkg
  if [ "$PATCHES" = security ]; then
    # The host's own after them: what it says of single packages counts before any of these.
    printf '%s\n%s\n' "$SECURITY_ALONE" "$(cat "${HAK_ROOT:-}/etc/apt/preferences" 2>/dev/null)" >"$STAGE/preferences"
    APT_OPTIONS=(-o "Dir::Etc::Preferences=$STAGE/preferences")
  fi
  lists_are_new || fail "apt-get update: $(apt_error). Mend the host's package sources, or set cluster.maintenance.packages to none, and run up again"
  # With the new packages that an upgrade needs, such as another kernel; none is removed.
  said=$(apt-get -s -q "${APT_OPTIONS[@]}" --with-new-pkgs upgrade 2>&1 </dev/null) || fail "apt-get can't say what it would upgrade: $(tail -n 3 <<<"$said" | tr '\n' ' ')"
  mapfile -t UPDATES < <(awk '/^Inst / {print $2}' <<<"$said" | sort -u)
  say_kept_back "$said"
}
# say_kept_back SAID: what apt names, in lines with two blanks before them.
say_kept_back() {
  local kept
  kept=$(awk '/ kept back:$/ {on = 1; next} !/^  / {on = 0} on' <<<"$1" | xargs)
  [ -z "$kept" ] || say "apt does not upgrade these, because they are on hold or others would have to go: $kept"
}
# apt-get ends well where a source does not answer, and goes by old lists: then nothing would seem to be due.
lists_are_new() { update_lists && ! grep -E '^[WE]: Failed to fetch' /run/ha-kubernetes/apt.log >/dev/null; }
# An apt that was killed leaves packages unpacked, and refuses until they are configured.
mend_dpkg() {
  local said
  [ -n "$(dpkg --audit)" ] || return 0
  said=$(dpkg --configure -a 2>&1 </dev/null) || fail "dpkg --configure -a: $(tail -n 3 <<<"$said" | tr '\n' ' ')"
  did "configured packages that were left half installed"
}
# Configuration files that somebody changed stay as they are.
patch_debs() {
  apt_get -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold --with-new-pkgs upgrade ||
    fail "apt-get could not upgrade: $(apt_error). Mend that on this host, then run up again"
}

# ---- dnf ------------------------------------------------------------------------------------------------------------------------

rpms_for() { if [ "$PATCHES" = security ]; then echo --security; fi; }
find_rpms() {
  local said status=0
  # shellcheck disable=SC2046 # nothing, or one word
  said=$(fetching dnf -q $(rpms_for) check-update 2>/run/ha-kubernetes/dnf.log </dev/null) || status=$?
  # It ends with 100 where there is something to upgrade.
  [ "$status" -eq 0 ] || [ "$status" -eq 100 ] || fail "dnf check-update: $(dnf_error). Mend the host's package sources, or set cluster.maintenance.packages to none, and run up again"
  mapfile -t UPDATES < <(awk '/^Obsoleting/ {exit} NF == 3 {print $1}' <<<"$said" | sort -u)
}
patch_rpms() {
  # shellcheck disable=SC2046 # nothing, or one word
  run_dnf $(rpms_for) upgrade || fail "dnf could not upgrade: $(dnf_error). Mend that on this host, then run up again"
}
