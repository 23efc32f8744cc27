# shellcheck shell=bash
# Signed requests from a host without an SDK, to S3 and to services with the same signature (version 4): curl signs them
# (--aws-sigv4, curl 7.87 or newer) with the credential of the instance's role, which the instance metadata service hands out and
# renews. The script that sources this file must have `fail`.
#
# AWS_EC2_METADATA_SERVICE_ENDPOINT names another metadata service, as it does for every SDK of this protocol.

# imds PATH: one item of the instance's metadata (IMDSv2: a session's token first).
imds() {
  local base=${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254} token
  token=$(curl -sS --noproxy '*' --max-time 5 --retry 3 -f -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' "$base/latest/api/token") || return 1
  # On stdin: the token is a secret of this instance.
  curl -sS --noproxy '*' --max-time 5 --retry 3 -f -K - "$base/latest/$1" <<<"header = \"X-aws-ec2-metadata-token: $token\""
}

# json_text FIELD <JSON: a text field's value, where no value has a quote in it.
json_text() { tr -d '\n' | sed -n "s/.*\"$1\" *: *\"\\([^\"]*\\)\".*/\\1/p"; }

# signed_request SERVICE REGION CURL-ARGUMENTS...: one signed request. Prints the answer; fails with what the service said.
signed_request() {
  local service=$1 region=$2 role credential
  role=$(imds meta-data/iam/security-credentials/) || fail "the instance metadata service gives no role: has this instance a profile?"
  credential=$(imds "meta-data/iam/security-credentials/${role%%$'\n'*}") || fail "the instance metadata service gives no credential for role $role"
  # On stdin, so that no process list shows them.
  curl -sS --fail-with-body --connect-timeout 20 --speed-limit 1024 --speed-time 60 --aws-sigv4 "aws:amz:$region:$service" -K - "${@:3}" <<END
user = "$(json_text AccessKeyId <<<"$credential"):$(json_text SecretAccessKey <<<"$credential")"
header = "x-amz-security-token: $(json_text Token <<<"$credential")"
END
}

# s3_put REGION FILE URL: S3 refuses a body that does not have the SHA-256 the request was signed with. At most 5 GiB.
s3_put() { signed_request s3 "$1" -T "$2" -H "x-amz-content-sha256: $(sha256sum "$2" | cut -d' ' -f1)" "$3"; }

# s3_get REGION URL FILE: whole or not at all.
s3_get() {
  # The SHA-256 of no body.
  signed_request s3 "$1" -o "$3.part" -H "x-amz-content-sha256: $(sha256sum </dev/null | cut -d' ' -f1)" "$2" || return 1
  mv "$3.part" "$3"
}
