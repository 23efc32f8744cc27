import type { Monitoring } from "../../../config/schema/addons/monitoring.ts";
import type { Cluster } from "../../../config/schema.ts";

// The program's own alerts, in Prometheus' language.

export interface Alert {
  alert: string;
  expr: string;
  /** How long it holds before anybody is told. */
  for: string;
  severity: "critical" | "warning" | "none";
  /** One sentence; `{{ $labels.host }}` is the target's host. */
  summary: string;
  /** What to do. */
  cure?: string;
}

const DAY = 86_400;
const host = "{{ $labels.host }}";

const etcd: readonly Alert[] = [
  {
    ...{ alert: "EtcdMemberDown", severity: "critical", for: "1m" },
    expr: 'up{job="etcd"} == 0',
    summary: `The etcd member on ${host} does not answer.`,
    cure: "npm run check says what is wrong there; npm run up mends it.",
  },
  {
    ...{ alert: "EtcdFewMembers", severity: "critical", for: "1m" },
    expr: '(count(up{job="etcd"} == 1) or vector(0)) < (count(up{job="etcd"}) + 1) / 2',
    summary: "Too few etcd members answer for a quorum: nothing in the cluster can change.",
    cure: "Start the members that are down. docs/recovery.md has what else there is.",
  },
  {
    ...{ alert: "EtcdNoLeader", severity: "critical", for: "1m" },
    expr: 'etcd_server_has_leader{job="etcd"} == 0',
    summary: `The etcd member on ${host} knows no leader.`,
  },
  {
    ...{ alert: "EtcdLeaderChangesOften", severity: "warning", for: "5m" },
    expr: 'increase(etcd_server_leader_changes_seen_total{job="etcd"}[30m]) > 4',
    summary: `The etcd member on ${host} saw more than four changes of the leader in half an hour.`,
    cure: "Look at the members' disks, and at the network between them.",
  },
  {
    ...{ alert: "EtcdSlowDisk", severity: "warning", for: "10m" },
    expr: 'histogram_quantile(0.99, rate(etcd_disk_wal_fsync_duration_seconds_bucket{job="etcd"}[5m])) > 0.1',
    summary: `One in a hundred writes of etcd's log on ${host} takes longer than 0.1 s; etcd wants 0.01 s.`,
    cure: "Give etcd a disk of its own: etcd's dataDevice.",
  },
  {
    ...{ alert: "EtcdDatabaseLarge", severity: "warning", for: "10m" },
    expr: 'etcd_mvcc_db_total_size_in_bytes{job="etcd"} / etcd_server_quota_backend_bytes{job="etcd"} > 0.8',
    summary: `etcd's database on ${host} is larger than 80 % of its quota, at which etcd takes no more writes.`,
    cure: "Find what fills it, raise etcd.quotaMebibytes, or defragment.",
  },
];

const controlPlanes: readonly Alert[] = [
  {
    ...{ alert: "ApiserverDown", severity: "critical", for: "2m" },
    expr: 'up{job="apiserver"} == 0',
    summary: "The apiserver at {{ $labels.instance }} does not answer.",
  },
  {
    ...{ alert: "ControllerManagerGone", severity: "critical", for: "5m" },
    expr: 'absent(up{job="controller-manager"} == 1)',
    summary: "No controller manager answers: nothing replaces pods that end.",
  },
  {
    ...{ alert: "SchedulerGone", severity: "critical", for: "5m" },
    expr: 'absent(up{job="scheduler"} == 1)',
    summary: "No scheduler answers: new pods get no node.",
  },
  {
    ...{ alert: "NodesNotReady", severity: "warning", for: "5m" },
    expr: "max(sum by (host) (node_collector_unhealthy_nodes_in_zone)) > 0",
    summary: "{{ $value }} nodes are not ready.",
    cure: "kubectl get nodes names them, npm run check says why.",
  },
  {
    ...{ alert: "KubeletDown", severity: "warning", for: "3m" },
    expr: 'up{job="kubelet"} == 0',
    summary: `The kubelet on ${host} does not answer.`,
  },
];

const balancers: readonly Alert[] = [
  {
    ...{ alert: "BalancerMissesApiserver", severity: "warning", for: "3m" },
    expr: 'haproxy_server_status{job="haproxy", proxy="apiservers", state="UP"} == 0',
    summary: `haproxy on ${host} does not reach the apiserver on {{ $labels.server }}, or it is not ready.`,
  },
  {
    ...{ alert: "BalancerWithoutApiserver", severity: "critical", for: "1m" },
    expr: 'sum by (host) (haproxy_server_status{job="haproxy", proxy="apiservers", state="UP"}) == 0',
    summary: `haproxy on ${host} has no apiserver that is ready.`,
  },
];

