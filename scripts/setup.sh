#!/bin/sh
# Everything a fresh machine lacks, from nothing but Python 3.11, make and a package manager.
# Safe to run again at any time: what is there stays. Says each command that changes the system.
# With --with-browser also Chromium, in which the tests look at the report.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*"; }
fail() {
    printf 'setup: %s\n' "$*" >&2
    [ -n "${dispensable:-}" ] || echo 'setup: 2 configuration, credentials or rights: mend them and start again' >&2
    exit 2
}

# Prints how to become root for a package installation, or fails when that is not possible unasked.
as_root() {
    if [ "$(id -u)" = 0 ]; then echo ""; return 0; fi
    if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then echo "sudo -n"; return 0; fi
    return 1
}

# install_packages <why> <debian packages>
install_packages() {
    why=$1; shift
    command -v apt-get >/dev/null 2>&1 || fail "$why is missing: install it with your package manager (on Debian it is '$*') and run make setup again"
    [ "${SETUP_INSTALL:-yes}" = yes ] || fail "$why is missing and SETUP_INSTALL=no: run 'apt-get install $*' and then make setup again"
    root=$(as_root) || {
        if command -v sudo >/dev/null 2>&1; then fail "$why is missing and sudo asks for a password: run 'sudo apt-get install $*', then make setup again"; fi
        fail "$why is missing and there is no right to install it: have 'apt-get install $*' run as root, then make setup again"
    }
    say "$why is missing, running: $root apt-get install -y --no-install-recommends $*"
    {
        $root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" ||
        { $root apt-get update && $root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; }
    } >build/setup.log 2>&1 || { tail -5 build/setup.log >&2; fail "apt-get could not install $*: see build/setup.log"; }
}

find_python() {
    for candidate in ${PYTHON3:-} python3.11 python3.12 python3.13 python3; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

# What root made here (sudo make …) we could neither read nor replace.
if [ "$(id -u)" != 0 ]; then
    for made in build build/setup.log .env profiles.yml .local; do
        [ ! -e "$made" ] || [ -O "$made" ] ||
            fail "$made belongs to another user (made with sudo?): 'sudo chown -R $(id -un) .' makes it yours, then make setup again"
    done
fi
mkdir -p build
python=$(find_python) || fail "no Python 3.11 to 3.13 found: install one, or name it with PYTHON3=/path/to/python"

if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c '' 2>/dev/null; then
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        install_packages "Python's venv module" "python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    fi
    say "creating .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
fi

wanted=$(cat requirements-uv.lock requirements.lock | cksum)
if [ "$(cat .venv/.locked 2>/dev/null || true)" != "$wanted" ]; then
    say "installing the locked packages (requirements.lock) with uv: a minute or two"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock ||
        fail "pip could not install uv: is the package index reachable?"
    sync="env VIRTUAL_ENV=.venv .venv/bin/uv pip sync --quiet --compile-bytecode --require-hashes requirements.lock"
    # The second try is for networks with a certificate authority of their own.
    $sync 2>build/setup.log || $sync --system-certs ||
        fail "uv could not install the locked packages: is the package index reachable?"
    printf '%s\n' "$wanted" >.venv/.locked
fi

mariadbd_present() { command -v mariadbd >/dev/null 2>&1 || [ -x /usr/sbin/mariadbd ]; }
# A running MariaDB for the sandbox (compose.yml) makes one of our own needless; tests need it all the same.
mariadb_named() { [ -n "${SANDBOX_MARIADB_URL:-}" ] || grep -qs '^SANDBOX_MARIADB_URL=.' "${ENV_FILE:-.env}"; }
if ! mariadbd_present && ! mariadb_named; then
    install_packages "the MariaDB server (for the Splynx sandbox)" mariadb-server-core mariadb-client-core
    mariadbd_present || fail "MariaDB was installed but mariadbd is not found"
fi
if ! command -v mariadb-dump >/dev/null 2>&1 && ! command -v mysqldump >/dev/null 2>&1; then
    # Only backups of Splynx (and their tests) need it.
    (dispensable=yes; install_packages "a dump tool of MariaDB or MySQL (for make backup-splynx)" mariadb-client) ||
        say "going on without it"
fi

if [ "${1:-}" = --with-browser ] && ! command -v chromium >/dev/null 2>&1; then
    (dispensable=yes; install_packages "Chromium (tests look at the report in it)" chromium) ||
        say "going on without it: these tests are skipped"
fi

if [ ! -e .env ]; then
    (umask 077 && cp .env.example .env)
    say "wrote .env from .env.example"
fi
.venv/bin/python -m services prepare 2>build/setup.log || { cat build/setup.log >&2; exit 2; }
say "dbt reads the project"
.venv/bin/python -m runtime parse 2>build/setup.log || { cat build/setup.log >&2; exit 2; }
say "ready; 'make' shows what can be done"
