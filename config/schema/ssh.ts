import { z } from "zod";
import { dnsLabel, hostKey, hostNameOrAddress, loginName, onOff, port } from "../values.ts";

// How hosts are reached. What logs in is never in here: that is the stack's own secrets.

const bastionSchema = z.strictObject({
  host: hostNameOrAddress.describe("Name or address of the host to go through."),
  port: port.default(22).describe("TCP port of its sshd."),
  user: loginName.default("root").describe("Who to log in as there."),
  hostKey: hostKey.optional().describe("Its public host key, as hosts have theirs. Required unless acceptAnyHostKey."),
  through: dnsLabel
    .optional()
    .describe(
      "The one of `ssh.bastions` that leads to this one, or `bastion` for ssh.bastion. By default it is reached directly. A chain needs the program's own provider: HA_KUBERNETES_PROVIDERS=builtin.",
    ),
});

/** A host that others are reached through. */
export type Bastion = z.output<typeof bastionSchema>;

/** How hosts are reached. */
export const sshSchema = z
  .strictObject({
    user: loginName
      .default("root")
      .describe(
        "Who to log in as, also `DOMAIN\\user` or `user@domain`. Anyone but root needs sudo: without a password, or with the stack's secret sudoPassword.",
      ),
    port: port.default(22).describe("TCP port of sshd."),
    agent: onOff
      .default(false)
      .describe(
        "Log in with the keys of the SSH agent at SSH_AUTH_SOCK: no secret is needed then. The agent must run at every up and destroy.",
      ),
    bastion: bastionSchema
      .optional()
      .describe(
        "A host through which every other host is reached that has no `sshBastion`. By default hosts are reached directly.",
      ),
    bastions: z
      .record(dnsLabel, bastionSchema)
      .default({})
      .describe("More bastions by name, for `through` and for the `sshBastion` of hosts. By default none."),
    acceptAnyHostKey: onOff
      .default(false)
      .describe(
        "Connect to hosts whose hostKey is not given, unverified. Anyone between can then be that host: only for throw-away hosts.",
      ),
  })
  .prefault({})
  .describe(
    "How hosts are reached. What logs in are the stack's secrets sshPrivateKey, sshKeyPassphrase, sshPassword, sudoPassword and sshLogins, never in here.",
  );
