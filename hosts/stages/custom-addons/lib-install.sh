# shellcheck shell=bash
# Inputs of the stage: `list`, a line `PLACE NAME ORDER SECONDS WAIT TAKE-OVER NAMESPACE...` for each add-on in the order of application; and
# of each, by its place, the objects as JSON, one a line: `PLACE-first` are namespaces and kinds, `PLACE-rest` the others. Each has a file
# `….references` with the same lines, of which no more is left than a delete needs. Orders below 0 are those of the program's own set.

# custom_are_current DIGEST
custom_are_current() {
  local end=$((SECONDS + 60))
  until read_custom_record; do
    [ "$SECONDS" -lt "$end" ] || fail "the apiserver of this host does not say what custom add-ons there are: $CUSTOM"
    pause 0.5
  done
  [[ $CUSTOM == *"\"digest\":\"$1\""* ]]
}

# write_custom_record DIGEST FILE
write_custom_record() {
  {
    printf 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ha-kubernetes-custom-addons\n  namespace: kube-system\ndata:\n'
    if [ -n "$1" ] && [ -n "${REPAIR:-}" ]; then printf '  repair: "%s"\n' "$(word_digest)"; fi
    printf '  digest: "%s"\n  objects: |\n' "$1"
    sed 's/^/    /' "$2"
  } >"$STAGE/record.yaml"
  api_apply "$CUSTOM_RECORD" ha-kubernetes "$STAGE/record.yaml" >/dev/null || fail "the API does not take the record of custom add-ons"
}

word_digest() { sha256sum <<<"${REPAIR:-}" | cut -c 1-12; }

# `ADD-ON REFERENCE` of everything that is wanted.
wanted_objects() {
  local place name _
  while read -r place name _; do sed "s/^/$name /" "$STAGE/inputs/$place-first.references" "$STAGE/inputs/$place-rest.references"; done <"$STAGE/inputs/list"
}

