#include "http/answer_reader.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <optional>
#include <utility>

namespace belfry::http {
namespace {

namespace beast = boost::beast;

constexpr std::uint32_t kHeaderBytesMax = 32 * 1024;
constexpr int kInterimAnswersMax = 16;
constexpr int kSwitchingProtocols = 101;

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

  Method method;
  std::size_t body_max;
  std::optional<Parser> parser;
  int interim_answers = 0;
};

AnswerReader::AnswerReader(Method method, std::size_t body_max)
    : state_(std::make_unique<State>(method, body_max)) {}

AnswerReader::~AnswerReader() = default;

AnswerReader::Progress AnswerReader::feed(std::string_view& input) {
  while (!input.empty()) {
    Parser& parser = *state_->parser;
    beast::error_code failed;
    const std::size_t used = parser.put(boost::asio::buffer(input), failed);
    input.remove_prefix(used);
    if (parser.answer.body_truncated) return Progress::done;
    if (failed == beast::http::error::need_more) return Progress::need_more;
    if (failed) return Progress::malformed;
    if (parser.is_done()) {
      const int status = parser.answer.status;
      if (status >= 200) return Progress::done;
      if (status == kSwitchingProtocols || ++state_->interim_answers > kInterimAnswersMax) {
        return Progress::malformed;
      }
      state_->parser.emplace(state_->method, state_->body_max);
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

bool AnswerReader::keep_alive() const {
  const Parser& parser = *state_->parser;
  return !parser.answer.body_truncated && parser.keep_alive();
}

OutboundResponse AnswerReader::take() {
  return std::move(state_->parser->answer);
}

}  // namespace belfry::http
