import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { must } from "../../../../../harness/process.ts";
import { scratch } from "../../../../../harness/scratch.ts";

const hosts = new URL("../../../../../../hosts/", import.meta.url).pathname;
const folder = scratch();
const all = join(folder, "net/ipv4/conf/all");
mkdirSync(all, { recursive: true });

const sh = (script: string) =>
  must("bash", [
    "-c",
    `set -euo pipefail; STAGE_NAME=prepare HOST_NAME=m1 STAGE=${folder}
     . <(sed 's|/var/lib/ha-kubernetes|${folder}/home|; s|/run/ha-kubernetes|${folder}|g' ${hosts}lib/common.sh)
     . ${hosts}lib/files.sh; . ${hosts}lib/saved.sh; durable() { :; }; is_node() { true; }
     . <(sed 's|/proc/sys|${folder}|g' ${hosts}stages/prepare/system/lib-kernel.sh)
     ${script}`,
  ]);

test("undo gives back what kube-proxy sets by itself in modes iptables and ipvs, but for what has its own saved value", async () => {
  const write = (route: string, ignore: string) => {
    writeFileSync(join(all, "route_localnet"), `${route}\n`);
    writeFileSync(join(all, "arp_ignore"), `${ignore}\n`);
  };
  write("0", "0");
  await sh("KUBE_PROXY_MODE=nftables save_sysctls_of_proxy");
  write("1", "1");
  await sh("restore_sysctls_of_proxy");
  assert.equal(readFileSync(join(all, "route_localnet"), "utf8"), "1\n", "in mode nftables it sets none");
  write("0", "1");
  await sh("save sysctl-net+ipv4+conf+all+arp_ignore <<<0; KUBE_PROXY_MODE=iptables save_sysctls_of_proxy");
  write("1", "0");
  await sh("KUBE_PROXY_MODE=ipvs save_sysctls_of_proxy; restore_sysctls_of_proxy; restore_sysctls_of_proxy");
  assert.equal(readFileSync(join(all, "route_localnet"), "utf8"), "0\n");
  assert.equal(readFileSync(join(all, "arp_ignore"), "utf8"), "0\n", "as the program's own undo left it");
});
