# Helpers for the scripts beside this file, which source it. Bash, on Debian 12.
# shellcheck shell=bash disable=SC2034

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root

# Compilations are shared between checkouts, wherever they lie.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1

# What building the two programs takes.
readonly build_packages=(
  build-essential ca-certificates ccache cmake ninja-build pkg-config
  libabsl-dev libcli11-dev libcpp-httplib-dev libcurl4-openssl-dev libgrpc++-dev libjemalloc-dev libprotobuf-dev libssl-dev
  libyaml-cpp-dev nlohmann-json3-dev protobuf-compiler protobuf-compiler-grpc zlib1g-dev
)

# What the tests in C++ take besides.
readonly test_packages=(libbenchmark-dev libgmock-dev libgtest-dev)

# What the benchmark takes besides.
readonly bench_packages=(python3 python3-matplotlib)

# What the checks of the sources take.
readonly lint_packages=(clang-14 clang-format-14 clang-tidy-14 clang-tools-14 shellcheck)

# What the fuzz targets take besides.
readonly fuzz_packages=(clang-14 libclang-rt-14-dev llvm-14)

# What the end-to-end tests take besides; Node.js and Python's venv are looked for by themselves.
readonly e2e_packages=(chromium curl firefox-esr golang-go iproute2 openssl webkit2gtk-driver xvfb)

# What they unpack and don't install, since installing starts servers: nginx's program, its configuration, Caddy.
readonly e2e_unpacked=(nginx nginx-common caddy)

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

# Unpacks Debian packages that are not there yet, each into build/debian/NAME. Installs and starts nothing.
unpack_packages() {
  local package folder scratch log
  for package in "$@"; do
    folder=$root/build/debian/$package
    [[ ! -d $folder ]] || continue
    say "Unpacking $package"
    mkdir -p "$root/build/debian"
    scratch=$(mktemp -d "$root/build/debian/.new-XXXXXX")
    chmod 755 "$scratch"
    log=$scratch/log
    if ! { download_package "$package" "$scratch" || { as_root apt-get update -q && download_package "$package" "$scratch"; } &&
        dpkg-deb -x "$scratch"/*.deb "$scratch/tree" && mv "$scratch/tree" "$folder"; } >"$log" 2>&1; then
      tail -n 30 "$log" >&2
      rm -rf "$scratch"
      return 1
    fi
    rm -rf "$scratch"
  done
}

download_package() { (cd "$2" && apt-get download -q -o APT::Sandbox::User=root "$1"); }

# Configures a preset once, and when presets change. CMake configures again by itself when its other files do.
configure_preset() {
  [[ $root/build/$1/build.ninja -nt $root/CMakePresets.json ]] || (cd "$root" && cmake --preset "$1" --log-level=WARNING)
}

build_preset() {
  configure_preset "$1" && (cd "$root" && cmake --build --preset "$1")
}

node_is_new_enough() {
  command -v node >/dev/null && command -v npm >/dev/null &&
    node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 18) ? 0 : 1)'
}

# Node.js 20 or newer with npm. Debian 12's own is older; then its npm brings a newer one into build/.
need_node() {
  node_is_new_enough && return
  if ! command -v npm >/dev/null; then install_packages nodejs npm; fi
  if ! node_is_new_enough; then
    local arch
    case $(uname -m) in
      x86_64) arch=x64 ;;
      aarch64) arch=arm64 ;;
      *) printf 'Node.js 20 is needed, and there is none for this machine\n' >&2; return 1 ;;
    esac
    local home=$root/build/node
    [[ -x $home/node_modules/node-linux-$arch/bin/node ]] ||
      npm install --no-save --no-audit --no-fund --loglevel=error --prefix "$home" "node-linux-$arch@22.22.0"
    export PATH=$home/node_modules/node-linux-$arch/bin:$PATH
  fi
  node_is_new_enough
}

# npm_ci FOLDER: the Node.js packages of a folder, as its lock file has them.
npm_ci() {
  local stamp=$1/node_modules/.package-lock.json
  if [[ ! -f $stamp || $1/package-lock.json -nt $stamp ]]; then
    say "Installing the Node.js packages of ${1#"$root"/}"
    (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) || return
    touch "$stamp"
  fi
}

# make_venv FOLDER: an empty Python environment, in place of what is there.
make_venv() {
  if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then install_packages python3 python3-venv; fi
  rm -rf "$1"
  python3 -m venv "$1"
}
