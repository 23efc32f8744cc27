import { bastionsIn } from "./bastions.ts";
import { keyPath, oneProblem, type Problem } from "./problems.ts";
import type { Cluster } from "./schema.ts";

// What a config asks of the machine and the engine that run the program.

/** What runs the program. */
export interface Runner {
  /** The user's id; 0 is root. */
  userId: number;
  /** Whether the environment names an SSH agent. */
  hasAgent: boolean;
  /** Whether commands reach hosts by this project's provider; else it is Pulumi's plugin. */
  servesOwnProviders: boolean;
}

/** What the runner can't do that the config asks for. None where the runner is not known. */
export function runnerProblems(cluster: Cluster, runner: Runner | undefined): Problem[] {
  if (runner === undefined) return [];
  const { hosts, ssh } = cluster;
  const chained = bastionsIn(ssh).filter(({ bastion }) => bastion.through !== undefined);
  const local = Object.entries(hosts).filter(([, { connection, lost }]) => connection === "local" && !lost);
  return [
    ...(runner.servesOwnProviders ? [] : chained).flatMap(({ path }) =>
      oneProblem(
        keyPath(["ssh", ...path, "through"]),
        "is a chain of bastions, and Pulumi's own plugin goes through one alone",
        "one bastion, or this project's own provider",
        "HA_KUBERNETES_PROVIDERS=builtin npm run up",
      ),
    ),
    ...(ssh.agent && !runner.hasAgent
      ? oneProblem(
          keyPath(["ssh", "agent"]),
          "is true, and SSH_AUTH_SOCK names no agent here",
          "an agent that holds the key",
          "eval $(ssh-agent); ssh-add KEY",
        )
      : []),
    ...local.flatMap(([name, { sudo }]) => {
      const key = keyPath(["hosts", name, "sudo"]);
      if (runner.userId !== 0 && !sudo)
        return oneProblem(key, "is false, and the program does not run as root", "true, or root as the user of this program");
      return [];
    }),
  ];
}
