import { everyAddonOf } from "../../addons/registry.ts";
import { resolveVersions } from "../../artifacts/lock.ts";
import { userOf } from "../../components/host-command.ts";
import { type LoginSecrets, readHostLogins } from "../../config/host-logins.ts";
import { checkStack } from "../../config/load.ts";
import { grouped, problemsText } from "../../config/problems.ts";
import type { Cluster } from "../../config/schema.ts";
import { fullKey, secretNames } from "../../config/stack-config.ts";
import { type ReadConfig, readConfig } from "../../engine/config.ts";
import { readState, type State } from "../../engine/export.ts";
import { artifactsFor, type Source } from "../../hosts/artifact-list.ts";
import { namesApi } from "../../hosts/cluster.ts";
import { renderWithScripts } from "../../hosts/stage.ts";
import { preflightStage, sourcesIn } from "../../hosts/stages/preflight/preflight.ts";
import type { SshTarget } from "../../plugins/ssh-endpoint.ts";
import { artifactProblems } from "../../providers/artifacts.ts";
import { accountOf } from "../../providers/baremetal/one-first.ts";
import { type PlainLogin, targetOf } from "../../providers/baremetal/target.ts";
import type { Host, Infrastructure } from "../../providers/contract.ts";
import { createInfrastructure, known } from "../../providers/index.ts";
import { withoutKeyless } from "./keyless.ts";

/** A host to look at, and what to run there. */
export interface AskedHost {
  name: string;
  /** How it is reached; undefined: it is this machine. */
  target?: SshTarget;
  /** What a wrong password would lock, as `accountOf` has it. Secret. */
  account?: string;
  command: string;
  /** Secret. */
  stdin: string;
  /** Why nobody may log in there, with the cure. Default: nothing speaks against it. */
  refused?: string;
  /** Names of the warnings that the config accepts there. */
  accepted: readonly string[];
}

/** Other hosts that a host sends packets to: enough to find a path that is too narrow, and no flood with many hosts. */
const PEERS = 8;

/**
 * The hosts of a stack as its config has them, lost ones left out. Its state is asked for nothing but whose they are, and there may be none.
 *
 * @throws Error naming every problem of the config, and where the provider has yet to make the hosts
 */
export async function askedHosts(folder: string, name: string): Promise<AskedHost[]> {
  // Each question to the engine takes a start of its CLI, so both are asked at once. A stack that was never made has no state to read.
  const state = readState(folder, name).then(
    (read) => () => read,
    (error) => () => {
      throw error;
    },
  );
  const config = await readConfig(folder, name);
  const whole = checkStack(config, known);
  const keyless = whole.ok ? undefined : withoutKeyless(config, whole.problems);
  const checked = keyless === undefined ? whole : checkStack(keyless.config, known);
  if (!checked.ok)
    throw new Error(problemsText("This stack's config can't be used, and no host was looked at", checked.problems));
  for (const warning of grouped(checked.warnings)) console.error(`warning: ${warning}`);
  const { cluster } = checked;
  if (cluster.traits.createsHosts)
    throw new Error(
      `provider ${cluster.provider} makes its hosts: there is none to look at before up, which runs preflight first`,
    );
  const missing = artifactProblems(cluster);
  if (missing.length > 0) throw new Error(problemsText("Not all files can be had, and no host was looked at", missing));
  const infrastructure = await createInfrastructure({ cluster, secrets: secretsOf(config) });
  const owner = config.exists ? ownerOf((await state)(), cluster) : "";
  const hosts = infrastructure.hosts.filter(({ lost }) => !lost);
  return hosts.map((host, index) => {
    const others = [...hosts.slice(index + 1), ...hosts.slice(0, index)].slice(0, PEERS);
    const peers = others.map(({ address }) => String(address));
    const refused = keyless?.missing.get(host.name);
    return { ...asked(host, { cluster, infrastructure, owner, peers }), ...(refused !== undefined && { refused }) };
  });
}

/** What logs in to the hosts, in clear. */
function secretsOf({ values }: ReadConfig): LoginSecrets {
  const { sshPrivateKey, sshKeyPassphrase, sshPassword, sudoPassword } = Object.fromEntries(
    secretNames.map((name) => [name, values[fullKey(name)]]),
  );
  const logins = values[fullKey("sshLogins")];
  return { sshPrivateKey, sshKeyPassphrase, sshPassword, sudoPassword, ...(logins && { sshLogins: readHostLogins(logins) }) };
}

/** The mark of the stack's cluster; empty where it has never been made. */
function ownerOf({ resources }: State, cluster: Cluster): string {
  const id = resources.find(({ type, urn }) => type === "random:index/randomId:RandomId" && urn.endsWith("::cluster"));
  return id === undefined ? "" : `${cluster.name}/${id.outputs.hex}`;
}

interface Around {
  cluster: Cluster;
  infrastructure: Infrastructure;
  owner: string;
  peers: string[];
}

function asked(host: Host, { cluster, infrastructure: { artifacts, addons, endpoint }, owner, peers }: Around): AskedHost {
  const { name, roles, architecture, connection, secondAddress } = host;
  const { versions } = resolveVersions(cluster);
  // This provider knows everything from the config.
  const source = artifacts as Source;
  const { text } = artifactsFor({ roles, versions, architecture, source, addons: everyAddonOf(cluster, addons) });
  const stage = preflightStage({
    host: {
      ...{ name, address: String(host.address), secondAddress, roles, architecture },
      dataDevice: host.dataDevice as string | undefined,
    },
    owner,
    cluster,
    apiAddress: namesApi(endpoint, roles) ? String(endpoint.address) : "",
    sources: sourcesIn(text),
  });
  const user = userOf(host);
  const birth = { ...stage.birth, REPORT: "yes", PEERS: peers.join(" ") };
  const { create, stdin } = renderWithScripts({ ...stage, birth }, user, connection.sudoPassword as string | undefined);
  // The config's own values: nothing here is an output of a resource.
  const target = connection.kind === "ssh" ? targetOf(connection as PlainLogin) : undefined;
  return {
    name,
    target,
    account: accountOf(connection),
    command: create,
    stdin,
    accepted: (stage.settings?.ACCEPTED ?? "").split(" ").filter(Boolean),
  };
}
