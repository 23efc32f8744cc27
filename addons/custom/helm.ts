/** The Helm that renders charts: its official file (get.helm.sh), and how it is built where that can't be had. */
export const helm = {
  version: "4.3.0",
  url: "https://get.helm.sh/helm-v4.3.0-linux-{architecture}.tar.gz",
  /** As Helm publishes them beside the files. */
  sha256: {
    amd64: "86584a54def73570558f66f5111cc53dfed56689637ae32c1201205d494f54fb",
    arm64: "31c5794dd55c66a51e6b7d2e2ac7a114ae8b1de41ff1d9ba51748ac973b06a08",
  },
  package: "helm.sh/helm/v4/cmd/helm",
} as const;
