#pragma once

#include <string>
#include <string_view>

namespace belfry::bench {

// One blocking keep-alive connection: as little client as will do, so that what is measured is the
// server. Aborts on a broken connection.
class HttpPipe {
 public:
  explicit HttpPipe(int port);
  ~HttpPipe();
  HttpPipe(const HttpPipe&) = delete;

  struct Answer {
    int status = 0;
    std::string body;
  };
  Answer call(std::string_view method, std::string_view path, std::string_view body,
              std::string_view token = {});

 private:
  int fd_;
  std::string in_;
};

// The text of a top-level string member; enough for answers of our own.
std::string string_member(std::string_view json, std::string_view key);
// A new tenant's token.
std::string new_token(int port, std::string_view name);

}  // namespace belfry::bench
