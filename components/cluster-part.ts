import * as pulumi from "@pulumi/pulumi";
import type { Host } from "../providers/contract.ts";
import type { HostCommand } from "./host-command.ts";

/**
 * A part of a cluster, with one command for each of its hosts. Depend on the part to wait for all of them.
 *
 * The resources below it have plain names, such as `etcd-m1`, when the part has its usual name. Below a part with another name,
 * that name comes first: the part `blue` has `blue-etcd-m1`. So several clusters fit into one program.
 */
export abstract class ClusterPart extends pulumi.ComponentResource {
  /** The command of each host, by the host's name. Not registered as an output, so that the state holds no reference to each. */
  readonly commands: Record<string, HostCommand> = {};
  /** The name of a resource below this part. */
  readonly childName: (child: string) => string;

  /** `usual` is the name below which resources have plain names. */
  constructor(type: string, name: string, usual: string, options?: pulumi.ComponentResourceOptions) {
    // The inputs stay out of the state: they hold secrets.
    super(`ha-kubernetes:index:${type}`, name, {}, options);
    this.childName = childNames(name, usual);
  }

  /** Registers the names of the hosts and `more`. */
  protected register(more: pulumi.Inputs = {}): void {
    this.registerOutputs({ hosts: Object.keys(this.commands), ...more });
  }
}

/** Names resources below a component: plain ones when the component has its usual name, else with its name before them. */
export const childNames = (name: string, usual: string) => (child: string) => (name === usual ? child : `${name}-${child}`);

/** The commands of parts, or the part itself where it has none: a wait for these is a wait for the parts. */
export const lastCommands = (parts: readonly ClusterPart[]): pulumi.Resource[] =>
  parts.flatMap((part): pulumi.Resource[] => {
    const commands = Object.values(part.commands);
    return commands.length > 0 ? commands : [part];
  });

/** The hosts of a role, ordered by name: the order in the config never matters. */
export const hostsOf = (hosts: readonly Host[], role: Host["roles"][number]): Host[] =>
  hosts.filter((host) => host.roles.includes(role)).sort((a, b) => (a.name < b.name ? -1 : 1));

/** Names and addresses of hosts, without the lost ones. */
export const addressesOf = (hosts: readonly Host[]): pulumi.Output<{ name: string; address: string }[]> =>
  pulumi.all(
    hosts.filter((host) => !host.lost).map(({ name, address }) => pulumi.output(address).apply((it) => ({ name, address: it }))),
  );
