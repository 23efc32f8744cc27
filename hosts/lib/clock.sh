# shellcheck shell=bash
# Whether certificates are valid by this host's clock is found out before they are put in place: what uses them would only say that it
# can't verify them, and a wait for that would end without a cause.

# valid_now AUTHORITY [LEAF], files: waits for a start that is near; fails where one starts later or is over, and says both times.
valid_now() {
  in_its_time "$1" "authority's certificate" "then, where no cluster lives yet, run destroy and up; in a rotation, take its step back and begin it again"
  [ -z "${2:-}" ] || in_its_time "$2" "certificate" "then run 'npm run up -- --replace \"**:LocallySignedCert::**\"'"
}

# in_its_time FILE WHAT CURE
in_its_time() {
  local line now starts="" ends=""
  while IFS='=' read -r line now; do
    case $line in notBefore) starts=$now ;; notAfter) ends=$now ;; esac
  done < <(openssl x509 -noout -dates -dateopt iso_8601 -in "$1" 2>/dev/null || true)
  # No openssl here, or one older than version 3.
  [ -n "$ends" ] || return 0
  utc_now
  # Times in this form compare as texts do.
  if [[ $NOW > $ends ]]; then out_of_time "$2 ended at $ends" "$3"; fi
  [[ $NOW < $starts ]] || return 0
  [ $(($(date -d "$starts" +%s) - $(date -d "$NOW" +%s))) -le 300 ] || out_of_time "$2 starts at $starts" "$3"
  say "the $2 for this host starts at $starts, this host's clock says $NOW"
  wait_until 330 "this host's clock to reach $starts, the start of its certificate" reached "$starts"
}

reached() {
  utc_now
  printf '%s' "$NOW"
  [[ ! $NOW < $1 ]]
}
utc_now() { TZ=UTC printf -v NOW '%(%F %TZ)T' -1; }

out_of_time() {
  fail "the $1, and this host's clock says $NOW. Nothing was changed. Where this host's clock is wrong, set it and run up." \
    "Where that of the machine that ran up was, set that one; $2"
}
