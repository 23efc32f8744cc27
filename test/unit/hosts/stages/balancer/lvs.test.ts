import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cluster, Role } from "../../../../../config/schema.ts";
import { balancerStage } from "../../../../../hosts/stages/balancer/balancer.ts";
import { modules, sysctls } from "../../../../../hosts/stages/prepare/system/kernel.ts";
import { must } from "../../../../harness/process.ts";
import { clusterFrom, metal, type Written } from "../../../../harness/samples.ts";
import { scratch } from "../../../../harness/scratch.ts";
import { withScripts } from "../../bash.ts";

const folder = new URL("../../../../../hosts/stages/balancer/", import.meta.url).pathname;

const withLvs = (edit: (config: Written) => void = () => {}): Cluster => {
  const config = metal();
  config.balancer = { kind: "lvs" };
  edit(config);
  return clusterFrom(config);
};
const stage = (cluster: Cluster) =>
  balancerStage({
    host: { name: "m1", address: "10.0.0.11" },
    owner: "prod/1",
    cluster,
    virtualIp: "10.0.0.10",
    controlPlanes: [
      { name: "m2", address: "10.0.0.12" },
      { name: "m1", address: "10.0.0.11" },
    ],
    balancerAddresses: ["10.0.0.11", "10.0.0.12"],
    authorityPem: "PEM",
    statisticsPassword: "Secret-123",
  });
const command = (cluster: Cluster) =>
  /^ExecStart=(.*)$/m.exec(
    stage(cluster).files?.find(({ path }) => path.endsWith("/ha-kubernetes-lvs.service"))?.content ?? "",
  )?.[1];

test("IPVS is led by a service of ours beside keepalived, and no haproxy is there", () => {
  const paths = stage(withLvs()).files?.map(({ path }) => path);
  assert.deepEqual(paths, [
    "/etc/ha-kubernetes/kubernetes-ca.crt",
    "/etc/systemd/system/ha-kubernetes-lvs.service",
    "/etc/systemd/system/ha-kubernetes-lvs-answers.service",
    "/etc/ha-kubernetes/keepalived.conf",
    "/usr/local/lib/ha-kubernetes/balancer-health.sh",
    "/etc/systemd/system/keepalived.service.d/ha-kubernetes.conf",
  ]);
  assert.equal(stage(withLvs()).settings?.PROXY, "lvs");
});

test("while the API moves, both addresses lead to the apiservers at both ports", () => {
  const script =
    "/usr/local/lib/ha-kubernetes/lvs-director.sh /run/ha-kubernetes-lvs /etc/ha-kubernetes/kubernetes-ca.crt 1000 6443 2383";
  assert.equal(command(withLvs()), `${script} 10.0.0.10:8443 m1=10.0.0.11 m2=10.0.0.12`);
  const moving = withLvs((config) => {
    config.api.former = { address: "10.0.0.9", port: 7443 };
  });
  const services = "10.0.0.10:8443,10.0.0.10:7443,10.0.0.9:8443,10.0.0.9:7443";
  assert.equal(command(moving), `${script} ${services} m1=10.0.0.11 m2=10.0.0.12`);
});

test("the kernel has IPVS on balancers alone, leads answers back and resets connections to an apiserver that is gone", () => {
  const has = (roles: Role[], cluster = withLvs()) => [
    modules(roles, cluster).filter((name) => name.startsWith("ip_vs")),
    sysctls(roles, cluster)
      .filter(([path]) => path.startsWith("net/ipv4/vs/") || path === "net/ipv4/ip_forward")
      .map((pair) => pair.join("=")),
  ];
  const all = ["net/ipv4/ip_forward=1", "net/ipv4/vs/conntrack=1", "net/ipv4/vs/expire_nodest_conn=1"];
  assert.deepEqual(has(["balancer"]), [["ip_vs", "ip_vs_rr"], all]);
  assert.deepEqual(has(["worker"]), [[], all.slice(0, 1)]);
  assert.deepEqual(has(["balancer"], clusterFrom(metal())), [[], []]);
});

