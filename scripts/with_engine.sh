#!/usr/bin/env bash
# Runs a command with a Docker engine of its own, as root on Debian 12: scripts/with_engine.sh COMMAND…
# The engine has its own processes, mounts and network, and keeps its data in a temporary folder, so it
# touches no other engine, port or firewall rule and leaves nothing behind. Published ports exist only
# inside, for the command; slirp4netns carries the traffic of builds to the outside. The base images are
# pulled, or made by debootstrap, and get this machine's package sources, certificates and npm settings.
source "$(dirname "$0")/lib.sh"

BASES=(debian:12 debian:12-slim)
# This machine reaches its package sources by these files.
SETTINGS=(/etc/apt /usr/share/keyrings /usr/local/share/ca-certificates /etc/ssl/certs/ca-certificates.crt)

# Makes the namespaces, connects their network, and waits for the command's end.
run_outside() {
  check_machine
  work=$(mktemp -d)
  begun='' children=()
  trap clean_up EXIT
  mkfifo "$work/begun" "$work/connected"
  exec {begun}<>"$work/begun" {connected}<>"$work/connected"
  unshare --net --mount --pid --fork --kill-child --mount-proc \
    "$ROOT/scripts/with_engine.sh" --inside "$work" "$@" <&0 &
  children+=("$!")
  read -r -t 30 -u "$begun" _ || die "the namespaces did not start"
  slirp4netns --configure --disable-host-loopback --ready-fd="$connected" "${children[0]}" tap0 \
    >"$work/slirp4netns.log" 2>&1 &
  children+=("$!")
  local status=0
  wait "${children[0]}" || status=$?
  exit "$status"
}

