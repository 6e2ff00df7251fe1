# Shared by the scripts: where things are, and how to speak. Sourced, not run.
set -euo pipefail
CALLER_DIR=$PWD
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$ROOT"

say() { printf '%s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# Our own services are asked directly, whatever proxy fetches the packages.
loopback=127.0.0.1,localhost,::1
other_hosts=${no_proxy:-${NO_PROXY:-}}
case ,$other_hosts, in
  *",$loopback,"*) ;;
  *) other_hosts=$loopback${other_hosts:+,$other_hosts} ;;
esac
export no_proxy=$other_hosts NO_PROXY=$other_hosts
unset loopback other_hosts
