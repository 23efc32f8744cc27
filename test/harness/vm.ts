import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import { basename, dirname, join } from "node:path";
import { bundleManifest } from "./bundle.ts";
import type { TestCluster } from "./cluster.ts";
import type { LabHost } from "./lab.ts";
import type { Machine } from "./lab-hosts.ts";
import { makeMetal, onMetal } from "./metal.ts";
import { eventually } from "./process.ts";
import { addressIn, type ClusterConfig } from "./samples.ts";
import type { Scenario } from "./scenario.ts";
import type { Stack } from "./stack.ts";

// What virtual machines need around them, and what only they have: boots, kernel settings, swap, a clock.

/**
 * A cluster of one host, m1, with every role. What renews, asks and announces all the time does so rarely: there is no other host that
 * could take over, and an emulated processor would do little else.
 */
export async function onOneHost(name: string): Promise<ClusterConfig> {
  const config = await onMetal(name);
  const { m1 } = config.hosts;
  if (m1 === undefined) throw new Error("the config has no host m1");
  config.hosts = { m1 };
  config.etcd = { throwAway: true, heartbeatMilliseconds: 500, electionMilliseconds: 5000 };
  config.balancer = { advertisementIntervalMilliseconds: 1000, checkIntervalMilliseconds: 10000 };
  const leases = {
    "leader-elect-lease-duration": "120s",
    "leader-elect-renew-deadline": "100s",
    "leader-elect-retry-period": "20s",
  };
  config.controllerManager = { extraArgs: leases };
  config.scheduler = { extraArgs: leases };
  return config;
}

/**
 * Makes that host as a virtual machine of 3 GiB. It finds this machine's bundle and time where its network begins. It has none of the packages that a cluster needs. The bundle gets the images of `locks`, too.
 */
export async function makeMachine(
  scenario: Scenario,
  machine: Omit<Machine, "memoryMebibytes">,
  locks: readonly string[] = [],
): Promise<LabHost> {
  const { config, cluster, stack } = scenario;
  await makeMetal(scenario, {}, { m1: { ...machine, memoryMebibytes: 3072 } }, locks);
  const outside = addressIn(config, 1);
  await serveTime(outside);
  config.artifacts = { source: "mirror", location: await serveBundle(outside), manifest: bundleManifest };
  stack.configure(config);
  const host = cluster.host("m1");
  assert.equal(await packagesOf(host), "");
  return host;
}

/**
 * Runs `up` or `destroy`, and once more where a wait of the program was too short for an emulated processor beside other work: it goes on
 * where it ended. Three runs at most. Throws for any other failure. @returns What all runs said.
 */
export async function patiently(stack: Stack, verb: "up" | "destroy"): Promise<string> {
  const began = Date.now();
  let said = "";
  for (let run = 1; ; run++) {
    const { status, text } = await stack.engine(verb);
    said += text;
    const seconds = Math.round((Date.now() - began) / 1000);
    if (status === 0) {
      console.log(`${verb} of ${stack.name} ended well after ${seconds} s, in run ${run}`);
      return said;
    }
    const late = /gave up after \d+ s waiting for [^:]*/.exec(text)?.[0];
    if (late === undefined || run === 3) throw new Error(`${verb} of ${stack.name} ended with ${status}:\n${text.slice(-6000)}`);
    console.log(`${verb} of ${stack.name} after ${seconds} s: ${late}. It goes on`);
  }
}

/** Sets its clock 90 minutes back, and tells chrony whom to ask once it is there. chrony's package takes the file away with itself. */
export async function setBack(host: LabHost, config: ClusterConfig): Promise<void> {
  await host.sh(`mkdir -p /etc/chrony/sources.d; echo 'server ${addressIn(config, 1)} iburst' >/etc/chrony/sources.d/test.sources
    date -s '-90 minutes' >/dev/null`);
}

const packages = "chrony conntrack curl ethtool haproxy iptables keepalived socat";

/** Which of the packages are installed that every host of a cluster needs and a new one lacks. */
export const packagesOf = (host: LabHost): Promise<string> =>
  host.sh(
    `dpkg-query -W -f '\${db:Status-Status} \${Package}\n' ${packages} 2>/dev/null | awk '$1 == "installed" {print $2}' || true`,
  );

