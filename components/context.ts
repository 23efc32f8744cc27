import * as pulumi from "@pulumi/pulumi";
import type { Versions } from "../artifacts/lock.ts";
import type { Cluster } from "../config/schema.ts";
import type { Host, Infrastructure } from "../providers/contract.ts";
import type { ClusterPki } from "./cluster-pki.ts";

/** What every component is told. */
export interface ClusterContext {
  cluster: Cluster;
  infrastructure: Infrastructure;
  /** The owner mark on every host: `<cluster name>/<id>`. */
  owner: pulumi.Output<string>;
  pki: ClusterPki;
  /** Versions of every part, the config's own or those the lock recommends for the Kubernetes version. */
  versions: Versions;
  /** True once an `up` of this stack has ended with an etcd cluster: no member may start another one. */
  born: boolean;
  /** Hosts whose incarnation is another than the last `up` recorded. */
  reborn: ReadonlySet<string>;
  /** Why a worker's join credential is made once more, by host; nothing where the first one will do. */
  joins: Readonly<Record<string, string | undefined>>;
  /** Kubernetes versions through which control planes go on the way to the config's. */
  path: readonly string[];
  /** True when this `up` moves the API, or ends a move: once every host has taken part, pods look it up again. */
  movesApi: boolean;
  /** Balancers that the last `up` recorded: they run already. */
  balancers: ReadonlySet<string>;
  /** Ids of all restores of etcd in this stack, oldest first, that of this `up` included. */
  restores: readonly string[];
}

/** The hosts of a role, by name: the order in which a config lists them never matters. */
export function hostsOf(infrastructure: Infrastructure, role: Host["roles"][number]): Host[] {
  return infrastructure.hosts.filter((host) => host.roles.includes(role)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Names and addresses of hosts, resolved. Lost ones are left out. */
export function addressesOf(hosts: readonly Host[]): pulumi.Output<{ name: string; address: string }[]> {
  return pulumi.all(
    hosts.filter((host) => !host.lost).map(({ name, address }) => pulumi.output(address).apply((it) => ({ name, address: it }))),
  );
}
