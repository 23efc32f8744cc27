import { createServer, type Server } from "node:net";
import { inPod, type KubernetesObject } from "./cluster.ts";
import type { LabHost } from "./lab.ts";
import { start, stop } from "./lab-faults.ts";

// Boots of lab hosts, and what a pod reaches.

/** Delays a host's address by 15 seconds at every boot, as a slow DHCP server or a learning switch does. */
export async function delayAddress(host: LabHost, gateway: string): Promise<void> {
  await host.sh(`
    cat >/etc/systemd/system/late.service <<'END'
[Unit]
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target sysinit.target
[Service]
Type=oneshot
ExecStart=/usr/sbin/ip address flush dev eth0
ExecStart=/usr/bin/systemd-run --quiet --no-block --collect --property DefaultDependencies=no --unit late-end /bin/sh -c 'sleep 15; ip address add ${host.address}/24 dev eth0; ip route replace default via ${gateway}'
[Install]
WantedBy=sysinit.target
END
    systemctl enable --quiet late.service`);
}
/** Ends `delayAddress`. */
export async function undelayAddress(host: LabHost): Promise<void> {
  await host.sh("systemctl disable --quiet late.service; rm /etc/systemd/system/late.service");
}

/** Shuts hosts down in order and starts them again, all at the same time. */
export async function reboot(...hosts: LabHost[]): Promise<void> {
  await Promise.all(hosts.map(({ lab, name }) => stop(lab, name)));
  await Promise.all(hosts.map(({ lab, name }) => start(lab, name)));
}

/** Listens on this machine, outside the pods' range: only masqueraded connections find their way back. */
export function listenOutside(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      // A client that only checks the port hangs up at once.
      socket.on("error", () => socket.destroy());
      socket.end("outside\n");
    });
    server.on("error", reject);
    server.listen(0, () => resolve(server));
  });
}

/** Whether a pod reaches the API through its Service, and a port of this machine. Gives `service outside` if it reaches both. */
export async function reaches(pod: KubernetesObject, address: string, port: number): Promise<string> {
  const script = `
    import { connect } from "node:net";
    const open = (host, port) => new Promise((done) => {
      const socket = connect({ host, port, timeout: 3000 }, () => { socket.destroy(); done(true); });
      for (const event of ["error", "timeout"]) socket.on(event, () => { socket.destroy(); done(false); });
    });
    const [service, outside] = await Promise.all([open("10.96.0.1", 443), open("${address}", ${port})]);
    console.log([service ? "service" : "no service", outside ? "outside" : "nothing outside"].join(" "));`;
  return (await inPod(pod, script)).trim();
}
