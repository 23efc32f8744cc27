#!/usr/bin/env bash
# Hosts with a kernel of their own: virtual machines in the network of a lab, by software emulation.
# host.sh create CLUSTER HOST ADDRESS RELEASE MEMORY [DISK...]: makes one with Debian RELEASE, MEMORY MiB and blank disks of these sizes
# besides its own, and waits until it accepts logins. Reads from stdin what ../host.sh reads. The cluster's network must exist.
# host.sh start CLUSTER HOST: starts one that was cut off.
# host.sh power-cut CLUSTER HOST: ends it at once.
# host.sh delete CLUSTER HOST: removes it with all its data.
# host.sh exec CLUSTER HOST COMMAND...: runs a command in it as root. For tests; it has a login of its own.
set -euo pipefail
# shellcheck source=lab/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=lab/container.sh
. "$LAB/container.sh"
# shellcheck source=lab/image.sh
. "$LAB/image.sh"
# shellcheck source=lab/vm/image.sh
. "$LAB/vm/image.sh"
# shellcheck source=lab/vm/machine.sh
. "$LAB/vm/machine.sh"

create_machine() {
  local cluster=$1 host=$2 address=$3 release=$4 memory=$5 folder
  folder=$(vm_folder "$cluster" "$host")
  docker_has_network "$(network_name "$cluster")" || fail "there is no lab '$cluster' on this machine"
  [ ! -d "$folder" ] || fail "machine $host of lab $cluster exists already: delete it first"
  install_vm_tools
  ensure_vm_image "$release"
  # Whole or not at all: a folder is a machine.
  rm -rf "$folder.new"
  install -d -m 0700 "$folder.new"
  make_disks "$folder.new" "$(vm_image "$release")" "${@:6}"
  make_seed "$folder.new" "$(bridge_name "$cluster")" "$host" "$address"
  echo "$memory" >"$folder.new/memory"
  mv "$folder.new" "$folder"
  start_machine "$cluster" "$host"
}

case "${1:-} $#" in
  "create "[6-9])
    need_root
    connect_docker
    create_machine "${@:2}"
    echo "machine $3 answers at $4"
    ;;
  "start 3")
    need_root
    start_machine "$2" "$3"
    echo "machine $3 answers"
    ;;
  "power-cut 3")
    need_root
    end_machine "$2" "$3"
    echo "machine $3 is off"
    ;;
  "delete 3")
    need_root
    delete_machine "$2" "$3"
    echo "machine $3 is gone"
    ;;
  "exec "[4-9] | "exec "[1-9][0-9]*)
    need_root
    run_in_machine "${@:2}"
    ;;
  *) fail "usage: host.sh create CLUSTER HOST ADDRESS RELEASE MEMORY [DISK...] <keys | start|power-cut|delete CLUSTER HOST | exec CLUSTER HOST COMMAND..." ;;
esac
