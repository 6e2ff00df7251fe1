#pragma once

#include <string>

namespace notification {

// Sends one message over SMTP ("smtp://host:25", "smtps://user:password@host"). Blocks for at most
// 30 s. The reason if it failed, else empty.
std::string send_smtp(const std::string& url, const std::string& to, const std::string& message);

}  // namespace notification
