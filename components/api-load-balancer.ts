import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { urlHost } from "../config/addresses.ts";
import { type BalancerStageArgs, balancerStage } from "../hosts/stages/balancer/balancer.ts";
import type { Host, Infrastructure } from "../providers/contract.ts";
import { addressesOf, ClusterPart, hostsOf } from "./cluster-part.ts";
import type { ControlPlane } from "./control-plane.ts";
import { type HostCommand, hostCommand } from "./host-command.ts";
import type { HostPreparation } from "./host-preparation.ts";

export interface ApiLoadBalancerArgs {
  /** The cluster's hosts: those of role balancer get haproxy and keepalived, control planes are the backends. */
  hosts: readonly Host[];
  /** The owner mark on every host: `<cluster name>/<id>`. */
  owner: pulumi.Input<string>;
  /** The cluster's config: the keys that this reads. */
  cluster: BalancerStageArgs["cluster"];
  /** The API's endpoint: the virtual IP for `haproxy`, or the address of a balancer that you run for `given`. */
  endpoint: Infrastructure["endpoint"];
  /** Certificates of the authority that signs for apiservers, PEM: `trusted` of the PKI's authority kubernetes. */
  authority: pulumi.Input<string>;
  /** The prepared hosts: each balancer waits for its own. */
  prepared: HostPreparation;
  /** The backends. Each must answer before a running balancer learns of it. */
  controlPlane: ControlPlane;
  /** True once an `up` has recorded the cluster; see `readHistory`. Before, balancers start beside the control planes. */
  born: boolean;
  /** Names of balancers that the last `up` recorded: they run already. Default: none. */
  balancers?: ReadonlySet<string>;
}

/**
 * haproxy and keepalived in front of the apiservers. Where something else answers at the API's address, such as a cloud's
 * balancer, this registers each control plane there instead.
 */
export class ApiLoadBalancer extends ClusterPart {
  /** The statistics page and its login. Absent where the balancer is not ours. */
  readonly statistics?: { url: pulumi.Output<string>; user: string; password: pulumi.Output<string> };

  constructor(name: string, args: ApiLoadBalancerArgs, options?: pulumi.ComponentResourceOptions) {
    super("ApiLoadBalancer", name, "api", options);
    const { balancers: recorded = new Set(), born, cluster, controlPlane, endpoint } = args;
    if (endpoint.kind === "given") {
      for (const host of hostsOf(args.hosts, "control-plane").filter(({ lost }) => !lost)) {
        endpoint.admit?.(host, { parent: this, dependsOn: controlPlane.commands[host.name] });
      }
      this.register();
      return;
    }
    const random24 = { length: 24, special: false };
    const password = new random.RandomPassword(this.childName("statistics"), random24, { parent: this }).result;
    this.statistics = {
      url: pulumi.interpolate`http://${pulumi.output(endpoint.address).apply(urlHost)}:${cluster.balancer.statisticsPort}/`,
      user: "admin",
      password,
    };
    const hosts = hostsOf(args.hosts, "balancer");
    const controlPlanes = addressesOf(hostsOf(args.hosts, "control-plane"));
    const balancers = addressesOf(hosts).apply((list) => list.map(({ address }) => address));
    const running = hosts.filter(({ name }) => recorded.has(name));
    const told: HostCommand[] = [];
    let previous: HostCommand | undefined;
    for (const host of [...running, ...hosts.filter((it) => !running.includes(it))]) {
      const stage = pulumi
        .all([args.owner, host.address, endpoint.address, controlPlanes, balancers, args.authority, password])
        .apply(([owner, address, virtualIp, controlPlanes, balancerAddresses, authorityPem, statisticsPassword]) =>
          balancerStage({
            host: { name: host.name, address },
            owner,
            cluster,
            virtualIp,
            secondVirtualIp: endpoint.secondAddress,
            controlPlanes,
            balancerAddresses,
            authorityPem,
            statisticsPassword,
          }),
        );
      // After the control planes: haproxy counts a backend as up until its first check, so a new backend must answer first. At birth
      // there are no clients and no running balancer that could be cut off: balancers start beside the control planes.
      const others = born ? [controlPlane, needsChain(host) ? previous : undefined] : [];
      const after = [args.prepared.commands[host.name], ...others].filter((it) => it !== undefined);
      // A new balancer starts once the running ones know it. Earlier, it would not hear who holds the address, and would take it, too.
      const isRunning = running.includes(host);
      const command = hostCommand(host, "balancer", stage, { parent: this, dependsOn: isRunning ? after : [...after, ...told] });
      if (isRunning) told.push(command);
      this.commands[host.name] = command;
      if (needsChain(host)) previous = command;
    }
    this.register({ statistics: this.statistics });
  }
}

// A host without a credential for etcd can't take the cluster-wide turn, so the program chains such hosts.
const needsChain = (host: Host) => !host.roles.includes("etcd") && !host.roles.includes("control-plane");
