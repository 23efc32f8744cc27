import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import type { Generations } from "../config/authorities.ts";
import type { Cluster } from "../config/schema.ts";
import { childNames } from "./cluster-part.ts";

/** A key and the certificate that names it, both PEM. */
export interface Leaf {
  key: pulumi.Output<string>;
  certificate: pulumi.Output<string>;
  validUntil: pulumi.Output<string>;
}

/** An authority: the generation that issues certificates, and all the generations that are trusted. */
export interface Authority extends Leaf {
  /** Certificates of all generations that are trusted, the oldest first, PEM. At rest the same as `certificate`. */
  trusted: pulumi.Output<string>;
  /** When each trusted generation ends, by its name in the state. */
  ends: Record<string, pulumi.Output<string>>;
}

export interface LeafArgs {
  /** The subject's common name: for a client, the user that a server knows it as. */
  commonName: string;
  /** The subject's organization: for a client of the API, its group. Default: none. */
  organization?: string;
  /** DNS names that a server answers to. Default: none. */
  dnsNames?: string[];
  /** IP addresses that a server answers at. Default: none. */
  ipAddresses?: pulumi.Input<string>[];
  /** Extended key usages as @pulumi/tls names them: server_auth, client_auth or both. */
  uses: string[];
}

export interface ClusterPkiArgs {
  /** Periods of certificates, and the generations of each authority: `certificates` of the cluster's config. */
  certificates: Cluster["certificates"];
}

/** Authorities by the name that their first generation has in the state. */
const authorityKeys = { kubernetes: "kubernetes", "front-proxy": "frontProxy", etcd: "etcd" } as const;
type AuthorityName = keyof typeof authorityKeys;

/**
 * The cluster's authorities, the service-account key and every leaf that kubeadm does not make itself. All keys are ECDSA P-256.
 * Leaves are renewed by a plain `up` inside their window; authorities never are: they are replaced by another generation, step by step.
 */
export class ClusterPki extends pulumi.ComponentResource {
  /** The key that signs tokens, and the public keys of all generations by which tokens are accepted, the oldest first. */
  readonly serviceAccount: { key: pulumi.Output<string>; publicKeys: pulumi.Output<string[]> };
  /** Ends of the authorities' certificates, by their names in the state. */
  readonly validUntil: Readonly<Record<string, pulumi.Output<string>>>;
  private readonly names = new Set<string>();
  private readonly authorities: Record<AuthorityName, Authority>;
  private readonly childName: (child: string) => string;
  private readonly periods: Cluster["certificates"];

  constructor(name: string, args: ClusterPkiArgs, options?: pulumi.ComponentResourceOptions) {
    super("ha-kubernetes:index:ClusterPki", name, {}, options);
    this.childName = childNames(name, "pki");
    this.periods = args.certificates;
    const generations = args.certificates.authorities;
    const create = (authority: AuthorityName) => this.createAuthority(authority, generations[authorityKeys[authority]]);
    this.authorities = { kubernetes: create("kubernetes"), "front-proxy": create("front-proxy"), etcd: create("etcd") };
    const { trust, issue } = generations.serviceAccount;
    const keys = trust.map((generation) => this.createKey(ofGeneration("service-account", generation)));
    this.serviceAccount = {
      key: chosen(keys, trust.indexOf(issue)).privateKeyPem,
      publicKeys: pulumi.all(keys.map((key) => key.publicKeyPem)),
    };
    this.validUntil = Object.assign({}, ...Object.values(this.authorities).map(({ ends }) => ends));
    this.registerOutputs({ validUntil: this.validUntil });
  }

  /** An authority's certificate and key, and the certificates that are trusted beside it. */
  authority(name: AuthorityName): Authority {
    return this.authorities[name];
  }

  /** Makes an authority that nothing of the cluster trusts. The resources in the state have the name. */
  separateAuthority(name: string): Leaf {
    return this.createGeneration(name);
  }

  /**
   * Makes a leaf under an authority. The resources in the state have the name.
   *
   * @throws pulumi.RunError where this PKI has a key of that name
   */
  leaf(name: string, authority: AuthorityName | Leaf, args: LeafArgs): Leaf {
    const key = this.createKey(name);
    const request = new tls.CertRequest(
      this.childName(name),
      {
        privateKeyPem: key.privateKeyPem,
        subject: { commonName: args.commonName, ...(args.organization && { organization: args.organization }) },
        dnsNames: args.dnsNames,
        ipAddresses: args.ipAddresses,
      },
      { parent: this },
    );
    const { key: caKey, certificate: caCertificate } = typeof authority === "string" ? this.authorities[authority] : authority;
    const certificate = new tls.LocallySignedCert(
      this.childName(name),
      {
        certRequestPem: request.certRequestPem,
        caPrivateKeyPem: caKey,
        caCertPem: caCertificate,
        validityPeriodHours: this.periods.leafValidityHours,
        earlyRenewalHours: this.periods.renewBeforeHours,
        allowedUses: ["digital_signature", "key_encipherment", ...args.uses],
      },
      { parent: this },
    );
    return { key: key.privateKeyPem, certificate: certificate.certPem, validUntil: certificate.validityEndTime };
  }

  private createAuthority(name: AuthorityName, { trust, issue }: Generations): Authority {
    const all = trust.map((generation) => ({ generation, ...this.createGeneration(ofGeneration(`${name}-ca`, generation)) }));
    const { key, certificate, validUntil } = chosen(all, trust.indexOf(issue));
    const trusted = pulumi.all(all.map((it) => it.certificate)).apply((certificates) => certificates.join(""));
    const ends = Object.fromEntries(all.map((it) => [ofGeneration(`${name}-ca`, it.generation), it.validUntil]));
    return { key, certificate, validUntil, trusted, ends };
  }

  private createGeneration(name: string): Leaf {
    const key = this.createKey(name);
    const certificate = new tls.SelfSignedCert(
      this.childName(name),
      {
        privateKeyPem: key.privateKeyPem,
        // Another name for each generation: who looks for a certificate's issuer finds the right one at once.
        subject: { commonName: name },
        isCaCertificate: true,
        validityPeriodHours: this.periods.authorityValidityHours,
        // A renewed authority would break trust at once. Its replacement is a procedure of its own.
        earlyRenewalHours: 0,
        allowedUses: ["cert_signing", "crl_signing", "digital_signature", "key_encipherment"],
      },
      { parent: this },
    );
    return { key: key.privateKeyPem, certificate: certificate.certPem, validUntil: certificate.validityEndTime };
  }

  private createKey(name: string): tls.PrivateKey {
    if (this.names.has(name)) throw new pulumi.RunError(`two keys would be called ${this.childName(name)}: rename a host`);
    this.names.add(name);
    return new tls.PrivateKey(this.childName(name), { algorithm: "ECDSA", ecdsaCurve: "P256" }, { parent: this });
  }
}

/** Names are API: the first generation has the plain one. */
const ofGeneration = (name: string, generation: number): string => (generation === 1 ? name : `${name}-${generation}`);

function chosen<T>(all: readonly T[], index: number): T {
  const one = all[index];
  if (one === undefined) throw new Error("an authority issues from a generation that it does not trust");
  return one;
}
