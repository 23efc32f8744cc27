import { addressText, range } from "../../../config/addresses.ts";

/** The ranges of one zone's subnets. */
export interface ZoneSubnets {
  zone: string;
  private: string;
  public: string;
}

/**
 * The subnets of the cluster's own VPC. Three quarters of its range are the private subnets of three zones, by their place in the list; the
 * last quarter holds the public ones. So a zone that is added at the end moves nothing.
 *
 * @param vpcCidr /16 to /24
 * @param zones at most 3
 */
export function subnetLayout(vpcCidr: string, zones: readonly string[]): ZoneSubnets[] {
  const { first, prefix } = range(vpcCidr);
  const part = (place: number, longer: number, from = first) =>
    `${addressText(from + BigInt(place * 2 ** (32 - prefix - longer)))}/${prefix + longer}`;
  const lastQuarter = first + BigInt(3 * 2 ** (32 - prefix - 2));
  return zones.map((zone, place) => ({ zone, private: part(place, 2), public: part(place, 4, lastQuarter) }));
}
