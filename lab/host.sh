#!/usr/bin/env bash
# host.sh create CLUSTER HOST ADDRESS[,ADDRESS]: creates the host and waits until it accepts logins. Reads from stdin the public key that may log
# in (the first line) and the host's private SSH key (the rest). The cluster's network must exist.
# host.sh delete CLUSTER HOST: removes it with all its data.
# host.sh exec CLUSTER HOST COMMAND...: runs a command in the host as root, without its network and sshd. For tests.
set -euo pipefail
# shellcheck source=lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=lab/container.sh
. "$LAB/container.sh"
# shellcheck source=lab/image.sh
. "$LAB/image.sh"

create_host() {
  local cluster=$1 host=$2 address=$3 container has driver image arguments
  container=$(container_name "$cluster" "$host")
  has=$(address_of "$container")
  if [ -n "$has" ] && [ "$has" != "$address" ]; then
    fail "host $host exists at $has, not $address. A host keeps its address: remove it first, or give the new one another name"
  fi
  if [ -z "$has" ]; then
    docker_has_network "$(network_name "$cluster")" || fail "there is no lab '$cluster' on this machine"
    # The image was built with the network; it is built again if the recipe has changed since.
    ensure_image
    mkdir -p "$CACHE/bundle"
    driver=$(docker info --format '{{.CgroupDriver}}')
    image=$(image_name)
    mapfile -t arguments < <(container_arguments "$cluster" "$host" "$address" "$driver" "$image" "$(name_servers)")
    docker_make docker_has_container "$container" create "${arguments[@]}"
  fi
  docker start "$container" >/dev/null
  docker exec --interactive "$container" /usr/local/sbin/lab-keys
  wait_until 120 "host $host to answer SSH at $address" ready "$container" "$address"
  leave_ipv4 "$container" "$address"
}

docker_has_container() { docker container inspect "$1" >/dev/null 2>&1; }

case "${1:-} $#" in
  "create 4")
    need_root
    connect_docker
    create_host "$2" "$3" "$4"
    echo "host $3 answers at $4"
    ;;
  "delete 3")
    need_root
    if [ -d "$(vm_folder "$2" "$3")" ]; then exec bash "$LAB/vm/host.sh" "$@"; fi
    if labs_exist; then
      connect_docker
      remove_containers "$LABEL=$2" "ha-kubernetes.host=$3"
    fi
    echo "host $3 is gone"
    ;;
  "exec "[4-9] | "exec "[1-9][0-9]*)
    need_root
    if [ -d "$(vm_folder "$2" "$3")" ]; then exec bash "$LAB/vm/host.sh" "$@"; fi
    connect_docker
    container=$(container_name "$2" "$3")
    shift 3
    exec docker exec --interactive "$container" "$@"
    ;;
  *) fail "usage: host.sh create CLUSTER HOST ADDRESS[,ADDRESS] <keys | delete CLUSTER HOST | exec CLUSTER HOST COMMAND..." ;;
esac
