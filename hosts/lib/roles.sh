# shellcheck shell=bash
# What a host is for this cluster, and whether it was prepared before: preflight and prepare go by this.

has_role() { [[ " $ROLES " == *" $1 "* ]]; }
is_node() { has_role control-plane || has_role worker; }
item_is_on() { [[ " $PREPARATIONS " == *" $1 "* ]]; }
first_run() { [ ! -f "$HOME_DIR/prepared" ]; }

# The kinds of role that preflight has passed for: from then on, this program itself made everything that is found. An earlier release noted
# none, and a host that it prepared is past that.
readonly LOOKED_AROUND=$HOME_DIR/looked-around
kinds_of_roles() {
  if is_node; then echo node; fi
  if has_role etcd; then echo etcd; fi
}

note_looked_around() {
  local all
  all=$({ kinds_of_roles && { cat "$LOOKED_AROUND" 2>/dev/null || true; }; } | sort -u)
  [ "$all" = "$(cat "$LOOKED_AROUND" 2>/dev/null)" ] || write_file 0644 root:root "$LOOKED_AROUND" <<<"$all"
}

# A cloud's new machine answers before it is ready: apt is still busy, and cloud-init may still rewrite files.
first_boot_over() {
  local jobs
  jobs=$(systemctl list-jobs --plain --no-legend 'cloud-*' | awk '{print $2}')
  [ -z "$jobs" ] || {
    echo "still to run: ${jobs//$'\n'/ }"
    return 1
  }
}
await_first_boot() { wait_until 600 "the first boot's set-up by cloud-init to end" first_boot_over; }
