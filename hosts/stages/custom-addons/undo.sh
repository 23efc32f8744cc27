# shellcheck shell=bash
# Custom add-ons live in the cluster, not on this host. When the config has none any more, the stage `addons` takes them out.

say "custom add-ons belong to the cluster: this host has nothing of them"
