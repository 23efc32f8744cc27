# shellcheck shell=bash
# Nothing to do while the machine stays.
:
