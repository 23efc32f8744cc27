/**
 * What a provider does, as far as rules and hosts must know. Rules ask these and never a provider's name, so that another provider changes
 * none of them.
 */
export interface ProviderTraits {
  /** It makes the hosts, and how they are reached. Otherwise the config says where existing hosts are, and `ssh` how they are reached. */
  createsHosts: boolean;
  /** It picks the addresses of hosts that have none in the config. */
  givesAddresses: boolean;
  /** It gives hosts a device for etcd's data by itself, or has none to give; otherwise `dataDevice` may name one. */
  ownsDevices: boolean;
  /** All hosts are in one network that it makes. Its own rules say which addresses are in there. */
  ownsNetwork: boolean;
  /** It has a balancer in front of the apiservers. The program builds none, and the API does not move. */
  ownsEndpoint: boolean;
  /** The networks and balancers that it makes have no IPv6. Default: false. */
  ipv4Only?: boolean;
  /** It makes and sizes the workers of pools with `autoscaling`. */
  scalesPools: boolean;
  /** The StorageClass that its own volumes get, with `addons.ebsCsi`. Default: it has no volumes. */
  storageClass?: string;
  /** Annotations by which it makes a balancer of its usual kind for a Service. Default: none. */
  balancerAnnotations?: Readonly<Record<string, string>>;
  /** It has a bucket of its own for copies of etcd's snapshots. */
  ownsBackupBucket: boolean;
  /** It makes the artifacts that hosts take, whatever `artifacts` says. */
  makesArtifacts: boolean;
}
