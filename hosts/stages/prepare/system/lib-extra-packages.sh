# shellcheck shell=bash
# Packages that the config names (hostPreparation.extraPackages): those that leave its list go, where this program brought them.

# drop_extra_packages: with the packages that nothing else needs then. One that another package needs stays.
drop_extra_packages() {
  # shellcheck disable=SC2034 # others_that_go reads it
  local one ours=() gone=() go=()
  is_saved packages-extra && is_saved packages-ours || return 0
  mapfile -t ours < <(saved packages-ours | comm -12 - <(installed_packages))
  for one in $(saved packages-extra); do
    if [[ " $PACKAGES " == *" $one "* ]] || [[ " ${ours[*]} " != *" $one "* ]]; then continue; fi
    [ -n "$(others_that_go "$one")" ] || go+=("$one")
  done
  if [ ${#go[@]} -gt 0 ]; then
    apt_get --purge remove "${go[@]}" || fail "apt-get could not remove ${go[*]}: $(apt_error)"
    did "removed ${go[*]}"
    mapfile -t go < <(apt-get -s autoremove 2>/dev/null | awk '/^Remv / {print $2}' | sort | comm -12 - <(printf '%s\n' "${ours[@]}"))
    # shellcheck disable=SC2086 # one word each
    mapfile -t go < <(printf '%s\n' "${go[@]}" | sed '/^$/d' | comm -23 - <(printf '%s\n' $PACKAGES | sort))
    [ ${#go[@]} -eq 0 ] || apt_get --purge remove "${go[@]}" || fail "apt-get could not remove ${go[*]}: $(apt_error)"
  fi
  forget packages-extra
}
