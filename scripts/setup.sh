#!/usr/bin/env bash
# Readies the checkout for demo.sh ("setup.sh demo") or test.sh ("setup.sh dev"): ngspice, and a .venv that
# holds this package. Does nothing, and uses no network, when all of it is there. Where the demo finds no ngspice and
# cannot install one, .venv gets VACASK instead, a SPICE engine that pip installs; its compiler needs a linker (ld).
# Exit status 3: the set-up could not be finished; the message says what to run.
set -euo pipefail
CDPATH='' cd -- "$(dirname -- "$0")/.."
want=${1:-demo}
case $want in
    demo) target=. readies=(demo) ;;
    dev) target='.[dev]' readies=(demo dev) ;;
    *) echo "usage: setup.sh demo|dev" >&2 && exit 2 ;;
esac
log= # what the steps print, once there is one

stop() {
    echo "neuromorph set-up: $*" >&2
    exit 3
}

# What .venv was made for: it is of no use after a move of the folder, with another minor version of Python,
# or with other dependencies.
stamp() {
    .venv/bin/python -ISc 'import sys; print("Python %d.%d" % sys.version_info[:2])'
    pwd -P
    cksum <pyproject.toml
}

# .venv/ready-* is written last, so a set-up that was interrupted has left none.
ready() {
    [[ -f .venv/ready-$1 && $(<".venv/ready-$1") == "$(stamp 2>/dev/null)" ]]
}

# The first Python that is new enough and can make a .venv (Debian packs that apart). Prints the program itself,
# not a pyenv shim that leads to it, nor the link in an active .venv that is about to be removed.
find_python() {
    local program
    while IFS= read -r program; do
        "$program" -Ic 'import ensurepip, sys, venv
assert sys.version_info >= (3, 11)
print(sys._base_executable)' 2>/dev/null && return
    done < <(type -aP python3 python3.13 python3.12 python3.11)
    return 1
}

# step TEXT ADVICE COMMAND...: runs a command that takes long, with one line on the screen. When it fails, one line
# says why, and the log of all that was printed stays.
step() {
    local text=$1 advice=$2 reason
    shift 2
    log=${log:-$(mktemp "${TMPDIR:-/tmp}/neuromorph-setup.XXXXXX")}
    echo "$text ..." >&2
    if "$@" >>"$log" 2>&1 </dev/null; then return; fi
    if grep -Eqi 'CERTIFICATE_VERIFY_FAILED|certificate verif' "$log"; then
        reason="the package server's certificate is not trusted here"
        advice="A proxy that shows its own needs PIP_CERT=/path/to/its.pem; then try again"
    elif grep -Eqi 'temporary failure|could not (resolve|connect)|unreachable|NewConnection|ConnectTimeout' "$log"; then
        reason="no network, the package server cannot be reached" advice="Try again when it can"
    else
        reason=$(grep -Em1 '^ *(E|ERROR|Error|sudo): ' "$log" | sed 's/^ *//' || true)
    fi
    stop "$text: failed (${reason:-for a reason that the log may tell}). $advice. Log: $log"
}

# Installs "python", "ngspice", "libngspice" and "binutils", or those of them that are named, with the system's package manager.
install_packages() {
    local manager command advice packages=$*
    for manager in apt-get dnf zypper pacman brew none; do
        if type -P "$manager" >/dev/null; then break; fi
    done
    # A fresh machine has no package lists, and may hold the lock while it upgrades itself. That the update fails
    # can be one bad source among many: the install tells.
    case $manager in
        apt-get)
            packages=${packages/python/python3-venv}
            packages=${packages/libngspice/libngspice0}
            command="apt-get -q update; DEBIAN_FRONTEND=noninteractive apt-get -qy -o DPkg::Lock::Timeout=300"
            command="$command --no-install-recommends install $packages"
            advice="sudo apt-get update && sudo apt-get install $packages"
            ;;
        dnf) command="dnf -y install ${packages/python/python3}" ;;
        zypper)
            packages=${packages/libngspice/libngspice0}
            command="zypper -n install ${packages/python/python3}"
            ;;
        # There the library comes with the program.
        pacman) command="pacman -S --noconfirm ${packages/libngspice/ngspice}" ;;
        brew) command="brew install $packages" advice=$command ;;
        none) stop "missing: $packages. Install Python 3.11 or later with venv, and ngspice, and try again" ;;
    esac
    advice="Run: ${advice:-sudo $command}"

    # Files of the system are for all users, whatever umask this shell has.
    set -- sh -c "umask 022; $command"
    if ((EUID != 0)) && [[ $manager != brew ]]; then
        type -P sudo >/dev/null || stop "missing: $packages, and only root can install it. $advice"
        # Without a terminal nobody can type a password.
        if [[ -t 0 ]]; then set -- sudo "$@"; else set -- sudo -n "$@"; fi
    fi
    step "Installing $packages ($manager)" "$advice" "$@"
}

missing=()
ready demo || find_python >/dev/null || missing+=(python)
# Who names an ngspice does not want another one; a name that is wrong is for neuromorph to explain.
if [[ -z ${NEUROMORPH_NGSPICE:-} ]] && ! type -P ngspice >/dev/null; then missing+=(ngspice); fi
# Whether the system's package manager would do what it is told.
can_install() {
    local manager
    type -P brew >/dev/null && return
    for manager in apt-get dnf zypper pacman; do
        if type -P "$manager" >/dev/null; then
            ((EUID == 0)) || { type -P sudo >/dev/null && { [[ -t 0 ]] || sudo -n true 2>/dev/null; }; }
            return
        fi
    done
    return 1
}
spice=ngspice
if [[ $want == demo && ${missing[*]-} == *ngspice* && $(uname -sm) == "Linux x86_64" ]] && ! can_install; then
    spice=vacask target='.[vacask]' readies+=(vacask) missing=("${missing[@]/ngspice/}")
    if [[ -z ${missing[*]-} ]]; then missing=(); fi
    type -P ld >/dev/null || stop "missing: ngspice, which cannot be installed from here. VACASK could take its place, but its" \
        "compiler needs a linker (ld), which is missing, too. Have one of them installed: ngspice, or binutils"
    ready vacask || echo "No ngspice here, and no right to install one: VACASK takes its place ..." >&2
fi
# The tests also run ngspice as a library.
has_library() {
    [[ -n ${NEUROMORPH_LIBNGSPICE:-} ]] || { ldconfig -p || /sbin/ldconfig -p || ls /opt/homebrew/lib /usr/local/lib; } 2>/dev/null |
        grep -q libngspice
}
if [[ $want == dev ]] && ! has_library; then missing+=(libngspice); fi
# They compile Verilog-A, too; a fresh Debian has no linker.
if [[ $want == dev ]] && ! type -P ld >/dev/null; then missing+=(binutils); fi
if ((${#missing[@]})); then install_packages "${missing[@]}"; fi

if ! ready "$want" || { [[ $spice == vacask ]] && ! ready vacask; }; then
    if ! ready demo; then
        python=$(find_python) || stop "no python3 here is 3.11 or later and has venv. Install one, and try again"
        rm -rf .venv
        step "Making .venv ($("$python" --version))" "Try again" "$python" -m venv .venv
    fi
    rm -f .venv/ready-*
    step "Installing the Python packages into .venv (pip)" "Try again" \
        .venv/bin/python -m pip install --no-input --disable-pip-version-check --progress-bar off -e "$target"
    for name in "${readies[@]}"; do stamp >".venv/ready-$name"; done
fi
if [[ -n $log ]]; then rm -f "$log"; fi
