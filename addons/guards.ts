import { type KubernetesObject, labels } from "./addon.ts";

// Admission policies in the apiservers that limit what a node may write.

/** The ConfigMap in kube-system with the pool of each worker. Control planes write it; nodes can't. */
export const POOLS = "ha-kubernetes-pools";

const POLICY = "admissionregistration.k8s.io/v1";
const ofNodes = [{ name: "of-nodes", expression: "'system:nodes' in request.userInfo.groups" }];

/**
 * The node that sends the request, and its pool. The pool is the one that control planes noted. For an instance of an auto-scaling
 * pool it is the beginning of its name. It is empty if neither is known; then the pool is not checked.
 */
const variables = [
  { name: "node", expression: "request.userInfo.username.replace('system:node:', '')" },
  {
    name: "pool",
    expression:
      "has(params.data) && variables.node in params.data ? params.data[variables.node] : " +
      "(variables.node.matches('-i-[0-9a-f]{17}$') ? variables.node.substring(0, variables.node.size() - 20) : '')",
  },
];

function guard(name: string, spec: { matchConstraints: object; validations: object[] }): KubernetesObject[] {
  const policy = {
    failurePolicy: "Fail",
    paramKind: { apiVersion: "v1", kind: "ConfigMap" },
    matchConditions: ofNodes,
    variables,
    ...spec,
  };
  const paramRef = { name: POOLS, namespace: "kube-system", parameterNotFoundAction: "Allow" };
  return [
    { apiVersion: POLICY, kind: "ValidatingAdmissionPolicy", metadata: { name }, spec: policy },
    {
      apiVersion: POLICY,
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name },
      spec: { policyName: name, paramRef, validationActions: ["Deny"] },
    },
  ];
}

const rule = (operations: string[], resource: string) => ({
  apiGroups: [""],
  apiVersions: ["v1"],
  operations,
  resources: [resource],
});
const LABEL = "'ha-kubernetes/pool'";
const labelOf = (object: string) => `has(${object}.metadata.labels) && ${LABEL} in ${object}.metadata.labels`;

export const guards: readonly KubernetesObject[] = [
  // It has no `data`, so a later apply removes nothing from it.
  { apiVersion: "v1", kind: "ConfigMap", metadata: { name: POOLS, namespace: "kube-system", labels: labels("ha-kubernetes") } },
  ...guard("ha-kubernetes-nodes", {
    matchConstraints: { resourceRules: [rule(["CREATE", "UPDATE"], "nodes")] },
    validations: [
      {
        expression: `variables.pool == '' || !(${labelOf("object")}) || object.metadata.labels[${LABEL}] == variables.pool`,
        messageExpression: "'the label ha-kubernetes/pool of this node is ' + variables.pool",
      },
      {
        expression: `oldObject == null || !(${labelOf("oldObject")}) || (${labelOf("object")})`,
        message: "a node keeps its label ha-kubernetes/pool",
      },
    ],
  }),
  ...guard("ha-kubernetes-turns", {
    matchConstraints: {
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "ha-kubernetes-turns" } },
      resourceRules: [rule(["CREATE", "UPDATE"], "configmaps")],
    },
    validations: [
      {
        expression:
          "variables.pool == '' || object.metadata.name in ['failed-' + variables.pool, 'now-' + variables.node] || " +
          "object.metadata.name.startsWith('done-' + variables.pool + '-') || object.metadata.name.matches('^' + variables.pool + '-[0-9]+$')",
        messageExpression: "'a node writes the turns of its own pool, ' + variables.pool",
      },
      {
        expression: "!has(object.data) || !('holder' in object.data) || object.data.holder == variables.node",
        message: "a node takes turns for itself alone",
      },
      {
        expression:
          "!has(object.binaryData) && !has(object.metadata.finalizers) && " +
          "(!has(object.data) || (object.data.size() <= 8 && object.data.all(k, object.data[k].size() <= 512))) && " +
          "(!has(object.metadata.labels) || object.metadata.labels.size() == 0) && " +
          "(!has(object.metadata.annotations) || (object.metadata.annotations.size() <= 2 && " +
          "object.metadata.annotations.all(k, object.metadata.annotations[k].size() <= 2048)))",
        message: "a turn is a few short words",
      },
    ],
  }),
  // Each roll leaves one object; held and failed turns add a few.
  {
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: "turns", namespace: "ha-kubernetes-turns" },
    spec: { hard: { "count/configmaps": "1000" } },
  },
];
