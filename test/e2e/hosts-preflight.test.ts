// preflight: a report of all hosts without a state, nothing changed anywhere before all pass, and no look at hosts that live

import assert from "node:assert/strict";
import { test } from "node:test";
import { FreshHosts } from "../harness/fresh.ts";
import type { LabHost } from "../harness/lab.ts";
import { makeMetal, onMetal } from "../harness/metal.ts";
import { covering, firstFaults, narrow, unclear } from "../harness/preflight-faults.ts";
import { preflight } from "../harness/preflight-report.ts";
import { rounds, scriptFor } from "../harness/preflight-rounds.ts";
import { type ClusterConfig, hostAt } from "../harness/samples.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";

const {
  hosts: { m1, w1, w2 },
  ...metal
} = await onMetal("test-preflight");
const config = { ...metal, ssh: { user: "root" }, etcd: { throwAway: true }, hosts: { m1, w1, w2 } } as ClusterConfig;
const w3 = hostAt(config, 23, "worker");
/** With w3, which joins later, those that a report of 12 hosts looks at. */
const more: ClusterConfig["hosts"] = {
  w3,
  ...Object.fromEntries([4, 5, 6, 7, 8, 9, 10, 11].map((number) => [`w${number}`, hostAt(config, 40 + number, "worker")])),
};
const fresh = new FreshHosts();

const faults = firstFaults(config);
const copied = "cp /etc/machine-id /root/machine-id; echo 00112233445566778899aabbccddeeff >/etc/machine-id";
/** What brings the scripts of all stages finds its file there, and only writes it. */
const archive = "install -m 0600 /dev/null /root/.ha-kubernetes-scripts.tar.gz";
const own = "cat /root/machine-id >/etc/machine-id; rm /root/machine-id";

interface Place {
  place: string;
  problems: string[];
  warnings: { name: string; text: string; accepted: boolean }[];
  notes: string[];
}

