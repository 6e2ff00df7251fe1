#!/usr/bin/env bash
# Installs, builds and runs every test: scripts/test.sh [--quick] [--all] | --mutants
#   --quick: the dev build's tests and the style checks only
#   --all: also the phases whose inputs are those of a run that passed
#   --mutants: only whether the tests notice planted bugs (tools/mutate.py)
# The output of each phase is in build/check. The last line is 'N passed, N failed'.
source "$(dirname "$0")/lib.sh"
source "$ROOT/scripts/phases.sh"

quick=0
all=0
for argument in "$@"; do
  case $argument in
    --quick) quick=1 ;;
    --all) all=1 ;;
    --mutants) exec python3 tools/mutate.py ;;
    *) die "unknown option $argument; there are --quick, --all and --mutants" ;;
  esac
done

# A preset's tests by ctest; each test counts.
ctest_preset() {
  local preset=$1 log=$check_logs/$phase_id.ctest bad total status=0
  shift
  ctest --test-dir "build/$preset" --output-on-failure -j 4 "$@" 2>&1 | tee "$log" || status=1
  total=$(sed -n 's/.* tests failed out of \([0-9]*\).*/\1/p' "$log")
  bad=$(sed -n 's/.*, \([0-9]*\) tests failed out of.*/\1/p' "$log")
  [[ -n $total && $total -gt 0 ]] || { say "no test ran"; return 1; }
  counts $((total - bad)) "$bad"
  return $status
}

# A sanitizer's tests. BELFRY_KILL_ROUNDS: sanitized servers are slow to start, and the dev build's
# kill loop has the rounds.
sanitized() {
  export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1
  export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
  export UBSAN_OPTIONS=print_stacktrace=1
  export BELFRY_KILL_ROUNDS=3
  ctest_preset "$@"
}

# unless_unchanged NAME COMMAND… -- PATHS…: runs the command, unless it has passed with these contents
# of these paths, this compiler and these packages. The record lies in ccache's folder, which a CI that
# begins with a fresh clone keeps.
unless_unchanged() {
  local name=$1 folder hash record command=()
  shift
  while [[ $1 != -- ]]; do command+=("$1"); shift; done
  shift
  folder=${BELFRY_CHECK_MEMORY:-$(ccache -k cache_dir)/belfry-passed}
  hash=$({
    printf '%s\n' "${command[@]}"
    git ls-files -z --cached --others --exclude-standard -- "$@" | LC_ALL=C sort -zu |
      xargs -0 sh -c 'for file; do [ ! -f "$file" ] || sha256sum "$file"; done' sh
    dpkg-query -W
  } | sha256sum | cut -c1-32)
  record=$folder/$name-$hash
  if ((!all)) && [[ -f $record ]]; then
    say "$name is skipped: it passed with the same inputs ($hash) at $(<"$record"); --all runs it"
    counts 0 0
    touch "$record"
    return 0
  fi
  "${command[@]}" || return 1
  mkdir -p "$folder"
  date -u +%FT%TZ >"$record"
  find "$folder" -type f -mtime +30 -delete
}

# One after the other, because two runs of ctest in one build write to the same files.
rare_tests() {
  local status=0
  unless_unchanged bench ctest_preset dev -R '^bench$' -- "${SOURCES[@]}" bench || status=1
  unless_unchanged client_package ctest_preset dev -R '^client_package$' \
    -- "${SOURCES[@]}" tests/client tests/api/belfry.py || status=1
  unless_unchanged deploy ctest_preset dev -R '^deploy$' \
    -- "${SOURCES[@]}" tests/deploy deploy Dockerfile docker-compose.yml scripts || status=1
  return $status
}

check_format() { git ls-files -z '*.cpp' '*.hpp' | xargs -0 -P 2 -n 40 clang-format-19 --dry-run -Werror; }

tool_tests() { (cd tools && python3 -m unittest -q ./*_test.py); }

fuzz() {
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

# The tests go first: they have time-outs.
build() { nice -n 5 scripts/build.sh "$@"; }

# One build at a time, each beside the tests of those before it. What ends soonest after a mistake
# comes first.
SOURCES=(src include apps examples cmake tools CMakeLists.txt CMakePresets.json api ':!*_test.cpp')
add_phase packages '' "packages" scripts/setup.sh tests
add_phase build_dev packages "build (dev)" build dev
add_phase tidy packages "style (tools/tidy.py)" python3 tools/tidy.py
add_phase format packages "format (clang-format)" check_format
add_phase tools packages "tests of the tools" tool_tests
add_phase page build_dev "page in a browser" scripts/page_test.sh dev
add_phase page_units build_dev "page: types, style, units" page_checks
rare='bench|client_package|deploy'
((!quick)) || rare='none'
add_phase tests_dev build_dev "tests (dev)" ctest_preset dev -E "^($rare)$"
if ((!quick)); then
  add_phase build_tsan build_dev "build (thread)" build tsan
  add_phase build_asan build_tsan "build (address and undefined)" build asan
  add_phase build_fuzz build_asan "build (fuzz)" build fuzz fuzzers
  add_phase build_release build_fuzz "build (release)" build release
  # ThreadSanitizer makes a server ten times slower: it runs what makes threads meet in ways of its own.
  # These tests look at what answers say, and the other sanitizer runs them.
  add_phase tests_tsan build_tsan "tests (thread)" sanitized tsan \
    -E '^api_(bounds|fixture|headers|insight|original|secrets|steering)$'
  add_phase tests_asan build_asan "tests (address and undefined)" sanitized asan
  add_phase fuzz build_fuzz "fuzz" fuzz
  add_phase quick_start build_release "quick start" unless_unchanged quick_start \
    scripts/quickstart_test.sh -- "${SOURCES[@]}" scripts web README.md docs
  add_phase rare tests_dev "benchmarks, client package, deployment" rare_tests
fi

status=0
run_phases || status=1
say "all of it took $SECONDS s"
say "$passed passed, $failed failed"
exit $status
