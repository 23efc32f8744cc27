# shellcheck shell=bash
# Tells which objects of add-ons are gone, and in which fields somebody else has set another value: a dry run of what `up` applied. Comes
# before check.sh, which says what else it is told: OBJECTS and CUSTOM_OBJECTS, YAML documents after lines `---`.

objects_api() { timeout 60 kubectl --cache-dir /dev/null --kubeconfig /etc/kubernetes/admin.conf --server "$API_SERVER" --request-timeout=20s "$@"; }

# look_at_objects MANAGER OBJECTS: lines `gone WORDS OF THE API`, and `changed KIND NAMESPACE/NAME: WORDS OF THE API`.
look_at_objects() {
  local line object=""
  [ -n "$2" ] || return 0
  objects_api get -o name -f - <<<"$2" 2>&1 >/dev/null | sed -n 's/^Error from server (NotFound): /gone /p'
  if dry_run "$1" <<<"$2" >/dev/null 2>&1; then return 0; fi
  # kubectl does not say which of many it was.
  while IFS= read -r line; do
    if [ "$line" != --- ]; then
      object+=$line$'\n'
    else
      tell_change "$1" "$object"
      object=""
    fi
  done <<<"$2"$'\n---'
}
dry_run() { objects_api apply --server-side --dry-run=server --validate=false --field-manager "$1" -f -; }

tell_change() {
  local said
  if [ -z "${2//[[:space:]]/}" ] || said=$(dry_run "$1" <<<"$2" 2>&1 >/dev/null) || [[ $said != *"Apply failed with"* ]]; then return 0; fi
  # What comes from its input kubectl gives as a list, also one object.
  printf 'changed %s: %s\n' "$(objects_api get -f - -o 'jsonpath={range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name}{end}' <<<"$2")" \
    "$(sed '/^Please review/,$d; s/.*Apply failed with [0-9]* conflicts*: //' <<<"$said" | tr '\n' ' ')"
}
