import assert from "node:assert/strict";
import { test } from "node:test";
import { preparationOf } from "../../../config/preparation.ts";
import { clusterFrom, metal } from "../../harness/samples.ts";

test("a host's mapping changes the keys that it gives, and leaves the others as the cluster has them", () => {
  const config = metal();
  config.hostPreparation = {
    firewall: { policy: "drop", nodePorts: "nodes", allow: [{ port: 80 }] },
    journal: { maxUse: "10G", retention: "2week" },
    hugePages: { "2Mi": 64 },
  };
  config.hosts.w1.hostPreparation = {
    firewall: { allow: [{ port: 9100 }] },
    journal: { maxFileSize: "200M" },
    hugePages: { "1Gi": 2 },
  };
  config.hosts.w2.hostPreparation = { firewall: true };
  const cluster = clusterFrom(config);
  const { firewall, journal, hugePages } = preparationOf(cluster, "w1");
  const allow = [{ port: 9100, protocol: "tcp", from: [] }];
  assert.deepEqual(firewall, { enabled: true, policy: "drop", nodePorts: "nodes", allow });
  assert.deepEqual(journal, { maxUse: "10G", maxFileSize: "200M", retention: "2week", storage: "auto", compress: true });
  assert.deepEqual(hugePages, { "2Mi": 64, "1Gi": 2 });
  assert.deepEqual(preparationOf(cluster, "w2").firewall, cluster.hostPreparation.firewall);
});
