import { Crypter } from "../../../engine/crypto.ts";
import { Deployment } from "../../../engine/deployment.ts";
import type { Goal, Registered } from "../../../engine/goal.ts";
import type { Step, Watcher } from "../../../engine/progress.ts";
import { hasUnknown, type Properties, type Provider, unknown, type Value } from "../../../engine/providers/provider.ts";
import { Stopped } from "../../../engine/slots.ts";
import { checkpointText, parseCheckpoint, type ResourceState } from "../../../engine/state.ts";
import { makeUrn, stackType } from "../../../engine/urn.ts";
import { plainProperties, Secret, type Tracked } from "../../../engine/values.ts";

// A world of things that the engine makes, changes and deletes, and programs that want them: what the tests drive in-process.

/** One thing of a program. `name` is unique below its parent. */
export interface Thing {
  name: string;
  value?: Tracked;
  /** Changing it replaces the thing. */
  key?: string;
  /** Names of things whose outputs are inputs of this one. */
  uses?: string[];
  /** A thing that uses another replaces when the other changes. */
  fragile?: boolean;
  /** Names of things that come first without being used. */
  after?: string[];
  /** Name of the component that it is a child of. */
  in?: string;
  options?: Partial<Goal>;
  /** deletedWith, by name. */
  goesWith?: string;
}

/** A program: its things in an order in which each comes after what it needs, and its components (name to parent's name). */
export interface Program {
  things: Thing[];
  components?: { name: string; in?: string; options?: Partial<Goal> }[];
  outputs?: { [key: string]: Tracked };
}

/** What happened, in order: `+ a` create, `~ a` update, `- a` delete. */
export type Happening = string;

const crypter = await Crypter.create("a passphrase for tests");
export const stackName = "test";
export const projectName = "world";
export const thingType = "test:index:Thing";

/** What exists outside the state. */
export class World {
  /** By id: what each thing was made or changed to. */
  readonly things = new Map<string, Properties>();
  readonly log: Happening[] = [];
  /** Names of which the next operations fail. */
  readonly failing = new Set<string>();
  /** Called inside every operation: a test that wants to hold or to look. */
  during: (happening: Happening) => Promise<void> = async () => undefined;
  #made = 0;

  readonly provider: Provider = {
    version: "1.0.0",
    types: {
      [thingType]: {
        check: (inputs) => ({
          inputs,
          failures: inputs.value === "invalid" ? [{ property: "value", reason: "is invalid" }] : [],
        }),
        diff: (old, inputs) => {
          const differs = (key: string) =>
            hasUnknown(inputs[key]) || JSON.stringify(old.inputs[key]) !== JSON.stringify(inputs[key]);
          const changed = ["value", "key", "uses", "fragile"].filter(differs);
          const replace = changed.filter((key) => key === "key" || (key === "uses" && inputs.fragile === true));
          return { update: changed.filter((key) => !replace.includes(key)), replace };
        },
        preview: (inputs, old) => ({
          ...inputs,
          out: old && JSON.stringify(old.inputs) === JSON.stringify(inputs) ? (old.outputs.out as Value) : unknown,
        }),
        create: async (inputs, { name }) => {
          await this.#happen(`+ ${name}`, name);
          const id = `${name}#${++this.#made}`;
          this.things.set(id, inputs);
          return { id, outputs: this.#outputs(name, inputs) };
        },
        update: async ({ id }, inputs, { name }) => {
          await this.#happen(`~ ${name}`, name);
          if (!this.things.has(id)) throw new Error(`update of ${id}, which does not exist`);
          this.things.set(id, inputs);
          return { outputs: this.#outputs(name, inputs) };
        },
        delete: async ({ id }, { name }) => {
          await this.#happen(`- ${name}`, name);
          if (!this.things.delete(id)) throw new Error(`delete of ${id}, which does not exist`);
        },
      },
    },
  };

  /** Starts from what a state says exists, as if the run that saved it had been killed right then. */
  adopt(state: readonly ResourceState[]): void {
    for (const { type, id, inputs, pendingReplacement } of state) {
      if (type === thingType && id !== undefined && !pendingReplacement) this.things.set(id, plainProperties(inputs));
    }
    this.#made = 1000;
  }

  #outputs(name: string, inputs: Properties): Properties {
    return { ...inputs, out: `${name}:${JSON.stringify(inputs.value ?? null)}:${String(inputs.key ?? "")}` };
  }

  async #happen(happening: Happening, name: string): Promise<void> {
    this.log.push(happening);
    await this.during(happening);
    if (this.failing.has(name)) throw new Error(`${name} fails`);
  }
}

/** What a run came to. */
export interface Outcome {
  failed: boolean;
  /** The state after it, written and read again. */
  state: readonly ResourceState[];
  /** The state file's text after it. */
  text: string;
  /** Every state that was saved on the way, newest last. */
  saved: string[];
  /** Steps that were done or, in a preview, would be; `operation name`. */
  steps: string[];
  errors: string[];
  log: Happening[];
}

/** How a run is made. */
export interface RunOptions {
  state?: readonly ResourceState[];
  preview?: boolean;
  destroy?: boolean;
  parallel?: number;
  /** Called when the deployment is there. */
  with?: (deployment: Deployment) => void;
}

