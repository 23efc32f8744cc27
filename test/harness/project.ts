import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratch } from "./scratch.ts";

// A small Pulumi project in its own folder, and runs of the engine on it as npm does them.

const root = new URL("../../", import.meta.url).pathname;

/** How a run of the engine ended. */
export interface Ended {
  code: number | null;
  /** Everything printed on both streams. */
  text: string;
  stdout: string;
}

/** A run that is under way. */
export interface Running {
  /** Ends the front end and the CLI at once, as a power cut would. */
  kill(): void;
  /** Stops reading its standard output, as `head` does. */
  closeOutput(): void;
  /** Resolves when the printed text contains `part`; rejects after two minutes, also on a busy machine. */
  prints(part: string): Promise<void>;
  ended: Promise<Ended>;
}

/** A project whose program is `index.ts`; `log` is a file its commands may write to. */
export class TestProject {
  readonly folder: string;
  readonly log: string;
  readonly #engine: string;
  readonly #temporary = scratch();

  /** `engine` is the file that runs it, from the root of this repository. */
  constructor(program: string, engine = "engine/front-end.ts") {
    this.#engine = join(root, engine);
    this.folder = scratch();
    this.log = join(this.folder, "log");
    writeFileSync(this.log, "");
    symlinkSync(join(root, "node_modules"), join(this.folder, "node_modules"));
    this.write("package.json", JSON.stringify({ name: "probe", type: "module", main: "index.ts" }));
    const runtime = "runtime:\n  name: nodejs\n  options:\n    typescript: false\n";
    this.write("Pulumi.yaml", `name: probe\n${runtime}main: index.ts\n`);
    this.write("Pulumi.dev.yaml", "config: {}\n");
    this.program(program);
  }

  write(name: string, text: string): void {
    mkdirSync(join(this.folder, name, ".."), { recursive: true });
    writeFileSync(join(this.folder, name), text);
  }

  /** Sets the program; `log` is the path of the log and `say(word)` a command that writes to it. */
  program(body: string): void {
    const head = `import * as pulumi from "@pulumi/pulumi";
import { local } from "@pulumi/command";
const log = ${JSON.stringify(this.log)};
const say = (word: string) => \`echo \${word} >> \${log}; echo \${word}\`;
`;
    this.write("index.ts", head + body);
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), "utf8");
  }

  /** The lines that commands wrote since the last call. */
  happened(): string[] {
    const lines = readFileSync(this.log, "utf8").split("\n").filter(Boolean);
    writeFileSync(this.log, "");
    return lines;
  }

  get state(): string {
    return this.read("state/.pulumi/stacks/probe/dev.json");
  }

  /** Starts the engine as a user who confirms in advance. */
  start(given: string[], env: Record<string, string | undefined> = {}, input = ""): Running {
    const agreed = given[0] === "up" || given[0] === "destroy" ? ["--yes", "--skip-preview"] : [];
    return this.#spawn([...given, ...agreed], env, input);
  }

  /** Runs the engine as a user who answers no questions. */
  ask(args: string[]): Promise<Ended> {
    return this.#spawn(args, {}, "").ended;
  }

  #spawn(args: string[], env: Record<string, string | undefined>, input: string): Running {
    const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PULUMI_")));
    const child = spawn(process.execPath, [this.#engine, ...args], {
      cwd: this.folder,
      detached: true,
      env: {
        ...clean,
        NODE_TEST_CONTEXT: "",
        // A run that a test kills removes none of its temporary files.
        TMPDIR: this.#temporary,
        HA_KUBERNETES_PROVIDERS: "builtin",
        PULUMI_CONFIG_PASSPHRASE: "test passphrase",
        ...env,
      },
    });
    let [text, stdout] = ["", ""];
    const watching: (() => void)[] = [];
    const add = (chunk: Buffer) => {
      text += chunk.toString();
      for (const look of watching) look();
    };
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
      add(chunk);
    });
    child.stderr.on("data", add);
    child.stdin.end(input);
    const ended = new Promise<Ended>((resolve) => child.once("close", (code) => resolve({ code, text, stdout })));
    const prints = (part: string) =>
      new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`${part} was not printed, but: ${text}`)), 120_000);
        const look = () => {
          if (!text.includes(part)) return;
          clearTimeout(late);
          resolve();
        };
        watching.push(look);
        look();
      });
    return {
      closeOutput: () => child.stdout.destroy(),
      kill: () => process.kill(-(child.pid as number), "SIGKILL"),
      prints,
      ended,
    };
  }

  run(args: string[], env: Record<string, string | undefined> = {}, input = ""): Promise<Ended> {
    return this.start(args, env, input).ended;
  }
}
