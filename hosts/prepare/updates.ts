import type { Role } from "../../config/schema.ts";
import type { HostFile } from "../stage.ts";

// What keeps a distribution's own updates from restarting the cluster's services on every host in the same night, outside any turn.

/** Services that are restarted in turns, by `up` alone. */
const services = ["containerd", "etcd", "haproxy", "keepalived", "kubelet"];
/** Packages whose update restarts their service. */
const packages = ["haproxy", "keepalived"];

/** Settings of needrestart and, on balancers, of unattended-upgrades. Where neither is installed nobody reads them. */
export function updateFiles(roles: readonly Role[]): HostFile[] {
  const held = packages.map((name) => `  "${name}$";\n`).join("");
  return [
    {
      path: "/etc/needrestart/conf.d/ha-kubernetes.conf",
      content: `# Restarted by ha-kubernetes, one host at a time.\n$nrconf{override_rc}{qr(^(${services.join("|")})\\.service$)} = 0;\n`,
    },
    ...(roles.includes("balancer")
      ? [
          {
            path: "/etc/apt/apt.conf.d/52ha-kubernetes",
            content: `// An update restarts these, which must not happen on all balancers at once. Update them by hand, one host after another.\nUnattended-Upgrade::Package-Blacklist {\n${held}};\n`,
          },
        ]
      : []),
  ];
}
