#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "belfry/client.hpp"
#include "belfry/receiver.hpp"

// What both example services share: flags, files, an account at the scheduler, start and stop.
namespace example {

struct Flags {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::string data;
  std::string scheduler = "http://127.0.0.1:8080";
  std::string public_url;  // how the scheduler reaches this service; empty: http://ADDRESS:PORT
  std::string api_key;
  std::string webhook_secret;
  std::string smtp_url;
};

// Reads flags over the environment (SCHEDULER_URL, BELFRY_API_KEY, BELFRY_WEBHOOK_SECRET,
// SMTP_URL). Prints help or what is wrong and ends the process (0, 2).
Flags read_flags(int argc, char** argv, std::string_view program, Flags defaults);

// 32 hexadecimal digits from the operating system; and whether a text is such an id, and so safe
// as the name of a file.
std::string fresh_id();
bool is_id(std::string_view text);
std::string now_text();  // RFC 3339

std::optional<std::string> read_file(const std::string& path);
// As a whole or not at all, also over a crash. Throws std::runtime_error with the reason.
void write_file(const std::string& path, std::string_view text);

// The account: registered on first start, kept in DATA/credentials.json, or the key given. Waits
// for the scheduler as long as nobody asks to stop.
std::optional<belfry::client::Client> connect(const Flags& flags, const std::string& tenant,
                                              belfry::client::Receiver& receiver,
                                              const std::stop_token& stop);

// Before any thread starts: SIGTERM and SIGINT are then taken by `wait_for_stop` alone.
void block_stop_signals();
void wait_for_stop();

}  // namespace example
