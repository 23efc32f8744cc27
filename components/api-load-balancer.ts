import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { balancerStage } from "../hosts/stages/balancer/balancer.ts";
import type { Host } from "../providers/contract.ts";
import { addressesOf, type ClusterContext, hostsOf } from "./context.ts";
import type { ControlPlane } from "./control-plane.ts";
import { type HostCommand, hostCommand } from "./host-command.ts";

interface ApiLoadBalancerArgs {
  prepared: Record<string, HostCommand>;
  /** The backends. */
  controlPlane: ControlPlane;
}

/**
 * haproxy and keepalived in front of the apiservers, on the hosts of role balancer. Where something else answers at the API's
 * address, such as a cloud's balancer, it only lets each control plane in behind it.
 */
export class ApiLoadBalancer extends pulumi.ComponentResource {
  readonly commands: HostCommand[] = [];
  /** Where the statistics page is and who may see it. Absent where the balancer is not ours. */
  readonly statistics?: { url: pulumi.Output<string>; user: string; password: pulumi.Output<string> };

  constructor(name: string, context: ClusterContext, args: ApiLoadBalancerArgs, options?: pulumi.ComponentResourceOptions) {
    super("ha-kubernetes:index:ApiLoadBalancer", name, {}, options);
    const { born, cluster, infrastructure, owner, pki } = context;
    const { endpoint } = infrastructure;
    if (endpoint.kind === "given") {
      for (const host of hostsOf(infrastructure, "control-plane").filter(({ lost }) => !lost)) {
        endpoint.admit?.(host, { parent: this, dependsOn: args.controlPlane.commands[host.name] });
      }
      this.registerOutputs({});
      return;
    }
    const password = new random.RandomPassword("statistics", { length: 24, special: false }, { parent: this }).result;
    this.statistics = {
      url: pulumi.interpolate`http://${endpoint.address}:${cluster.balancer.statisticsPort}/`,
      user: "admin",
      password,
    };
    const hosts = hostsOf(infrastructure, "balancer");
    const controlPlanes = addressesOf(hostsOf(infrastructure, "control-plane"));
    const balancers = addressesOf(hosts).apply((list) => list.map(({ address }) => address));
    const running = hosts.filter(({ name }) => context.balancers.has(name));
    const told: HostCommand[] = [];
    let previous: HostCommand | undefined;
    for (const host of [...running, ...hosts.filter((it) => !running.includes(it))]) {
      const stage = pulumi
        .all([owner, host.address, endpoint.address, controlPlanes, balancers, pki.authority("kubernetes").trusted, password])
        .apply(([owner, address, virtualIp, controlPlanes, balancerAddresses, authorityPem, statisticsPassword]) =>
          balancerStage({
            host: { name: host.name, address },
            owner,
            cluster,
            virtualIp,
            controlPlanes,
            balancerAddresses,
            authorityPem,
            statisticsPassword,
          }),
        );
      // After the control planes: haproxy counts a backend as up until its first check, so a new one is added once it answers. While
      // the cluster is being born nobody asks yet, and no balancer runs that another could cut off: all start beside the control planes.
      const others = born ? [args.controlPlane, needsChain(host) ? previous : undefined] : [];
      const after = [args.prepared[host.name], ...others].filter((it) => it !== undefined);
      // A new one starts once those that run know it: before, it would not hear who holds the address, and take it, too.
      const isRunning = running.includes(host);
      const command = hostCommand(host, "balancer", stage, { parent: this, dependsOn: isRunning ? after : [...after, ...told] });
      if (isRunning) told.push(command);
      this.commands.push(command);
      if (needsChain(host)) previous = command;
    }
    this.registerOutputs({});
  }
}

// A host that holds no credential for etcd can't take the cluster-wide turn, so the program puts such hosts one after another.
const needsChain = (host: Host) => !host.roles.includes("etcd") && !host.roles.includes("control-plane");
