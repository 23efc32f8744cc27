// Dashboards for Grafana, each a few panels. One panel is a title, a unit of Grafana's and the lines in it.

interface Panel {
  title: string;
  /** Grafana's word for it: short, percentunit, bytes, s, reqps. */
  unit: string;
  /** The query of each line, by its legend. */
  lines: Readonly<Record<string, string>>;
}

/** The dashboards by name. */
export const dashboards: Readonly<Record<string, { title: string; panels: readonly Panel[] }>> = {
  cluster: {
    title: "Cluster",
    panels: [
      { title: "Targets that answer", unit: "short", lines: { "{{job}}": "sum by (job) (up)" } },
      {
        title: "Alerts",
        unit: "short",
        lines: { "{{alertname}}": 'count by (alertname) (ALERTS{alertstate="firing",severity!="none"})' },
      },
      {
        title: "Requests to apiservers",
        unit: "reqps",
        lines: { "{{verb}}": 'sum by (verb) (rate(apiserver_request_total{job="apiserver"}[5m]))' },
      },
      {
        title: "Requests that failed",
        unit: "reqps",
        lines: { "{{code}}": 'sum by (code) (rate(apiserver_request_total{job="apiserver",code=~"5.."}[5m]))' },
      },
      {
        title: "Processor of nodes",
        unit: "percentunit",
        lines: { "{{host}}": '1 - avg by (host) (rate(node_cpu_seconds_total{mode="idle"}[5m]))' },
      },
      {
        title: "Memory of nodes",
        unit: "percentunit",
        lines: { "{{host}}": "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes" },
      },
      {
        title: "Disks that are fullest",
        unit: "percentunit",
        lines: {
          "{{host}} {{mountpoint}}": "topk(10, 1 - ha_kubernetes_filesystem_free_bytes / ha_kubernetes_filesystem_size_bytes)",
        },
      },
      {
        title: "Certificates that end first",
        unit: "s",
        lines: { "{{host}} {{file}}": "bottomk(10, ha_kubernetes_certificate_end_seconds - time())" },
      },
    ],
  },
  etcd: {
    title: "etcd",
    panels: [
      { title: "Members with a leader", unit: "short", lines: { "{{host}}": "etcd_server_has_leader" } },
      {
        title: "Changes of the leader",
        unit: "short",
        lines: { "{{host}}": "increase(etcd_server_leader_changes_seen_total[1h])" },
      },
      {
        title: "Writing the log to disk, 99 of 100",
        unit: "s",
        lines: { "{{host}}": "histogram_quantile(0.99, rate(etcd_disk_wal_fsync_duration_seconds_bucket[5m]))" },
      },
      {
        title: "Writing the database to disk, 99 of 100",
        unit: "s",
        lines: { "{{host}}": "histogram_quantile(0.99, rate(etcd_disk_backend_commit_duration_seconds_bucket[5m]))" },
      },
      {
        title: "Way to a peer and back, 99 of 100",
        unit: "s",
        lines: { "{{host}} to {{To}}": "histogram_quantile(0.99, rate(etcd_network_peer_round_trip_time_seconds_bucket[5m]))" },
      },
      { title: "Proposals that wait", unit: "short", lines: { "{{host}}": "etcd_server_proposals_pending" } },
      {
        title: "Database",
        unit: "bytes",
        lines: {
          "{{host}}": "etcd_mvcc_db_total_size_in_bytes",
          "{{host}}, in use": "etcd_mvcc_db_total_size_in_use_in_bytes",
          quota: "max(etcd_server_quota_backend_bytes)",
        },
      },
      {
        title: "Age of the newest snapshot",
        unit: "s",
        lines: { "{{host}}": "time() - ha_kubernetes_etcd_snapshot_taken_seconds" },
      },
    ],
  },
  balancers: {
    title: "Balancers",
    panels: [
      {
        title: "Who holds the API's address",
        unit: "short",
        lines: { "{{address}} {{host}}": "ha_kubernetes_virtual_address_held" },
      },
      {
        title: "Apiservers that haproxy reaches",
        unit: "short",
        lines: { "{{host}}": 'sum by (host) (haproxy_server_status{proxy="apiservers",state="UP"})' },
      },
      { title: "Connections", unit: "short", lines: { "{{host}}": 'haproxy_frontend_current_sessions{proxy="api"}' } },
      {
        title: "New connections each second",
        unit: "short",
        lines: { "{{host}}": 'rate(haproxy_frontend_connections_total{proxy="api"}[5m])' },
      },
      {
        title: "Bytes each second",
        unit: "bytes",
        lines: {
          "{{host}}, in": 'rate(haproxy_frontend_bytes_in_total{proxy="api"}[5m])',
          "{{host}}, out": 'rate(haproxy_frontend_bytes_out_total{proxy="api"}[5m])',
        },
      },
      {
        title: "Connections that no apiserver took",
        unit: "short",
        lines: { "{{host}}": 'rate(haproxy_backend_connection_errors_total{proxy="apiservers"}[5m])' },
      },
    ],
  },
};

/** A dashboard as Grafana reads it: two panels in a row. */
export const dashboardJson = (name: string, { title, panels }: (typeof dashboards)[string]): string =>
  JSON.stringify({
    uid: `ha-kubernetes-${name}`,
    title,
    tags: ["ha-kubernetes"],
    schemaVersion: 39,
    editable: false,
    refresh: "1m",
    time: { from: "now-6h", to: "now" },
    panels: panels.map(({ title, unit, lines }, index) => ({
      id: index + 1,
      type: "timeseries",
      title,
      datasource: { type: "prometheus", uid: "prometheus" },
      gridPos: { h: 8, w: 12, x: (index % 2) * 12, y: Math.floor(index / 2) * 8 },
      fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
      targets: Object.entries(lines).map(([legendFormat, expr], line) => ({
        refId: String.fromCharCode(65 + line),
        expr,
        legendFormat,
      })),
    })),
  });
