# shellcheck shell=bash
# A worker speaks to the API as its own kubelet.
# shellcheck disable=SC2034 # used by lib/node.sh
readonly NODE_KUBECONFIG=/etc/kubernetes/kubelet.conf
# Its own, or while it joins the one that a control plane made for that.
CREDENTIAL=$KUBELET_CREDENTIAL
api_credential() { echo "$CREDENTIAL"; }
