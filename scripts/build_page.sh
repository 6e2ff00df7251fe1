#!/usr/bin/env bash
# Builds the dashboard's page (web/) into build/web/dist; at once done when nothing has changed. All
# presets share it, so one at a time. Called by CMake.
source "$(dirname "$0")/lib.sh"

out=$ROOT/build/web
mkdir -p "$out"
exec 9>"$out/lock"
flock 9
inputs=$(cd web && find . -path ./node_modules -prune -o -path ./dist -prune -o -path ./tests -prune -o \
  -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1)
if [[ -f $out/built_from && $(<"$out/built_from") == "$inputs" && -f $out/dist/index.html ]]; then
  touch "$out/stamp"
  exit 0
fi
packages=$(sha256sum <web/package-lock.json | cut -d' ' -f1)
cd web
if [[ ! -d node_modules || ! -f $out/installed_from || $(<"$out/installed_from") != "$packages" ]]; then
  # Not `npm ci`: it wants the lock to name the builds of packages for every other system, too, and
  # a registry need not have those. This installs what the lock names, and leaves the lock alone.
  npm install --no-save --no-audit --no-fund --loglevel=error ||
    die "npm could not install the page's packages"
  printf '%s' "$packages" >"$out/installed_from"
fi
BELFRY_WEB_OUT=$out/dist npm run --silent build || die "the page does not build; see above"
printf '%s' "$inputs" >"$out/built_from"
touch "$out/stamp"
