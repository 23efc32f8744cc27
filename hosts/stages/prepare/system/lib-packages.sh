# shellcheck shell=bash
# Packages: installs the missing ones, and undoes everything that came and went by that. Packages that an admin or other software brought
# later stay.

missing_packages() {
  local PACKAGES=$PACKAGES
  if other_time_service >/dev/null; then PACKAGES=${PACKAGES/chrony/}; fi
  # shellcheck disable=SC2086 # one word each
  dpkg-query -W -f '${db:Status-Status} ${Package}\n' $PACKAGES 2>/dev/null | awk '$1 == "installed" {print $2}' |
    sort | comm -13 - <(printf '%s\n' $PACKAGES | sort)
}

# ---- packages of a bundle ---------------------------------------------------------------------------------------------------
# A bundle may hold the packages of this host's distribution. Then apt installs from them alone: with lists, cache and source of its own,
# which are gone afterwards. Apt trusts the file without a key: the list of artifacts has its SHA-256, which is checked first.

readonly BUNDLED=${HAK_ROOT:-}/opt/ha-kubernetes/packages

# bundled_packages: SHA-256 and place of the packages of this host's distribution; nothing where the list has none.
bundled_packages() {
  # shellcheck disable=SC1091 # the host's own
  awk -v name="$(. "${HAK_ROOT:-}/etc/os-release" && echo "$ID-$VERSION_ID")" '$1 == "packages" && $4 == name {print $2, $3}' "$STAGE/inputs/artifacts"
}

# take_bundled_packages SHA256 FROM
take_bundled_packages() {
  rm -rf "$BUNDLED"
  mkdir -p "$BUNDLED"/{files,lists/partial,cache/archives/partial}
  fetch_without_curl "$@"
  bring "$1" "$2" "$BUNDLED/all.tar"
  tar -xf "$BUNDLED/all.tar" --no-same-owner -C "$BUNDLED/files"
  rm "$BUNDLED/all.tar"
  echo "deb [trusted=yes] file:$BUNDLED/files ./" >"$BUNDLED/sources.list"
  APT_OPTIONS=(-o "Dir::Etc::sourcelist=$BUNDLED/sources.list" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$BUNDLED/lists"
    -o "Dir::Cache=$BUNDLED/cache" -o APT::Sandbox::User=root -o Acquire::Languages=none)
}
drop_bundled_packages() {
  # shellcheck disable=SC2034 # lib/packages.sh reads it
  APT_OPTIONS=()
  rm -rf "$BUNDLED"
}

# fetch_without_curl SHA256 URL: curl may be one of the packages. Where a download stands, `bring` finds it whole.
fetch_without_curl() {
  if [[ $2 == /* ]] || command -v curl >/dev/null; then return 0; fi
  mkdir -p "$DOWNLOADS"
  fetching /usr/lib/apt/apt-helper download-file "$2" "$DOWNLOADS/$1" "SHA256:$1" >/run/ha-kubernetes/apt.log 2>&1 ||
    fail "$2 can't be downloaded to this host: $(apt_error)"
}

# Services of these packages start when their stage says so. Their mask is gone with a boot.
readonly IDLE=(haproxy keepalived frr nginx)
hold_idle() {
  local unit
  for unit in "${IDLE[@]}"; do
    # systemctl complains where the unit does not exist yet.
    if [[ " $* " == *" $unit "* ]]; then systemctl mask --runtime --quiet "$unit" 2>/dev/null || fail "systemd does not mask $unit"; fi
  done
}
# Also what a run left that was killed, or where apt failed after it had brought one of them.
release_idle() {
  local unit
  for unit in "${IDLE[@]}"; do
    [ "$(readlink "/run/systemd/system/$unit.service" 2>/dev/null)" = /dev/null ] || continue
    systemctl unmask --runtime --quiet "$unit"
    systemctl disable --quiet "$unit" 2>/dev/null || true
  done
}

# Added and removed packages are kept for the undo.
apply_packages() { if has_dnf; then apply_dnf_packages; else apply_apt_packages; fi; }
apply_apt_packages() {
  local missing error="" sha256="" from=""
  release_idle
  note_packages
  # Of a run that was killed.
  drop_bundled_packages
  drop_extra_packages
  if [ -n "${EXTRA_PACKAGES:-}" ]; then tr ' ' '\n' <<<"$EXTRA_PACKAGES" | add_to packages-extra; fi
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} -gt 0 ] || return 0
  read -r sha256 from < <(bundled_packages) || true
  say "installing ${missing[*]}${from:+ from ${from##*/}}"
  [ -z "$from" ] || take_bundled_packages "$sha256" "$from"
  packages_before
  # With lists of another day, or those of a disk, it may do.
  update_lists || error="; before that apt-get update said: $(apt_error)"
  hold_idle "${missing[@]}"
  if ! apt_get install --no-install-recommends "${missing[@]}"; then
    release_idle
    note_packages
    drop_bundled_packages
    [ -z "$from" ] || error+="; ${from##*/} may be older than this host: make it again with npm run bundle -- --os"
    fail "apt-get could not install ${missing[*]}: $(apt_error)$error"
  fi
  drop_bundled_packages
  release_idle
  note_packages
  did "installed ${missing[*]}"
}