/** Runs a program in the world as the SDK would: a thing is registered as soon as what it needs is answered. */
export async function run(world: World, program: Program, options: RunOptions = {}): Promise<Outcome> {
  const begin = world.log.length;
  const steps: string[] = [];
  const errors: string[] = [];
  const saved: string[] = [];
  const say = ({ operation, urn }: Step) => `${operation} ${urn.split("::").at(-1)}`;
  const watcher: Watcher = {
    started: () => undefined,
    done: (step) => steps.push(say(step)),
    failed: (_, message) => errors.push(message),
    log: (line, severity) => severity === "error" && errors.push(line),
  };
  const preview = options.preview ?? false;
  const deployment: Deployment = new Deployment(
    {
      project: projectName,
      stack: stackName,
      preview,
      parallel: options.parallel ?? 8,
      find: async (name) => (name === "test" ? world.provider : undefined),
      save: async () => {
        if (preview) throw new Error("a preview saves");
        saved.push(write(deployment));
      },
    },
    options.state ?? [],
    watcher,
  );
  options.with?.(deployment);
  const registered = options.destroy || (await register(deployment, program));
  await deployment.slots.idle();
  if (registered && !deployment.failed && !deployment.slots.stopped) await deployment.finish();
  await deployment.slots.idle();
  const text = write(deployment);
  const state = preview ? (options.state ?? []) : read(text);
  return { failed: deployment.failed, state, text, saved, steps, errors, log: world.log.slice(begin) };
}

const write = (deployment: Deployment) => checkpointText("organization/world/test", "3.270.0", deployment.snapshot(), crypter);

/** Reads a saved state. */
export const read = (text: string): readonly ResourceState[] => {
  const { resources } = parseCheckpoint(text).read((ciphertext) => crypter.decrypt(ciphertext));
  standInOrder(resources);
  return resources;
};

/** The CLI refuses a state in which a resource stands before what it needs. */
function standInOrder(resources: readonly ResourceState[]): void {
  const seen = new Set<string>();
  for (const { urn, parent, dependencies = [], deletedWith, provider } of resources) {
    const needed = [...dependencies, ...[parent, deletedWith, provider?.slice(0, provider.lastIndexOf("::"))]];
    const missing = needed.find((other) => other !== undefined && !seen.has(other));
    if (missing !== undefined) throw new Error(`${urn} stands before ${missing}`);
    seen.add(urn);
  }
}

async function register(deployment: Deployment, program: Program): Promise<boolean> {
  const answers = new Map<string, Promise<Registered>>();
  const all: Promise<Registered>[] = [];
  const root = await deployment.register(goal(stackType, `${projectName}-${stackName}`, { custom: false }));
  const parentOf = async (name: string | undefined) =>
    name === undefined ? root.urn : (await answers.get(`component ${name}`))?.urn;
  for (const component of program.components ?? []) {
    const made = parentOf(component.in).then((parent) =>
      deployment.register(
        goal("test:index:Component", component.name, { custom: false, ...(parent && { parent }), ...component.options }),
      ),
    );
    answers.set(`component ${component.name}`, made);
    all.push(made);
  }
  for (const thing of program.things) {
    const made = (async () => {
      const needed = async (names: readonly string[] = []) =>
        Promise.all(names.map((name) => answers.get(name) as Promise<Registered>));
      const uses = await needed(thing.uses);
      const after = await needed(thing.after);
      const parent = await parentOf(thing.in);
      const [withOther] = await needed(thing.goesWith === undefined ? [] : [thing.goesWith]);
      const wanted = goal(thingType, thing.name, {
        inputs: {
          ...(thing.value !== undefined && { value: thing.value }),
          ...(thing.key !== undefined && { key: thing.key }),
          ...(thing.fragile !== undefined && { fragile: thing.fragile }),
          ...(uses.length > 0 && { uses: uses.map(({ outputs }) => outputs.out as Tracked) }),
        },
        ...(parent && { parent }),
        ...(withOther && { deletedWith: withOther.urn }),
        dependencies: [...uses, ...after].map(({ urn }) => urn),
        propertyDependencies: { uses: uses.map(({ urn }) => urn) },
        ...thing.options,
      });
      return deployment.guard(thing.name, () => deployment.register(wanted));
    })();
    answers.set(thing.name, made);
    all.push(made);
  }
  const results = await Promise.allSettled(all);
  for (const result of results) {
    if (result.status === "rejected" && !(result.reason instanceof Stopped)) throw result.reason;
  }
  const whole = results.every(({ status }) => status === "fulfilled");
  if (whole && program.outputs) deployment.registerOutputs(root.urn, program.outputs);
  return whole;
}

/** A goal with nothing but a type and a name, and what a test adds. */
export function goal(type: string, name: string, more: Partial<Goal> = {}): Goal {
  return {
    type,
    name,
    custom: true,
    inputs: {},
    dependencies: [],
    propertyDependencies: {},
    ignoreChanges: [],
    replaceOnChanges: [],
    additionalSecretOutputs: [],
    aliases: [],
    customTimeouts: {},
    ...more,
  };
}

/** The names of the things that exist, each once for each time it exists. */
export const existing = (world: World): string[] => [...world.things.keys()].map((id) => id.split("#")[0] ?? "").sort();

/** The thing's URN below the stack. */
export const urnOf = (name: string): string => makeUrn(stackName, projectName, thingType, name);

/** A secret value. */
export const secret = (value: Value): Secret => new Secret(value);
