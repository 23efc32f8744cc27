import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { privateKeyFault } from "./keys.ts";
import { loginProblems, proxyLoginProblems, unusedLogins } from "./logins.ts";
import { parseCluster } from "./parse.ts";
import { didYouMean, grouped, oneProblem, type Problem, problemsText, visible } from "./problems.ts";
import type { Known } from "./provider.ts";
import type { Cluster } from "./schema.ts";
import { secretFileProblems, unusedSecretFiles } from "./secret-files.ts";
import { fileWords } from "./stack-file.ts";

/** What prefixes the config keys, whatever the stack, and whatever name `pulumi new` gave to a copy of the project. */
const project = "ha-kubernetes";
/** Config keys whose values must be encrypted. */
export const secretNames = [
  "sshPrivateKey",
  "sshPassword",
  "backupSshPrivateKey",
  "registryLogins",
  "proxyLogin",
  "files",
] as const;
/** All config keys of the project, without its prefix. */
export const keys = ["cluster", ...secretNames] as const;
type Key = (typeof keys)[number];

/** The stack's config as Pulumi gives it to the program. */
export interface StackConfig {
  /** Values by full key, such as `ha-kubernetes:cluster`; mappings as JSON, secrets in clear. */
  values: Readonly<Record<string, string>>;
  /** The full keys that are encrypted in the stack's file, or hold something that is. */
  secretKeys: readonly string[];
  /** The text of Pulumi.<stack>.yaml; absent where there is none. */
  file?: string;
}

/** What the program starts from. */
export interface Loaded {
  cluster: Cluster;
  /**
   * For SSH to hosts (both absent where the provider makes hosts with a key of its own), to the host that snapshots are copied to,
   * to registries (the JSON that `readLogins` reads) and to the proxy; and files' contents (the JSON that `readSecretFiles` reads).
   */
  secrets: Partial<Record<(typeof secretNames)[number], pulumi.Output<string>>>;
}

/**
 * Reads and checks the stack's config. Warnings go to the engine's log.
 *
 * @throws pulumi.RunError naming every problem at once, before any resource is made.
 */
export function loadCluster(known: Known, config: StackConfig = stackConfig()): Loaded {
  const checked = checkStack(config, known);
  if (!checked.ok)
    throw new pulumi.RunError(problemsText("This stack's config can't be used, and nothing was touched", checked.problems));
  for (const warning of grouped(checked.warnings)) void pulumi.log.warn(warning);
  const secret = (key: Key) => {
    const value = config.values[fullKey(key)];
    return value === undefined ? {} : { [key]: pulumi.secret(value) };
  };
  return { cluster: checked.cluster, secrets: Object.assign({}, ...secretNames.map(secret)) };
}

/** The config of the running program. */
function stackConfig(): StackConfig {
  // The language host hands the names of secret keys over in this variable; the SDK keeps its reader to itself.
  const secretKeys: unknown = JSON.parse(process.env.PULUMI_CONFIG_SECRET_KEYS || "[]");
  return {
    values: pulumi.runtime.allConfig(),
    secretKeys: Array.isArray(secretKeys) ? secretKeys.map(String) : [],
    file: stackFile(),
  };
}

/** The stack's file, which the CLI keeps beside Pulumi.yaml, where it runs the program. */
function stackFile(): string | undefined {
  try {
    return readFileSync(`Pulumi.${pulumi.getStack()}.yaml`, "utf8");
  } catch {
    return undefined; // under another name: then only what it says of names and numbers is missing
  }
}

const fullKey = (key: Key) => `${project}:${key}`;

/** Checks a stack's config: the cluster, the secrets and that there is nothing else. Pure. */
export function checkStack(config: StackConfig, known: Known): ReturnType<typeof parseCluster> {
  const around = [...unknownKeys(config), ...secretKeyProblems(config)];
  const text = config.values[fullKey("cluster")];
  const value = text === undefined ? undefined : asJson(text);
  const file = fileWords(config.file ?? "", value);
  if (text === undefined) {
    const cure = "write it as config → ha-kubernetes:cluster in Pulumi.<stack>.yaml; examples/ has whole ones";
    const missing = { key: fullKey("cluster"), found: "is missing", allowed: "a mapping that describes the cluster", cure };
    return { ok: false, problems: [missing, ...file.warnings, ...around, ...file.clear] };
  }
  const parsed = parseCluster(value, known);
  if (!parsed.ok) return { ok: false, problems: [...file.problems, ...parsed.problems, ...around, ...file.clear] };
  const access = [...accessProblems(config, parsed.cluster), ...fetchProblems(config, parsed.cluster)];
  const problems = [...file.problems, ...around, ...file.clear, ...access];
  if (problems.length > 0) return { ok: false, problems };
  return { ...parsed, warnings: [...file.warnings, ...ignoredSecrets(config, parsed.cluster), ...parsed.warnings] };
}

/** The mapping that Pulumi hands over as JSON; a plain text stays one and is refused as such. */
function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

