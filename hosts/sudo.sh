# shellcheck shell=bash
# Runs the script "$1" as root by sudo, which asks for the password in the first line of stdin; the script gets what follows. "$0" says what
# the script is. The password never is an argument of a program, nor in its environment.
IFS= read -r password || :
run() { printf '%s\n' "$password" | LC_ALL=C sudo -k -S -p '' "$@" 2>&1; }
# Tried alone first: asked again, sudo would take the lines that follow for passwords, and the account might be locked for them.
said=$(run bash -c :) || {
  user=$(id -un)
  # As sudoers has it: a domain's backslash is written twice.
  name=${user//\\/\\\\}
  may="sudo does not let user $user run commands as root: allow it in /etc/sudoers.d, such as '$name ALL=(ALL:ALL) ALL'"
  case ${said,,} in
    *'have a tty'*) why="sudo wants a terminal of user $user: add 'Defaults:$name !requiretty' to /etc/sudoers.d" ;;
    *'try again'* | *'incorrect '* | *'no password was provided'*)
      why="sudo refuses the password of user $user: store the right one as sudoPassword, or in sshLogins. A delete uses that of the last up" ;;
    *'not in the sudoers'* | *'is not allowed'* | *'may not run'* | *'afraid i can'*) why=$may ;;
    *) why="sudo fails: $(tail -n 1 <<<"$said")" ;;
  esac
  echo "ERROR: $0: $why" >&2
  exit 1
}
# Where sudo does not ask, the password stays in front of the script's input: the line with a tab, which no password has, ends it.
{ printf '%s\n\t\n' "$password"; exec cat; } | LC_ALL=C sudo -S -p '' bash -c "while IFS= read -r l && [[ \$l != \$'\t' ]]; do :; done
$1"
