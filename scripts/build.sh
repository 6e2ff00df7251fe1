#!/usr/bin/env bash
# Builds a preset: scripts/build.sh [release|dev|asan|tsan|fuzz] [targets…]
source "$(dirname "$0")/lib.sh"

preset=${1:-release}
shift || true
scripts/setup.sh --quiet
say "build: configuring $preset"
log=$(mktemp)
cmake --preset "$preset" >"$log" 2>&1 || { cat "$log"; die "cmake --preset $preset failed"; }
rm -f "$log"
if [[ -d build/$preset/bin ]]; then
  say "build: bringing build/$preset up to date"
else
  say "build: compiling $preset, which takes some minutes the first time"
fi
targets=()
(($# > 0)) && targets=(--target "$@")
cmake --build "build/$preset" --parallel "$(nproc)" "${targets[@]}" -- --quiet ||
  die "the build of $preset failed; the compiler's words are above"
say "build: binaries are in build/$preset/bin"
