#!/usr/bin/env bash
# Tests docker-compose.yml with a real engine: builds the four images, starts them, runs both example
# jobs, takes all down and up again, and checks the data and the images' sizes. Run it by hand, as root
# on Debian 12; CI does not run it. The last line is 'N passed, N failed'.
source "$(dirname "$0")/lib.sh"
[[ -n ${BELFRY_ENGINE:-} ]] || exec "$ROOT/scripts/with_engine.sh" "$ROOT/scripts/compose_test.sh" "$@"

IMAGE_MB_MAX=150  # the whole image, with its base
HEALTHY_SECONDS=120
NAMES=(scheduler payment notification dashboard)
unset "${!BELFRY_PORT_@}"  # demo.sh calls the ports of the compose file
api=http://127.0.0.1:8080/api/v1
examples=(http://127.0.0.1:8081/api/payments http://127.0.0.1:8082/api/notifications)
work=$(mktemp -d)
passed=0 failed=0

clean_up() {
  local status=$?
  if ((status != 0)); then
    docker-compose logs --no-color --tail 20 >&2 || true
    ((failed > 0)) || failed=1
  fi
  docker-compose down --volumes --timeout 5 >"$work/down" 2>&1 || true
  rm -rf "$work"
  say "$passed passed, $failed failed"
}
trap clean_up EXIT

# check WHAT COMMAND…: counts whether the command succeeds.
check() {
  local what=$1
  shift
  if "$@"; then
    passed=$((passed + 1))
    say "  ok: $what"
  else
    failed=$((failed + 1))
    say "  FAILED: $what"
  fi
}

compose() {
  docker-compose --ansi never "$@" >"$work/compose" 2>&1 ||
    die "docker-compose $* failed: $(tail -n 20 "$work/compose")"
}

# up FLAGS…: returns when the engine has reported each service as healthy.
up() {
  local since reader port services='' service event
  since=$(date +%s)
  compose up --detach "$@"
  exec {events}< <(exec timeout "$HEALTHY_SECONDS" docker events --since "$since" \
    --filter event=health_status --format \
    '{{.Action}} {{index .Actor.Attributes "com.docker.compose.service"}}')
  reader=$!
  while (($(wc -w <<<"$services") < ${#NAMES[@]})); do
    read -r -u "$events" _ event service || die "only these are healthy: $services"
    [[ $event == healthy ]] || die "$service is $event"
    [[ " $services " == *" $service "* ]] || services+=" $service"
  done
  kill "$reader" 2>/dev/null || true
  exec {events}<&-
  # The examples are ready once they have registered.
  for port in 8080 8081 8082 8083; do
    curl -sSf --retry 30 --retry-delay 1 --retry-all-errors -o /dev/null \
      "http://127.0.0.1:$port/readyz" || die "port $port is not ready"
  done
}

# Registers the tenant of this test.
register() {
  curl -sSf "$api/auth/register" -H 'Content-Type: application/json' \
    -d '{"tenantName":"compose"}' >"$work/tenant"
}
# call PATH FLAGS…: calls the API as that tenant, with a new token, so the scheduler must know its key.
call() {
  local token
  token=$(curl -sSf "$api/auth/token" -H 'Content-Type: application/json' \
    -d "{\"apiKey\":$(jq .apiKey "$work/tenant")}" | jq -r .token)
  curl -sSf "$api$1" -H "Authorization: Bearer $token" -H 'Content-Type: application/json' "${@:2}"
}

# run_echo: a task of our own that the scheduler's echo answers.
run_echo() {
  local id deadline=$((SECONDS + 30))
  id=$(call /tasks -d '{"taskName":"hello","payload":{"to":"compose"}}' | jq -r .taskId) || return 1
  until [[ $(call "/tasks/$id" | jq -r .status) == COMPLETED ]]; do
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}

# Prints what has to be the same after a restart.
state() {
  local run
  call /tasks | jq -S '[.[] | {taskId, taskName, status}]'
  curl -sSf "${examples[0]}/runs" | jq -S '[.[] | {runId, status, summary}]'
  for run in $(curl -sSf "${examples[0]}/runs" | jq -r '.[].runId'); do
    curl -sSf "${examples[0]}/runs/$run/report.csv" | sha256sum
  done
  curl -sSf "${examples[1]}/batches/$(batch)" | jq -S .
  docker-compose exec -T scheduler sha256sum /data/operator.key
  docker-compose exec -T notification bash -c 'ls /data/outbox | wc -l'
}

# The batch that demo.sh has sent.
batch() { sed -n 's/^ *"batchId": "\(.*\)",$/\1/p' "$work/demo"; }

# Succeeds if the run's summary has every figure that is planted in the sample files.
has_figures() {
  jq -e --slurpfile wanted examples/payment/samples/expected.json \
    '.[0].summary as $has | $wanted[0] | to_entries
     | map(select(.value | type == "number") | $has[.key] == .value) | length > 0 and all' \
    >/dev/null < <(curl -sSf "${examples[0]}/runs")
}

drained() {
  local codes
  codes=$(docker-compose ps -q | xargs docker inspect --format '{{.State.ExitCode}}' | sort | uniq -c)
  [[ $codes =~ ^\ *${#NAMES[@]}\ 0$ ]] || { say "exit codes: $codes"; return 1; }
}

no_container() { [[ -z $(docker ps --all --quiet) ]]; }

# small IMAGE: prints its size and succeeds if that is within the limit.
small() {
  local size base
  size=$(docker image inspect --format '{{.Size}}' "$1")
  base=$(docker image inspect --format '{{.Size}}' debian:12-slim)
  say "  $1: $((size / 1000000)) MB, $(((size - base) / 1000000)) MB of it over debian:12-slim"
  ((size <= IMAGE_MB_MAX * 1000000))
}

as_nobody() {
  local name
  for name in "${NAMES[@]}"; do
    [[ $(docker-compose exec -T "$name" id -u) == 10001 ]] || return 1
    ! docker-compose exec -T "$name" touch /here 2>/dev/null || return 1
  done
}

say "compose: building and starting (the build takes some minutes)"
begin=$SECONDS
up --build
check "docker-compose up --build has four healthy services after $((SECONDS - begin)) s" true
check "each runs as user 10001 on a root that it cannot write" as_nobody
check "the dashboard serves its page" grep -q '<div id="root">' <(curl -sSf http://127.0.0.1:8083/)

say "compose: the jobs"
register
check "a task of a new tenant completes" run_echo
scripts/demo.sh >"$work/demo" 2>&1 || { tail "$work/demo" >&2; die "demo.sh failed"; }
check "the payment job has the figures of its samples" has_figures
check "the notification job has delivered 240 messages" grep -qF '"delivered": 240' "$work/demo"

say "compose: down and up again"
state >"$work/before"
compose stop
check "each service drains and exits with 0" drained
compose down
check "no container is left" no_container
up
state >"$work/after" || true  # what it could not read is a difference
check "accounts, tasks, runs, reports and messages are kept" diff -u "$work/before" "$work/after"
check "a task of the old tenant completes" run_echo

say "compose: sizes"
for name in "${NAMES[@]}"; do
  check "belfry-$name has at most $IMAGE_MB_MAX MB" small "belfry-$name"
done
((failed == 0))
