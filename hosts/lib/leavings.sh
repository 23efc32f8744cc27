# shellcheck shell=bash
# What a node's programs leave on a host beside what others have there: only theirs is taken away.

readonly SYSCTLS=/proc/sys POD_LOGS=/var/log/pods CONTAINER_LOGS=/var/log/containers NETWORK_CONFIGURATION=/etc/cni/net.d

# Before our first kubelet starts here: notes the logs of foreign pods, and how the kubelet's folder looked.
note_before_kubelet() {
  [ ! -e /etc/systemd/system/kubelet.service ] || return 0
  save_directory /var/lib/kubelet
  pod_logs | save pod-logs
  proxy_settings | save proxy-settings
}
# Sysctls that kube-proxy writes over and never gives back (its conntrack.go, and the proxiers of its modes), `path value` each.
proxy_settings() {
  local path value
  for path in net/netfilter/nf_conntrack_{tcp_timeout_established,tcp_timeout_close_wait,tcp_be_liberal,udp_timeout,udp_timeout_stream} \
    net/ipv4/conf/all/{route_localnet,arp_ignore,arp_announce} net/ipv4/vs/{conntrack,conn_reuse_mode,expire_nodest_conn,expire_quiescent_template}; do
    if read -r value 2>/dev/null <"$SYSCTLS/$path"; then echo "$path $value"; fi
  done
}
restore_proxy_settings() {
  local path value has
  is_saved proxy-settings || return 0
  while read -r path value; do
    if ! read -r has 2>/dev/null <"$SYSCTLS/$path" || [ "$has" = "$value" ]; then continue; fi
    { echo "$value" >"$SYSCTLS/$path"; } 2>/dev/null || say "sysctl $path stays $has: the kernel does not take $value back"
  done < <(saved proxy-settings)
}
# remove_plugin_folders: empty ones that kube-controller-manager and kubelet make for volume plugins.
remove_plugin_folders() {
  local folder=/usr/libexec/kubernetes
  rmdir $folder/kubelet-plugins/volume/exec $folder/kubelet-plugins/volume $folder/kubelet-plugins $folder 2>/dev/null || true
}
pod_logs() { find "$POD_LOGS/" -mindepth 1 -maxdepth 1 -printf "%f\n" 2>/dev/null || true; }
# The previous release noted none: on its hosts all logs are this cluster's.
remove_pod_logs() {
  local name
  [ -d "$POD_LOGS" ] || return 0
  while read -r name; do rm -rf "${POD_LOGS:?}/$name"; done < <(pod_logs | grep -vxF -f <(cat "$SAVED/pod-logs" 2>/dev/null) || true)
  # Links to those, which lead nowhere now.
  [ ! -d "$CONTAINER_LOGS" ] || find "$CONTAINER_LOGS" -xtype l -lname "$POD_LOGS/*" -delete
  rmdir "$POD_LOGS" "$CONTAINER_LOGS" 2>/dev/null || true
  forget pod-logs
}

# Preflight found none, so these files are the cluster's, except for those that a package has brought since.
remove_network_configuration() {
  local file
  for file in "$NETWORK_CONFIGURATION"/* "$NETWORK_CONFIGURATION"/.[!.]*; do
    if [ -e "$file" ] && ! dpkg -S "$file" >/dev/null 2>&1; then rm -rf "$file"; fi
  done
  rmdir "$NETWORK_CONFIGURATION" 2>/dev/null || true
}

# clear_services: kube-proxy's of ipvs mode, by the addresses on a link of its own, before that link goes. clear_sets: its sets, once no
# rule uses them.
clear_services() {
  local address kind service
  command -v ipvsadm >/dev/null || return 0
  while read -r address; do
    while read -r kind service; do
      ipvsadm --delete-service "$kind" "$service"
    done < <(ipvsadm --save --numeric | awk -v at="$(host_port "$address" "")" '$1 == "-A" && index($3, at) == 1 {print $2, $3}')
  done < <(ip -o address show dev kube-ipvs0 2>/dev/null | awk '{sub("/.*", "", $4); print $4}')
}
clear_sets() {
  local name
  command -v ipset >/dev/null || return 0
  while read -r name; do ipset destroy "$name" 2>/dev/null || true; done < <(ipset list -n 2>/dev/null | grep '^KUBE-')
}

# clean_iptables COMMAND FAMILY: takes away the rules of Kubernetes, and the tables that hold nothing else: chains of iptables' own names
# that let everything pass and have no rule. A policy is content, too.
clean_iptables() {
  local table
  command -v "$1-save" >/dev/null || return 0
  if "$1-save" | grep -E 'KUBE-|FLANNEL|CNI-' >/dev/null; then "$1-save" | grep -vE 'KUBE-|FLANNEL|CNI-' | "$1-restore"; fi
  command -v nft >/dev/null || return 0
  for table in mangle nat filter; do
    if nft list table "$2" "$table" 2>/dev/null | says_something; then continue; fi
    nft delete table "$2" "$table" 2>/dev/null || true
  done
}
# says_something <a table as nft lists it
says_something() {
  grep -vE '^(table|#|}|$)|^\s+(chain (PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING) \{|type [^;]*; policy accept;|\})$' >/dev/null
}
