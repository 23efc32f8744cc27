# shellcheck shell=bash
# A worker speaks to the API as its own kubelet.
# shellcheck disable=SC2034 # used by lib/node.sh
readonly NODE_KUBECONFIG=/etc/kubernetes/kubelet.conf
api_credential() { echo "$KUBELET_CREDENTIAL"; }
