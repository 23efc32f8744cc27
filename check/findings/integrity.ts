import { hostPort } from "../../config/addresses.ts";
import { APISERVER_PORT } from "../../config/ports.ts";
import { type Finding, fail, ok, repair, warn } from "../finding.ts";
import { lines, type Observation } from "../observation.ts";
import type { WantedHost } from "../stack.ts";

// Whether programs, static pods and kubeconfigs are unchanged since they were installed.

/** Lines `<SHA-256> <path>`, by path. */
const byPath = (all: readonly string[]) => new Map(all.map((line) => [line.slice(64).trim(), line.slice(0, 64)]));

/** The program files of a host's artifacts: those with a hash of their own, and the folders of those that came in archives or images. */
export function wantedPrograms({ inputs }: WantedHost): { sums: Map<string, string>; folders: string[] } {
  const sums = new Map<string, string>();
  const folders = new Set<string>();
  for (const line of (inputs.artifacts ?? "").split("\n")) {
    const [kind, sha256 = "", , folder = "", ...programs] = line.split(" ");
    if (kind === "binary") sums.set(`${folder}/${programs[0]}`, sha256);
    if (kind === "archive" || kind === "image-program") folders.add(folder);
  }
  return { sums, folders: [...folders] };
}

/** The paths of all programs of a host, those from archives included where `programs` names them. */
export function programPaths({ inputs }: WantedHost): string[] {
  return (inputs.artifacts ?? "").split("\n").flatMap((line) => {
    const [kind, , , folder = "", ...programs] = line.split(" ");
    return ["binary", "archive", "image-program"].includes(kind ?? "") ? programs.map((program) => `${folder}/${program}`) : [];
  });
}

/** Programs with another content than they were installed with. */
export function programFindings(host: WantedHost, seen: Observation): Finding[] {
  const paths = programPaths(host);
  if (paths.length === 0) return [];
  const is = byPath(lines(seen, "program-sums"));
  const wanted = new Map([...byPath(lines(seen, "installed-sums")), ...wantedPrograms(host).sums]);
  const findings = paths.flatMap((path): Finding[] => {
    const sum = is.get(path);
    if (sum === undefined) return [fail(path, "is missing", repair)];
    // Of an archive that an earlier release brought nothing was noted.
    const sha256 = wanted.get(path);
    if (sha256 === undefined || sha256 === sum) return [];
    return [
      fail(path, "is not the program that was installed", `${repair}; then find out who changed it, and restart what runs it`),
    ];
  });
  for (const line of lines(seen, "programs").filter((it) => it.endsWith(" (deleted)"))) {
    const [, path = ""] = line.split(" ");
    const unit = path.endsWith("/etcd") ? "etcd" : path.endsWith("/containerd") ? "containerd" : "kubelet";
    findings.push(
      warn(path, "was replaced while it runs", `\`systemctl restart ${unit}\` there; on etcd hosts one after another`),
    );
  }
  return findings.length > 0 ? findings : [ok("programs", `${paths.length} as they were installed`)];
}

const ownManifests = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"].map((name) => `${name}.yaml`);
const directory = "/etc/kubernetes/manifests/";

/** Static pods that are not as the program wrote them, and others. */
export function manifestFindings({ stages }: WantedHost, seen: Observation): Finding[] {
  if (!stages.includes("control-plane") && !stages.includes("worker")) return [];
  const own = stages.includes("control-plane") ? ownManifests : [];
  const is = byPath(lines(seen, "manifests"));
  const written = byPath(lines(seen, "manifests-written"));
  const findings = own.flatMap((name): Finding[] => {
    const path = `${directory}${name}`;
    const sum = is.get(path);
    if (sum === undefined) return [fail(path, "is missing", repair)];
    if (written.get(name) !== sum) return [fail(path, "holds something else than the program wrote", repair)];
    return [];
  });
  for (const path of is.keys()) {
    if (own.some((name) => path === `${directory}${name}`)) continue;
    findings.push(warn(path, "is a static pod that is none of the program's", "move it away if nobody needs it there"));
  }
  return findings.length > 0 || own.length === 0 ? findings : [ok("static pods", `${own.length} as the program wrote them`)];
}

/** The kubeconfigs on a host with these stages. */
export function kubeconfigPaths({ stages }: WantedHost): string[] {
  const names = stages.includes("control-plane")
    ? ["admin", "controller-manager", "kubelet", "scheduler"]
    : stages.includes("worker")
      ? ["kubelet"]
      : [];
  return names.map((name) => `/etc/kubernetes/${name}.conf`);
}

/** Kubeconfigs that lead elsewhere than to this cluster's API, or trust another authority. */
export function kubeconfigFindings(host: WantedHost, seen: Observation): Finding[] {
  const { stages, settings, files } = host;
  const paths = kubeconfigPaths(host);
  if (paths.length === 0) return [];
  const isPlane = stages.includes("control-plane");
  const is = new Map(lines(seen, "kubeconfigs").map((line) => [line.split(" ")[0] ?? "", line.split(" ")]));
  const authority = files.find(({ path }) => path === "/etc/kubernetes/pki/ca.crt")?.sha256;
  const kubeadm = files.find(({ path }) => path === "/etc/kubernetes/kubeadm.yaml")?.content ?? "";
  const endpoint = /^controlPlaneEndpoint: "?([^"\n]+)"?$/m.exec(kubeadm)?.[1];
  // A worker is told the port with its join credential.
  const leadsHere = (server: string) =>
    isPlane
      ? [`https://${hostPort(settings.HOST_ADDRESS ?? "", APISERVER_PORT)}`, `https://${endpoint}`].includes(server)
      : server.startsWith(`https://${settings.API_NAME}:`);
  const cure = isPlane ? repair : `raise hosts.${host.name}.incarnation and run up: it joins again`;
  const findings = paths.flatMap((path): Finding[] => {
    const [, server = "", sum] = is.get(path) ?? [];
    if (!is.has(path)) return [fail(path, "is missing", cure)];
    if (!leadsHere(server)) return [fail(path, `leads to ${server || "nowhere"}, not to this cluster's API`, cure)];
    if (authority !== undefined && sum !== authority) return [fail(path, "trusts another authority than this cluster's", cure)];
    return [];
  });
  return findings.length > 0 ? findings : [ok("kubeconfigs", `${paths.length} lead to this cluster's API`)];
}
