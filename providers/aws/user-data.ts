import { stringify } from "yaml";

export interface UserDataArgs {
  /** The host's name. */
  host: string;
  /** Who may log in, with sudo. */
  user: string;
  /** Public keys that log in, one line each. */
  authorizedKeys: readonly string[];
  hostKey: { private: string; public: string };
  /** Words that say what this instance is; other words are another instance. */
  born: string;
}

/**
 * What cloud-init does at the first boot, and no more: the host key by which the first connection is verified, and who may log in.
 * cloud-init places both before sshd starts. Holds a secret.
 *
 * This text is part of the instance: another text REPLACES it, on every stack. A release that must change it has to keep the old
 * one for instances that exist.
 */
export function userData({ host, user, authorizedKeys, hostKey, born }: UserDataArgs): string {
  const config = {
    disable_root: true,
    ssh_pwauth: false,
    ssh_deletekeys: true,
    ssh_keys: { ed25519_private: hostKey.private, ed25519_public: hostKey.public },
    users: [
      {
        name: user,
        shell: "/bin/bash",
        lock_passwd: true,
        sudo: "ALL=(ALL) NOPASSWD:ALL",
        ssh_authorized_keys: [...authorizedKeys],
      },
    ],
  };
  return `#cloud-config\n# ${host}: ${born}\n${stringify(config)}`;
}
