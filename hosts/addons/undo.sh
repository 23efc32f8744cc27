# shellcheck shell=bash
# The add-ons live in the cluster, not on this host: they stay while a control plane is left, and go with the last one.
say "add-ons belong to the cluster: nothing to undo on this host"
