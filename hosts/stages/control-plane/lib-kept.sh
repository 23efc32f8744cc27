# shellcheck shell=bash
# What kubeadm wrote here and nothing of the bundle says: the static pods' manifests and the kubeconfigs. Whether they still are as
# this stage left them.

readonly OWN_MANIFESTS=(kube-apiserver.yaml kube-controller-manager.yaml kube-scheduler.yaml)
readonly KEPT_MANIFESTS=$HOME_DIR/manifests.sums KUBECONFIG_NAMES=(admin controller-manager kubelet scheduler)

keep_manifests() { (cd "$MANIFESTS" && sha256sum "${OWN_MANIFESTS[@]}") | write_file 0600 root:root "$KEPT_MANIFESTS"; }
manifests_differ() { ! (cd "$MANIFESTS" && sha256sum --status -c "$KEPT_MANIFESTS") 2>/dev/null; }

# wrong_kubeconfigs: names of those that are missing, lead elsewhere than to this host's apiserver or the API's address, or trust another
# authority.
wrong_kubeconfigs() {
  local name file server endpoint authority
  endpoint=$(sed -n 's/^controlPlaneEndpoint: "\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' /etc/kubernetes/kubeadm.yaml)
  authority=$(base64 -w0 "$KUBERNETES_PKI/ca.crt")
  for name in "${KUBECONFIG_NAMES[@]}"; do
    file=/etc/kubernetes/$name.conf
    server=$(sed -n 's/^ *server: *//p' "$file" 2>/dev/null || true)
    case $server in
      "$OWN_APISERVER" | "https://$endpoint") grep -qxF "    certificate-authority-data: $authority" "$file" || echo "$name" ;;
      *) echo "$name" ;;
    esac
  done
}
kept_differs() { manifests_differ || [ -n "$(wrong_kubeconfigs)" ]; }

# All are made again by kubeadm, which may refuse to make one beside others that trust two authorities.
mend_kubeconfigs() {
  local wrong
  wrong=$(wrong_kubeconfigs | paste -sd' ')
  [ -n "$wrong" ] || return 0
  rm -f /etc/kubernetes/{admin,controller-manager,kubelet,scheduler}.conf
  kubeadm_init "$(only_phases kubeconfig)"
  chmod 0600 /etc/kubernetes/*.conf
  trust_in_kubeconfigs
  # It reads its own when it starts.
  forget_started kubelet
  did "made the kubeconfigs again, because of $wrong"
}
