import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { throwAwayStack } from "./secrets.ts";

/** What a verb does and what it may be given. */
const verbs = {
  up: { does: "brings the stack to what the program says", options: ["parallel", "yes"] },
  preview: { does: "shows what up would change, and changes nothing", options: ["parallel"] },
  destroy: { does: "takes everything of the stack away again", options: ["parallel", "yes"] },
  output: { does: "prints the stack's outputs, or one of them", options: ["show-secrets", "json"], arguments: "[NAME]" },
  config: {
    does: "sets a config value of the stack (without VALUE: read from standard input), or lists them",
    options: ["secret", "show-secrets"],
    arguments: "[set KEY [VALUE]]",
  },
  cancel: { does: "takes the stack's lock away, after a run that ended without giving it back", options: [] },
} as const;

/** What the engine can be asked to do. */
export type Verb = keyof typeof verbs;

const options = {
  stack: { type: "string", value: "NAME", help: `the stack (default ${throwAwayStack})` },
  parallel: { type: "string", value: "N", help: "steps that run at once (default 4 for each CPU)" },
  yes: { type: "boolean", help: `ask nothing; destroy needs it for every stack but ${throwAwayStack}` },
  "show-secrets": { type: "boolean", help: "print secrets in clear" },
  json: { type: "boolean", help: "print JSON" },
  secret: { type: "boolean", help: "store the value encrypted" },
  help: { type: "boolean", help: "this text" },
} as const;

/** A command line, read. */
export interface Options {
  verb: Verb;
  stack: string;
  parallel: number;
  /** Whether --parallel was given. */
  parallelGiven: boolean;
  yes: boolean;
  showSecrets: boolean;
  json: boolean;
  secret: boolean;
  help: boolean;
  /** What follows the verb. */
  rest: string[];
}

/** Reads a command line. @throws Error naming what is wrong with it and what is allowed. */
export function readOptions(args: readonly string[]): Options {
  const [verb = "", ...more] = args;
  if (!Object.hasOwn(verbs, verb)) throw new Error(`${verb || "(nothing)"} is no command: ${Object.keys(verbs).join(", ")}`);
  const known = verb as Verb;
  const parsed = parse(known, more);
  const { values, positionals } = parsed;
  const parallel = values.parallel ?? String(4 * availableParallelism());
  if (!/^[1-9]\d{0,5}$/.test(parallel)) throw new Error(`--parallel ${parallel}: a whole number from 1 on is needed`);
  const stack = values.stack ?? throwAwayStack;
  if (!/^[A-Za-z0-9_.-]{1,100}$/.test(stack)) {
    throw new Error(`--stack ${stack}: a stack's name has letters, digits, hyphens, underscores and dots only`);
  }
  return {
    verb: known,
    stack,
    parallel: Number(parallel),
    parallelGiven: values.parallel !== undefined,
    yes: values.yes ?? false,
    showSecrets: values["show-secrets"] ?? false,
    json: values.json ?? false,
    secret: values.secret ?? false,
    help: values.help ?? false,
    rest: positionals,
  };
}

function parse(verb: Verb, args: string[]) {
  const allowed: readonly string[] = ["stack", "help", ...verbs[verb].options];
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
  const wrong = Object.keys(values).find((name) => !allowed.includes(name));
  if (wrong !== undefined) throw new Error(`${verb} has no option --${wrong}: ${allowed.map((name) => `--${name}`).join(", ")}`);
  if (positionals.length > 0 && !("arguments" in verbs[verb])) {
    throw new Error(
      `${verb} takes no ${JSON.stringify(positionals[0])}; an option needs its two hyphens, and npm run needs -- before it`,
    );
  }
  return { values, positionals };
}

/** The help of a verb. */
export function helpText(verb: Verb): string {
  const { does, options: own } = verbs[verb];
  const after = "arguments" in verbs[verb] ? ` ${verbs[verb].arguments}` : "";
  const lines = [...own, "stack", "help"].map((name) => {
    const option: { value?: string; help: string } = options[name as keyof typeof options];
    return `  ${`--${name} ${option.value ?? ""}`.padEnd(18)}${option.help}`;
  });
  return `npm run ${verb} -- [options]${after}\n\n${verb} ${does}.\n\n${lines.join("\n")}`;
}
