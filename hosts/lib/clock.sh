# shellcheck shell=bash
# Whether a certificate is valid by this host's clock is found out before it is put in place: what uses it would only say that it
# can't be verified, and a wait for that would end without a cause.

# valid_now FILE: waits for a start that is near; fails where the certificate starts later or is over, and says both times.
valid_now() {
  local line now starts="" ends=""
  while IFS='=' read -r line now; do
    case $line in notBefore) starts=$now ;; notAfter) ends=$now ;; esac
  done < <(openssl x509 -noout -dates -dateopt iso_8601 -in "$1" 2>/dev/null || true)
  # No openssl here, or one from before version 3.
  [ -n "$ends" ] || return 0
  now=$(utc_now)
  # Times in this form compare as texts do.
  if [[ $now > $ends ]]; then fail "$(clock_words "ended at $ends" "$now")"; fi
  [[ $now < $starts ]] || return 0
  [ $(($(date -d "$starts" +%s) - $(date -d "$now" +%s))) -le 300 ] || fail "$(clock_words "starts at $starts" "$now")"
  say "the certificate for this host starts at $starts, this host's clock says $now"
  wait_until 330 "this host's clock to reach $starts, the start of its certificate" reached "$starts"
}

reached() {
  utc_now
  [[ $(utc_now) > $1 ]]
}
utc_now() { TZ=UTC printf '%(%F %TZ)T' -1; }

clock_words() {
  printf '%s' "the certificate that came for it $1, and its clock says $2. Nothing was changed by this stage. Where this host's clock is" \
    " wrong, set it and run up. Where it was that of the machine that ran up, set that one and run" \
    " 'npm run up -- --replace \"**:LocallySignedCert::**\"'; where there is no cluster yet, run destroy, then up"
}
