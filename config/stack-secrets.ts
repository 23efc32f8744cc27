import { hasStatisticsPage, isRouted } from "./api.ts";
import { hostLoginProblems, keyProblems, needsNoSudo, readHostLogins, textFault, withoutLogin } from "./host-logins.ts";
import { loginProblems, proxyLoginProblems, unusedLogins } from "./logins.ts";
import { oneProblem, type Problem } from "./problems.ts";
import { runnerProblems } from "./runner.ts";
import type { Cluster } from "./schema.ts";
import { secretFileProblems, unusedSecretFiles } from "./secret-files.ts";
import { fullKey, type StackConfig, secretNames } from "./stack-config.ts";

// Mistakes in a stack's secrets, in words that hold none of them.

/** Secrets in clear, in the wrong place, or of the wrong form. */
export function secretKeyProblems({ values, secretKeys }: StackConfig): Problem[] {
  const problems: Problem[] = [];
  if (secretKeys.includes(fullKey("cluster"))) {
    problems.push({
      key: fullKey("cluster"),
      found: "holds an encrypted value",
      allowed: "no secret anywhere in this mapping: keys and passwords are the stack's own keys",
      cure: "take the entry with `secure:` out of the mapping; an SSH key or password belongs in ha-kubernetes:sshPrivateKey, sshPassword or sshLogins",
    });
  }
  for (const key of secretNames) {
    const full = fullKey(key);
    if (values[full] === undefined || secretKeys.includes(full)) continue;
    const what = key === "files" ? "secrets in it" : key.endsWith("PrivateKey") ? "key pair" : "password";
    const cure = `store it again with config set --secret ${key}, and replace the ${what} where the file was shared`;
    problems.push({ key: full, found: "is in clear in the stack's file", allowed: "an encrypted value", cure });
  }
  const lock = { key: "sshKeyPassphrase", text: values[fullKey("sshKeyPassphrase")] };
  for (const [key, passphrase] of [["sshPrivateKey", lock] as const, ["backupSshPrivateKey"] as const])
    problems.push(...keyProblems(fullKey(key), key, values[fullKey(key)], passphrase));
  for (const key of ["sshKeyPassphrase", "sudoPassword"] as const)
    if (values[fullKey(key)] !== undefined) problems.push(...textFault(fullKey(key), values[fullKey(key)]));
  return problems;
}

/** Secrets that nothing uses, such as those for hosts that this program makes itself, with a key of its own. */
export function ignoredSecrets({ values }: StackConfig, cluster: Cluster): Problem[] {
  const { provider, traits, etcd, proxy } = cluster;
  const ofHosts = traits.createsHosts && `with cluster.provider: ${provider}`;
  const why: Record<(typeof secretNames)[number], string | false> = {
    sshPrivateKey: ofHosts,
    sshKeyPassphrase: ofHosts || (values[fullKey("sshPrivateKey")] === undefined && "without sshPrivateKey"),
    sshPassword: ofHosts,
    sudoPassword: ofHosts || (needsNoSudo(cluster) && "where commands run as root without sudo"),
    sshLogins: ofHosts,
    backupSshPrivateKey: etcd.backup.copyToSsh === undefined && "without cluster.etcd.backup.copyToSsh",
    registryLogins: false,
    proxyLogin: proxy.http === undefined && proxy.https === undefined && "without cluster.proxy",
    routingPassword: !isRouted(cluster) && "without cluster.balancer.address: routed",
    statisticsPassword: !hasStatisticsPage(cluster) && "without a statistics page, which cluster.balancer.kind: haproxy has",
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
export function accessProblems({ values, runner }: StackConfig, cluster: Cluster): Problem[] {
  const backupKey = fullKey("backupSshPrivateKey");
  if (cluster.etcd.backup.copyToSsh !== undefined && values[backupKey] === undefined) {
    const allowed = "the private key to log in with at cluster.etcd.backup.copyToSsh.host";
    return oneProblem(backupKey, "is missing", allowed, "config set --secret backupSshPrivateKey");
  }
  if (cluster.traits.createsHosts) return runnerProblems(cluster, runner);
  const logins = values[fullKey("sshLogins")];
  const wrong = logins === undefined ? [] : hostLoginProblems(fullKey("sshLogins"), logins, cluster);
  if (wrong.length > 0) return wrong;
  const secrets = {
    ...Object.fromEntries(secretNames.map((name) => [name, values[fullKey(name)]])),
    ...(logins !== undefined && { sshLogins: readHostLogins(logins) }),
  };
  const without = withoutLogin(cluster, secrets);
  if (without.length === 0) return runnerProblems(cluster, runner);
  const cure =
    "config set --secret sshPrivateKey < ~/.ssh/id_ed25519; or config set --secret sshPassword; or cluster.ssh.agent: true";
  const where = logins === undefined ? "the hosts" : without.join(", ");
  return [
    ...oneProblem(fullKey("sshPrivateKey"), "is missing", `the private key to log in to ${where} with`, cure),
    ...runnerProblems(cluster, runner),
  ];
}

/** FRR's line for a password is one word; of OSPF's, 16 characters count (RFC 2328), of TCP's 80 (Linux). */
function routingPasswordProblems(password: string | undefined, cluster: Cluster): Problem[] {
  if (!isRouted(cluster)) return []; // ignoredSecrets says so
  const longest = cluster.balancer.routed?.protocol === "ospf" ? 16 : 80;
  if (password === undefined || new RegExp(`^[A-Za-z0-9_-]{1,${longest}}$`).test(password)) return [];
  const allowed = `1 to ${longest} letters, digits, - and _ with cluster.balancer.routed.protocol: ${cluster.balancer.routed?.protocol ?? "bgp"}`;
  return oneProblem(fullKey("routingPassword"), "is a password that FRR can't take (not shown)", allowed);
}

/** A word that haproxy's line takes as it is. */
function statisticsPasswordProblems(password: string | undefined): Problem[] {
  if (password === undefined || /^[A-Za-z0-9_-]{8,64}$/.test(password)) return [];
  const allowed = "8 to 64 letters, digits, - and _";
  return oneProblem(fullKey("statisticsPassword"), "is a password that haproxy can't take (not shown)", allowed);
}

/** Logins for registries and for the proxy, and files' contents. */
export function fetchProblems({ values }: StackConfig, cluster: Cluster): Problem[] {
  const logins = values[fullKey("registryLogins")];
  const proxyLogin = values[fullKey("proxyLogin")];
  return [
    ...(logins === undefined ? [] : loginProblems(fullKey("registryLogins"), logins, cluster)),
    ...(proxyLogin === undefined ? [] : proxyLoginProblems(fullKey("proxyLogin"), proxyLogin, cluster)),
    ...routingPasswordProblems(values[fullKey("routingPassword")], cluster),
    ...statisticsPasswordProblems(values[fullKey("statisticsPassword")]),
    ...secretFileProblems(fullKey("files"), values[fullKey("files")], cluster),
  ];
}
