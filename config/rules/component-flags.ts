import type { Component } from "../component-files.ts";
import { goBoolean, goDuration, goFloat, goInteger } from "./go-arguments.ts";

// Flags of kube-controller-manager and kube-scheduler by what they take, as `--help` of 1.36 and 1.37 says.

type Kind = "boolean" | "duration" | "integer" | "number" | "text";
type Flags = Partial<Record<Kind, string>>;

const both: Flags = {
  boolean: `authentication-skip-lookup authentication-tolerate-lookup-failure contention-profiling disable-http2-serving leader-elect
    log-json-split-stream log-text-split-stream permit-address-sharing permit-port-sharing profiling`,
  duration: `authentication-token-webhook-cache-ttl authorization-webhook-cache-authorized-ttl
    authorization-webhook-cache-unauthorized-ttl leader-elect-lease-duration leader-elect-renew-deadline
    leader-elect-retry-period log-flush-frequency`,
  integer: `http2-max-streams-per-connection kube-api-burst secure-port v`,
  number: `kube-api-qps`,
  text: `allow-metric-labels allow-metric-labels-manifest authentication-kubeconfig authorization-always-allow-paths
    authorization-kubeconfig bind-address cert-dir client-ca-file disabled-metrics emulated-version feature-gates help
    kube-api-content-type kubeconfig leader-elect-resource-lock leader-elect-resource-name leader-elect-resource-namespace
    log-json-info-buffer-size log-text-info-buffer-size logging-format master min-compatibility-version
    requestheader-allowed-names requestheader-client-ca-file requestheader-extra-headers-prefix
    requestheader-group-headers requestheader-uid-headers requestheader-username-headers show-hidden-metrics-for-version
    tls-cert-file tls-cipher-suites tls-curve-preferences tls-min-version tls-private-key-file tls-sni-cert-key version
    vmodule`,
};
const controllerManager: Flags = {
  boolean: `allocate-node-cidrs configure-cloud-routes disable-attach-detach-reconcile-sync disable-force-detach-on-timeout
    enable-dynamic-provisioning enable-garbage-collector enable-hostpath-provisioner enable-leader-migration
    use-service-account-credentials`,
  duration: `attach-detach-reconcile-sync-period cluster-signing-duration controller-shutdown-timeout controller-start-interval
    endpoint-updates-batch-period endpointslice-updates-batch-period horizontal-pod-autoscaler-cpu-initialization-period
    horizontal-pod-autoscaler-downscale-stabilization horizontal-pod-autoscaler-initial-readiness-delay
    horizontal-pod-autoscaler-sync-period legacy-service-account-token-clean-up-period min-resync-period
    mirroring-endpointslice-updates-batch-period namespace-sync-period node-monitor-grace-period node-monitor-period
    node-startup-grace-period pvclaimbinder-sync-period resource-quota-sync-period route-reconciliation-period`,
  integer: `concurrent-cron-job-syncs concurrent-daemonset-syncs concurrent-deployment-syncs concurrent-device-taint-eviction-syncs
    concurrent-disruption-syncs concurrent-endpoint-syncs concurrent-ephemeralvolume-syncs concurrent-gc-syncs
    concurrent-horizontal-pod-autoscaler-syncs concurrent-job-syncs concurrent-namespace-syncs concurrent-rc-syncs
    concurrent-replicaset-syncs concurrent-resource-quota-syncs concurrent-resourceclaim-syncs
    concurrent-service-endpoint-syncs concurrent-service-syncs concurrent-serviceaccount-token-syncs
    concurrent-statefulset-syncs concurrent-ttl-after-finished-syncs concurrent-validating-admission-policy-status-syncs
    large-cluster-size-threshold max-endpoints-per-slice mirroring-concurrent-service-endpoint-syncs
    mirroring-max-endpoints-per-subset node-cidr-mask-size node-cidr-mask-size-ipv4 node-cidr-mask-size-ipv6
    pv-recycler-increment-timeout-nfs pv-recycler-minimum-timeout-hostpath pv-recycler-minimum-timeout-nfs
    pv-recycler-timeout-increment-hostpath terminated-pod-gc-threshold`,
  number: `horizontal-pod-autoscaler-tolerance node-eviction-rate secondary-node-eviction-rate unhealthy-zone-threshold`,
  text: `cidr-allocator-type cloud-config cloud-provider cluster-cidr cluster-name cluster-signing-cert-file
    cluster-signing-key-file cluster-signing-kube-apiserver-client-cert-file
    cluster-signing-kube-apiserver-client-key-file cluster-signing-kubelet-client-cert-file
    cluster-signing-kubelet-client-key-file cluster-signing-kubelet-serving-cert-file
    cluster-signing-kubelet-serving-key-file cluster-signing-legacy-unknown-cert-file
    cluster-signing-legacy-unknown-key-file controllers external-cloud-volume-plugin flex-volume-plugin-dir
    leader-migration-config pv-recycler-pod-template-filepath-hostpath pv-recycler-pod-template-filepath-nfs root-ca-file
    service-account-private-key-file service-cluster-ip-range`,
};
const scheduler: Flags = {
  duration: `pod-max-in-unschedulable-pods-duration`,
  text: `config write-config-to`,
};

const words = (...all: Flags[]): ReadonlyMap<string, Kind> =>
  new Map(
    all.flatMap((flags) =>
      (Object.entries(flags) as [Kind, string][]).flatMap(([kind, names]) =>
        names.split(/\s+/).map((name) => [name, kind] as const),
      ),
    ),
  );

/** The flags of a component that are known here, by no claim all of any release. kube-apiserver's are in apiserver-flags.ts. */
export const componentFlags: Readonly<Record<Exclude<Component, "api">, ReadonlyMap<string, Kind>>> = {
  controllerManager: words(both, controllerManager),
  scheduler: words(both, scheduler),
};

const reads: Readonly<Record<Kind, (text: string) => boolean>> = {
  boolean: (text) => goBoolean(text) !== undefined,
  duration: goDuration,
  integer: goInteger,
  number: goFloat,
  text: () => true,
};
const allowed: Readonly<Record<Kind, string>> = {
  boolean: 'true or false, as "true" or "false"',
  duration: "a duration such as 90s, 5m or 1h30m",
  integer: "a whole number such as 400",
  number: "a number such as 0.001",
  text: "a text",
};

/** What a flag takes, where its value is none of that; undefined where it is, or where the flag is not known here. */
export function componentValueWanted(component: Exclude<Component, "api">, name: string, value: string): string | undefined {
  const kind = componentFlags[component].get(name);
  return kind === undefined || reads[kind](value) ? undefined : allowed[kind];
}
