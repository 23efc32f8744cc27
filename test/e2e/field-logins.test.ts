// logins, keys and clocks on existing hosts: refused logins, changed keys, RSA, and an operator's clock that is ahead

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { type OpensshKey, opensshKey } from "../../keys/openssh.ts";
import { FreshHosts } from "../harness/fresh.ts";
import type { LabHost } from "../harness/lab.ts";
import { makeMetal, onMetal } from "../harness/metal.ts";
import type { ClusterConfig } from "../harness/samples.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";

const config = await onMetal("test-field-logins");
const newKey = () => opensshKey(generateKeyPairSync("ed25519").privateKey) as OpensshKey;
const fresh = new FreshHosts();
/** The first login key, and its public half. */
let [key, authorized] = ["", ""];

/** Node's Date, twenty minutes ahead, for the program and what serves it. */
const ahead = `
  const real = Date;
  globalThis.Date = class extends real {
    constructor(...given) { given.length > 0 ? super(...given) : super(real.now() + 1_200_000); }
    static now() { return real.now() + 1_200_000; }
  };`;
const clockAhead = { env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(ahead)}` } };

/** Number of refused logins on a host. */
const refusedBy = async (host: LabHost) =>
  Number(
    await host.sh("journalctl --no-pager -o cat _COMM=sshd _COMM=sshd-session | grep -c ' authenticating user ops ' || true"),
  );

onCluster(
  config,
  (scenario) => {
    const { stack, cluster } = scenario;
    const hosts = [...cluster.hosts.values()];
    const edit = (change: (config: ClusterConfig) => void) => {
      change(config);
      stack.configure(config);
    };
    const failing = async (verb: string, args: string[] = [], options = {}): Promise<string> => {
      const { status, text } = await stack.engine(verb, args, options);
      assert.notEqual(status, 0, text);
      return text;
    };
    test("up with an unknown key ends after one login on each host and names the user and the key", async () => {
      await stack.secret("sshPrivateKey", newKey().privateKey);
      const started = Date.now();
      const text = await failing("up");
      console.log(`a wrong key ended up after ${Math.round((Date.now() - started) / 1000)} s`);
      assert.match(
        text,
        new RegExp(
          `ops@${config.hosts.m1?.address}:22 refuses the login of user ops with key SHA256:\\S+ \\(ssh-ed25519\\); it takes publickey`,
        ),
      );
      assert.match(text, /Compare cluster\.ssh\.user and the secret sshPrivateKey, .*with the logins that the host accepts/);
      assert.doesNotMatch(text, /lost: true/);
      // The engine starts nothing after a failure, so some hosts may not have been asked.
      const refused = await Promise.all(hosts.map(refusedBy));
      assert.ok(Math.max(...refused) === 1, refused.join());
    });

    test("config set refuses a malformed key; up refuses a stored one before anything runs", async () => {
      const result = await stack.engine("config", ["set", "--secret", "sshPrivateKey"], { input: key.slice(0, 200) });
      assert.match(result.text, /sshPrivateKey is a private key whose end is missing\. Nothing was written\./);
      await stack.secret("sshPrivateKey", key);
    });

    test("the operator's clock is twenty minutes ahead: every etcd host reports both times, and nothing changes", async () => {
      const text = await failing("up", [], clockAhead);
      assert.match(
        text,
        /etcd on m\d: the (authority's )?certificate starts at \S+ \S+Z, and this host's clock says \S+ \S+Z\. Nothing was changed/,
      );
      assert.doesNotMatch(text, /gave up after/);
      // The cure of the message.
      await stack.destroy();
      await fresh.assertClean(...hosts);
    });

    test("the right key, an RSA key and ssh-keyscan's form of a host key make a cluster; no message is repeated", async () => {
      const { text } = await stack.up();
      await cluster.settled();
      assert.doesNotMatch(text, /another run on this host|Running in chroot|: $/m);
      for (const line of text.split("\n")) assert.ok(line.length < 700, line);
      await assertNothingRuns(scenario);
    });

    test("hosts refuse certificates from a clock that is ahead and keep their old ones; the cure issues new ones", async () => {
      const all = ["--replace", "**:LocallySignedCert::**"];
      assert.match(await failing("up", all, clockAhead), /etcd on m\d: the certificate starts at .*--replace/);
      await cluster.nodesReady();
      await cluster.etcdctl("endpoint health --cluster");
      await stack.up(all);
      await cluster.nodesReady();
      await assertNothingRuns(scenario);
    });

    test("hosts get another key: destroy and removals ask for an up first; that up runs nothing, and then they work", async () => {
      const next = newKey();
      for (const host of hosts) await host.sh(`echo '${next.publicKey}' >/etc/ssh/authorized_keys`);
      const refused = await failing("destroy");
      assert.match(refused, /A delete logs in as the last update of "[\w-]+" did/);
      assert.match(refused, /destroy uses the login of the last up\. .* put the new one in the config, run up, then destroy/);
      await cluster.nodesReady();
      await stack.secret("sshPrivateKey", next.privateKey);
      const { w2 } = config.hosts;
      edit(({ hosts }) => delete hosts.w2);
      assert.match(await failing("up"), /Put its entry back, run up with the new login, then remove it/);
      edit(({ hosts }) => Object.assign(hosts, { w2 }));
      const started = Date.now();
      const { text } = await stack.up();
      console.log(`up with another key: ${Math.round((Date.now() - started) / 1000)} s`);
      assert.doesNotMatch(text, /nothing to change|wrote |started /);
      await assertNothingRuns(scenario);
      edit(({ hosts }) => delete hosts.w2);
      await stack.up();
      await cluster.host("w2").sh(`echo '${authorized}' >/etc/ssh/authorized_keys`);
      await fresh.assertClean(cluster.host("w2"));
    });
  },
  {
    up: false,
    prepare: async (scenario) => {
      const lab = await makeMetal(scenario);
      [key, authorized] = [lab.privateKey, lab.planted.split("\n")[0] as string];
      const w1 = scenario.cluster.host("w1");
      await w1.sh(`ssh-keygen -q -t rsa -b 2048 -N '' -f /etc/ssh/rsa
        echo 'HostKey /etc/ssh/rsa' >/etc/ssh/sshd_config.d/a.conf
        sed -i '/^HostKey .*ed25519/d' /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*
        systemctl restart ssh`);
      Object.assign(config.hosts.w1 as object, { hostKey: (await w1.sh("cat /etc/ssh/rsa.pub")).trim() });
      Object.assign(config.hosts.m2 as object, {
        hostKey: `${config.hosts.m2?.address} ${lab.hostKey.split(" ").slice(0, 2).join(" ")}`,
      });
      await fresh.remember(scenario.cluster.hosts.values());
    },
  },
);
