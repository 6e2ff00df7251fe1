#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "belfry/client.hpp"
#include "belfry/receiver.hpp"
#include "flags.hpp"

// What both example services share: files, an account at the scheduler, start and stop.
namespace example {

// 32 hexadecimal digits from the operating system; and whether a text is such an id, and so safe
// as the name of a file. The scheduler's task ids are safe too, if is_task_id says so.
std::string fresh_id();
bool is_id(std::string_view text);
bool is_task_id(std::string_view text);
std::string now_text();  // RFC 3339

std::optional<std::string> read_file(const std::string& path);
// As a whole or not at all, also over a crash. Throws std::runtime_error with the reason.
void write_file(const std::string& path, std::string_view text);

// True if the scheduler will never take this call: as it is, it is not worth a second try. False
// if it is out of reach or busy, or this service is stopping.
bool is_refusal(const belfry::client::ClientError& error);
// The reason with the fields it names, as one sentence for people.
std::string text_of(const belfry::client::ClientError& error);

// A service of one tenant.
struct Service {
  explicit Service(Flags given) : flags(std::move(given)) {}
  Flags flags;
  // Null until there is an account, then good until every handler has ended.
  std::atomic<belfry::client::Client*> scheduler{nullptr};
};

struct Program {
  std::string name;    // of the binary
  std::string tenant;  // registered under this name at the first start
  std::function<void(belfry::client::Receiver&)> add_routes;
  // Every two seconds once there is an account, on one thread: hands over what the scheduler has
  // not taken yet. With `check` (at first and every half minute) it also asks after tasks whose end
  // may have been told while nobody listened.
  std::function<void(bool check)> round;
};

// Serves until SIGTERM or SIGINT; `GET /readyz` is 200 once there is an account (kept in
// DATA/credentials.json, or the key given). Returns the exit status: 0, or 1 after a message if it
// cannot listen or the scheduler refuses the account.
int run(Service& service, const Program& program);

}  // namespace example
