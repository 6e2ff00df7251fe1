# The services that the scripts start and stop: name, port, health. Sourced after lib.sh. A second
# instance beside one that runs needs ports and folders of its own, by these variables.
RUN_DIR=${BELFRY_RUN_DIR:-$ROOT/run}
DATA_DIR=${BELFRY_DATA_DIR:-$ROOT/data}
[[ $RUN_DIR == /* ]] || RUN_DIR=$CALLER_DIR/$RUN_DIR
[[ $DATA_DIR == /* ]] || DATA_DIR=$CALLER_DIR/$DATA_DIR
# A script that this one calls has another folder to start from.
export BELFRY_RUN_DIR=$RUN_DIR BELFRY_DATA_DIR=$DATA_DIR
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

# Sets `pid` to that of a service which we started and which still runs, or to nothing. Ends the script
# if it runs as somebody whose processes we may not look into, so never call it in a subshell.
find_running() {
  local name=$1 file known exe arguments
  pid=
  file=$(pid_file_of "$name")
  [[ -f $file ]] || return 0
  known=$(<"$file")
  [[ $known =~ ^[0-9]+$ ]] || return 0
  if exe=$(readlink "/proc/$known/exe" 2>/dev/null); then
    # The number may be another program's by now. A rebuilt binary shows as "… (deleted)".
    [[ $exe != "$BIN_DIR/belfry-$name" && $exe != "$BIN_DIR/belfry-$name (deleted)" ]] || pid=$known
    return 0
  fi
  # Gone, a zombie (which has no arguments), or another user's: those may be read.
  arguments=$(tr '\0' '\n' 2>/dev/null <"/proc/$known/cmdline") || return 0
  [[ ${arguments%%$'\n'*} == "$BIN_DIR/belfry-$name" ]] || return 0
  # The scheduler and the dashboard let nobody look into them, not even their own user.
  local user
  user=$(awk '/^Uid:/ {print $2}' "/proc/$known/status" 2>/dev/null) || return 0
  if [[ $user == "$EUID" ]]; then
    pid=$known
    return 0
  fi
  user=$(id -nu "$user" 2>/dev/null) || return 0
  die "$name (pid $known) runs as $user; stop it as that user"
}

# True if the scheduler waits for an operator's word after a restore.
paused() { curl -s -m 2 "$(url_of scheduler)/readyz" | grep -q "paused after a restore"; }

# Ready for work: the examples are only once they have their account at the scheduler.
ready() { curl -sf -m 2 -o /dev/null "$(url_of "$1")/readyz"; }