# install_custom DIGEST
install_custom() {
  local place name order seconds waits takes namespaces keep=() failed_at="" failures=() failed_names=" " mends=no
  # Another control plane may have done it while this one waited for its turn.
  if custom_are_current "$1"; then return; fi
  # Another word of cluster.repair undoes what somebody has set by hand in objects of the program's own set, once.
  if [ -n "${REPAIR:-}" ] && [[ $CUSTOM != *"\"repair\":\"$(word_digest)\""* ]]; then mends=yes; fi
  custom_objects | awk NF >"$STAGE/before"
  wanted_objects >"$STAGE/wanted"
  # An object that is there already and was never noted is somebody else's: it must not be noted, lest it goes with the add-on.
  find_strangers
  cat "$STAGE/before" "$STAGE/wanted" | awk 'FILENAME == ARGV[1] {stranger[$0]; next} !($0 in stranger) && !seen[$0]++' "$STAGE/strangers" - >"$STAGE/union"
  write_custom_record "" "$STAGE/union"
  while read -r place name order seconds waits takes namespaces; do
    read -ra namespaces <<<"$namespaces"
    keep+=("${namespaces[@]}")
    if [ "$order" -lt 0 ]; then takes=$mends; fi
    WHY=""
    if [ -n "$failed_at" ] && [ "$order" -gt "$failed_at" ]; then
      WHY="not applied, because an add-on of a lower order failed"
    else
      install_one "$place" "$name" "$order" "$seconds" "$waits" "$takes" "${namespaces[@]}" || failed_at=$order
    fi
    if [ -n "$WHY" ]; then
      failures+=("$(titled "$order" "$name"): $WHY")
      failed_names+="$name "
    fi
  done <"$STAGE/inputs/list"
  # What a failed one had before stays until it is well again.
  awk -v failed="$failed_names" '{name = $1; sub(/^[^ ]* /, "")} FILENAME == ARGV[1] {wanted[$0]; next} !($0 in wanted) && !index(failed, " " name " ")  {print name, $0}' \
    "$STAGE/wanted" "$STAGE/union" >"$STAGE/stale"
  delete_custom "$STAGE/stale"
  if [ ${#failures[@]} -gt 0 ]; then
    grep -vxF -f "$STAGE/stale" "$STAGE/union" >"$STAGE/left" || true
    write_custom_record "" "$STAGE/left"
    printf -v WHY '%s; ' "${failures[@]}"
    fail "${WHY%; }. The cluster itself is well. Mend that and run up again"
  fi
  remove_made_namespaces "${keep[@]}"
  write_custom_record "$1" "$STAGE/wanted"
}

# Notes in `strangers` the new objects, of add-ons that do not take over, that are there already. Namespaces may be shared.
find_strangers() {
  local place name takes _
  : >"$STAGE/strangers"
  while read -r place name _ _ _ takes _; do
    [ "$takes" = no ] || continue
    sed "s/^/$name /" "$STAGE/inputs/$place-first.references" "$STAGE/inputs/$place-rest.references"
  done <"$STAGE/inputs/list" >"$STAGE/asked"
  awk '{line = $0; sub(/^[^ ]* /, "")} FILENAME == ARGV[1] {known[$0]; next} !($0 in known) && !/"kind":"Namespace"/ {print line}' "$STAGE/before" "$STAGE/asked" >"$STAGE/new"
  [ -s "$STAGE/new" ] || return 0
  cut -d ' ' -f 2- "$STAGE/new" >"$STAGE/new.json"
  # Of a kind that the API does not know yet there is no object.
  custom_kubectl get --ignore-not-found -f "$STAGE/new.json" --no-headers \
    -o custom-columns=:.apiVersion,:.kind,:.metadata.name,:.metadata.namespace </dev/null >"$STAGE/there" 2>"$STAGE/said" || true
  if grep -v 'no matches for kind\|ensure CRDs are installed first\|^No resources found' "$STAGE/said" >&2; then
    fail "the API does not say which objects of custom add-ons exist already"
  fi
  # A reference has the namespace of its add-on also where its kind has none.
  awk 'function field(name) { return match($0, "\"" name "\":\"[^\"]*") ? substr($0, RSTART + length(name) + 4, RLENGTH - length(name) - 4) : "" }
    FILENAME == ARGV[1] {there[$1, $2, $3, $4]; next}
    {at = field("apiVersion") SUBSEP field("kind") SUBSEP field("name") SUBSEP}
    (at "<none>") in there || (at field("namespace")) in there' "$STAGE/there" "$STAGE/new" >"$STAGE/strangers"
}

# titled ORDER NAME: the add-on as messages call it.
titled() { if [ "$1" -lt 0 ]; then echo "add-on $2"; else echo "custom add-on $2"; fi; }

# install_one PLACE NAME ORDER SECONDS WAIT TAKE-OVER NAMESPACE...: sets WHY where it fails.
install_one() {
  local end=$((SECONDS + $4)) strange namespace
  strange=$(grep "^$2 " "$STAGE/strangers" | cut -d ' ' -f 2- | in_words | head -n 5 | paste -sd, || true)
  if [ -n "$strange" ]; then
    WHY="$strange exists already, and this program did not make it: delete it"
    [ "$3" -lt 0 ] || WHY+=", or set takeOver: true"
    return 1
  fi
  for namespace in "${@:7}"; do make_namespace "$namespace" || return 1; done
  apply_part "$1-first" "$6" "$end" && await_kinds "$1-first" "$end" && apply_part "$1-rest" "$6" "$end" || return 1
  did "applied $(cat "$STAGE/inputs/$1-first" "$STAGE/inputs/$1-rest" | wc -l) objects of $(titled "$3" "$2")"
  [ "$5" = no ] || await_workloads "$1-rest" "$end"
}

# in_words: references as people read them.
in_words() { sed -E 's/.*"kind":"([^"]*)".*"namespace":"([^"]*)","name":"([^"]*)".*/\1 \2\/\3/; s/.*"kind":"([^"]*)","metadata":\{"name":"([^"]*)".*/\1 \2/'; }

make_namespace() {
  local said
  [ -z "$(custom_kubectl get namespace "$1" --ignore-not-found -o name </dev/null)" ] || return 0
  said=$(printf '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"%s","labels":{"%s":"%s"}}}' "$1" "${MADE_FOR%=*}" "${MADE_FOR#*=}" |
    custom_kubectl create -f - 2>&1) && return 0
  WHY="namespace $1: $(one_line "$said")"
  return 1
}

# apply_part PART TAKE-OVER END: all at once, and where that fails one after another, because kubectl does not say which object it was.
apply_part() {
  local options=(--server-side --field-manager ha-kubernetes-custom) object reference said failed lasting patience=$((SECONDS + 60))
  [ -s "$STAGE/inputs/$1" ] || return 0
  [ "$2" = no ] || options+=(--force-conflicts)
  if custom_kubectl apply "${options[@]}" -f "$STAGE/inputs/$1" </dev/null >&2 2>"$STAGE/said"; then return 0; fi
  [ "$patience" -lt "$3" ] || patience=$3
  while :; do
    failed="" lasting=no
    while [ "$lasting" = no ] && IFS= read -r object <&3 && IFS= read -r reference <&4; do
      said=$(custom_kubectl apply "${options[@]}" -f - <<<"$object" 2>&1) && continue
      failed="$(in_words <<<"$reference"): $(one_line "$said")"
      passes_by_itself "$said" || lasting=yes
    done 3<"$STAGE/inputs/$1" 4<"$STAGE/inputs/$1.references"
    [ -n "$failed" ] || return 0
    if [ "$lasting" = yes ] || [ "$SECONDS" -ge "$patience" ]; then
      WHY=$failed
      return 1
    fi
    pause 2
  done
}
# What the API says while a webhook or a kind of the same add-on is not there yet.
passes_by_itself() { [[ $1 =~ failed\ calling\ webhook|no\ matches\ for\ kind|ServiceUnavailable|TooManyRequests|InternalError|imeout|connection\ refused|EOF ]]; }
# one_line TEXT: without kubectl's advice on conflicts, which names options of its own.
one_line() { sed '/^Please review the fields above/,$d; s/^error: //; s/^Error from server //' <<<"$1" | tr '\n' ' ' | sed 's/ *$//; s/  */ /g' | cut -c 1-600; }

await_kinds() {
  local names
  names=$(sed -n 's/.*"kind":"CustomResourceDefinition","metadata":{"name":"\([^"]*\)".*/crd\/\1/p' "$STAGE/inputs/$1.references")
  [ -n "$names" ] || return 0
  # shellcheck disable=SC2086 # one word each
  if custom_kubectl wait --request-timeout 0 --for=condition=Established --timeout="$(left_until "$2")s" $names </dev/null >&2 2>"$STAGE/said"; then return 0; fi
  WHY="kinds that the API does not establish: $(one_line "$(cat "$STAGE/said")")"
  return 1
}
left_until() { echo $(($1 > SECONDS ? $1 - SECONDS : 1)); }

# await_workloads PART END: until they are rolled out and jobs are complete, and until the operator of Prometheus says so of its own.
await_workloads() {
  local kind namespace name state
  while read -r kind namespace name; do
    case $kind in
      Job)
        until state=$(custom_kubectl get job "$name" -n "$namespace" -o 'jsonpath={.status.conditions[?(@.status=="True")].type}' </dev/null) && [[ $state == *Complete* ]]; do
          if [[ $state == *Failed* ]] || [ "$SECONDS" -ge "$2" ]; then
            explain "$kind" "$namespace" "$name" "${state:-is not complete}"
            return 1
          fi
          pause 1
        done
        ;;
      Prometheus | Alertmanager)
        if ! custom_kubectl wait --request-timeout 0 --for=condition=Available --timeout="$(left_until "$2")s" "${kind,,}.v1.monitoring.coreos.com/$name" -n "$namespace" </dev/null >/dev/null 2>&1; then
          state=$(custom_kubectl get "${kind,,}.v1.monitoring.coreos.com" "$name" -n "$namespace" -o 'jsonpath={.status.conditions[?(@.status!="True")].message}' </dev/null) || state=""
          WHY="$kind $namespace/$name is not available: $(one_line "${state:-its operator says nothing}")"
          return 1
        fi
        ;;
      *)
        if ! state=$(custom_kubectl rollout status --request-timeout 0 "$kind/$name" -n "$namespace" --timeout="$(left_until "$2")s" </dev/null 2>&1); then
          explain "$kind" "$namespace" "$name" "$(tail -n 1 <<<"$state")"
          return 1
        fi
        ;;
    esac
  done < <(sed -nE 's/.*"apiVersion":"(apps|batch|monitoring.coreos.com)\/v1","kind":"(DaemonSet|Deployment|StatefulSet|Job|Prometheus|Alertmanager)","metadata":\{"namespace":"([^"]*)","name":"([^"]*)".*/\2 \3 \4/p' "$STAGE/inputs/$1.references")
}

