// Every provider, one a line: nothing else names one.
export { aws } from "./aws/module.ts";
export { baremetal } from "./baremetal/module.ts";
export { lab } from "./lab/module.ts";