function unknownKeys({ values }: StackConfig): Problem[] {
  const all = Object.keys(values);
  const own = all.filter((key) => key.startsWith(`${project}:`));
  // The CLI itself puts the name of the project before a key, and a copy of this one may have another.
  const strays = all.flatMap((key): Problem[] => {
    const name = secretNames.find((it) => key.endsWith(`:${it}`) && key !== fullKey(it));
    return name === undefined
      ? []
      : oneProblem(visible(key), "is not read", fullKey(name), `config set --secret ${fullKey(name)}`);
  });
  const allowed = keys.map(fullKey);
  const unknown = own
    .filter((key) => !allowed.includes(key))
    .map((key) => {
      // What `config set` stores without --path.
      const path = allowed.find((it) => /^[.[]/.test(key.slice(it.length)) && key.startsWith(it));
      const meant = path === undefined ? didYouMean(key, allowed) : undefined;
      return {
        key: visible(key),
        found: meant === undefined ? "is not a key" : `is not a key; did you mean ${meant}?`,
        allowed: allowed.join(", "),
        ...(path !== undefined && {
          cure: `config rm '${visible(key)}'; then set it with --path, so that it stands below ${path}`,
        }),
      };
    });
  return [...strays, ...unknown];
}

function secretKeyProblems({ values, secretKeys }: StackConfig): Problem[] {
  const problems: Problem[] = [];
  if (secretKeys.includes(fullKey("cluster"))) {
    problems.push({
      key: fullKey("cluster"),
      found: "holds an encrypted value",
      allowed: "no secret anywhere in this mapping: keys and passwords are the stack's own keys",
      cure: "take the entry with `secure:` out of the mapping; an SSH key or password belongs in ha-kubernetes:sshPrivateKey or ha-kubernetes:sshPassword",
    });
  }
  for (const key of secretNames) {
    const full = fullKey(key);
    if (values[full] === undefined || secretKeys.includes(full)) continue;
    const what = key === "files" ? "secrets in it" : key.endsWith("PrivateKey") ? "key pair" : "password";
    const cure = `store it again with config set --secret ${key}, and replace the ${what} where the file was shared`;
    problems.push({ key: full, found: "is in clear in the stack's file", allowed: "an encrypted value", cure });
  }
  for (const key of ["sshPrivateKey", "backupSshPrivateKey"] as const) {
    const privateKey = values[fullKey(key)];
    const fault = privateKey === undefined ? undefined : privateKeyFault(privateKey, key);
    if (fault === undefined) continue;
    const allowed = "the text of a private key file, from -----BEGIN … PRIVATE KEY----- on";
    problems.push({ key: fullKey(key), found: `${fault.found} (not shown)`, allowed, cure: fault.cure });
  }
  return problems;
}

/** Secrets that nothing uses, such as those for hosts that this program makes itself, with a key of its own. */
function ignoredSecrets({ values }: StackConfig, cluster: Cluster): Problem[] {
  const { provider, traits, etcd, proxy } = cluster;
  const ofHosts = traits.createsHosts && `with cluster.provider: ${provider}`;
  const why: Record<(typeof secretNames)[number], string | false> = {
    sshPrivateKey: ofHosts,
    sshPassword: ofHosts,
    backupSshPrivateKey: etcd.backup.copyToSsh === undefined && "without cluster.etcd.backup.copyToSsh",
    registryLogins: false,
    proxyLogin: proxy.http === undefined && proxy.https === undefined && "without cluster.proxy",
    files: false,
  };
  const unused = secretNames
    .filter((name) => why[name] && values[fullKey(name)] !== undefined)
    .map((name) => ({ key: fullKey(name), found: "is not used", allowed: `nothing ${why[name]}` }));
  return [
    ...unused,
    ...unusedLogins(fullKey("registryLogins"), values[fullKey("registryLogins")] ?? "{}", cluster),
    ...unusedSecretFiles(fullKey("files"), values[fullKey("files")], cluster),
  ];
}

/** Hosts reached by SSH need something to log in with; a provider that makes hosts makes it. So does the host for snapshots. */
function accessProblems({ values }: StackConfig, cluster: Cluster): Problem[] {
  const backupKey = fullKey("backupSshPrivateKey");
  if (cluster.etcd.backup.copyToSsh !== undefined && values[backupKey] === undefined) {
    const allowed = "the private key to log in with at cluster.etcd.backup.copyToSsh.host";
    return oneProblem(backupKey, "is missing", allowed, "config set --secret backupSshPrivateKey");
  }
  const needed = !cluster.traits.createsHosts && Object.values(cluster.hosts).some(({ connection }) => connection === "ssh");
  if (!needed || values[fullKey("sshPrivateKey")] !== undefined || values[fullKey("sshPassword")] !== undefined) return [];
  const cure = "config set --secret sshPrivateKey < ~/.ssh/id_ed25519; or config set --secret sshPassword";
  return oneProblem(fullKey("sshPrivateKey"), "is missing", "the private key to log in to the hosts with", cure);
}

/** Logins for registries and for the proxy, and files' contents. */
function fetchProblems({ values }: StackConfig, cluster: Cluster): Problem[] {
  const logins = values[fullKey("registryLogins")];
  const proxyLogin = values[fullKey("proxyLogin")];
  return [
    ...(logins === undefined ? [] : loginProblems(fullKey("registryLogins"), logins, cluster)),
    ...(proxyLogin === undefined ? [] : proxyLoginProblems(fullKey("proxyLogin"), proxyLogin, cluster)),
    ...secretFileProblems(fullKey("files"), values[fullKey("files")], cluster),
  ];
}
