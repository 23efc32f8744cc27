import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { ClusterPki } from "./cluster-pki.ts";
import type { ClusterContext } from "./context.ts";

/** A kubeconfig for the operator: group kubeadm:cluster-admins, at the API's address rather than its name, which only nodes know. */
export function adminKubeconfig({ cluster, infrastructure, pki }: ClusterContext): pulumi.Output<string> {
  const { key, certificate } = pki.leaf("admin", "kubernetes", {
    commonName: `${cluster.name}-admin`,
    organization: "kubeadm:cluster-admins",
    uses: ["client_auth"],
  });
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  return pulumi.secret(
    pulumi
      .all([infrastructure.endpoint.address, pki.authority("kubernetes").trusted, certificate, key])
      .apply(([address, authority, certificate, key]) =>
        stringify({
          apiVersion: "v1",
          kind: "Config",
          clusters: [
            {
              name: cluster.name,
              cluster: {
                server: `https://${address}:${infrastructure.endpoint.port}`,
                "certificate-authority-data": base64(authority),
              },
            },
          ],
          users: [{ name: "admin", user: { "client-certificate-data": base64(certificate), "client-key-data": base64(key) } }],
          contexts: [{ name: cluster.name, context: { cluster: cluster.name, user: "admin" } }],
          "current-context": cluster.name,
        }),
      ),
  );
}

/** When certificates end, by name: those of the state, which kubeadm's own follow. */
export function certificateExpiry(
  pki: ClusterPki,
  etcd: Record<string, pulumi.Output<string>>,
  controlPlane: Record<string, pulumi.Output<string>>,
): pulumi.Output<Record<string, string>> {
  const named = (prefix: string, ends: Record<string, pulumi.Output<string>>) =>
    Object.entries(ends).map(([host, end]) => [`${prefix}-${host}`, end] as const);
  const authorities = (["kubernetes", "front-proxy", "etcd"] as const).flatMap((name) =>
    Object.entries(pki.authority(name).ends),
  );
  return pulumi.output(Object.fromEntries([...authorities, ...named("etcd", etcd), ...named("control-plane", controlPlane)]));
}
