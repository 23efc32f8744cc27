import assert from "node:assert/strict";
import { test } from "node:test";
import { wantedHost } from "../check/healthy.ts";

test("every unit of the program that systemd starts again is started again without end, and not too fast", () => {
  const units = ["m1", "w1"].flatMap((name) =>
    wantedHost(name).files.filter(({ path, content }) => path.startsWith("/etc/systemd/system/") && /^Restart=/m.test(content)),
  );
  const names = units.map(({ path }) => path);
  for (const unit of ["etcd.service", "kubelet.service", "containerd.service", "haproxy.service.d/ha-kubernetes.conf"])
    assert.ok(names.includes(`/etc/systemd/system/${unit}`), unit);
  for (const { path, content } of units) {
    assert.match(content, /^\[Unit\]\n(?:.+\n)*StartLimitIntervalSec=0\n/, path);
    // A balancer's work can't wait for seconds.
    assert.match(content, /haproxy|keepalived/.test(path) ? /^RestartSec=200ms$/m : /^RestartSec=[2-5]$/m, path);
  }
});
