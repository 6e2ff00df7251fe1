#!/usr/bin/env bash
# Builds if needed and starts the scheduler, the two example services and the dashboard.
source "$(dirname "$0")/lib.sh"
source "$ROOT/scripts/services.sh"

# True if somebody listens on the port.
taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Before anything is built or started, so that a refusal costs nothing and leaves nothing behind.
check_ports() {
  local name pid
  for name in "${SERVICES[@]}"; do
    find_running "$name"
    [[ -z $pid ]] || continue
    check_port "$name"
    [[ $name != scheduler ]] || check_port operators
  done
}

check_port() {
  local port
  port=$(port_of "$1")
  ! taken "$port" ||
    die "port $port ($1) is taken by another program; stop it, or set BELFRY_PORT_${1^^}"
}

flags_of() {
  case $1 in
    scheduler)
      printf '%s\n' --listen "127.0.0.1:$PORT_SCHEDULER" \
        --operators-listen "127.0.0.1:$PORT_OPERATORS" --data "$DATA_DIR/scheduler" \
        --default-target echo --egress-allow 127.0.0.0/8 --egress-allow ::1/128
      ;;
    dashboard)
      printf '%s\n' --listen "127.0.0.1:$PORT_DASHBOARD" --scheduler "$(url_of scheduler)"
      ;;
    *)
      printf '%s\n' --listen "127.0.0.1:$(port_of "$1")" --data "$DATA_DIR/$1" \
        --scheduler "$(url_of scheduler)"
      ;;
  esac
}

# What this run has started: the end of each is waited for if the start comes to nothing.
started_names=()
started_pids=()
interrupted=0

start_service() {
  local name=$1 flags pid
  find_running "$name"
  if [[ -n $pid ]]; then
    say "start: $name runs already at $(url_of "$name")"
    return
  fi
  mapfile -t flags < <(flags_of "$name")
  setsid "$BIN_DIR/belfry-$name" "${flags[@]}" >>"$(log_of "$name")" 2>&1 </dev/null &
  started_names+=("$name")
  started_pids+=("$!")
  printf '%s\n' "$!" >"$(pid_file_of "$name")"
  wait_ready "$name" "$!"
  say "start: $name is ready at $(url_of "$name")"
}

wait_ready() {
  local name=$1 pid=$2 deadline=$((SECONDS + 60))
  until ready "$name"; do
    # By its pid alone: before its exec the process is not yet the binary that find_running looks for.
    if ! kill -0 "$pid" 2>/dev/null; then
      tail -n 20 "$(log_of "$name")" >&2
      give_up "$name ended at once; its last words are above"
    fi
    ((SECONDS < deadline)) || give_up "$name is not ready after 60 s; see $(log_of "$name")"
    ((!interrupted)) || give_up "interrupted; what had been started is stopped again"
    sleep 0.1 || true  # Ctrl-C ends it, too
  done
}

# All or nothing: stops what this run has started and leaves the rest as it was.
give_up() {
  local i
  trap - INT TERM
  for ((i = ${#started_names[@]} - 1; i >= 0; i--)); do
    kill -TERM "${started_pids[i]}" 2>/dev/null || true
    wait "${started_pids[i]}" 2>/dev/null || true
    rm -f "$(pid_file_of "${started_names[i]}")"
  done
  die "$1"
}

check_ports
scripts/build.sh release belfry-scheduler belfry-payment belfry-notification belfry-dashboard
mkdir -p "$RUN_DIR/logs" "$DATA_DIR"
chmod 700 "$DATA_DIR"
check_ports  # again: a first build takes minutes
# Only noted, and acted on where nothing is half done: between a start and its pid file it would orphan.
trap 'interrupted=1' INT TERM
for name in "${SERVICES[@]}"; do start_service "$name"; done
((!interrupted)) || give_up "interrupted; what had been started is stopped again"
trap - INT TERM

cat <<TEXT

Belfry is running.
  scheduler     $(url_of scheduler)   (Prometheus: http://127.0.0.1:$PORT_OPERATORS/metrics)
  payment       $(url_of payment)
  notification  $(url_of notification)
  dashboard     $(url_of dashboard)   (sign in with a tenant's API key, or the operator's)
  logs          $RUN_DIR/logs
  data          $DATA_DIR   (the operator's key: $DATA_DIR/scheduler/operator.key)

Try:
  curl -X POST $(url_of payment)/api/payments/reconcile
  curl -X POST $(url_of scheduler)/api/v1/auth/register -H 'Content-Type: application/json' -d '{"tenantName":"me"}'

./scripts/demo.sh runs both examples and shows what comes of them; ./scripts/stop.sh stops all.
TEXT
! paused || say "
The scheduler is paused after a restore: nothing runs until an operator resumes it (docs/backup.md)."
[[ -z ${http_proxy:-} ]] || say "
Your http_proxy is set: export no_proxy=$no_proxy before you paste these lines."
