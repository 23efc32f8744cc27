import { isIPv4, isIPv6 } from "node:net";
import { z } from "zod";
import { plainText } from "./addresses.ts";
import { hostKeyFault, hostKeyLine } from "./keys.ts";

// The kinds of values a config holds. Each says in words what it allows, because the user reads that sentence when a
// value is wrong. Texts end up in scripts and config files of other programs, so each kind admits only harmless ones.
// A bound without a source beside it only catches slips of the pen.

/** A text that a pattern describes. `allowed` is the sentence that a user reads where it does not fit. */
export const matching = (pattern: RegExp, allowed: string) => z.string({ error: allowed }).regex(pattern, { error: allowed });

/** One label of a DNS name: cluster and pool names. 32 characters keep every name made from two of them below the 63 of DNS. */
export const dnsLabel = matching(
  /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/,
  "a DNS label: 1 to 32 lower-case letters, digits and inner hyphens",
);

/**
 * A host's name: one DNS label or several, as RFC 1123 has them. 63 characters in all, because the kubelet writes it into the label
 * kubernetes.io/hostname, and Linux takes 64.
 */
export const hostName = matching(
  /^(?=.{1,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/,
  "a DNS name of at most 63 lower-case letters, digits, inner hyphens and dots, such as w1 or w1.example.com",
);

/** A domain name of one or more labels, lower case. */
export const domainName = matching(
  /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/,
  "a domain name such as cluster.local, in lower case",
);

/** A domain name of two or more labels. */
export const qualifiedName = matching(
  /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/,
  "a domain name of two or more parts such as api.dev.internal, in lower case",
);

const addressAllowed = "an IPv4 or IPv6 address such as 10.77.0.10 or fd00:77::10";
/** One address, IPv6 in its short form. */
export const ipAddress = z
  .union([z.ipv4({ error: addressAllowed }), z.ipv6({ error: addressAllowed })], { error: addressAllowed })
  .transform(plainText);

/** An IPv4 address, where there can be no other. */
export const ipv4 = z.ipv4({ error: "an IPv4 address such as 10.77.0.10" });

/** An IPv4 range, where there can be no other. */
export const ipv4Range = z.cidrv4({ error: "an IPv4 range such as 10.77.0.0/24" });

const rangeAllowed = "an IPv4 or IPv6 range such as 10.77.0.0/24 or fd00:77::/64";
/** A range. That its host part is zero is a rule, because the cure names the range that was meant. */
export const cidr = z
  .union([z.cidrv4({ error: rangeAllowed }), z.cidrv6({ error: rangeAllowed })], { error: rangeAllowed })
  .transform(plainText);

/** One of these, or a list with one of each address family, the primary one first. It becomes a text with a comma, as Kubernetes has them. */
const ofFamilies = (one: z.ZodType<string, string>, allowed: string) => {
  const error = `${allowed}; for dual stack a list of two, one of each family`;
  return z.union([one, z.array(one).min(1).max(2)], { error }).transform((written) => [written].flat().join(","));
};

/** An address, or one of each family. */
export const ipAddresses = ofFamilies(ipAddress, addressAllowed);
/** A range, or one of each family. */
export const cidrs = ofFamilies(cidr, rangeAllowed);

/** Where NodePorts answer, as kube-proxy takes it. */
export const nodePortAddress = matching(
  new RegExp(`^(primary|${z.regexes.cidrv4.source.slice(1, -1)}|${z.regexes.cidrv6.source.slice(1, -1)})$`),
  "primary, or a range such as 10.77.0.0/24 or fd00:77::/64",
);

/** A released version. In YAML 1.36 is a number, hence the hint. */
export const version = matching(/^\d+\.\d+\.\d+$/, "a version of three numbers such as 1.36.3, without a leading v");

const pathAllowed = "an absolute path of letters, digits and . _ - + : = @ , ~ without . or .. as a part";
/**
 * An absolute path that needs no quoting in scripts, units and fstab: no blanks, quotes, `%` or `$`. Names below /dev/disk have + : = @ and
 * commas too. A slash at the end is taken off.
 */
export const absolutePath = z
  .string({ error: pathAllowed })
  .overwrite((path) => (path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path))
  .regex(/^(?!.*\/\.\.?(\/|$))(\/[A-Za-z0-9._+:=@,~-]+)+\/?$/, { error: pathAllowed });

/** A snapshot: a path on hosts, or the name of a file alone. */
export const snapshotPlace = matching(
  /^(?!.*(^|\/)\.\.?(\/|$))([A-Za-z0-9._-]+|(\/[A-Za-z0-9._+:=@,~-]+)+)$/,
  "an absolute path of letters, digits and . _ - + : = @ , ~, or a file's name of letters, digits and . _ -",
);

/** A SHA-256 in hex. */
export const sha256 = matching(/^[0-9a-f]{64}$/, "64 lower-case hex digits, as sha256sum prints them");

const placeAllowed = "a host name or an address alone; a port has a key of its own";
/** Whether a text whose last part is all digits is an address, as URLs and libraries read such a text. */
const isName = (text: string) => !/(^|\.)\d+$/.test(text) || isIPv4(text);
/** A host name or address as ssh takes it. */
export const hostNameOrAddress = z
  .string({ error: placeAllowed })
  .regex(
    /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$|^[0-9a-fA-F:]*:[0-9a-fA-F:.]*$/,
    {
      error: placeAllowed,
      abort: true,
    },
  )
  .refine((text) => (text.includes(":") ? isIPv6(text) : isName(text)), { error: placeAllowed });

const nameAllowed = "a domain name in lower case or an address, such as api.example.com";
/** A name or address for a certificate, as kubeadm takes it (ValidateCertSANs): lower case; the first label may be a wildcard. */
export const certificateName = z
  .union(
    [
      matching(/^(?=.{1,253}$)(\*\.)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/, nameAllowed),
      z.ipv6({ error: nameAllowed }),
    ],
    { error: nameAllowed },
  )
  .transform((name) => (isIPv6(name) ? plainText(name) : name));

/** An S3 bucket's name without dots, which the certificate of its https name does not cover. */
export const bucketName = matching(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/, "3 to 63 lower-case letters, digits and inner hyphens");

/** A region of S3. */
export const s3Region = matching(/^[a-z]{2,3}(-[a-z]+)+-\d$/, "a region such as eu-central-1");

/** Folder names parted by slashes, as the start of an object's key. */
export const keyPrefix = matching(
  /^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/,
  "names of letters, digits, _ and - parted by slashes, such as etcd/prod",
);

/** A login name. */
export const userName = matching(/^[A-Za-z_][A-Za-z0-9._-]{0,31}$/, "a login name such as root or ops");

/**
 * Who to log in as by SSH: a login name, or one of Active Directory as winbind and SSSD take it, with the domain before a backslash or
 * plus, or after an at sign.
 */
export const loginName = matching(
  /^(?=.{1,255}$)([A-Za-z0-9][A-Za-z0-9.-]*[\\+])?[A-Za-z0-9_][A-Za-z0-9._-]*\$?(@[A-Za-z0-9][A-Za-z0-9.-]*)?$/,
  "a login name such as root, ops, EXAMPLE\\ops or ops@example.com",
);

/** A Linux network interface; the kernel takes 15 characters. */
export const interfaceName = matching(
  /^(?!\.{1,2}$)(?!(lo|cni0|flannel(-v6)?\.1|flannel-wg(-v6)?|kube-ipvs0)$)[A-Za-z0-9._-]{1,15}$/,
  "a network interface of the host such as eth0, at most 15 characters; not lo or one of pods",
);

/** A host's public key, in one line: as its .pub file or ssh-keyscan has it. RSA keys prove themselves by SHA-2. */
export const hostKey = matching(
  hostKeyLine,
  "a public key line such as ssh-ed25519 AAAA…, as in the host's /etc/ssh/ssh_host_ed25519_key.pub",
).superRefine((line, context) => {
  const message = hostKeyFault(line);
  if (message !== undefined) context.addIssue({ code: "custom", message });
});

/** Any text of one line: a value that ends up in a file of another program. */
export const line = matching(/^[^\p{Cc}]*$/u, "text of one line");

/** A path on the machine that runs this program. */
export const localPath = matching(/^[^\p{Cc}]+$/u, "a path, absolute or from this project's folder");

/** A command-line argument's name. */
export const argumentName = matching(
  /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
  "an argument's name without the leading --, such as audit-log-path",
);

/** A sysctl, dotted or with slashes. */
export const sysctlName = matching(/^[a-z0-9_]+([./][A-Za-z0-9_-]+)+$/, "a sysctl such as net.core.somaxconn");

const labelPart = "[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?";
const subdomain = "[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*";
/** Key of a Node label or taint (Kubernetes' "qualified name": a DNS subdomain, a slash and a name). */
export const labelKey = matching(
  new RegExp(`^((?=[^/]{1,253}/)${subdomain}/)?${labelPart}$`),
  "a label key such as example.com/disk: a domain name before the slash, at most 63 characters after it",
);
/** Value of a Node label or taint. */
export const labelValue = matching(
  new RegExp(`^(${labelPart})?$`),
  "a label value: at most 63 letters, digits and inner . _ -, quoted where YAML reads a number or a truth value",
);

/** Processors, as Kubernetes writes them; 1024 at most, so that a slip of the pen stops no kubelet. */
export const processors = matching(
  /^(\d{1,3}|10[01]\d|102[0-4])(\.\d{1,3})?$|^\d{1,7}m$/,
  "an amount of processors such as 100m or 2",
);

/** An amount of bytes, as Kubernetes writes it. `m`, thousandths, is taken where Kubernetes takes it; a warning names it. */
export const bytes = matching(
  /^\d+(\.\d+)?(m|[kMGTPE]|[KMGTPE]i|[eE]\d{1,2})?$/,
  "an amount of bytes such as 512Mi or 1Gi, with Ki, Mi, Gi, Ti or k, M, G, T",
);

/** How many; Linux has at most 4194304 processes. */
export const count = matching(/^\d{1,7}$|^\d{1,4}k$/, "a whole number such as 1000");

/** A time zone of the tz database. */
export const timeZone = matching(/^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/, "a time zone such as UTC or Europe/Berlin");

/** A whole number between two bounds, both allowed. */
export const whole = (minimum: number, maximum: number) => {
  const error = `a whole number from ${minimum} to ${maximum}`;
  return z.int({ error }).min(minimum, { error }).max(maximum, { error });
};

/** A TCP or UDP port. */
export const port = whole(1, 65535);

/** One of a few words. */
export const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, { error: values.length === 1 ? `${values[0]}` : `one of ${values.join(", ")}` });

/** On or off. */
export const onOff = z.boolean({ error: "true or false" });

/** A switch that is on by default. */
export const switchOn = (what: string) => onOff.default(true).describe(what);
