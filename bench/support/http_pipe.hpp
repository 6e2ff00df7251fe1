#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace belfry::bench {

// One blocking keep-alive connection: as little client as will do, so that what is measured is the
// server. Throws on a broken connection.
class HttpPipe {
 public:
  explicit HttpPipe(int port);
  ~HttpPipe();
  HttpPipe(const HttpPipe&) = delete;
  HttpPipe& operator=(const HttpPipe&) = delete;

  struct Answer {
    int status = 0;
    std::string body;
  };
  Answer call(std::string_view method, std::string_view path, std::string_view body,
              std::string_view token = {});
  // The same, and throws for an answer that is no 2xx, or a bulk that was refused in part.
  Answer demand(std::string_view method, std::string_view path, std::string_view body,
                std::string_view token = {});

 private:
  int fd_;
  std::string in_;
};

// The text of a top-level string member; enough for answers of our own.
std::string string_member(std::string_view json, std::string_view key);
// A new tenant's token.
std::string new_token(int port, std::string_view name);
std::string token_for(int port, std::string_view api_key);
// Lets the tenants of the scheduler's first page hold and ask for as much as they like. `data` has
// its operator.key.
void lift_limits(const std::filesystem::path& data, int port);

}  // namespace belfry::bench
