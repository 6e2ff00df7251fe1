#pragma once

#include <mutex>
#include <set>
#include <string>

#include "belfry/receiver.hpp"
#include "smtp.hpp"

namespace notification {

// Sends the message that a pushed task asks for: over SMTP if there is a server, else as a file in
// the outbox. A task sent once is not sent again when its push comes twice; only a crash between
// the mail server's yes and our note of it can repeat a message, with the same Message-ID.
class Delivery {
 public:
  Delivery(std::string data, SmtpOptions smtp) : data_(std::move(data)), smtp_(std::move(smtp)) {}
  belfry::client::PushOutcome deliver(const belfry::client::Push& push);

 private:
  belfry::client::PushOutcome send_once(const belfry::client::Push& push);

  std::string data_;
  SmtpOptions smtp_;
  std::mutex mutex_;
  std::set<std::string> sending_;  // tasks that a handler sends right now
};

}  // namespace notification
