import { boolean, duration, flags, integer, type Kind, word } from "./flag-kinds.ts";
import { goFloat } from "./go-arguments.ts";

// kube-apiserver's well-known flags by what they take, as `kube-apiserver --help` says (1.36): what Go can't read keeps it from starting.

const number: Kind = { allowed: "a number such as 0.001", reads: goFloat };

/** Flags by their kind of value. */
const kinds: ReadonlyMap<string, Kind> = new Map([
  ...flags(
    boolean,
    `anonymous-auth audit-log-compress audit-log-truncate-enabled audit-webhook-truncate-enabled contention-profiling
    disable-http2-serving enable-aggregator-routing enable-garbage-collector enable-logs-handler enable-priority-and-fairness
    encryption-provider-config-automatic-reload permit-address-sharing permit-port-sharing profiling
    service-account-extend-token-expiration service-account-lookup shutdown-send-retry-after watch-cache`,
  ),
  ...flags(
    duration,
    `audit-log-batch-max-wait audit-webhook-batch-max-wait audit-webhook-initial-backoff authentication-token-webhook-cache-ttl
    authorization-webhook-cache-authorized-ttl authorization-webhook-cache-unauthorized-ttl etcd-compaction-interval
    etcd-count-metric-poll-period etcd-db-metric-poll-interval etcd-healthcheck-timeout etcd-readycheck-timeout event-ttl
    kubelet-timeout request-timeout service-account-max-token-expiration
    shutdown-watch-termination-grace-period`,
  ),
  ...flags(
    integer,
    `apiserver-count audit-log-maxage audit-log-maxbackup audit-log-maxsize audit-log-batch-buffer-size audit-log-batch-max-size
    audit-webhook-batch-buffer-size audit-webhook-batch-max-size default-not-ready-toleration-seconds
    default-unreachable-toleration-seconds default-watch-cache-size http2-max-streams-per-connection
    lease-reuse-duration-seconds max-connection-bytes-per-sec max-mutating-requests-inflight max-requests-inflight
    min-request-timeout v`,
  ),
  ...flags(number, "goaway-chance audit-log-batch-throttle-qps audit-webhook-batch-throttle-qps"),
  ...flags(word("json", "legacy"), "audit-log-format"),
  ...flags(word("batch", "blocking", "blocking-strict"), "audit-log-mode audit-webhook-mode"),
  ...flags(word("audit.k8s.io/v1"), "audit-log-version audit-webhook-version"),
  ...flags(word("json", "text"), "logging-format"),
  ...flags(word("VersionTLS10", "VersionTLS11", "VersionTLS12", "VersionTLS13"), "tls-min-version"),
]);

/** What a flag takes, where its value is none of that; undefined where it is, or where the flag is not in the table. */
export function valueWanted(name: string, value: string): string | undefined {
  const kind = kinds.get(name);
  return kind === undefined || kind.reads(value) ? undefined : kind.allowed;
}

/** Other flags that a config may set (`kube-apiserver --help` of 1.36), whose values are texts, lists or files. */
const others = `admission-control-config-file api-audiences audit-log-batch-throttle-burst audit-log-batch-throttle-enable
  audit-log-path audit-log-truncate-max-batch-size
  audit-log-truncate-max-event-size audit-policy-file audit-webhook-batch-throttle-burst
  audit-webhook-batch-throttle-enable audit-webhook-config-file 
  audit-webhook-truncate-max-batch-size audit-webhook-truncate-max-event-size authentication-config
  authentication-token-webhook-config-file authentication-token-webhook-version authorization-config
  authorization-webhook-config-file authorization-webhook-version cert-dir cors-allowed-origins
  coordinated-leadership-lease-duration coordinated-leadership-renew-deadline coordinated-leadership-retry-period
  debug-socket-path delete-collection-workers help disable-admission-plugins disabled-metrics egress-selector-config-file
  emulated-version emulation-forward-compatible enable-admission-plugins encryption-provider-config etcd-prefix etcd-servers-overrides external-hostname
  feature-gates kubelet-port kubelet-read-only-port kubernetes-service-node-port livez-grace-period log-flush-frequency
  log-json-info-buffer-size log-json-split-stream log-text-info-buffer-size log-text-split-stream oidc-ca-file
  oidc-client-id oidc-groups-claim oidc-groups-prefix oidc-issuer-url oidc-required-claim oidc-signing-algs oidc-username-claim
  oidc-username-prefix peer-advertise-ip peer-advertise-port peer-ca-file requestheader-uid-headers runtime-config
  runtime-config-emulation-forward-compatible service-account-jwks-uri service-account-signing-endpoint service-node-port-range
  show-hidden-metrics-for-version storage-initialization-timeout storage-backend storage-media-type strict-transport-security-directives
  tls-cipher-suites tls-curve-preferences tls-sni-cert-key token-auth-file tracing-config-file version vmodule
  watch-cache-sizes allow-metric-labels allow-metric-labels-manifest`.split(/\s+/);

/** The flags that are known here, by no claim all of any release. */
export const knownFlags: readonly string[] = [...kinds.keys(), ...others];
