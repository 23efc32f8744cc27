#!/usr/bin/env bash
# The same cluster by hand, as a careful operator with a good runbook would make it, one host after another. Hosts, binaries, images,
# topology and add-ons are the same as the program's, and hashes are checked, too. Used by `npm run bench` only.
#
# From the environment: SSH_KEY, file of the private key that logs in as root; API_HOSTS and WORKER_HOSTS, `name=address` separated by
# spaces; VIRTUAL_IP; KUBERNETES_VERSION, PAUSE_VERSION; ARTIFACTS, a folder with the lists `control-plane` and
# `worker` (hosts/lib/artifacts.sh describes their format); MANIFESTS, a file with the add-ons.
set -euo pipefail

read -r -a control_planes <<<"$API_HOSTS"
read -r -a workers <<<"$WORKER_HOSTS"
first=${control_planes[0]}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sockets=$work/ssh
mkdir -m 0700 "$sockets"
readonly API=$VIRTUAL_IP:8443 PROGRAMS=/opt/ha-kubernetes/kubernetes-$KUBERNETES_VERSION

name_of() { echo "${1%%=*}"; }
address_of() { echo "${1##*=}"; }
step() { printf '%4d s  %s\n' "$SECONDS" "$*" >&2; }

# One connection for each host, kept open: no operator would log in again for each command.
readonly SSH_OPTIONS=(-i "$SSH_KEY" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ControlMaster=auto
  -o ControlPersist=600 -o "ControlPath=$sockets/%h")
# shellcheck disable=SC2029 # meant to be expanded here
on() { ssh "${SSH_OPTIONS[@]}" "root@$(address_of "$1")" "${@:2}"; }
to() { scp -q -p -r "${SSH_OPTIONS[@]}" "${@:2:$#-2}" "root@$(address_of "$1"):${*: -1}"; }

# Installs programs with their hashes checked, the container runtime, the images and the kubelet's unit.
prepare() {
  local host=$1 list=$2
  step "prepare $(name_of "$host")"
  to "$host" "$ARTIFACTS/$list" /root/artifacts
  on "$host" bash -euo pipefail -s "$PAUSE_VERSION" "$PROGRAMS" <<'HOST'
    while read -r kind sha256 file folder programs; do
      case $kind in
        binary | archive) ;;
        *) continue ;;
      esac
      echo "$sha256  $file" | sha256sum --check --quiet
      mkdir -p "$folder/unpacked"
      if [ "$kind" = binary ]; then
        install -m 0755 "$file" "$folder/$programs"
      else
        tar -xf "$file" --no-same-owner -C "$folder/unpacked"
        for program in $programs; do
          install -m 0755 "$(find "$folder/unpacked" -type f -name "$program" -print -quit)" "$folder/$program"
        done
      fi
      rm -rf "$folder/unpacked"
      case $folder in
        */cni-plugins-*) mkdir -p /opt/cni/bin && for program in $programs; do ln -sf "$folder/$program" "/opt/cni/bin/$program"; done ;;
        *) for program in $programs; do ln -sf "$folder/$program" "/usr/local/bin/$program"; done ;;
      esac
    done </root/artifacts
    mkdir -p /etc/containerd /var/lib/kubelet /etc/systemd/system/kubelet.service.d
    v2=false
    [ ! -f /sys/fs/cgroup/cgroup.controllers ] || v2=true
    cat >/etc/containerd/config.toml <<TOML
version = 3
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = 'registry.k8s.io/pause:$1'
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = 'io.containerd.runc.v2'
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
      SystemdCgroup = $v2
TOML
    cat >/etc/systemd/system/containerd.service <<'UNIT'
[Service]
Type=notify
ExecStart=/usr/local/bin/containerd
Delegate=yes
KillMode=process
[Install]
WantedBy=multi-user.target
UNIT
    cat >/etc/systemd/system/kubelet.service <<'UNIT'
[Unit]
After=containerd.service
[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
ExecStart=/usr/local/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS
Restart=always
RestartSec=1
[Install]
WantedBy=multi-user.target
UNIT
    sysctl -qw net.ipv4.ip_forward=1
    systemctl daemon-reload
    systemctl enable --quiet --now containerd
    systemctl enable --quiet kubelet
    until ctr version >/dev/null 2>&1; do sleep 0.2; done
    while read -r kind sha256 file _; do
      [ "$kind" = images ] || continue
      echo "$sha256  $file" | sha256sum --check --quiet
      ctr -n k8s.io images import "$file" >/root/import.log 2>&1 || { cat /root/import.log >&2 && exit 1; }
    done </root/artifacts
HOST
}

