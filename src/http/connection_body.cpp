// The receiving half of Connection: bodies are read for those who may send them, within what all
// bodies may hold together.
#include <algorithm>

#include "http/chunked_body.hpp"
#include "http/connection.hpp"

namespace belfry::http {
namespace asio = boost::asio;

namespace {

constexpr std::size_t kBodyStep = 16 * 1024;
constexpr std::size_t kShortBody = 16 * 1024;

}  // namespace

bool BodyRoom::raise_to(std::size_t bytes) {
  return (known ? of_known : of_strangers).raise_to(bytes);
}

void BodyRoom::release() {
  of_known.release();
  of_strangers.release();
}

// False: the request was refused.
asio::awaitable<bool> Connection::judge_head(const Request& head, BodyRoom& room) {
  room.judged = true;
  if (!context_.hooks.judge_head) {
    room.known = true;
    co_return true;
  }
  auto verdict = context_.hooks.judge_head(head);
  room.known = verdict.sender == HeadVerdict::Sender::known;
  if (room.known) room.of_known.belongs_to(verdict.tenant);
  if (verdict.refusal) {
    co_await end_with(std::move(*verdict.refusal));
  }
  co_return !verdict.refusal;
}

// A short body costs less to read than to refuse, and reading it leaves the connection to the next
// request. Chunks are short until they are not.
asio::awaitable<bool> Connection::accept_body(const HeadFacts& facts, const Request& head,
                                              BodyRoom& room) {
  const bool chunked = facts.framing == HeadFacts::Framing::chunked;
  const std::size_t limit = context_.hooks.body_limit(head.method, head.path);
  if (!chunked && facts.content_length > limit) {
    co_await refuse(Error{ErrorCode::payload_too_large,
                          fmt::format("the body may hold at most {} bytes", limit)});
    co_return false;
  }
  const bool is_long = !chunked && facts.content_length > kShortBody;
  const bool waits = facts.expects_continue && received().empty();
  const bool accepted = (!is_long && !waits) || co_await judge_head(head, room);
  co_return accepted;
}

asio::awaitable<bool> Connection::read_body(const HeadFacts& facts, Request& request,
                                            BodyRoom& room) {
  if (!co_await accept_body(facts, request, room)) {
    co_return false;
  }
  allow(context_.options.body_time);
  if (facts.expects_continue && received().empty()) {
    const auto first =
        static_cast<std::size_t>(std::min<std::uint64_t>(facts.content_length, kBodyStep));
    if (!co_await make_room(first, request, room)) {
      co_return false;
    }
    out_ = "HTTP/1.1 100 Continue\r\n\r\n";
    const Buffers bytes{asio::buffer(out_), asio::const_buffer()};
    if (!co_await write(bytes)) {
      co_return false;
    }
  }
  const bool whole = facts.framing == HeadFacts::Framing::chunked
                         ? co_await read_chunks(request, room)
                         : co_await read_length(facts.content_length, request, room);
  allow_forever();
  if (!whole && timed_out_) {
    co_await refuse(Error{ErrorCode::request_timeout, "the request body did not come in time"});
  }
  co_return whole;
}

// Who sends a short body is a stranger until the strangers' room is used up.
asio::awaitable<bool> Connection::make_room(std::size_t bytes, Request& request, BodyRoom& room) {
  const bool fits = (room.judged || bytes <= kShortBody) && room.raise_to(bytes);
  if (fits) {
    co_return true;
  }
  if (!room.judged && !co_await judge_head(request, room)) {
    co_return false;
  }
  if (room.raise_to(bytes)) {
    co_return true;
  }
  // Lingering behind the refusal must not keep the room from others.
  request.body = {};
  room.release();
  co_await refuse(Error{ErrorCode::overloaded,
                        "the server is receiving too many bodies at once, in total or from this "
                        "tenant or address; try again later, or send smaller bodies"});
  co_return false;
}

asio::awaitable<bool> Connection::read_length(std::uint64_t length, Request& request,
                                              BodyRoom& room) {
  std::string& body = request.body;
  const auto there = static_cast<std::size_t>(std::min<std::uint64_t>(length, received().size()));
  body.assign(received().substr(0, there));
  consume(there);
  while (body.size() < length) {
    // Grows with what has come: a length alone costs no memory.
    const std::size_t have = body.size();
    const std::size_t more = std::min<std::size_t>(length - have, std::max(kBodyStep, have));
    if (!co_await make_room(have + more, request, room)) {
      co_return false;
    }
    body.resize(have + more);
    ErrorCodeOf error;
    const std::size_t count =
        co_await transport_.read_some(asio::buffer(body.data() + have, more), error);
    body.resize(have + count);
    if (error) {
      co_return false;
    }
  }
  co_return true;
}

asio::awaitable<bool> Connection::read_chunks(Request& request, BodyRoom& room) {
  ChunkedBody chunks(context_.hooks.body_limit(request.method, request.path));
  for (;;) {
    std::string_view bytes = received();
    const std::size_t before = bytes.size();
    const auto complete = chunks.take(bytes, request.body);
    consume(before - bytes.size());
    if (!complete) {
      co_await refuse(complete.error());
      co_return false;
    }
    if (*complete) {
      co_return true;
    }
    if (!co_await make_room(request.body.size(), request, room) || !co_await fill()) {
      co_return false;
    }
  }
}

}  // namespace belfry::http
