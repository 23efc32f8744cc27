import { type Bad, bad } from "./bad-sample.ts";

// Arguments of kube-apiserver.

const argument = (name: string, ...values: string[]): Bad[] =>
  values.map((value) =>
    bad(
      `kube-apiserver --${name}=${value}`,
      (c) => {
        c.api.extraArgs = { [name]: value };
      },
      `cluster.api.extraArgs.${name}`,
    ),
  );

export const badArguments: readonly Bad[] = [
  ...argument("anonymous-auth", "0", "f", "F", "FALSE", "False", "no"),
  ...argument("profiling", "off"),
  ...argument("etcd-prefix", "/other"),
  ...argument("authorization-config", "/etc/kubernetes/pki/a.yaml"),
  ...argument("authorization-webhook-config-file", "/etc/kubernetes/pki/a.yaml"),
  ...argument("disable-admission-plugins", "PodSecurity, ServiceAccount"),
  ...argument("runtime-config", "api/all=0,batch/v1=true", "apps/v1=False"),
  ...argument("encryption-provider-config", "/etc/kubernetes/encryption.yaml"),
  ...argument("oidc-ca-file", "/etc/oidc/ca.pem", "ca.pem"),
  ...argument("tls-sni-cert-key", "/etc/tls/a.crt,/etc/tls/a.key:a.example.com"),
  ...argument("audit-policy-file", "/etc/kubernetes/pki/../../shadow"),
  ...argument("etcd-servers-overrides", "/events#https://10.0.0.90:2379"),
  ...argument("storage-backend", "etcd2"),
  ...argument("help", "true"),
  ...argument("version", "true"),
  ...argument("event-ttl", "2 days", "1d", "60", ""),
  ...argument("request-timeout", "1min"),
  ...argument("audit-log-maxage", "30d", "1.5", "", "1,000", "1e3"),
  ...argument("max-requests-inflight", "many"),
  ...argument("min-request-timeout", "30m"),
  ...argument("v", "high"),
  ...argument("audit-log-format", "bogus"),
  ...argument("audit-log-mode", "async"),
  ...argument("tls-min-version", "1.3"),
  ...argument("goaway-chance", "1%"),
  ...argument("service-node-port-range", "lots", "1-70000", "32767-30000", "30000-"),
  bad(
    "sshd on the apiserver's port, and on the kubelet's",
    (c) => {
      c.hosts.m1.sshPort = 6443;
      c.hosts.w1.sshPort = 10250;
    },
    "cluster.hosts.m1.sshPort",
    "cluster.hosts.w1.sshPort",
  ),
  bad(
    "every sshd on etcd's port",
    (c) => {
      c.ssh = { port: 2379 };
    },
    "cluster.ssh.port",
    "cluster.ssh.port",
    "cluster.ssh.port",
  ),
];
