# shellcheck shell=bash
# What kubeadm makes on this host: certificates, kubeconfigs and the manifests of static pods.

# kubeadm_init ARGS...: `kubeadm init` with this host's configuration.
kubeadm_init() { kubeadm_does kubeadm "$@"; }
kubeadm_does() {
  "$1" init "${@:2}" --config /etc/kubernetes/kubeadm.yaml </dev/null >/run/ha-kubernetes/kubeadm.log 2>&1 ||
    fail "kubeadm: $(tail -n 3 /run/ha-kubernetes/kubeadm.log | tr '\n' ' ')"
}
# only_phases PHASE...: the option with which `kubeadm init` does these phases alone, in one process.
readonly KUBEADM_PHASES=(preflight certs kubeconfig etcd control-plane kubelet-start wait-control-plane upload-config/kubeadm
  upload-config/kubelet upload-certs mark-control-plane bootstrap-token kubelet-finalize addon show-join-command)
only_phases() {
  local phase skipped=""
  for phase in "${KUBEADM_PHASES[@]}"; do [[ " $* " == *" $phase "* ]] || skipped+=",$phase"; done
  echo "--skip-phases=${skipped:1}"
}
# Before 1.36 kubeadm asks the API where admin.conf leads, and no balancer may be there yet: it alone is shown one that leads to this host.
kubeadm_here() {
  local name status=0
  for name in admin super-admin; do
    [ ! -f "/etc/kubernetes/$name.conf" ] || sed "s|^\( *server:\).*|\1 $OWN_APISERVER|" "/etc/kubernetes/$name.conf" | write_file 0600 root:root "/run/ha-kubernetes/$name.conf"
  done
  # shellcheck disable=SC2016 # expanded by the inner shell
  unshare --mount bash -c 'for name in admin super-admin; do
      [ ! -f "/etc/kubernetes/$name.conf" ] || mount --bind "/run/ha-kubernetes/$name.conf" "/etc/kubernetes/$name.conf" || exit 1
    done
    exec kubeadm "$@"' - "$@" || status=$?
  rm -f /run/ha-kubernetes/{admin,super-admin}.conf
  return "$status"
}

# kubeadm's own certificates last as long as this host's etcd client leaf. They are renewed with it, and when their content changes.
certificates_wanted() {
  local file
  {
    # Of the authorities the first, which issues; what else is trusted is in no certificate.
    for file in "$KUBERNETES_PKI"/{ca,front-proxy-ca}.crt; do sed '/-----END CERTIFICATE-----/q' "$file"; done
    cat "$KUBERNETES_PKI/apiserver-etcd-client.crt"
    sed -n '/certSANs:/,/extraArgs:/p; /controlPlaneEndpoint:/p; /certificateValidityPeriod:/p; /clusterName:/p' /etc/kubernetes/kubeadm.yaml
  } 2>/dev/null | sha256sum | cut -c1-64
}
certificates_made() { cat "$HOME_DIR/kubernetes-certificates" 2>/dev/null || true; }

make_certificates() {
  local wanted
  wanted=$(certificates_wanted)
  if [ "$wanted" = "$(certificates_made)" ]; then return 0; fi
  rm -f "$KUBERNETES_PKI"/{apiserver,apiserver-kubelet-client,front-proxy-client}.{crt,key}
  rm -f /etc/kubernetes/{admin,super-admin,kubelet,controller-manager,scheduler}.conf "$COMPONENT_SERVING"/tls.*
  kubeadm_init "$(only_phases certs kubeconfig)"
  chmod 0600 /etc/kubernetes/*.conf
  write_file 0600 root:root "$HOME_DIR/kubernetes-certificates" <<<"$wanted"
  did "made certificates, valid until $(openssl x509 -noout -enddate -in "$KUBERNETES_PKI/apiserver.crt" | cut -d= -f2)"
}

# The certificate by which the controller manager and the scheduler prove to Prometheus who they are: kubeadm makes none, and what each
# makes for itself nobody can check. Made and renewed with kubeadm's own, and as long valid.
readonly COMPONENT_SERVING=${HAK_ROOT:-}/etc/kubernetes/serving
make_serving_certificate() {
  [ "${SERVES:-}" = yes ] || return 0
  if [ -s "$COMPONENT_SERVING/tls.key" ] && issued_by "$SIGNING" "$COMPONENT_SERVING/tls.crt"; then return 0; fi
  local scratch=/run/ha-kubernetes/serving
  rm -rf "$scratch"
  mkdir -p "$scratch" "$COMPONENT_SERVING"
  chmod 0700 "$COMPONENT_SERVING"
  (
    cd "$scratch"
    umask 077
    : >index
    printf '%s\n' '[req]' distinguished_name=none '[none]' '[ca]' default_ca=serving '[serving]' database=index new_certs_dir=. rand_serial=yes \
      default_md=sha256 policy=names x509_extensions=server '[names]' commonName=supplied '[server]' keyUsage=critical,digitalSignature \
      extendedKeyUsage=serverAuth subjectAltName=DNS:kube-controller-manager,DNS:kube-scheduler >ca.conf
    openssl ecparam -name prime256v1 -genkey -noout -out key.pem
    openssl req -new -config ca.conf -key key.pem -subj "/CN=$HOST_NAME" -out request.pem
    # Dated back, because clocks differ.
    openssl ca -batch -notext -config ca.conf -in request.pem -cert "$SIGNING" -keyfile "$KUBERNETES_PKI/ca.key" -out certificate.pem \
      -startdate "$(date -u -d '5 minutes ago' +%Y%m%d%H%M%SZ)" \
      -enddate "$(date -u -d "$(openssl x509 -noout -enddate -in "$KUBERNETES_PKI/apiserver.crt" | cut -d= -f2)" +%Y%m%d%H%M%SZ)"
  ) >/run/ha-kubernetes/serving.log 2>&1 || fail "the certificate of the controller manager and the scheduler can't be made: $(tail -n 2 /run/ha-kubernetes/serving.log | tr '\n' ' ')"
  write_file 0600 root:root "$COMPONENT_SERVING/tls.key" <"$scratch/key.pem"
  write_file 0644 root:root "$COMPONENT_SERVING/tls.crt" <"$scratch/certificate.pem"
  rm -rf "$scratch"
}
# Once nothing reads it any more.
drop_serving_certificate() { if [ "${SERVES:-}" != yes ]; then rm -rf "$COMPONENT_SERVING"; fi; }

# Apart from those that the kubelet reads, which must never see half a manifest. What differs takes its place whole, and restarts.
write_manifests() {
  local new=/run/ha-kubernetes/manifests name
  rm -rf "$new"
  mkdir -p "$new" "$MANIFESTS"
  KUBEADM_INIT_DRYRUN_DIR=$new kubeadm_init phase control-plane all --dry-run
  for name in kube-apiserver kube-controller-manager kube-scheduler; do
    if cmp -s "$new/$name.yaml" "$MANIFESTS/$name.yaml"; then continue; fi
    # The kubelet passes by names that begin with a dot.
    install -m 0600 "$new/$name.yaml" "$MANIFESTS/.$name.yaml"
    durable "$MANIFESTS/.$name.yaml"
    mv -f "$MANIFESTS/.$name.yaml" "$MANIFESTS/$name.yaml"
  done
  keep_manifests
}
