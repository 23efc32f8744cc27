# shellcheck shell=bash
# How a worker gets its kubelet's credential: the first one, a new one where that is no longer usable, and one of another authority.
# A worker speaks to the API as its own kubelet, or, while it joins, with what a control plane made for that.

api_as_kubelet

# True where this host has a credential of its own that is valid and that the API takes. kubelet.conf alone says nothing: a kubelet
# writes it before it has a certificate. An API that does not answer says nothing against it.
credential_is_valid() {
  local answer
  [ -s "$KUBELET_KUBECONFIG" ] && openssl x509 -noout -checkend 0 -in "$KUBELET_CREDENTIAL" >/dev/null 2>&1 || return 1
  if answer=$(api GET "/api/v1/nodes/$HOST_NAME"); then return 0; fi
  [[ $answer != *'"reason":"Unauthorized"'* ]]
}

worker_join() {
  if [ -e "$KUBELET_CREDENTIAL" ]; then say "the kubelet's credential is no longer usable: asking for another one"; fi
  if [ -f "$STAGE/inputs/bootstrap-kubelet.conf" ]; then join_by_token; else join_by_certificate; fi
  wait_until 60 "this node to register" node_is_known
}

# With a certificate that a control plane made for this Node and for nothing else. The kubelet's own key never leaves this host.
join_by_certificate() {
  local credential=$STAGE/inputs/join
  openssl x509 -noout -checkend 0 -in "$credential" >/dev/null 2>&1 || refuse_join_credential "is spent or out of date"
  write_file 0600 root:root "$KUBELET_KUBECONFIG" <"$STAGE/inputs/kubelet.conf"
  api_as "$KUBELET_KUBECONFIG" "$credential"
  wait_until 120 "the API to take the join credential" join_is_taken
  if [ "$(cat "$STAGE/join-answer" 2>/dev/null)" = refused ]; then refuse_join_credential "was refused by the API"; fi
  ask_for_credential
  api_as_kubelet
  rm -f /etc/kubernetes/bootstrap-kubelet.conf
  worker_converge
}
# A refusal is asked for again, for 10 s: an apiserver that has just started may not know yet what nodes may do.
join_is_taken() {
  local answer since=$STAGE/join-refused
  if answer=$(api GET "/api/v1/nodes/$HOST_NAME") || [[ $answer == *'"reason":"NotFound"'* ]]; then return 0; fi
  if [[ $answer == *'"reason":"Unauthorized"'* ]]; then
    [ -f "$since" ] || echo "$SECONDS" >"$since"
    if [ $((SECONDS - $(<"$since"))) -ge 10 ]; then
      echo refused >"$STAGE/join-answer"
      return 0
    fi
  fi
  cut -c1-200 <<<"$answer"
  return 1
}
refuse_join_credential() {
  fail "this host needs a join credential, and the one that was made for it $1. Give cluster.repair another word and run up: that makes another one"
}

# An instance of an auto-scaling pool has a token of its pool, and the kubelet itself asks with it.
join_by_token() {
  # An unusable one would be taken for a good one.
  rm -f "$KUBELET_KUBECONFIG" "$KUBELET_CREDENTIAL"
  forget_started kubelet
  write_file 0600 root:root /etc/kubernetes/bootstrap-kubelet.conf <"$STAGE/inputs/bootstrap-kubelet.conf"
  worker_converge
  wait_until 180 "the API to admit this worker" kubelet_is_admitted
  rm -f /etc/kubernetes/bootstrap-kubelet.conf
}
# The kubelet writes its own credential once the API has signed it. A spent token shows in its log, not in its exit.
kubelet_is_admitted() { [ -s "$KUBELET_CREDENTIAL" ]; }
why_not_kubelet_is_admitted() {
  if journalctl -u kubelet --since -60s -o cat 2>/dev/null | grep 'Unauthorized' >/dev/null; then
    echo "the join token was refused: it has expired. The instance asks for another one by itself"
  else
    echo "the kubelet has no certificate yet: $(journalctl -u kubelet -n 1 -o cat 2>/dev/null | cut -c1-200)"
  fi
}

# A new key, and a certificate for it that is asked for as a kubelet does by itself before the end of the old one.
ask_for_credential() {
  local scratch=/run/ha-kubernetes/credential name=ha-kubernetes-$HOST_NAME answer pattern='"name":"([^"]+)"'
  rm -rf "$scratch"
  mkdir -m 0700 "$scratch"
  openssl ecparam -name prime256v1 -genkey -noout -out "$scratch/key.pem"
  # openssl by itself takes common names of 64 characters, of which system:node: has 12.
  printf '%s\n' 'openssl_conf=init' '[init]' stbl_section=lengths '[lengths]' CN=min:1,max:128 '[req]' distinguished_name=none '[none]' >"$scratch/openssl.cnf"
  openssl req -new -config "$scratch/openssl.cnf" -key "$scratch/key.pem" -subj "/O=system:nodes/CN=system:node:$HOST_NAME" -out "$scratch/request.pem"
  printf '{"apiVersion":"certificates.k8s.io/v1","kind":"CertificateSigningRequest","metadata":{"generateName":"%s-"},"spec":{"signerName":"%s","usages":%s,"request":"%s"}}' \
    "$name" kubernetes.io/kube-apiserver-client-kubelet '["digital signature","client auth"]' "$(base64 -w0 "$scratch/request.pem")" >"$scratch/request.json"
  answer=$(api_surely POST /apis/certificates.k8s.io/v1/certificatesigningrequests -H 'Content-Type: application/json' --data-binary "@$scratch/request.json") ||
    fail "the API does not take this kubelet's request for a certificate: $answer"
  [[ $answer =~ $pattern ]] || fail "the API does not name this kubelet's request for a certificate: $answer"
  name=${BASH_REMATCH[1]}
  wait_until 60 "a certificate for the kubelet, asked for as $name" certificate_is_signed "$name" "$scratch/certificate.pem"
  issued_by "$ISSUER" "$scratch/certificate.pem" ||
    fail "the kubelet's new certificate is of $(name_of issuer "$scratch/certificate.pem"), not of $(name_of subject "$ISSUER"): a control plane has not taken this step yet. Run up again"
  cat "$scratch/certificate.pem" "$scratch/key.pem" | take_kubelet_credential "$ISSUER"
  rm -rf "$scratch"
}
certificate_is_signed() {
  local answer pattern='"certificate":"([^"]+)"'
  answer=$(api GET "/apis/certificates.k8s.io/v1/certificatesigningrequests/$1") || return 1
  [[ $answer =~ $pattern ]] || {
    echo "not signed yet"
    return 1
  }
  base64 -d <<<"${BASH_REMATCH[1]}" >"$2"
}
