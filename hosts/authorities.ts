// Authorities on hosts: at rest one certificate, during a rotation two, of which one issues.

/** An authority with its key, as those hosts have it that issue. */
export interface IssuingAuthority {
  certificate: string;
  key: string;
  /** Certificates of every generation that is trusted, the issuing one among them. */
  trusted: string;
}

/** All trusted certificates, the issuing one first: kubeadm takes the first as the one of the key beside it. */
export const issuingFirst = ({ certificate, trusted }: Omit<IssuingAuthority, "key">): string =>
  certificate + trusted.replace(certificate, "");
