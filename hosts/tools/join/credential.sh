#!/usr/bin/env bash
# credential.sh NODE POOL, on a control plane: makes the credential that one worker joins with, and notes its pool where nodes can't write.
# Prints a certificate and its key, PEM.
#
# The certificate is that of a kubelet, for this Node's name and no other. With it the worker asks for one of its own, whose key never
# leaves it. So it can do no more than what the worker may do for as long as it lives, and nothing has to be taken back once it is spent.
set -euo pipefail
umask 077
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# A proxy of the login has no way to this cluster.
for variable in $(compgen -e); do if [[ ${variable,,} == *_proxy ]]; then unset "$variable"; fi; done
readonly NODE=$1 POOL=$2 PKI=${PKI:-/etc/kubernetes/pki} SCRATCH_IN=${SCRATCH_IN:-/run/ha-kubernetes}
# A first `up` of many workers that fails half-way may go on after a weekend.
readonly VALID='7 days'

mkdir -p "$SCRATCH_IN"
scratch=$(mktemp -d "$SCRATCH_IN/join.XXXXXXXX")
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

# Dated back, because clocks differ; `openssl x509` can't do that.
sign() {
  at() { date -u -d "$1" +%Y%m%d%H%M%SZ; }
  : >index
  # openssl by itself takes common names of 64 characters, of which system:node: has 12.
  cat >ca.conf <<'END'
openssl_conf = init
[init]
stbl_section = lengths
[lengths]
CN = min:1,max:128
[req]
distinguished_name = none
[none]
[ca]
default_ca = join
[join]
database = index
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = names
x509_extensions = kubelet
[names]
organizationName = supplied
commonName = supplied
[kubelet]
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
END
  openssl ecparam -name prime256v1 -genkey -noout -out key.pem
  openssl req -new -config ca.conf -key key.pem -subj "/O=system:nodes/CN=system:node:$NODE" -out request.pem
  openssl ca -batch -notext -config ca.conf -in request.pem -cert "$PKI/signing-ca.crt" -keyfile "$PKI/ca.key" \
    -startdate "$(at '5 minutes ago')" -enddate "$(at "$VALID")" -out certificate.pem
}

# Asks the control plane's own apiserver, where its kubelet does: the API's address may not be there yet.
note_pool() {
  local server
  server=$(sed -n 's/^ *server: //p' /etc/kubernetes/kubelet.conf)
  printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ha-kubernetes-pools, namespace: kube-system}\ndata: {"%s": "%s"}\n' "$NODE" "$POOL" >pool.yaml
  kubectl --kubeconfig /etc/kubernetes/admin.conf --server "$server" --cache-dir "$scratch" --request-timeout 20s apply --server-side \
    --force-conflicts --validate=false --field-manager "join-$NODE" -f pool.yaml
}

sign >log 2>&1 || {
  printf 'ERROR: no join credential for %s could be made: %s\n' "$NODE" "$(tail -n 3 log | tr '\n' ' ')" >&2
  exit 1
}
end=$((SECONDS + 120))
until note_pool >log 2>&1; do
  [ "$SECONDS" -lt "$end" ] || {
    printf 'ERROR: the API did not take the pool of %s for 120 s: %s\n' "$NODE" "$(tail -n 1 log)" >&2
    exit 1
  }
  sleep 1
done
cat certificate.pem key.pem