# ---- what came and went -------------------------------------------------------------------------------------------------------

installed_packages() {
  if has_dnf; then rpm -qa --qf '%{NAME}\n' | sort -u; else dpkg-query -W -f '${db:Status-Status} ${Package}\n' | awk '$1 == "installed" {print $2}' | sort; fi
}

# packages_before, note_packages: right before and right after an install of ours. The first also says what was there before any.
packages_before() {
  installed_packages | save packages
  installed_packages | write_file 0600 root:root "$SAVED/packages-now"
}
note_packages() {
  local now
  note_packages_of_before
  is_saved packages-now || return 0
  now=$(installed_packages)
  comm -13 "$SAVED/packages-now" - <<<"$now" | add_to packages-ours
  comm -23 "$SAVED/packages-now" - <<<"$now" | add_to packages-gone
  forget packages-now
}
# The previous release noted only the packages that it found. Of those that came since, its own are those that it asked for and their
# dependencies.
note_packages_of_before() {
  if ! is_saved packages || is_saved packages-ours || is_saved packages-now; then return 0; fi
  # shellcheck disable=SC2086 # one word each
  { printf '%s\n' $PACKAGES && apt-cache depends --recurse --installed --important $PACKAGES 2>/dev/null | grep '^[a-z0-9]'; } |
    sort -u | comm -12 - <(installed_packages) | comm -23 - "$SAVED/packages" | add_to packages-ours
  comm -23 "$SAVED/packages" <(installed_packages) | add_to packages-gone
}
# add_to NAME <lines
add_to() { { cat && if is_saved "$1"; then saved "$1"; fi; } | sort -u | write_file 0600 root:root "$SAVED/$1"; }

restore_packages() {
  local ours gone options=(--no-install-recommends --purge)
  is_saved packages || return 0
  note_packages
  if has_dnf; then
    restore_dnf_packages
    return 0
  fi
  mapfile -t ours < <(saved packages-ours | comm -12 - <(installed_packages))
  mapfile -t gone < <(saved packages-gone | comm -23 - <(installed_packages))
  # Without a network those can't come, and ours go all the same.
  if [ ${#gone[@]} -gt 0 ] && ! apt_get --download-only --no-install-recommends install "${gone[@]}"; then
    say "not brought back, because apt can't fetch them here: ${gone[*]} ($(apt_error))"
    gone=()
  fi
  if [ ${#ours[@]} -gt 0 ]; then
    keep_needed
    # Nothing goes that is not ours, and this host did without them: so what Debian calls essential may go, too.
    options+=(--allow-remove-essential)
  fi
  if [ ${#ours[@]} -gt 0 ] || [ ${#gone[@]} -gt 0 ]; then
    apt_get "${options[@]}" install "${gone[@]}" "${ours[@]/%/-}" || fail "apt-get could not take packages back: $(apt_error)"
    did "removed ${#ours[@]} packages"
  fi
  forget packages-ours
  forget packages-extra
  forget packages-gone
  forget packages
}

# keep_needed: those that something else needs stay, with what these need themselves. apt is asked for each, where not all may go.
keep_needed() {
  local one needing others keep=() go=()
  others=$(others_that_go "${ours[@]}")
  [ -n "$others" ] || return 0
  for one in "${ours[@]}"; do
    needing=$(others_that_go "$one")
    if [ -n "$needing" ]; then keep+=("$one"); else go+=("$one"); fi
  done
  say "packages stay, because $(paste -sd' ' <<<"$others") need them: ${keep[*]}"
  ours=("${go[@]}")
  [ ${#ours[@]} -gt 0 ] || return 0
  # One by one they could go and together not: then none does.
  needing=$(others_that_go "${ours[@]}")
  [ -z "$needing" ] || ours=()
}

# others_that_go PACKAGE...: what apt would remove with them and is not ours.
others_that_go() {
  local said
  said=$(apt-get -s -q --purge install "${gone[@]}" "${@/%/-}" 2>&1 </dev/null) || fail "apt-get could not take packages back: $(tail -n 3 <<<"$said" | tr '\n' ' ')"
  awk '/^(Remv|Purg) / {print $2}' <<<"$said" | sort -u | comm -23 - <(printf '%s\n' "${ours[@]}")
}