check_machine() {
  ((EUID == 0)) || die "this needs root, as dockerd does"
  [[ $(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}") == bookworm ]] ||
    die "this needs Debian 12, because the images get this machine's package sources"
  [[ -c /dev/net/tun ]] || die "this needs /dev/net/tun, by which the engine's network is connected"
  unshare --net --mount --pid --fork --mount-proc true 2>/dev/null ||
    die "this machine allows no namespaces, and the engine runs in its own"
  scripts/setup.sh engine
}

# When the first process inside ends, the kernel ends all others and removes their mounts; `unshare` ends
# after that.
clean_up() {
  if ((${#children[@]} > 0)); then
    ps -o pid= --ppid "${children[0]}" | xargs -r kill -KILL || true
    wait "${children[0]}" 2>/dev/null || true
    kill "${children[@]:1}" 2>/dev/null || true
  fi
  find /sys/fs/cgroup -depth -type d -path "*/$(basename "$work")*" -exec rmdir {} + 2>/dev/null || true
  rm -rf "$work"
}

# run_inside FOLDER COMMAND…: starts the engine in the namespaces and runs the command.
run_inside() {
  work=$1
  shift
  printf 'begun\n' >"$work/begun"
  exec {connected}<>"$work/connected"
  read -r -t 30 -n 1 -u "$connected" _ || die "no network: $(tail -n 3 "$work/slirp4netns.log")"
  exec {connected}<&-
  hide_other_engines
  start_engine
  make_bases
  local status=0
  export TMPDIR=$work/tmp
  mkdir "$TMPDIR"
  "$@" || status=$?
  kill "$engine"
  wait "$engine" || true
  exit "$status"
}

# Hides another engine's sockets, keys and settings. Names are resolved by slirp4netns, because a name
# server on the machine's loopback cannot be reached from here.
hide_other_engines() {
  local folder
  for folder in /etc/docker /run/containerd /run/docker; do
    mkdir -p "$folder"
    mount -t tmpfs none "$folder"
  done
  printf 'nameserver 10.0.2.3\n' >"$work/resolv.conf"
  mount --bind "$work/resolv.conf" "$(readlink -f /etc/resolv.conf)"
}

start_engine() {
  export DOCKER_HOST=unix://$work/docker.sock DOCKER_CONFIG=$work/config BELFRY_ENGINE=1
  dockerd --host "$DOCKER_HOST" --data-root "$work/data" --exec-root "$work/exec" \
    --pidfile "$work/dockerd.pid" --cgroup-parent "/$(basename "$work")" \
    >"$work/dockerd.log" 2>&1 &
  engine=$!
  until docker info >/dev/null 2>&1; do
    kill -0 "$engine" 2>/dev/null ||
      die "dockerd does not run here: $(grep -E 'level=(error|fatal)|failed' "$work/dockerd.log" | tail -n 1)"
    sleep 0.1
  done
  say "engine: Docker $(docker info --format '{{.ServerVersion}} on {{.Driver}}')"
}

make_bases() {
  local image
  for image in "${BASES[@]}"; do
    timeout 60 docker pull --quiet "$image" >"$work/pull.log" 2>&1 || { debootstrap_bases; break; }
  done
  gather_settings
  # Only builders run npm.
  add_settings debian:12 "$(npm_settings)"
  add_settings debian:12-slim ''
}

# Like Docker's own images of Debian, these hold a minimal system and install packages without syncing
# each file; the slim one has no documents and no translations.
debootstrap_bases() {
  local root=$work/root mirror folder
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' |
    sed 1q)
  say "engine: ${BASES[*]} cannot be pulled; debootstrap makes them"
  debootstrap --variant=minbase bookworm "$root" "$mirror" >"$work/debootstrap.log" 2>&1 ||
    die "debootstrap could not make a Debian: $(tail -n 1 "$work/debootstrap.log")"
  printf 'force-unsafe-io\n' >"$root/etc/dpkg/dpkg.cfg.d/docker"
  find "$root/var/cache/apt" "$root/var/lib/apt/lists" "$root/var/log" -type f -delete
  tar -C "$root" -c . | docker import - debian:12 >/dev/null
  for folder in doc groff info linda lintian locale man; do
    rm -rf "${root:?}/usr/share/$folder"
    printf 'path-exclude /usr/share/%s/*\n' "$folder" >>"$root/etc/dpkg/dpkg.cfg.d/docker"
  done
  tar -C "$root" -c . | docker import - debian:12-slim >/dev/null
  rm -rf "$root"
}

gather_settings() {
  local to=$work/settings files=() file scheme name
  mkdir -p "$to"
  # npm may have certificates of its own.
  for file in "${SETTINGS[@]}" "$(npm config get cafile 2>/dev/null)"; do
    [[ ! -e $file ]] || files+=("${file#/}")
  done
  tar -C / -ch "${files[@]}" | tar -C "$to" -x
  # The images have to be small without apt's settings for small images.
  rm -f "$to"/etc/apt/apt.conf.d/docker-*
  for scheme in http https; do
    name=${scheme}_proxy
    [[ -z ${!name:-} ]] ||
      printf 'Acquire::%s::Proxy "%s";\n' "$scheme" "${!name}" >>"$to/etc/apt/apt.conf.d/95proxy"
  done
}

# Prints them as lines of a Dockerfile.
npm_settings() {
  local name value
  command -v npm >/dev/null || return 0
  for name in registry cafile proxy https-proxy; do
    value=$(npm config get "$name")
    [[ $value == null || $value == undefined ]] || printf 'ENV npm_config_%s="%s"\n' "${name//-/_}" "$value"
  done
}

# add_settings IMAGE LINES: adds the settings to the image, and the lines to its Dockerfile.
add_settings() {
  printf 'FROM %s\nRUN rm -rf /etc/apt/sources.list*\nCOPY . /\n%s\n' "$1" "$2" |
    DOCKER_BUILDKIT=0 docker build --tag "$1" --file - "$work/settings" >"$work/settings.log" 2>&1 ||
    die "$1 did not get this machine's settings: $(tail -n 1 "$work/settings.log")"
}

if [[ ${1:-} == --inside ]]; then
  shift
  run_inside "$@"
fi
(($# > 0)) || die "which command is to run? scripts/with_engine.sh COMMAND…"
run_outside "$@"
