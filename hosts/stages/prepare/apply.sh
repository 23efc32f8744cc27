# shellcheck shell=bash
# Prepares this host's system, brings the artifacts and starts the container runtime. Preflight has looked at the host before.

# arrange ITEM: as the config says, or back as it was where the item is off.
arrange() { if item_is_on "$1"; then "apply_$1"; else "restore_$1"; fi; }

apply_prepare() {
  # An instance that makes itself a worker has no preflight.
  await_first_boot
  note_looked_around
  arrange host_name
  apply_hosts_lines
  local untried=no
  can_try_features || untried=yes
  fetch_packages_and_artifacts
  [ "$untried" = no ] || check_features_now
  label_programs
  local item
  # What watches over tables knows first what there will be.
  apply_tables
  for item in time_zone journal modules sysctl huge_pages swap firewall time_sync clock_in_utc services_off metrics; do arrange "$item"; done
  if item_is_on packages; then apply_updates; else restore_updates; fi
  if is_node; then apply_shutdown; else restore_shutdown; fi
  if [[ " ${STORAGE:-} " == *" multipath "* ]]; then apply_multipath; else restore_multipath; fi
  apply_resolv_conf
  # What the items brought since.
  label_programs
  if is_node; then
    apply_flannel_interface
    apply_service_route
    apply_containerd
    # On a host that lives, whatever comes later finds the images there.
    if first_run; then begin_import "$STAGE/inputs/artifacts"; else
      end_import
      import_images "$STAGE/inputs/artifacts"
      activate_cni
    fi
  else
    remove_containerd
  fi
  # What belongs to items that are off now goes.
  install_files
  remove_old_versions
  wait_for_clock
  [ ${#NOT_APPLIED[@]} -eq 0 ] || say "in a container, so the machine's own and not applied: $(printf '%s, ' "${NOT_APPLIED[@]}" | sed 's/, $//')"
  first_run && write_file 0644 root:root "$HOME_DIR/prepared" </dev/null
  return 0
}

# Preflight had not the commands yet.
check_features_now() {
  check_features
  [ ${#PROBLEMS[@]} -eq 0 ] || fail "${PROBLEMS[*]}"
}

# Packages and artifacts come from different places: both at once, unless what fetches artifacts is itself to be installed.
fetch_packages_and_artifacts() {
  local packages note
  install_files '/etc/ha-kubernetes/downloads/*'
  if ! item_is_on packages; then
    stage_artifacts "$STAGE/inputs/artifacts"
  elif ! command -v curl >/dev/null; then
    apply_packages
    stage_artifacts "$STAGE/inputs/artifacts"
  else
    install_apart &
    packages=$!
    # Even where the artifacts fail, apt is let finish.
    trap 'wait "$packages" || true' EXIT
    stage_artifacts "$STAGE/inputs/artifacts"
    trap - EXIT
    # It has said what went wrong.
    wait "$packages" || exit 1
    while read -r note; do DONE+=("$note"); done <"$STAGE/packages.did"
  fi
}

# In a process of its own, which leaves its notes in a file.
install_apart() {
  exec 9>&-
  DONE=()
  apply_packages
  if [ ${#DONE[@]} -gt 0 ]; then printf '%s\n' "${DONE[@]}"; fi >"$STAGE/packages.did"
}

apply_prepare
