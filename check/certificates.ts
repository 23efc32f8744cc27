import { X509Certificate } from "node:crypto";
import { type Finding, fail, ok, repair, warn } from "./finding.ts";
import { byFile, lines, type Observation } from "./observation.ts";
import type { Looked } from "./observe.ts";
import type { StateCertificate, WantedHost, WantedStack } from "./stack.ts";

// Certificates of the state and of the hosts' disks: serials and how long they last.

/** One certificate and where it is. */
export interface Certificate {
  /** Name in the state, or path on the host. */
  name: string;
  /** `state`, or the host's name. */
  place: string;
  serial: string;
  subject: string;
  /** ISO 8601. */
  validUntil: string;
  /** Days, rounded down; negative when it has ended. */
  daysLeft: number;
  /** What `up` or the kubelet does about its end, and when; or that another authority is to issue it. */
  state:
    | "valid"
    | "in its renewal window"
    | "expired"
    | "of an authority that no longer issues"
    | "of an authority that is not trusted";
  /** What to do where it is not valid. */
  cure: string;
}

const hour = 3_600_000;
/** kubelet asks for a new client certificate when 70 to 90 % of the old one's life are over. */
const kubeletRenews = 0.1;
const kubeletClient = "/var/lib/kubelet/pki/kubelet-client-current.pem";
const kubeletServing = "/var/lib/kubelet/pki/kubelet.crt";
/** Of the cluster's authority, where an add-on needs that. */
const signedServing = "/var/lib/kubelet/pki/kubelet-server-current.pem";

function describe(pem: string, name: string, place: string, windowHours: number, now: number, cure: string): Certificate {
  const certificate = new X509Certificate(pem);
  const end = certificate.validToDate.getTime();
  const state = end <= now ? "expired" : end - now <= windowHours * hour ? "in its renewal window" : "valid";
  return {
    name,
    place,
    serial: certificate.serialNumber,
    subject: certificate.subject.replaceAll("\n", ", "),
    validUntil: certificate.validToDate.toISOString(),
    daysLeft: Math.floor((end - now) / (24 * hour)),
    state,
    cure,
  };
}

const pemTexts = (text: string): string[] => text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];

const renewedByUp = "run up, which renews it on one host at a time";
const authorityCure = "an authority is never renewed by itself: rotate it, step by step, well before its end";

/** The state's certificates. `now`: milliseconds since 1970. */
function stateCertificates(all: readonly StateCertificate[], now: number): Certificate[] {
  return all.map(({ name, pem, renewBeforeHours }) =>
    describe(pem, name, "state", renewBeforeHours, now, renewBeforeHours > 0 ? renewedByUp : authorityCure),
  );
}

/** The state's authorities, and whether each is superseded. */
type Authorities = readonly { certificate: X509Certificate; superseded: boolean }[];

const authoritiesOf = ({ certificates }: WantedStack): Authorities =>
  certificates.flatMap(({ pem, superseded }) =>
    superseded === undefined ? [] : [{ certificate: new X509Certificate(pem), superseded }],
  );

/** A leaf on a host is to be of an authority that issues. */
function judged(described: Certificate, pem: string, authorities: Authorities): Certificate {
  const leaf = new X509Certificate(pem);
  if (leaf.ca || authorities.length === 0 || described.name === kubeletServing || described.state === "expired") return described;
  const issuer = authorities.find(({ certificate }) => leaf.checkIssued(certificate) && leaf.verify(certificate.publicKey));
  // A kubelet keeps the one that it serves with until its authority is no longer trusted.
  if (issuer?.superseded === false || (issuer !== undefined && described.name === signedServing)) return described;
  const state = issuer === undefined ? "of an authority that is not trusted" : "of an authority that no longer issues";
  return { ...described, state, cure: repair };
}

/** The certificates on a host's disk. Kubeadm's own are renewed with the host's etcd client leaf, so in the same window. */
function hostCertificates(stack: WantedStack, host: WantedHost, seen: Observation, now: number): Certificate[] {
  const authorities = authoritiesOf(stack);
  const windowHours = renewalWindow(stack);
  return [...byFile(lines(seen, "certificates"))].flatMap(([path, text]) =>
    pemTexts(text).map((pem) => judged(onDisk(host, path, pem, windowHours, now), pem, authorities)),
  );
}

function onDisk(host: WantedHost, path: string, pem: string, windowHours: number, now: number): Certificate {
  const certificate = new X509Certificate(pem);
  const life = (certificate.validToDate.getTime() - certificate.validFromDate.getTime()) / hour;
  // The kubelet's own certificates: it renews them itself.
  const ofKubelet = (cure: string) => describe(pem, path, host.name, life * kubeletRenews, now, cure);
  if (path === signedServing)
    return ofKubelet("see `journalctl -u kubelet` there, and `journalctl -u ha-kubernetes-serving` on the control planes");
  if (path === kubeletClient)
    return ofKubelet(
      `see \`journalctl -u kubelet\` there: it renews this one itself while it is valid; once it has ended, ${repair}`,
    );
  if (path === kubeletServing) return ofKubelet(repair);
  return describe(pem, path, host.name, certificate.ca ? 0 : windowHours, now, certificate.ca ? authorityCure : renewedByUp);
}

/** All certificates of a stack, those that end first at the top. */
export function allCertificates(stack: WantedStack, looked: readonly Looked[], now: number): Certificate[] {
  const onHosts = looked.flatMap((it) => ("seen" in it ? hostCertificates(stack, it.host, it.seen, now) : []));
  return [...stateCertificates(stack.certificates, now), ...onHosts].sort(
    (a, b) => Date.parse(a.validUntil) - Date.parse(b.validUntil) || `${a.place} ${a.name}`.localeCompare(`${b.place} ${b.name}`),
  );
}

/** Hours before their end from which leaves are renewed, as the config says. */
const renewalWindow = ({ certificates }: WantedStack): number =>
  Math.max(0, ...certificates.map(({ renewBeforeHours }) => renewBeforeHours));

/** Certificates on a host that end soon, and servers that still use another one than the file has. */
export function certificateFindings(stack: WantedStack, host: WantedHost, seen: Observation, now: number): Finding[] {
  const all = hostCertificates(stack, host, seen, now);
  const findings = all.flatMap(({ name, state, daysLeft, validUntil, cure }): Finding[] => {
    if (state === "valid") return [];
    if (state === "of an authority that is not trusted") return [fail(`certificate ${name}`, `is ${state}`, cure)];
    if (state === "of an authority that no longer issues") return [warn(`certificate ${name}`, `is ${state}`, cure)];
    if (state === "expired") return [fail(`certificate ${name}`, `has expired on ${validUntil}`, cure)];
    return [warn(`certificate ${name}`, `ends in ${daysLeft} days, on ${validUntil}`, cure)];
  });
  for (const [path, text] of byFile(lines(seen, "served"))) {
    const [pem] = pemTexts(text);
    const file = all.find(({ name }) => name === path);
    if (pem === undefined || file === undefined) continue;
    const { serialNumber } = new X509Certificate(pem);
    if (serialNumber === file.serial) continue;
    const found = `the file has serial ${file.serial}, but ${serialNumber} is served`;
    findings.push(
      warn(
        `certificate ${path}`,
        found,
        "look again in two minutes: servers reload it by themselves; if not, restart the server",
      ),
    );
  }
  if (findings.length > 0 || all.length === 0) return findings;
  return [ok("certificates", `${all.length} files, the first ends in ${Math.min(...all.map(({ daysLeft }) => daysLeft))} days`)];
}
