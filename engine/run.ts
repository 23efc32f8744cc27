import { Deployment } from "./deployment.ts";
import { Display } from "./display.ts";
import { takeLock } from "./lock.ts";
import { serveMonitor } from "./monitor.ts";
import type { Options } from "./options.ts";
import { outputLines } from "./outputs.ts";
import { runProgram, toldItsErrors } from "./program.ts";
import { closeProviders, findProvider } from "./providers/index.ts";
import { Redactor } from "./redact.ts";
import { type Stack, stateVersion } from "./stack.ts";
import type { Snapshot } from "./state.ts";
import { Store } from "./store.ts";
import { nameOf } from "./urn.ts";
import { Secret } from "./values.ts";

/** Runs `up`, `preview` or `destroy`. @returns The exit code. */
export async function runStack(
  open: () => Promise<Stack>,
  options: Options,
  locks: string,
  print: (line: string) => void,
): Promise<number> {
  const preview = options.verb === "preview";
  // A preview only reads; the state is replaced atomically, so what it reads is whole.
  const unlock = preview ? () => undefined : takeLock(locks, print);
  try {
    return await deploy(await open(), options, print);
  } finally {
    await closeProviders();
    unlock();
  }
}

async function deploy(stack: Stack, options: Options, print: (line: string) => void): Promise<number> {
  const preview = options.verb === "preview";
  const redactor = new Redactor();
  const display = new Display(print, preview, redactor);
  const last: Snapshot = stack.last ?? { resources: [], pending: [] };
  if (options.verb === "destroy" && last.resources.length === 0) {
    print("nothing to destroy");
    return 0;
  }
  for (const { inputs, outputs } of last.resources) {
    // Outputs of an input's name repeat it.
    redactor.learn([inputs, Object.fromEntries(Object.entries(outputs).filter(([name]) => !Object.hasOwn(inputs, name)))]);
  }
  warnOfPending(last, print);
  const { parallel } = options;
  const save = preview ? async () => undefined : await saver(stack, () => deployment.snapshot());
  const about = { project: stack.project.name, stack: stack.name, preview, parallel, save, find: findProvider };
  const deployment: Deployment = new Deployment(about, last.resources, display);
  const interrupts = watchInterrupts(deployment, print);
  try {
    const ok = options.verb === "destroy" || (await runToEnd(stack, options, deployment, display, redactor));
    if (ok && !deployment.failed && !interrupts.seen()) await deployment.finish();
    await deployment.slots.idle();
    await save();
    const whole = ok && !deployment.failed && !interrupts.seen();
    if (whole && options.verb === "up") for (const line of outputLines(deployment.outputs, false)) print(line);
    display.summary(interrupts.seen());
    return whole ? 0 : 1;
  } finally {
    interrupts.end();
  }
}

/** What writes the stack's state. */
async function saver(stack: Stack, snapshot: () => Snapshot): Promise<() => Promise<void>> {
  const fullName = `organization/${stack.project.name}/${stack.name}`;
  const store = new Store(stack.files, fullName, stateVersion, await stack.crypter(), snapshot);
  return () => store.save();
}

/** Runs the program to its end. @returns Whether it registered everything it wanted. */
async function runToEnd(
  stack: Stack,
  options: Options,
  deployment: Deployment,
  display: Display,
  redactor: Redactor,
): Promise<boolean> {
  const salt = stack.file.salt;
  const decrypter = stack.file.hasSecrets ? await stack.keyring.key(salt) : undefined;
  const config = stack.file.read((text) => decrypter?.decrypt(text) ?? "");
  for (const key of config.secretKeys) redactor.learn(new Secret(config.values[key] ?? ""));
  const monitor = await serveMonitor(deployment, display);
  const { preview, parallel } = { preview: options.verb === "preview", parallel: options.parallel };
  const about = { project: stack.project, stack: stack.name, config, preview, parallel, monitor: monitor.address };
  const program = runProgram(about, (line) => display.log(line, "info"));
  try {
    const end = await Promise.race([program.ended, deployment.stopped.then(() => "stopped" as const)]);
    if (end === "stopped") {
      await deployment.slots.idle();
      return false;
    }
    await deployment.slots.idle();
    if (end === 0) return true;
    if (end !== toldItsErrors) display.log(`the program ended with ${end === null ? "a signal" : `exit code ${end}`}`, "error");
    return false;
  } finally {
    program.kill();
    monitor.close();
  }
}

function warnOfPending(last: Snapshot, print: (line: string) => void): void {
  for (const { type, resource } of last.pending) {
    print(
      `the last run was cut off while ${type} ${nameOf(resource.urn)}: how far it came is not known, it runs again where it is needed`,
    );
  }
}

/** The first Ctrl-C lets nothing new start, the second ends the engine at once. */
function watchInterrupts(deployment: Deployment, print: (line: string) => void): { seen: () => boolean; end: () => void } {
  let first: number | undefined;
  const onSignal = () => {
    const now = performance.now();
    if (first === undefined) {
      first = now;
      const running =
        deployment.slots.running === 0 ? "" : `, waiting for ${deployment.slots.running} running; again to quit at once`;
      print(`interrupted: nothing new starts${running}`);
      deployment.stop();
      // A terminal signals the whole group, and the launcher passes its signal on: the same keystroke may arrive twice.
    } else if (now - first > 500) {
      print("quitting; what was running is recorded as cut off");
      deployment.abort();
      process.exit(130);
    }
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
  return {
    seen: () => first !== undefined,
    end: () => {
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.off(signal, onSignal);
    },
  };
}
