# shellcheck shell=bash
# The user's own add-ons, once per cluster and after everything else: every control plane looks, the first that finds work takes the turn
# and does it. A failure holds up no other part of the cluster, and the next `up` comes back to it.

apply_custom_addons() {
  local wanted
  # Changing cluster.repair changes the digest: then they are applied again.
  wanted=$({ cat "$STAGE"/inputs/* && printf '%s' "${REPAIR:-}"; } | sha256sum | cut -d' ' -f1)
  api_as_admin "$API_SERVER"
  custom_are_current "$wanted" || with_turn install_custom "$wanted"
}

apply_custom_addons
