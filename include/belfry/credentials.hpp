#pragma once

#include <chrono>
#include <string>

#include "belfry/result.hpp"

namespace belfry::client {

// What a tenant keeps: never log it.
struct Credentials {
  std::string tenant_id;
  std::string api_key;
  std::string webhook_secret;
};

// JSON in a file of mode 0600; replaced as a whole, so that a crash leaves the old one or the new.
// Both fail with type ":file" and the reason.
Result<Credentials> load_credentials(const std::string& file);
Result<> save_credentials(const Credentials& credentials, const std::string& file);

// The file's credentials if it exists; else registers `name` at the scheduler and writes the file.
// Waits for a scheduler that is not up yet, with backoff, for at most `patience`.
Result<Credentials> ensure_registered(const std::string& url, const std::string& name,
                                      const std::string& file,
                                      std::chrono::milliseconds patience = std::chrono::minutes{2});

}  // namespace belfry::client
