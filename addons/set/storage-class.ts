/** The annotations of the class of claims that name none. A rule of the config lets one class have them. */
export const defaultClass = (is: boolean): { annotations?: Record<string, string> } =>
  is ? { annotations: { "storageclass.kubernetes.io/is-default-class": "true" } } : {};
