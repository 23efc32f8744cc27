# shellcheck shell=bash
# The proxy lvs: the kernel's IPVS, which has no process. A service of ours asks the apiservers and tells IPVS, another one answers for
# this balancer.

readonly LVS_UNIT=$UNITS/ha-kubernetes-lvs.service LVS_ANSWERS_UNIT=$UNITS/ha-kubernetes-lvs-answers.service
readonly LVS_SCRIPT=/usr/local/lib/ha-kubernetes/lvs-director.sh LVS_ANSWERS_SCRIPT=/usr/local/lib/ha-kubernetes/lvs-answers.sh
readonly LVS_FOLDER=/run/ha-kubernetes-lvs
readonly LVS_FILES=("$LVS_UNIT" "$LVS_SCRIPT" "$APISERVERS_SCRIPT" "$CONFIG/kubernetes-ca.crt") LVS_ANSWERS_FILES=("$LVS_ANSWERS_UNIT" "$LVS_ANSWERS_SCRIPT")

lvs_is_here() { is_saved lvs; }
lvs_runs() { systemctl is-active --quiet ha-kubernetes-lvs && systemctl is-active --quiet ha-kubernetes-lvs-answers; }

# What stage prepare loads and sets, unless the config turns that off.
lvs_take_over() {
  local command setting
  for command in ipvsadm socat nft; do
    command -v "$command" >/dev/null || fail "there is no command $command: install its package, or turn on hostPreparation.packages"
  done
  [ -e /proc/net/ip_vs ] || modprobe --quiet ip_vs || fail "kernel module ip_vs can't be loaded into Linux $(uname -r): install the kernel's package of modules, or set balancer.kind to haproxy"
  for setting in net.ipv4.vs.conntrack net.ipv4.vs.expire_nodest_conn net.ipv4.ip_forward; do
    [ "$(cat "/proc/sys/${setting//.//}" 2>/dev/null)" = 1 ] ||
      fail "balancer.kind lvs needs sysctl $setting to be 1: turn on hostPreparation.modules and hostPreparation.sysctl, or set it"
  done
  save lvs <<<"made here"
}

lvs_check() {
  put_file 0644 "$APISERVERS_SCRIPT" <"$STAGE/stage/apiservers.sh"
  put_file 0755 "$LVS_SCRIPT" <"$STAGE/stage/lvs-director.sh"
  put_file 0755 "$LVS_ANSWERS_SCRIPT" <"$STAGE/stage/lvs-answers.sh"
}

lvs_is_stale() { stale ha-kubernetes-lvs.service "${LVS_FILES[@]}" || stale ha-kubernetes-lvs-answers.service "${LVS_ANSWERS_FILES[@]}"; }

# IPVS goes on without either of them: no connection ends, and the address may stay.
lvs_converge() {
  reread_units ha-kubernetes-lvs ha-kubernetes-lvs-answers
  if stale ha-kubernetes-lvs-answers.service "${LVS_ANSWERS_FILES[@]}"; then turn_on restart ha-kubernetes-lvs-answers.service "${LVS_ANSWERS_FILES[@]}"; fi
  if stale ha-kubernetes-lvs.service "${LVS_FILES[@]}"; then turn_on restart ha-kubernetes-lvs.service "${LVS_FILES[@]}"; fi
}

# Its own services alone: kube-proxy may have others in IPVS. They are noted for as long as the kernel can have them.
lvs_stop() {
  local service
  systemctl disable --quiet --now ha-kubernetes-lvs ha-kubernetes-lvs-answers 2>/dev/null || true
  while read -r service; do ipvsadm -D -t "$service" 2>/dev/null || true; done < <(cat "$LVS_FOLDER/services" 2>/dev/null || true)
  nft delete table inet ha_kubernetes_lvs 2>/dev/null || true
  rm -rf "$LVS_FOLDER"
}

lvs_remove() {
  lvs_stop
  rm -f "$LVS_SCRIPT" "$LVS_ANSWERS_SCRIPT"
  nginx_is_here || rm -f "$APISERVERS_SCRIPT"
  rmdir "${LVS_SCRIPT%/*}" 2>/dev/null || true
  systemctl daemon-reload
  forget lvs
  forget_started ha-kubernetes-lvs.service ha-kubernetes-lvs-answers.service
}
