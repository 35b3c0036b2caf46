#!/usr/bin/env bash
# Installs what the grader needs: once, as root, while Gradescope builds its image; elsewhere before the grader runs.
# Running it again changes nothing.
set -euo pipefail
umask 022
export DEBIAN_FRONTEND=noninteractive
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=${AUTOGRAD_VENV:-/opt/autograd-grader}

# A Python of 3.11 or newer that can make an environment.
find_python() {
    local name
    for name in python3.13 python3.12 python3.11 python3; do
        if "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    return 1
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo --preserve-env=DEBIAN_FRONTEND "$@"; fi; }
has_libseccomp() { PATH=$PATH:/sbin:/usr/sbin ldconfig -p | grep -q 'libseccomp\.so\.2'; }

if ! find_python >/dev/null || ! has_libseccomp; then
    as_root apt-get update
    has_libseccomp || as_root apt-get install -y --no-install-recommends libseccomp2
    find_python >/dev/null ||
        as_root apt-get install -y --no-install-recommends python3.11 python3.11-venv ||
        as_root apt-get install -y --no-install-recommends python3 python3-venv
fi
python=$(find_python) || {
    echo "setup.sh: no Python 3.11 or newer; choose a newer image (Ubuntu 22.04 or later)" >&2
    exit 1
}

[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
pip() { "$venv/bin/python" -m pip install --no-cache-dir --disable-pip-version-check --quiet "$@"; }

# First torch alone, from an index of CPU builds where one was named: the usual build brings gigabytes of CUDA.
pip @TORCH_INDEX@ '@TORCH@'
pip -r "$here/requirements.txt"

cd "$here"
"$venv/bin/python" -m compileall -q autograder graders
"$venv/bin/python" -c 'import torch, autograder.hosts.one'
