import type { LabHost } from "./lab.ts";

/**
 * Runs lines of bash on a host with the libraries that a stage's last run left there, as a stage's script would; `edit` is an
 * expression of sed over them. Returns its status and its output.
 */
export async function withLibraries(
  host: LabHost,
  stage: string,
  lines: string,
  edit = "",
): Promise<{ status: number; said: string }> {
  const { status, stdout, stderr } = await host.trySh(`
    STAGE=/var/lib/ha-kubernetes/stages/${stage}
    # As run.sh has them.
    shopt -s lastpipe
    export KUBECACHEDIR=/run/ha-kubernetes/kubectl
    . $STAGE/settings.sh
    copy=$(mktemp -d)
    cp -r $STAGE/lib $STAGE/stage $copy
    sed -i '${edit}' $copy/lib/*.sh
    STAGE=$copy
    for library in $LIBRARIES; do . $copy/lib/$library.sh; done
    for library in $copy/stage/lib-*.sh; do [ ! -f $library ] || . $library; done
    ${lines}`);
  return { status, said: `${stdout}${stderr}` };
}

/** When this host's apiserver started, in seconds since 1970, by its process. */
export async function apiserverStarted(host: LabHost): Promise<number> {
  return Number(
    await host.sh("pid=$(pgrep -o -x kube-apiserver --ns 1 --nslist net); echo $(($(date +%s) - $(ps -o etimes= -p $pid)))"),
  );
}
