# shellcheck shell=bash
# Whether what this host will take is there, before its first run. Nothing is fetched.

# check_sources: SOURCES has paths on this host, and URLs; a registry's ends with /v2/.
check_sources() {
  local source missing=() urls=()
  for source in ${SOURCES:-}; do
    case $source in
      /*) [ -s "$source" ] || missing+=("$source") ;;
      *) urls+=("$source") ;;
    esac
  done
  if [ ${#missing[@]} -gt 0 ]; then
    problem "${#missing[@]} files of the bundle are missing on this host: ${missing[0]}$([ ${#missing[@]} -eq 1 ] || echo " and others"). Fill the folder with npm run bundle, and copy it there"
  fi
  [ ${#urls[@]} -eq 0 ] || check_urls "${urls[@]}"
}

# check_urls URL...: one question for each, all at the same time. Any answer of the server will do, but for one that says it has no such file.
check_urls() {
  local failure code url said lost=() absent=() refused=""
  # Preparing the host brings curl; until then, only the first server is tried.
  if ! command -v curl >/dev/null; then
    try_server "$1"
    return
  fi
  while read -r _ failure code url said; do
    case $failure/$code in
      5/* | 6/* | 7/* | 28/* | 97/*) lost+=("$url") refused=${refused:-$said} ;;
      0/404 | 0/410) [[ $url == */v2/ ]] || absent+=("$url") ;;
    esac
  done < <(ask_servers "$@")
  if [ ${#lost[@]} -gt 0 ]; then
    problem "$(others_too "${lost[@]}") can't be reached from this host ($refused): mend its way there, set proxy, or use a mirror or a bundle"
  fi
  [ ${#absent[@]} -eq 0 ] || problem "$(others_too "${absent[@]}") is not there (404): mend artifacts.location, or fill the mirror"
}
others_too() { if [ $# -eq 1 ]; then echo "$1"; else echo "$1 (and $(($# - 1)) more)"; fi; }

# ask_servers URL...: `@@ curl's-exit-status HTTP-status URL MESSAGE` each. What a certificate is worth, the download finds out.
ask_servers() (
  if [ -n "${PROXY:-}" ]; then
    export http_proxy=$PROXY https_proxy=$PROXY no_proxy=${NO_PROXY_FOR:-}
  else
    for variable in "${LOGIN_PROXIES[@]}"; do export "${variable?}"; done
  fi
  curl --silent --head --insecure --location --parallel --connect-timeout 4 --max-time 12 --retry 1 \
    --write-out '\n@@ %{exitcode} %{http_code} %{url} %{errormsg}\n' "$@" 2>/dev/null | grep '^@@ ' || true
)

# try_server URL: a connection by the shell itself.
try_server() {
  local server=${1#*://} port=443
  [[ $1 != http://* ]] || port=80
  server=${server%%/*}
  if [ -n "${PROXY:-}" ] || [ ${#LOGIN_PROXIES[@]} -gt 0 ] || [[ $server == *]* ]]; then return 0; fi
  [[ $server != *:* ]] || port=${server##*:}
  # shellcheck disable=SC2016 # the inner shell's
  timeout 6 bash -c 'exec 3<>"/dev/tcp/$1/$2"' - "${server%:*}" "$port" 2>/dev/null ||
    problem "$1 can't be reached from this host: mend its way there, set proxy, or use a mirror or a bundle"
}
