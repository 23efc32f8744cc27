#!/usr/bin/env bash
# groups.sh COMMIT: prints the end-to-end groups in the order in which .ci/run begins them for this commit, one a line: name and minutes.
# Groups marked `always` come first. Those marked `by-hand` are left to people: they need more time than a run has, or have yet to pass. The others follow in an order that a hash of the commit decides, so each is often among the first.
set -euo pipefail
commit=${1:?usage: groups.sh COMMIT}

# Name, minutes on two processors from an empty cache, and the mark. upgrade and kills build Kubernetes 1.37.2, which takes 7 of theirs.
readonly TABLE="
membership 7 always
failover 3 always
addons 5 by-hand
addons-nodes 6 by-hand
addons-ingress 6 by-hand
addons-monitoring 10 by-hand
addons-metrics 6 by-hand
aws 5
aws-api 2
backup 4
baremetal 9
certificates 3
check 2
edits 4
etcd 6
field-api 5
field-births 8
field-boot 8
field-etcd 7
field-logins 6
field-lost 4
field-nodes 8
field-own 6
field-release 8
field-turns 9
hosts-balancers 7
hosts-dual-stack 5
hosts-ipv6 7
hosts-maintenance 7
hosts-maintenance-shapes 9 by-hand
hosts-networks 5
hosts-node-local 6
hosts-preflight 3
hosts-preparation 4
hosts-settings 7
hosts-shapes 9
hosts-ssh 4
kills 21
membership-more 11
offline 5
registry 7
resume 4
rotation 10
scale 2
tamper 1
two-clusters 5
upgrade 18
vm 12 by-hand
vm-debian-12 15 by-hand
vm-lvs 15 by-hand
vm-storage 16 by-hand"

# A number between 0 and 1 from the hash, u, places each group: a weighted shuffle by ln(u) / minutes. Without weights the long groups would
# come late, when no time is left for them.
while read -r group minutes mark; do
  if [ -z "$group" ] || [ "${mark:-}" = by-hand ]; then continue; fi
  hash=$(sha256sum <<<"$commit $group")
  echo "$group $minutes $((16#${hash:0:12})) ${mark:-}"
done <<<"$TABLE" |
  awk '{ print ($4 == "always" ? 1 : log(($3 + 1) / 2 ^ 48) / $2), $1, $2 }' | sort -s -g -r -k 1,1 | cut -d ' ' -f 2-
