import assert from "node:assert/strict";
import { test } from "node:test";
import { withScripts } from "../../bash.ts";

const library = new URL("../../../../../hosts/stages/prepare/system/lib-routes.sh", import.meta.url).pathname;
/** A host whose routes lead to its own network, and elsewhere if it has a default route. */
const host = `. <(sed 's,=/etc,=$HAK_ROOT/etc,' ${library}); mkdir -p $HAK_ROOT/etc/systemd/system
SERVICE_CIDR=10.96.0.0/12 HOST_ADDRESS=10.0.0.11 DEFAULT=no STALE=yes
ip() { case $* in
  "route get "*) [ $DEFAULT = yes ] || [ -f $HAK_ROOT/restarted ] ;;
  "-o address show to 10.0.0.11") echo "2: eth1    inet 10.0.0.11/24 brd 10.0.0.255 scope global eth1" ;;
esac; }
put_file() { cat >$2; }; stale() { [ $STALE = yes ]; }; started() { STALE=no; }; forget_started() { :; }
enable_units() { :; }; reread_units() { :; }; wait_until() { "\${@:3}" || echo "no route"; }
systemctl() { echo "systemctl $*"; [ $1 != restart ] || touch $HAK_ROOT/restarted; }
`;

test("a host without a default route gets one to the Services from its own interface, once, and loses it at undo", async () => {
  const said = await withScripts(
    [],
    `${host}apply_service_route; apply_service_route; grep ExecSt $SERVICE_ROUTE_UNIT; restore_service_route; restore_service_route
    [ ! -e $SERVICE_ROUTE_UNIT ] && echo gone`,
  );
  assert.deepEqual(said.split("\n"), [
    "systemctl restart ha-kubernetes-service-route.service",
    "did added a route to the Services, because this host has no default route",
    "ExecStart=/bin/sh -c 'until ip route replace 10.96.0.0/12 dev eth1 src 10.0.0.11; do sleep 1; done'",
    "ExecStop=-/bin/sh -c 'ip route del 10.96.0.0/12 dev eth1'",
    "systemctl disable --quiet --now ha-kubernetes-service-route.service",
    "gone",
  ]);
});

test("where a route leads there already nothing is added", async () => {
  assert.equal(await withScripts([], `${host}DEFAULT=yes; apply_service_route; ls $HAK_ROOT/etc/systemd/system`), "");
});

test("with dual stack the two ranges have a route each, from the host's address of that family", async () => {
  const said = await withScripts(
    [],
    `${host}SERVICE_CIDR="10.96.0.0/16 fd00:10:96::/112" SECOND_ADDRESS=fd00::11; service_route_unit eth1 | grep ExecSt`,
  );
  assert.deepEqual(said.split("\n"), [
    "ExecStart=/bin/sh -c 'until ip route replace 10.96.0.0/16 dev eth1 src 10.0.0.11 && ip route replace fd00:10:96::/112 dev eth1 src fd00::11; do sleep 1; done'",
    "ExecStop=-/bin/sh -c 'ip route del 10.96.0.0/16 dev eth1; ip route del fd00:10:96::/112 dev eth1'",
  ]);
});
