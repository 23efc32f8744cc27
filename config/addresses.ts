// IPv4 arithmetic. Addresses are numbers from 0 to 2^32 - 1; only / and % are used on them, because bit operations are signed.

/** An address or name as it stands in a URL: an IPv6 address in brackets. */
export const urlHost = (address: string): string => (address.includes(":") ? `[${address}]` : address);

/** `address:port`, and `[address]:port` of an IPv6 address. In scripts `host_port` of hosts/lib/common.sh writes the same. */
export const hostPort = (address: string, port: number | string): string => `${urlHost(address)}:${port}`;

/** A range of addresses, both ends in it. */
export interface Range {
  /** As it was written. */
  text: string;
  first: number;
  last: number;
  /** Length of the network part, 0 to 32. */
  prefix: number;
}

/** An address as a number. The text must be a valid IPv4 address. */
export function addressNumber(text: string): number {
  return text.split(".").reduce((number, byte) => number * 256 + Number(byte), 0);
}

/** A number as an address. */
export function addressText(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
}

/** The range that a CIDR names, whatever its host part is. The text must be a valid IPv4 CIDR. */
export function range(text: string): Range {
  const [address = "", length = ""] = text.split("/");
  const prefix = Number(length);
  const size = 2 ** (32 - prefix);
  const first = Math.floor(addressNumber(address) / size) * size;
  return { text, first, last: first + size - 1, prefix };
}

/** The address of the cluster's DNS, where pods send their look-ups: the 10th of the Services' range. */
export const dnsAddress = (serviceCidr: string): string => addressText(range(serviceCidr).first + 10);

/** The CIDR of a range with a host part of zero. */
export function canonical(text: string): string {
  const { first, prefix } = range(text);
  return `${addressText(first)}/${prefix}`;
}

/** Whether an address is in a range. */
export function contains(outer: Range, address: number): boolean {
  return outer.first <= address && address <= outer.last;
}

/** Whether two ranges share an address. */
export function overlap(a: Range, b: Range): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/** Whether a range lies in another. */
export function inside(inner: Range, outer: Range): boolean {
  return outer.first <= inner.first && inner.last <= outer.last;
}

/** Ranges that no host, pod or Service can be in (RFC 6890); a kubelet refuses such an address for its Node. */
const specialRanges: readonly [range: Range, what: string][] = [
  [range("0.0.0.0/8"), "this very host"],
  [range("127.0.0.0/8"), "loopback"],
  [range("169.254.0.0/16"), "link-local"],
  [range("224.0.0.0/4"), "multicast"],
  [range("255.255.255.255/32"), "broadcast"],
];

/** What a special address or range is, such as loopback; undefined for one that hosts can have. */
export function special(text: string): string | undefined {
  const given = range(text.includes("/") ? text : `${text}/32`);
  return specialRanges.find(([reserved]) => inside(given, reserved))?.[1];
}

/** Whether a text is an IPv4 address. */
export const isAddress = (text: string): boolean =>
  /^\d{1,3}(\.\d{1,3}){3}$/.test(text) && text.split(".").every((byte) => Number(byte) < 256);
