import { type KubernetesObject, labels } from "../addon.ts";

/** A StorageClass of the set. Volumes are deleted with their claims unless `fields` say otherwise. */
export const storageClass = (
  name: string,
  provisioner: string,
  {
    isDefault,
    annotations = {},
    fields = {},
  }: { isDefault: boolean; annotations?: Readonly<Record<string, string>>; fields?: Readonly<Record<string, unknown>> },
): KubernetesObject => ({
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: {
    name,
    labels: labels(name),
    annotations: { ...annotations, ...(isDefault && { "storageclass.kubernetes.io/is-default-class": "true" }) },
  },
  provisioner,
  reclaimPolicy: "Delete",
  ...fields,
});
