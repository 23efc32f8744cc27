import { type KubernetesObject, labels } from "../addon.ts";

/** The annotations of the class of claims that name none. A rule of the config lets one class have them. */
export const defaultClass = (is: boolean): { annotations?: Record<string, string> } =>
  is ? { annotations: { "storageclass.kubernetes.io/is-default-class": "true" } } : {};

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
    annotations: { ...annotations, ...defaultClass(isDefault).annotations },
  },
  provisioner,
  reclaimPolicy: "Delete",
  ...fields,
});
