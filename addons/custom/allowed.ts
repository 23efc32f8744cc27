import { isOwnNamespace } from "../../config/namespaces.ts";
import type { KubernetesObject } from "../addon.ts";

// What an add-on of the user's own may hold: no object of the program, none in its namespaces, and none twice.

/** An object's place in the API, whatever version of its kind a manifest names. */
export function placeOf({ apiVersion, kind, metadata: { name, namespace } }: KubernetesObject): string {
  const group = apiVersion.includes("/") ? `.${apiVersion.split("/")[0]}` : "";
  return [`${kind}${group}`, isClusterWide(kind) ? "" : (namespace ?? "default"), name].filter(Boolean).join("/");
}

/** Kinds of Kubernetes itself that are in no namespace. */
const clusterWide = new Set([
  ...[
    "APIService",
    "CSIDriver",
    "CSINode",
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "ClusterTrustBundle",
  ],
  ...["CustomResourceDefinition", "DeviceClass", "FlowSchema", "IPAddress", "IngressClass", "MutatingAdmissionPolicy"],
  ...["MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration", "Namespace", "Node", "PersistentVolume"],
  ...["PriorityClass", "PriorityLevelConfiguration", "ResourceSlice", "RuntimeClass", "ServiceCIDR", "StorageClass"],
  ...["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration", "VolumeAttachment"],
  "VolumeAttributesClass",
]);
export const isClusterWide = (kind: string): boolean => clusterWide.has(kind);

/** In kube-system, the rights to read what the API says of extensions (extension-apiserver-authentication-reader) and the like. */
const rights = ["Role", "RoleBinding"];

/** Why an object can't be an add-on's own; undefined where it can. */
export function refusalOf({ kind, metadata: { name, namespace } }: KubernetesObject): string | undefined {
  if (kind === "Namespace" && isOwnNamespace(name)) return "is a namespace of the cluster's own";
  if (namespace === undefined || isClusterWide(kind) || !isOwnNamespace(namespace)) return undefined;
  return namespace === "kube-system" && rights.includes(kind)
    ? undefined
    : `is in ${namespace}, where the cluster's own parts are`;
}
