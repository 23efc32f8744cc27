# shellcheck shell=bash
# Taints in words as kubectl writes them, `key=value:effect`. A Node has one of each key and effect.

# taint_changes WANTED NOTED HAS: what kubectl is to be told: a word for each taint that is wanted and not there, and `key:effect-` for
# each that was set once, is there, and no longer wanted. Others than these are somebody else's.
taint_changes() {
  local taint id
  for taint in $1; do if [[ " $3 " != *" $taint "* ]]; then printf '%s ' "$taint"; fi; done
  for taint in $2; do
    id=${taint%%[=:]*}:${taint##*:}
    if has_taint "$id" "$3" && ! has_taint "$id" "$1"; then printf '%s ' "$id-"; fi
  done
}
# has_taint KEY:EFFECT TAINTS: whatever its value is.
has_taint() {
  local taint
  for taint in $2; do if [ "${taint%%[=:]*}:${taint##*:}" = "$1" ]; then return 0; fi; done
  return 1
}
# A Go template for the taints of a Node, each with a blank after it.
# shellcheck disable=SC2016,SC2034 # a template, which the stages use
readonly TAINTS_TEMPLATE='{{range .spec.taints}}{{.key}}{{with .value}}={{.}}{{end}}:{{.effect}} {{end}}'
