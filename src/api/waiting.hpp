#pragma once

#include <map>
#include <optional>
#include <string>

#include "api/services.hpp"
#include "json/writer.hpp"
#include "store/directory.hpp"
#include "store/nouns.hpp"

namespace belfry::api {

// Why an unfinished task waits, as far as the store knows it; the strongest reason alone.
struct Waiting {
  std::string_view reason;         // as in api/openapi.yaml
  std::string detail;              // in words, with what would end it
  std::optional<Timestamp> since;  // unknown while a retry is put off
  // Of destination_open and destination_busy: the origin, or the handler with its path.
  std::string destination, last_error;
  std::optional<Timestamp> next_probe;
  // Of one task only, as they cost more to tell:
  std::optional<int> ahead;  // ready tasks of its queue that come first, kAheadMax: or more
  std::optional<Timestamp> expected_start;  // by what its queue started lately
};
inline constexpr int kAheadMax = 10'000;

// Explains tasks of one tenant within one read; what they have in common is read once.
class WaitingReasons {
 public:
  // What decides for all tasks of the service.
  struct Service {
    bool default_target_is_echo = false;
    bool paused = false;  // after a restore
  };
  WaitingReasons(store::Snapshot& snapshot, const domain::Tenant& tenant, Service service);

  std::optional<Waiting> of(const store::TaskRow& row);
  // With its place, and when its turn may come.
  std::optional<Waiting> whole_of(const store::TaskRow& row, Timestamp now);

 private:
  const store::QueueRow* queue(const std::string& name);
  std::int64_t running_of_tenant();
  Waiting for_destination(const store::TaskRow& row);
  const store::DestinationRow* state(const std::string& origin, const std::string& handler);
  std::optional<Timestamp> expected_start(const store::TaskRow& row, int ahead, Timestamp now);

  store::Snapshot& snapshot_;
  const domain::Tenant& tenant_;
  Service service_;
  std::map<std::string, std::optional<store::QueueRow>> queues_;
  std::optional<std::int64_t> running_;
  std::optional<std::vector<store::DestinationRow>> destinations_;
};

WaitingReasons::Service waiting_service(const Services& services);

// The key `waiting` of a task.
void write_waiting(json::Writer& w, const std::optional<Waiting>& waiting);

}  // namespace belfry::api
