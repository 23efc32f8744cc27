import type { MachineRole } from "./config/machines.ts";
import type { AwsCluster } from "./config/schema.ts";
import {
  autoscalerStatements,
  backupStatements,
  cloudControllerStatements,
  ebsCsiStatements,
  joinWriterStatements,
  type Statement,
} from "./policies.ts";

/**
 * What instances of a role may do in the account. Workers nothing: what needs a credential of AWS runs on control planes, in the
 * host's network, because instances answer no one who is further away.
 */
export function roleStatements(role: MachineRole, cluster: AwsCluster, region: string): Statement[] {
  const scope = { cluster: cluster.name, region };
  const { copyToS3 } = cluster.etcd.backup;
  const scaled = Object.keys(cluster.pools).filter((name) => cluster.pools[name]?.autoscaling !== undefined);
  const hasEtcd = Object.values(cluster.hosts).some(
    ({ roles }) => roles.includes("etcd") && roles.includes("control-plane") === (role === "control-plane"),
  );
  const backup = role !== "worker" && hasEtcd && copyToS3 !== undefined && copyToS3.endpoint === undefined;
  return [
    ...(role === "control-plane"
      ? [
          ...cloudControllerStatements(scope),
          ...(cluster.addons.ebsCsi ? ebsCsiStatements({ ...scope, kmsKey: cluster.aws?.kmsKey }) : []),
          ...(scaled.length > 0 ? autoscalerStatements(scope) : []),
          ...joinWriterStatements(scope, scaled),
        ]
      : []),
    ...(backup ? backupStatements({ ...scope, region: copyToS3.region }, copyToS3) : []),
  ];
}
