# shellcheck shell=bash
# Says that this control plane leaves: in etcd and, for workers, in the API. Where etcd has no quorum nothing can be written there,
# so the host itself says so, on port 2383 to the nodes' networks.
# An etcd host that is no control plane looks whether all have said so, and remembers it: when it is undone itself, they are gone.

undo_leaving() {
  if [ "${MARKS:-yes}" = no ]; then
    if teardown; then did "the whole cluster goes"; fi
  elif ! etcd_access; then
    say "this host holds no credential for etcd: nothing to mark"
  elif quorum_lost; then
    say "etcd has no quorum: this host answers for itself on port 2383"
    answer_for_itself
    did "marked as leaving, on this host"
  else
    etcd_surely put "ha-kubernetes/leaving/$HOST_NAME" yes >/dev/null
    tell_workers
    did "marked as leaving"
  fi
}

tell_workers() {
  cat >/run/ha-kubernetes/leaving.yaml <<EOF
apiVersion: v1
kind: ConfigMap
metadata: {name: ha-kubernetes, namespace: kube-system}
data:
  control-plane.$HOST_NAME: "$HOST_ADDRESS"
  leaving.$HOST_NAME: "yes"
EOF
  kubectl --kubeconfig /etc/kubernetes/admin.conf --server "https://$HOST_ADDRESS:6443" --request-timeout=20s apply --server-side --force-conflicts \
    --field-manager="control-plane-$HOST_NAME" -f /run/ha-kubernetes/leaving.yaml >/dev/null 2>&1 </dev/null ||
    say "the apiserver of this host does not answer: workers will have to ask another"
}

answer_for_itself() {
  write_file 0644 root:root "$HOME_DIR/leaving" <<<"$OWNER $HOST_NAME leaves"
  mkdir -p /run/systemd/system
  cat >/run/systemd/system/ha-kubernetes-leaving.socket <<'EOF'
[Socket]
ListenStream=2383
Accept=yes
MaxConnections=64
EOF
  cat >/run/systemd/system/ha-kubernetes-leaving@.service <<EOF
[Service]
ExecStart=/bin/bash $HOME_DIR/answer.sh
StandardInput=socket
StandardOutput=socket
RuntimeMaxSec=5
EOF
  # One answer over HTTP, whatever is asked.
  cat >"$HOME_DIR/answer.sh" <<EOF
while read -r line && [ -n "\${line%%\$'\r'}" ]; do :; done
printf 'HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n'
cat $HOME_DIR/leaving
EOF
  systemctl daemon-reload
  systemctl start ha-kubernetes-leaving.socket
}

undo_leaving
