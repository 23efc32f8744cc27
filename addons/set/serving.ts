import { type KubernetesObject, labels } from "../addon.ts";

// Certificates of the cluster's authority for Services of the set. Objects are rendered before there are any, so they hold words in
// their place.

/** A certificate that an add-on serves with. */
export interface Serving {
  /** The Secret, of type kubernetes.io/tls, in the add-on's namespace. */
  secret: string;
  /** The Service whose name the certificate has. */
  service: string;
}

const words = { authority: "@AUTHORITY@", certificate: "@CERTIFICATE@", key: "@KEY@" } as const;

/** In place of what clients verify the certificate with: PEM in base64, as `caBundle` fields have it. */
export const AUTHORITY: string = words.authority;

/** The names of a Service inside the cluster. */
export const namesOf = (service: string, namespace: string): string[] => [
  `${service}.${namespace}.svc`,
  `${service}.${namespace}`,
  service,
];

/** The Secret of a certificate. */
export const servingSecret = (app: string, namespace: string, { secret }: Serving): KubernetesObject => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: secret, namespace, labels: labels(app) },
  type: "kubernetes.io/tls",
  data: { "tls.crt": words.certificate, "tls.key": words.key },
});

/** What the words stand for, PEM. */
export type ServingPair = Readonly<Record<keyof typeof words, string>>;

/** Objects with a certificate in the place of the words. */
export function withCertificate(objects: readonly KubernetesObject[], pair: ServingPair): KubernetesObject[] {
  const text = Object.entries(words).reduce(
    (json, [name, word]) => json.replaceAll(`"${word}"`, `"${Buffer.from(pair[name as keyof ServingPair]).toString("base64")}"`),
    JSON.stringify(objects),
  );
  return JSON.parse(text);
}
