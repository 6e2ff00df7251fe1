#!/usr/bin/env bash
# The page in Debian's Chromium against the real services: scripts/page_test.sh [preset] [arguments
# for playwright]. Starts its own scheduler and dashboard on free ports and ends them.
source "$(dirname "$0")/lib.sh"

preset=${1:-dev}
shift || true
bin=$ROOT/build/$preset/bin
work=$(mktemp -d)
pids=()
clean_up() {
  local status=$?
  ((${#pids[@]} == 0)) || kill "${pids[@]}" 2>/dev/null || true
  ((${#pids[@]} == 0)) || wait "${pids[@]}" 2>/dev/null || true
  ((status == 0)) || tail -n 20 "$work"/*.log >&2 || true
  rm -rf "$work"
}
trap clean_up EXIT

# start NAME FLAGS…: in the background; its address is $address once it listens.
start() {
  local name=$1
  shift
  mkfifo "$work/$name.out"
  "$bin/belfry-$name" "$@" >"$work/$name.out" 2>"$work/$name.log" &
  pids+=("$!")
  local line
  exec {out}<"$work/$name.out"
  IFS= read -r -t 30 -u "$out" line || die "belfry-$name did not start: $(cat "$work/$name.log")"
  address=${line#listening on }
}

start scheduler --listen 127.0.0.1:0 --operators-listen off --data "$work/data" \
  --default-target echo --egress-allow 127.0.0.0/8 --log-level warn
export BELFRY_API_URL=$address BELFRY_OPERATOR_KEY
BELFRY_OPERATOR_KEY=$(<"$work/data/operator.key")
start dashboard --listen 127.0.0.1:0 --scheduler "$address" --log-level warn
export BELFRY_PAGE_URL=$address/
export BELFRY_BIN=$bin
cd web
npx playwright test "$@"
