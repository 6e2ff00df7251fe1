#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace example {

// How the example services are told what to do.
struct Flags {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::string data;
  std::string scheduler = "http://127.0.0.1:8080";
  std::string public_url;  // how the scheduler reaches this service; empty: http://ADDRESS:PORT
  // Names that Host may have beside loopback ones; read_flags adds that of public_url.
  std::vector<std::string> allowed_hosts = {};
  std::string api_key;  // empty: an account of its own, registered at the first start
  std::string webhook_secret;
};

// One option more of a service: what it holds already is the default.
struct Option {
  std::string_view flag;
  const char* environment;  // null: none
  std::string_view help;
  std::string* value;
};

struct OwnOptions {
  std::vector<Option> options = {};
  // Adds a sentence for each value that cannot be.
  std::function<void(std::vector<std::string>&)> check = nullptr;
};

// Reads flags over the environment over the defaults. Prints the help and ends the process with 0,
// or prints every mistake and ends it with 2.
Flags read_flags(int argc, char** argv, std::string_view program, Flags defaults,
                 const OwnOptions& own = {});

}  // namespace example