# explain KIND NAMESPACE NAME STATE: sets WHY, with the reasons of its pods that are not ready.
explain() {
  local labels sick
  # shellcheck disable=SC2016 # a Go template
  labels=$(custom_kubectl get "$1" "$3" -n "$2" -o go-template='{{range $key, $value := .spec.selector.matchLabels}}{{$key}}={{$value}},{{end}}' </dev/null) || labels=""
  # shellcheck disable=SC2016 # jsonpath
  sick=$(custom_kubectl get pods -n "$2" -l "${labels%,}" </dev/null \
    -o 'jsonpath={range .items[*]}{.metadata.name}|{.spec.nodeName}|{.status.conditions[?(@.type=="Ready")].status}|{.status.initContainerStatuses[*].state.waiting.reason}{.status.containerStatuses[*].state.waiting.reason}{.status.containerStatuses[*].state.terminated.reason}{.status.conditions[?(@.reason=="Unschedulable")].message}{"\n"}{end}' |
    awk -F '|' 'NF && $3 != "True" {printf "%s%s on %s: %s", n++ ? ", " : "", $1, $2 == "" ? "no node" : $2, $4 == "" ? "not ready" : $4} n >= 5 {exit}') || sick=""
  WHY="$1 $2/$3 $(one_line "$4")${sick:+ (pods: $sick)}"
}
