# Runs the phases of a check side by side and adds up their results. Sourced after lib.sh.
#
#   add_phase ID AFTER NAME COMMAND…   AFTER: the ids of the phases that must pass before, or ''
#   run_phases                         sets `passed` and `failed`; fails if a phase failed
#
# As many phases run at a time as there are cores (or BELFRY_CHECK_PHASES). What a phase prints goes to
# its own file in build/check and is shown whole if the phase fails. A phase is one check, unless its
# command calls `counts`. A phase whose predecessor failed does not run and is a failed check.
check_logs=$ROOT/build/check
passed=0
failed=0
phase_ids=()
declare -A phase_after phase_name phase_command phase_state phase_pid phase_began phase_cost

add_phase() {
  local id=$1
  phase_ids+=("$id")
  phase_after[$id]=$2
  phase_name[$id]=$3
  shift 3
  phase_command[$id]=$(printf '%q ' "$@")
  phase_state[$id]=waiting
}

# counts PASSED FAILED: the running phase stands for that many checks, or for that many more.
counts() { printf '%s %s\n' "$1" "$2" >>"$check_logs/$phase_id.counts"; }

# The user and system seconds, one decimal, that the output of `times` in a file adds up to.
cpu_seconds() {
  awk '{for (i = 1; i <= NF; i++) {split($i, t, /[ms]/); sum += t[1] * 60 + t[2]}}
    END {printf "%.1f", sum}' "$1"
}

start_phase() {
  local id=$1
  say "=== ${phase_name[$id]}: begins at $SECONDS s"
  phase_state[$id]=running
  phase_began[$id]=$SECONDS
  # With job control each phase is a process group, which `stop_phases` can end as a whole.
  set -m
  (
    set +m
    phase_id=$id
    status=0
    eval "${phase_command[$id]}" || status=1
    times >"$check_logs/$id.times"
    exit "$status"
  ) >"$check_logs/$id.log" 2>&1 </dev/null &
  phase_pid[$id]=$!
  set +m
}

finish_phase() {
  local id=$1 status=$2 good=0 bad=0 said=ok
  local wall=$((SECONDS - phase_began[$id])) cpu='?'
  [[ ! -s $check_logs/$id.times ]] || cpu=$(cpu_seconds "$check_logs/$id.times")
  if [[ -s $check_logs/$id.counts ]]; then
    read -r good bad < <(awk '{good += $1; bad += $2} END {print good, bad}' "$check_logs/$id.counts")
    ((good + bad > 0)) || said=skipped
  fi
  # A phase that fails although all its checks passed is a failed check itself.
  if ((status != 0)); then
    said=FAILED
    ((bad > 0)) || bad=1
  elif ((good == 0)) && [[ $said == ok ]]; then
    good=1
  fi
  passed=$((passed + good))
  failed=$((failed + bad))
  phase_state[$id]=$said
  phase_cost[$id]="$wall $cpu"
  if [[ $said == FAILED ]]; then
    say "--- the output of ${phase_name[$id]}"
    cat "$check_logs/$id.log"
    say "--- the end of the output of ${phase_name[$id]}"
  elif [[ $said == skipped ]]; then
    cat "$check_logs/$id.log"
  fi
  say "=== ${phase_name[$id]}: $said, $wall s, $cpu s of CPU"
}

# What must be done with a waiting phase: start, wait or skip.
decide_phase() {
  local before
  for before in ${phase_after[$1]}; do
    case ${phase_state[$before]} in
      ok | skipped) ;;
      FAILED | 'not run') printf skip; return ;;
      *) printf wait; return ;;
    esac
  done
  printf start
}

running_pids() {
  local id
  for id in "${phase_ids[@]}"; do
    [[ ${phase_state[$id]} != running ]] || printf '%s\n' "${phase_pid[$id]}"
  done
}

start_ready_phases() {
  local id limit=${BELFRY_CHECK_PHASES:-$(nproc)}
  for id in "${phase_ids[@]}"; do
    [[ ${phase_state[$id]} == waiting ]] || continue
    case $(decide_phase "$id") in
      start) (($(running_pids | wc -l) >= limit)) || start_phase "$id" ;;
      skip)
        phase_state[$id]='not run'
        phase_cost[$id]='0 0.0'
        failed=$((failed + 1))
        say "=== ${phase_name[$id]}: not run, because a phase before it failed"
        ;;
    esac
  done
}

# Ends the phases that run and waits for them.
stop_phases() {
  local pid
  for pid in $(running_pids); do
    kill -TERM -- "-$pid" 2>/dev/null || true
    wait "$pid" || true
  done
}

run_phases() {
  local id pid status pids began=$SECONDS
  rm -rf "$check_logs"
  mkdir -p "$check_logs"
  trap stop_phases EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  while :; do
    start_ready_phases
    mapfile -t pids < <(running_pids)
    ((${#pids[@]} > 0)) || break
    status=0
    wait -n -p pid "${pids[@]}" || status=$?
    for id in "${phase_ids[@]}"; do
      [[ ${phase_state[$id]} != running || ${phase_pid[$id]} != "$pid" ]] || finish_phase "$id" "$status"
    done
  done
  tell_failures
  tell_costs $((SECONDS - began))
  ((failed == 0))
}

# The lines of each failed phase that speak of the failure, or else its last ones: a reader of a long
# log looks here first.
tell_failures() {
  local id
  for id in "${phase_ids[@]}"; do
    [[ ${phase_state[$id]} == FAILED ]] || continue
    say "=== what failed in: ${phase_name[$id]}"
    # ctest, gtest, unittest, Playwright and Vitest, and our own checks.
    grep -naE '\*\*\*(Failed|Timeout|Exception)|\[  FAILED|^(FAIL|ERROR)|: Failure$|Error:|error:|ERROR: |WARNING: ThreadSanitizer|FAILED|^ *[✘×]|not ok|^ *[0-9]+\) ' \
      "$check_logs/$id.log" | cut -c1-300 | head -n 40 || true
    say "--- its last lines"
    tail -n 60 "$check_logs/$id.log" | cut -c1-400
  done
}

tell_costs() {
  local id wall cpu
  say "=== what each phase cost"
  {
    for id in "${phase_ids[@]}"; do
      read -r wall cpu <<<"${phase_cost[$id]}"
      printf '%7s %9s  %-8s %s\n' "$wall" "$cpu" "${phase_state[$id]}" "${phase_name[$id]}"
    done
  } | awk 'BEGIN {printf "%7s %9s  %-8s %s\n", "wall s", "CPU s", "result", "phase"}
    {print; cpu += $2} END {printf "%7s %9.1f  %-8s %s\n", "'"$1"'", cpu, "", "all of it"}'
}
