import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import type { Cluster } from "../config/schema.ts";

/** A key and the certificate that names it, both PEM. */
export interface Leaf {
  key: pulumi.Output<string>;
  certificate: pulumi.Output<string>;
  validUntil: pulumi.Output<string>;
}

interface LeafArgs {
  commonName: string;
  organization?: string;
  dnsNames?: string[];
  ipAddresses?: pulumi.Input<string>[];
  uses: string[];
}

type AuthorityName = "kubernetes" | "front-proxy" | "etcd";

/**
 * The cluster's authorities, the service-account key and every leaf that kubeadm does not make itself. All keys are ECDSA P-256.
 * Leaves are renewed by a plain `up` inside their window; authorities never are.
 */
export class ClusterPki extends pulumi.ComponentResource {
  readonly serviceAccount: { key: pulumi.Output<string>; publicKey: pulumi.Output<string> };
  private readonly authorities: Record<AuthorityName, Leaf>;
  private readonly periods: Cluster["certificates"];

  constructor(name: string, args: { certificates: Cluster["certificates"] }, options?: pulumi.ComponentResourceOptions) {
    super("ha-kubernetes:index:ClusterPki", name, {}, options);
    this.periods = args.certificates;
    this.authorities = {
      kubernetes: this.createAuthority("kubernetes"),
      "front-proxy": this.createAuthority("front-proxy"),
      etcd: this.createAuthority("etcd"),
    };
    const key = this.createKey("service-account");
    this.serviceAccount = { key: key.privateKeyPem, publicKey: key.publicKeyPem };
    this.registerOutputs({});
  }

  /** An authority's certificate and key. */
  authority(name: AuthorityName): Leaf {
    return this.authorities[name];
  }

  /** A new leaf under an authority, named `name` in the state. */
  leaf(name: string, authority: AuthorityName, args: LeafArgs): Leaf {
    const key = this.createKey(name);
    const request = new tls.CertRequest(
      name,
      {
        privateKeyPem: key.privateKeyPem,
        subject: { commonName: args.commonName, ...(args.organization && { organization: args.organization }) },
        dnsNames: args.dnsNames,
        ipAddresses: args.ipAddresses,
      },
      { parent: this },
    );
    const { key: caKey, certificate: caCertificate } = this.authorities[authority];
    const certificate = new tls.LocallySignedCert(
      name,
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

  private createAuthority(name: AuthorityName): Leaf {
    const key = this.createKey(`${name}-ca`);
    const certificate = new tls.SelfSignedCert(
      `${name}-ca`,
      {
        privateKeyPem: key.privateKeyPem,
        subject: { commonName: `${name}-ca` },
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
    return new tls.PrivateKey(name, { algorithm: "ECDSA", ecdsaCurve: "P256" }, { parent: this });
  }
}
