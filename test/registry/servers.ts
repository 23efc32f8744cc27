import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { LabHost } from "../harness/lab.ts";
import { must, run } from "../harness/process.ts";
import { scratch } from "../harness/scratch.ts";
import type { PublishedFile } from "./published.ts";

// A lab host that serves what the internet serves elsewhere: Debian's own nginx for files, docker-registry for images, tinyproxy as the
// way to both. They go with the host.

/** Where the servers are found by names that only the proxy knows: no host of the lab has a route to it. */
const BEYOND = "198.18.0.1";

export interface Servers {
  /** The authority that signed the servers' certificate, PEM. */
  ca: string;
}

export interface ServersArgs {
  host: LabHost;
  files: readonly PublishedFile[];
  /** Names of sites that hosts find at the host's own address. */
  sites: readonly string[];
  /** Names of sites that the proxy alone can reach. The first one has the files below /k8s, the second one a package, by http. */
  hidden: readonly string[];
  /** The path of a registry by its name. */
  registries: readonly string[];
  /** user:password for the registry and for the proxy; the proxy knows several. */
  registryLogin: string;
  proxyLogins: readonly string[];
}

/** Starts the servers. The registry itself also answers at port 5000. */
export async function startServers(args: ServersArgs): Promise<Servers> {
  const { host } = args;
  await bringPrograms(host);
  const ca = await bringCertificates(host, [...args.sites, ...args.hidden]);
  const [user = "", password = ""] = args.registryLogin.split(":");
  const put = (path: string, text: string) => host.trySh(`mkdir -p ${path.slice(0, path.lastIndexOf("/"))}; cat >${path}`, text);
  await put("/srv/nginx.conf", nginx(args));
  await put("/srv/registry.yml", REGISTRY);
  await put("/srv/tinyproxy.conf", tinyproxy(args.proxyLogins));
  for (const { built, made } of args.files) {
    if (made !== undefined) await host.trySh(`mkdir -p /srv/made; base64 -d >/srv/made/${built}`, made.toString("base64"));
  }
  for (const file of args.files) await publishFile(host, file);
  const mirror = `/srv/files/${args.hidden[0]}/k8s`;
  await host.sh(`mkdir -p ${mirror}
    ${args.files.map(({ mirrored, built, made }) => `ln -sf ${made === undefined ? "/var/cache/ha-kubernetes/bundle" : "/srv/made"}/${built} ${mirror}/${mirrored}`).join("\n")}
    perl -e 'print "${user}:" . crypt("${password}", q($2b$05$abcdefghijklmnopqrstuu)) . "\\n"' >/srv/htpasswd
    ip address add ${BEYOND}/32 dev lo
    echo '${BEYOND} ${args.hidden.join(" ")}' >>/etc/hosts
    mkdir -p /var/lib/nginx /var/log/nginx
    ${PACKAGE.replaceAll("SITE", args.hidden[1] ?? "")}
    systemd-run --quiet --unit test-registry --property StandardOutput=append:/srv/registry.log /srv/programs/usr/bin/docker-registry serve /srv/registry.yml
    systemd-run --quiet --unit test-nginx /srv/programs/usr/sbin/nginx -e stderr -c /srv/nginx.conf -g 'daemon off;'
    systemd-run --quiet --unit test-proxy /srv/programs/usr/bin/tinyproxy -d -c /srv/tinyproxy.conf
    for port in 80 443 3128 5000; do
      for try in $(seq 100); do (: </dev/tcp/127.0.0.1/$port) 2>/dev/null && continue 2; sleep 0.2; done
      journalctl --no-pager -n 30 -u test-registry -u test-nginx -u test-proxy; exit 1
    done`);
  return { ca };
}

/** Puts a file at the place of its URL, in place of the earlier one. */
export async function publishFile(host: LabHost, { url, built, made }: PublishedFile): Promise<void> {
  const content = made === undefined ? `/var/cache/ha-kubernetes/bundle/${built}` : `/srv/made/${built}`;
  await host.sh(`mkdir -p $(dirname ${placeOf(url)}); ln -sf ${content} ${placeOf(url)}`);
}

/** Puts a text at the place of a URL, in place of the earlier one. */
export async function publishText(host: LabHost, url: string, text: string): Promise<void> {
  // A link there leads to the bundle, which stays as it is.
  const { status, stderr } = await host.trySh(
    `mkdir -p $(dirname ${placeOf(url)}); rm -f ${placeOf(url)}; cat >${placeOf(url)}`,
    text,
  );
  if (status !== 0) throw new Error(`${url}: ${stderr}`);
}

const placeOf = (url: string) => {
  const { host: site, pathname } = new URL(url);
  return `/srv/files/${assetsOf[site] ?? site}${pathname}`;
};

/** The sites that a proxy was asked for so far, and whether each was asked with a request for a whole URL or for a tunnel. */
export async function askedOfProxy(host: LabHost): Promise<string[]> {
  const log = await host.sh("tr -d '\\0' </srv/tinyproxy.log");
  const asked = [...log.matchAll(/Request \(file descriptor \d+\): (?:CONNECT|[A-Z]+ http:\/\/)\s*([^/\s]+)/g)].map(
    ([, site = ""]) => site,
  );
  return [...new Set(asked)].sort();
}

