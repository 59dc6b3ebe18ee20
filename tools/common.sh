# What every command of ./dev shares: messages, packages, configuring and building. Sourced, never run.
# shellcheck shell=bash

root=${HEM_ROOT:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)}
export HEM_ROOT=$root

if [ -t 2 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
    bold=$'\e[1m' red=$'\e[31m' plain=$'\e[0m'
else
    bold='' red='' plain=''
fi

say() { printf '%s\n' "$*" >&2; }
headline() { printf '%s%s%s\n' "$bold" "$*" "$plain" >&2; }
die() {
    printf '%s%s%s\n' "$red" "$*" "$plain" >&2
    exit 1
}

# `usage TEXT ARGS...`: prints TEXT and ends when the first of ARGS asks for help.
usage() {
    case ${2:-} in
    -h | --help)
        printf '%s\n' "$1"
        exit 0
        ;;
    esac
}

# Compiled objects are shared between clones: paths below the clone are made relative before they are hashed.
if [ -z "${HEM_COMPILER_LAUNCHER+set}" ] && command -v ccache >/dev/null; then
    export HEM_COMPILER_LAUNCHER=ccache
fi
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1 CCACHE_PCH_EXTSUM=1
export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime

# Compilers take about 1 GiB each in the worst file: never more at once than memory holds.
jobs() {
    local cpus memory
    cpus=$(nproc)
    memory=$(awk '/^MemAvailable/ {print int($2 / 1048576)}' /proc/meminfo)
    [ "$memory" -ge 1 ] || memory=1
    echo $((cpus < memory ? cpus : memory))
}

# `packages SET...`: their names, each once.
packages() {
    local set
    for set in "$@"; do awk -v set="$set" '$1 == set {print $2}' "$root/tools/packages.txt"; done | sort -u
}

# `missing NAME...`: those that are not installed.
missing() {
    local installed
    installed=$(dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null | awk '$1 == "ii" {print $2}' || true)
    printf '%s\n' "$@" | grep -vxF -e "$installed" || true
}

# `setup SET...`: installs what is missing of the sets; silent when nothing is.
setup() {
    local names wanted log as_root=()
    [ -z "${HEM_NO_SETUP:-}" ] || return 0
    mapfile -t names < <(packages "$@")
    command -v dpkg-query >/dev/null || die "This is no Debian system. Install by other means: ${names[*]}
Then set HEM_NO_SETUP=1 and try again."
    mapfile -t wanted < <(missing "${names[@]}")
    [ ${#wanted[@]} -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "Packages are missing, and installing them needs root; there is no sudo. As root, run:
  apt-get update && apt-get install -y --no-install-recommends ${wanted[*]}"
        as_root=(sudo)
    fi
    mkdir -p "$root/build"
    log=$root/build/setup.log
    headline "Installing ${#wanted[@]} Debian packages: ${wanted[*]}"
    if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q update >"$log" 2>&1 </dev/null; then
        tail -n 15 "$log" >&2
        die "apt-get update failed (is the network there?); all of its output: $log"
    fi
    if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${wanted[@]}" \
        >>"$log" 2>&1 </dev/null; then
        tail -n 15 "$log" >&2
        die "apt-get install failed (Hem's packages are those of Debian 12); all of its output: $log"
    fi
    if [ -z "${HEM_COMPILER_LAUNCHER+set}" ] && command -v ccache >/dev/null; then
        export HEM_COMPILER_LAUNCHER=ccache
    fi
}

# `configure PRESET`: build/PRESET is made or brought up to date; ninja itself follows changes of CMakeLists.txt.
configure() {
    local build=$root/build/$1 log
    if [ -e "$build/build.ninja" ] && [ ! "$root/CMakePresets.json" -nt "$build/build.ninja" ]; then return; fi
    mkdir -p "$build"
    log=$build/configure.log
    say "Configuring $1"
    if ! cmake --preset "$1" >"$log" 2>&1 </dev/null; then
        cat "$log" >&2
        die "Configuring $1 failed; the output stands above and in $log"
    fi
}

# `build PRESET [TARGET...]`
build() {
    local preset=$1 status=0
    shift
    configure "$preset"
    say "Building $preset${*:+: $*}"
    if [ -t 1 ]; then
        NINJA_STATUS='[%f/%t %es] ' ninja -C "$root/build/$preset" -j "$(jobs)" "$@" </dev/null || status=$?
    else
        ninja -C "$root/build/$preset" --quiet -j "$(jobs)" "$@" </dev/null || status=$?
    fi
    [ "$status" -eq 0 ] || die "Building $preset failed: the first error stands above"
}
