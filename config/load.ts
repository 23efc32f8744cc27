import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { type HostLogins, type LoginSecrets, readHostLogins } from "./host-logins.ts";
import { parseCluster } from "./parse.ts";
import { didYouMean, grouped, oneProblem, type Problem, problemsText, visible } from "./problems.ts";
import type { Known } from "./provider.ts";
import type { Cluster } from "./schema.ts";
import { fullKey, type Key, keys, project, type StackConfig, secretNames } from "./stack-config.ts";
import { fileWords } from "./stack-file.ts";
import { accessProblems, fetchProblems, ignoredSecrets, secretKeyProblems } from "./stack-secrets.ts";

/** What the program starts from. */
export interface Loaded {
  cluster: Cluster;
  /**
   * For SSH to hosts (all absent where the provider makes hosts with a key of its own), to the host that snapshots are copied to,
   * to registries (the JSON that `readLogins` reads), to the proxy and to the routers of a routed address; and files' contents (the
   * JSON that `readSecretFiles` reads).
   */
  secrets: LoginSecrets<pulumi.Output<string>> & Partial<Record<OtherSecret, pulumi.Output<string>>>;
}
type OtherSecret = Exclude<(typeof secretNames)[number], keyof LoginSecrets>;

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
    if (value === undefined) return {};
    return { [key]: key === "sshLogins" ? secretLogins(readHostLogins(value)) : pulumi.secret(value) };
  };
  return { cluster: checked.cluster, secrets: Object.assign({}, ...secretNames.map(secret)) };
}

const mapped = <A, B>(values: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));

/** The names of hosts with logins of their own may be seen; the logins may not. */
const secretLogins = (logins: HostLogins): HostLogins<pulumi.Output<string>> =>
  mapped(logins, (login) => mapped({ ...login }, (value) => pulumi.secret(value)));

/** The config of the running program. */
function stackConfig(): StackConfig {
  // The language host hands the names of secret keys over in this variable; the SDK keeps its reader to itself.
  const secretKeys: unknown = JSON.parse(process.env.PULUMI_CONFIG_SECRET_KEYS || "[]");
  return {
    values: pulumi.runtime.allConfig(),
    secretKeys: Array.isArray(secretKeys) ? secretKeys.map(String) : [],
    file: stackFile(),
    runner: {
      userId: process.getuid?.() ?? 0,
      hasAgent: Boolean(process.env.SSH_AUTH_SOCK),
      // The front end says whose providers it serves; under any other engine they are Pulumi's.
      servesOwnProviders: process.env.HA_KUBERNETES_PROVIDERS === "builtin",
    },
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
