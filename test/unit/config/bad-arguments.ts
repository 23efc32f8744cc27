import { type Bad, bad } from "./samples.ts";

// Arguments of kube-apiserver.

/** Each with its exact message. */
const argument = (name: string, value: string, allowed: string): Bad =>
  bad(
    `kube-apiserver --${name}=${value}`,
    (c) => {
      c.api.extraArgs = { [name]: value };
    },
    `cluster.api.extraArgs.${name} is ${JSON.stringify(value)} | allowed: ${allowed}`,
  );

const anonymous = "nothing, because balancers and kubelets ask /readyz and /livez without a credential";
const mode = "nothing here, because this program sets --authorization-mode=Node,RBAC";
const seen =
  "a file in a folder that kube-apiserver's pod sees: /etc/kubernetes/pki, /etc/ssl/certs, /etc/ca-certificates, /usr/share/ca-certificates, /usr/local/share/ca-certificates | cure: put it there on every control plane before the up: this program places no files of yours";

export const badArguments: readonly Bad[] = [
  ...["0", "f", "F", "FALSE", "False"].map((value) => argument("anonymous-auth", value, anonymous)),
  argument("anonymous-auth", "no", 'true or false, as "true" or "false"'),
  argument("profiling", "off", 'true or false, as "true" or "false"'),
  argument("etcd-prefix", "/other", "nothing: with another prefix apiservers see an empty cluster"),
  argument("authorization-config", "/etc/kubernetes/pki/a.yaml", mode),
  argument("authorization-webhook-config-file", "/etc/kubernetes/pki/a.yaml", mode),
  argument(
    "disable-admission-plugins",
    "PodSecurity, ServiceAccount",
    "a list without ServiceAccount, without which no pod gets a token",
  ),
  argument("runtime-config", "api/all=0,batch/v1=true", "a list that leaves api/all on"),
  argument("runtime-config", "apps/v1=False", "a list that leaves apps/v1 on"),
  argument("encryption-provider-config", "/etc/kubernetes/encryption.yaml", seen),
  argument("oidc-ca-file", "/etc/oidc/ca.pem", seen),
  argument("oidc-ca-file", "ca.pem", seen),
  argument("tls-sni-cert-key", "/etc/tls/a.crt,/etc/tls/a.key:a.example.com", seen),
  argument("audit-policy-file", "/etc/kubernetes/pki/../../shadow", seen),
  argument(
    "etcd-servers-overrides",
    "/events#https://10.0.0.90:2379",
    "nothing: what is in another etcd is in no snapshot and no restore",
  ),
  argument("storage-backend", "etcd2", "etcd3, which is the default"),
  ...["help", "version"].map((name) => argument(name, "true", "nothing: with it kube-apiserver prints that and ends")),
  ...["2 days", "1d", "60", ""].map((value) => argument("event-ttl", value, "a duration such as 90s, 5m or 1h30m")),
  argument("request-timeout", "1min", "a duration such as 90s, 5m or 1h30m"),
  ...["30d", "1.5", "", "1,000", "1e3"].map((value) => argument("audit-log-maxage", value, "a whole number such as 400")),
  argument("max-requests-inflight", "many", "a whole number such as 400"),
  argument("min-request-timeout", "30m", "a whole number such as 400"),
  argument("v", "high", "a whole number such as 400"),
  argument("goaway-chance", "1%", "a number such as 0.001"),
  ...["lots", "1-70000", "32767-30000", "30000-"].map((value) =>
    argument("service-node-port-range", value, "a range of ports such as 30000-32767"),
  ),
  bad(
    "sshd on the apiserver's port, and on the kubelet's",
    (c) => {
      c.hosts.m1.sshPort = 6443;
      c.hosts.w1.sshPort = 10250;
    },
    "cluster.hosts.m1.sshPort is 6443, the port of kube-apiserver on m1 | allowed: the port of the host's sshd, which can't be one that the cluster takes",
    "cluster.hosts.w1.sshPort is 10250, the port of kubelet on w1 | allowed: the port of the host's sshd, which can't be one that the cluster takes",
  ),
  bad(
    "every sshd on etcd's port",
    (c) => {
      c.ssh = { port: 2379 };
    },
    ...["m1", "m2", "m3"].map(
      (name) =>
        `cluster.ssh.port is 2379, the port of etcd on ${name} | allowed: the port of the host's sshd, which can't be one that the cluster takes`,
    ),
  ),
];
