import * as pulumi from "@pulumi/pulumi";
import { addonsOf } from "../addons/registry.ts";
import type { Versions } from "../artifacts/lock.ts";
import type { Logins } from "../config/logins.ts";
import { artifactsFor } from "../hosts/artifact-list.ts";
import { packageLines } from "../hosts/package-list.ts";
import type { Stage } from "../hosts/stage.ts";
import { type PrepareStageArgs, prepareStage } from "../hosts/stages/prepare/prepare.ts";
import type { ArtifactSource, Host, Infrastructure } from "../providers/contract.ts";
import { ClusterPart } from "./cluster-part.ts";
import { hostCommand, hostScripts } from "./host-command.ts";

export interface HostPreparationArgs {
  /** The hosts to prepare, each for its roles. */
  hosts: readonly Host[];
  /** The owner mark on every host: `<cluster name>/<id>`. */
  owner: pulumi.Input<string>;
  /** The cluster's config: the keys that this reads. */
  cluster: PrepareStageArgs["cluster"];
  /** Versions of every part; see `resolveVersions`. */
  versions: Versions;
  /** Where hosts take binaries and images from. */
  artifacts: ArtifactSource;
  /** Add-ons that the provider brings: hosts take their images, too. Default: none. */
  providerAddons?: Infrastructure["addons"];
  /** Logins for registries (`user:password` by host and port), and for the proxy. Secrets. Default: none. */
  logins?: { registries?: pulumi.Input<Logins>; proxy?: pulumi.Input<string> };
  /** The API's endpoint, for /etc/hosts of every host. `inDns`: name servers know it, so /etc/hosts gets no line. */
  endpoint: { address: pulumi.Input<string>; inDns?: boolean };
}

/** Every host, prepared for its roles: checked, set up, with all binaries and images that it needs. All hosts at once. */
export class HostPreparation extends ClusterPart {
  /** The stage that prepares a host, also for an instance that runs it by itself and is none of `hosts`. */
  readonly stageOf: (
    host: Omit<PrepareStageArgs["host"], "address" | "dataDevice"> & Pick<Host, "address" | "dataDevice">,
  ) => pulumi.Output<Stage>;

  constructor(name: string, args: HostPreparationArgs, options?: pulumi.ComponentResourceOptions) {
    super("HostPreparation", name, "hosts", options);
    const { artifacts, cluster, endpoint, providerAddons = [], versions } = args;
    this.stageOf = ({ name, roles, architecture, pool, ...host }) =>
      pulumi
        .all([args.owner, host.address, endpoint.inDns ? "" : endpoint.address, artifacts.sha256, host.dataDevice, args.logins])
        .apply(([owner, address, apiAddress, sha256, dataDevice, logins]) => {
          const source = { ...artifacts, sha256 };
          const { text } = artifactsFor({ roles, versions, architecture, source, addons: addonsOf(cluster, providerAddons) });
          const packages = cluster.hostPreparation.packages ? packageLines(source, architecture) : "";
          return prepareStage({
            host: { name, address, secondAddress: host.secondAddress, roles, architecture, pool, dataDevice },
            owner,
            cluster,
            apiAddress,
            artifactList: text + packages,
            versions,
            logins,
          });
        });
    for (const host of args.hosts) {
      // The first stage of every host: what waits for it waits for the scripts.
      const scripts = hostScripts(host, { parent: this, dependsOn: host.machine });
      const dependsOn = scripts ?? host.machine;
      this.commands[host.name] = hostCommand(host, "prepare", this.stageOf(host), { parent: this, dependsOn });
    }
    this.register();
  }
}