certificates() {
  step "certificates of etcd"
  new_key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }
  new_key "$work/ca.key"
  openssl req -x509 -new -key "$work/ca.key" -subj /CN=etcd-ca -days 3650 -out "$work/ca.crt"
  local host name
  for host in "${control_planes[@]}"; do
    name=$(name_of "$host")
    new_key "$work/$name.key"
    openssl req -new -key "$work/$name.key" -subj "/CN=$name" -out "$work/$name.csr"
    openssl x509 -req -in "$work/$name.csr" -CA "$work/ca.crt" -CAkey "$work/ca.key" -CAcreateserial -days 365 -out "$work/$name.crt" \
      -extfile <(echo "subjectAltName=DNS:$name,DNS:localhost,IP:$(address_of "$host"),IP:127.0.0.1") 2>/dev/null
  done
}

start_etcd() {
  local host=$1 name address cluster
  name=$(name_of "$host")
  address=$(address_of "$host")
  cluster=$(for member in "${control_planes[@]}"; do echo "$(name_of "$member")=https://$(address_of "$member"):2380"; done | paste -sd,)
  step "etcd on $name"
  on "$host" mkdir -p -m 0700 /etc/etcd
  to "$host" "$work/ca.crt" /etc/etcd/ca.crt
  to "$host" "$work/$name.crt" /etc/etcd/member.crt
  to "$host" "$work/$name.key" /etc/etcd/member.key
  on "$host" bash -euo pipefail -s <<HOST
    cat >/etc/systemd/system/etcd.service <<'UNIT'
[Service]
Type=notify
ExecStart=/usr/local/bin/etcd --name $name --data-dir /var/lib/etcd --listen-peer-urls https://$address:2380 \\
  --initial-advertise-peer-urls https://$address:2380 --listen-client-urls https://$address:2379,https://127.0.0.1:2379 \\
  --advertise-client-urls https://$address:2379 --initial-cluster $cluster --initial-cluster-state new \\
  --client-cert-auth --trusted-ca-file /etc/etcd/ca.crt --cert-file /etc/etcd/member.crt --key-file /etc/etcd/member.key \\
  --peer-client-cert-auth --peer-trusted-ca-file /etc/etcd/ca.crt --peer-cert-file /etc/etcd/member.crt --peer-key-file /etc/etcd/member.key
TimeoutStartSec=infinity
Restart=always
[Install]
WantedBy=multi-user.target
UNIT
    systemctl daemon-reload
    systemctl enable --quiet etcd
    systemctl start --no-block etcd
HOST
}

start_balancer() {
  local host=$1 priority=$2 peers
  step "balancer on $(name_of "$host")"
  peers=$(for peer in "${control_planes[@]}"; do [ "$peer" = "$host" ] || address_of "$peer"; done)
  {
    printf 'defaults\n  mode tcp\n  timeout connect 2s\n  timeout client 1h\n  timeout server 1h\n'
    printf 'frontend api\n  bind *:8443\n  default_backend apiservers\n'
    printf 'backend apiservers\n  option httpchk GET /readyz\n  default-server inter 1s fall 2 check check-ssl verify none on-marked-down shutdown-sessions\n'
    for peer in "${control_planes[@]}"; do echo "  server $(name_of "$peer") $(address_of "$peer"):6443"; done
    printf 'frontend health\n  mode http\n  bind 127.0.0.1:8404\n  monitor-uri /health\n'
  } >"$work/haproxy.cfg"
  {
    printf 'vrrp_script haproxy {\n  script "/usr/bin/curl -sf http://127.0.0.1:8404/health"\n  interval 1\n  fall 2\n}\n'
    printf 'vrrp_instance api {\n  version 3\n  state BACKUP\n  nopreempt\n  interface eth0\n  virtual_router_id 51\n  priority %s\n' "$priority"
    printf '  advert_int 0.2\n  unicast_src_ip %s\n  unicast_peer {\n' "$(address_of "$host")"
    printf '    %s\n' "$peers"
    printf '  }\n  virtual_ipaddress {\n    %s\n  }\n  track_script {\n    haproxy\n  }\n}\n' "$VIRTUAL_IP"
  } >"$work/keepalived.conf"
  to "$host" "$work/haproxy.cfg" /etc/haproxy/haproxy.cfg
  to "$host" "$work/keepalived.conf" /etc/keepalived/keepalived.conf
  on "$host" "systemctl enable --quiet haproxy keepalived && systemctl restart haproxy keepalived"
}

