import assert from "node:assert/strict";
import { test } from "node:test";
import { withScripts } from "../bash.ts";

const libraries = ["lib/files.sh", "lib/saved.sh", "lib/own.sh"];
/** The scripts' own places, below the test's folder. */
const placed = (script: string) =>
  `sed 's,=/var/log,=$HAK_ROOT/var/log,g; s,=/etc/cni,=$HAK_ROOT/etc/cni,g; s,=/proc/sys,=$HAK_ROOT/sys,' ${script}`;
const leavings = `. <(${placed(new URL("../../../../hosts/lib/leavings.sh", import.meta.url).pathname)})
cd $HAK_ROOT
`;

test("logs of pods that were there before stay; network settings of a package stay; all else that a node leaves goes", async () => {
  const said = await withScripts(
    libraries,
    `${leavings}
    mkdir -p var/log/{pods,containers} etc/cni/net.d; mkdir var/log/pods/old_pod_1; note_before_kubelet
    mkdir var/log/pods/new_pod_2; touch var/log/pods/new_pod_2/0.log
    ln -s $PWD/var/log/pods/new_pod_2/0.log var/log/containers/new.log; ln -s /bin/true var/log/containers/theirs.log
    note_before_kubelet; remove_pod_logs; find var -mindepth 2 | sort
    dpkg() { [[ $2 == */87-podman-bridge.conflist ]]; }
    touch etc/cni/net.d/{10-flannel.conflist,.kubernetes.lock,87-podman-bridge.conflist}; remove_network_configuration; find etc -type f
    # The release before noted nothing.
    remove_pod_logs; find var -mindepth 2 | sort`,
  );
  assert.deepEqual(said.split("\n"), [
    ...["var/log/containers", "var/log/containers/theirs.log", "var/log/pods", "var/log/pods/old_pod_1"],
    "etc/cni/net.d/87-podman-bridge.conflist",
    ...["var/log/containers", "var/log/containers/theirs.log"],
  ]);
});

test("sysctls that kube-proxy writes over come back; those that came with a module stay", async () => {
  const said = await withScripts(
    libraries,
    `${leavings}
    mkdir -p sys/net/netfilter sys/net/ipv4/conf/all; echo 432000 >sys/net/netfilter/nf_conntrack_tcp_timeout_established
    echo 0 >sys/net/ipv4/conf/all/route_localnet; note_before_kubelet
    echo 86400 >sys/net/netfilter/nf_conntrack_tcp_timeout_established; echo 3600 >sys/net/netfilter/nf_conntrack_tcp_timeout_close_wait
    note_before_kubelet; restore_proxy_settings; grep -r . sys | sort; forget proxy-settings; restore_proxy_settings`,
  );
  assert.deepEqual(said.split("\n"), [
    "sys/net/ipv4/conf/all/route_localnet:0",
    "sys/net/netfilter/nf_conntrack_tcp_timeout_close_wait:3600",
    "sys/net/netfilter/nf_conntrack_tcp_timeout_established:432000",
  ]);
});

test("sets and services of kube-proxy's ipvs mode go by name and by address, nobody else's", async () => {
  const said = await withScripts(
    libraries,
    `${leavings}
    host_port() { case $1 in *:*) echo "[$1]:$2" ;; *) echo "$1:$2" ;; esac; }
    ipset() { if [ $1 = list ]; then printf '%s\\n' KUBE-CLUSTER-IP KUBE-LOOP-BACK blocklist; else echo "ipset $*"; fi; }
    ipvsadm() { if [ $1 = --save ]; then printf '%s\\n' '-A -t 10.96.0.1:443 -s rr' '-a -t 10.96.0.1:443 -r 10.0.0.1:6443 -m' '-A -t 192.0.2.7:80 -s rr' '-A -t [fd00:10:96::1]:443 -s rr' '-A -u 10.96.0.10:53 -s rr'; else echo "ipvsadm $*"; fi; }
    ip() { printf '%s\\n' '9: kube-ipvs0    inet 10.96.0.1/32 scope global kube-ipvs0' '9: kube-ipvs0    inet6 fd00:10:96::1/128 scope global kube-ipvs0' '9: kube-ipvs0    inet 10.96.0.10/32 scope global kube-ipvs0'; }
    clear_services; clear_sets`,
  );
  assert.deepEqual(said.split("\n"), [
    "ipvsadm --delete-service -t 10.96.0.1:443",
    "ipvsadm --delete-service -t [fd00:10:96::1]:443",
    "ipvsadm --delete-service -u 10.96.0.10:53",
    "ipset destroy KUBE-CLUSTER-IP",
    "ipset destroy KUBE-LOOP-BACK",
  ]);
});

