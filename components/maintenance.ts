import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../config/schema.ts";
import { type MaintenanceStageArgs, maintenanceStage } from "../hosts/stages/maintenance/maintenance.ts";
import type { Host } from "../providers/contract.ts";
import { ClusterPart, hostsOf, lastCommands } from "./cluster-part.ts";
import { type HostCommand, hostCommand } from "./host-command.ts";
import type { HostPreparation } from "./host-preparation.ts";

export interface MaintenanceArgs {
  /** The cluster's hosts. Instances of pools that the cloud scales are not among them. */
  hosts: readonly Host[];
  /** The owner mark on every host: `<cluster name>/<id>`. */
  owner: pulumi.Input<string>;
  /** The cluster's config: the keys that this reads. Without its key `maintenance` there are no commands. */
  cluster: MaintenanceStageArgs["cluster"] & Pick<Cluster, "maintenance">;
  /** The prepared hosts: a new one waits for nothing else. */
  prepared: HostPreparation;
  /** Hosts that an `up` has recorded; see `readHistory`. The others are new, and only note the word. */
  settled: ReadonlySet<string>;
  /** All other parts: what they change on hosts comes first. */
  after: readonly ClusterPart[];
}

/**
 * Takes every host through maintenance, one after another: a host begins once the one before is proved. Etcd hosts and control planes come
 * first, then balancers, then workers, of each pool as many at once as may be away. Where hosts may reboot, each has a second command, which
 * finds it again afterwards.
 */
export class Maintenance extends ClusterPart {
  constructor(name: string, args: MaintenanceArgs, options?: pulumi.ComponentResourceOptions) {
    super("Maintenance", name, "maintenance", options);
    const { cluster, settled } = args;
    const { maintenance } = cluster;
    if (maintenance === undefined) {
      this.register();
      return;
    }
    const reboots = maintenance.reboot !== "never";
    /** The commands of one host, of which the last one is done once it is proved. */
    const maintain = (host: Host, dependsOn: pulumi.Resource[]): HostCommand => {
      const { name, roles, pool } = host;
      const isNew = !settled.has(name);
      const stage = (back: boolean) =>
        pulumi
          .all([args.owner, host.address])
          .apply(([owner, address]) =>
            maintenanceStage({ host: { name, address, roles, pool }, owner, cluster, maintenance, isNew, back }),
          );
      const first = hostCommand(host, "maintenance", stage(false), { parent: this, dependsOn }, { keepBirth: true });
      const last = reboots
        ? hostCommand(
            host,
            "maintenance",
            stage(true),
            { parent: this, dependsOn: first },
            { keepBirth: true, reboots: maintenance.rebootTimeoutSeconds },
          )
        : first;
      this.commands[name] = last;
      return last;
    };
    const living = args.hosts.filter(({ lost }) => !lost);
    // No host waits for a new one, nor a new one for others: it only notes the word.
    for (const host of living.filter(({ name }) => !settled.has(name)))
      maintain(host, [args.prepared.commands[host.name] ?? []].flat());
    const { core, balancers, pools } = inOrder(living.filter(({ name }) => settled.has(name)));
    // What all others wait for: a list that does not grow with the workers.
    let before: pulumi.Resource[] = lastCommands(args.after);
    for (const host of [...core, ...balancers]) before = [maintain(host, before)];
    for (const [pool, workers] of pools) {
      const lanes = cluster.pools[pool]?.maxUnavailable ?? 1;
      const proved: HostCommand[] = [];
      // The first one goes alone; then each waits for the one that leaves room for it.
      for (const [index, worker] of workers.entries())
        proved.push(maintain(worker, index === 0 ? before : proved.slice(Math.max(0, index - lanes)).slice(0, 1)));
    }
    this.register();
  }
}

/** Hosts in the order of their names, by what limits how many may be away. */
function inOrder(hosts: readonly Host[]) {
  const sorted = [...hosts].sort((a, b) => (a.name < b.name ? -1 : 1));
  const isCore = ({ roles }: Host) => roles.includes("etcd") || roles.includes("control-plane");
  const pools = new Map<string, Host[]>();
  for (const worker of hostsOf(sorted, "worker").filter((host) => !isCore(host)))
    pools.set(worker.pool ?? "", [...(pools.get(worker.pool ?? "") ?? []), worker]);
  return {
    core: sorted.filter(isCore),
    balancers: hostsOf(sorted, "balancer").filter((host) => !isCore(host)),
    pools,
  };
}
