import type { Monitoring } from "../../../config/schema/addons/monitoring.ts";
import type { KubernetesObject } from "../../addon.ts";
import { disruption, MAIN, NAMESPACE, operated, operatedPods, service, versionOf } from "./common.ts";

const name = "alertmanager";
const pods = { "app.kubernetes.io/name": name, [name]: MAIN };

/** Without a Secret of the user's, the operator writes a configuration in which nobody is told. */
export const alertmanager = (image: string, { alertmanager: { replicas, configSecret } }: Monitoring): KubernetesObject[] => [
  { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace: NAMESPACE }, automountServiceAccountToken: false },
  operated("Alertmanager", MAIN, {
    image,
    version: versionOf(image),
    replicas,
    serviceAccountName: name,
    automountServiceAccountToken: false,
    ...(configSecret !== undefined && { configSecret }),
    alertmanagerConfigSelector: {},
    ...operatedPods(pods),
    resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "256Mi" } },
  }),
  ...disruption(name, replicas, pods),
  service(name, 9093, pods),
];
