// Pulls tasks of the queue "invoices" until SIGTERM: worker [URL].
#include <iostream>
#include <string>
#include <thread>

#include "belfry/client.hpp"
#include "belfry/credentials.hpp"
#include "belfry/worker.hpp"
#include "term_signal.hpp"

using namespace belfry::client;

int main(int argc, char** argv) {
  const std::string url = argc > 1 ? argv[1] : "http://127.0.0.1:8080";
  const TermSignal term;
  if (!ensure_registered(url, "invoices", "invoices.json")) return 1;
  auto client = Client::make({.url = url, .credentials_file = "invoices.json"});
  if (!client) return 1;
  // [readme]
  Worker worker(*client, {.queues = {"invoices"}, .concurrency = 8}, [](Job& job) {
    const auto invoice = job.task().payload["invoice"].integer_or(0);
    if (invoice == 0) return JobOutcome::fail("no invoice number", /*retryable=*/false);
    job.progress(50, "rendering");
    if (job.cancelled()) return JobOutcome::fail("cancelled");
    return JobOutcome::complete(Json::object({{"sent", invoice}}));
  });
  // [readme]
  std::jthread stopper([&term, &worker] {
    term.wait();
    worker.stop();
  });
  // [readme]
  const auto ended = worker.run();  // until stop, or an error that every call would meet
  if (!ended) std::cerr << ended.error().detail << '\n';
  // [readme]
  pthread_kill(stopper.native_handle(), SIGTERM);
  return ended ? 0 : 1;
}
