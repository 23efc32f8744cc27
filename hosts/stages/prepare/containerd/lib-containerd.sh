# shellcheck shell=bash
# The container runtime: binaries of the wanted version behind constant links, configuration, service, images.

# A worker's turns are the API's.
api_as_kubelet
# With the proxy's, where there is one.
CONTAINERD_FILES=(/etc/containerd/config.toml /etc/containerd/conf.d/host.toml /etc/systemd/system/containerd.service)

apply_containerd() {
  try_configuration
  [[ "$(readlink /usr/local/bin/containerd)" == /opt/ha-kubernetes/* ]] || save_directory /var/lib/containerd
  activate "/opt/ha-kubernetes/containerd-$CONTAINERD_VERSION" /usr/local/bin containerd ctr containerd-shim-runc-v2
  activate "/opt/ha-kubernetes/runc-$RUNC_VERSION" /usr/local/bin runc
  activate_cni
  install_files '/etc/containerd/*'
  install_files '/etc/systemd/system/containerd.service*'
  use_proxy
  if [ -f /etc/containerd/conf.d/extra.toml ]; then CONTAINERD_FILES+=(/etc/containerd/conf.d/extra.toml); fi
  host_settings
  # Containers live on while it restarts. Registries' hosts.toml files are read at each pull.
  if stale containerd "${CONTAINERD_FILES[@]}" "$(readlink -f /usr/local/bin/containerd)"; then
    enable_units containerd
    reread_units containerd
    if systemctl is-active --quiet containerd; then restart_in_turn; else restart_containerd; fi
  elif turn_was_cut && has_joined; then
    give_turn_back || fail "the API does not take back the turn of a run that was killed: $(refusal)"
  fi
}

# Before a file with the config's own lines goes live: a containerd that does not start takes its node down. It reads all files and the
# settings of all plugins, and starts nothing.
try_configuration() {
  local folder=$STAGE/containerd extra said program=${HAK_ROOT:-}/opt/ha-kubernetes/containerd-$CONTAINERD_VERSION/containerd
  extra=$(staged /etc/containerd/conf.d/extra.toml)
  if [ -z "$extra" ] || cmp -s "$extra" /etc/containerd/conf.d/extra.toml; then return 0; fi
  mkdir -p "$folder"
  cp "$extra" "$folder/extra.toml"
  sed "s|^imports = .*|imports = ['$folder/extra.toml']|" "$(staged /etc/containerd/config.toml)" >"$folder/config.toml"
  said=$("$program" --config "$folder/config.toml" config dump 2>&1 >/dev/null) ||
    fail "containerd $CONTAINERD_VERSION does not start with containerRuntime.extraConfig: $(tail -n 1 <<<"$said")"
  sed -n 's/.*msg="\(Ignoring unknown key[^"]*\)".* key=\(.*\)/WARNING: containerRuntime.extraConfig: containerd passes over \2/p' <<<"$said" | sort -u |
    while read -r said; do say "$said"; done
}

# containerd reads the variables of the proxy only when it starts.
use_proxy() {
  local file
  for file in /etc/systemd/system/containerd.service.d/ha-kubernetes-proxy.conf "$(download_setting proxy.env)"; do
    if [ -f "$file" ]; then CONTAINERD_FILES+=("$file"); fi
  done
}

restart_containerd() {
  systemctl restart containerd || fail "containerd does not start: $(journalctl -u containerd -n 3 -o cat | tr '\n' ' ')"
  wait_until 60 "containerd to answer" ctr --connect-timeout 2s version
  started containerd "${CONTAINERD_FILES[@]}" "$(readlink -f /usr/local/bin/containerd)"
  did "started containerd $CONTAINERD_VERSION"
}

# activate FOLDER LINKS NAME...: points LINKS/NAME to FOLDER/NAME.
activate() {
  local folder=$1 links=$2 name
  mkdir -p "$links"
  for name in "${@:3}"; do
    [ -x "$folder/$name" ] || fail "$folder/$name is missing: the list of artifacts has no $name"
    put_link "$folder/$name" "$links/$name"
  done
}
activate_cni() {
  local folder=/opt/ha-kubernetes/cni-plugins-$CNI_PLUGINS_VERSION names
  mapfile -t names < <(find "$folder" -maxdepth 1 -type f -perm -u+x -printf '%f\n')
  [ ${#names[@]} -gt 0 ] || fail "$folder is empty: the list of artifacts has no CNI plugins"
  activate "$folder" /opt/cni/bin "${names[@]}"
  link_image_programs "$folder"
}
# Programs out of an image come once containerd runs. Until then a link to those of another version stays.
link_image_programs() {
  local root=${HAK_ROOT:-} kind folder name programs
  while read -r kind _ _ folder programs; do
    if [ "$kind" != image-program ] || [ "$folder" != "$1" ]; then continue; fi
    for name in $programs; do
      if [ -x "$root$folder/$name" ] || [ ! -x "$root/opt/cni/bin/$name" ]; then put_link "$folder/$name" "/opt/cni/bin/$name"; fi
    done
  done <"$STAGE/inputs/artifacts"
}

# What depends on the host itself. In a container a process can't be protected from the memory killer better than its parent, and
# control groups of version 1 are not systemd's to give.
host_settings() {
  local v2=false entry name
  [ ! -f /sys/fs/cgroup/cgroup.controllers ] || v2=true
  {
    printf "version = 3\n[plugins.'io.containerd.cri.v1.runtime']\n"
    if in_container; then printf '  restrict_oom_score_adj = true\n'; fi
    printf "  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]\n    runtime_type = 'io.containerd.runc.v2'\n"
    printf "    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]\n      SystemdCgroup = %s\n" "$v2"
    for entry in ${RUNTIMES:-}; do
      name=${entry%%=*}
      printf "  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.'%s']\n    runtime_type = 'io.containerd.runc.v2'\n" "$name"
      printf "    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.'%s'.options]\n      BinaryName = '%s'\n      SystemdCgroup = %s\n" "$name" "${entry#*=}" "$v2"
    done
  } | put_file 0644 /etc/containerd/conf.d/host.toml
  {
    if in_container && [ "$v2" = false ]; then echo "failCgroupV1: false"; fi
    # Where something turns swap on again the node lives on, and check says so. Pods get none of it (swapBehavior NoSwap).
    echo "failSwapOn: false"
  } | kubelet_drop_in
}

# kubelet_drop_in <settings: in /etc/ha-kubernetes/kubelet.conf.d, which wins over kubelet's rendered configuration.
kubelet_drop_in() {
  local settings path=/etc/ha-kubernetes/kubelet.conf.d/50-host.conf
  settings=$(cat)
  mkdir -p "${path%/*}"
  if [ -n "$settings" ]; then
    printf 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n%s\n' "$settings" | put_file 0644 "$path"
  elif [ -f "$path" ]; then
    rm -f "$path"
    did "removed $path"
  fi
}

# Ours only: preflight let no other containerd be here.
remove_containerd() {
  local pid mount
  [[ "$(readlink /usr/local/bin/containerd)" == /opt/ha-kubernetes/* ]] || return 0
  end_import
  systemctl disable --quiet --now containerd 2>/dev/null || true
  for pid in $(k8s_shims); do kill_tree "$pid"; done
  wait_until 30 "containers' shims to end" no_shims
  while read -r mount; do umount -l "$mount"; done < <(awk '$2 ~ "^/(run|var/lib)/containerd/" {print $2}' /proc/mounts | sort -r)
  if [ -d /var/lib/containerd ]; then find /var/lib/containerd -mindepth 1 -xdev -delete; fi
  # A separate disk stays mounted. The previous release noted the mode alone, and only of an existing directory.
  if is_saved containerd_root; then
    chmod "$(saved containerd_root)" /var/lib/containerd
  elif is_saved directory+var+lib+containerd; then
    restore_directory /var/lib/containerd
  elif ! mountpoint -q /var/lib/containerd; then
    rmdir /var/lib/containerd
  fi
  rm -rf /run/containerd
  rm -f /run/nri/nri.sock
  rmdir /run/nri 2>/dev/null || true
  rm -f /etc/containerd/conf.d/host.toml
  rmdir /etc/containerd/conf.d 2>/dev/null || true
  systemctl stop kubepods.slice 2>/dev/null || true
  find /sys/fs/cgroup -depth -type d -path '*/kubepods*' -exec rmdir {} + 2>/dev/null || true
  remove_links /usr/local/bin
  remove_links /opt/cni/bin
  rmdir /opt/cni/bin /opt/cni /etc/cni/net.d /etc/cni 2>/dev/null || true
  forget_started containerd
}
remove_links() {
  local link
  [ -d "$1" ] || return 0
  while read -r link; do remove_link "$link"; done < <(find "$1" -maxdepth 1 -type l -lname '/opt/ha-kubernetes/*')
}
# A shim's command line names its namespace; containers that someone else runs in another one are not touched.
k8s_shims() { pgrep --ns $$ --nslist pid -f -- 'containerd-shim-runc-v2 -namespace k8s\.io ' || true; }
no_shims() { [ -z "$(k8s_shims)" ]; }
kill_tree() {
  local child
  for child in $(pgrep -P "$1" || true); do kill_tree "$child"; done
  kill -KILL "$1" 2>/dev/null || true
}
