#!/usr/bin/env bash
# Make .bench, the virtual environment of those that stalplan is measured beside.
set -euo pipefail
cd "$(dirname "$0")/../.."

peers=(
  "ansible-core==2.19.14"
  "asyncssh==2.24.1"
  "parallel-ssh==2.16.0.post1"
  "pyinfra==3.10.0"
)
known=.bench/peers
if [ "$(cat "$known" 2>/dev/null)" = "${peers[*]}" ]; then exit; fi
"$(.ci/python)" -m venv --clear .bench
.bench/bin/pip --disable-pip-version-check install --quiet "${peers[@]}"
echo "${peers[*]}" >"$known"
