# shellcheck shell=bash
# Makes this host a worker and keeps it one.

# The authority that issues now.
readonly ISSUER=$STAGE/inputs/issuer.crt

apply_worker() {
  mkdir -p /etc/kubernetes/pki "$MANIFESTS" /var/lib/kubelet
  chmod 0700 /var/lib/kubelet
  local running
  running=$(kubelet_version)
  if [ ! -s "$NODE_KUBECONFIG" ]; then
    join
  elif [ -n "$running" ] && [ "$running" != "$KUBERNETES_VERSION" ]; then
    with_pool_turn "$KUBERNETES_VERSION" change_version "$running"
  elif differing_files | grep -x "$KUBERNETES_PKI/ca.crt" >/dev/null || ! issued_by "$ISSUER" "$KUBELET_CREDENTIAL"; then
    with_pool_turn "authorities-$(cat "$(staged "$KUBERNETES_PKI/ca.crt")" "$ISSUER" | sha256sum | cut -c1-12)" change_authority
  elif turn_was_cut; then
    with_pool_turn "$KUBERNETES_VERSION" change_version "$running"
  else
    converge
  fi
  uncordon
  note_taints
  set_labels
  tell_authorities
}

join() {
  write_file 0600 root:root /etc/kubernetes/bootstrap-kubelet.conf <"$STAGE/inputs/bootstrap-kubelet.conf"
  converge
  wait_until 180 "the API to admit this worker" admitted
  rm -f /etc/kubernetes/bootstrap-kubelet.conf
  # Before the first labels: the API knows this kubelet by the certificate that it has just got.
  wait_until 60 "this node to register" node_registered
}
node_registered() { api GET "/api/v1/nodes/$HOST_NAME" -o /dev/null; }

# A kubelet that starts anew leaves running pods alone.
converge() {
  link_kubernetes kubelet kubectl
  install_files
  if kubelet_is_stale; then
    start_kubelet
    did "started kubelet $KUBERNETES_VERSION"
  fi
}

change_version() {
  not_ahead_of_the_api
  empty_across_minors "$1"
  converge
  wait_until 180 "this node to be ready with kubelet $KUBERNETES_VERSION" ready_with_version
  uncordon
}

# A kubelet must never be newer than an apiserver that it may meet. The program puts workers last; this looks.
not_ahead_of_the_api() {
  local api
  api=$(this_kubectl get --raw /version | sed -n 's/.*"gitVersion": "v\([0-9.]*\).*/\1/p')
  [ -n "$api" ] || fail "the API does not say its version"
  older_or_same "$KUBERNETES_VERSION" "$api" ||
    fail "the API is Kubernetes $api, older than this kubelet's $KUBERNETES_VERSION: the control planes go first. Mend them, then run up again"
}

# Another authority to trust, or another one that issued the kubelet's own certificate. Pods are left alone.
change_authority() {
  local since
  since=$(date -u +%FT%T)
  converge
  if ! issued_by "$ISSUER" "$KUBELET_CREDENTIAL"; then
    ask_for_credential
    converge
  fi
  wait_until 120 "the kubelet to reach the API with what it has now" renewed_since "$since"
}
# The kubelet renews its node's lease every 10 s.
renewed_since() {
  local at
  at=$(this_kubectl get lease "$HOST_NAME" -n kube-node-lease -o 'jsonpath={.spec.renewTime}')
  echo "it last did at $at"
  [[ "$at" > "$1" ]]
}

