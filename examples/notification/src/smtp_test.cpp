#include "smtp.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <stdexcept>
#include <thread>

namespace notification {
namespace {

using Kind = SmtpOutcome::Kind;

// What the peer answers to a command, by its first word ("" is the greeting, "." the end of the
// message). An empty answer is silence until the other side gives up.
using Script = std::map<std::string, std::string>;

// An SMTP server of one connection that follows its script; what it was told is read after the
// client is done.
class ScriptedPeer {
 public:
  explicit ScriptedPeer(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* plain = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, plain, size) != 0 || ::listen(listener_, 1) != 0 ||
        ::getsockname(listener_, plain, &size) != 0) {
      throw std::runtime_error("cannot listen");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { serve(); });
  }

  std::string url() const { return "smtp://127.0.0.1:" + std::to_string(port_); }

  // All that came, once the connection is over.
  const std::string& heard() {
    if (thread_.joinable()) thread_.join();
    ::close(listener_);
    return heard_;
  }

 private:
  void serve() {
    connection_ = ::accept(listener_, nullptr, nullptr);
    bool in_message = false;
    for (auto open = say("");;) {
      const auto line = open ? read_line() : std::string();
      if (line.empty()) break;
      if (in_message && line != ".\r\n") continue;
      const auto word = line.substr(0, line.find_first_of(" \r"));
      in_message = word == "DATA" && script_.at("DATA").starts_with("354");
      open = say(word);
    }
    ::close(connection_);
  }

  bool say(const std::string& word) {
    const auto found = script_.find(word);
    const auto text = (found == script_.end() ? "502 unknown" : found->second) + "\r\n";
    if (text == "\r\n") return true;
    return ::send(connection_, text.data(), text.size(), MSG_NOSIGNAL) > 0;
  }

  std::string read_line() {
    std::string line;
    char c = 0;
    while (!line.ends_with('\n') && ::read(connection_, &c, 1) == 1) line += c;
    heard_ += line;
    return line;
  }

  Script script_;
  int listener_ = -1;
  int connection_ = -1;
  std::uint16_t port_ = 0;
  std::string heard_;
  std::jthread thread_;
};

Script good_script() {
  return {{"", "220 peer"},   {"EHLO", "250 peer"},  {"HELO", "250 peer"}, {"MAIL", "250 ok"},
          {"RCPT", "250 ok"}, {"DATA", "354 go on"}, {".", "250 taken"},   {"QUIT", "221 bye"}};
}

struct Sent {
  SmtpOutcome outcome;
  std::string heard;
};

Sent send_to(Script script, SmtpOptions options = {}) {
  ScriptedPeer peer(std::move(script));
  options.url = peer.url();
  auto outcome = send_smtp(options, "ada@example.com", "Subject: x\r\n\r\n.dot\r\n.\r\nend\r\n");
  return {std::move(outcome), peer.heard()};
}

Sent send_to(const std::string& word, const std::string& answer) {
  auto script = good_script();
  script[word] = answer;
  SmtpOptions hasty;
  hasty.timeout = std::chrono::seconds(2);  // some answers leave both sides waiting
  return send_to(std::move(script), hasty);
}

TEST(Smtp, SendsAMessageWithItsDotsStuffed) {
  const auto sent = send_to(good_script());
  EXPECT_EQ(sent.outcome.kind, Kind::sent) << sent.outcome.reason;
  EXPECT_NE(sent.heard.find("MAIL FROM:<noreply@example.com>"), std::string::npos);
  EXPECT_NE(sent.heard.find("RCPT TO:<ada@example.com>\r\n"), std::string::npos);
  EXPECT_NE(sent.heard.find("DATA\r\nSubject: x\r\n\r\n..dot\r\n..\r\nend\r\n.\r\n"),
            std::string::npos)
      << sent.heard;
}

