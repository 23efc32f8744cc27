#!/usr/bin/env bash
# Makes a new instance of an auto-scaling pool a worker, with nobody there to help: fetches the pool's stages and its join token, fills in
# the instance's own name and address, and runs them. If a run fails, the unit tries again, with the token of that time.
# Settings: POOL, AWS_REGION, STAGES_URL, STAGES_SHA256, TOKEN_PARAMETER, SSM_URL; directories from systemd.
set -euo pipefail
umask 077
export LC_ALL=C
# shellcheck source=hosts/tools/s3.sh
. "$(dirname "$0")/s3.sh"

fail() {
  printf 'ERROR: %s\n' "$*" >&2
  exit 1
}

fetch_stages() {
  local file=$RUNTIME_DIRECTORY/stages
  s3_get "$AWS_REGION" "$STAGES_URL" "$file" || fail "the pool's stages can't be fetched from $STAGES_URL"
  [ "$(sha256sum "$file" | cut -d' ' -f1)" = "$STAGES_SHA256" ] || fail "$STAGES_URL is not what this instance was made for: its SHA-256 is another"
}

# By a file: neither the request nor the token is in any process list.
fetch_token() {
  local answer
  answer=$(signed_request ssm "$AWS_REGION" -H 'Content-Type: application/x-amz-json-1.1' -H 'X-Amz-Target: AmazonSSM.GetParameter' \
    -d "{\"Name\": \"$TOKEN_PARAMETER\", \"WithDecryption\": true}" "$SSM_URL") || fail "no join token in Parameter Store: $answer"
  json_text Value <<<"$answer"
}

# fill_in DIRECTORY: what the stages could not know when they were made.
fill_in() {
  find "$1" -type f -not -path '*/lib/*' -not -path '*/stage/*' -exec sed -i -f "$RUNTIME_DIRECTORY/own" {} +
}

# run_stage LINE: the stage on that line of the fetched file.
run_stage() {
  local directory
  directory=$(mktemp -d "$RUNTIME_DIRECTORY/stage.XXXXXXXX")
  sed -n "$1p" "$RUNTIME_DIRECTORY/stages" | base64 -d | tar -xzf - -C "$directory"
  fill_in "$directory"
  bash "$directory/lib/run.sh" apply </dev/null
  rm -rf "$directory"
}

instance=$(imds meta-data/instance-id) || fail "the instance metadata service does not say what this instance is"
address=$(imds meta-data/local-ipv4)
zone=$(imds meta-data/placement/availability-zone)
fetch_stages
token=$(fetch_token)
[[ $token =~ ^[a-z0-9]{6}\.[a-z0-9]{16}$ ]] || fail "Parameter Store has no join token for pool $POOL yet: a control plane puts one there"
cat >"$RUNTIME_DIRECTORY/own" <<END
s|@NODE_NAME@|$POOL-$instance|g
s|@NODE_ADDRESS@|$address|g
s|@NODE_ZONE@|$zone|g
s|@NODE_INSTANCE@|$instance|g
s|@JOIN_TOKEN@|$token|g
END
run_stage 1
run_stage 2
touch "$STATE_DIRECTORY/joined"
rm -rf "${RUNTIME_DIRECTORY:?}"/*
