# shellcheck shell=bash
# The host image: a Debian 12 with systemd and sshd, like a freshly installed machine, built once and cached. Sourced after lib.sh.
# It is Debian 12 because the systemd of Debian 13 does not boot with controllers on cgroup version 1.

# The keys that sign the packages.
readonly KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# The recipe is everything below image/ and this machine's architecture; another recipe makes another image.
recipe_digest() {
  (cd "$LAB/image" && { uname -m && find . -type f -print0 | sort -z | xargs -0 sha256sum; }) | sha256sum | cut -c1-16
}

image_name() { echo "ha-kubernetes-lab:$(recipe_digest)"; }

image_is_there() { docker image inspect "$(image_name)" >/dev/null 2>&1; }

# Builds the image if it does not exist; one run at a time.
ensure_image() { image_is_there || locked image make_image; }

make_image() {
  if image_is_there; then return 0; fi
  local image tar
  image=$(image_name)
  tar=$CACHE/lab/host-$(recipe_digest).tar
  [ -f "$tar" ] || build_image "$tar"
  say "importing the host image"
  docker import "$tar" "$image" >/dev/null
  remove_old_images "$image" "$tar"
}

build_image() {
  local tar=$1 tree log packages
  say "building the host image, once: one to three minutes"
  mkdir -p "$CACHE/lab"
  chmod 0700 "$CACHE/lab"
  # Leftovers of a killed run; because of the lock, no other run is using them.
  rm -rf "$CACHE"/lab/build.*
  tree=$(mktemp -d "$CACHE/lab/build.XXXXXXXX")
  log=$tree.log
  packages=$(grep -v '^#' "$LAB/image/packages" | paste -sd,)
  # In a separate mount namespace, so that a killed run leaves no mounts; with debootstrap's own mirror if the machine names none.
  # shellcheck disable=SC2046 # no argument if there is no mirror
  unshare --mount debootstrap --force-check-gpg --keyring "$KEYRING" --variant=minbase --include="$packages" bookworm "$tree/root" $(machine_mirror) >"$log" 2>&1 ||
    fail "debootstrap could not make the host image: $(tail -n 5 "$log")"
  machine_sources >"$tree/root/etc/apt/sources.list.d/machine.list"
  machine_apt_settings >"$tree/root/etc/apt/apt.conf.d/90machine"
  cp -r "$LAB/image/files/." "$tree/root/"
  unshare --mount chroot "$tree/root" /bin/sh -s <"$LAB/image/setup.sh" >>"$log" 2>&1 ||
    fail "the host image could not be set up: $(tail -n 5 "$log")"
  tar --numeric-owner -C "$tree/root" -cf "$tree/image.tar" .
  mv "$tree/image.tar" "$tar"
  rm -rf "$CACHE"/lab/build.*
}

# "URI suite component" of each Debian 12 source that this machine's apt uses.
debian_targets() {
  # shellcheck disable=SC2016 # apt's own placeholders
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)' 'Created-By: Packages' 2>/dev/null |
    awk '$2 ~ /^bookworm/ && $4 == "Debian" {print $1, $2, $3}' | sort -u
}
machine_mirror() { debian_targets | awk '$2 == "bookworm" {print $1; exit}'; }
machine_sources() { debian_targets | awk '!($2 == "bookworm" && $3 == "main") {print "deb", $0}'; }
machine_apt_settings() { apt-config dump | grep -E '^Acquire::(Check-[A-Za-z-]+|https?::Proxy) ' || true; }

# Images and archives of earlier recipes that no host uses any more.
remove_old_images() {
  local image=$1 tar=$2 old
  find "$CACHE/lab" -maxdepth 1 -name 'host-*.tar' ! -path "$tar" -delete
  while read -r old; do
    [ "$old" = "$image" ] || docker image rm "$old" >/dev/null 2>&1 || say "image $old is still in use"
  done < <(docker image ls --format '{{.Repository}}:{{.Tag}}' ha-kubernetes-lab)
}