/** Runs the director as it is up to its loop, with a table of IPVS in a file that a stand-in of ipvsadm changes, then `text`. */
async function director(table: readonly string[], text: string): Promise<string[]> {
  const root = scratch();
  const said = await must("bash", [
    "-c",
    `cd ${root}; printf '%s\\n' ${table.map((line) => `'${line}'`).join(" ")} | sed '/^$/d' >table; : >nft; mkdir state
     ipvsadm() {
       local line=" $* "
       case $1 in
         --save) cat table; return ;;
         -E | -e) grep -vF -- " \${line:4: -3}" table | cat >new; line=" -\${1/-e/a}\${line:3}"; line=\${line/-E/A}; line=\${line/--/-} ;;
         -d | -D) grep -vF -- "\${line:3:-1}" table | cat >new; mv new table; echo "ipvsadm $*" >>done; return ;;
         *) cp table new ;;
       esac
       echo "\${line:1:-1}" >>new; mv new table; echo "ipvsadm $*" >>done
     }
     nft() { case $1 in list) return 1 ;; -f) grep -c masquerade ;; esac; }
     : >done
     set -- ${root}/run /ca 1000 6443 2383 10.0.0.10:8443 m1=10.0.0.11 m2=10.0.0.12 m3=10.0.0.13
     . <(sed 's,^export LC_ALL.*,,; s,\${BASH_SOURCE\\[0\\]%/\\*}/,${folder},; /^watch_apiservers/d' ${folder}lvs/lvs-director.sh)
     USE=yes; ${text}
     echo "use $USE"; cat done`,
  ]);
  return said
    .trimEnd()
    .split("\n")
    .filter((line) => line !== "1");
}
const states = (m1: string, m2: string, m3: string) =>
  `state=([m1]=${m1} [m2]=${m2} [m3]=${m3}); address_of=([m1]=10.0.0.11 [m2]=10.0.0.12 [m3]=10.0.0.13)
   CHOSEN=$(those ready); [ -n "$CHOSEN" ] || CHOSEN=$(those alive); tell`;
const own = (...weights: (number | undefined)[]) => [
  "-A -t 10.0.0.10:8443 -s rr",
  ...weights.flatMap((weight, index) =>
    weight === undefined ? [] : [`-a -t 10.0.0.10:8443 -r 10.0.0.1${index + 1}:6443 -m -w ${weight}`],
  ),
];
const others = ["-A -t 10.96.0.1:443 -s rr", "-a -t 10.96.0.1:443 -r 10.0.0.13:6443 -m -w 1"];

test("an IPVS that another program emptied gets the service and every apiserver that is ready", async () => {
  assert.deepEqual(await director([], states("ready", "ready", "dead")), [
    "use yes",
    "ipvsadm -A -t 10.0.0.10:8443 -s rr",
    "ipvsadm -a -t 10.0.0.10:8443 -r 10.0.0.11:6443 -m -w 1",
    "ipvsadm -a -t 10.0.0.10:8443 -r 10.0.0.12:6443 -m -w 1",
  ]);
});

test("services and apiservers that are right are left alone, and so are services of others", async () => {
  assert.deepEqual(await director([...others, ...own(1, 1, 1)], states("ready", "ready", "ready")), ["use yes"]);
});

test("one that ends keeps its connections, one that is dead is taken out, and one that comes back gets new ones", async () => {
  const from = [...others, ...own(1, 1, 0)];
  assert.deepEqual(await director(from, states("ending", "dead", "ready")), [
    "use yes",
    "ipvsadm -e -t 10.0.0.10:8443 -r 10.0.0.11:6443 -m -w 0",
    "ipvsadm -e -t 10.0.0.10:8443 -r 10.0.0.13:6443 -m -w 1",
    "ipvsadm -d -t 10.0.0.10:8443 -r 10.0.0.12:6443",
  ]);
});

test("while etcd stands still, apiservers that live are used", async () => {
  assert.deepEqual(await director(own(1, 1, 1), states("alive", "alive", "dead")), [
    "use yes",
    "ipvsadm -d -t 10.0.0.10:8443 -r 10.0.0.13:6443",
  ]);
});

test("a balancer that can't tell IPVS is of no use", async () => {
  const broken = `ipvsadm() { return 1; }; ${states("ready", "ready", "ready")}`;
  assert.deepEqual(await director([], broken), ["use no"]);
});

