# shellcheck shell=bash
# Says that this control plane leaves: in etcd and, for workers, in the API. Where etcd has no quorum nothing can be written there,
# so the host itself says so, on port 2383 to the nodes' networks, and signs it.
# An etcd host without a control plane checks whether all have said so and remembers it: they are gone when it is undone itself.

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
    api_as_admin "https://$(host_port "$HOST_ADDRESS" 6443)"
    announce_control_plane leaving >/dev/null 2>&1 || say "the apiserver of this host does not answer: workers will have to ask another"
    did "marked as leaving"
  fi
}

# The word, then a certificate of this control plane and the signature by its key, on a line for each authority that others may know:
# etcd's, and Kubernetes'.
signed_word() {
  local word name
  word="$OWNER $HOST_NAME leaves at $(date +%s)"
  echo "$word"
  for name in apiserver-etcd-client apiserver; do
    [ -s "$KUBERNETES_PKI/$name.key" ] || continue
    printf '%s %s\n' "$(openssl x509 -in "$KUBERNETES_PKI/$name.crt" -outform DER | base64 -w0)" \
      "$(printf %s "$word" | openssl dgst -sha256 -sign "$KUBERNETES_PKI/$name.key" | base64 -w0)"
  done
}

# By a process that may do nothing else. Who asks looks at the signature, so it matters little who answers.
answer_for_itself() {
  signed_word | write_file 0644 root:root "$HOME_DIR/leaving"
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
DynamicUser=yes
PrivateNetwork=yes
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
