import * as pulumi from "@pulumi/pulumi";
import { everyAddonOf } from "../addons/registry.ts";
import type { Versions } from "../artifacts/lock.ts";
import type { Logins } from "../config/logins.ts";
import { preparationOf } from "../config/preparation.ts";
import { artifactsFor } from "../hosts/artifact-list.ts";
import { namesApi } from "../hosts/cluster.ts";
import { packageLines } from "../hosts/package-list.ts";
import type { Stage } from "../hosts/stage.ts";
import { refusal } from "../hosts/stages/preflight/answers.ts";
import { preflightStage, sourcesIn } from "../hosts/stages/preflight/preflight.ts";
import { type PrepareStageArgs, prepareStage } from "../hosts/stages/prepare/prepare.ts";
import type { ArtifactSource, Host, Infrastructure } from "../providers/contract.ts";
import { ClusterPart } from "./cluster-part.ts";
import { type HostCommand, hostCommand, hostScripts } from "./host-command.ts";

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
  endpoint: Pick<Infrastructure["endpoint"], "address" | "inDns"> & Partial<Pick<Infrastructure["endpoint"], "kind">>;
  /** Hosts that an `up` has recorded; see `readHistory`. While there are others, no host is changed before all have passed preflight. */
  settled: ReadonlySet<string>;
}

/** A host as its preparation reads it. */
type PreparedHost = Pick<Host, "name" | "roles" | "architecture" | "pool" | "address" | "secondAddress" | "dataDevice">;

/**
 * Every host, looked at and then prepared for its roles: set up, with all binaries and images that it needs. All hosts at once.
 *
 * Preflight is a barrier for hosts that are not settled: where one of them does not pass, no host is changed. Settled hosts alone wait for
 * their own preflight only, so that one that is down does not keep the others from what they need.
 */
export class HostPreparation extends ClusterPart {
  /** The stage that prepares a host, also for an instance that runs it by itself and is none of `hosts`. */
  readonly stageOf: (host: PreparedHost) => pulumi.Output<Stage>;

  constructor(name: string, args: HostPreparationArgs, options?: pulumi.ComponentResourceOptions) {
    super("HostPreparation", name, "hosts", options);
    const { artifacts, cluster, endpoint, providerAddons = [], settled, versions } = args;
    const addressFor = ({ roles }: PreparedHost) => (namesApi(endpoint, roles) ? endpoint.address : "");
    const addons = everyAddonOf(cluster, providerAddons);
    const artifactsOf = ({ roles, architecture }: PreparedHost, sha256: Record<string, string> | undefined) =>
      artifactsFor({ roles, versions, architecture, source: { ...artifacts, sha256 }, addons }).text;
    this.stageOf = (host) =>
      pulumi
        .all([args.owner, host.address, addressFor(host), artifacts.sha256, args.logins])
        .apply(([owner, address, apiAddress, sha256, logins]) => {
          const { name, roles, architecture, pool } = host;
          const packages = preparationOf(cluster, name).packages ? packageLines({ ...artifacts, sha256 }, architecture) : "";
          return prepareStage({
            host: { name, address, secondAddress: host.secondAddress, roles, pool },
            owner,
            cluster,
            apiAddress,
            artifactList: artifactsOf(host, sha256) + packages,
            versions,
            logins,
          });
        });
    const preflightOf = (host: Host) =>
      pulumi
        .all([args.owner, host.address, addressFor(host), artifacts.sha256, host.dataDevice])
        .apply(([owner, address, apiAddress, sha256, dataDevice]) => {
          const { name, roles, architecture, secondAddress } = host;
          const sources = sourcesIn(artifactsOf(host, sha256));
          return preflightStage({
            host: { name, address, secondAddress, roles, architecture, dataDevice },
            owner,
            cluster,
            apiAddress,
            sources,
          });
        });
    const now = new Date().toISOString();
    const looks = new Map<string, HostCommand>();
    const living = args.hosts.filter((host) => !host.lost);
    for (const host of living) {
      // The first stage of every host: what waits for it waits for the scripts.
      const dependsOn = hostScripts(host, { parent: this, dependsOn: host.machine }) ?? host.machine;
      // Until an `up` has recorded the host it is looked at in each one: what passed may have changed since.
      const once = settled.has(host.name) ? undefined : now;
      looks.set(
        host.name,
        hostCommand(host, "preflight", preflightOf(host), { parent: this, dependsOn }, { keepBirth: true, once }),
      );
    }
    const barrier = living.every(({ name }) => settled.has(name)) ? undefined : allPassed(looks);
    for (const host of args.hosts) {
      const look = looks.get(host.name);
      const dependsOn = look === undefined ? host.machine : (barrier?.then(() => look) ?? look);
      this.commands[host.name] = hostCommand(host, "prepare", this.stageOf(host), { parent: this, dependsOn });
    }
    this.register();
  }
}

/**
 * Done once every host has passed; rejected with the reasons of all that have not. The program itself waits: a dependency of each on all
 * would grow with the square of the hosts in the state. A preview does not know what hosts will say, so there it waits for nothing.
 */
function allPassed(looks: ReadonlyMap<string, HostCommand>): Promise<void> | undefined {
  if (pulumi.runtime.isDryRun()) return undefined;
  const said = [...looks].map(([name, { stdout }]) => stdout.apply((line): [string, string] => [name, line]));
  return new Promise((resolve, reject) => {
    pulumi.all(said).apply((lines) => {
      const refused = refusal(lines);
      if (refused === undefined) resolve();
      // The SDK says before it which property waited.
      else reject(new pulumi.RunError(`\n${refused}`));
    });
  });
}
