#!/usr/bin/env bash
# Puts a fresh join token for each auto-scaling pool into Parameter Store. Every control plane's timer runs this; a lock in etcd lets one
# act at a time, and who finds the tokens fresh does nothing.
# Settings: AWS_REGION, SSM_URL, REFRESH_SECONDS, TOKEN_TTL, and PARAMETERS, a line `pool=parameter` for each pool parted by blanks.
set -euo pipefail
umask 077
export LC_ALL=C
export ETCDCTL_CACERT=/etc/kubernetes/pki/etcd/ca.crt ETCDCTL_CERT=/etc/kubernetes/pki/apiserver-etcd-client.crt
export ETCDCTL_KEY=/etc/kubernetes/pki/apiserver-etcd-client.key
ETCDCTL_ENDPOINTS=$(cat "$ETCD_SERVERS_FILE")
export ETCDCTL_ENDPOINTS
readonly FRESH=ha-kubernetes/join-tokens

fail() {
  printf 'ERROR: %s\n' "$*" >&2
  exit 1
}

# Others may hold it for as long as their requests take; the unit's time limit ends a wait that has no end.
if [ "${1:-}" != with-lock ]; then exec etcdctl lock --ttl=60 -- ha-kubernetes/join-tokens-lock "$0" with-lock </dev/null; fi

# shellcheck source=hosts/tools/s3.sh
. "$(dirname "$0")/s3.sh"
wanted=$(sha256sum <<<"$PARAMETERS" | cut -c1-16)
noted=$(etcdctl get --print-value-only "$FRESH" </dev/null) || fail "etcd does not answer"
read -r refreshed_at refreshed_for <<<"$noted"
if [ "${refreshed_for:-}" = "$wanted" ] && [ $(($(date +%s) - refreshed_at)) -lt "$REFRESH_SECONDS" ]; then
  echo "the join tokens are fresh"
  exit 0
fi
for entry in $PARAMETERS; do
  token=$(kubeadm token create --kubeconfig /etc/kubernetes/admin.conf --ttl "$TOKEN_TTL" --description "join of pool ${entry%%=*}" </dev/null) ||
    fail "kubeadm made no token for pool ${entry%%=*}: is the API up?"
  # By a file in memory: no process list shows it.
  printf '{"Name": "%s", "Value": "%s", "Type": "SecureString", "Overwrite": true}' "${entry#*=}" "$token" >"$RUNTIME_DIRECTORY/request"
  answer=$(signed_request ssm "$AWS_REGION" -H 'Content-Type: application/x-amz-json-1.1' -H 'X-Amz-Target: AmazonSSM.PutParameter' \
    -d "@$RUNTIME_DIRECTORY/request" "$SSM_URL") || fail "Parameter Store did not take the token of pool ${entry%%=*} as ${entry#*=}: $answer"
done
etcdctl put "$FRESH" "$(date +%s) $wanted" </dev/null >/dev/null
echo "new join tokens: $PARAMETERS"
