# shellcheck shell=bash
# Programs of earlier versions. Those that an upgrade is about to leave still run when this looks, so they go with the next one.

# In front of the host's own folders; empty but in tests.
readonly PROGRAMS=${HAK_ROOT:-}/opt/ha-kubernetes

remove_old_versions() {
  local folder name list old=() used
  list=$(<"$STAGE/inputs/artifacts")
  for folder in "$PROGRAMS"/*-*/; do
    name=${folder%/}
    name=${name##*/}
    if [ -d "$folder" ] && [[ $list != *" /opt/ha-kubernetes/$name "* ]]; then old+=("$name"); fi
  done
  [ ${#old[@]} -gt 0 ] || return 0
  used=$(used_programs)
  for name in "${old[@]}"; do
    [[ $used != *"/opt/ha-kubernetes/$name/"* ]] || continue
    rm -rf "${PROGRAMS:?}/$name"
    did "removed $PROGRAMS/$name"
  done
}
# What links lead to, units start and processes are.
used_programs() {
  links_to_programs
  sed -n 's/^ExecStart=//p' /etc/systemd/system/{etcd,kubelet,containerd}.service 2>/dev/null || true
  readlink /proc/[0-9]*/exe 2>/dev/null || true
}
links_to_programs() { find "${HAK_ROOT:-}"/usr/local/bin "${HAK_ROOT:-}"/opt/cni/bin -maxdepth 1 -type l -printf '%l\n' 2>/dev/null || true; }
