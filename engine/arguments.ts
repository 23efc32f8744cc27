import { didYouMean } from "../config/problems.ts";
import { defaultStack } from "./environment.ts";

// What the user typed, as arguments of the CLI. Every flag of the CLI is handed through; only the stack has a default.

/** What `npm run VERB` does, and the CLI's own command for it. */
const verbs: Readonly<Record<string, { does: string; command: readonly string[] }>> = {
  up: { does: "bring the stack to what its config says", command: ["up"] },
  preview: { does: "show what up would change, and change nothing", command: ["preview"] },
  destroy: { does: "undo everything of the stack", command: ["destroy"] },
  refresh: { does: "read the real state of cloud resources into the stack's state", command: ["refresh"] },
  output: { does: "print the stack's outputs, or one: NAME [--show-secrets]", command: ["stack", "output"] },
  config: { does: "list the config, or change it: set [--secret] KEY [VALUE]", command: ["config"] },
  cancel: { does: "take away the lock of a run that was killed", command: ["cancel"] },
  pulumi: { does: "the Pulumi CLI itself: stack ls, stack export, state, logs, …", command: [] },
};

/** Commands of the CLI that may run the program. */
const programCommands = ["up", "update", "preview", "pre", "refresh", "destroy", "down", "dn"];

/** A command line for the CLI. */
export interface CommandLine {
  args: string[];
  /** The stack that it is about. */
  stack: string;
  /** The command, such as up or stack. Empty: none was given. */
  command: string;
  /** Whether it may run the program. */
  runsProgram: boolean;
  asksForHelp: boolean;
}

/** Translates `VERB [arguments]`. @throws Error for a verb that does not exist. */
export function commandLine(argv: readonly string[]): CommandLine {
  const [verb = "", ...rest] = argv;
  const known = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (known === undefined) {
    const meant = didYouMean(verb, Object.keys(verbs));
    throw new Error(
      `${verb || "(nothing)"} is not a command${meant ? `; did you mean ${meant}?` : `: ${Object.keys(verbs).join(", ")}`}`,
    );
  }
  const asksForHelp = rest.some((arg) => arg === "--help" || arg === "-h");
  const given = stackIn(rest);
  const args = [...known.command, ...rest];
  const command = args.find((arg) => !arg.startsWith("-")) ?? "";
  const stack = given ?? (verb === "pulumi" ? stackNamed(args) : undefined) ?? defaultStack;
  if (verb === "cancel" && !asksForHelp) {
    // Its stack is an argument, and `npm run cancel` is the answer to its question.
    const others = rest.filter((arg, index) => !isStackFlag(arg) && !isStackFlag(rest[index - 1] ?? ""));
    return { args: ["cancel", "--yes", ...others, stack], stack, command, runsProgram: false, asksForHelp };
  }
  if (verb !== "pulumi" && given === undefined && !asksForHelp) args.push("--stack", stack);
  return { args, stack, command, runsProgram: programCommands.includes(command) && !asksForHelp, asksForHelp };
}

const isStackFlag = (arg: string) => arg === "-s" || arg === "--stack" || arg.startsWith("--stack=");

function stackIn(args: readonly string[]): string | undefined {
  for (const [index, arg] of args.entries()) {
    if (arg === "-s" || arg === "--stack") return args[index + 1];
    if (arg.startsWith("--stack=")) return arg.slice("--stack=".length);
  }
  return undefined;
}

/** The stack that `stack init NAME` and its like name. */
function stackNamed(args: readonly string[]): string | undefined {
  const [first, second, third] = args.filter((arg) => !arg.startsWith("-"));
  return first === "stack" && ["init", "select", "rm", "rename"].includes(second ?? "") ? third : undefined;
}

/** Help of this front end, printed before the CLI's own. */
export function usage(): string {
  const lines = Object.entries(verbs).map(([verb, { does }]) => `  ${`npm run ${verb}`.padEnd(18)} ${does}`);
  return [
    "npm run VERB -- [flags of the Pulumi CLI]",
    "",
    ...lines,
    "",
    `Without --stack NAME the stack is ${defaultStack}. A lab stack is not asked about; any other wants an answer or --yes.`,
  ].join("\n");
}
