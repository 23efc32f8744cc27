import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { hostPort } from "../config/addresses.ts";
import type { Infrastructure } from "../providers/contract.ts";
import type { ClusterPki } from "./cluster-pki.ts";

type Endpoint = Pick<Infrastructure["endpoint"], "address" | "port" | "outside">;

/** The API's URL for those outside the nodes. */
export function endpointUrl(endpoint: Endpoint): pulumi.Output<string> {
  const { address, port } = endpoint.outside ?? endpoint;
  return pulumi.output(address).apply((host) => `https://${hostPort(host, port)}`);
}

/**
 * A kubeconfig for the operator, in the group kubeadm:cluster-admins. It has the API's address rather than its name, which only
 * nodes know. Makes a client certificate.
 */
export function adminKubeconfig(args: {
  pki: Pick<ClusterPki, "authority" | "leaf">;
  /** The cluster's name. */
  name: string;
  /** Where clients find the API. */
  endpoint: Endpoint;
}): pulumi.Output<string> {
  const { name, pki } = args;
  const endpoint = args.endpoint.outside ?? args.endpoint;
  const { key, certificate } = pki.leaf("admin", "kubernetes", {
    commonName: `${name}-admin`,
    organization: "kubeadm:cluster-admins",
    uses: ["client_auth"],
  });
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  return pulumi.secret(
    pulumi
      .all([endpoint.address, pki.authority("kubernetes").trusted, certificate, key])
      .apply(([address, authority, certificate, key]) =>
        stringify({
          apiVersion: "v1",
          kind: "Config",
          clusters: [
            {
              name,
              cluster: {
                server: `https://${hostPort(address, endpoint.port)}`,
                "certificate-authority-data": base64(authority),
              },
            },
          ],
          users: [{ name: "admin", user: { "client-certificate-data": base64(certificate), "client-key-data": base64(key) } }],
          contexts: [{ name, context: { cluster: name, user: "admin" } }],
          "current-context": name,
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
  return pulumi.output(
    Object.fromEntries([...Object.entries(pki.validUntil), ...named("etcd", etcd), ...named("control-plane", controlPlane)]),
  );
}
