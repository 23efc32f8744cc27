# shellcheck shell=bash
# A move of the API. The kubelet noted where that is when it joined, and never looks for it elsewhere.

# Goes to the new place once it answers, in a turn of the pool; without one where the old place is gone, because then nothing is lost.
follow_api() {
  local now
  now=$(api_server)
  [ "$now" != "$API_URL" ] || return 0
  wait_until 120 "the API to answer at $API_URL, address $API_ADDRESS" api_answers_at "$API_URL" --connect-to "::$(host_port "$API_ADDRESS" "")"
  if api_answers_at "$now" 2>/dev/null; then
    with_pool_turn "api-$(hash_of_input <<<"$API_URL" | cut -c1-12)" go_to_api
  else
    go_to_api
  fi
}
# api_answers_at URL [CURL-ARGUMENTS...]: with a certificate for that name. Whether it is ready is the balancers' affair.
api_answers_at() { curl -sS --output /dev/null --max-time 5 --cacert "$KUBERNETES_PKI/ca.crt" "${@:2}" "$1/livez"; }

go_to_api() {
  local since
  since=$(date -u +%FT%T)
  # First, so that a run that is killed here starts the kubelet again next time.
  forget_started kubelet
  sed "s|^\( *server:\).*|\1 $API_URL|" "$KUBELET_KUBECONFIG" | write_file 0600 root:root "$KUBELET_KUBECONFIG"
  start_kubelet
  wait_until 120 "the kubelet to reach the API at $API_URL" renewed_since "$since"
  did "told the kubelet that the API is at $API_URL"
}
