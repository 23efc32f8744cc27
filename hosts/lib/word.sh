# shellcheck shell=bash
# A control plane's word that it leaves, when etcd can't be written: it answers for itself, over a way that anybody may listen on or
# answer at. So it signs, with keys that only it has.

# For so long it is believed.
readonly WORD_SECONDS=21600

# vouched AUTHORITY [NAME] <ANSWER: control plane NAME, or any, said itself and not long ago that it leaves. An answer is a line with the
# word, then lines with a certificate and the signature by its key; AUTHORITY must have issued one of them to that control plane.
vouched() {
  local word now said name certificate signature scratch status=1
  read -r word || return 1
  [[ $word =~ ^"$OWNER "([a-z0-9.-]+)" leaves at "([0-9]+)$ ]] || return 1
  name=${BASH_REMATCH[1]} said=${BASH_REMATCH[2]}
  [ "$name" = "${2:-$name}" ] || return 1
  printf -v now '%(%s)T' -1
  [ $((now - said)) -lt "$WORD_SECONDS" ] && [ $((said - now)) -lt "$WORD_SECONDS" ] || return 1
  scratch=$(mktemp -d)
  while [ "$status" -ne 0 ] && read -r certificate signature; do
    base64 -d <<<"$certificate" 2>/dev/null | openssl x509 -inform DER -out "$scratch/certificate" 2>/dev/null || continue
    base64 -d <<<"$signature" >"$scratch/signature" 2>/dev/null || continue
    openssl verify -no_check_time -CAfile "$1" "$scratch/certificate" >/dev/null 2>&1 || continue
    [[ $(openssl x509 -in "$scratch/certificate" -noout -checkhost "$name") == *"does match"* ]] || continue
    openssl x509 -in "$scratch/certificate" -noout -pubkey >"$scratch/key"
    if printf %s "$word" | openssl dgst -sha256 -verify "$scratch/key" -signature "$scratch/signature" >/dev/null 2>&1; then status=0; fi
  done
  rm -rf "$scratch"
  return "$status"
}
