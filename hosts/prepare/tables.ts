import { readFileSync } from "node:fs";
import type { Cluster, Role } from "../../config/schema.ts";
import type { HostFile } from "../stage.ts";
import { isNode } from "./kernel.ts";

// Tables of the packet filter that something else may take away: a restart of nftables.service and `nft flush ruleset` empty all.

const SCRIPT = "/usr/local/lib/ha-kubernetes/tables.sh";

/**
 * What is watched on a host with these roles, as the script reads it: `firewall` for the host's own table, and
 * `<program>:<family>:<table>` for each program in a pod that writes its table once, when it starts. In the other modes of kube-proxy
 * both programs look after their rules themselves.
 */
export function watchedTables(roles: readonly Role[], cluster: Cluster): string[] {
  const { hostPreparation, network, addons } = cluster;
  const ofPods = isNode(roles) && network.kubeProxyMode === "nftables";
  return [
    ...(hostPreparation.firewall ? ["firewall"] : []),
    ...(ofPods ? ["kube-proxy:ip:kube-proxy"] : []),
    ...(ofPods && addons.flannel ? ["flanneld:ip:flannel-ipv4"] : []),
  ];
}

/** The watching script and its unit; none where nothing is to be watched. */
export function tableFiles(watched: readonly string[]): HostFile[] {
  if (watched.length === 0) return [];
  return [
    { path: SCRIPT, content: readFileSync(new URL("files/tables.sh", import.meta.url), "utf8"), mode: "0755" },
    { path: "/etc/systemd/system/ha-kubernetes-tables.service", content: unit(watched) },
  ];
}

const unit = (watched: readonly string[]) => `[Unit]
Description=Watch over the packet filter's tables of this Kubernetes host
After=ha-kubernetes-firewall.service
StartLimitIntervalSec=0

[Service]
ExecStart=${SCRIPT} ${watched.join(" ")}
Restart=always
RestartSec=2
Nice=5

[Install]
WantedBy=multi-user.target
`;
