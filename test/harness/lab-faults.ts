import { mustRunScript } from "./lab-scripts.ts";

// Faults of lab hosts, for tests. Each resolves once it has happened and throws if it can't happen, such as a
// power cut of a host that does not run. `lab` is the cluster's name.

const fault = (kind: string) => async (lab: string, host: string) => {
  await mustRunScript("fault.sh", [kind, lab, host]);
};

/** The power goes: its network is cut first, so that no peer gets a FIN or RST, then every process dies. `start` ends it. */
export const cutPower = fault("power-cut");
/** Every process dies at once; the kernel tells the peers of open connections. `start` ends it. */
export const crash = fault("crash");
/** A clean shutdown: systemd stops its units, 90 s at most. `start` ends it. */
export const stop = fault("stop");
/** The host does not come back from its next reboot. `start` ends it. */
export const stayOff = fault("stay-off");
/** Starts a stopped, crashed or powered-off host and waits until it answers SSH. */
export const start = fault("start");
/** The switch's port stops forwarding: nothing comes in or goes out, while the host's own link stays up. `healNetwork` ends it. */
export const cutNetwork = fault("cut-network");
/** Ends `cutNetwork`; does nothing if the network is not cut. */
export const healNetwork = fault("heal-network");