test("preflight names what another Kubernetes, etcd or runtime left, once for each kind of role that is new here", async () => {
  const said = await withScripts(
    [...libraries, "lib/roles.sh", "stages/preflight/lib-leftovers.sh"],
    `LEFT=$HAK_ROOT/left; mkdir -p $LEFT
    ETCD_DATA_DIRECTORY=$LEFT/etcd ETCD_DATA_DEVICE="" ETCD_BACKUP_DIRECTORY=$LEFT/snapshots
    problem() { echo "- \${*//$HAK_ROOT/}"; }; remark() { :; }
    is_node() { [[ $ROLES == *worker* ]]; }; has_role() { [[ $ROLES == *$1* ]]; }; first_run() { [ ! -f $LEFT/prepared ]; }
    id() { true; }; check_folder() { :; }; check_network_configuration() { :; }; note_programs() { echo "programs $*"; }
    systemctl() { if [ "$*" = "show -p FragmentPath,DropInPaths --value kubelet" ]; then echo /usr/lib/systemd/system/kubelet.service; fi; }
    mkdir $LEFT/etcd; touch $LEFT/etcd/x
    ROLES=worker; check_leftovers; note_looked_around; check_leftovers; echo --
    ROLES="etcd worker"; check_leftovers; note_looked_around; check_leftovers; sort $LOOKED_AROUND; echo --
    rm $LOOKED_AROUND; touch $LEFT/prepared; check_leftovers`,
  );
  assert.deepEqual(said.split("\n"), [
    "- a service kubelet is here already (/usr/lib/systemd/system/kubelet.service): remove its package (dpkg -S names it) or the file, then systemctl daemon-reload",
    "programs kubectl kubeadm kubelet containerd ctr runc",
    "--",
    "- a user etcd is here already, which may be a package's. If nothing needs it: apt-get purge etcd-server, or userdel etcd",
    "- /left/etcd is not empty (x) and does not carry this cluster's mark (etcd.dataDirectory). Move it away if it may go: mkdir -p /left/etcd.old && mv /left/etcd/* /left/etcd.old/",
    "programs etcdctl etcdutl",
    ...["etcd", "node", "--"],
  ]);
});

test("programs of versions that nothing runs, links to or asks for any more are removed", async () => {
  const said = await withScripts(
    [...libraries, "stages/prepare/system/lib-versions.sh"],
    `cd $HAK_ROOT; mkdir -p opt/ha-kubernetes/{etcd-1,etcd-2,etcd-3,kubernetes-1,kubernetes-2,runc-1,downloads} usr/local/bin opt/cni/bin stage/inputs
    printf 'archive sum from /opt/ha-kubernetes/etcd-3 etcd\nbinary sum from /opt/ha-kubernetes/kubernetes-2 kubelet\n' >stage/inputs/artifacts
    ln -s /opt/ha-kubernetes/runc-1/runc usr/local/bin/runc
    used_programs() { echo "$HAK_ROOT/opt/ha-kubernetes/etcd-2/etcd"; links_to_programs; }
    remove_old_versions; ls opt/ha-kubernetes`,
  );
  assert.deepEqual(said.split("\n"), [
    ...["did removed /opt/ha-kubernetes/etcd-1", "did removed /opt/ha-kubernetes/kubernetes-1"],
    ...["downloads", "etcd-2", "etcd-3", "kubernetes-2", "runc-1"],
  ]);
});
