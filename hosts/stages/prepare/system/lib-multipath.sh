# shellcheck shell=bash
# multipath for disks of iSCSI (addons.iscsi.multipath), and for no other disk. A configuration that is there already stays: it may be what
# the host boots from.

readonly MULTIPATH=${HAK_ROOT:-}/etc/multipath.conf OUR_MULTIPATH="# Made by ha-kubernetes, for disks of iSCSI alone."

apply_multipath() {
  if [ -e "$MULTIPATH" ] && ! multipath_is_ours; then
    say "left $MULTIPATH as it is, because this program did not make it: disks of iSCSI go by it, too"
    return 0
  fi
  [ "$(cat "$MULTIPATH" 2>/dev/null)" != "$(our_multipath)" ] || return 0
  our_multipath | put_file 0644 "$MULTIPATH"
  # RHEL's does not start without a configuration.
  systemctl enable --quiet multipathd
  systemctl restart multipathd || fail "multipathd does not start: journalctl -u multipathd says why"
}
# kubelet takes the device that multipathd makes of several paths. A disk with one path stays what it is.
our_multipath() {
  cat <<CONFIG
$OUR_MULTIPATH
defaults {
    find_multipaths yes
    user_friendly_names yes
}
blacklist {
    protocol ".*"
}
blacklist_exceptions {
    protocol "scsi:iscsi"
}
CONFIG
}
multipath_is_ours() { [ "$(head -n 1 "$MULTIPATH" 2>/dev/null)" = "$OUR_MULTIPATH" ]; }

restore_multipath() {
  if [ ! -e "$MULTIPATH" ] || ! multipath_is_ours; then return 0; fi
  rm -f "$MULTIPATH"
  # Maps that are in use stay until their volumes go.
  if systemctl is-active --quiet multipathd; then systemctl reload multipathd || true; fi
  did "removed $MULTIPATH"
}
