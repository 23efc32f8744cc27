import { isMonitored } from "../monitoring.ts";
import { HAPROXY_METRICS_PORT, HOST_METRICS_PORT, METRICS_PORT, NODE_EXPORTER_PORT } from "../ports.ts";
import { oneProblem, type Problem } from "../problems.ts";
import { originOf } from "../versions.ts";
import { at, type Rule } from "./rule.ts";

// Prometheus and what it reads.

const key = (...path: PropertyKey[]) => at("addons", "monitoring", ...path);

const pulled: Rule = {
  says: "`addons.monitoring` has `kubeStateMetrics` and `grafana` only where nodes pull images: no bundle can be made with theirs.",
  check(cluster) {
    const { monitoring } = cluster.addons;
    if (!monitoring.enabled || originOf(cluster) === "published") return [];
    return (["kubeStateMetrics", "grafana"] as const).flatMap((part) =>
      monitoring[part]
        ? oneProblem(
            key(part),
            "is true, and images come from a bundle",
            "false: its project publishes no Go module that could be built. Add a chart of it to addons.custom, with an image of your own registry",
          )
        : [],
    );
  },
};

const memory: Rule = {
  says: "`addons.monitoring.memoryRequestMebibytes` is at most `memoryLimitMebibytes`.",
  check({ addons: { monitoring } }) {
    if (!monitoring.enabled || monitoring.memoryRequestMebibytes <= monitoring.memoryLimitMebibytes) return [];
    return oneProblem(
      key("memoryRequestMebibytes"),
      `is ${monitoring.memoryRequestMebibytes}`,
      `at most memoryLimitMebibytes, ${monitoring.memoryLimitMebibytes}`,
    );
  },
};

const certificates: Rule = {
  says: "With `addons.monitoring`, `extraArgs` of the controller manager and the scheduler name no certificate of their own: Prometheus checks the one that this program makes.",
  check: (cluster) =>
    !isMonitored(cluster)
      ? []
      : (["controllerManager", "scheduler"] as const).flatMap((component): Problem[] =>
          ["tls-cert-file", "tls-private-key-file", "tls-sni-cert-key", "cert-dir"].flatMap((name) =>
            cluster[component].extraArgs[name] === undefined
              ? []
              : oneProblem(
                  at(component, "extraArgs", name),
                  "is given",
                  "nothing with addons.monitoring, or no addons.monitoring",
                ),
          ),
        ),
};

const ports: Rule = {
  says: "With `addons.monitoring`, the API and the balancer have no port at which hosts answer Prometheus: 2381, 2384, 9100, 9101.",
  check(cluster) {
    if (!isMonitored(cluster)) return [];
    const { api, balancer } = cluster;
    const taken = [METRICS_PORT, HOST_METRICS_PORT, NODE_EXPORTER_PORT, HAPROXY_METRICS_PORT];
    const given: [string, number | undefined][] = [
      [at("api", "port"), api.port],
      [at("api", "former", "port"), api.former?.port],
      [at("balancer", "statisticsPort"), balancer.statisticsPort],
      [at("balancer", "statistics", "port"), balancer.statistics.tls ? balancer.statistics.port : undefined],
    ];
    return given.flatMap(([place, port]) =>
      port !== undefined && taken.includes(port)
        ? oneProblem(place, `is ${port}, at which hosts answer Prometheus`, `another port than ${taken.join(", ")}`)
        : [],
    );
  },
};

/** Rules about monitoring. */
export const monitoringRules: readonly Rule[] = [pulled, memory, certificates, ports];
