# shellcheck shell=bash
# A control plane speaks to its own apiserver, as administrator.

api_credential() { admin_credential; }
# shellcheck disable=SC2034 # used by lib/api.sh
readonly NODE_KUBECONFIG=/etc/kubernetes/admin.conf API_SERVER=https://$HOST_ADDRESS:6443