# With the settings that kubelets need with control groups of version 1.
kubeadm_configuration() {
  local host=$1
  cat <<YAML
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint: {advertiseAddress: $(address_of "$host")}
nodeRegistration:
  name: $(name_of "$host")
  kubeletExtraArgs: [{name: node-ip, value: $(address_of "$host")}]
  ignorePreflightErrors: [all]
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v$KUBERNETES_VERSION
controlPlaneEndpoint: $API
networking: {podSubnet: 10.244.0.0/16, serviceSubnet: 10.96.0.0/16}
etcd:
  external:
    endpoints: [$(for member in "${control_planes[@]}"; do echo "https://$(address_of "$member"):2379"; done | paste -sd,)]
    caFile: /etc/kubernetes/pki/etcd/ca.crt
    certFile: /etc/kubernetes/pki/apiserver-etcd-client.crt
    keyFile: /etc/kubernetes/pki/apiserver-etcd-client.key
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
failSwapOn: false
YAML
}

for host in "${control_planes[@]}"; do prepare "$host" control-plane; done
for host in "${workers[@]}"; do prepare "$host" worker; done
certificates
for host in "${control_planes[@]}"; do start_etcd "$host"; done
priority=100
for host in "${control_planes[@]}"; do
  start_balancer "$host" "$priority"
  priority=$((priority - 10))
done

step "kubeadm init on $(name_of "$first")"
on "$first" "mkdir -p /etc/kubernetes/pki/etcd && cp /etc/etcd/ca.crt /etc/kubernetes/pki/etcd/ &&
  cp -p /etc/etcd/member.crt /etc/kubernetes/pki/apiserver-etcd-client.crt && cp -p /etc/etcd/member.key /etc/kubernetes/pki/apiserver-etcd-client.key"
kubeadm_configuration "$first" | on "$first" "cat >/root/kubeadm.yaml"
# The operator keeps the join commands that it prints; the log may hold them, too.
on "$first" "umask 077; kubeadm init --config /root/kubeadm.yaml --skip-phases addon --upload-certs >/root/kubeadm.log 2>&1" ||
  { on "$first" "tail -n 20 /root/kubeadm.log" >&2 && exit 1; }
join=$(on "$first" "kubeadm token create --print-join-command 2>/dev/null")
key=$(on "$first" "kubeadm init phase upload-certs --upload-certs --config /root/kubeadm.yaml 2>/dev/null | tail -n 1")

join() {
  local host=$1 more=${2:-}
  step "kubeadm join on $(name_of "$host")"
  # The command holds a token: on standard input, not among the arguments.
  on "$host" bash -euo pipefail -s <<<"umask 077; $join --node-name $(name_of "$host") --ignore-preflight-errors all $more >/root/kubeadm.log 2>&1 ||
    { tail -n 20 /root/kubeadm.log >&2; exit 1; }"
}
for host in "${control_planes[@]:1}"; do
  join "$host" "--control-plane --certificate-key $key --apiserver-advertise-address $(address_of "$host")"
done
for host in "${workers[@]}"; do join "$host"; done

step "add-ons"
to "$first" "$MANIFESTS" /root/addons.yaml
on "$first" "kubectl --kubeconfig /etc/kubernetes/admin.conf apply --server-side -f /root/addons.yaml >/dev/null"
total=$((${#control_planes[@]} + ${#workers[@]}))
until [ "$(on "$first" "kubectl --kubeconfig /etc/kubernetes/admin.conf get nodes --no-headers 2>/dev/null" | grep -cw Ready)" = "$total" ]; do
  [ "$SECONDS" -lt 900 ] || { echo "the nodes are not Ready after 900 s" >&2 && exit 1; }
  sleep 0.5
done
step "all $total nodes are Ready"
