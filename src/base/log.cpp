#include "base/log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace belfry {
namespace {

// Line feeds and other control characters in a message would forge log lines.
class EscapedMessage final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& msg, const std::tm&,
              spdlog::memory_buf_t& dest) override {
    for (const char c : msg.payload) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte >= 0x20 && byte != 0x7f) {
        dest.push_back(c);
      } else {
        fmt::format_to(std::back_inserter(dest), "\\x{:02x}", byte);
      }
    }
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<EscapedMessage>();
  }
};

std::shared_ptr<spdlog::logger> make_logger() {
  auto logger =
      std::make_shared<spdlog::logger>("belfry", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  formatter->add_flag<EscapedMessage>('*').set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %*");
  logger->set_formatter(std::move(formatter));
  logger->flush_on(spdlog::level::info);
  return logger;
}

}  // namespace

spdlog::logger& log() {
  static const auto logger = make_logger();
  return *logger;
}

void set_log_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return log().set_level(spdlog::level::debug);
    case LogLevel::info:
      return log().set_level(spdlog::level::info);
    case LogLevel::warn:
      return log().set_level(spdlog::level::warn);
    case LogLevel::error:
      return log().set_level(spdlog::level::err);
    case LogLevel::off:
      return log().set_level(spdlog::level::off);
  }
}

}  // namespace belfry
