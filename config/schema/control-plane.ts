import { z } from "zod";
import { whole } from "../values.ts";
import { extraArgs, files, mapping } from "./component.ts";

/** Settings of kube-controller-manager. */
export const controllerManagerSchema = z
  .strictObject({
    kubeApiQps: whole(1, 10_000).optional().describe("Requests to the API each second, on average. By default Kubernetes', 20."),
    kubeApiBurst: whole(1, 10_000).optional().describe("Requests to the API at once. By default Kubernetes', 30."),
    nodeMonitorGracePeriodSeconds: whole(15, 3600)
      .optional()
      .describe(
        "A Node whose kubelet is silent for so long counts as not ready. Kubelets report every 10 s. By default Kubernetes', 50.",
      ),
    extraArgs: extraArgs("kube-controller-manager"),
    files: files("controllerManager"),
  })
  .prefault({})
  .describe("Settings of kube-controller-manager.");

/** Settings of kube-scheduler. */
export const schedulerSchema = z
  .strictObject({
    configuration: mapping
      .optional()
      .describe("Fields of a KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1), such as profiles. By default none."),
    extraArgs: extraArgs("kube-scheduler"),
    files: files("scheduler"),
  })
  .prefault({})
  .describe("Settings of kube-scheduler.");
