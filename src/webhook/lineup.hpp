#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <unordered_map>
#include <variant>
#include <vector>

#include "http/destination_gate.hpp"
#include "http/url.hpp"
#include "store/rows.hpp"

namespace belfry::webhook {

struct LineupOptions {
  int in_flight_max = 8'000;
  int in_flight_per_tenant = 4'000;
  std::size_t held_max = 2'000;       // deliveries that stand in line in memory
  std::size_t held_per_tenant = 500;  // of one tenant
  std::size_t held_per_line = 256;    // for one destination
  Millis spread_max{60'000};          // how far the rest is put off
  http::GateOptions gate{.in_flight_max = 64, .handler_max = 16, .handler_first = 2};
};

// A delivery whose destination is known.
struct Parcel {
  store::DeliveryRow row;
  http::Url url;
  http::Destination destination;
};

// Who may be sent now, who stands in line in memory, who is put off in the store, and who is
// refused because its destination is not called for a while (PROMISES P11): a destination is given
// as many calls as it has shown to answer, a tenant no more than its share, and what would wait
// long is put off at the pace of its destination. So memory, and what is read again and again, stay
// bounded whatever hangs. Single-threaded.
class Lineup {
 public:
  Lineup(http::DestinationGate::Parts parts, LineupOptions options);

  struct Start {
    Parcel parcel;
    http::DestinationGate::Pass pass;
  };
  struct Held {};
  struct PutOff {
    Timestamp until;
  };
  // The destination is open: the delivery is set aside until it is called back.
  struct Refused {
    Parcel parcel;
  };
  using Place = std::variant<Start, Held, PutOff, Refused>;
  Place place(Parcel parcel);

  // A call has ended: what may start in its stead, and what stood in line for a destination that is
  // not called for a while.
  struct Next {
    std::vector<Start> starts;
    std::vector<Parcel> refused;
  };
  Next ended(const Parcel& parcel, http::DestinationGate::Pass pass, const http::CallEnd& end);

  http::Standing standing(const http::Destination& to) const { return gate_.standing(to); }
  // How many deliveries may be called back to it at present.
  int room(const http::Destination& to) const;

  bool full() const;  // nothing more can be started
  // Drops who stands in line: they wait in the store.
  void close();
  int in_flight() const { return in_flight_; }
  std::size_t held() const { return held_; }

 private:
  using Line = std::deque<Parcel>;
  struct Tenant {
    int in_flight = 0;
    std::size_t held = 0;
    std::deque<http::Destination> lines;  // with parcels in line, each once
  };
  std::optional<Start> try_start(Parcel& parcel);
  void hold(Parcel parcel, Tenant& tenant);
  bool refuses(const http::Destination& to) const;
  void take_front(const http::Destination& destination, Tenant& tenant);
  std::optional<Start> next_of(Tenant& tenant);
  void empty_refused_line(const http::Destination& destination, Tenant& tenant, Next& next);

  LineupOptions options_;
  http::DestinationGate gate_;
  std::map<http::Destination, Line> lines_;  // none of them empty
  std::unordered_map<TenantId, Tenant> tenants_;
  int in_flight_ = 0;
  std::size_t held_ = 0;
};

}  // namespace belfry::webhook
