#pragma once

#include <openssl/types.h>

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace belfry::http {

// What the peer does with a connection after it has answered.
enum class Then {
  go_on,
  ticket,        // TLS: send a new session ticket and go on
  close_notify,  // TLS: end the session, but leave the TCP connection open
  half_record,   // TLS: send the beginning of a record and nothing more
  half_and_fin,  // TLS: the same, and close
  unasked,       // plain: send the beginning of an answer that nobody asked for
  fin,           // close
  reset,         // close with a reset
};

// What the peer does once it has read one whole request.
struct Act {
  std::string send = {};        // raw bytes; the scripted answer
  bool close_after = false;     // end the connection afterwards
  bool hang = false;            // say nothing more on this connection
  bool repeat_forever = false;  // send again and again until the client goes
  Then then = Then::go_on;
};

// Test support: a port of 127.0.0.1 that refuses connections, and that a peer can be put on.
class ClosedPort {
 public:
  ClosedPort();
  ~ClosedPort();
  ClosedPort(const ClosedPort&) = delete;
  ClosedPort& operator=(const ClosedPort&) = delete;
  std::uint16_t port() const { return port_; }

 private:
  std::uint16_t port_ = 0;
  int fd_ = -1;
};

// Test support: a raw TCP (or TLS) peer on 127.0.0.1 with a thread of its own. Each request takes
// the next act of the script, the last one for ever; requests are recorded as they came.
class ScriptedPeer {
 public:
  explicit ScriptedPeer(std::vector<Act> script, SSL_CTX* tls = nullptr, std::uint16_t port = 0);
  ~ScriptedPeer();
  ScriptedPeer(const ScriptedPeer&) = delete;
  ScriptedPeer& operator=(const ScriptedPeer&) = delete;

  std::uint16_t port() const { return port_; }
  std::size_t connections() const;
  std::vector<std::string> requests() const;
  // Returns once that many requests have come.
  void wait_for_requests(std::size_t count) const;
  // Returns once so many acts are over: the client's kernel has what they sent, and their ends.
  void wait_for_acts(std::size_t count) const;
  // Ends every open connection from the peer's side; returns when that is done.
  void drop_connections();

 private:
  struct Conversation;
  void accept_loop();
  void serve(int fd);
  bool perform(Conversation& with, const Act& act);
  Act next_act();
  void count_act();

  std::vector<Act> script_;
  SSL_CTX* tls_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::size_t acts_taken_ = 0;
  std::size_t acts_done_ = 0;
  std::size_t connections_ = 0;
  std::vector<std::string> requests_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  bool stopping_ = false;
  std::thread acceptor_;
};

}  // namespace belfry::http
