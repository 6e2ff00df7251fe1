#!/usr/bin/env bash
# What a newcomer does, done: the quick start, every curl line that start.sh prints and the README
# shows, the demo and its figures, twice of everything, taken ports, and a restart. Runs beside an
# instance of your own: on free ports, with its data in a temporary folder, through a symlink.
source "$(dirname "$0")/lib.sh"

work=$(mktemp -d)
export BELFRY_DATA_DIR=$work/data BELFRY_RUN_DIR=$work/run
checks=0
children=()

clean_up() {
  local status=$?
  "$ROOT/scripts/stop.sh" >/dev/null 2>&1 || true
  ((${#children[@]} == 0)) || kill "${children[@]}" 2>/dev/null || true
  ((status == 0)) || tail -n 20 "$work"/run/logs/*.log "$work/out" >&2 || true
  rm -rf "$work"
}
trap clean_up EXIT

ok() { checks=$((checks + 1)); say "  ok: $*"; }

# expect WHAT FILE TEXT: the file holds the text.
expect() { grep -qF -- "$3" "$2" || die "$1: no «$3» in: $(cat "$2")"; }

# refuses WHAT TEXT COMMAND…: the command fails and says so on standard error.
refuses() {
  local what=$1 text=$2
  shift 2
  ! "$@" >"$work/out" 2>&1 || die "$what: it did not fail"
  expect "$what" "$work/out" "$text"
  ok "$what"
}

# listen PORT: a mail server that knows no recipient, until `leave`; its port is in $work/up.
listen() {
  python3 -c 'import socketserver, sys
class Session(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 mail\r\n")
        for line in self.rfile:
            self.wfile.write(b"550 not here\r\n" if line.startswith(b"RCPT") else b"250 ok\r\n")
server = socketserver.ThreadingTCPServer(("127.0.0.1", int(sys.argv[1])), Session)
print(server.server_address[1], flush=True)
server.serve_forever()' "$1" >"$work/up" &
  children=("$!")
  until [[ -s $work/up ]]; do sleep 0.05; done
}
leave() {
  kill "${children[@]}"
  wait "${children[@]}" 2>/dev/null || true
  children=()
  rm -f "$work/up"
}

# nothing_left WHO: no service listens and no pid file says so.
nothing_left() {
  local name
  for name in "${SERVICES[@]}"; do
    [[ ! -e $work/run/$name.pid ]] || die "$1 left a pid file of $name"
    ! (exec 3<>"/dev/tcp/127.0.0.1/$(port_of "$name")") 2>/dev/null || die "$1 left $name running"
  done
}

# blocks FILE HEADING LANGUAGE: the lines of all such blocks of the section, with this test's ports.
blocks() {
  awk -v heading="## $2" -v fence="\`\`\`$3" '/^## / {on = $0 == heading}
    on && $0 == fence {code = 1; next} /^```$/ {code = 0} code' "$1" |
    sed "s|http://127.0.0.1:8080|$scheduler|g; s|http://127.0.0.1:8081|$payment|g
      s|http://127.0.0.1:8082|$(url_of notification)|g; s|\b9000\b|${ports[6]}|g"
}

# They are below the ports that the kernel gives to whoever asks for any (32768 and above), so that
# other tests do not get them.
mapfile -t ports < <(python3 -c 'import random, socket
held = []
while len(held) < 7:
    try: held.append(socket.create_server(("127.0.0.1", random.randrange(10_000, 32_000))))
    except OSError: pass
for s in held: print(s.getsockname()[1])')
export BELFRY_PORT_SCHEDULER=${ports[0]} BELFRY_PORT_PAYMENT=${ports[1]}
export BELFRY_PORT_NOTIFICATION=${ports[2]} BELFRY_PORT_OPERATORS=${ports[3]}
export BELFRY_PORT_DASHBOARD=${ports[4]}
source "$ROOT/scripts/services.sh"
scheduler=$(url_of scheduler)
payment=$(url_of payment)
ln -s "$ROOT" "$work/checkout"
scripts=$work/checkout/scripts

say "quick start: taken ports"
for name in "${SERVICES[@]}" operators; do
  listen "$(port_of "$name")"
  refuses "start.sh refuses the taken port of $name" \
    "error: port $(port_of "$name") ($name) is taken" "$scripts/start.sh"
  ! grep -q 'build:' "$work/out" || die "it builds before it says that a port is taken"
  leave
done
nothing_left "a refused start"

say "quick start: an old pid file whose number is another program's by now"
sleep infinity &
children=("$!")
mkdir -p "$work/run"
for name in "${SERVICES[@]}"; do printf '%s\n' "${children[0]}" >"$work/run/$name.pid"; done
"$scripts/stop.sh" >"$work/out" || die "stop.sh failed: $(cat "$work/out")"
for name in "${SERVICES[@]}"; do expect stop.sh "$work/out" "$name does not run"; done
nothing_left "stop.sh"
printf '%s\n' "${children[0]}" >"$work/run/scheduler.pid"  # start.sh has to see through it, too
still_there=${children[0]}

say "quick start: Ctrl-C while it starts"
# By Python: what a shell starts in the background never hears of Ctrl-C, nor does what that starts.
python3 - "$scripts/start.sh" "$work/run/payment.pid" >"$work/out" 2>&1 <<'PYTHON' ||
import os, signal, subprocess, sys, time
start = subprocess.Popen([sys.argv[1]], start_new_session=True,
                         preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
while not os.path.exists(sys.argv[2]) and start.poll() is None:
    time.sleep(0.01)
os.killpg(start.pid, signal.SIGINT)
sys.exit(0 if start.wait() == 1 else "an interrupted start ended with %d" % start.returncode)
PYTHON
  die "Ctrl-C: $(cat "$work/out")"
expect "Ctrl-C" "$work/out" "error: interrupted; what had been started is stopped again"
nothing_left "an interrupted start.sh"
kill -0 "$still_there" || die "somebody ended the program with the old number"
leave
ok "an interrupted start leaves no process and no pid file"

say "quick start: start, twice, with the folders named from where it is called"
(cd "$work" && BELFRY_DATA_DIR=data BELFRY_RUN_DIR=run "$scripts/start.sh" >start) ||
  die "start.sh failed: $(cat "$work/start")"
[[ -f $work/data/scheduler/operator.key ]] || die "BELFRY_DATA_DIR=data is not the caller's folder"
for name in "${SERVICES[@]}"; do
  expect start.sh "$work/start" "start: $name is ready at $(url_of "$name")"
done
"$scripts/start.sh" >"$work/out" || die "the second start.sh failed"
for name in "${SERVICES[@]}"; do expect "a second start.sh" "$work/out" "$name runs already"; done
ok "start.sh through a symlink, twice"

say "quick start: the lines that start.sh prints"
count=0
while read -r line; do
  bash -c "$line" >"$work/out" 2>"$work/progress" || die "this line failed: $line"
  jq -e '.runId // .apiKey' "$work/out" >/dev/null || die "$line answered $(cat "$work/out")"
  count=$((count + 1))
done < <(grep -E '^ +curl ' "$work/start")
((count == 2)) || die "start.sh prints $count curl lines and not two"
ok "both curl lines of start.sh"

say "quick start: the README's lines"
{
  printf '%s\n' 'trap "kill \$(jobs -p) 2>/dev/null || true" EXIT'
  blocks README.md "With curl" sh
  printf '%s\n' 'printf "%s" "$TOKEN" >token'
} >"$work/readme.sh"
(cd "$work" && bash -euo pipefail readme.sh >out) ||
  die "the README's lines failed: $(cat "$work/out")"
expect "the README's first task" "$work/out" '"status": "COMPLETED"'
expect "the README's handler" "$work/out" '"greeted": {'
expect "the README's worker" "$work/out" 'resizing {"image":7}'
[[ $(tail -n 1 "$work/out") == COMPLETED ]] || die "the README's worker: $(cat "$work/out")"
ok "the README's lines: a task, a handler, a worker"
tasks() { curl -sf "$scheduler/api/v1/tasks$1" -H "Authorization: Bearer $(<"$work/token")"; }
for name in submit worker handler; do
  awk '/^ *\/\/ \[readme\]$/ {on = !on; next} on {sub(/^  /, ""); print}' \
    "examples/snippets/$name.cpp"
done >"$work/snippets"
diff -u <(blocks README.md "With the C++ client library" cpp) <(sed "s|\b9000\b|${ports[6]}|" "$work/snippets") ||
  die "the README's C++ is not that of examples/snippets"
ok "the README's C++ is what is built and tested"
for heading in "Payment reconciliation" "Batch notifications"; do
  blocks docs/examples.md "$heading" sh >"$work/example.sh"
  (cd "$work" && bash -euo pipefail example.sh >out) || die "$heading: $(cat "$work/out")"
  cat "$work/out" >>"$work/examples"
done
expect "the sample files" "$work/examples" '"ledgerRows": 5157'
expect "own files" "$work/examples" '"reference":"A-1"'
expect "a batch" "$work/examples" '"delivered": 2'
ok "the lines of docs/examples.md"
"$BIN_DIR/belfry-scheduler" --help >"$work/help"
flags=$(sed -n '/^## Configuration/,/^## /p' README.md | grep '^|' | grep -o -- '`--[a-z-]*`')
for flag in $flags; do expect "--help" "$work/help" "${flag//\`/}"; done
ok "every flag of the README is one"

say "quick start: the demo"
"$scripts/demo.sh" >"$work/demo" || die "demo.sh failed: $(cat "$work/demo")"
jq -r 'to_entries[] | select(.value | type == "number") | "\"\(.key)\": \(.value)"' \
  examples/payment/samples/expected.json >"$work/figures"
jq -r '.findings[0] | "\(.finding),\(.reference),\(.differences[0].currency),"' \
  examples/payment/samples/expected.json >>"$work/figures"
printf '%s\n' '"delivered": 240' '"failed": 0' '"pending": 0' >>"$work/figures"
while read -r figure; do expect demo.sh "$work/demo" "$figure"; done <"$work/figures"
[[ $(find "$work/data/notification/outbox" -name '*.eml' | wc -l) == 242 ]] || die "not 242 mails"
no_such_proxy=http://127.0.0.1:${ports[5]}
http_proxy=$no_such_proxy "$scripts/demo.sh" >"$work/out" 2>&1 ||
  die "the second demo.sh, behind a proxy, failed: $(cat "$work/out")"
ok "demo.sh, twice, with the planted figures and all mails"

say "quick start: stop.sh as another user"
somebody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
if ((EUID == 0)) && "${somebody[@]}" test -r "$ROOT/scripts/lib.sh" 2>/dev/null; then
  chmod 755 "$work"
  refuses "stop.sh of another user tells whose they are" "runs as root; stop it as that user" \
    "${somebody[@]}" "$scripts/stop.sh"
  chmod 700 "$work"
  for name in "${SERVICES[@]}"; do
    [[ -f $work/run/$name.pid ]] && ready "$name" || die "another user's stop.sh disturbed $name"
  done
else
  say "  not tried: it takes root, setpriv, and a checkout that everybody may read"
fi

say "quick start: stop, twice, and what is left"
runs=$(curl -sf "$payment/api/payments/runs" | jq length)
((runs == 6)) || die "there are $runs runs and not 6"
"$scripts/stop.sh" >"$work/out" || die "stop.sh failed"
for name in "${SERVICES[@]}"; do expect stop.sh "$work/out" "$name has drained and stopped"; done
"$scripts/stop.sh" >"$work/out" || die "the second stop.sh failed"
for name in "${SERVICES[@]}"; do expect "a second stop.sh" "$work/out" "$name does not run"; done
ok "stop.sh, twice"
listen 0
http_proxy=$no_such_proxy SMTP_URL=smtp://127.0.0.1:$(<"$work/up") SMTP_FROM=service@sender.test \
  "$scripts/start.sh" >"$work/out" || die "it does not start again behind a proxy: $(cat "$work/out")"
expect "start.sh behind a proxy" "$work/out" "export no_proxy=127.0.0.1,localhost,::1"
[[ $(curl -sf "$payment/api/payments/runs" | jq length) == "$runs" ]] || die "runs are gone"
[[ $(tasks '' | jq -r '[.[].taskName] | sort | join(",")') == greet,hello,resize ]] ||
  die "the tasks or their token are gone"
ok "data, accounts and tokens survive a restart"
refuses "demo.sh fails when deliveries fail" "error: 240 of 240 were not delivered" "$scripts/demo.sh"
leave
"$scripts/stop.sh" >"$work/out" || die "the last stop.sh failed"

say "quick start: $checks checks passed"
