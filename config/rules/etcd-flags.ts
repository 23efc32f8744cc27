import { boolean, duration, flags, integer, type Kind, word } from "./flag-kinds.ts";
import { goDuration, goInteger } from "./go-arguments.ts";

// etcd's flags by what they take, as etcd 3.6 and 3.7 say of a value that they don't read; of texts with a few words, as `--help` says.

const some: Kind = { allowed: "a whole number above 0", reads: (text) => goInteger(text) && Number(text) > 0 };

const kinds: ReadonlyMap<string, Kind> = new Map([
  ...flags(
    boolean,
    `enable-distributed-tracing enable-grpc-gateway enable-log-rotation enable-pprof initial-election-tick-advance memory-mlock
    peer-skip-client-san-verification pre-vote socket-reuse-address socket-reuse-port`,
  ),
  ...flags(
    duration,
    `backend-batch-interval compact-hash-check-time compaction-sleep-interval corrupt-check-time downgrade-check-time
    grpc-keepalive-interval grpc-keepalive-min-time grpc-keepalive-timeout raft-read-timeout raft-write-timeout
    warning-apply-duration warning-unary-request-duration watch-progress-notify-interval`,
  ),
  ...flags(
    integer,
    `auth-token-ttl backend-batch-limit bcrypt-cost bootstrap-defrag-threshold-megabytes compaction-batch-limit
    distributed-tracing-sampling-rate max-concurrent-streams max-snapshots max-wals self-signed-cert-validity
    snapshot-catchup-entries`,
  ),
  // With 0 no member can join, no request is small enough, or etcd does nothing else than write snapshots.
  ...flags(some, "max-learners max-request-bytes max-txn-ops snapshot-count"),
  ...flags(word("periodic", "revision"), "auto-compaction-mode"),
  ...flags(word("array", "map"), "backend-bbolt-freelist-type"),
  ...flags(word("debug", "info", "warn", "error", "panic", "fatal"), "log-level"),
  ...flags(word("json", "console"), "log-format"),
  ...flags(word("zap"), "logger"),
  ...flags(word("basic", "extensive"), "metrics"),
  ...flags(word("TLS1.2", "TLS1.3"), "tls-min-version"),
  ...flags(word("", "TLS1.2", "TLS1.3"), "tls-max-version"),
]);

const compaction: Kind = {
  allowed: "a number of hours, or a duration such as 30m",
  reads: (text) => /^\d+$/.test(text) || goDuration(text),
};

/** What a flag takes, where its value is none of that; undefined where it is, or where the flag is not in the table. */
export function etcdValueWanted(name: string, value: string, all: Readonly<Record<string, string>>): string | undefined {
  const isRevision = all["auto-compaction-mode"] === "revision";
  const kind = name === "auto-compaction-retention" ? (isRevision ? integer : compaction) : kinds.get(name);
  return kind === undefined || kind.reads(value) ? undefined : kind.allowed;
}
