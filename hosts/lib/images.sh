# shellcheck shell=bash
# Gives images to this host's containerd, from archives of a bundle or by pulling them. The list is that of artifacts.sh.

readonly IMAGE_STAMPS=$ARTIFACT_ROOT/var/lib/containerd/ha-kubernetes

# import_images FILE [passing]: gives the list's images to the running containerd, and takes programs out of images. passing: a list of
# a version on the way to another, beside the host's own.
import_images() {
  local line present names wanted=() folder programs
  present=$(ctr -n k8s.io images ls -q)
  while read -r line; do
    case $line in
      'images '* | 'pull '*) images_in_place "$line" "$present" || wanted+=("$line") ;;
      'image-program '*) program_in_place "$line" || wanted+=("$line") ;;
    esac
  done <"$1"
  each_at_once bring_images "${wanted[@]}"
  for line in "${wanted[@]}"; do
    if [[ $line == 'image-program '* ]]; then
      read -r _ _ _ folder programs <<<"$line"
      did "installed $programs in $folder"
    else
      mapfile -t names < <(image_names "$line")
      did "imported ${names[*]}"
    fi
  done
  pin_images "$@"
}

# The kubelet must not collect these images when the disk fills up, nor those of the list before this one: nodes run them until an
# upgrade is over. Behind those of a bundle stands no registry, and the others come by the digest only here.
readonly PIN=io.cri-containerd.pinned
pin_images() {
  local list=$IMAGE_STAMPS/list names keep pinned name line
  names=$(while read -r line; do case $line in 'images '* | 'pull '*) image_names "$line" ;; esac; done <"$1" | sort -u)
  mkdir -p "$IMAGE_STAMPS"
  # It takes the place of no list: the next list of the host's own lets these go.
  if [ "${2:-}" = passing ]; then
    while read -r name; do ctr -n k8s.io images label "$name" "$PIN=pinned" >/dev/null; done <<<"$names"
    return 0
  fi
  if [ "$names" != "$(cat "$list" 2>/dev/null)" ]; then
    [ ! -f "$list" ] || mv -f "$list" "$list.before"
    printf '%s\n' "$names" >"$list"
  fi
  keep=$(comm -12 <(cat "$list" "$list.before" 2>/dev/null | sort -u) <(ctr -n k8s.io images ls -q | sort))
  pinned=$(ctr -n k8s.io images ls -q "labels.\"$PIN\"==pinned" | sort)
  while read -r name; do
    ctr -n k8s.io images label "$name" "$PIN=pinned" >/dev/null
  done < <(comm -23 <(printf '%s' "${keep:+$keep$'\n'}") <(printf '%s' "${pinned:+$pinned$'\n'}"))
  while read -r name; do
    ctr -n k8s.io images label "$name" "$PIN=" >/dev/null
  done < <(comm -13 <(printf '%s' "${keep:+$keep$'\n'}") <(printf '%s' "${pinned:+$pinned$'\n'}"))
}

image_names() {
  local kind rest
  read -r kind _ rest <<<"$1"
  # shellcheck disable=SC2086 # names without blanks
  case $kind in
    images) printf '%s\n' ${rest#* } ;;
    pull) echo "$rest" ;;
  esac
}
image_stamp() {
  local hash
  read -r _ hash _ <<<"$1"
  echo "$IMAGE_STAMPS/$hash"
}

# images_in_place LINE PRESENT: this containerd got this very archive, and still has every image of it.
images_in_place() {
  local name
  [ -f "$(image_stamp "$1")" ] || return 1
  for name in $(image_names "$1"); do [[ $'\n'$2$'\n' == *$'\n'"$name"$'\n'* ]] || return 1; done
}

