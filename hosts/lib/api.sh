# shellcheck shell=bash
# The API asked by curl: a tenth of the processor time that kubectl takes to start, which counts where many hosts of a birth share one
# machine. For what needs kubectl's knowledge of kinds there is this_kubectl.

# api METHOD PATH [CURL-ARGUMENTS...]: prints the answer; fails with the API's own words where it refuses. As this node: NODE_KUBECONFIG
# and API_SERVER are those of this_kubectl, and api_credential, a function of the stage, prints the path of its certificate and key.
api() {
  local answer status=0
  # By its own name: to curl's the API gives text for people.
  answer=$(curl -sS -A ha-kubernetes --fail-with-body --max-time 20 --cacert "$KUBERNETES_PKI/ca.crt" --cert "$(api_credential)" -X "$1" "${@:3}" "$(api_server)$2" 2>&1) || status=$?
  printf '%s\n' "$answer"
  return "$status"
}

api_server() { if [ -n "${API_SERVER:-}" ]; then echo "$API_SERVER"; else sed -n 's/^ *server: //p' "$NODE_KUBECONFIG"; fi; }

# api_apply PATH MANAGER FILE: a server-side apply of one object, as its YAML is in FILE.
api_apply() {
  api PATCH "$1?fieldManager=$2&force=true" -H 'Content-Type: application/apply-patch+yaml' --data-binary "@$3"
}

# admin_credential: the administrator's of this control plane, in the stage's own folder, which goes with it.
admin_credential() {
  local file=$STAGE/admin.pem
  [ "$file" -nt /etc/kubernetes/admin.conf ] || credential_of /etc/kubernetes/admin.conf | write_file 0600 root:root "$file"
  echo "$file"
}
# credential_of KUBECONFIG: certificate and key that it holds, PEM.
credential_of() { sed -n 's/^ *client-\(certificate\|key\)-data: *//p' "$1" | while read -r data; do base64 -d <<<"$data"; done; }
