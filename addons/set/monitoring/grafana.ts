import { stringify } from "yaml";
import { digest } from "../../../config/digest.ts";
import { type KubernetesObject, labels } from "../../addon.ts";
import { addonImage } from "../../lock.ts";
import { asUser, deployment, restricted } from "../../workloads.ts";
import type { SetAddon } from "../set-addon.ts";
import { NAMESPACE, service } from "./common.ts";
import { dashboardJson, dashboards } from "./dashboards.ts";

const name = "grafana";

/** Grafana with dashboards that nobody changes there: it keeps nothing, and asks nobody who they are, as Prometheus doesn't. */
export const grafana: SetAddon<"grafana", true> = {
  name,
  key: "monitoring",
  namespace: NAMESPACE,
  order: 510,
  settings: ({ addons: { monitoring } }) => (monitoring.enabled && monitoring.grafana ? true : undefined),
  images: (versions) => ({ grafana: addonImage(name, versions) }),
  objects: ({ images }) => objects(images.grafana),
};

const configMap = (part: string, data: Readonly<Record<string, string>>): KubernetesObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: `${name}-${part}`, namespace: NAMESPACE, labels: labels(name) },
  data,
});

const source = stringify({
  apiVersion: 1,
  datasources: [
    {
      name: "Prometheus",
      uid: "prometheus",
      type: "prometheus",
      access: "proxy",
      url: "http://prometheus:9090",
      isDefault: true,
      editable: false,
    },
  ],
});
const provider = stringify({
  apiVersion: 1,
  providers: [{ name: "ha-kubernetes", type: "file", disableDeletion: true, options: { path: "/dashboards" } }],
});
const settings = {
  GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: "false",
  GF_ANALYTICS_CHECK_FOR_UPDATES: "false",
  GF_ANALYTICS_REPORTING_ENABLED: "false",
  GF_AUTH_ANONYMOUS_ENABLED: "true",
  GF_AUTH_ANONYMOUS_ORG_ROLE: "Viewer",
  GF_AUTH_BASIC_ENABLED: "false",
  GF_AUTH_DISABLE_LOGIN_FORM: "true",
  GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION: "true",
  GF_USERS_ALLOW_SIGN_UP: "false",
};

function objects(image: string): KubernetesObject[] {
  const shown = Object.fromEntries(
    Object.entries(dashboards).map(([part, about]) => [`${part}.json`, dashboardJson(part, about)]),
  );
  const data = { "prometheus.yaml": source, "dashboards.yaml": provider };
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace: NAMESPACE }, automountServiceAccountToken: false },
    configMap("provisioning", data),
    configMap("dashboards", shown),
    deployment(name, NAMESPACE, {
      podSpec: {
        serviceAccountName: name,
        automountServiceAccountToken: false,
        nodeSelector: { "kubernetes.io/os": "linux" },
        // The user of its own image.
        securityContext: { ...asUser(472, 472), fsGroup: 472 },
        containers: [
          {
            name,
            image,
            env: Object.entries(settings).map(([key, value]) => ({ name: key, value })),
            ports: [{ name: "web", containerPort: 3000 }],
            readinessProbe: { httpGet: { path: "/api/health", port: "web" } },
            resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "512Mi" } },
            securityContext: restricted,
            volumeMounts: [
              {
                name: "provisioning",
                mountPath: "/etc/grafana/provisioning/datasources/prometheus.yaml",
                subPath: "prometheus.yaml",
              },
              {
                name: "provisioning",
                mountPath: "/etc/grafana/provisioning/dashboards/dashboards.yaml",
                subPath: "dashboards.yaml",
              },
              { name: "dashboards", mountPath: "/dashboards" },
              { name: "data", mountPath: "/var/lib/grafana" },
              { name: "temporary", mountPath: "/tmp" },
            ],
          },
        ],
        volumes: [
          { name: "provisioning", configMap: { name: `${name}-provisioning` } },
          { name: "dashboards", configMap: { name: `${name}-dashboards` } },
          { name: "data", emptyDir: {} },
          { name: "temporary", emptyDir: {} },
        ],
      },
      annotations: { "ha-kubernetes/configuration": digest(JSON.stringify([data, shown])) },
    }),
    service(name, 3000, { "k8s-app": name }),
  ];
}
