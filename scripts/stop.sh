#!/usr/bin/env bash
# Stops what start.sh started: each service drains first.
source "$(dirname "$0")/lib.sh"
source "$ROOT/scripts/services.sh"

stop_service() {
  local name=$1 stopping deadline=$((SECONDS + 40))
  find_running "$name"
  if [[ -z $pid ]]; then
    say "stop: $name does not run"
    rm -f "$(pid_file_of "$name")"
    return
  fi
  stopping=$pid
  kill -TERM "$stopping"
  while [[ -n $pid ]]; do
    ((SECONDS < deadline)) ||
      die "$name (pid $stopping) has not stopped within 40 s; see $(log_of "$name")"
    sleep 0.1
    find_running "$name"
  done
  rm -f "$(pid_file_of "$name")"
  say "stop: $name has drained and stopped"
}

# Tenants first, so that the scheduler still hears how their tasks ended.
for ((i = ${#SERVICES[@]} - 1; i >= 0; i--)); do stop_service "${SERVICES[i]}"; done
