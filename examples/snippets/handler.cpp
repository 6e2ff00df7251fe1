// Takes pushed tasks on a port until SIGTERM: handler [URL].
#include <string>

#include "belfry/credentials.hpp"
#include "belfry/receiver.hpp"
#include "term_signal.hpp"

using namespace belfry::client;

int main(int argc, char** argv) {
  const std::string url = argc > 1 ? argv[1] : "http://127.0.0.1:8080";
  const TermSignal term;
  const auto account = ensure_registered(url, "invoices", "invoices.json");
  if (!account) return 1;
  // [readme]
  auto receiver = Receiver::make({.port = 9000});
  if (!receiver || !receiver->set_secrets({account->webhook_secret})) return 1;
  receiver->on_push("/invoices", [](const Push& push) {  // let in by its signature only
    const auto payload = Json::parse(push.payload).value_or(Json());
    const auto invoice = payload["invoice"].integer_or(0);
    if (invoice == 0) return PushOutcome::fail("no invoice number", /*retryable=*/false);
    return PushOutcome::complete(Json::object({{"sent", invoice}, {"by", push.task_id}}));
  });
  if (!receiver->start()) return 1;
  // [readme]
  term.wait();
  receiver->stop();
  return 0;
}
