import * as pulumi from "@pulumi/pulumi";
import { artifactsFor } from "../hosts/artifacts.ts";
import { prepareStage } from "../hosts/prepare/prepare.ts";
import type { ClusterContext } from "./context.ts";
import { type HostCommand, hostCommand } from "./host.ts";

/** What /etc/hosts says of the API's name; nothing where name servers answer for it. */
const apiAddressInHosts = ({ infrastructure: { endpoint } }: ClusterContext) => (endpoint.inDns ? "" : endpoint.address);

/** Every host, made ready for its roles: checked, prepared, with all binaries and images it will need. All at once. */
export class HostPreparation extends pulumi.ComponentResource {
  /** The command by host. */
  readonly commands: Record<string, HostCommand> = {};

  constructor(name: string, context: ClusterContext, options?: pulumi.ComponentResourceOptions) {
    super("ha-kubernetes:index:HostPreparation", name, {}, options);
    const { cluster, infrastructure, owner, versions } = context;
    const { kind, location, sha256 } = infrastructure.artifacts;
    for (const host of infrastructure.hosts) {
      const stage = pulumi
        .all([owner, host.address, apiAddressInHosts(context), sha256])
        .apply(([owner, address, apiAddress, sha256]) =>
          prepareStage({
            host: { name: host.name, address, roles: host.roles, architecture: host.architecture },
            owner,
            cluster,
            apiAddress,
            artifactList: artifactsFor({
              roles: host.roles,
              versions,
              architecture: host.architecture,
              source: { kind, location, sha256 },
              cloudImages: infrastructure.cloudImages,
            }).text,
            versions,
          }),
        );
      this.commands[host.name] = hostCommand(host, "prepare", stage, { parent: this, dependsOn: host.machine });
    }
    this.registerOutputs({});
  }
}
