import assert from "node:assert/strict";
import { test } from "node:test";
import { withScripts } from "../../../bash.ts";

// What the distribution's own updates must leave to maintenance.

const held = (settings: string) =>
  withScripts(["stages/prepare/system/lib-updates.sh"], `${settings}; held_upgrades | grep -E 'Reboot|"[a-z]+[$]"' | tr -d ' '`);

test("no host reboots by itself, and balancers' packages are not upgraded, those of a node's own balancer among them", async () => {
  const reboot = 'Unattended-Upgrade::Automatic-Reboot"false";';
  assert.equal(await held('PACKAGES="curl socat"'), reboot);
  const balancer = [reboot, '"frr$";', '"haproxy$";', '"keepalived$";', '"nginx$";'].join("\n");
  assert.equal(await held('PACKAGES="curl haproxy keepalived socat"'), balancer);
  assert.equal(await held('PACKAGES="curl haproxy"'), balancer);
  assert.equal(await held('PACKAGES="libnginx-mod-stream nginx"'), balancer);
});
