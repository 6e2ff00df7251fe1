# The services that the scripts start and stop: name, port, health. Sourced after lib.sh. A second
# instance beside one that runs needs ports and folders of its own, by these variables.
RUN_DIR=${BELFRY_RUN_DIR:-$ROOT/run}
DATA_DIR=${BELFRY_DATA_DIR:-$ROOT/data}
BIN_DIR=$ROOT/build/release/bin
PORT_SCHEDULER=${BELFRY_PORT_SCHEDULER:-8080}
PORT_OPERATORS=${BELFRY_PORT_OPERATORS:-9080}
PORT_PAYMENT=${BELFRY_PORT_PAYMENT:-8081}
PORT_NOTIFICATION=${BELFRY_PORT_NOTIFICATION:-8082}
PORT_DASHBOARD=${BELFRY_PORT_DASHBOARD:-8083}
SERVICES=(scheduler payment notification dashboard)

port_of() { local name="PORT_${1^^}"; printf '%s' "${!name}"; }
url_of() { printf 'http://127.0.0.1:%s' "$(port_of "$1")"; }
pid_file_of() { printf '%s/%s.pid' "$RUN_DIR" "$1"; }
log_of() { printf '%s/logs/%s.log' "$RUN_DIR" "$1"; }

# The pid of a service that we started and that still runs, or nothing.
running_pid() {
  local file pid
  file=$(pid_file_of "$1")
  [[ -f $file ]] || return 0
  pid=$(<"$file")
  # A rebuilt binary shows as "… (deleted)".
  [[ $(readlink "/proc/$pid/exe" 2>/dev/null) == "$BIN_DIR/belfry-$1"* ]] && printf '%s' "$pid"
  return 0
}

# Ready for work: the examples are only once they have their account at the scheduler.
ready() { curl -sf -m 2 -o /dev/null "$(url_of "$1")/readyz"; }
