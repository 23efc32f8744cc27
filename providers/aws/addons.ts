import type { KubernetesObject } from "../../addons/addon.ts";
import { type AwsImageName, awsVersions, imageReference } from "../../artifacts/lock.ts";
import type { Cluster } from "../../config/schema.ts";
import { manifest } from "../../hosts/stages/addons/addons.ts";
import type { Infrastructure } from "../contract.ts";
import { clusterAutoscaler } from "./addons/autoscaler.ts";
import { cloudController } from "./addons/cloud-controller.ts";
import { ebsCsi } from "./addons/ebs-csi.ts";

export interface AwsAddonsArgs {
  cluster: Cluster;
  region: string;
  /** Key for volumes, by default AWS's own for EBS. */
  kmsKey?: string;
}

/** What AWS adds to the cluster. The cloud controller always: kubelets wait for it. The autoscaler where a pool has something to scale. */
export function awsAddons({ cluster, region, kmsKey }: AwsAddonsArgs): Infrastructure["addons"] {
  const versions = awsVersions(cluster.kubernetesVersion);
  const image = (name: AwsImageName) => imageReference(name, versions[name]);
  const common = { cluster: cluster.name, region, replicas: Math.min(2, controlPlanes(cluster)) };
  const addons: { name: string; objects: KubernetesObject[] }[] = [
    {
      name: "aws-cloud-controller-manager",
      objects: cloudController({ cluster: cluster.name, image: image("aws-cloud-controller-manager") }),
    },
  ];
  if (cluster.addons.ebsCsi) {
    const images = {
      driver: image("aws-ebs-csi-driver"),
      provisioner: image("csi-provisioner"),
      attacher: image("csi-attacher"),
      resizer: image("csi-resizer"),
      registrar: image("csi-node-driver-registrar"),
      livenessProbe: image("livenessprobe"),
    };
    addons.push({ name: "aws-ebs-csi-driver", objects: ebsCsi({ ...common, images, kmsKey }) });
  }
  if (Object.values(cluster.pools).some(({ autoscaling }) => autoscaling !== undefined)) {
    addons.push({ name: "cluster-autoscaler", objects: clusterAutoscaler({ ...common, image: image("cluster-autoscaler") }) });
  }
  return addons.map(({ name, objects }) => ({ name, manifest: manifest(objects) }));
}

const controlPlanes = ({ hosts }: Cluster) =>
  Object.values(hosts).filter(({ roles, lost }) => roles.includes("control-plane") && !lost).length;
