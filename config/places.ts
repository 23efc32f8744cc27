import { X509Certificate } from "node:crypto";
import { domainToUnicode } from "node:url";
import { z } from "zod";
import { holdsPrivateKey } from "./problems.ts";
import { absolutePath } from "./values.ts";

// Kinds of values for what hosts fetch from: registries, mirrors and proxies, and the certificates that these show.

const portPart = "(:([1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5]))?";
const byte = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
// URLs take a name whose last label is a number for an address, and most readers of URLs refuse one that is none.
const hostPart = (letters: string) => {
  const label = `[${letters}0-9]([${letters}0-9-]{0,61}[${letters}0-9])?`;
  return `(${byte}(\\.${byte}){3}|(${label}\\.)*(?!(\\d+|0[xX][0-9A-Fa-f]*)(?![A-Za-z0-9-]))${label})`;
};
const registryPart = `${hostPart("a-z")}${portPart}`;

/** Whether readers of URLs take a host: some refuse a label in Punycode that is none. */
function isHost(host: string): boolean {
  const url = `https://${host}`;
  return URL.canParse(url) && !domainToUnicode(new URL(url).hostname).includes("xn--");
}

/** A text that a pattern describes and that begins with a host, perhaps after http:// or https://. */
const place = (pattern: RegExp, error: string) =>
  z
    .string({ error })
    .regex(pattern, { error, abort: true })
    .refine((text) => isHost(text.replace(/^https?:\/\//, "").replace(/\/.*/, "")), { error });

/** A container registry: host, perhaps with a port. */
export const registry = place(new RegExp(`^${registryPart}$`), "a registry such as docker.io or registry.example.com:5000");

/** A container registry, or `*` for every other one. */
export const registryOrAll = place(
  new RegExp(`^(\\*|${registryPart})$`),
  'a registry such as docker.io or registry.example.com:5000, or "*"',
);

/**
 * A repository of images: a registry and a path in it. A name without a dot or port would be taken for a path of docker.io, as
 * the reference grammar of the distribution project has it.
 */
export const imageRepository = place(
  new RegExp(`^(?=[^/]*[.:]|localhost(/|$))${registryPart}(/[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*)*$`),
  "a registry and a path in it such as registry.example.com/kubernetes, in lower case, without https:// or a tag",
);

const pinnedAllowed =
  "an image with its registry, tag and digest, such as ghcr.io/stefanprodan/podinfo:6.7.1@sha256:… with 64 digits";
/** An image by its full name, tag and digest. */
export const pinnedImage = place(
  new RegExp(
    `^(?=[^/]*[.:]|localhost/)${registryPart}(/[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*)+:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}@sha256:[0-9a-f]{64}$`,
  ),
  pinnedAllowed,
);

const urlPart = `https?://${hostPart("A-Za-z")}${portPart}`;

/** An http or https URL without user, password, query or fragment. */
export const httpUrl = place(
  new RegExp(`^${urlPart}(/([A-Za-z0-9._~+:=,-]|%[0-9A-Fa-f]{2})+)*/?$`),
  "an http or https URL such as https://mirror.example.com, without user, password or query",
);

/** A proxy's URL. Its login is a secret of the stack. */
export const proxyUrl = place(
  new RegExp(`^${urlPart}/?$`),
  "the URL of a proxy such as http://proxy.example.com:3128, without user, password (the secret proxyLogin) or path",
);

const exceptionAllowed =
  "a domain such as .example.com, a host such as git.example.com or git.example.com:8443, an IPv4 address or a range such as 10.0.0.0/8";
const isNamed = new RegExp(`^\\.?${registryPart}$`);
const isException = (text: string) =>
  text.includes("/") ? z.cidrv4().safeParse(text).success : isNamed.test(text) && isHost(text.replace(/^\./, ""));
/** What a proxy is not asked for, as Go's httpproxy and curl read it: a range matches only what a URL names by its address. */
export const proxyException = z.string({ error: exceptionAllowed }).refine(isException, { error: exceptionAllowed });

const certificatesAllowed = "PEM text of one or more certificates, or the absolute path of a file that every host has";
/** Whether a text is PEM, and not the path of a file. */
export const isPem = (text: string): boolean => text.includes("-----BEGIN CERTIFICATE-----");

/** Certificates of authorities: PEM, or the path of a file with them on every host. */
export const authorityCertificates = z
  .string({ error: certificatesAllowed })
  .refine((text) => (isPem(text) ? areCertificates(text) : absolutePath.safeParse(text).success), {
    error: certificatesAllowed,
  });

function areCertificates(text: string): boolean {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0 || holdsPrivateKey(text)) return false;
  try {
    for (const block of blocks) new X509Certificate(block);
    return true;
  } catch {
    return false;
  }
}
