import type { LabHost } from "./lab.ts";
import { type Secret, secretsOf } from "./secrets.ts";
import type { Stack } from "./stack.ts";

/** A stage's command in the state. */
export interface StageCommand {
  stage: string;
  host: string;
  create: string;
  stdin: string;
  /** The script that runs when the resource is deleted. */
  undo: string;
}

/** The stages' commands of a stack's state, in the order they were made. */
export async function stageCommands(stack: Stack): Promise<StageCommand[]> {
  return (await stack.export()).resources.flatMap(({ type, inputs = {} }) => {
    const [, stage, host] = /^# (\S+) on (\S+) of /.exec(String(inputs.create)) ?? [];
    if (type !== "command:remote:Command" || !stage || !host) return [];
    return [{ stage, host, create: String(inputs.create), stdin: String(inputs.stdin), undo: String(inputs.delete) }];
  });
}

/** Runs a stage's script on its host once more; returns the line it ends with. */
export async function runAgain(command: StageCommand, host: LabHost): Promise<string> {
  const { status, stdout, stderr } = await host.trySh(command.create, command.stdin);
  if (status !== 0) throw new Error(`${command.stage} on ${host.name} ended with ${status}: ${stderr}`);
  return stdout.trim();
}

/** Every secret of a stack's state. */
export const secretsOfStack = async (stack: Stack): Promise<Secret[]> => secretsOf((await stack.export()).secrets);
