import { type Bad, bad } from "./bad-sample.ts";

// Files and fields with which a component does not start, or shuts others out.

const file = "/etc/kubernetes/kube-apiserver/authentication.yaml";

export const badComponentFiles: readonly Bad[] = [
  bad(
    "anonymous requests shut out by a file, beside arguments that say the same",
    (c) => {
      c.api.files = { "authentication.yaml": { content: "kind: AuthenticationConfiguration\nanonymous: { enabled: false }\n" } };
      c.api.extraArgs = { "authentication-config": file, "oidc-client-id": "a", "anonymous-auth": "true" };
    },
    "cluster.api.extraArgs.oidc-client-id",
    "cluster.api.files.authentication.yaml.content.anonymous",
    "cluster.api.extraArgs.anonymous-auth",
  ),
  bad(
    "anonymous requests for /livez alone",
    (c) => {
      c.api.files = { "authentication.yaml": { content: { anonymous: { enabled: true, conditions: [{ path: "/livez" }] } } } };
      c.api.extraArgs = { "authentication-config": file };
    },
    "cluster.api.files.authentication.yaml.content.anonymous",
  ),
  bad(
    "a text for containerd that is not TOML",
    (c) => {
      c.containerRuntime = { extraConfig: "foo bar ] [" };
    },
    "cluster.containerRuntime.extraConfig",
  ),
  bad(
    "a key for containerd that it does not have at the top",
    (c) => {
      c.containerRuntime = { extraConfig: "[pluginz.'io.containerd.cri.v1.images']\nmax_concurrent_downloads = 5\n" };
    },
    "cluster.containerRuntime.extraConfig",
  ),
  bad(
    "containerd's own settings in dotted and quoted keys",
    (c) => {
      c.containerRuntime = {
        extraConfig: `root = "/srv"\nplugins.'io.containerd.cri.v1.images'.registry."config_path" = "/x"\n[grpc]\naddress = "/y"\n`,
      };
    },
    "cluster.containerRuntime.extraConfig",
    "cluster.containerRuntime.extraConfig",
    "cluster.containerRuntime.extraConfig",
  ),
  bad(
    "fields with which a kubelet or kube-proxy does not start, or harms",
    (c) => {
      c.kubelet = {
        ...{ maxParallelImagePulls: 5, cpuManagerPolicy: "static", systemReserved: { cpu: "0" } },
        extraConfig: {
          ...{ serializeImagePulls: true, enforceNodeAllocatable: ["pods", "system-reserved"], maxOpenFiles: "abc" },
          ...{ readOnlyPort: 10_255, serverTLSBootstrap: true, runOnce: true, tlsCertFile: "/a", seccompDefault: "yes" },
          ...{ shutdownGracePeriodByPodPriority: [], syncFrequency: 60 },
        },
      };
      c.kubeProxy = { extraConfig: { metricsBindAddress: "0.0.0.0:10250" } };
    },
    ...[
      ...["shutdownGracePeriodByPodPriority", "serializeImagePulls", "enforceNodeAllocatable", "readOnlyPort"],
      ...["serverTLSBootstrap", "runOnce", "tlsCertFile", "maxOpenFiles", "seccompDefault", "syncFrequency"],
    ].map((name) => `cluster.kubelet.extraConfig.${name}`),
    "cluster.kubeProxy.extraConfig.metricsBindAddress",
    "cluster.kubelet.cpuManagerPolicy",
  ),
];
