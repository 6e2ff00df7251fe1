#include "http/connection.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>

#include "base/log.hpp"

namespace belfry::http {
namespace asio = boost::asio;

namespace {

constexpr std::size_t kBufferStart = 4 * 1024;
constexpr std::size_t kBodyInHeadBuffer = 16 * 1024;  // a shorter body is copied beside its head
constexpr std::size_t kUncountedBytes = 4 * 1024;     // of an answer
constexpr std::size_t kLingerBytes = 256 * 1024;
constexpr std::chrono::milliseconds kLingerTime{1'000};

asio::ip::address peer_of(const asio::ip::tcp::socket& socket) {
  ErrorCodeOf error;
  const auto peer = socket.remote_endpoint(error);
  return error ? asio::ip::address() : plain_address(peer.address());
}

void skip(std::array<asio::const_buffer, 2>& bytes, std::size_t count) {
  const std::size_t of_first = std::min(count, bytes[0].size());
  bytes[0] += of_first;
  bytes[1] += count - of_first;
}

Error too_many_answers() {
  return {
      ErrorCode::overloaded,
      "the answers being sent, in total or to this tenant or address, hold as many bytes as the "
      "server allows (--answer-mib, --answer-mib-per-tenant); read them, then try again"};
}

bool has_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, asio::ssl::context* tls,
                       ConnectionContext& context)
    : transport_(std::move(socket), tls),
      context_(context),
      peer_(peer_of(transport_.socket())),
      peer_address_(peer_.to_string()),
      peer_unit_(address_unit(peer_)),
      peer_is_proxy_(context.options.trusted_proxies.contains(peer_)),
      in_(kBufferStart, '\0') {}

std::string_view Connection::received() const {
  return std::string_view(in_).substr(begin_, end_ - begin_);
}

void Connection::consume(std::size_t count) {
  begin_ += count;
  if (begin_ == end_) {
    begin_ = end_ = 0;
  }
}

void Connection::allow(std::chrono::milliseconds time) {
  deadline_ = std::chrono::steady_clock::now() + time;
}

void Connection::allow_forever() {
  deadline_ = std::chrono::steady_clock::time_point::max();
}

void Connection::sweep(std::chrono::steady_clock::time_point now) {
  if (now >= deadline_) {
    timed_out_ = true;
    allow_forever();
    transport_.cancel();
  }
  look_at_peer();
}

void Connection::drain() {
  draining_ = true;
  if (is_idle()) {
    transport_.cancel();
  }
  if (streaming_) {
    stream_end_.emit(asio::cancellation_type::terminal);
  }
}

void Connection::begin_idle() {
  if (is_idle()) return;
  idle_since_ = std::chrono::steady_clock::now();
  context_.idle.push_back(*this);
}

void Connection::end_idle() {
  if (is_idle()) unlink();
}

void Connection::make_way() {
  end_idle();
  transport_.close();
}

void Connection::abort() {
  draining_ = true;
  transport_.close();
  stream_end_.emit(asio::cancellation_type::terminal);
  abort_.emit(asio::cancellation_type::terminal);
}

asio::awaitable<void> Connection::run() {
  try {
    // The slot lets `abort` reach whatever a handler waits for.
    co_await asio::co_spawn(co_await asio::this_coro::executor, serve(),
                            asio::bind_cancellation_slot(abort_.slot(), asio::use_awaitable));
  } catch (const std::exception& error) {
    log().debug("connection ended error=\"{}\"", error.what());
  }
  transport_.close();
}

asio::awaitable<void> Connection::turn_away(Error why) {
  try {
    ErrorCodeOf error;
    allow(kLingerTime);
    co_await transport_.handshake(error);
    if (!error) {
      co_await refuse(std::move(why));
    }
  } catch (const std::exception& error) {
    log().debug("connection ended error=\"{}\"", error.what());
  }
  transport_.close();
}

asio::awaitable<void> Connection::serve() {
  ErrorCodeOf error;
  begin_idle();
  allow(context_.options.header_time);
  co_await transport_.handshake(error);
  if (error) {
    // The alert that says why is not to be lost with what was not read.
    if (!timed_out_ && !draining_) co_await linger();
    co_return;
  }
  while (co_await serve_one()) {
  }
}

asio::awaitable<bool> Connection::serve_one() {
  const std::size_t length = co_await read_head();
  if (length == 0) {
    co_return false;
  }
  const ServerOptions& options = context_.options;
  const HeadLimits limits{options.header_bytes_max, options.header_count_max,
                          options.request_line_bytes_max};
  auto facts = check_head(received().substr(0, length), limits);
  if (!facts) {
    co_await refuse(std::move(facts.error()));
    co_return false;
  }
  consume(length);
  http_1_0_ = facts->http_1_0;
  keep_alive_ = facts->keep_alive;
  Request request;
  request.method = facts->method;
  request.path = std::move(facts->path);
  request.query = std::move(facts->query);
  request.headers = std::move(facts->headers);
  name_client(request);
  request.peer = this;
  BodyRoom room(context_.totals, request.peer_unit);
  ByteBudget::Share answer_room(context_.totals.answers, request.peer_unit);
  request.answer_room = &answer_room;
  request.turns = &context_.request_turns;
  if (facts->framing != HeadFacts::Framing::none && !co_await read_body(*facts, request, room)) {
    co_return false;
  }
  context_.totals.requests.fetch_add(1, std::memory_order_relaxed);
  Response response = co_await handle(request);
  const bool head_only = request.method == Method::head;
  keep_alive_ = keep_alive_ && !response.close;
  // Sending may take long: nothing of the request is kept meanwhile.
  request = {};
  room.release();
  give_back_input();
  const bool sent = response.stream ? co_await send_stream(response, head_only)
                                    : co_await respond(response, head_only);
  response = {};
  answer_room.release();
  if (sent && !keep_alive_) {
    co_await linger();
  }
  co_return sent&& keep_alive_;
}

asio::awaitable<Response> Connection::handle(Request& request) {
  std::optional<Response> response;
  try {
    response = co_await context_.hooks.handle(request);
  } catch (const std::bad_alloc&) {
    response = context_.hooks.refuse(
        Error{ErrorCode::overloaded, "there is not enough memory for this call; try again later"});
  } catch (const std::exception& error) {
    log().error("a handler threw error=\"{}\"", error.what());
  }
  end_watch();
  if (!response) {
    response = context_.hooks.refuse(Error{ErrorCode::internal, "internal error"});
  }
  co_return within_room(request, std::move(*response));
}

// A change that was made is not denied: its answer is sent however large, and counted.
Response Connection::within_room(const Request& request, Response response) {
  const std::size_t bytes = response.body.size() > kUncountedBytes ? response.body.size() : 0;
  auto& room = *request.answer_room;
  const bool read = request.method == Method::get || request.method == Method::head;
  if (bytes > room.bytes() && read && !room.raise_to(bytes)) {
    response = context_.hooks.refuse(too_many_answers());
    room.release();
  } else {
    room.hold(bytes);
  }
  return response;
}

// Ends with the number of bytes that make the head, or 0 when the connection is to end.
asio::awaitable<std::size_t> Connection::read_head() {
  if (begin_ == end_) begin_idle();
  allow(is_idle() ? context_.options.idle_time : context_.options.header_time);
  std::size_t scanned = 0;
  bool skipped = false;
  for (;;) {
    if (!skipped && received().starts_with("\r\n")) {
      consume(2);  // some clients send an empty line after a body (RFC 9112 section 2.2)
      skipped = true;
    }
    const std::string_view text = received();
    if (is_idle() && !text.empty()) {
      end_idle();
      allow(context_.options.header_time);
    }
    const std::size_t length = head_length(text, scanned);
    const bool too_long = text.size() > context_.options.header_bytes_max ||
                          (text.size() > context_.options.request_line_bytes_max + 2 &&
                           text.find('\n') == std::string_view::npos);
    if (length != 0 || too_long) {
      allow_forever();
      co_return length != 0 ? length : text.size();
    }
    scanned = text.size();
    if (is_idle() && draining_) {
      co_return 0;
    }
    if (!co_await fill()) {
      break;
    }
  }
  if (timed_out_ && !received().empty()) {
    co_await refuse(Error{ErrorCode::request_timeout, "the request head did not come in time"});
  }
  co_return 0;
}

// Keeps no more than what was received, and a short buffer to receive into.
void Connection::give_back_input() {
  const std::size_t wanted = std::max(kBufferStart, end_ - begin_);
  if (in_.size() <= 2 * wanted) return;
  std::string smaller(received());
  smaller.resize(wanted);
  end_ -= begin_;
  begin_ = 0;
  in_ = std::move(smaller);
}

asio::awaitable<bool> Connection::fill() {
  if (begin_ == end_) {
    give_back_input();
  } else if (end_ == in_.size()) {
    in_.erase(0, begin_);
    end_ -= begin_;
    begin_ = 0;
    // A head that is longer than the limit is refused, so there is no need to double beyond it.
    const std::size_t most = std::max(context_.options.header_bytes_max, end_) + kBufferStart;
    in_.resize(std::max(in_.size(), std::min(end_ * 2, most)));
  }
  ErrorCodeOf error;
  const std::size_t count =
      co_await transport_.read_some(asio::buffer(in_.data() + end_, in_.size() - end_), error);
  end_ += count;
  co_return !error;
}

asio::awaitable<bool> Connection::write(Buffers bytes) {
  ErrorCodeOf error;
  const std::size_t count = transport_.write_now(bytes, error);
  if (!error && count == bytes[0].size() + bytes[1].size()) {
    co_return true;
  }
  if (error && error != asio::error::would_block && error != asio::error::try_again) {
    co_return false;
  }
  skip(bytes, count);
  const auto give_up = std::chrono::steady_clock::now() + context_.options.write_time;
  while (bytes[0].size() + bytes[1].size() > 0) {
    deadline_ = std::min(give_up, std::chrono::steady_clock::now() + context_.options.stall_time);
    const std::size_t sent = co_await transport_.write_some(bytes, error);
    if (error) break;
    skip(bytes, sent);
  }
  if (timed_out_) transport_.drop_unsent();
  allow_forever();
  co_return !error;
}

asio::awaitable<bool> Connection::respond(const Response& response, bool head_only) {
  keep_alive_ = keep_alive_ && !draining_;
  const bool with_body = has_body(response.status);
  out_.clear();
  append_head(out_, response, with_body ? BodyFraming::length : BodyFraming::none, !keep_alive_,
              http_1_0_, context_.date.now());
  Buffers bytes;
  if (with_body && !head_only) {
    if (response.body.size() <= kBodyInHeadBuffer) {
      out_.append(response.body);
    } else {
      bytes[1] = asio::buffer(response.body);
    }
  }
  bytes[0] = asio::buffer(out_);
  co_return co_await write(bytes);
}

asio::awaitable<void> Connection::refuse(Error why) {
  return end_with(context_.hooks.refuse(why));
}

asio::awaitable<void> Connection::end_with(Response response) {
  keep_alive_ = false;
  timed_out_ = false;
  if (co_await respond(response, false)) {
    co_await linger();
  }
}

// Closing with unread bytes would reset the connection and could take the answer away from the
// client, so what still comes is read for a moment.
asio::awaitable<void> Connection::linger() {
  allow(kLingerTime);
  co_await transport_.shut_down_sending();
  std::size_t left = kLingerBytes;
  ErrorCodeOf error;
  while (!error && !timed_out_ && left > 0) {
    const std::size_t count = co_await transport_.read_raw(asio::buffer(in_), error);
    left -= std::min(left, count);
  }
}

}  // namespace belfry::http