/** Serves this machine's bundle over HTTP as long as this process lives: virtual machines see none of its folders. @returns The URL. */
export async function serveBundle(address: string): Promise<string> {
  const server = createServer((request, response) => {
    const file = join(dirname(bundleManifest), basename(request.url ?? ""));
    if (existsSync(file)) createReadStream(file).pipe(response);
    else response.writeHead(404).end();
  }).unref();
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("the server has no port");
  return `http://${address}:${bound.port}`;
}

/** Answers chrony with this machine's time as long as this process lives: what RFC 5905 (NTP, section 7.3) asks of a server, and no more. */
export async function serveTime(address: string): Promise<void> {
  const socket = createSocket("udp4").unref();
  socket.on("message", (request, { address: to, port }) => {
    if (request.length < 48) return;
    const answer = Buffer.alloc(48);
    // Version 4, server, stratum 1, and a clock that is read to a millisecond.
    answer.set([0x24, 1, request[2] ?? 6, 0xf6]);
    answer.write("TEST", 12);
    const now = ntpTime(Date.now());
    answer.set(now, 16);
    answer.set(request.subarray(40, 48), 24);
    answer.set(now, 32);
    answer.set(ntpTime(Date.now()), 40);
    socket.send(answer, port, to);
  });
  await new Promise<void>((resolve) => socket.bind(123, address, resolve));
}

/** Seconds since 1900, and the fraction in units of 2^-32 s. */
export function ntpTime(milliseconds: number): Buffer {
  const time = Buffer.alloc(8);
  time.writeUInt32BE(Math.floor(milliseconds / 1000) + 2_208_988_800, 0);
  time.writeUInt32BE(Math.floor(((milliseconds % 1000) / 1000) * 2 ** 32), 4);
  return time;
}

/** Boots a machine as its own `reboot` does, and waits until it accepts logins again. */
export async function reboot(host: LabHost): Promise<void> {
  const bootId = "cat /proc/sys/kernel/random/boot_id";
  const before = await host.sh(bootId);
  await host.trySh("systemctl reboot");
  await eventually(`${host.name} to come back`, 600, async () => {
    const { status, stdout } = await host.trySh(bootId);
    return status === 0 && stdout !== before;
  });
}

/** Values of these sysctls, paths below /proc/sys. One that the kernel does not have yet is left out. */
export async function sysctlsOf(host: LabHost, paths: readonly string[]): Promise<Map<string, string>> {
  const said = await host.sh(`cd /proc/sys; for key in ${paths.join(" ")}; do [ ! -e $key ] || echo "$key $(cat $key)"; done`);
  const lines = said.trimEnd().split("\n");
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]));
}

/** The devices and files that hold swap, sorted. */
export const swapOf = async (host: LabHost): Promise<string[]> =>
  (await host.sh("swapon --show=NAME --noheadings")).split("\n").filter(Boolean).sort();

/** Seconds by which a machine's clock is ahead of this one's. */
export const clockAhead = async (host: LabHost): Promise<number> => Number(await host.sh("date +%s")) - Date.now() / 1000;

/** Control groups are of version 2, and systemd keeps those of pods. */
export async function assertSystemd(host: LabHost): Promise<void> {
  assert.match(await host.sh("cat /etc/containerd/conf.d/host.toml"), /SystemdCgroup = true/);
  const slices = await host.sh("systemctl list-units --plain --no-legend 'kubepods*.slice' | awk '{print $1, $3}'");
  assert.match(slices, /^kubepods\.slice active$/m);
  const groups = await host.sh("cat /proc/$(pgrep -x kube-apiserver)/cgroup");
  assert.match(
    groups,
    /^0::\/kubepods\.slice\/kubepods-burstable\.slice\/kubepods-burstable-pod\w+\.slice\/cri-containerd-\w+\.scope$/m,
  );
}

/** The API answers at the address of its Service, which kube-proxy leads to it. */
export async function assertServiceAnswers(cluster: TestCluster): Promise<void> {
  const { spec } = await cluster.get("service kubernetes");
  const code = await cluster.host("m1").sh(`curl -ks -o /dev/null -w '%{http_code}' https://${spec.clusterIP}/readyz`);
  assert.match(code, /^(200|401|403)$/);
}
