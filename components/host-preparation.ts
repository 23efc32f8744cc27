import * as pulumi from "@pulumi/pulumi";
import { artifactsFor } from "../hosts/artifacts.ts";
import type { Stage } from "../hosts/stage.ts";
import { prepareStage } from "../hosts/stages/prepare/prepare.ts";
import type { Host } from "../providers/contract.ts";
import type { ClusterContext } from "./context.ts";
import { type HostCommand, hostCommand, hostScripts } from "./host-command.ts";

/** What /etc/hosts says of the API's name; nothing where name servers answer for it. */
const apiAddressInHosts = ({ infrastructure: { endpoint } }: ClusterContext) => (endpoint.inDns ? "" : endpoint.address);

/** Every host, made ready for its roles: checked, prepared, with all binaries and images it will need. All at once. */
export class HostPreparation extends pulumi.ComponentResource {
  /** The command by host. */
  readonly commands: Record<string, HostCommand> = {};

  constructor(name: string, context: ClusterContext, options?: pulumi.ComponentResourceOptions) {
    super("ha-kubernetes:index:HostPreparation", name, {}, options);
    for (const host of context.infrastructure.hosts) {
      // The first stage of every host: what waits for it waits for the scripts.
      const scripts = hostScripts(host, { parent: this, dependsOn: host.machine });
      this.commands[host.name] = hostCommand(host, "prepare", preparation(context, host), {
        parent: this,
        dependsOn: scripts ?? host.machine,
      });
    }
    this.registerOutputs({});
  }
}

/** What prepares a host: all that it will need for its roles. */
export function preparation(
  context: ClusterContext,
  host: Pick<Host, "name" | "address" | "roles" | "architecture" | "pool" | "dataDevice">,
): pulumi.Output<Stage> {
  const { cluster, infrastructure, owner, versions } = context;
  const { kind, location, sha256 } = infrastructure.artifacts;
  const { name, roles, architecture, pool } = host;
  const given = pulumi.all([owner, host.address, apiAddressInHosts(context), sha256, host.dataDevice]);
  return given.apply(([owner, address, apiAddress, sha256, dataDevice]) =>
    prepareStage({
      host: { name, address, roles, architecture, pool, dataDevice },
      owner,
      cluster,
      apiAddress,
      artifactList: artifactsFor({
        roles,
        versions,
        architecture,
        source: { kind, location, sha256 },
        providerAddons: infrastructure.addons,
      }).text,
      versions,
    }),
  );
}
