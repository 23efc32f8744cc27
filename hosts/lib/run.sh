#!/usr/bin/env bash
# Runs one stage on this host: `run.sh apply [NAME=value...]` beside the bundle that came through stdin, `run.sh undo OWNER` from the copy that
# the last apply left behind. Takes the host's lock, refuses a host of another cluster, then hands over to the stage's script.
set -euo pipefail
# So that what comes out of a pipe can be noted with `did`: the last command of a pipe runs in this shell.
shopt -s lastpipe
umask 022
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# A login's proxies are for what comes from elsewhere (fetching in lib/artifacts.sh). All else speaks to hosts of this cluster, and
# kubeadm would write them into the static pods.
LOGIN_PROXIES=()
for variable in $(compgen -e); do
  [[ ${variable,,} == *_proxy ]] || continue
  LOGIN_PROXIES+=("$variable=${!variable}")
  unset "$variable"
done
# Every service of ours has a unit, so systemctl need not look after scripts of System V, which takes processes and says things.
export SYSTEMCTL_SKIP_SYSV=1
# Each call of ctr would repeat what containerd's own log says, and prepare has a word on cgroups of version 1.
export CONTAINERD_SUPPRESS_DEPRECATION_WARNINGS=1
# Not in somebody's home folder.
export KUBECACHEDIR=/run/ha-kubernetes/kubectl

ACTION=$1
STAGE=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly ACTION STAGE
# shellcheck source=/dev/null
. "$STAGE/settings.sh"
for library in $LIBRARIES; do
  # shellcheck source=/dev/null
  . "$STAGE/lib/$library.sh"
done
for library in "$STAGE"/stage/lib-*.sh; do
  # shellcheck source=/dev/null
  [ ! -f "$library" ] || . "$library"
done

FIRST_RUN=yes
[ ! -d "$HOME_DIR/stages/$STAGE_NAME" ] || FIRST_RUN=no
# What a library wants to know as it is now, on hosts where this stage ran before.
if [ "$ACTION" = apply ] && [ "$FIRST_RUN" = no ]; then
  while read -r begin; do "$begin"; done < <(compgen -A function at_start_)
fi
# The report of all hosts looks on while another one works.
[[ " ${*:2} " == *" REPORT=yes "* ]] || take_host_lock
case $ACTION in
  apply)
    # What only the first run is told. Readonly, so that no setting can be overridden.
    for variable in "${@:2}"; do declare -r "$variable"; done
    # A stage that only looks leaves nothing behind.
    if [ -f "$STAGE/stage/look.sh" ]; then
      # shellcheck source=/dev/null
      . "$STAGE/stage/look.sh"
      exit 0
    fi
    claim_host
    keep_scripts
    # A stage without an undo keeps nothing on the host but its own note.
    if [ -f "$STAGE/stage/undo.sh" ]; then
      keep_originals
      keep_undo
    fi
    # Some stages act only when they are undone.
    if [ -f "$STAGE/stage/apply.sh" ]; then
      # shellcheck source=/dev/null
      . "$STAGE/stage/apply.sh"
    fi
    [ ! -f "$STAGE/stage/undo.sh" ] || keep_manifest
    ;;
  undo)
    if ! owned_by "$2"; then
      report "already clean: this host is not $2's"
      exit 0
    fi
    # shellcheck source=/dev/null
    . "$STAGE/stage/undo.sh"
    forget_stage
    ;;
  *) fail "unknown action $ACTION" ;;
esac
report "$(outcome)"
