import { inRepository } from "../../../../artifacts/images.ts";
import { basicAuthorization, hostsOfUrl, type Logins } from "../../../../config/logins.ts";
import { isPem } from "../../../../config/places.ts";
import type { Cluster } from "../../../../config/schema.ts";
import { readToml } from "../../../../config/toml.ts";
import type { HostFile } from "../../../stage.ts";
import { PROXY_FILE, proxied } from "../downloads/downloads.ts";

export interface ContainerdArgs {
  cluster: Cluster;
  /** Version of the pause image, such as 3.10.2. */
  pause: string;
  /** Logins by registry. Default: none. */
  logins?: Logins;
}

/**
 * containerd's files. What depends on the host (cgroup version, being inside a container) is in a file that the script writes to
 * /etc/containerd/conf.d.
 */
export function containerdFiles({ cluster, pause, logins = {} }: ContainerdArgs): HostFile[] {
  return [
    {
      path: "/etc/containerd/config.toml",
      content: configuration(inRepository(`registry.k8s.io/pause:${pause}`, cluster.artifacts.imageRepository)),
    },
    { path: "/etc/systemd/system/containerd.service", content: UNIT },
    ...extraFiles(cluster),
    ...(proxied(cluster) ? [{ path: PROXY_DROP_IN, content: `[Service]\nEnvironmentFile=${PROXY_FILE}\n` }] : []),
    ...registries(cluster, logins).flatMap((registry) => registryFiles(registry, cluster, logins)),
  ];
}

/** What the config adds to containerd's configuration. Read before conf.d/host.toml, which the script writes and which wins. */
function extraFiles({ containerRuntime: { extraConfig } }: Cluster): HostFile[] {
  if (extraConfig === undefined) return [];
  const read = readToml(extraConfig);
  const hasVersion = "table" in read && read.table.version !== undefined;
  const versioned = hasVersion ? extraConfig : `version = 3\n${extraConfig}`;
  return [{ path: "/etc/containerd/conf.d/extra.toml", content: versioned.endsWith("\n") ? versioned : `${versioned}\n` }];
}

/** The setting by which the script adds the config's runtimes to what it writes for this host: `name=program`, by blanks. */
export function runtimeSettings({ containerRuntime: { runtimes } }: Cluster): Record<string, string> {
  const all = Object.entries(runtimes).map(([name, { program }]) => `${name}=${program}`);
  return all.length === 0 ? {} : { RUNTIMES: all.sort().join(" ") };
}

const PROXY_DROP_IN = "/etc/systemd/system/containerd.service.d/ha-kubernetes-proxy.conf";

// Version 3 is what containerd 2.0 and newer read. Pods' containers log through kubelet, which rotates the logs.
function configuration(sandbox: string): string {
  return `version = 3
imports = ['/etc/containerd/conf.d/*.toml']
# Would make folders in /opt for programs that nobody installs there.
disabled_plugins = ['io.containerd.internal.v1.opt']

[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = '${sandbox}'

[plugins.'io.containerd.cri.v1.images'.registry]
  config_path = '/etc/containerd/certs.d'
`;
}

const REGISTRIES = "/etc/containerd/certs.d";
const ALL = "*";

/** The registries with a folder of their own. containerd takes one folder for each, and `_default` where there is none. */
function registries(
  { containerRuntime: { registryMirrors, registries, insecureRegistries } }: Cluster,
  logins: Logins,
): string[] {
  const named = [registryMirrors, registries, logins].flatMap(Object.keys);
  return [...new Set([...named, ...insecureRegistries])].sort();
}

function registryFiles(registry: string, cluster: Cluster, logins: Logins): HostFile[] {
  const path = `${REGISTRIES}/${registry === ALL ? "_default" : registry}/hosts.toml`;
  const content = hostsToml(registry, cluster, logins);
  const shown = hostsToml(registry, cluster, Object.fromEntries(Object.keys(logins).map((name) => [name, "***"])));
  const { ca } = cluster.containerRuntime.registries[registry] ?? {};
  return [
    content === shown ? { path, content } : { path, content, shown, mode: "0600" },
    ...(ca !== undefined && isPem(ca) ? [{ path: authorityFile(registry), content: ca }] : []),
  ];
}

const authorityFile = (registry: string) => `${REGISTRIES}/${registry}/ca.pem`;

/** A place that containerd asks, in hosts.toml: the table of a mirror, or the file itself for the registry. */
interface Place {
  /** As `registries` and logins name it. */
  names: readonly string[];
  lines: readonly string[];
  table?: string;
}

// Mirrors are asked in the order of the config, then the registry itself. docker.io answers at another name.
function hostsToml(registry: string, { containerRuntime }: Cluster, logins: Logins): string {
  const { registryMirrors, registries, insecureRegistries } = containerRuntime;
  const insecure = insecureRegistries.includes(registry);
  const home = registry === "docker.io" ? "registry-1.docker.io" : registry;
  // The registry may be one of the mirrors that all others have.
  const mirrors = registryMirrors[registry] ?? (registryMirrors[ALL] ?? []).filter((url) => !hostsOfUrl(url).includes(registry));
  const text = ({ names, lines, table }: Place) => {
    const known = names.find((name) => Object.hasOwn(registries, name));
    const { ca, clientCertificate } = (known === undefined ? undefined : registries[known]) ?? {};
    const login = names.flatMap((name) => logins[name] ?? []).at(0);
    const indent = table === undefined ? "" : "  ";
    const all = [
      ...lines,
      ...(ca === undefined ? [] : [`ca = '${isPem(ca) ? authorityFile(known as string) : ca}'`]),
      ...(clientCertificate === undefined ? [] : [`client = '${clientCertificate}'`]),
    ];
    // To this place alone, also when it redirects, and to the one that it names for tokens.
    const header =
      login === undefined
        ? ""
        : `${indent}[${table === undefined ? "" : `${table}.`}header]\n${indent}  Authorization = '${basicAuthorization(login)}'\n`;
    return `${table === undefined ? "" : `\n[${table}]\n`}${all.map((line) => `${indent}${line}\n`).join("")}${header}`;
  };
  const host = (url: string, skipVerify: boolean, names = hostsOfUrl(url)): Place => ({
    names,
    table: `host.'${url}'`,
    lines: ["capabilities = ['pull', 'resolve']", ...(skipVerify ? ["skip_verify = true"] : []), ...override(url)],
  });
  // Where the path names the API's version itself, as a project of Harbor's does, containerd must not add its own /v2.
  const override = (url: string) => (/\/v2(\/|$)/.test(new URL(url).pathname) ? ["override_path = true"] : []);
  const skips = (url: string) => hostsOfUrl(url).some((name) => insecureRegistries.includes(name));
  const places: Place[] = [
    // Without a server, containerd asks whichever registry it was.
    ...(registry === ALL ? [] : [{ names: [registry], lines: [`server = 'https://${home}'`] }]),
    ...mirrors.map((url) => host(url, skips(url) || (insecure && hostsOfUrl(url).includes(home)))),
    // Without TLS verification: over TLS with any certificate or, where there is no TLS at all, in clear, which no login travels in.
    ...(insecure ? [host(`https://${home}`, true, [registry]), host(`http://${home}`, true, [])] : []),
  ];
  // A table stands once in a file, also where the config has a mirror twice, or the registry as its own mirror.
  const isFirst = ({ table }: Place, index: number) => places.findIndex((other) => other.table === table) === index;
  return places.filter(isFirst).map(text).join("");
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
