import { didYouMean } from "../config/problems.ts";

// Translates the user's command line into arguments of the CLI. Every flag of the CLI passes through. Only the stack is decided here,
// once: the front end and the CLI must never use two different ones.

/** The stack that is used if the user names none. */
export const defaultStack = "dev";

/** What `npm run VERB` does, and the CLI's own command for it. */
const verbs: Readonly<Record<string, { does: string; command: readonly string[] }>> = {
  up: { does: "make the stack match its config", command: ["up"] },
  preview: { does: "show what up would change, without changing anything", command: ["preview"] },
  destroy: { does: "remove everything that the stack made", command: ["destroy"] },
  refresh: { does: "read the real state of cloud resources into the stack's state", command: ["refresh"] },
  output: { does: "print the stack's outputs, or one: NAME [--show-secrets]", command: ["stack", "output"] },
  config: { does: "list the config, or change it: set [--secret] KEY [VALUE]", command: ["config"] },
  cancel: { does: "remove the lock of a run that was killed", command: ["cancel"] },
  pulumi: { does: "the Pulumi CLI itself: stack ls, stack export, state, …", command: [] },
};

/** Commands of the CLI that run the program, by all their names. */
const aliases: Readonly<Record<string, Operation>> = {
  up: "up",
  update: "up",
  preview: "preview",
  pre: "preview",
  refresh: "refresh",
  destroy: "destroy",
  down: "destroy",
  dn: "destroy",
};

/** What a command does with the program and the stack's resources. */
export type Operation = "up" | "preview" | "refresh" | "destroy";

/** A command line for the CLI. */
export interface CommandLine {
  /** All arguments except the stack. */
  args: string[];
  /** The stack that the user named, by a flag or as an argument. */
  stack?: string;
  /** Arguments that are neither flags nor values of flags, the command first. */
  words: string[];
  /** Absent: the command does not run the program. */
  operation?: Operation;
  /** True for `npm run pulumi`: without a stack, the CLI's selected one is used. */
  isPassthrough: boolean;
  asksForHelp: boolean;
}

/** The CLI's flags that take a value in the next argument, as far as they may appear in the commands that this file parses. */
const valued = [
  "-C --cwd --color -v --verbose --tracing --profiling --config-file -m --message -p --parallel",
  "-t --target --exclude --replace --target-replace --policy-pack --policy-pack-config --plan --save-plan",
  "-c --config --type --secrets-provider --copy-config-from --file --event-log --attach-debugger --otel-traces --memprofilerate",
].flatMap((flags) => flags.split(" "));
/** Those that take one after `config set-all` alone; for other commands they are switches. */
const valuedOfSetAll = ["--plaintext", "--secret", "--json"];

/** Whether an argument is the value of the flag before it. */
function isValue(args: readonly string[], index: number): boolean {
  const flag = args[index - 1] ?? "";
  const isSetAll = args.slice(0, index).find((arg) => /^set(-all)?$/.test(arg)) === "set-all";
  return valued.includes(flag) || (isSetAll && valuedOfSetAll.includes(flag));
}

/** Translates `VERB [arguments]`. @throws Error for a verb that does not exist, two stacks, or an argument that npm consumed */
export function commandLine(argv: readonly string[], env: NodeJS.ProcessEnv = process.env): CommandLine {
  const [verb = "", ...rest] = argv;
  const known = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (known === undefined) {
    const meant = didYouMean(verb, Object.keys(verbs));
    const all = Object.keys(verbs).join(", ");
    throw new Error(`${verb || "(nothing)"} is not a command${meant ? `; did you mean ${meant}?` : `: ${all}`}`);
  }
  if (env.npm_lifecycle_event === verb && env.npm_config_stack)
    throw new Error(`npm kept --stack for itself. Put -- before it: npm run ${verb} -- --stack ${env.npm_config_stack}`);
  const { named, others } = withoutStack(rest);
  const args = [...known.command, ...others];
  if (args.some((arg) => arg === "-C" || arg === "--cwd" || arg.startsWith("--cwd=")))
    throw new Error("-C is not supported here: use npm --prefix FOLDER run, or change to the folder");
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const mistyped = args.slice(0, end).find((arg) => arg.startsWith("--") && didYouMean(arg.replace(/=.*/s, ""), ["--stack"]));
  if (mistyped !== undefined) throw new Error(`${mistyped.replace(/=.*/s, "")} is not a flag; did you mean --stack?`);
  const words = wordsOf(args);
  const operation = aliases[words[0] ?? ""];
  const asksForHelp = others.includes("--help") || others.includes("-h");
  if (operation !== undefined && words.length > 1 && !asksForHelp)
    throw new Error(`${words[0]} takes no ${JSON.stringify(words[1])}; npm run needs -- before the first option`);
  return { args, stack: named ?? stackWord(words), words, operation, isPassthrough: verb === "pulumi", asksForHelp };
}

