# shellcheck shell=bash
# The rotation of an authority on a control plane: what kubeadm does not do. objects/lib-rotation.sh asks whether a step may be done.

# The certificate that signs, alone in its file.
readonly SIGNING=$KUBERNETES_PKI/signing-ca.crt

# kubeadm embeds the issuing authority alone, and does not touch what it finds.
trust_in_kubeconfigs() {
  local wanted file
  wanted=$(base64 -w0 "$KUBERNETES_PKI/ca.crt")
  for file in /etc/kubernetes/{admin,super-admin,kubelet,controller-manager,scheduler}.conf; do
    if [ ! -f "$file" ] || grep -qxF "    certificate-authority-data: $wanted" "$file"; then continue; fi
    sed "s|^\( *certificate-authority-data:\).*|\1 $wanted|" "$file" | write_file 0600 root:root "$file"
  done
}

# Of kubeadm's making, with the key that is here: whichever controller manager leads may still sign with the other one.
renew_kubelet_credential() {
  if [ ! -f "$KUBELET_CREDENTIAL" ] || issued_by "$SIGNING" "$KUBELET_CREDENTIAL"; then return 0; fi
  credential_of /etc/kubernetes/kubelet.conf | take_kubelet_credential "$SIGNING"
}

signs_otherwise() { [ -f "$SIGNING" ] && ! cmp -s "$SIGNING" "$(staged "$SIGNING")"; }

# True for a step that only the others can allow. Until they have been asked, everything else of this stage may go in.
asks_the_others() { signs_otherwise || drops "$KUBERNETES_PKI/ca.crt" || drops "$KUBERNETES_PKI/sa.pub"; }
files_of_own() { if asks_the_others; then echo '!(*/pki/ca.crt|*/pki/ca.key|*/pki/signing-ca.crt|*/pki/sa.pub|*/pki/sa.key)'; else echo '*'; fi; }
