import assert from "node:assert/strict";
import { test } from "node:test";
import { kubeadmConfig } from "../../../../../hosts/stages/control-plane/kubeadm.ts";
import { clusterFrom, metal } from "../../../../harness/samples.ts";
import { withScripts } from "../../bash.ts";

// The certificate by which Prometheus knows controller managers and schedulers.

const scripts = ["lib/files.sh", "lib/authorities.sh", "stages/control-plane/lib-kubeadm.sh"];
const authority = `
KUBERNETES_PKI=$HAK_ROOT/pki SIGNING=$HAK_ROOT/pki/signing-ca.crt
mkdir -p $KUBERNETES_PKI
make_authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=$1 -days 30 -keyout $KUBERNETES_PKI/ca.key -out $SIGNING 2>/dev/null
}
make_authority one
# Another end than the authority's.
openssl req -x509 -key $KUBERNETES_PKI/ca.key -subj /CN=apiserver -days 7 -out $KUBERNETES_PKI/apiserver.crt 2>/dev/null
end_of() { openssl x509 -noout -enddate -in $1; }
serial_of() { openssl x509 -noout -serial -in $COMPONENT_SERVING/tls.crt; }
`;
/** With the folders of a host in a folder of the test's own. */
const said = (text: string) =>
  withScripts(
    scripts,
    `${authority}\neval "$(declare -f make_serving_certificate | sed "s|/run/ha-kubernetes|$HAK_ROOT/run|g")"\nmkdir -p $HAK_ROOT/run\n${text}`,
  );

test("it is of the cluster's authority, for these two names, and ends when the apiserver's does", async () => {
  const text = await said(`SERVES=yes; make_serving_certificate
openssl verify -CAfile $SIGNING -purpose sslserver $COMPONENT_SERVING/tls.crt | sed 's|.*: ||'
openssl x509 -noout -ext subjectAltName -in $COMPONENT_SERVING/tls.crt | tail -n 1 | xargs
[ "$(end_of $COMPONENT_SERVING/tls.crt)" = "$(end_of $KUBERNETES_PKI/apiserver.crt)" ] && echo "same end"
stat -c %a $COMPONENT_SERVING/tls.key $COMPONENT_SERVING
first=$(serial_of); make_serving_certificate; [ "$(serial_of)" = "$first" ] && echo "kept"
make_authority two; make_serving_certificate; [ "$(serial_of)" != "$first" ] && openssl verify -CAfile $SIGNING $COMPONENT_SERVING/tls.crt | sed 's|.*: ||'`);
  assert.deepEqual(text.split("\n"), [
    "OK",
    "DNS:kube-controller-manager, DNS:kube-scheduler",
    "same end",
    "600",
    "700",
    "kept",
    "OK",
  ]);
});

test("without monitoring there is none, and one that was there goes", async () => {
  const text =
    await said(`SERVES=yes; make_serving_certificate; unset SERVES; make_serving_certificate; [ -f $COMPONENT_SERVING/tls.crt ] && echo "still read"
drop_serving_certificate; [ -e $COMPONENT_SERVING ] || echo gone`);
  assert.deepEqual(text.split("\n"), ["still read", "gone"]);
});

test("only with monitoring do both answer nodes, at every address of their family", () => {
  const text = (monitoring: boolean, address: string) =>
    kubeadmConfig({
      host: { name: "m1", address },
      cluster: clusterFrom({ ...metal(), addons: { monitoring } }),
      endpoint: { address: "10.0.0.10" },
      etcdClientUrls: ["https://10.0.0.11:2379"],
    });
  assert.equal(text(true, "10.0.0.11").match(/bind-address\n\s+value: 0\.0\.0\.0/g)?.length, 2);
  assert.equal(text(true, "fd00::11").match(/bind-address\n\s+value: "::"/g)?.length, 2);
  assert.equal(text(true, "10.0.0.11").match(/mountPath: \/etc\/kubernetes\/serving/g)?.length, 2);
  assert.doesNotMatch(text(false, "10.0.0.11"), /bind-address|serving/);
});