/** The addresses that asked nginx or the registry so far. */
export async function clientsOfServers(host: LabHost): Promise<string[]> {
  const log = await host.sh("cat /srv/access.log /srv/registry.log | sed -n 's/ - .*//p'");
  return [...new Set(log.trim().split("\n"))].sort();
}

/** Forgets what was logged. */
export const forgetLogs = (host: LabHost) => host.sh("for log in tinyproxy access registry; do : >/srv/$log.log; done");

// Debian's packages of this machine's release, which is that of lab hosts; nothing of them is installed.
async function bringPrograms(host: LabHost): Promise<void> {
  const folder = scratch();
  const names = ["docker-registry", "nginx", "tinyproxy-bin"];
  const download = () => run("apt-get", ["download", ...names], { cwd: folder });
  if ((await download()).status !== 0) {
    await must("apt-get", ["update"]);
    await must("apt-get", ["download", ...names], { cwd: folder });
  }
  for (const file of readdirSync(folder)) {
    const said = await host.trySh(
      "mkdir -p /srv/programs; base64 -d >/srv/package.deb; dpkg -x /srv/package.deb /srv/programs",
      readFileSync(join(folder, file)).toString("base64"),
    );
    if (said.status !== 0) throw new Error(`${file}: ${said.stderr}`);
  }
}

async function bringCertificates(host: LabHost, names: readonly string[]): Promise<string> {
  const folder = scratch();
  const at = (name: string) => join(folder, name);
  const key = (name: string) => [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-keyout",
    at(name),
    "-days",
    "2",
  ];
  const openssl = (...args: string[]) => must("openssl", args);
  await openssl("req", "-x509", ...key("ca.key"), "-subj", "/CN=Authority of a test", "-out", at("ca.pem"));
  const alternatives = [...names.map((name) => `DNS:${name}`), `IP:${host.address}`].join(",");
  await openssl(
    ...["req", "-x509", ...key("server.key"), "-subj", "/CN=servers", "-addext", `subjectAltName=${alternatives}`],
    ...["-addext", "basicConstraints=critical,CA:FALSE", "-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-out", at("server.pem")],
  );
  for (const name of ["server.key", "server.pem"]) await host.trySh(`cat >/srv/${name}`, readFileSync(at(name), "utf8"));
  return readFileSync(at("ca.pem"), "utf8");
}

/** Sites that send on to another one for the content, as the real ones do. */
const assetsOf: Readonly<Record<string, string>> = {
  "github.com": "release-assets.githubusercontent.com",
  "dl.k8s.io": "cdn.dl.k8s.io",
};

/** Every site that these sites send on to, and themselves. */
export const withAssets = (sites: readonly string[]): string[] => [...sites, ...sites.flatMap((site) => assetsOf[site] ?? [])];

const nginx = ({ sites, hidden, registries }: ServersArgs) => {
  const server = (names: readonly string[], body: string) =>
    `server { listen 443 ssl; server_name ${names.join(" ")}; ${body} }\n`;
  const plain = [...sites, ...hidden].filter((name) => assetsOf[name] === undefined && !registries.includes(name));
  return `user root;
events {}
http {
  access_log /srv/access.log;
  default_type application/octet-stream;
  ssl_certificate /srv/server.pem;
  ssl_certificate_key /srv/server.key;
  server { listen 80; root /srv/files/$host; }
  ${server(plain, "root /srv/files/$host;")}
  ${sites.flatMap((site) => (assetsOf[site] === undefined ? [] : [server([site], `return 302 https://${assetsOf[site]}$request_uri;`)])).join("  ")}
  ${server(registries, "location / { proxy_pass https://127.0.0.1:5000; proxy_set_header Host $host; proxy_set_header X-Forwarded-Proto https; proxy_buffering off; }")}
}
`;
};

const REGISTRY = `version: 0.1
log: { level: warn }
storage: { filesystem: { rootdirectory: /srv/registry } }
http: { addr: ":5000", relativeurls: true, tls: { certificate: /srv/server.pem, key: /srv/server.key } }
auth: { htpasswd: { realm: test, path: /srv/htpasswd } }
`;

const tinyproxy = (logins: readonly string[]) => `Port 3128
Listen 0.0.0.0
Timeout 600
LogFile "/srv/tinyproxy.log"
LogLevel Connect
MaxClients 100
ConnectPort 443
ConnectPort 5000
${logins.map((login) => `BasicAuth ${login.replace(":", " ")}\n`).join("")}`;

// A package that nodes need, in a repository of its own.
const PACKAGE = `mkdir -p /srv/package/DEBIAN /srv/files/SITE
    printf 'Package: ethtool\\nVersion: 99\\nArchitecture: all\\nMaintainer: a test <test@example.com>\\nDescription: a stand-in\\n' >/srv/package/DEBIAN/control
    dpkg-deb --build /srv/package /srv/files/SITE/ethtool.deb >/dev/null
    { cat /srv/package/DEBIAN/control
      printf 'Filename: ./ethtool.deb\\nSize: %s\\nSHA256: %s\\n' $(stat -c %s /srv/files/SITE/ethtool.deb) $(sha256sum /srv/files/SITE/ethtool.deb | cut -d' ' -f1)
    } >/srv/files/SITE/Packages`;