test("two answers count, one is enough where nobody listens, and connections to a dead apiserver are given up once", async () => {
  const root = scratch();
  const said = await must("bash", [
    "-c",
    `FOLDER=${root}; . ${folder}apiservers.sh; address_of=([m1]=10.0.0.11)
     give_up() { echo "give up $1"; }
     for answer in ready dead ready dead dead dead ready ready absent ready; do
       ask() { echo "$answer"; }; look; echo "$answer: \${state[m1]}"
     done`,
  ]);
  assert.deepEqual(said.trimEnd().split("\n"), [
    ...["ready: ready", "dead: ready", "ready: ready", "dead: ready"],
    ...["apiserver m1: dead, before that ready", "give up 10.0.0.11", "dead: dead", "dead: dead", "ready: dead"],
    ...["apiserver m1: ready, before that dead", "ready: ready"],
    ...["apiserver m1: dead, before that ready", "give up 10.0.0.11", "absent: dead", "ready: dead"],
  ]);
});

test("what apiservers say decides: ready, ending, alive, dead, or absent", async () => {
  const root = scratch();
  const asked = (curl: string) =>
    must("bash", [
      "-c",
      `FOLDER=${root} AUTHORITY=/ca PORT=6443; . ${folder}apiservers.sh; curl() { ${curl}; }; ask m1 10.0.0.11`,
    ]);
  assert.equal(await asked("printf 'ok\\n200'"), "ready\n");
  assert.equal(await asked("printf '[-]shutdown failed: reason withheld\\n\\n500'"), "ending\n");
  assert.equal(await asked("printf '[-]etcd-readiness failed: reason withheld\\n\\n500'"), "alive\n");
  assert.equal(await asked("printf '[-]informer-sync failed\\n\\n500'"), "dead\n");
  assert.equal(await asked("printf '\\n000'; return 28"), "dead\n");
  assert.equal(await asked("printf '\\n000'; return 7"), "absent\n");
});

test("its answers over HTTP are those that nodes, keepalived and other balancers ask for", async () => {
  const root = scratch();
  const answer = async (request: string, more = "") => {
    const env = { ...process.env, FOLDER: root, OWNER: "prod/1", LEAVING_PORT: "2383", CONTROL_PLANES: "10.0.0.11 10.0.0.12" };
    const script = `curl() { case $* in *10.0.0.12:2383/leaving) echo word ;; *) return 7 ;; esac; }; ${more}
      printf '%s /x HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' '${request}' | sed 's, /x,,' | { . <(sed '/^export LC_ALL/d' ${folder}lvs/lvs-answers.sh); }`;
    return (await must("bash", ["-c", script], { env })).replaceAll("\r", "").replace(/Content-Type.*\n.*\n/, "");
  };
  assert.equal(await answer("GET /health"), "HTTP/1.0 503 Service Unavailable\n\n");
  assert.equal(await answer("GET /health", `: >${root}/ready`), "HTTP/1.0 200 OK\n\n");
  assert.equal(await answer("GET /owner"), "HTTP/1.0 200 OK\n\nprod/1");
  assert.equal(await answer("GET /leaving"), "HTTP/1.0 200 OK\n\nword\n");
  assert.equal(await answer("GET /"), "HTTP/1.0 404 Not Found\n\n");
  assert.equal(await answer("GET /leaving", "curl() { return 7; }"), "HTTP/1.0 503 Service Unavailable\n\n");
});

test("connections that IPVS carries count as the balancer's, by the API's ports and no other", async () => {
  const table = [
    "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData",
    "TCP 0A000032 9C40 0A00000A 20FB 0A00000B 192B ESTABLISHED     899",
    "TCP 0A000032 9C41 0A00000A 20FB 0A00000B 192B TIME_WAIT        60",
    "TCP 0A000032 9C42 0A600001 01BB 0A00000B 192B ESTABLISHED     899",
    "TCP 0A000032 9C43 0A000009 1D13 0A00000B 192B ESTABLISHED     899",
  ];
  const count = (ports: string) =>
    withScripts(
      [],
      `printf '%s\\n' ${table.map((line) => `'${line}'`).join(" ")} >$HAK_ROOT/conn; ss() { echo one; }; ${ports}
       . <(sed "s,/proc/net/ip_vs_conn,$HAK_ROOT/conn," ${folder}../../lib/address.sh); client_connections`,
    );
  assert.equal(await count("API_PORT=8443"), "2");
  assert.equal(await count("API_PORT=8443 FORMER_PORT=7443"), "3");
});
