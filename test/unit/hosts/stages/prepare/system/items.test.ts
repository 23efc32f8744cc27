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

/** A systemd that knows units by a file each: whether it is enabled, whether it is active, what triggers it. A mask hides all of that. */
const systemd = `
  mkdir -p $HAK_ROOT/units $UNIT_FILES; declare -A aliases=()
  unit() { echo "$2" >$HAK_ROOT/units/$1; }
  all() { local one; for one in "$@"; do echo $one $(<$HAK_ROOT/units/$one) $(if is_masked_unit $one; then echo masked; fi); done; }
  systemctl() {
    local unit=\${!#} enabled active triggers
    case $1 in
      cat) [ -f $HAK_ROOT/units/$unit ]; return ;;
      reset-failed | daemon-reload) return 0 ;;
    esac
    [ -f $HAK_ROOT/units/$unit ] || return 4
    read -r enabled active triggers <$HAK_ROOT/units/$unit
    case $1 in
      show)
        case "$*" in
          *"-p Id "*) echo \${aliases[$unit]:-$unit} ;;
          *) is_masked_unit $unit || echo "$triggers" ;;
        esac ;;
      is-active) [[ "$*" == *--quiet* ]] || echo "$active"; [ "$active" = active ] ;;
      is-enabled) [[ "$*" == *--quiet* ]] || echo "$enabled"; [[ $enabled == enabled || $enabled == static ]] ;;
      disable) [ "$enabled" = static ] || enabled=disabled
        [[ "$*" != *--now* ]] || active=inactive
        unit $unit "$enabled $active $triggers" ;;
      stop) unit $unit "$enabled inactive $triggers" ;;
      enable) unit $unit "enabled $active $triggers" ;;
      restart) is_masked_unit $unit && return 1; unit $unit "$enabled active $triggers" ;;
    esac
  }`;

test("services are masked once, and come back as they were when they leave the list or with the undo", async () => {
  const said = await run(`${systemd}
    unit postfix.service "enabled active"; unit their.service "static inactive"; unit theirs-masked.service "enabled inactive"
    ln -s /dev/null $UNIT_FILES/theirs-masked.service
    SERVICES_OFF="postfix.service their.service none.service theirs-masked.service"
    apply_services_off; all postfix.service their.service; echo again; apply_services_off
    SERVICES_OFF="their.service"; apply_services_off; all postfix.service
    SERVICES_OFF="postfix.service"; apply_services_off; restore_services_off; all postfix.service their.service; restore_services_off; ls $SAVED
    is_masked_unit theirs-masked.service && echo still`);
  assert.deepEqual(said.split("\n"), [
    ...["did turned off postfix.service", "did turned off their.service"],
    ...["postfix.service disabled inactive masked", "their.service static inactive masked", "again"],
    ...["did turned postfix.service back on", "postfix.service enabled active"],
    ...["did turned off postfix.service", "did turned their.service back on", "did turned postfix.service back on"],
    ...["postfix.service enabled active", "their.service static inactive", "still"],
  ]);
});

test("what triggers a service goes and comes with it, unless the config names it, too", async () => {
  const said = await run(`${systemd}
    unit cups.service "enabled active cups.socket cups.path"; unit cups.socket "static active"; unit cups.path "enabled active"
    SERVICES_OFF="cups.service"; apply_services_off; all cups.service cups.socket cups.path
    SERVICES_OFF="cups.service cups.socket"; apply_services_off
    SERVICES_OFF="cups.socket"; apply_services_off; all cups.service cups.socket cups.path
    restore_services_off; all cups.socket; find $SAVED $UNIT_FILES -mindepth 1`);
  assert.deepEqual(said.split("\n").slice(0, 4), [
    "did turned off cups.path cups.socket cups.service",
    "cups.service disabled inactive cups.socket cups.path masked",
    "cups.socket static inactive masked",
    "cups.path disabled inactive masked",
  ]);
  assert.deepEqual(said.split("\n").slice(4), [
    "did turned cups.service back on",
    "cups.service enabled active cups.socket cups.path",
    "cups.socket static inactive masked",
    "cups.path enabled active",
    "did turned cups.socket back on",
    "cups.socket static active",
  ]);
});

test("an alias turns off the unit that it names", async () => {
  const said = await run(`${systemd}
    unit syslog.service "alias active"; unit rsyslog.service "enabled active"; aliases[syslog.service]=rsyslog.service
    SERVICES_OFF="syslog.service"; apply_services_off; all rsyslog.service; apply_services_off
    restore_services_off; all rsyslog.service; find $SAVED $UNIT_FILES -mindepth 1`);
  assert.deepEqual(said.split("\n"), [
    ...["did turned off rsyslog.service syslog.service", "rsyslog.service disabled inactive masked"],
    ...["did turned syslog.service back on", "rsyslog.service enabled active"],
  ]);
});

test("a unit that somebody wrote in /etc is kept while its mask is there, and a run that was killed goes on", async () => {
  const said = await run(`${systemd}
    unit their.service "enabled active their.timer"; unit their.timer "enabled active"; echo "[Service]" >$UNIT_FILES/their.service
    SERVICES_OFF="their.service"
    ( did() { exit 9; }; eval "$(declare -f systemctl | sed 's/^systemctl/real_systemctl/')"
      systemctl() { if [ "$1" = disable ] && [ "\${!#}" = their.service ]; then exit 9; fi; real_systemctl "$@"; }; apply_services_off ) || echo killed
    apply_services_off; all their.service their.timer
    restore_services_off; all their.service their.timer; cat $UNIT_FILES/their.service`);
  assert.deepEqual(
    said.split("\n").filter((line) => !line.startsWith("say ")),
    [
      ...["killed", "did turned off their.service"],
      ...["their.service disabled inactive their.timer masked", "their.timer disabled inactive masked"],
      ...["did put /etc/systemd/system/their.service back", "did turned their.service back on"],
      ...["their.service enabled active their.timer", "their.timer enabled active", "[Service]"],
    ],
  );
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
