import { type NamedBastion, wayTo } from "../../config/bastions.ts";
import { loginAt, sudoUser } from "../../config/host-logins.ts";
import { plainHostKey } from "../../config/keys.ts";
import type { Cluster, HostConfig } from "../../config/schema.ts";
import type { BastionLogin, Connection, ProviderArgs } from "../contract.ts";

/** How one host is reached: its own settings and secrets where it has them, those of all hosts elsewhere. */
export function hostConnection(
  name: string,
  host: HostConfig & { address: string },
  ssh: Cluster["ssh"],
  secrets: ProviderArgs["secrets"],
): Connection {
  const { sudoPassword } = loginAt(name, secrets);
  const sudo = sudoUser(host, ssh) !== undefined && sudoPassword !== undefined ? { sudoPassword } : {};
  if (host.connection === "local") return { kind: "local", ...(host.sudo && { sudo: true }), ...sudo };
  const bastion = bastionLogin(wayTo(host, ssh), secrets);
  return {
    kind: "ssh",
    host: host.sshAddress ?? host.address,
    port: host.sshPort ?? ssh.port,
    user: host.sshUser ?? ssh.user,
    ...secretsOf(name, secrets),
    ...keyOf(host.hostKey),
    ...(bastion && { bastion }),
    ...sudo,
  };
}

/** The login to the last bastion of a way, which holds those to the ones before; undefined where there is none. */
export const bastionLogin = (way: readonly NamedBastion[], secrets: ProviderArgs["secrets"]): BastionLogin | undefined =>
  way.reduce<BastionLogin | undefined>(
    (before, { name, bastion: { host, port, user, hostKey } }) => ({
      ...{ host, port, user, ...keyOf(hostKey), ...secretsOf(name, secrets) },
      ...(before && { bastion: before }),
    }),
    undefined,
  );

const keyOf = (hostKey: string | undefined) => (hostKey === undefined ? {} : { hostKey: plainHostKey(hostKey) });

/** What logs in at a host or bastion, in the names of a login. */
function secretsOf(name: string, secrets: ProviderArgs["secrets"]): Pick<BastionLogin, "privateKey" | "password"> {
  const { privateKey, passphrase, password } = loginAt(name, secrets);
  return {
    ...(privateKey && { privateKey }),
    ...(passphrase && { privateKeyPassword: passphrase }),
    ...(password && { password }),
  };
}
