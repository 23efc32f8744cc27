# shellcheck shell=bash
# SELinux stays as it is, enforcing too. What this program puts on a host gets the labels of programs, by rules that a relabeling of the
# host keeps; haproxy and keepalived may connect to the cluster's ports. Containers run without labels of their own.

selinux_is_on() { command -v getenforce >/dev/null && [ "$(getenforce)" != Disabled ]; }

readonly LABELED=("/opt/ha-kubernetes(/.*)?" "/usr/local/lib/ha-kubernetes(/.*)?")
readonly SELINUX_SWITCHES=(haproxy_connect_any keepalived_connect_any)

# label_programs: before anything is started from there, and on every run: what came since has the label of its folder's parent.
label_programs() {
  local pattern known changed=0
  selinux_is_on || return 0
  command -v semanage >/dev/null || fail "SELinux is on and semanage is missing, which labels this cluster's programs: install policycoreutils-python-utils"
  known=$(semanage fcontext -l -C -n 2>/dev/null || true)
  for pattern in "${LABELED[@]}"; do
    if [[ $'\n'"$known" == *$'\n'"$pattern "* ]]; then continue; fi
    semanage fcontext -a -t bin_t "$pattern" || fail "semanage does not take the label of $pattern"
    changed=$((changed + 1))
  done
  restorecon -R /opt/ha-kubernetes /usr/local/lib/ha-kubernetes 2>/dev/null || true
  [ "$changed" -eq 0 ] || did "labeled the programs for SELinux"
  if has_role balancer; then switch_selinux; fi
}
switch_selinux() {
  local name
  for name in "${SELINUX_SWITCHES[@]}"; do
    # A policy may not have it, and then nothing forbids it.
    if [ "$(getsebool "$name" 2>/dev/null)" != "$name --> off" ]; then continue; fi
    save "selinux-$name" <<<"off"
    setsebool -P "$name" on || fail "setsebool can't turn $name on"
    did "turned $name on in SELinux"
  done
}
restore_selinux() {
  local note pattern known
  command -v semanage >/dev/null || return 0
  known=$(semanage fcontext -l -C -n 2>/dev/null || true)
  for pattern in "${LABELED[@]}"; do
    if [[ $'\n'"$known" == *$'\n'"$pattern "* ]]; then semanage fcontext -d "$pattern" || say "semanage keeps the label of $pattern"; fi
  done
  for note in "$SAVED"/selinux-*; do
    [ -f "$note" ] || continue
    setsebool -P "${note##*/selinux-}" "$(<"$note")" || say "${note##*/selinux-} stays on in SELinux"
    rm -f "$note"
  done
}
