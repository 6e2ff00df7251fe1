// Who the peer is, and the watch over it while a handler waits: no work is done for a peer that
// has gone.
#include "http/connection.hpp"

namespace belfry::http {

// The wait for the socket may end after the connection: `over` says so.
struct Connection::Watch {
  async::StopSignal gone;
  bool over = false;
};

void Connection::name_client(Request& request) const {
  request.peer_address = peer_address_;
  request.peer_unit = peer_unit_;
  if (!peer_is_proxy_) return;
  const auto client = context_.options.trusted_proxies.client(peer_, request.headers);
  if (client == peer_) return;
  request.peer_address = client.to_string();
  request.peer_unit = address_unit(client);
}

bool Connection::has_gone() {
  return transport_.peer_closed();
}

async::StopSignal Connection::gone() {
  if (!watch_) {
    watch_ = std::make_shared<Watch>();
    transport_.on_readable([this, watch = watch_](const ErrorCodeOf& error) {
      if (!error && !watch->over) look_at_peer();
    });
    look_at_peer();
  }
  return watch_->gone;
}

// Called at each sweep, too: bytes of a next request hide the end that comes behind them.
void Connection::look_at_peer() {
  if (watch_ && !watch_->gone.requested() && transport_.peer_closed()) {
    const auto keep = watch_;
    keep->gone.request();
  }
}

void Connection::end_watch() {
  if (!watch_) return;
  watch_->over = true;
  watch_.reset();
  transport_.cancel();
}

}  // namespace belfry::http
