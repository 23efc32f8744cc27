import { didYouMean, type Problem, shown } from "../problems.ts";
import type { Cluster } from "../schema.ts";
import { etcdValueWanted } from "./etcd-flags.ts";
import { goBoolean } from "./go-arguments.ts";
import { at, type Rule } from "./rule.ts";

// etcd's arguments: what `etcd.extraArgs` may not say, as `etcd --help` of 3.6 and 3.7 has them.

/** Arguments that this program sets, or that would take a member away from its cluster or its data. */
const own =
  `advertise-client-urls auto-tls cert-file client-cert-auth client-cert-file client-key-file config-file data-dir discovery
  discovery-cacert discovery-cert discovery-dial-timeout discovery-endpoints discovery-fallback discovery-insecure-skip-tls-verify
  discovery-insecure-transport discovery-keepalive-time discovery-keepalive-timeout discovery-key discovery-password discovery-proxy
  discovery-request-timeout discovery-srv discovery-srv-name discovery-token discovery-user election-timeout force-new-cluster
  heartbeat-interval initial-advertise-peer-urls initial-cluster initial-cluster-state initial-cluster-token key-file
  listen-client-http-urls listen-client-urls listen-metrics-urls listen-peer-urls name peer-auto-tls peer-cert-file
  peer-client-cert-auth peer-client-cert-file peer-client-key-file peer-key-file peer-trusted-ca-file quota-backend-bytes
  trusted-ca-file wal-dir`.split(/\s+/);

/** Where the config has another place for what an argument says. */
const elsewhere: Readonly<Record<string, string>> = {
  "data-dir": "set cluster.etcd.dataDirectory",
  "election-timeout": "set cluster.etcd.electionMilliseconds",
  "heartbeat-interval": "set cluster.etcd.heartbeatMilliseconds",
  "listen-metrics-urls": "set cluster.etcd.metrics",
  "quota-backend-bytes": "set cluster.etcd.quotaMebibytes",
};

const others =
  `auth-token auth-token-ttl auto-compaction-mode auto-compaction-retention backend-batch-interval backend-batch-limit
  backend-bbolt-freelist-type bcrypt-cost bootstrap-defrag-threshold-megabytes cipher-suites client-cert-allowed-hostname client-crl-file
  compact-hash-check-time compaction-batch-limit compaction-sleep-interval corrupt-check-time cors distributed-tracing-address
  distributed-tracing-instance-id distributed-tracing-sampling-rate distributed-tracing-service-name downgrade-check-time
  enable-distributed-tracing enable-grpc-gateway enable-log-rotation enable-pprof feature-gates grpc-keepalive-interval
  grpc-keepalive-min-time grpc-keepalive-timeout host-whitelist initial-election-tick-advance log-format log-level log-outputs
  log-rotation-config-json logger max-concurrent-streams max-learners max-request-bytes max-snapshots max-txn-ops max-wals memory-mlock
  metrics peer-cert-allowed-cn peer-cert-allowed-hostname peer-crl-file peer-skip-client-san-verification pre-vote raft-read-timeout
  raft-write-timeout self-signed-cert-validity snapshot-catchup-entries snapshot-count socket-reuse-address socket-reuse-port
  strict-reconfig-check tls-max-version tls-min-version unsafe-no-fsync v2-deprecation warning-apply-duration
  warning-unary-request-duration watch-progress-notify-interval`.split(/\s+/);

const given = ({ etcd }: Cluster) => Object.entries(etcd.extraArgs);
const about = (name: string, value: string, allowed: string, cure?: string): Problem => ({
  key: at("etcd", "extraArgs", name),
  found: `is ${shown(value)}`,
  allowed,
  ...(cure !== undefined && { cure }),
});

const ownArguments: Rule = {
  says: "`etcd.extraArgs` names no argument that this program sets itself, and none with which a member would lose what it has written or prints something and ends.",
  check: (cluster) =>
    given(cluster).flatMap(([name, value]) => {
      if ((name === "help" || name === "version") && goBoolean(value) !== false)
        return [about(name, value, "nothing: with it etcd prints that and ends")];
      if (name === "unsafe-no-fsync" && goBoolean(value) !== false)
        return [about(name, value, "nothing: after a power cut members would lack what they have confirmed")];
      if (name === "strict-reconfig-check" && goBoolean(value) !== true)
        return [about(name, value, "nothing: a change of members could end the quorum")];
      return own.includes(name) ? [about(name, value, "nothing here, because this program sets it", elsewhere[name])] : [];
    }),
};

/** Arguments that let in only who has one name: every member and every client has its host's own. */
const oneName = ["client-cert-allowed-hostname", "peer-cert-allowed-cn", "peer-cert-allowed-hostname"];

const values: Rule = {
  says: "Values in `etcd.extraArgs` are ones that etcd can read, and none that locks members or clients out.",
  check: (cluster) =>
    given(cluster).flatMap(([name, value]) => {
      if (oneName.includes(name) && value !== "")
        return [
          about(
            name,
            value,
            "nothing: certificates have the names of their hosts, and members of other names would be locked out",
          ),
        ];
      const wanted = etcdValueWanted(name, value, cluster.etcd.extraArgs);
      return wanted === undefined ? [] : [about(name, value, wanted)];
    }),
};

/** Rules about etcd's arguments. */
export const etcdArgumentRules: readonly Rule[] = [ownArguments, values];

/** An argument that may be mistyped. */
export const unknownEtcdArgument: Rule = {
  says: "`etcd.extraArgs` names an argument that is not known here: etcd does not start with one that it does not know.",
  check: (cluster) =>
    given(cluster)
      .filter(([name]) => !own.includes(name) && !others.includes(name) && name !== "help" && name !== "version")
      .map(([name]) => {
        const meant = didYouMean(name, others);
        return {
          key: at("etcd", "extraArgs", name),
          found: `is not known here${meant === undefined ? "" : `; did you mean ${meant}?`}`,
          allowed: "an argument of this release of etcd, which does not start with another",
        };
      }),
};
