# shellcheck shell=bash
# Authorities, and what they issued. During a rotation two are trusted, and one of them issues.

# issued_by AUTHORITY CERTIFICATE, both files. Validity periods are ignored here.
issued_by() { openssl verify -no_check_time -CAfile "$1" "$2" >/dev/null 2>&1; }
# name_of issuer|subject CERTIFICATE: its common name, which is another one for each generation of an authority.
name_of() { openssl x509 -in "$2" -noout "-$1" -nameopt RFC2253 | sed 's/.*CN=\([^,]*\).*/\1/'; }

# pem_blocks <PEM: each certificate or public key as one line.
pem_blocks() { awk '/^-----BEGIN /{text = ""; inside = 1; next} /^-----END /{print text; inside = 0} inside{text = text $0}'; }
# not_in FILE <PEM: what FILE does not hold.
not_in() { grep -vxF -f <(pem_blocks <"$1") <(pem_blocks) || true; }
# drops PATH: the file of this stage no longer holds something that the one on the host does.
drops() {
  local after
  after=$(staged "$1")
  [ -f "$1" ] && [ -n "$(not_in "$after" <"$1")" ]
}
trusts_two() { [ "$(pem_blocks <"$1" | wc -l)" -gt 1 ]; }

# take_kubelet_credential AUTHORITY <PEM: certificate and key, of that authority. The kubelet reads them when it starts.
take_kubelet_credential() {
  local file
  file=/var/lib/kubelet/pki/kubelet-client-$(date +%Y-%m-%d-%H-%M-%S).pem
  write_file 0600 root:root "$file"
  issued_by "$1" "$file" || {
    rm -f "$file"
    fail "the kubelet was to get a certificate of $(name_of subject "$1") and got another one. Run up again"
  }
  forget_started kubelet
  ln -sfn "$file" "$KUBELET_CREDENTIAL.new"
  mv -fT "$KUBELET_CREDENTIAL.new" "$KUBELET_CREDENTIAL"
  did "gave the kubelet a certificate of $(name_of issuer "$file")"
}

# names_in BUNDLE: of its certificates, with commas between.
names_in() {
  local certificate
  pem_blocks <"$1" | while read -r certificate; do
    base64 -d <<<"$certificate" | openssl x509 -inform DER -noout -subject -nameopt RFC2253 | sed 's/.*CN=\([^,]*\).*/\1/'
  done | sort | paste -sd,
}

# Says at this host's Node, during a rotation, what the kubelet trusts and whose certificate it has: control planes ask before they
# issue from another authority, and before they drop one.
tell_authorities() {
  local trusts issuer
  trusts_two "$KUBERNETES_PKI/ca.crt" || return 0
  trusts=$(names_in "$KUBERNETES_PKI/ca.crt")
  issuer=$(name_of issuer "$KUBELET_CREDENTIAL")
  [ "$(this_kubectl get node "$HOST_NAME" -o 'jsonpath={.metadata.annotations.ha-kubernetes/trusts} {.metadata.annotations.ha-kubernetes/issuer}')" = "$trusts $issuer" ] ||
    this_kubectl annotate node "$HOST_NAME" --overwrite "ha-kubernetes/trusts=$trusts" "ha-kubernetes/issuer=$issuer" >/dev/null
}
