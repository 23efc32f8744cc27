import assert from "node:assert/strict";
import { test } from "node:test";
import { withScripts } from "../../../bash.ts";

// Items of a host's preparation, with stand-ins for systemd and the kernel.

const scripts = [
  "lib/files.sh",
  "lib/saved.sh",
  "stages/prepare/system/lib-services.sh",
  "stages/prepare/system/lib-pages.sh",
  "stages/prepare/system/lib-time.sh",
];
const run = (text: string) =>
  withScripts(
    scripts,
    `in_container() { return 1; }; uname() { echo 6.1; }; NOT_APPLIED=()
     write_file() { mkdir -p "\${3%/*}"; cat >"$3"; }; put_file() { cat >/dev/null; }
     stat() { if [ "$2" = %04a ]; then echo 0644; else command stat "$@"; fi; }
     ${text}`,
  );

const systemd = `
  mkdir -p $HAK_ROOT/units; echo "enabled active" >$HAK_ROOT/units/postfix.service; echo "static inactive" >$HAK_ROOT/units/their.service
  systemctl() {
    local unit=\${!#} enabled active
    case $1 in
      cat) [ -f $HAK_ROOT/units/$unit ]; return ;;
      reset-failed | daemon-reload) return 0 ;;
    esac
    [ -f $HAK_ROOT/units/$unit ] || return 4
    read -r enabled active <$HAK_ROOT/units/$unit
    case $1 in
      is-active) [[ "$*" == *--quiet* ]] || echo "$active"; [ "$active" = active ] ;;
      is-enabled) [[ "$*" == *--quiet* ]] || echo "$enabled"; [[ $enabled == enabled || $enabled == static ]] ;;
      disable) echo "disabled inactive" >$HAK_ROOT/units/$unit ;;
      enable) echo "enabled $active" >$HAK_ROOT/units/$unit ;;
      restart) echo "$enabled active" >$HAK_ROOT/units/$unit ;;
    esac
  }`;

test("services are turned off once, and come back as they were when they leave the list or with the undo", async () => {
  const said = await run(`${systemd}
    SERVICES_OFF="postfix.service their.service none.service"
    apply_services_off; cat $HAK_ROOT/units/*; echo again; apply_services_off
    SERVICES_OFF="their.service"; apply_services_off; cat $HAK_ROOT/units/postfix.service
    SERVICES_OFF="postfix.service"; apply_services_off; restore_services_off; cat $HAK_ROOT/units/postfix.service; restore_services_off; ls $SAVED`);
  assert.deepEqual(said.split("\n"), [
    ...["did turned off postfix.service", "disabled inactive", "static inactive", "again"],
    ...["did turned postfix.service back on", "enabled active"],
    ...["did turned off postfix.service", "did turned postfix.service back on", "enabled active"],
  ]);
});

test("huge pages are set once and given back; what the kernel can't give is an error", async () => {
  const said = await run(`forget_started() { echo "start $1 again"; }
    mkdir -p $PAGES/hugepages-2048kB; echo 3 >$PAGES/hugepages-2048kB/nr_hugepages
    HUGE_PAGES="hugepages-2048kB 64"; apply_huge_pages; echo again; apply_huge_pages
    restore_huge_pages; cat $PAGES/*/nr_hugepages; restore_huge_pages
    HUGE_PAGES="hugepages-1048576kB 1"; apply_huge_pages`);
  assert.deepEqual(said.split("\n"), [
    ...["did set aside 64 pages of hugepages-2048kB", "start kubelet again", "again"],
    ...["did gave back the pages of hugepages-2048kB", "3"],
    "fail Linux 6.1 has no huge pages of this size (hugepages-1048576kB) on this machine (hostPreparation.hugePages)",
  ]);
});

const chrony = `
  mkdir -p $HAK_ROOT/etc/chrony; printf 'pool 2.debian.pool.ntp.org iburst\nsourcedir /run/chrony-dhcp\nmakestep 1 3\n' >$HAK_ROOT/etc/chrony/chrony.conf
  cp $HAK_ROOT/etc/chrony/chrony.conf $HAK_ROOT/before; systemctl() { [ "$1" != restart ] || echo "restart $2"; }; file=$HAK_ROOT/etc/chrony/chrony.conf`;

test("time servers take the place of chrony's own, whose file is as before once they go", async () => {
  const said = await run(`${chrony}
    TIME_SERVERS="10.0.0.1 ntp.example.com"; name_time_servers chrony; cat $file; echo again; name_time_servers chrony
    TIME_SERVERS=10.0.0.2; name_time_servers chrony; grep ^server $file
    TIME_SERVERS=""; name_time_servers chrony; cmp $file $HAK_ROOT/before && echo same; name_time_servers chrony`);
  assert.deepEqual(said.split("\n"), [
    ...["restart chrony", "did named the time servers of chrony", "#ha-kubernetes# pool 2.debian.pool.ntp.org iburst"],
    ...["#ha-kubernetes# sourcedir /run/chrony-dhcp", "makestep 1 3", "# ha-kubernetes: below", "server 10.0.0.1 iburst"],
    ...[
      "server ntp.example.com iburst",
      "again",
      "restart chrony",
      "did named the time servers of chrony",
      "server 10.0.0.2 iburst",
    ],
    ...["restart chrony", "did gave chrony its own servers back", "same"],
  ]);
});

test("a time service that runs is kept where the config says so, and chrony only where it is not ours", async () => {
  const said = await run(`systemctl() { [ "$*" = "is-active --quiet ntpsec" ]; }
    other_time_service || echo none; TIME_SERVICE=keep; other_time_service
    echo "disabled inactive" | save service-chrony; other_time_service || echo "chrony is ours"`);
  assert.deepEqual(said.split("\n"), ["none", "ntpsec", "chrony is ours"]);
});
