# shellcheck shell=bash
# Packages of RHEL and its relatives, by dnf and rpm.

# What Debian's packages are called there; the others have the same name.
declare -rA RPM_OF=([iproute2]=iproute [procps]=procps-ng [conntrack]=conntrack-tools [iptables]=iptables-nft [mount]=util-linux
  [nfs-common]=nfs-utils [open-iscsi]=iscsi-initiator-utils [multipath-tools]=device-mapper-multipath)
# Without these the labels of our programs are not kept.
readonly RPM_FOR_SELINUX="policycoreutils-python-utils"

wanted_rpms() {
  local name
  for name in $PACKAGES; do echo "${RPM_OF[$name]:-$name}"; done
  if selinux_is_on; then printf '%s\n' $RPM_FOR_SELINUX; fi
}
# missing_rpms: curl-minimal does for curl, so what provides a name is asked, too.
missing_rpms() {
  local name
  while read -r name; do
    if ! rpm -q --quiet "$name" && ! rpm -q --quiet --whatprovides "$name"; then echo "$name"; fi
  done < <(wanted_rpms)
}

# dnf waits for its own lock. Services of its packages start when their stage says so: RHEL's presets start none of them.
apply_dnf_packages() {
  local missing
  note_packages
  if [ -n "${EXTRA_PACKAGES:-}" ]; then tr ' ' '\n' <<<"$EXTRA_PACKAGES" | add_to packages-extra; fi
  mapfile -t missing < <(missing_rpms)
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  packages_before
  if ! run_dnf install "${missing[@]}"; then
    note_packages
    fail "dnf could not install ${missing[*]}: $(dnf_error)"
  fi
  note_packages
  did "installed ${missing[*]}"
}

# restore_dnf_packages: rpm takes exactly these away, and nothing that hangs on them. What something else needs stays, with what that
# needs in turn.
restore_dnf_packages() {
  local ours gone needed
  mapfile -t ours < <(saved packages-ours | comm -12 - <(installed_packages))
  mapfile -t gone < <(saved packages-gone | comm -23 - <(installed_packages))
  if [ ${#gone[@]} -gt 0 ] && ! run_dnf install "${gone[@]}"; then
    say "not brought back, because dnf can't fetch them here: ${gone[*]} ($(dnf_error))"
  fi
  while [ ${#ours[@]} -gt 0 ]; do
    mapfile -t needed < <(rpms_that_stay "${ours[@]}")
    [ ${#needed[@]} -gt 0 ] || break
    say "packages stay, because others need them: ${needed[*]}"
    mapfile -t ours < <(printf '%s\n' "${ours[@]}" | grep -vxF -f <(printf '%s\n' "${needed[@]}") || true)
  done
  if [ ${#ours[@]} -gt 0 ]; then
    rpm -e "${ours[@]}" >/run/ha-kubernetes/dnf.log 2>&1 || fail "rpm could not take packages back: $(tail -n 3 /run/ha-kubernetes/dnf.log | tr '\n' ' ')"
    did "removed ${#ours[@]} packages"
  fi
  forget packages-ours
  forget packages-extra
  forget packages-gone
  forget packages
}
# rpms_that_stay PACKAGE...: those of them that an installed package that is not among them needs. rpm names the capability
# (`libnftnl.so.11()(64bit) is needed by (installed) nftables-1:1.0.9-6.el9.x86_64`), so each is tried with all others but itself gone.
rpms_that_stay() {
  local one said
  said=$(rpm -e --test "$@" 2>&1) && return 0
  for one in "$@"; do
    if rpm -q --whatrequires --qf '%{NAME}\n' "$one" 2>/dev/null | grep -v '^no package' | grep -vxF -f <(printf '%s\n' "$@") >/dev/null ||
      capabilities_needed "$one" "$said"; then echo "$one"; fi
  done
}
# capabilities_needed PACKAGE SAID: whether something that rpm's answer says is needed is provided by it.
capabilities_needed() {
  local capability
  while read -r capability; do
    if rpm -q --provides "$1" 2>/dev/null | awk '{print $1}' | grep -xF -- "$capability" >/dev/null; then return 0; fi
  done < <(sed -n -E 's/^[[:space:]]*([^ ]+).* is needed by \(installed\) .*/\1/p' <<<"$2" | sort -u)
  return 1
}
