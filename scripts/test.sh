#!/usr/bin/env bash
# Installs, builds and runs every test: scripts/test.sh [--quick]
#   --quick: the dev build's tests and the style checks only
source "$(dirname "$0")/lib.sh"

quick=0
for argument in "$@"; do
  case $argument in
    --quick) quick=1 ;;
    *) die "unknown option $argument; there is --quick" ;;
  esac
done

passed=0
failed=0
began=$SECONDS

# phase NAME COMMAND…: runs it, and counts it as one check unless it has counted for itself. What a
# failed one said is told again at the end, where a reader of a long log looks first.
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
pipe=$logs/pipe
mkfifo "$pipe"
failed_phases=()
phase() {
  local name=$1 from=$SECONDS status=0 log reader
  log=$logs/${#failed_phases[@]}
  shift
  say "=== $name"
  counted=0
  tee "$log" <"$pipe" &
  reader=$!
  "$@" >"$pipe" 2>&1 || status=1
  wait "$reader" || true  # it ends with the last writer: no phase leaves a job of its own
  if ((status == 0)); then
    ((counted)) || passed=$((passed + 1))
    say "=== $name: ok, $((SECONDS - from)) s"
  else
    ((counted)) || failed=$((failed + 1))
    failed_phases+=("$name")
    say "=== $name: FAILED, $((SECONDS - from)) s"
  fi
}

# The lines of each failed phase that speak of the failure, or else its last ones.
tell_failures() {
  local i log
  for i in "${!failed_phases[@]}"; do
    log=$logs/$i
    say "=== what failed in: ${failed_phases[i]}"
    # ctest, gtest, unittest, Playwright and Vitest, and our own checks.
    grep -naE '\*\*\*(Failed|Timeout|Exception)|\[  FAILED|^(FAIL|ERROR)|: Failure$|Error:|error:|ERROR: |WARNING: ThreadSanitizer|FAILED|^ *[✘×]|not ok|^ *[0-9]+\) ' \
      "$log" | cut -c1-300 | head -n 40 || true
    say "--- its last lines"
    tail -n 60 "$log" | cut -c1-400
  done
}

# A preset's tests by ctest; each test binary counts.
ctest_preset() {
  local preset=$1 log bad total status=0
  shift
  scripts/build.sh "$preset" || return 1
  log=$(mktemp)
  ctest --test-dir "build/$preset" --output-on-failure "$@" 2>&1 | tee "$log" || status=1
  total=$(sed -n 's/.* tests failed out of \([0-9]*\).*/\1/p' "$log")
  bad=$(sed -n 's/.*, \([0-9]*\) tests failed out of.*/\1/p' "$log")
  rm -f "$log"
  [[ -n $total && $total -gt 0 ]] || { say "no test ran"; return 1; }
  passed=$((passed + total - bad))
  failed=$((failed + bad))
  # A ctest that fails for another reason than its tests is a failure of the phase.
  ((status == 1 && bad == 0)) || counted=1
  return $status
}

check_format() {
  git ls-files '*.cpp' '*.hpp' | xargs clang-format-19 --dry-run -Werror
}

tool_tests() { (cd tools && python3 -m unittest -q ./*_test.py); }

fuzz() {
  scripts/build.sh fuzz fuzzers || return 1
  local status=0 seconds=${BELFRY_FUZZ_SECONDS:-60}
  local run='name=$(basename "$0"); corpus=tests/fuzz/corpus/${name#fuzz_}; mkdir -p "build/fuzz/found/$name"
    extra=(); [[ -d $corpus ]] && extra=("$corpus")
    "$0" -max_total_time="$1" -print_final_stats=1 -verbosity=0 -artifact_prefix="build/fuzz/found/$name-" \
      "build/fuzz/found/$name" "${extra[@]}" >"build/fuzz/$name.log" 2>&1 &&
      echo "$name: $(grep -a number_of_executed_units build/fuzz/$name.log)" ||
      { echo "$name: FAILED"; tail -40 "build/fuzz/$name.log"; exit 1; }'
  local source fuzzers=()
  for source in tests/fuzz/*_fuzz.cpp; do
    [[ -f $source ]] || { say "there are no fuzzers in tests/fuzz"; return 1; }
    fuzzers+=("build/fuzz/bin/fuzz_$(basename "$source" _fuzz.cpp)")
    [[ -x ${fuzzers[-1]} ]] || { say "$source has not become ${fuzzers[-1]}"; return 1; }
  done
  printf '%s\n' "${fuzzers[@]}" | xargs -P 2 -I{} bash -c "$run" {} "$seconds" || status=1
  return $status
}

# The generated types must be those of the contract as it is.
page_checks() {
  (
    cd web
    npx --no openapi-typescript ../api/openapi.yaml -o ../build/web/schema.d.ts >/dev/null &&
      diff -u src/api/schema.d.ts ../build/web/schema.d.ts &&
      npx --no tsc --noEmit && npx --no biome ci . && npx --no vitest run
  )
}

phase "packages" scripts/setup.sh tests
phase "tests (dev)" ctest_preset dev -j2
phase "page: types, style, units" page_checks
phase "tests of the tools" tool_tests
phase "style (tools/tidy.py)" python3 tools/tidy.py
phase "format (clang-format)" check_format
phase "page in a browser" scripts/page_test.sh dev
if ((!quick)); then
  export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1
  export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
  export UBSAN_OPTIONS=print_stacktrace=1
  export BELFRY_NO_CONTROLS=1
  export BELFRY_KILL_ROUNDS=3  # the sanitized servers are slow to start; the dev run has the rounds
  phase "tests (address and undefined)" ctest_preset asan -j2
  phase "tests (thread)" ctest_preset tsan -j2
  phase "fuzz" fuzz
  phase "quick start" scripts/quickstart_test.sh
fi

tell_failures
say "all of it took $((SECONDS - began)) s"
say "$passed passed, $failed failed"
((failed == 0))
