#include "http_pipe.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <system_error>

namespace belfry::bench {
namespace {

[[noreturn]] void broken(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

HttpPipe::HttpPipe(int port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof(to)) != 0) {
    close(fd_);
    broken("connect");
  }
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

HttpPipe::~HttpPipe() {
  close(fd_);
}

HttpPipe::Answer HttpPipe::call(std::string_view method, std::string_view path,
                                std::string_view body, std::string_view token) {
  std::string out;
  out.reserve(body.size() + token.size() + 256);
  out.append(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: 127.0.0.1\r\n");
  if (!token.empty()) out.append("Authorization: Bearer ").append(token).append("\r\n");
  if (!body.empty()) {
    out.append("Content-Type: application/json\r\nContent-Length: ");
    out.append(std::to_string(body.size())).append("\r\n");
  } else if (method == "POST") {
    out.append("Content-Length: 0\r\n");
  }
  out.append("\r\n").append(body);
  for (std::string_view rest = out; !rest.empty();) {
    const auto sent = send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent <= 0) broken("send");
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  std::size_t head = std::string::npos, length = 0;
  for (;;) {
    if (head == std::string::npos) {
      head = in_.find("\r\n\r\n");
      if (head != std::string::npos) {
        head += 4;
        const auto at = in_.find("Content-Length: ");
        length = at < head ? std::strtoul(in_.c_str() + at + 16, nullptr, 10) : 0;
      }
    }
    if (head != std::string::npos && in_.size() >= head + length) break;
    char buffer[65536];
    const auto got = recv(fd_, buffer, sizeof(buffer), 0);
    if (got == 0) throw std::runtime_error("the server ended the connection");
    if (got < 0) broken("recv");
    in_.append(buffer, static_cast<std::size_t>(got));
  }
  Answer answer{std::atoi(in_.c_str() + 9), in_.substr(head, length)};
  in_.erase(0, head + length);
  return answer;
}

HttpPipe::Answer HttpPipe::demand(std::string_view method, std::string_view path,
                                  std::string_view body, std::string_view token) {
  auto answer = call(method, path, body, token);
  const bool refused_part = path.ends_with("/bulk") && answer.body.contains("\"problem\"");
  if (answer.status / 100 != 2 || refused_part) {
    throw std::runtime_error(std::string(method) + " " + std::string(path) + ": " +
                             std::to_string(answer.status) + " " + answer.body.substr(0, 500));
  }
  return answer;
}

std::string string_member(std::string_view json, std::string_view key) {
  const auto at = json.find("\"" + std::string(key) + "\":\"");
  if (at == std::string_view::npos) return "";
  const auto from = at + key.size() + 4;
  return std::string(json.substr(from, json.find('"', from) - from));
}

std::string new_token(int port, std::string_view name) {
  HttpPipe pipe(port);
  const auto made = pipe.demand("POST", "/api/v1/auth/register",
                                "{\"tenantName\":\"" + std::string(name) + "\"}");
  return token_for(port, string_member(made.body, "apiKey"));
}

std::string token_for(int port, std::string_view api_key) {
  HttpPipe pipe(port);
  const auto body = "{\"apiKey\":\"" + std::string(api_key) + "\"}";
  return string_member(pipe.demand("POST", "/api/v1/auth/token", body).body, "token");
}

namespace {
constexpr std::string_view kNoLimits =
    R"({"unfinishedMax":1000000000,"storedBytesMax":1125899906842624,"requestsPerSecond":0})";
}  // namespace

void lift_limits(const std::filesystem::path& data, int port) {
  std::ifstream file(data / "operator.key");
  std::string key;
  std::getline(file, key);
  const auto admin = token_for(port, key);
  HttpPipe pipe(port);
  const auto tenants = pipe.demand("GET", "/api/v1/admin/tenants", "", admin).body;
  std::string_view left = tenants;
  for (auto at = left.find(R"("tenantId":")"); at != left.npos; at = left.find(R"("tenantId":")")) {
    left.remove_prefix(at);
    const auto path = "/api/v1/admin/tenants/" + string_member(left, "tenantId") + "/limits";
    pipe.demand("PATCH", path, kNoLimits, admin);
    left.remove_prefix(10);
  }
}

}  // namespace belfry::bench
