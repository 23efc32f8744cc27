import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync } from "node:fs";
import { must } from "./process.ts";

const daemon = "/var/lib/ha-kubernetes-lab/daemon";

/** Ids of a lab's containers; none where no lab is on this machine. */
export async function containersOf(lab: string): Promise<string[]> {
  return list("ps", "--all", "--no-trunc", "--filter", `label=ha-kubernetes.cluster=${lab}`, "--format", "{{.ID}}");
}

/**
 * Traces of a lab on this machine: containers, networks, links, packet filter tables, and the processes and mounts of these
 * containers, also of those that docker no longer knows. Without any lab, also a running docker daemon of the lab.
 */
export async function traces(lab: string, containers: readonly string[]): Promise<string[]> {
  const link = `hak-${createHash("sha256").update(lab).digest("hex").slice(0, 10)}`;
  return [
    ...(await containersOf(lab)).map((id) => `container ${id}`),
    ...(await list("network", "ls", "--filter", `label=ha-kubernetes.cluster=${lab}`, "--format", "network {{.Name}}")),
    ...lines(await must("ip", ["-o", "link"])).filter((line) => line.includes(link)),
    ...lines(await must("nft", ["list", "tables"])).filter((line) => line.endsWith(` ha-kubernetes-lab-${lab}`)),
    ...processFiles("mountinfo").flatMap(({ pid, text }) =>
      pid === "self" ? lines(text).filter((line) => has(line, containers)) : [],
    ),
    ...processFiles("cgroup").flatMap(({ pid, text }) => (has(text, containers) ? [`process ${pid}`] : [])),
    ...(existsSync(daemon)
      ? []
      : processFiles("cmdline").flatMap(({ text }) => (text.includes("ha-kubernetes-lab/docker") ? [text] : []))),
  ];
}

const has = (text: string, ids: readonly string[]) => ids.some((id) => text.includes(id));
const lines = (text: string) => text.split("\n").filter((line) => line !== "");

async function list(...args: string[]): Promise<string[]> {
  if (!existsSync(daemon)) return [];
  return lines(await must("docker", args, { env: { DOCKER_HOST: readFileSync(daemon, "utf8").trim() } }));
}

function processFiles(name: string): { pid: string; text: string }[] {
  return [...globSync(`/proc/[0-9]*/${name}`), `/proc/self/${name}`].flatMap((file) => {
    try {
      return [{ pid: file.split("/")[2] as string, text: readFileSync(file, "utf8") }];
    } catch {
      // It ended in the meantime.
      return [];
    }
  });
}
