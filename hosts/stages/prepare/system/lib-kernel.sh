# shellcheck shell=bash
# Modules and sysctls. In a container the kernel is the machine's: its settings are reported, not applied.

NOT_APPLIED=()

apply_modules() {
  local module
  if in_container; then
    NOT_APPLIED+=("modules")
    return 0
  fi
  [ -n "$MODULES" ] || return 0
  # shellcheck disable=SC2086 # one word each
  printf '%s\n' $MODULES | put_file 0644 /etc/modules-load.d/ha-kubernetes.conf
  for module in $MODULES; do
    if [ -d "/sys/module/$module" ] || grep -q "/$module\.ko" "/lib/modules/$(uname -r)/modules.builtin" 2>/dev/null; then continue; fi
    save "module-$module" <<<"not loaded"
    modprobe "$module" || fail "kernel module $module can't be loaded into Linux $(uname -r): install the kernel's package of modules"
    did "loaded $module"
  done
}
restore_modules() {
  local file module
  rm -f /etc/modules-load.d/ha-kubernetes.conf
  for file in "$SAVED"/module-*; do
    [ -f "$file" ] || continue
    module=${file##*/module-}
    # In use by something else meanwhile: it stays until the next boot.
    modprobe -r "$module" 2>/dev/null || say "kernel module $module is in use and stays loaded"
    forget "module-$module"
  done
}

# The last by its name of all that are read at boot: hardening and distributions write 99-*.conf.
readonly SYSCTL_FILE=/etc/sysctl.d/99-zz-ha-kubernetes.conf
# What an earlier release called it.
readonly OLD_SYSCTL_FILE=/etc/sysctl.d/90-ha-kubernetes.conf

# Previous values are saved one by one, so that a setting that is no longer wanted gets its own value back.
apply_sysctl() {
  local path value has wants lines="" skipped=0 changed=0
  while read -r path value; do
    if in_container && [[ $path != net/* ]]; then
      skipped=$((skipped + 1))
      continue
    fi
    if [ ! -e "/proc/sys/$path" ]; then
      if in_container || ! item_is_on modules; then
        skipped=$((skipped + 1))
        continue
      fi
      fail "there is no sysctl $path in Linux $(uname -r)"
    fi
    read -r -a has <"/proc/sys/$path" || true
    read -r -a wants <<<"$value"
    if [ "${has[*]}" != "${wants[*]}" ]; then
      save "sysctl-${path//\//+}" </proc/sys/"$path"
      if ! printf '%s\n' "$value" 2>/dev/null >"/proc/sys/$path"; then
        in_container || fail "sysctl $path does not take the value $value"
        forget "sysctl-${path//\//+}"
        skipped=$((skipped + 1))
        continue
      fi
      changed=$((changed + 1))
    fi
    # The dash: a module that is not loaded at boot does not stop the others.
    lines+="-$path = $value"$'\n'
  done < <(listen_to_routers && cat "$STAGE/inputs/sysctl")
  [ "$skipped" -eq 0 ] || NOT_APPLIED+=("$skipped sysctls")
  printf '%s' "$lines" | put_file 0644 "$SYSCTL_FILE"
  rm -f "$OLD_SYSCTL_FILE"
  [ "$changed" -eq 0 ] || did "set $changed sysctls"
  restore_sysctls_but "$lines"
}
# A kernel that forwards IPv6 heeds no router's advertisement, and drops the default route that came by one unless accept_ra is 2 before. Where
# something else than the kernel listens (systemd-networkd), the setting is 0 and stays.
listen_to_routers() {
  local device
  grep -q '^net/ipv6/conf/all/forwarding 1' "$STAGE/inputs/sysctl" || return 0
  for device in $(ip -6 route show default proto ra 2>/dev/null | sed -n 's/.* dev \([^ ]*\).*/\1/p' | sort -u); do
    case $(cat "/proc/sys/net/ipv6/conf/$device/accept_ra" 2>/dev/null) in [12]) echo "net/ipv6/conf/$device/accept_ra 2" ;; esac
  done
}
restore_sysctls_but() {
  local file path restored=0
  for file in "$SAVED"/sysctl-*; do
    [ -f "$file" ] || continue
    path=${file##*/sysctl-}
    path=${path//+//}
    if [[ $'\n'"$1" == *$'\n'"-$path = "* ]]; then continue; fi
    if [ -e "/proc/sys/$path" ]; then cat "$file" >"/proc/sys/$path"; fi
    rm -f "$file"
    restored=$((restored + 1))
  done
  [ "$restored" -eq 0 ] || did "gave $restored sysctls their old values back"
}
restore_sysctl() {
  rm -f "$SYSCTL_FILE" "$OLD_SYSCTL_FILE"
  restore_sysctls_but ""
}
