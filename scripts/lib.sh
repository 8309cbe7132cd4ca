# Helpers for the scripts beside this file, which source it. Bash, on Debian 12.
# shellcheck shell=bash disable=SC2034

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root

# Compilations are shared between checkouts, wherever they lie.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1

# What building the two programs takes.
readonly build_packages=(
  build-essential ca-certificates ccache cmake ninja-build pkg-config
  libabsl-dev libcli11-dev libcpp-httplib-dev libcurl4-openssl-dev libgrpc++-dev libprotobuf-dev libssl-dev
  libyaml-cpp-dev nlohmann-json3-dev protobuf-compiler protobuf-compiler-grpc zlib1g-dev
)

# What the tests in C++ take besides.
readonly test_packages=(libgmock-dev libgtest-dev)

# What the checks of the sources take.
readonly lint_packages=(clang-14 clang-format-14 clang-tidy-14 shellcheck)

# What the fuzz targets take besides.
readonly fuzz_packages=(clang-14 libclang-rt-14-dev llvm-14)

# What the end-to-end tests take besides; Node.js and Python's venv are looked for by themselves.
readonly e2e_packages=(chromium curl firefox-esr golang-go iproute2 webkit2gtk-driver xvfb)

say() { printf '\n== %s\n' "$*"; }

as_root() {
  if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

# Installs those of the Debian packages that are missing. Does not touch the network if none is.
install_packages() {
  local package missing=()
  for package in "$@"; do
    if [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) != installed ]]; then
      missing+=("$package")
    fi
  done
  ((${#missing[@]})) || return 0
  if ! command -v apt-get >/dev/null; then
    printf 'These Debian packages are missing, and there is no apt-get to install them: %s\n' "${missing[*]}" >&2
    return 1
  fi
  say "Installing ${missing[*]}"
  local log
  log=$(mktemp)
  if ! { as_root apt-get update -q && as_root env DEBIAN_FRONTEND=noninteractive \
      apt-get install -q -y --no-install-recommends -o Dpkg::Use-Pty=0 "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}

# Configures a preset once. CMake configures again by itself when its files change.
configure_preset() {
  [[ -f $root/build/$1/build.ninja ]] || (cd "$root" && cmake --preset "$1" --log-level=WARNING)
}

build_preset() {
  configure_preset "$1" && (cd "$root" && cmake --build --preset "$1")
}
