# shellcheck shell=bash
# Looks whether this host can be part of the cluster. It changes nothing and keeps nothing of itself: until every host has passed, no host is
# this cluster's.

look() {
  if [ -n "${REPORT:-}" ]; then
    first_boot_over >/dev/null || remark "the first boot's set-up by cloud-init still runs: look again when it is over"
    look_around
    tell_all
  else
    await_first_boot
    look_around
    settle
  fi
}

# settle: says everything at once, and fails where it must not go on. A host that was prepared before lived with its warnings until now. Before
# a host's first run the program itself collects what all hosts say, and then fails: a failure here would end the look at the others.
settle() {
  local each reasons=() verdict
  reasons=("${PROBLEMS[@]}")
  for each in "${REMARKS[@]}"; do say "note: $each"; done
  for each in "${WARNINGS[@]}"; do
    if first_run && ! is_accepted "${each%%: *}"; then
      reasons+=("$each. Mend that, or accept it: preflight.accept: [${each%%: *}]")
    else
      say "warning $each"
    fi
  done
  if [ ${#reasons[@]} -eq 0 ]; then
    report "passed, machine $(machine_mark)$(initiator_mark)"
    return
  fi
  verdict="${#reasons[@]} reason(s) not to start, nothing was changed:$(printf '\n  - %s' "${reasons[@]}")"
  [ -n "${COLLECTED:-}" ] || fail "$verdict"
  report "$verdict"
  echo "machine $(machine_mark)$(initiator_mark)"
}
is_accepted() { [[ " ${ACCEPTED:-} " == *" $1 "* ]]; }

# machine_mark: one for each machine. The id itself is nobody's business (machine-id(5)).
machine_mark() {
  local mark
  mark=$(hash_of_input < <(cat /etc/machine-id 2>/dev/null && echo ha-kubernetes))
  echo "${mark:0:16}"
}

# tell_all: for the report of all hosts, a line for each thing.
tell_all() {
  local each
  echo "machine $(machine_mark)$(initiator_mark)"
  echo "prepared $(if first_run; then echo no; else echo yes; fi)"
  echo "clock $(date +%s.%N)"
  echo "mtu $(link_mtu)"
  for each in "${PROBLEMS[@]}"; do echo "problem ${each//$'\n'/ }"; done
  for each in "${WARNINGS[@]}"; do echo "warning ${each//$'\n'/ }"; done
  for each in "${REMARKS[@]}"; do echo "note ${each//$'\n'/ }"; done
  check_paths
  echo end
}

look
