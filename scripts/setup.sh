#!/usr/bin/env bash
# Installs what Debian 12 packages give: compilers, libraries, tools; with `tests` also the browser that
# the tests drive; with `engine` only what scripts/with_engine.sh needs. At once done when all is there.
source "$(dirname "$0")/lib.sh"

PACKAGES=(
  ca-certificates ccache clang-19 clang-format-19 cmake curl g++ git jq libbenchmark-dev
  libboost-json1.81-dev libboost-url1.81-dev libboost1.81-dev libc-ares-dev libcjose-dev
  libclang-rt-19-dev libcli11-dev libcurl4-openssl-dev libfmt-dev libgtest-dev
  libhowardhinnant-date-dev libjansson-dev libsodium-dev libspdlog-dev libsqlite3-dev libssl-dev
  libtomlplusplus-dev lld-19 llvm-19 libutf8proc-dev ninja-build openssl pkg-config procps
  python3 python3-cryptography python3-jwt python3-yaml sqlite3 tzdata wrk
)

# The dashboard's page is built with Node 18 or newer; any that is on the PATH will do.
has_node() {
  command -v npm >/dev/null && command -v node >/dev/null &&
    node -e 'process.exit(parseInt(process.versions.node, 10) >= 18 ? 0 : 1)'
}
has_node || PACKAGES+=(nodejs npm)
case ${1:-} in
  tests) PACKAGES+=(chromium) ;;
  engine) PACKAGES=(curl debootstrap docker-compose docker.io iptables jq procps slirp4netns) ;;
esac

missing() {
  dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${PACKAGES[@]}" 2>/dev/null |
    awk '$1 == "installed" {print $2}' | sort -u |
    comm -13 - <(printf '%s\n' "${PACKAGES[@]}" | sort -u)
}

command -v apt-get >/dev/null || die "this needs apt-get: Belfry builds on Debian 12 (bookworm)"
mapfile -t wanted < <(missing)
if ((${#wanted[@]} == 0)); then
  [[ ${1:-} == --quiet ]] || say "setup: all packages are installed"
  exit 0
fi
sudo=()
if ((EUID != 0)); then
  command -v sudo >/dev/null || die "not root and no sudo: install as root: ${wanted[*]}"
  sudo=(sudo)
fi
say "setup: installing ${#wanted[@]} packages: ${wanted[*]}"
install() {
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends -qq "${wanted[@]}" >/dev/null
}
"${sudo[@]}" apt-get update -qq || say "setup: apt-get update failed; trying with the lists there are"
install || die "apt-get could not install them all; is this Debian 12 with its package sources?"
say "setup: done"