TEST(Smtp, ARefusedRecipientOrMessageIsPermanent) {
  for (const auto* word : {"RCPT", "DATA", "."}) {
    for (const auto* reply : {"550 5.1.1 no such mailbox", "552 5.2.2 mailbox full", "554 no"}) {
      const auto sent = send_to(word, reply);
      EXPECT_EQ(sent.outcome.kind, Kind::permanent) << word;
      EXPECT_EQ(sent.outcome.reason, std::string("the mail server replied: ") + reply) << word;
    }
  }
}

TEST(Smtp, ARefusedSessionSaysNothingOfTheRecipient) {
  for (const auto& [word, reply] : {std::pair{"", "554 5.7.1 your address is blocked"},
                                    {"", "521 no mail here"},
                                    {"MAIL", "530 5.7.0 authenticate first"},
                                    {"MAIL", "553 5.1.8 sender refused"},
                                    {"MAIL", "550 5.7.1 policy"},
                                    {"RCPT", "530 5.7.0 authenticate first"},
                                    {"RCPT", "503 5.5.1 bad sequence"},
                                    {"DATA", "538 5.7.11 encryption required"}}) {
    const auto sent = send_to(word, reply);
    EXPECT_EQ(sent.outcome.kind, Kind::temporary) << word << " " << reply;
    EXPECT_EQ(sent.outcome.reason, std::string("the mail server replied: ") + reply) << word;
  }
}

TEST(Smtp, KeepsAllLinesOfAReply) {
  const auto sent = send_to("RCPT", "550-5.7.1 Blocked by our policy,\r\n550 5.7.1 see the page");
  EXPECT_EQ(sent.outcome.kind, Kind::permanent);
  EXPECT_EQ(sent.outcome.reason,
            "the mail server replied: 550-5.7.1 Blocked by our policy,\n550 5.7.1 see the page");
}

TEST(Smtp, SendsInTheNameOfTheConfiguredSender) {
  SmtpOptions options;
  options.sender = "billing@shop.test";
  const auto sent = send_to(good_script(), options);
  EXPECT_NE(sent.heard.find("MAIL FROM:<billing@shop.test>"), std::string::npos) << sent.heard;
}

TEST(Smtp, WhatTheServerPutsOffIsTemporary) {
  for (const auto* word : {"", "MAIL", "RCPT", "DATA", "."}) {
    const auto sent = send_to(word, "451 4.7.1 come again");
    EXPECT_EQ(sent.outcome.kind, Kind::temporary) << word;
    EXPECT_EQ(sent.outcome.reason, "the mail server replied: 451 4.7.1 come again") << word;
  }
}

TEST(Smtp, AnswersOutOfPlaceAreTemporaryAndNeverTakenForSuccess) {
  for (const auto& [word, answer] : {std::pair{"", "354 not a greeting"},
                                     {"", "SSH-2.0-x"},
                                     {"MAIL", "354 go on"},
                                     {"DATA", "250 ok"},
                                     {".", "354 more"},
                                     {"RCPT", "nonsense\r\n\r\n421 gone"}}) {
    const auto sent = send_to(word, answer);
    EXPECT_EQ(sent.outcome.kind, Kind::temporary) << word << " " << answer;
    EXPECT_FALSE(sent.outcome.reason.empty());
  }
}

TEST(Smtp, SilenceAndClosedDoorsAreTemporary) {
  auto script = good_script();
  script["RCPT"] = "";
  SmtpOptions hasty;
  hasty.timeout = std::chrono::milliseconds(200);
  EXPECT_EQ(send_to(script, hasty).outcome.kind, Kind::temporary);
  hasty.url = "smtp://127.0.0.1:1";
  EXPECT_EQ(send_smtp(hasty, "a@b.c", "x\r\n").kind, Kind::temporary);
}

TEST(Smtp, RequiredTlsNeverSendsInTheClear) {
  SmtpOptions strict;
  strict.tls = StartTls::required;
  const auto sent = send_to(good_script(), strict);
  EXPECT_EQ(sent.outcome.kind, Kind::temporary);
  EXPECT_EQ(sent.heard.find("MAIL"), std::string::npos) << sent.heard;
}

}  // namespace
}  // namespace notification
