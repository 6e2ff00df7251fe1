#!/usr/bin/env bash
# Runs both example jobs through the scheduler, follows them live, and prints what came of them.
source "$(dirname "$0")/lib.sh"
source "$ROOT/scripts/services.sh"

for name in "${SERVICES[@]}"; do
  if ! ready "$name"; then
    scripts/start.sh
    break
  fi
done

! paused ||
  die "the scheduler is paused after a restore: nothing runs until an operator resumes it (docs/backup.md)"

# follow URL FILTER: prints the answer's line whenever it changes, until its status is an end.
follow() {
  local url=$1 filter=$2 last='' line answer deadline=$((SECONDS + 120))
  while ((SECONDS < deadline)); do
    answer=$(curl -sf "$url") || die "no answer from $url"
    line=$(jq -r "$filter" <<<"$answer")
    [[ $line == "$last" ]] || say "  $(date -u +%H:%M:%S.%3N)  $line"
    last=$line
    case $(jq -r .status <<<"$answer") in
      COMPLETED | FINISHED) return ;;
      FAILED) die "it failed: $(jq -r '.errorMessage // "no reason given"' <<<"$answer")" ;;
    esac
    sleep 0.1
  done
  die "not finished after 120 s; see $RUN_DIR/logs"
}

payment=$(url_of payment)
say "Payment: reconciling the sample ledger with the processor's settlement file"
run=$(curl -sf -X POST "$payment/api/payments/reconcile" | jq -r .runId) ||
  die "the payment service did not take the run; see $(log_of payment)"
follow "$payment/api/payments/runs/$run" '"run \(.status)  task \(.taskStatus // "-")"'
say "Reconciliation report ($payment/api/payments/runs/$run/report):"
curl -sf "$payment/api/payments/runs/$run" | jq .summary
say "First findings ($payment/api/payments/runs/$run/report.csv):"
curl -sf "$payment/api/payments/runs/$run/report.csv" | sed -n 1,6p

notification=$(url_of notification)
say ""
say "Notification: sending the sample batch"
batch=$(curl -sf -X POST "$notification/api/notifications/send-batch" | jq -r .batchId) ||
  die "the notification service did not take the batch; see $(log_of notification)"
follow "$notification/api/notifications/batches/$batch" \
  '"\(.delivered) delivered, \(.failed) failed, \(.pending) pending of \(.recipients)  \(.status)"'
say "Delivery summary:"
summary=$(curl -sf "$notification/api/notifications/batches/$batch") || die "no summary"
jq . <<<"$summary"
failed=$(jq -r .failed <<<"$summary")
((failed == 0)) ||
  die "$failed of $(jq -r .recipients <<<"$summary") were not delivered; see $(log_of notification)"
