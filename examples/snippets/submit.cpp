// Submits one task: submit [URL]. The account is opened at the first run and kept in invoices.json.
#include <chrono>
#include <iostream>
#include <string>

#include "belfry/client.hpp"
#include "belfry/credentials.hpp"

using namespace belfry::client;
using namespace std::chrono_literals;

int main(int argc, char** argv) {
  const std::string url = argc > 1 ? argv[1] : "http://127.0.0.1:8080";
  if (!ensure_registered(url, "invoices", "invoices.json")) return 1;
  // [readme]
  auto client = Client::make({.url = url, .credentials_file = "invoices.json"});
  if (!client) return 1;
  Submission task{.task_name = "invoice.send"};
  task.payload = Json::object({{"invoice", 4711}});
  task.retry = Retry{.max_attempts = 5, .initial = 2s};
  const auto submitted = client->submit(task);  // repeated safely until it is answered
  if (submitted) {
    std::cout << submitted->id << '\n';
  } else {
    std::cerr << submitted.error().detail << '\n';
    for (const auto& fault : submitted.error().errors) {
      std::cerr << fault.pointer << ": " << fault.detail << '\n';
    }
  }
  // [readme]
  return submitted ? 0 : 1;
}