# A new key, and a certificate for it that this kubelet asks for as it does by itself before the end of the old one.
ask_for_credential() {
  local scratch=/run/ha-kubernetes/credential name=ha-kubernetes-$HOST_NAME
  rm -rf "$scratch"
  mkdir -m 0700 "$scratch"
  openssl ecparam -name prime256v1 -genkey -noout -out "$scratch/key.pem"
  # openssl by itself takes names of 64 characters, of which system:node: has 12.
  printf '%s\n' 'openssl_conf=init' '[init]' stbl_section=names '[names]' CN=min:1,max:128 '[req]' distinguished_name=none '[none]' >"$scratch/openssl.cnf"
  openssl req -new -config "$scratch/openssl.cnf" -key "$scratch/key.pem" -subj "/O=system:nodes/CN=system:node:$HOST_NAME" -out "$scratch/request.pem"
  cat >"$scratch/request.yaml" <<END
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {generateName: $name-}
spec:
  signerName: kubernetes.io/kube-apiserver-client-kubelet
  usages: [digital signature, client auth]
  request: $(base64 -w0 "$scratch/request.pem")
END
  name=$(this_kubectl create -f "$scratch/request.yaml" -o 'jsonpath={.metadata.name}')
  wait_until 60 "a certificate for the kubelet, asked for as $name" signed "$name" "$scratch/certificate.pem"
  issued_by "$ISSUER" "$scratch/certificate.pem" ||
    fail "the kubelet's new certificate is of $(name_of issuer "$scratch/certificate.pem"), not of $(name_of subject "$ISSUER"): a control plane has not taken this step yet. Run up again"
  cat "$scratch/certificate.pem" "$scratch/key.pem" | take_kubelet_credential "$ISSUER"
  rm -rf "$scratch"
}
signed() {
  this_kubectl get csr "$1" -o 'jsonpath={.status.certificate}' | base64 -d >"$2"
  [ -s "$2" ] || {
    echo "not signed yet"
    return 1
  }
}

# The kubelet writes its own credential once the API has signed it. A spent token shows in its log, not in its exit.
admitted() { [ -s "$NODE_KUBECONFIG" ]; }
why_not_admitted() {
  if journalctl -u kubelet --since -60s -o cat 2>/dev/null | grep 'Unauthorized' >/dev/null; then
    echo "the join credential was refused: it was made for the first run and has expired. Raise hosts.$HOST_NAME.incarnation, which mints a new one"
  else
    echo "the kubelet has no certificate yet: $(journalctl -u kubelet -n 1 -o cat 2>/dev/null | cut -c1-200)"
  fi
}

# The kubelet registers its Node with the pool's taints; from then on a control plane changes them, and takes away what this notes.
note_taints() {
  local has taint ours=()
  [ -n "$TAINTS" ] || return 0
  [ -z "$(this_kubectl get node "$HOST_NAME" -o 'jsonpath={.metadata.annotations.ha-kubernetes/taints}')" ] || return 0
  # shellcheck disable=SC2016 # a Go template
  has=$(this_kubectl get node "$HOST_NAME" -o go-template='{{range .spec.taints}}{{.key}}{{with .value}}={{.}}{{end}}:{{.effect}} {{end}}')
  for taint in $TAINTS; do if [[ " $has" == *" $taint "* ]]; then ours+=("$taint"); fi; done
  [ ${#ours[@]} -eq 0 ] || this_kubectl annotate node "$HOST_NAME" "ha-kubernetes/taints=${ours[*]}" >/dev/null
}

# A kubelet may label its own Node. Labels that an earlier config asked for and this one does not are taken away.
set_labels() {
  local kept=$HOME_DIR/worker-labels before=() wanted=() changes="" label answer
  [ ! -f "$kept" ] || read -r -a before <"$kept"
  read -r -a wanted <<<"$LABELS"
  [ "${before[*]}" != "${wanted[*]}" ] || return 0
  # Neither names nor values hold anything that JSON would have to quote.
  for label in "${wanted[@]}"; do changes+=",\"${label%%=*}\":\"${label#*=}\""; done
  for label in "${before[@]}"; do
    [[ " $LABELS" == *" ${label%%=*}="* ]] || changes+=",\"${label%%=*}\":null"
  done
  answer=$(api PATCH "/api/v1/nodes/$HOST_NAME" -H 'Content-Type: application/merge-patch+json' -d "{\"metadata\":{\"labels\":{${changes:1}}}}") ||
    fail "the API does not take this node's labels: $answer"
  write_file 0644 root:root "$kept" <<<"$LABELS"
  did "set labels $LABELS"
}

apply_worker