bring_images() {
  local kind hash from file said
  read -r kind hash from _ <<<"$1"
  if [ "$kind" = image-program ]; then
    take_out_of_image "$1"
    return
  fi
  mkdir -p "$IMAGE_STAMPS"
  if [ "$kind" = pull ]; then
    pull_image "$hash" "$from"
    # The kubelet asks for it by its tag.
    said=$(ctr -n k8s.io images tag --local --force "${from%:*}@$hash" "$from" 2>&1) || fail "image $from can't be tagged: $(tail -n 3 <<<"$said")"
  else
    file=$from
    [[ $from == /* ]] || file=$IMAGE_STAMPS/$hash.tar
    bring "$hash" "$from" "$file"
    # --local: by the content store, which takes two thirds of the processor time of the transfer service.
    said=$(ctr -n k8s.io images import --local --label "$PIN=pinned" "$file" 2>&1) || fail "${from##*/} can't be imported: $(tail -n 3 <<<"$said")"
    [ "$file" = "$from" ] || rm -f "$file"
  fi
  touch "$(image_stamp "$1")"
}

# pull_image DIGEST IMAGE: by the digest, over the registry's mirrors like the kubelet's own pulls, and for this host's platform alone.
# --local: here and not in containerd, which knows nothing of proxies that only the login names.
pull_image() {
  local reference=${2%:*}@$1 said attempt
  for attempt in 1 2 3; do
    said=$(fetching ctr -n k8s.io images pull --local --hosts-dir /etc/containerd/certs.d --skip-metadata "$reference" 2>&1) && return 0
    [ "$attempt" = 3 ] || sleep "$attempt"
  done
  fail "image $2 can't be pulled by its digest $1: $(tail -n 1 <<<"$said")"
}

# take_out_of_image LINE: puts programs in place that are published in an image alone. The image itself is not kept.
readonly IMAGE_MOUNTS=$ARTIFACT_ROOT/run/ha-kubernetes/images
take_out_of_image() {
  local digest from programs program new said reference mount
  read -r _ digest from _ programs <<<"$1"
  reference=${from%:*}@$digest
  new=$(fresh_folder "$1")
  # A run that was killed may have left one.
  for mount in "$IMAGE_MOUNTS"/*; do leave_image "$mount"; done
  pull_image "$digest" "$from"
  mkdir -p "$IMAGE_MOUNTS"
  # containerd remembers a place for a while after its mount is gone, and mounts nothing else there.
  mount=$(mktemp -d "$IMAGE_MOUNTS/XXXXXXXX")
  said=$(ctr -n k8s.io images mount "$reference" "$mount" 2>&1) || fail "image $from can't be read: $(tail -n 1 <<<"$said")"
  for program in $programs; do
    said=$(find "$mount" -xdev -type f -name "$program" -exec cp {} "$new/$program" \; -quit 2>&1) || fail "image $from can't be read: $said"
  done
  leave_image "$mount"
  put_programs "$1" "$new"
  ctr -n k8s.io images rm "$reference" >/dev/null 2>&1 || true
}
leave_image() {
  [ -d "$1" ] || return 0
  ctr -n k8s.io images unmount --rm "$1" >/dev/null 2>&1 || true
  rmdir "$1" 2>/dev/null || true
}

# ---- a host that is just being made ---------------------------------------------------------------------------------
# Etcd and balancers need no image, so there the import goes on by itself while they start. A stage that needs images calls images_at_hand:
# it waits for the end, makes up for what a failed or killed import left undone, and says what went wrong.

readonly PENDING_IMAGES=$ARTIFACT_ROOT$HOME_DIR/images-pending IMPORT_UNIT=ha-kubernetes-images.service
readonly IMPORT_SCRIPT=$ARTIFACT_ROOT/run/ha-kubernetes/import-images.sh IMPORT_LOCK=$ARTIFACT_ROOT/run/ha-kubernetes/images.lock

# begin_import FILE: starts the import of the list's images, in a unit of its own.
begin_import() {
  end_import
  write_file 0600 root:root "$PENDING_IMAGES" <"$1"
  # It may outlive this stage's folder, so it takes along what it needs.
  {
    printf 'set -euo pipefail\numask 022\nexport LC_ALL=C PATH=%q\nDONE=()\n' "$PATH"
    declare -p STAGE_NAME HOST_NAME ARTIFACT_ROOT DOWNLOADS IMAGE_STAMPS IMAGE_MOUNTS PIN PENDING_IMAGES IMPORT_UNIT IMPORT_LOCK
    declare -p LOGIN_PROXIES 2>/dev/null || true
    declare -f
    printf 'images_at_hand\nrm -f %q\n' "$IMPORT_SCRIPT"
  } | write_file 0600 root:root "$IMPORT_SCRIPT"
  if systemd-run --quiet --collect --unit "$IMPORT_UNIT" --description "Import of container images" bash "$IMPORT_SCRIPT"; then
    did "began to import images"
  else
    images_at_hand
  fi
}

# end_import: stops one that is under way.
end_import() {
  [ -f "$PENDING_IMAGES" ] || return 0
  systemctl stop "$IMPORT_UNIT" 2>/dev/null || true
  rm -f "$PENDING_IMAGES" "$IMPORT_SCRIPT"
}

images_at_hand() {
  local lock
  [ -f "$PENDING_IMAGES" ] || return 0
  exec {lock}>"$IMPORT_LOCK"
  if ! flock -n "$lock"; then
    say "waiting for the images to be imported"
    flock -w 900 "$lock" || fail "the import of images has not ended for 900 s: see journalctl -u $IMPORT_UNIT"
  fi
  # The holder of the lock may have done it.
  if [ -f "$PENDING_IMAGES" ]; then
    import_images "$PENDING_IMAGES"
    rm -f "$PENDING_IMAGES"
  fi
  exec {lock}>&-
}
