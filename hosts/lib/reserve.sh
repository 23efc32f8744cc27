# shellcheck shell=bash
# Resources that the kubelet keeps from pods, by the size of this host. Setting: RESERVE_BY_SIZE, those that are to be reckoned.

readonly RESERVED_DROP_IN=/etc/ha-kubernetes/kubelet.conf.d/60-reserved.conf

# reserve_by_size: writes them where the kubelet reads them, and takes them away where they are no longer asked for.
reserve_by_size() {
  local resource
  if [ -z "${RESERVE_BY_SIZE:-}" ]; then
    if [ -f "$RESERVED_DROP_IN" ]; then
      rm -f "$RESERVED_DROP_IN"
      did "removed $RESERVED_DROP_IN"
    fi
    return 0
  fi
  mkdir -p "${RESERVED_DROP_IN%/*}"
  {
    printf 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nkubeReserved:\n'
    for resource in $RESERVE_BY_SIZE; do
      case $resource in
        cpu) echo "  cpu: $(reserved_cpu "$(nproc --all)")m" ;;
        memory) echo "  memory: $(reserved_memory $(($(awk '/^MemTotal:/ {print $2}' /proc/meminfo) / 1024)))Mi" ;;
      esac
    done
  } | put_file 0644 "$RESERVED_DROP_IN"
}

# As GKE publishes it for its nodes ("Plan node sizes"): of the processors 6 % of the first, 1 % of the second, 0.5 % of the third and
# fourth, 0.25 % of each further one.
# reserved_cpu PROCESSORS: in thousandths.
reserved_cpu() {
  local tenths=0 n
  for ((n = 1; n <= $1; n++)); do
    if ((n == 1)); then
      tenths=600
    elif ((n == 2)); then
      tenths=$((tenths + 100))
    elif ((n <= 4)); then
      tenths=$((tenths + 50))
    else
      tenths=$((tenths + 25))
    fi
  done
  echo $(((tenths + 9) / 10))
}
# Of the memory 25 % of the first 4 GiB, 20 % of the next 4, 10 % of the next 8, 6 % of the next 112, 2 % of the rest; 255 MiB where
# there is less than 1 GiB.
# reserved_memory MEBIBYTES: in mebibytes.
reserved_memory() {
  local left=$1 sum=0 size percent part
  if [ "$1" -lt 1024 ]; then
    echo 255
    return 0
  fi
  while read -r size percent; do
    part=$((left < size ? left : size))
    sum=$((sum + part * percent))
    left=$((left - part))
  done <<<"4096 25
4096 20
8192 10
114688 6
1000000000 2"
  echo $((sum / 100))
}
