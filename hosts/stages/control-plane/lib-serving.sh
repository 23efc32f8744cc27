# shellcheck shell=bash
# What approves the certificates that kubelets serve with, where they are of the cluster's authority (hosts/tools/serving).

readonly APPROVER=ha-kubernetes-serving.service APPROVER_FILES=(/etc/systemd/system/ha-kubernetes-serving.service /usr/local/lib/ha-kubernetes/approve.sh)

# It asks the API by itself until that answers.
keep_approver() {
  if ! stale "$APPROVER" "${APPROVER_FILES[@]}"; then return 0; fi
  enable_units "$APPROVER"
  reread_units "$APPROVER"
  systemctl restart "$APPROVER"
  started "$APPROVER" "${APPROVER_FILES[@]}"
}
# Before its files go.
stop_approver() {
  [ -e "${APPROVER_FILES[0]}" ] || return 0
  systemctl disable --quiet --now "$APPROVER"
  forget_started "$APPROVER"
}