/** Takes the stack out of the arguments, in every form that the CLI knows: -s X, -sX, -s=X, -ys X, --stack X, --stack=X. */
function withoutStack(args: readonly string[]): { named?: string; others: string[] } {
  const named = new Set<string>();
  const others: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] as string;
    // In a cluster of short flags, the text after a flag that takes a value is that value.
    const form = /^-(?<flags>[^-CcmptvsS]*)s=?(?<value>.*)$/s.exec(arg) ?? /^--stack(?:=(?<value>.*))?$/s.exec(arg);
    const isStack = form?.groups !== undefined && !isValue(args, index);
    const { flags = "", value: attached = "" } = form?.groups ?? {};
    if (!isStack) {
      others.push(arg);
      continue;
    }
    if (flags !== "") others.push(`-${flags}`);
    const value = attached === "" && !arg.endsWith("=") ? args[++index] : attached;
    if (value === undefined || value === "" || value.startsWith("-")) throw new Error(`${arg} needs the name of a stack`);
    named.add(value);
  }
  if (named.size > 1) throw new Error(`two stacks are named: ${[...named].join(", ")}`);
  return { named: [...named][0], others };
}

/** The arguments that are neither flags nor values of flags; all of them after `--`. */
export function wordsOf(args: readonly string[]): string[] {
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const isWord = (arg: string, index: number) => arg === "-" || (!arg.startsWith("-") && !isValue(args, index));
  return [...args.slice(0, end).filter(isWord), ...args.slice(end + 1)];
}

/**
 * The arguments of a `config` command, with `prefix` before its key unless the key has a prefix. The CLI would write the name of the
 * project there, which `pulumi new` may have changed in a copy, while the program reads the same keys in every copy.
 */
export function withKeyPrefix({ args, words }: Pick<CommandLine, "args" | "words">, prefix: string): string[] {
  const [command, verb = "", key = ""] = words;
  if (command !== "config" || !["set", "set-all", "get", "rm", "rm-all"].includes(verb)) return [...args];
  const prefixed = (text: string) => (/^[^=["]*:/.test(text) ? text : `${prefix}${text}`);
  if (verb === "set-all")
    return args.map((arg, index) => {
      const [, flag, pair] = /^(--(?:plaintext|secret)=)(.*)$/s.exec(arg) ?? [];
      if (flag !== undefined) return `${flag}${prefixed(pair ?? "")}`;
      return ["--plaintext", "--secret"].includes(args[index - 1] ?? "") ? prefixed(arg) : arg;
    });
  const isKey = (arg: string) => (verb === "rm-all" ? words.slice(2).includes(arg) : arg === key);
  const from = args.indexOf(verb);
  let done = false;
  return args.map((arg, index) => {
    if (index <= from || done || arg.startsWith("-") || isValue(args, index) || !isKey(arg)) return arg;
    done = verb !== "rm-all";
    return prefixed(arg);
  });
}

/** The stack that `stack init NAME`, `cancel NAME` and similar commands name. */
function stackWord([first, second, third]: readonly string[]): string | undefined {
  if (first === "cancel") return second;
  return first === "stack" && ["init", "select", "rm"].includes(second ?? "") ? third : undefined;
}

/** Help of this front end, printed before the CLI's own. */
export function usage(): string {
  const lines = Object.entries(verbs).map(([verb, { does }]) => `  ${`npm run ${verb}`.padEnd(18)} ${does}`);
  return [
    "npm run VERB -- [flags of the Pulumi CLI]",
    "",
    ...lines,
    "",
    `Without --stack NAME the stack is PULUMI_STACK or ${defaultStack}; npm run pulumi uses the one that \`stack select\` chose.`,
    "For a lab stack nothing is asked; any other stack needs an answer or --yes.",
  ].join("\n");
}
