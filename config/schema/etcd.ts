import { z } from "zod";
import { absolutePath, dnsLabel, oneOf, onOff, sha256, snapshotPlace, switchOn, whole } from "../values.ts";
import { backupSchema } from "./backup.ts";
import { extraArgs } from "./component.ts";

/** A restore of all of etcd. */
const restoreSchema = z
  .strictObject({
    id: dnsLabel.describe("A word of your own for this restore, such as its date. Each host restores once for each word."),
    snapshot: snapshotPlace.describe(
      "The snapshot: a path that every etcd host has, or a file's name, looked for in etcd.backup's directories, on its SSH target and in its bucket.",
    ),
    sha256: sha256.describe("SHA-256 of the snapshot, as the file beside it ending in .facts has it. Each host checks it."),
    replaceHealthyCluster: onOff
      .default(false)
      .describe(
        "true: restore although etcd is healthy. Everything written since the snapshot is lost. By default that is refused.",
      ),
  })
  .optional()
  .describe("Restore all of etcd from one snapshot, with the members of today. Take it out after the `up`. By default none.");

/** The etcd cluster. */
export const etcdSchema = z
  .strictObject({
    dataDirectory: absolutePath
      .default("/var/lib/etcd")
      .describe("Where the members keep their data: a directory of its own, empty or not there before the first up."),
    quotaMebibytes: whole(512, 8192)
      .default(2048)
      .describe("etcd's space quota. 2048 is etcd's default, 8192 its advised maximum."),
    defragmentation: z
      .strictObject({
        enabled: switchOn(
          "Look every hour whether a member's database file is worth defragmenting, and do so, one member at a time.",
        ),
        unusedPercent: whole(10, 90)
          .default(45)
          .describe(
            "From this part of the file on that is unused. 45 is what OpenShift's operator takes. From three quarters of the quota on, 10 is enough; below 100 MiB nothing is done.",
          ),
      })
      .prefault({})
      .describe("Giving back what the database file no longer uses: by itself the file only grows."),
    metrics: oneOf(["loopback", "nodes"])
      .default("loopback")
      .describe(
        "Who may read etcd's metrics, http://<address>:2381/metrics: the host alone, or nodeCidrs and pods, too. They are plain HTTP and hold no keys or values. With addons.monitoring: the latter.",
      ),
    heartbeatMilliseconds: whole(10, 5000)
      .default(100)
      .describe("Heartbeat interval; about the round trip between members. etcd's default."),
    electionMilliseconds: whole(50, 50000)
      .default(1000)
      .describe("Election timeout; at least 5 times the heartbeat. etcd's default."),
    extraArgs: extraArgs("etcd"),
    throwAway: onOff
      .default(false)
      .describe(
        "true: allow a single etcd member, control plane or balancer, with which the cluster is lost or unreachable. Only for stacks that may be lost.",
      ),
    backup: backupSchema,
    restoreFrom: restoreSchema,
  })
  .prefault({})
  .describe("The etcd cluster: 3 or 5 hosts of role etcd.");
