// Arithmetic of IPv4 and IPv6 addresses, and how they are written.

/** An address family: IPv4 or IPv6. */
export type Family = 4 | 6;

/** The length of an address in bits. */
export const bitsOf: Readonly<Record<Family, number>> = { 4: 32, 6: 128 };

/** The family of an address or range. The text must be a valid one. */
export const familyOf = (text: string): Family => (text.includes(":") ? 6 : 4);

/** An address or name as it stands in a URL: an IPv6 address in brackets. */
export const urlHost = (address: string): string => (address.includes(":") ? `[${address}]` : address);

/** `address:port`, and `[address]:port` of an IPv6 address. In scripts `host_port` of hosts/lib/common.sh writes the same. */
export const hostPort = (address: string, port: number | string): string => `${urlHost(address)}:${port}`;

/** What a config key has for one family or for both: `network.podCidr` and its like are texts such as `10.244.0.0/16,fd00:10:244::/56`. */
export const listOf = (text: string): readonly string[] => text.split(",");

/** Those of these addresses or ranges that are of a family. */
export const ofFamily = (texts: readonly string[], family: Family): string[] => texts.filter((text) => familyOf(text) === family);

/** A range of addresses, both ends in it. */
export interface Range {
  /** As it was written. */
  text: string;
  family: Family;
  first: bigint;
  last: bigint;
  /** Length of the network part, 0 to 32 or 128. */
  prefix: number;
}

/** An IPv6 address as RFC 5952 writes it, and so as the kernel and Go do. The text must be a valid address. */
const shortened = (text: string): string => new URL(`http://[${text}]`).hostname.slice(1, -1);

/** An address as a number. The text must be a valid address. */
export function addressNumber(text: string): bigint {
  if (familyOf(text) === 4) return text.split(".").reduce((number, byte) => number * 256n + BigInt(byte), 0n);
  const [left = [], right = []] = shortened(text)
    .split("::")
    .map((half) => half.split(":").filter((group) => group !== ""));
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill("0"), ...right];
  return groups.reduce((number, group) => number * 65536n + BigInt(`0x${group}`), 0n);
}

/** The last byte of an address. */
export const lastByte = (text: string): number => Number(addressNumber(text) % 256n);

/** A number as an address of a family. */
export function addressText(number: bigint, family: Family = 4): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (number >> shift) % 256n).join(".");
  const groups = Array.from({ length: 8 }, (_, index) => ((number >> BigInt(16 * (7 - index))) % 65536n).toString(16));
  return shortened(groups.join(":"));
}

/** An address or a range as everybody writes it: IPv6 in lower case and short. */
export function plainText(text: string): string {
  const [address = "", length] = text.split("/");
  const plain = familyOf(address) === 6 ? shortened(address) : address;
  return length === undefined ? plain : `${plain}/${length}`;
}

/** The range that a CIDR names, whatever its host part is. The text must be a valid CIDR. */
export function range(text: string): Range {
  const [address = "", length = ""] = text.split("/");
  const family = familyOf(address);
  const prefix = Number(length);
  const size = 1n << BigInt(bitsOf[family] - prefix);
  const first = (addressNumber(address) / size) * size;
  return { text, family, first, last: first + size - 1n, prefix };
}

/** The addresses that `FIRST-LAST` or a CIDR names. Undefined where it names none: not two of one family in their order, or no CIDR. */
export function addressRange(text: string): Range | undefined {
  const [from = "", to] = text.split("-");
  if (to === undefined) {
    const [address = "", length = ""] = text.split("/");
    const isCidr = isAddress(address) && /^\d{1,3}$/.test(length) && Number(length) <= bitsOf[familyOf(address)];
    return isCidr ? range(text) : undefined;
  }
  if (!isAddress(from) || !isAddress(to) || familyOf(from) !== familyOf(to)) return undefined;
  const [first, last] = [addressNumber(from), addressNumber(to)];
  return first <= last ? { text, family: familyOf(from), first, last, prefix: bitsOf[familyOf(from)] } : undefined;
}

/** The address of the cluster's DNS, where pods send their look-ups: the 10th of the Services' range, of the first one of two. */
export const dnsAddress = (serviceCidr: string): string => dnsAddresses(serviceCidr)[0] as string;

/** The addresses of the cluster's DNS, one in each of the Services' ranges. */
export const dnsAddresses = (serviceCidr: string): string[] =>
  listOf(serviceCidr)
    .map(range)
    .map(({ first, family }) => addressText(first + 10n, family));

/** The CIDR of a range with a host part of zero. */
export function canonical(text: string): string {
  const { first, family, prefix } = range(text);
  return `${addressText(first, family)}/${prefix}`;
}

/** Whether an address is in a range. */
export function contains(outer: Range, address: string): boolean {
  if (familyOf(address) !== outer.family) return false;
  const number = addressNumber(address);
  return outer.first <= number && number <= outer.last;
}

/** Whether two ranges share an address. */
export function overlap(a: Range, b: Range): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

/** Whether a range lies in another. */
export function inside(inner: Range, outer: Range): boolean {
  return inner.family === outer.family && outer.first <= inner.first && inner.last <= outer.last;
}

/** Ranges that no host, pod or Service can be in (RFC 6890); a kubelet refuses such an address for its Node. */
const specialRanges: readonly [range: Range, what: string][] = [
  [range("0.0.0.0/8"), "this very host"],
  [range("127.0.0.0/8"), "loopback"],
  [range("169.254.0.0/16"), "link-local"],
  [range("224.0.0.0/4"), "multicast"],
  [range("255.255.255.255/32"), "broadcast"],
  [range("::/128"), "this very host"],
  [range("::1/128"), "loopback"],
  [range("::ffff:0:0/96"), "an IPv4 address in IPv6's form"],
  [range("fe80::/10"), "link-local"],
  [range("ff00::/8"), "multicast"],
];

/** What a special address or range is, such as loopback; undefined for one that hosts can have. */
export function special(text: string): string | undefined {
  const given = range(text.includes("/") ? text : `${text}/${bitsOf[familyOf(text)]}`);
  return specialRanges.find(([reserved]) => inside(given, reserved))?.[1];
}

/** Whether a text is an address. */
export const isAddress = (text: string): boolean =>
  text.includes(":")
    ? URL.canParse(`http://[${text}]`)
    : /^\d{1,3}(\.\d{1,3}){3}$/.test(text) && text.split(".").every((byte) => Number(byte) < 256);
