// boots, updates and neighbors of hosts: late addresses, other packet filters, ranges and proxies, flushed tables, and what check finds

import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { delayAddress, listenOutside, reaches, reboot, undelayAddress } from "../harness/boots.ts";
import { checked } from "../harness/checked.ts";
import { FreshHosts } from "../harness/fresh.ts";
import { makeMetal, onMetal } from "../harness/metal.ts";
import { eventually } from "../harness/process.ts";
import { addressIn } from "../harness/samples.ts";
import { assertNothingRuns, onCluster } from "../harness/scenario.ts";
import { startWhereAmI } from "../harness/workload.ts";

const fresh = new FreshHosts();
// A login as root, which gets its environment from /etc/environment.
const { ssh: _, ...config } = await onMetal("test-field-boot");
const gateway = addressIn(config, 1);
const [subnet] = config.nodeCidrs;

onCluster(
  config,
  (scenario) => {
    const { stack, cluster } = scenario;
    const host = (name: string) => cluster.host(name);
    const all = [...cluster.hosts.values()];
    const listening = listenOutside();
    after(async () => (await listening).close());

    /** Waits until a pod on a worker reaches a Service and an address outside the pods' range. */
    const served = async (name: string) => {
      const { port } = (await listening).address() as AddressInfo;
      await eventually(`pods of ${name} to be served`, 60, async () => {
        const pod = (await startWhereAmI(cluster)).find(({ spec }) => spec.nodeName === name);
        assert.ok(pod);
        const found = await reaches(pod, gateway, port);
        if (found !== "service outside") throw new Error(found);
        return true;
      });
    };
    const well = () =>
      eventually("check to find nothing", 90, async () => {
        const { wrong } = await checked(stack);
        if (wrong.length > 0) throw new Error(wrong.join("; "));
        return true;
      });

    test("up names everything in its way on a host with its cure, before it changes anything", async () => {
      await host("m1").sh(`nft -f - <<'END'
table inet hard {
  chain input { type filter hook input priority 0; policy drop;
    iif lo accept; ct state established,related accept; meta l4proto { icmp, ipv6-icmp } accept; tcp dport 22 accept; }
}
END`);
      await host("m2").sh("iptables -A INPUT -p tcp --dport 22 -j ACCEPT; iptables -A INPUT -j REJECT");
      await host("m3").sh(`sed -i '1i nameserver 10.96.9.9' /etc/resolv.conf; ip route add blackhole 10.244.77.0/24`);
      await host("w1").sh(
        "nft add table ip closed; nft 'add chain ip closed f { type filter hook forward priority 0; policy drop; }'",
      );
      await host("w2").sh("mkdir -p /etc/cni/net.d; echo '{}' >/etc/cni/net.d/87-podman-bridge.conflist");
      // The messages for each host, and the cures that they name.
      const obstacles: Record<string, { said: RegExp[]; cure: string }> = {
        m1: {
          said: [new RegExp(`chain inet hard input drops .*tcp 2379.*nodeCidrs \\(${subnet}\\)`)],
          cure: `nft insert rule inet hard input ip saddr { ${subnet}, 10.244.0.0/16 } accept`,
        },
        m2: { said: [/chain ip filter INPUT drops .*udp 8472/], cure: "iptables -F INPUT" },
        m3: {
          said: [
            /name server 10\.96\.9\.9 lies in network\.serviceCidr/,
            /route to 10\.244\.77\.0\/24 .* lies in network\.podCidr/,
          ],
          cure: "sed -i '/10.96.9.9/d' /etc/resolv.conf; ip route del 10.244.77.0/24",
        },
        w1: { said: [/chain ip closed f drops .*traffic of pods/], cure: "nft delete table ip closed" },
        w2: {
          said: [/\/etc\/cni\/net\.d holds 87-podman-bridge\.conflist, which pods would get their network from.*Move it away/],
          cure: "mv /etc/cni/net.d/87-podman-bridge.conflist /var/tmp/; rmdir /etc/cni/net.d /etc/cni",
        },
      };
      // The first refusal may end an `up` before other hosts have begun.
      while (Object.keys(obstacles).length > 0) {
        const { status, text } = await stack.engine("up", []);
        assert.notEqual(status, 0);
        const named = Object.keys(obstacles).filter((name) => text.includes(`preflight on ${name}: `));
        assert.notDeepEqual(named, [], text);
        for (const name of named) {
          const { said = [], cure = "" } = obstacles[name] ?? {};
          for (const words of said) assert.match(text, words);
          assert.match(text, new RegExp(`preflight on ${name}: \\d reason\\(s\\) not to start, nothing was changed`));
          await host(name).sh(cure);
          delete obstacles[name];
        }
      }
    });

    test("proxies of the login, hardened sysctls and another logind file: up succeeds and overrides them", async () => {
      await stack.up();
      await cluster.settled();
      for (const name of ["m1", "m2", "m3"]) await host(name).sh("! grep -i _proxy /etc/kubernetes/manifests/*");
      for (const each of all) {
        await each.sh(
          "[ $(cat /proc/sys/net/ipv4/ip_forward) = 1 ] && systemd-inhibit --list | grep 'kubelet.*shutdown.*delay' >/dev/null",
        );
        // A lab host can't have the 1048576 of a machine.
        await each.sh("[ $(prlimit --nofile --noheadings --output SOFT --pid $(pgrep -x flanneld)) -gt 1024 ]");
      }
      await served("w1");
      await well();
      await assertNothingRuns(scenario);
    });

    test("flushed packet filter tables are back within seconds, and pods are served", async () => {
      await host("w1").sh("nft flush ruleset");
      await host("w2").sh("systemctl restart nftables");
      await host("m3").sh("systemctl start nftables; systemctl stop nftables");
      for (const name of ["w1", "w2", "m3"]) {
        await eventually(`the tables of ${name}`, 45, async () => {
          const tables = await host(name).sh("nft list tables");
          for (const table of ["inet ha_kubernetes", "ip kube-proxy", "ip flannel-ipv4"])
            if (!tables.includes(`table ${table}\n`)) throw new Error(`${table} is not among ${tables.replaceAll("\n", "; ")}`);
          return true;
        });
      }
      await served("w1");
      await served("w2");
      await cluster.settled();
      await well();
    });

    test("check names what somebody changed by hand, and a repair fixes it", async () => {
      await host("m1").sh("echo x >>/opt/ha-kubernetes/kubernetes-1.36.3/kubectl; nft flush chain inet ha_kubernetes input");
      await host("m2").sh("sed -i 's/--profiling=false/--profiling=true/' /etc/kubernetes/manifests/kube-scheduler.yaml");
      await host("m3").sh(
        `sed -i 's|server: .*|server: https://${addressIn(config, 99)}:6443|' /etc/kubernetes/controller-manager.conf`,
      );
      await host("w1").sh("echo 0 >/proc/sys/net/ipv4/ip_forward");
      await host("w2").sh(
        "echo '[Login]\nInhibitDelayMaxSec=5' >/etc/systemd/logind.conf.d/zz-ha-kubernetes.conf; pkill -HUP systemd-logind",
      );
      // The kubelet starts the changed scheduler, so that is not reported alone.
      await eventually("the changed scheduler", 90, async () => {
        const { stdout } = await host("m2").trySh(
          "pgrep -f 'kube-scheduler .*profiling=true' && curl -sk https://127.0.0.1:10259/healthz",
        );
        return stdout.endsWith("ok");
      });
      const { status, wrong } = await checked(stack);
      assert.equal(status, 1);
      assert.deepEqual(
        wrong.filter((line) => !/ pod /.test(line)),
        [
          "m1 FAIL /opt/ha-kubernetes/kubernetes-1.36.3/kubectl",
          "m1 FAIL nftables inet ha_kubernetes",
          "m2 FAIL /etc/kubernetes/manifests/kube-scheduler.yaml",
          "m3 FAIL /etc/kubernetes/controller-manager.conf",
          "w1 FAIL sysctl net.ipv4.ip_forward",
          "w2 FAIL graceful shutdown",
        ],
      );
      stack.configure({ ...config, repair: "first" });
      await stack.up();
      await cluster.settled();
      await well();
    });

    // etcd tolerates one absent member at a time.
    for (const [member, worker] of [["m1", "w1"], ["m2", "w2"], ["m3"]]) {
      test(`${member} and ${worker ?? "no worker"} boot, get their addresses 15 s late, and recover without up`, async () => {
        const hosts = [member, worker].flatMap((name) => (name === undefined ? [] : [host(name)]));
        for (const each of hosts) await delayAddress(each, gateway);
        await reboot(...hosts);
        for (const each of hosts) {
          const failed = "systemctl show --property NRestarts --value etcd 2>/dev/null || echo 0";
          if (each.name === member)
            assert.ok(Number(await each.sh(failed)) > 5, `etcd of ${each.name} had no address for a while`);
        }
        await cluster.settled();
        if (worker !== undefined) await served(worker);
        await well();
        for (const each of hosts) await undelayAddress(each);
      });
    }

    test("destroy restores the hosts", async () => {
      await stack.destroy();
      await host("m1").sh("nft delete table inet hard || true");
      await fresh.assertClean(...all);
    });
  },
  {
    up: false,
    prepare: async (scenario) => {
      await makeMetal(scenario);
      for (const host of scenario.cluster.hosts.values())
        await host.sh(`
          printf '%s=http://${gateway}:9\\n' http_proxy https_proxy HTTP_PROXY HTTPS_PROXY >>/etc/environment
          echo net.ipv4.ip_forward=0 >/etc/sysctl.d/99-hardening.conf; sysctl -q -p /etc/sysctl.d/99-hardening.conf
          mkdir -p /usr/lib/systemd/logind.conf.d
          printf '[Login]\\nInhibitDelayMaxSec=30\\n' >/usr/lib/systemd/logind.conf.d/unattended-upgrades-logind-maxdelay.conf`);
      await fresh.remember(scenario.cluster.hosts.values());
    },
  },
);
