#include "http/answer_reader.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <charconv>
#include <optional>
#include <utility>

namespace belfry::http {
namespace {

namespace beast = boost::beast;

constexpr std::uint32_t kHeaderBytesMax = 32 * 1024;
constexpr int kInterimAnswersMax = 16;
constexpr int kSwitchingProtocols = 101;

constexpr std::chrono::seconds kIdleTimeMin{2};
constexpr std::chrono::seconds kIdleTimeBelieved{3'600};

std::string_view trimmed(std::string_view text, std::string_view marks) {
  const auto first = text.find_first_not_of(marks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(marks) - first + 1);
}

// `timeout=5` of a Keep-Alive field; nothing if the parameter is another one or not a number.
std::optional<std::chrono::seconds> timeout_of(std::string_view parameter) {
  const auto equals = parameter.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  if (!boost::beast::iequals(trimmed(parameter.substr(0, equals), " \t"), "timeout")) {
    return std::nullopt;
  }
  const auto value = trimmed(parameter.substr(equals + 1), " \t\"");
  if (value.empty() || value.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  std::int64_t seconds = 0;
  const auto read = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (read.ec == std::errc::result_out_of_range) return kIdleTimeBelieved;
  return std::min(std::chrono::seconds{seconds}, kIdleTimeBelieved);
}

// How long the peer says that it keeps an idle connection: the shortest time, if it says several.
std::optional<std::chrono::seconds> idle_time_said(const Headers& headers) {
  std::optional<std::chrono::seconds> shortest;
  for (const auto& [name, value] : headers.fields()) {
    if (!boost::beast::iequals(name, "Keep-Alive")) continue;
    for (std::string_view rest = value; !rest.empty();) {
      const auto comma = std::min(rest.find(','), rest.size());
      const auto said = timeout_of(rest.substr(0, comma));
      if (said) shortest = std::min(shortest.value_or(*said), *said);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return shortest;
}

// "HTTP/1.1 200" without a phrase and without the blank before it, which Beast insists on.
void complete_status_line(std::string& input, std::size_t at) {
  constexpr std::size_t kBare = std::string_view("HTTP/1.1 200").size();
  const auto line = std::string_view(input).substr(at, kBare + 2);
  if (line.starts_with("HTTP/1.") && line.ends_with("\r\n") && line.size() == kBare + 2) {
    input.insert(at + kBare, 1, ' ');
  }
}

// Beast's parser, writing straight into the answer.
class Parser final : public beast::http::basic_parser<false> {
 public:
  Parser(Method method, std::size_t body_max) : body_max_(body_max) {
    header_limit(kHeaderBytesMax);
    body_limit(boost::none);
    eager(true);
    skip(method == Method::head);
  }

  OutboundResponse answer;

 private:
  using Code = beast::error_code;

  std::size_t keep(beast::string_view bytes, Code& failed) {
    const std::size_t room = body_max_ - answer.body.size();
    answer.body.append(bytes.data(), std::min(room, bytes.size()));
    if (bytes.size() > room) {
      answer.body_truncated = true;
      failed = beast::http::error::body_limit;
    }
    return bytes.size();
  }

  void on_request_impl(beast::http::verb, beast::string_view, beast::string_view, int,
                       Code&) override {}
  void on_response_impl(int code, beast::string_view, int, Code&) override { answer.status = code; }
  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value,
                     Code&) override {
    answer.headers.add(std::string(name), std::string(value));
  }
  void on_header_impl(Code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Code&) override {}
  std::size_t on_body_impl(beast::string_view bytes, Code& failed) override {
    return keep(bytes, failed);
  }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, Code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes, Code& failed) override {
    return keep(bytes, failed);
  }
  void on_finish_impl(Code&) override {}

  std::size_t body_max_;
};

}  // namespace

struct AnswerReader::State {
  State(Method asked, std::size_t most) : method(asked), body_max(most) {
    parser.emplace(method, body_max);
  }

  Progress read(std::string& input, std::size_t& done);

  Method method;
  std::size_t body_max;
  std::optional<Parser> parser;
  int interim_answers = 0;
};

AnswerReader::AnswerReader(Method method, std::size_t body_max)
    : state_(std::make_unique<State>(method, body_max)) {}

AnswerReader::~AnswerReader() = default;

AnswerReader::Progress AnswerReader::feed(std::string& input) {
  std::size_t done = 0;
  const auto progress = state_->read(input, done);
  input.erase(0, done);
  return progress;
}

// `done`: how much of `input` has been understood.
AnswerReader::Progress AnswerReader::State::read(std::string& input, std::size_t& done) {
  while (done < input.size()) {
    Parser& next = *parser;
    if (next.answer.status == 0) {
      // Beast judges a line before it is whole, so the line is completed before Beast sees any of
      // it.
      if (input.find('\n', done) == std::string::npos && input.size() - done < kHeaderBytesMax) {
        return Progress::need_more;
      }
      complete_status_line(input, done);
    }
    beast::error_code failed;
    const std::size_t used =
        next.put(boost::asio::buffer(std::string_view(input).substr(done)), failed);
    done += used;
    if (next.answer.body_truncated) return Progress::done;
    if (failed == beast::http::error::need_more) return Progress::need_more;
    if (failed) return Progress::malformed;
    if (next.is_done()) {
      const int status = next.answer.status;
      if (status >= 200) return Progress::done;
      if (status == kSwitchingProtocols || ++interim_answers > kInterimAnswersMax) {
        return Progress::malformed;
      }
      parser.emplace(method, body_max);
    } else if (used == 0) {
      return Progress::need_more;
    }
  }
  return Progress::need_more;
}

AnswerReader::Progress AnswerReader::end_of_input() {
  Parser& parser = *state_->parser;
  if (!parser.got_some() || !parser.need_eof()) return Progress::malformed;
  beast::error_code failed;
  parser.put_eof(failed);
  return failed || !parser.is_done() ? Progress::malformed : Progress::done;
}

int AnswerReader::status() const {
  const Parser& parser = *state_->parser;
  return parser.is_header_done() ? parser.answer.status : 0;
}

std::string AnswerReader::take_body() {
  return std::exchange(state_->parser->answer.body, {});
}

std::optional<std::chrono::milliseconds> AnswerReader::keep_for(KeepLimits limits) const {
  const Parser& parser = *state_->parser;
  if (parser.answer.body_truncated || !parser.keep_alive()) return std::nullopt;
  const auto said = idle_time_said(parser.answer.headers);
  if (!said) return std::min(limits.unsaid, limits.most);
  // A second for the way, and for what the peer calls its seconds.
  if (*said < kIdleTimeMin) return std::nullopt;
  return std::min<std::chrono::milliseconds>(*said - std::chrono::seconds{1}, limits.most);
}

OutboundResponse AnswerReader::take() {
  return std::move(state_->parser->answer);
}

}  // namespace belfry::http
