import { readFileSync } from "node:fs";
import type { Cluster } from "../../../config/schema.ts";
import { servesSigned } from "../../../config/serving.ts";
import type { HostFile } from "../../stage.ts";

// Kubelets that serve with certificates of the cluster's authority: what a control plane has for it, and what stages are told.

const UNIT = "ha-kubernetes-serving.service";

/** The setting of stages that have a kubelet. None where kubelets make their certificates themselves. */
export const servingSettings = (cluster: Pick<Cluster, "addons">): Record<string, string> =>
  servesSigned(cluster) ? { SERVING_CERTIFICATE: "signed" } : {};

/** What approves kubelets' requests, on each control plane: see approve.sh. Nothing where there are none. */
export function servingFiles(host: string, cluster: Pick<Cluster, "addons">): HostFile[] {
  if (!servesSigned(cluster)) return [];
  return [
    {
      path: "/usr/local/lib/ha-kubernetes/approve.sh",
      content: readFileSync(new URL("approve.sh", import.meta.url), "utf8"),
      mode: "0755",
    },
    { path: `/etc/systemd/system/${UNIT}`, content: unit(host) },
  ];
}

const unit = (host: string) => `[Unit]
Description=Approval of the certificates that kubelets serve with
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Environment=NODE=${host} SCRATCH=/run/ha-kubernetes-serving
RuntimeDirectory=ha-kubernetes-serving
RuntimeDirectoryMode=0700
ExecStart=/usr/local/lib/ha-kubernetes/approve.sh
Restart=always
RestartSec=5
NoNewPrivileges=yes
ProtectSystem=full
ProtectHome=yes

[Install]
WantedBy=multi-user.target
`;
