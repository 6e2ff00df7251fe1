#pragma once

#include <chrono>
#include <string>

namespace notification {

// Whether STARTTLS is used on a plain smtp:// connection. With `offered` a server that offers it
// must then also show a certificate that is good for its name.
enum class StartTls { off, offered, required };

struct SmtpOptions {
  std::string url;  // "smtp://host:25", "smtps://user:password@host"
  StartTls tls = StartTls::offered;
  std::string ca_file;  // trusted beside nothing else; empty: the system's
  // Of one message, the connection included; below the 30 s that the scheduler gives a push.
  std::chrono::milliseconds timeout{20'000};
};

struct SmtpOutcome {
  enum class Kind { sent, temporary, permanent };
  Kind kind = Kind::sent;
  std::string reason = {};  // with the server's own words, if it had any
};

// Sends one message of RFC 5322 lines, dots stuffed. Blocks. Permanent is only what the server
// itself refused for good (5xx) of this sender, recipient or message: a bad password or
// certificate is ours to mend, and worth another try then.
SmtpOutcome send_smtp(const SmtpOptions& options, const std::string& to,
                      const std::string& message);

}  // namespace notification
