# shellcheck shell=bash
# The API asked by curl: a tenth of the processor time that kubectl takes to start, which counts where many hosts of a birth share one
# machine. For what needs kubectl's knowledge of kinds there is this_kubectl.

readonly KUBELET_KUBECONFIG=/etc/kubernetes/kubelet.conf KUBELET_CREDENTIAL=/var/lib/kubelet/pki/kubelet-client-current.pem

# api_as KUBECONFIG [CREDENTIAL [SERVER]]: who `api` and `this_kubectl` are from now on. By default the certificate and key are those
# inside the kubeconfig, and the server is the one that it names.
api_as() { SESSION_KUBECONFIG=$1 SESSION_CREDENTIAL=${2:-} SESSION_SERVER=${3:-}; }
api_as_kubelet() { api_as "$KUBELET_KUBECONFIG" "$KUBELET_CREDENTIAL"; }
# api_as_admin SERVER: the administrator, who exists on control planes alone.
api_as_admin() { api_as /etc/kubernetes/admin.conf "" "$1"; }

this_kubectl() { kubectl --kubeconfig "$SESSION_KUBECONFIG" ${SESSION_SERVER:+--server "$SESSION_SERVER"} --request-timeout=20s "$@" </dev/null; }

# api METHOD PATH [CURL-ARGUMENTS...]: prints the answer; fails with the API's own words where it refuses.
api() {
  local answer status=0
  # By its own name: to curl's the API gives text for people.
  answer=$(curl -sS -A ha-kubernetes --fail-with-body --max-time 20 --cacert "$KUBERNETES_PKI/ca.crt" --cert "$(api_credential)" -X "$1" "${@:3}" "$(api_server)$2" 2>&1) || status=$?
  printf '%s\n' "$answer"
  return "$status"
}

# api_surely METHOD PATH [CURL-ARGUMENTS...]: the same, asked again for 60 s while no answer comes, or one that says to come again. What it
# asks for must be safe to do twice.
api_surely() {
  local answer status end=$((SECONDS + 60))
  while :; do
    status=0
    answer=$(api "$@") || status=$?
    # To curl, 22 is an answer that refuses.
    if [ "$status" -eq 0 ] || [ "$SECONDS" -ge "$end" ]; then break; fi
    if [ "$status" -eq 22 ] && [[ ! $answer =~ "error: "(429|5[0-9][0-9]) ]]; then break; fi
    pause 1
  done
  printf '%s\n' "$answer"
  return "$status"
}

api_server() { if [ -n "$SESSION_SERVER" ]; then echo "$SESSION_SERVER"; else sed -n 's/^ *server: //p' "$SESSION_KUBECONFIG"; fi; }

# api_apply PATH MANAGER FILE: a server-side apply of one object, as its YAML is in FILE.
api_apply() {
  api PATCH "$1?fieldManager=$2&force=true" -H 'Content-Type: application/apply-patch+yaml' --data-binary "@$3"
}

# api_credential: the path of this session's certificate and key. What a kubeconfig holds is copied into the stage's own folder, which
# goes with the run, and copied again when the kubeconfig is a newer one.
api_credential() {
  local file=${SESSION_CREDENTIAL:-$STAGE/session.pem}
  [ -n "$SESSION_CREDENTIAL" ] || [ "$file" -nt "$SESSION_KUBECONFIG" ] || credential_of "$SESSION_KUBECONFIG" | write_file 0600 root:root "$file"
  echo "$file"
}
# credential_of KUBECONFIG: certificate and key that it holds, PEM.
credential_of() { sed -n 's/^ *client-\(certificate\|key\)-data: *//p' "$1" | while read -r data; do base64 -d <<<"$data"; done; }
