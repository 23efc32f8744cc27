import type { Cluster } from "../../../../config/schema.ts";
import type { HostFile } from "../../../stage.ts";

export interface ContainerdArgs {
  cluster: Cluster;
  /** Version of the pause image, such as 3.10.2. */
  pause: string;
}

/**
 * containerd's files. What depends on the host (cgroup version, being inside a container) is in a file that the script writes to
 * /etc/containerd/conf.d.
 */
export function containerdFiles({ cluster, pause }: ContainerdArgs): HostFile[] {
  return [
    { path: "/etc/containerd/config.toml", content: configuration(pause) },
    { path: "/etc/systemd/system/containerd.service", content: UNIT },
    ...registries(cluster).map((registry) => ({
      path: `/etc/containerd/certs.d/${registry}/hosts.toml`,
      content: hostsToml(registry, cluster),
    })),
  ];
}

// Version 3 is what containerd 2.0 and newer read. Pods' containers log through kubelet, which rotates the logs.
function configuration(pause: string): string {
  return `version = 3
imports = ['/etc/containerd/conf.d/*.toml']
# Would make folders in /opt for programs that nobody installs there.
disabled_plugins = ['io.containerd.internal.v1.opt']

[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = 'registry.k8s.io/pause:${pause}'

[plugins.'io.containerd.cri.v1.images'.registry]
  config_path = '/etc/containerd/certs.d'
`;
}

function registries({ containerRuntime }: Cluster): string[] {
  return [...new Set([...Object.keys(containerRuntime.registryMirrors), ...containerRuntime.insecureRegistries])].sort();
}

// Mirrors are asked in the order of the config, then the registry itself. docker.io answers at another name.
function hostsToml(registry: string, { containerRuntime }: Cluster): string {
  const insecure = containerRuntime.insecureRegistries.includes(registry);
  const home = registry === "docker.io" ? "registry-1.docker.io" : registry;
  const mirrors = containerRuntime.registryMirrors[registry] ?? [];
  const host = (url: string, skipVerify: boolean) =>
    `\n[host.'${url}']\n  capabilities = ['pull', 'resolve']\n${skipVerify ? "  skip_verify = true\n" : ""}${override(url)}`;
  // Where the path names the API's version itself, as a project of Harbor's does, containerd must not add its own /v2.
  const override = (url: string) => (/\/v2(\/|$)/.test(new URL(url).pathname) ? "  override_path = true\n" : "");
  const skips = (url: string) => containerRuntime.insecureRegistries.includes(new URL(url).host);
  return [
    `server = 'https://${home}'\n`,
    ...mirrors.map((url) => host(url, skips(url))),
    // Without TLS verification: over TLS with any certificate or, where there is no TLS at all, in clear.
    ...(insecure ? [host(`https://${home}`, true), host(`http://${home}`, true)] : []),
  ].join("");
}

// KillMode and Delegate: containers outlive a restart of containerd, in control groups of their own. LimitNOFILE is what containers
// inherit: systemd's 1024 is too few for many servers, and `infinity` makes old programs slow that close every file they could have.
const UNIT = `[Unit]
Description=containerd container runtime
Documentation=https://containerd.io
After=network.target local-fs.target dbus.service
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart=/usr/local/bin/containerd
Restart=always
RestartSec=2
Delegate=yes
KillMode=process
LimitNOFILE=1048576
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
OOMScoreAdjust=-999

[Install]
WantedBy=multi-user.target
`;
