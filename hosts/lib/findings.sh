# shellcheck shell=bash
# What preflight finds: a problem stops this host, a warning stops its first `up` unless the config accepts it by its name, a note stops nothing.

PROBLEMS=() WARNINGS=() REMARKS=()
problem() { PROBLEMS+=("$*"); }
# warning NAME WHAT
warning() { WARNINGS+=("$1: ${*:2}"); }
remark() { REMARKS+=("$*"); }
# short_of WHAT: a problem on a machine, a note in a container, which shares a machine and can't help it. short_warning NAME WHAT: the same of a
# warning.
short_of() { if in_container; then remark "$*"; else problem "$*"; fi; }
short_warning() { if in_container; then remark "${*:2}"; else warning "$@"; fi; }
