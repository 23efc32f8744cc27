# shellcheck shell=bash
# Huge pages. The kernel finds them the more easily the younger it is, so they are set at boot, too.

# In front of the host's own folder; empty but in tests.
readonly PAGES=${HAK_ROOT:-}/sys/kernel/mm/hugepages PAGES_FILE=/etc/tmpfiles.d/ha-kubernetes-huge-pages.conf

apply_huge_pages() {
  local folder count changed=no
  if in_container; then
    NOT_APPLIED+=("huge pages")
    return 0
  fi
  # shellcheck disable=SC2086 # pairs of words
  printf 'w /sys/kernel/mm/hugepages/%s/nr_hugepages - - - - %s\n' $HUGE_PAGES | put_file 0644 "$PAGES_FILE"
  while read -r folder count; do
    [ -f "$PAGES/$folder/nr_hugepages" ] || fail "Linux $(uname -r) has no huge pages of this size ($folder) on this machine (hostPreparation.hugePages)"
    [ "$(<"$PAGES/$folder/nr_hugepages")" != "$count" ] || continue
    save "pages-$folder" <"$PAGES/$folder/nr_hugepages"
    set_pages "$folder" "$count"
    changed=yes
    did "set aside $count pages of $folder"
  done < <(page_counts)
  restore_pages_but " $HUGE_PAGES "
  # Read when the kubelet starts; its own stage does that.
  if [ "$changed" = yes ]; then forget_started kubelet; fi
}
# shellcheck disable=SC2086 # pairs of words
page_counts() { printf '%s %s\n' $HUGE_PAGES; }

# set_pages FOLDER COUNT: the kernel gives what it has in one piece, and says nothing where that is less.
set_pages() {
  local has
  echo "$2" >"$PAGES/$1/nr_hugepages"
  has=$(<"$PAGES/$1/nr_hugepages")
  [ "$has" -ge "$2" ] || fail "the kernel has memory for $has of $2 pages of $1: boot this host and run up again, or ask for less (hostPreparation.hugePages)"
}
restore_huge_pages() {
  rm -f "$PAGES_FILE"
  restore_pages_but ""
}
restore_pages_but() {
  local note folder
  for note in "$SAVED"/pages-*; do
    [ -f "$note" ] || continue
    folder=${note##*/pages-}
    if [[ $1 == *" $folder "* ]]; then continue; fi
    if [ -f "$PAGES/$folder/nr_hugepages" ]; then cat "$note" >"$PAGES/$folder/nr_hugepages"; fi
    rm -f "$note"
    did "gave back the pages of $folder"
  done
}