const addresses: readonly Alert[] = [
  {
    ...{ alert: "VirtualAddressMissing", severity: "critical", for: "1m" },
    expr: "sum by (address) (ha_kubernetes_virtual_address_held) == 0",
    summary: "No balancer holds {{ $labels.address }}, the API's address.",
  },
  {
    ...{ alert: "VirtualAddressTwice", severity: "critical", for: "2m" },
    expr: "sum by (address) (ha_kubernetes_virtual_address_held) > 1",
    summary: "{{ $value }} balancers hold {{ $labels.address }}, the API's address, at the same time.",
    cure: "VRRP, protocol 112, has no way between them: look at the firewalls there.",
  },
  {
    ...{ alert: "VirtualAddressMoves", severity: "warning", for: "1m" },
    expr: "sum by (address) (changes(ha_kubernetes_virtual_address_held[15m])) > 6",
    summary: "{{ $labels.address }}, the API's address, moves from balancer to balancer.",
  },
];

const hosts = (certificateDays: number): readonly Alert[] => [
  {
    ...{ alert: "HostSilent", severity: "warning", for: "3m" },
    expr: 'up{job="hosts"} == 0',
    summary: `${host} does not say how it is.`,
  },
  {
    ...{ alert: "CertificateEnds", severity: "warning", for: "1m" },
    expr: `ha_kubernetes_certificate_end_seconds - time() < ${certificateDays * DAY}`,
    summary: `The certificate {{ $labels.file }} on ${host} ends in {{ $value | humanizeDuration }}.`,
    cure: "npm run certs says which of them npm run up renews, and when.",
  },
  {
    ...{ alert: "UnitFailed", severity: "warning", for: "5m" },
    expr: "ha_kubernetes_unit_failed == 1",
    summary: `{{ $labels.unit }} has failed on ${host}.`,
    cure: "journalctl -u {{ $labels.unit }} there says why.",
  },
  {
    ...{ alert: "DiskNearlyFull", severity: "warning", for: "10m" },
    expr: "ha_kubernetes_filesystem_free_bytes / ha_kubernetes_filesystem_size_bytes < 0.1",
    summary: `{{ $labels.mountpoint }} on ${host} has {{ $value | humanizePercentage }} left.`,
  },
  {
    ...{ alert: "DiskFills", severity: "warning", for: "1h" },
    expr: "predict_linear(ha_kubernetes_filesystem_free_bytes[6h], 86400) < 0 and ha_kubernetes_filesystem_free_bytes / ha_kubernetes_filesystem_size_bytes < 0.4",
    summary: `{{ $labels.mountpoint }} on ${host} will be full within a day, if it fills as it did in the last six hours.`,
  },
];

const snapshots = (minutes: number): readonly Alert[] => [
  {
    ...{ alert: "SnapshotOld", severity: "critical", for: "5m" },
    expr: `time() - (ha_kubernetes_etcd_snapshot_taken_seconds > 0) > ${minutes * 60}`,
    summary: `The newest snapshot of etcd on ${host} is {{ $value | humanizeDuration }} old.`,
    cure: "journalctl -u etcd-backup there says why.",
  },
  {
    // A new host has none yet.
    ...{ alert: "SnapshotMissing", severity: "critical", for: `${minutes}m` },
    expr: "ha_kubernetes_etcd_snapshot_taken_seconds == 0",
    summary: `There is no snapshot of etcd on ${host}.`,
    cure: "journalctl -u etcd-backup there says why.",
  },
];

const workloads: readonly Alert[] = [
  {
    ...{ alert: "PodEndsAgainAndAgain", severity: "warning", for: "5m" },
    expr: "increase(kube_pod_container_status_restarts_total[15m]) > 3",
    summary:
      "{{ $labels.container }} in pod {{ $labels.namespace }}/{{ $labels.pod }} was started more than three times in a quarter of an hour.",
  },
  {
    ...{ alert: "NodeNotReady", severity: "warning", for: "5m" },
    expr: 'kube_node_status_condition{condition="Ready", status="true"} == 0',
    summary: "{{ $labels.node }} is not ready.",
  },
];

const itself: readonly Alert[] = [
  {
    ...{ alert: "Watchdog", severity: "none", for: "0s" },
    expr: "vector(1)",
    summary: "Alerts find their way. Have a receiver tell somebody when this one stops.",
  },
  {
    ...{ alert: "TargetDown", severity: "warning", for: "10m" },
    expr: "up == 0",
    summary: "Prometheus can't read {{ $labels.job }} at {{ $labels.instance }}.",
  },
];

/** The alerts that a cluster can have, by group: those about what it does not have are left out. */
export function alerts(cluster: Cluster, settings: Monitoring): Readonly<Record<string, readonly Alert[]>> {
  const { balancer, etcd: ofEtcd } = cluster;
  const { certificateDays, snapshotMinutes = 3 * ofEtcd.backup.intervalMinutes + 10 } = settings.alerts;
  const some = (has: boolean, name: string, group: readonly Alert[]) => (has ? { [name]: group } : {});
  const haproxy = balancer.kind === "haproxy" || balancer.kind === "node-local";
  const vrrp = balancer.kind !== "external" && balancer.kind !== "node-local" && balancer.address === "vrrp";
  return {
    monitoring: itself,
    etcd,
    "control-planes": controlPlanes,
    ...some(haproxy, "balancers", balancers),
    ...some(vrrp, "virtual-address", addresses),
    hosts: hosts(certificateDays),
    ...some(ofEtcd.backup.enabled, "snapshots", snapshots(snapshotMinutes)),
    ...some(settings.kubeStateMetrics, "workloads", workloads),
  };
}
