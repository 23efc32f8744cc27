# shellcheck shell=bash
# What every stage's script uses: messages, deadlines, the host's lock and its owner mark.

readonly HOME_DIR=/var/lib/ha-kubernetes
DONE=()

# Progress goes to stderr, which is shown while a command runs; stdout is one line, kept as the command's result.
say() { printf '%s\n' "$*" >&2; }
report() { printf '%s on %s: %s\n' "$STAGE_NAME" "$HOST_NAME" "$*"; }
fail() {
  printf 'ERROR: %s on %s: %s\n' "$STAGE_NAME" "$HOST_NAME" "$*" >&2
  exit 1
}
# cut_off STATUS: true in an EXIT trap where the program that ran this script has ended and nobody reads its output. The script itself did
# not fail then. bash gives 0 where it wrote to the closed pipe itself.
cut_off() { [[ " 0 129 130 141 143 " == *" $1 "* ]]; }
# Notes something that was changed, for the one line at the end.
did() {
  DONE+=("$*")
  say "$*"
}
# The same for a file. The first run of a stage on a host writes all of its files, so there it only counts them.
did_write() {
  if [ "${FIRST_RUN:-no}" = yes ]; then DONE+=("wrote $1"); else did "wrote $1"; fi
}
# One line for a person: many of one kind are counted. What each was is said while it happens.
outcome() {
  local item line="" said=""
  if [ ${#DONE[@]} -eq 0 ]; then
    echo "nothing to change"
    return
  fi
  local -A many=([wrote]=0 [removed]=0 [installed]=0 [imported]=0 [other]=0)
  for item in "${DONE[@]}"; do
    kind_of "$item"
    many[$KIND]=$((${many[$KIND]} + 1))
  done
  for item in "${DONE[@]}"; do
    kind_of "$item"
    if [ "$KIND" != other ] && [ "${many[$KIND]}" -gt 3 ]; then
      [[ $said != *"$KIND"* ]] || continue
      said+=" $KIND"
      item="$KIND ${many[$KIND]} $KINDS"
    fi
    line+="; $item"
  done
  echo "${line:2}"
}
kind_of() {
  KIND=other KINDS=""
  case $1 in
    wrote\ /* | removed\ /*) KIND=${1%% *} KINDS=files ;;
    installed\ *\ in\ *) KIND=installed KINDS=programs ;;
    imported\ *) KIND=imported KINDS=images ;;
  esac
}

# wait_until SECONDS DESCRIPTION COMMAND...: polls until COMMAND succeeds, and fails with its last words at the deadline. What takes
# processes to find out why it does not is left to a function why_not_COMMAND, which is asked only when it is said. Where a look takes
# seconds, the host has more to do than it can: then what it waits for gets two without a look.
wait_until() {
  local seconds=$1 what=$2 end said asked last="" UPTIME
  since_boot
  end=$((UPTIME + $1)) said=$UPTIME asked=$UPTIME
  shift 2
  until last=$("$@" 2>&1 </dev/null); do
    since_boot
    if [ "$UPTIME" -ge "$end" ]; then
      fail "gave up after $seconds s waiting for $what: $(last_words "$last" "$@" | tail -n 3 | tr '\n' ' ')"
    fi
    if [ $((UPTIME - said)) -ge 10 ]; then
      said=$UPTIME
      say "waiting for $what, $((end - UPTIME)) s left: $(last_words "$last" "$@" | tail -n 1 | cut -c1-200)"
    fi
    if [ $((UPTIME - asked)) -ge 2 ]; then pause 2; else pause 0.2; fi
    since_boot
    asked=$UPTIME
  done
}
# since_boot: sets UPTIME, in seconds. bash's SECONDS follows the clock: it jumps when chrony sets a clock that was wrong.
since_boot() {
  read -r UPTIME _ </proc/uptime
  UPTIME=${UPTIME%.*}
}
# last_words SAID COMMAND...: never nothing. A condition such as `test -b DEVICE` says nothing itself, but what it asks is clear.
last_words() {
  local said=$1
  shift
  if declare -F "why_not_$1" >/dev/null; then said=$("why_not_$1" "${@:2}" || true); fi
  printf '%s' "${said:-"'$*' is not true yet"}"
}

# pause SECONDS: without a process, by reading from a pipe that nobody writes to. All hosts of a birth wait much of the time, and
# on small machines it is processes that a birth is made of.
exec {SILENT_PIPE}<> <(:)
pause() { read -rt "$1" -u "$SILENT_PIPE" || true; }

# host_port ADDRESS PORT: as a URL has them, an IPv6 address in brackets.
host_port() { if [[ $1 == *:* ]]; then echo "[$1]:$2"; else echo "$1:$2"; fi; }

# older_or_same VERSION OTHER
older_or_same() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# one_minor_up PART FROM TO KEY: refuses to go back a minor version or to skip one, from what runs on this host; FROM may be empty.
one_minor_up() {
  [ -n "$2" ] || return 0
  local from to steps
  IFS=. read -r _ from _ <<<"$2"
  IFS=. read -r _ to _ <<<"$3"
  steps=$((to - from))
  [ "$steps" -ge 0 ] || fail "$1 is $2 here and does not go back to $3: the older one can't read the newer one's data. Put $4 back"
  [ "$steps" -le 1 ] || fail "$1 is $2 here and goes up one minor version at a time, not to $3 at once. Set $4 to a version of the next minor one first"
}

# One script at a time on a host, no matter who started it. The kernel drops the lock with its holder. Stages of one `up` meet here as a
# matter of course, and most finish in seconds: only a longer wait is reported.
take_host_lock() {
  local lock=/run/ha-kubernetes/lock
  # Bundles with keys lie below it, and nobody else may hold the lock.
  install -d -m 0700 /run/ha-kubernetes
  # An undo that another one runs has its lock.
  if [ /proc/self/fd/9 -ef "$lock" ]; then return 0; fi
  exec 9>>"$lock"
  if ! flock -w 10 9; then
    say "waiting for stage $(lock_holder "$lock") to end on this host"
    flock -w 890 9 || fail "stage $(lock_holder "$lock") has held this host for 900 s: look for 'run.sh' in its process list"
  fi
  echo "$STAGE_NAME (process $$)" >"$lock"
  sweep_bundles
}

# Bundles of runs that were killed outright. One that another run waits with for the lock is in that run's arguments; one that is still
# being unpacked is young.
sweep_bundles() {
  local bundle
  while read -r bundle; do
    if [ "$bundle" = "$STAGE" ] || pgrep -f -- "$bundle/" >/dev/null; then continue; fi
    rm -rf "$bundle"
  done < <(find /run/ha-kubernetes -maxdepth 1 -type d -name '*.????????' -mmin +15)
}
lock_holder() { cat "$1" 2>/dev/null || true; }

owned_by() { [ -f "$HOME_DIR/owner" ] && [ "$(<"$HOME_DIR/owner")" = "$1" ]; }

# The first stage on a host marks it as this cluster's; every stage refuses a host of another one.
claim_host() {
  [ -f "$HOME_DIR/owner" ] || {
    mkdir -p "$HOME_DIR"
    chmod 0755 "$HOME_DIR"
    write_file 0644 root:root "$HOME_DIR/owner" <<<"$OWNER"
  }
  owned_by "$OWNER" || fail "this host belongs to cluster $(cat "$HOME_DIR/owner"), not to $OWNER. Destroy that cluster first, or," \
    "if it is gone for good, reinstall the host (or remove $HOME_DIR/owner by hand once nothing of it runs here)"
  # A destroy that was called off.
  [ ! -e "$HOME_DIR/teardown" ] || rm -f "$HOME_DIR/teardown"
}

# The archive that this run's scripts were taken from, where it was brought for this release: kept for the stages to come, then taken
# from the home of the user who logged in, where a run begins. Not where another release's was brought meanwhile.
keep_scripts() {
  local brought=.ha-kubernetes-scripts.tar.gz
  if [ -f "$STAGE/scripts.tar" ] && gzip -dc "$brought" 2>/dev/null | cmp -s - "$STAGE/scripts.tar"; then
    write_file 0600 root:root "$HOME_DIR/scripts.tar" <"$STAGE/scripts.tar"
    rm -f "$brought"
  fi
}

# The script and settings that would undo this stage, kept before anything is changed. Neither files nor inputs: no secrets.
# Until the run is through, its manifest names the files of both the last run and this one: a killed run leaves nothing behind.
keep_undo() {
  local kept=$HOME_DIR/stages/$STAGE_NAME
  mkdir -p "$HOME_DIR/stages"
  if [ ! -d "$kept" ] && [ -d "$kept.old" ]; then mv "$kept.old" "$kept"; fi
  rm -rf "$kept.new" "$kept.old"
  mkdir -m 0700 "$kept.new"
  cp -r "$STAGE/lib" "$STAGE/stage" "$STAGE/settings.sh" "$kept.new/"
  { cat "$STAGE/manifest" && if [ -f "$kept/manifest" ]; then cat "$kept/manifest"; fi; } | sort -u -k4 >"$kept.new/manifest"
  [ ! -d "$kept" ] || mv "$kept" "$kept.old"
  mv "$kept.new" "$kept"
  rm -rf "$kept.old"
}

forget_stage() {
  rm -rf "${HOME_DIR:?}/stages/$STAGE_NAME"{,.old,.new}
  # With the last stage the host is nobody's again.
  if rmdir "$HOME_DIR/stages" 2>/dev/null; then
    close_mark
    rm -rf "${HOME_DIR:?}"
  fi
}

# What the leaving stage may have opened on this host.
close_mark() {
  [ -f /run/systemd/system/ha-kubernetes-leaving.socket ] || return 0
  systemctl stop ha-kubernetes-leaving.socket
  rm -f /run/systemd/system/ha-kubernetes-leaving{.socket,@.service}
  systemctl daemon-reload
}

# True inside a container: kernel-wide settings belong to the machine around it and are reported, not applied.
in_container() {
  [ -n "${IN_CONTAINER:-}" ] || if systemd-detect-virt --quiet --container; then IN_CONTAINER=yes; else IN_CONTAINER=no; fi
  [ "$IN_CONTAINER" = yes ]
}

# durable FILE...: a power cut leaves the whole of it or nothing.
durable() { sync "$@"; }
