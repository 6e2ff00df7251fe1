#pragma once

#include <chrono>
#include <string>

namespace notification {

// Whether STARTTLS is used on a plain smtp:// connection. With `offered` a server that offers it
// must then also show a certificate that is good for its name.
enum class StartTls { off, offered, required };

struct SmtpOptions {
  std::string url;                             // "smtp://host:25", "smtps://user:password@host"
  std::string sender = "noreply@example.com";  // of the envelope (MAIL FROM)
  StartTls tls = StartTls::offered;
  std::string ca_file;  // trusted beside nothing else; empty: the system's
  // Of one message, the connection included; below the 30 s that the scheduler gives a push.
  std::chrono::milliseconds timeout{20'000};
};

struct SmtpOutcome {
  enum class Kind { sent, temporary, permanent };
  Kind kind = Kind::sent;
  std::string reason = {};  // with the whole reply of the server, if there was one
};

// Sends one message of RFC 5322 lines, dots stuffed. Blocks. Only a reply that refuses the
// recipient or the message for good (5xx to RCPT or DATA) is permanent. A refusal of the session
// (the greeting, EHLO, AUTH or MAIL, and 500 to 504, 530, 534, 535 and 538 to any command) concerns
// the configuration of this service or of the server, not the recipient, so it is temporary.
SmtpOutcome send_smtp(const SmtpOptions& options, const std::string& to,
                      const std::string& message);

}  // namespace notification
