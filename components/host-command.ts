import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { local, remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { cacheFolder } from "../artifacts/bundle-manifest.ts";
import { ARCHIVE_IN_HOME, scriptsArchive } from "../hosts/scripts.ts";
import { type RenderedStage, renderStage, renderWithScripts, type Stage } from "../hosts/stage.ts";
import { asRoot, becomingOf, quote, withPassword } from "../hosts/sudo.ts";
import type { BastionLogin, Connection, Host } from "../providers/contract.ts";

/** A stage's command on a host. */
export type HostCommand = remote.Command | local.Command;

/** The part that the command belongs to, which names it, and what it waits for. */
interface CommandOptions {
  parent: pulumi.Resource & { readonly childName: (child: string) => string };
  dependsOn?: pulumi.Input<pulumi.Resource> | pulumi.Input<pulumi.Resource>[];
}

/**
 * Brings the scripts of all stages to a host, which every stage's command there must wait for. The state holds no more of them than
 * their digest. Not to this machine, whose commands carry what they run, nor to a host that is lost.
 */
export function hostScripts(host: Host, options: CommandOptions): pulumi.Resource | undefined {
  if (host.connection.kind === "local" || host.lost) return undefined;
  return new remote.CopyToRemote(
    options.parent.childName(`scripts-${host.name}`),
    {
      connection: connectionArgs(host.connection),
      source: new pulumi.asset.FileAsset(scriptsFile()),
      remotePath: ARCHIVE_IN_HOME,
      // A blank machine has none. Changing `repair` brings them again, too, in case somebody took them away.
      triggers: [
        host.incarnation ?? 1,
        ...(host.machineId === undefined ? [] : [host.machineId]),
        ...(host.repair ? [host.repair] : []),
      ],
    },
    withSite(host, options),
  );
}

let archive: string | undefined;

/** The archive of scripts as a file of this machine, whole or not there. */
function scriptsFile(): string {
  archive ??= keptInCache(scriptsArchive());
  return archive;
}

function keptInCache({ content, sha256 }: ReturnType<typeof scriptsArchive>): string {
  const folder = join(cacheFolder(), "scripts");
  const file = join(folder, `${sha256}.tar.gz`);
  mkdirSync(folder, { recursive: true });
  if (!contentOf(file)?.equals(content)) {
    writeFileSync(`${file}.${process.pid}`, content);
    renameSync(`${file}.${process.pid}`, file);
  }
  return file;
}

function contentOf(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * The ONE place where something is made to run on a host. Runs the stage's script there, shows in previews what the stage is
 * about, and runs the stage's undo script when the host no longer has it; preflight and maintenance leave nothing to undo. Secrets travel through stdin only.
 *
 * `keepBirth`: the stage's `birth` is told to the first run only; when it changes later, nothing runs.
 *
 * `once`: while it is given, the stage runs as the first time whenever it changes; without it, `birth` is kept as it then was.
 *
 * `passing`: the version that the host goes through. Runs once, and is never undone: the stage that it leads to is.
 *
 * `reboots`: the command follows a reboot of its host, and looks for so many seconds for one that refuses logins. Its name is
 * `reboot-<host>`.
 */
export function hostCommand(
  host: Host,
  name: Stage["name"],
  stage: pulumi.Input<Stage>,
  options: CommandOptions,
  { keepBirth = false, once, passing, reboots }: { keepBirth?: boolean; once?: string; passing?: string; reboots?: number } = {},
): HostCommand {
  const named = reboots === undefined ? [name, passing] : ["reboot"];
  const render = host.connection.kind === "local" ? renderWithScripts : renderStage;
  const rendered = pulumi
    .all([stage, host.machineId, host.connection.sudoPassword])
    .apply(([it, machineId, password]) => render(onThisMachine(repaired(it, host), machineId), userOf(host), password));
  const visible = (pick: (texts: RenderedStage) => string) => pulumi.unsecret(rendered.apply(pick));
  return run(
    host,
    options.parent.childName([...named, host.name].filter((part) => part !== undefined).join("-")),
    {
      create: visible((texts) => texts.create),
      ...(keepBirth && { update: visible((texts) => texts.update ?? texts.create) }),
      ...(passing === undefined && !leavesNothing(name) && { delete: visible((texts) => texts.undo) }),
      stdin: pulumi.secret(rendered.apply((texts) => texts.stdin)),
      // Another machine under the same address is blank, so every stage runs there again. Some are undone on the old machine first.
      triggers: [
        host.incarnation ?? 1,
        ...(leavesFirst(name) && host.machineId !== undefined ? [host.machineId] : []),
        ...(once === undefined ? [] : [once]),
      ],
    },
    {
      ...options,
      // On a reinstalled host the old undo finds nothing; then the stages run as on a new host.
      deleteBeforeReplace: true,
      ...(keepBirth && once === undefined && { ignoreChanges: name === "preflight" ? ["create", "triggers"] : ["create"] }),
      ...(passing !== undefined && { ignoreChanges: ["create", "stdin", connectionPath, "triggers"] }),
      ...(host.lost && {
        retainOnDelete: true,
        ignoreChanges: ["create", "update", "delete", "stdin", connectionPath, "triggers"],
      }),
    },
    reboots === undefined ? undefined : dialsIn(reboots),
  );
}

/** Changing `repair` changes the visible text, so every stage runs again. Without it the texts have no such setting. */
const repaired = (stage: Stage, { repair }: Host): Stage =>
  repair ? { ...stage, settings: { ...stage.settings, REPAIR: repair } } : stage;

/** Stages that are undone on the old machine before another one replaces it. The other stages just run on the blank machine. */
const leavesFirst = (name: Stage["name"]) => name === "worker" || name === "handover";

/** Stages that put nothing on a host that would have to go. */
const leavesNothing = (name: Stage["name"]) => name === "preflight" || name === "maintenance";

const onThisMachine = (stage: Stage, machineId: string | undefined): Stage =>
  machineId === undefined ? stage : { ...stage, settings: { ...stage.settings, MACHINE: machineId } };

/** A command that runs once, when the resource is made, on whichever host it is given then. Its output is secret, unless `open`. */
export function onceCommand(
  host: Host,
  name: string,
  create: string,
  triggers: unknown[],
  options: CommandOptions,
  { open = false }: { open?: boolean } = {},
): HostCommand {
  const { sudoPassword } = host.connection;
  const becoming = becomingOf(userOf(host), sudoPassword !== undefined);
  const asks = becoming === "sudo with a password" && sudoPassword !== undefined;
  const command = asRoot(asks ? `exec sh -c ${quote(create)}` : create, becoming, `${name} on ${host.name}`, "sh");
  const stdin = asks ? { stdin: pulumi.secret(pulumi.output(sudoPassword).apply((it) => withPassword("", it))) } : {};
  return run(
    host,
    options.parent.childName(name),
    { create: command, ...stdin, ...(!open && { logging: "none" as const }), triggers },
    {
      ...options,
      ignoreChanges: [connectionPath, "create", ...Object.keys(stdin)],
      ...(!open && { additionalSecretOutputs: ["stdout", "stderr"] }),
    },
  );
}

/**
 * `connection` for ignoreChanges. Spelled as a path, because the command plugin (1.2.1) also reads this list: told to ignore
 * "connection", it compares a copy that lost its inner secret marks, and wants an update at every `up`.
 */
const connectionPath = '["connection"]';

/** Who runs commands there: only whether it is root counts. */
export const userOf = ({ connection }: Pick<Host, "connection">): string =>
  connection.kind === "ssh" ? connection.user : connection.sudo ? "a user of this machine" : "root";

type CommandArgs = Omit<remote.CommandArgs, "connection">;

function run(
  host: Host,
  name: string,
  args: CommandArgs,
  options: pulumi.CustomResourceOptions,
  dials: number = usualDials,
): HostCommand {
  const common = { addPreviousOutputInEnv: false, ...args };
  const all = withSite(host, options);
  if (host.connection.kind === "local") return new local.Command(name, common as local.CommandArgs, all);
  return new remote.Command(name, { connection: connectionArgs(host.connection, dials), ...common }, all);
}

/** Not undone where all hosts go at once. One host that is removed undoes itself, also where its machine goes after it. */
const withSite = ({ site }: Host, options: pulumi.CustomResourceOptions) => ({ ...options, ...(site && { deletedWith: site }) });

type Login = remote.CommandArgs["connection"];

/** A host that was just made may take minutes to answer: so many tries are about 100 s on a refused port. */
const usualDials = 30;
/** Tries that take so many seconds on a refused port: the first ten take 11 s, and each one after them 5 s. */
const dialsIn = (seconds: number) => Math.max(10, 10 + Math.ceil((seconds - 11) / 5));

function connectionArgs(
  { kind: _, sudoPassword: __, ...login }: Extract<Connection, { kind: "ssh" }>,
  dials: number = usualDials,
): Login {
  return withPatience(login, dials);
}

/** A login with those of its bastions, one in the other. The SDK's type knows one bastion; `config/runner.ts` refuses more where that holds. */
function withPatience({ bastion, ...login }: BastionLogin, dials: number): Extract<Login, object> {
  return { ...login, dialErrorLimit: dials, perDialTimeout: 15, ...(bastion && { proxy: withPatience(bastion, usualDials) }) };
}
