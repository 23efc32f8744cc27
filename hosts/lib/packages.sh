# shellcheck shell=bash
# The package managers of hosts, apt and dnf: what several stages ask of them. What they said last is in a log of their own.

export DEBIAN_FRONTEND=noninteractive
# More for apt-get, such as other lists than the host's own.
APT_OPTIONS=()

has_dnf() { ! command -v apt-get >/dev/null && command -v dnf >/dev/null; }

apt_get() { fetching apt-get -y -q -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 "${APT_OPTIONS[@]}" "$@" >/run/ha-kubernetes/apt.log 2>&1 </dev/null; }
apt_error() { grep -E '^(E|Err|W):?' /run/ha-kubernetes/apt.log | tail -n 3 | tr '\n' ' '; }
# apt waits for dpkg's lock by itself and not for that of its lists, which a new machine's own timers hold for minutes.
update_lists() {
  local end=$((SECONDS + 600)) said=no
  until apt_get update; do
    grep -F /var/lib/apt/lists/lock /run/ha-kubernetes/apt.log >/dev/null || return 1
    [ "$SECONDS" -lt "$end" ] || return 1
    [ "$said" = yes ] || say "waiting for another apt to let go of its lists"
    said=yes
    pause 2
  done
}

run_dnf() { fetching dnf -y -q --setopt=install_weak_deps=False "$@" >/run/ha-kubernetes/dnf.log 2>&1 </dev/null; }
dnf_error() { grep -iE '^(Error|No match|Unable|Curl error|  - )' /run/ha-kubernetes/dnf.log | tail -n 3 | tr '\n' ' '; }