onCluster(
  config,
  (scenario) => {
    const { stack, cluster } = scenario;
    const host = (name: string): LabHost => cluster.host(name);
    const report = async (): Promise<{ status: number; place: (name: string) => Place; text: string }> => {
      const { status, stdout, text } = await preflight(stack, "--json");
      const { places } = JSON.parse(stdout) as { places: Place[] };
      return { status: status ?? -1, text, place: (name) => places.find((it) => it.place === name) as Place };
    };
    const refused = async (): Promise<string> => {
      const { status, text } = await stack.engine("up");
      assert.notEqual(status, 0, text);
      return text;
    };

    test("before the first up, the report finds nothing on good hosts and leaves nothing behind", async () => {
      const started = Date.now();
      const { status, text } = await preflight(stack);
      console.log(`the report of 3 hosts took ${((Date.now() - started) / 1000).toFixed(1)} s`);
      assert.equal(status, 0, text);
      assert.match(text, /0 problems, 0 warnings; 3 of 3 hosts looked at, nothing was changed/);
      await fresh.assertClean(...cluster.hosts.values());
      assert.deepEqual(stack.resources(), []);
    });

    test("what the config asks for, what others left and what keeps IPv6 out is named on real hosts, too", async () => {
      await fresh.remember(cluster.hosts.values());
      for (const round of rounds(config)) {
        await eachHost((name) => host(name).sh(scriptFor(round, name, "plant")));
        stack.configure(round.config(config));
        const { status, place, text } = await report();
        await eachHost((name) => host(name).sh(scriptFor(round, name, "cure")));
        assert.equal(status, 1, text);
        for (const { host: name, problem, note } of round.faults) {
          const { problems, notes } = place(name);
          const said = problem ? problems : notes;
          assert.ok(
            said.some((line) => (problem ?? (note as RegExp)).test(line)),
            `${round.of}: ${problem ?? note} on ${name}: ${text}`,
          );
        }
      }
      stack.configure(config);
      await fresh.assertClean(...cluster.hosts.values());
    });

    test("a report of 12 hosts looks at all of them at the same time", async () => {
      stack.configure({ ...config, hosts: { ...config.hosts, ...more } });
      const started = Date.now();
      const { status, text } = await preflight(stack);
      console.log(`the report of 12 hosts took ${((Date.now() - started) / 1000).toFixed(1)} s`);
      assert.equal(status, 0, text);
      assert.match(text, /12 of 12 hosts looked at/);
      stack.configure(config);
    });

    test("the report names every fault of every host at once, each on the host that has it, and exits with 1", async () => {
      for (const [name, all] of Object.entries(faults)) await host(name).sh(all.map(([plant]) => plant).join("\n"));
      await host("w1").sh(`${copied}\n${covering}\n${unclear[0]}`);
      await host("w2").sh(`${copied}\n${narrow[0]}`);
      await fresh.remember(cluster.hosts.values());
      const { status, place, text } = await report();
      assert.equal(status, 1, text);
      for (const [name, all] of Object.entries(faults))
        for (const [, message] of all.filter(([, message]) => message.source !== "in use"))
          assert.ok(
            place(name).problems.some((line) => message.test(line)),
            `${message} on ${name}: ${text}`,
          );
      const warned = (name: string) => place(name).warnings.map((it) => it.name);
      assert.deepEqual(warned("w1").sort(), ["covered-range", "covered-range", "path-mtu", "unclear-filter"], text);
      assert.deepEqual(warned("m1"), ["path-mtu"], text);
      assert.deepEqual(place("w2").problems, []);
      assert.match(place("all hosts").problems.join(), /w1 and w2 have the same \/etc\/machine-id/);
      await fresh.assertClean(...cluster.hosts.values());
    });

    test("up refuses with all reasons and changes nothing on any host, the faultless one included", async () => {
      const text = await refused();
      for (const [, message] of Object.values(faults)
        .flat()
        .filter(([, message]) => message.source !== "in use"))
        assert.ok(message.test(text), `${message}: ${text}`);
      assert.match(text, /preflight on m1: \d+ reason\(s\) not to start, nothing was changed/);
      assert.match(text, /unclear-filter: .*Mend that, or accept it: preflight\.accept: \[unclear-filter\]/);
      await fresh.assertClean(...cluster.hosts.values());
    });

    test("once the faults are mended, unaccepted warnings still stop up, and so do two hosts with one machine id", async () => {
      for (const [name, all] of Object.entries(faults)) await host(name).sh(all.map(([, , cure]) => cure).join("\n"));
      await host("w1").sh(unclear[1]);
      await host("w2").sh(narrow[1]);
      await fresh.remember(cluster.hosts.values());
      const warned = await refused();
      assert.match(warned, /preflight on w1: \d reason\(s\) not to start/);
      assert.match(warned, /covered-range: its route to 10\.0\.0\.0\/8/);
      Object.assign(config.hosts.w1 ?? {}, { preflight: { accept: ["covered-range"] } });
      stack.configure(config);
      const same = await refused();
      assert.match(same, /No host was changed[\s\S]*w1 and w2 have the same \/etc\/machine-id/);
      await fresh.assertClean(...cluster.hosts.values());
    });

    test("then up makes the cluster, and a second one runs nothing", async () => {
      for (const name of ["w1", "w2"]) await host(name).sh(own);
      const before = await report();
      assert.equal(before.status, 0, before.text);
      const { text } = await stack.up();
      assert.match(text, /warning covered-range: its route to 10\.0\.0\.0\/8/);
      await cluster.settled();
      await assertNothingRuns(scenario);
      // A filter of somebody else on a host that lives, and a jump to another name of the API.
      const filter =
        "nft 'table inet hard { chain input { type filter hook input priority 5; tcp dport 9 accept; tcp dport 10250 drop; }; }'";
      await host("w2").sh(filter);
      const { status, place, text: again } = await report();
      await host("w2").sh("nft delete table inet hard");
      assert.equal(status, 0, again);
      assert.match(place("m1").notes.join(), /it is prepared/);
      assert.match(place("w2").notes.join(), /chain inet hard input seems to drop what the cluster needs: tcp 10250/);
      assert.deepEqual(
        before.place("w1").warnings.map(({ name, accepted }) => `${name} ${accepted}`),
        ["covered-range true", "covered-range true"],
      );
      stack.configure({ ...config, api: { ...config.api, domainName: "other.example.com" } });
      const moved = await report();
      assert.equal(moved.status, 1);
      assert.match(
        moved.place("w1").problems.join(),
        /clients of this cluster look for the API at \S+, which the config no longer has/,
      );
      stack.configure(config);
    });

    test("a new host that does not pass keeps the edit away from the hosts that live; mended, it joins", async () => {
      await newcomer().sh(
        "systemd-run --quiet --unit squatter socat TCP-LISTEN:10250,fork,reuseaddr /dev/null; until ss -Hltn | grep -q :10250; do sleep 0.1; done",
      );
      stack.configure({ ...config, hosts: { ...config.hosts, w3 }, hostPreparation: { timeZone: "Europe/Berlin" } });
      const text = await refused();
      assert.match(text, /preflight on w3: 1 reason\(s\) not to start/);
      for (const name of ["m1", "w1", "w2"])
        assert.doesNotMatch(await host(name).sh("readlink /etc/localtime || true"), /Berlin/, name);
      await newcomer().sh("systemctl stop squatter");
      await stack.up();
      assert.match(await host("w2").sh("readlink /etc/localtime"), /Berlin/);
      assert.match(await cluster.kubectl("get node w3"), /w3\s+Ready/);
    });

    test("a worker that is down keeps no edit away that runs on another host", async () => {
      const hosts = { ...config.hosts, w3 };
      await newcomer().sh("systemctl stop ssh.socket ssh || true");
      const etcd = { throwAway: true, backup: { keep: 30 } };
      stack.configure({ ...config, hosts, hostPreparation: { timeZone: "Europe/Berlin" }, etcd });
      assert.match((await stack.up()).text, /etcd: m1$/m);
      await newcomer().sh("systemctl start ssh");
      stack.configure({ ...config, hosts });
      await stack.up();
      await stack.destroy();
      await host("m1").sh(archive);
      await fresh.assertClean(host("m1"));
    });

    const eachHost = (what: (name: string) => Promise<unknown>) => Promise.all(["m1", "w1", "w2"].map(what));
    const newcomer = () => new (host("w1").constructor as typeof LabHost)(host("w1").lab, "w3", w3.address);
  },
  {
    up: false,
    prepare: async (scenario) => {
      await makeMetal(scenario, more);
      // The scripts of all stages are brought before anything runs; the file stays until a stage takes them.
      for (const host of scenario.cluster.hosts.values()) await host.sh(archive);
      await fresh.remember(scenario.cluster.hosts.values());
    },
  },
);
