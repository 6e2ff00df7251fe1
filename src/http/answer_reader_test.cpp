#include "http/answer_reader.hpp"

#include <gtest/gtest.h>

namespace belfry::http {
namespace {

using std::chrono::milliseconds;
using Progress = AnswerReader::Progress;

std::optional<milliseconds> kept_for(const std::string& fields) {
  AnswerReader reader(Method::post, 1'024);
  std::string input = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + fields + "\r\n";
  EXPECT_EQ(reader.feed(input), Progress::done);
  return reader.keep_for({milliseconds(4'000), milliseconds(30'000)});
}

TEST(AnswerReader, KeepsAConnectionForLessThanThePeerSays) {
  EXPECT_EQ(kept_for(""), milliseconds(4'000));
  EXPECT_EQ(kept_for("Keep-Alive: timeout=5\r\n"), milliseconds(4'000));
  EXPECT_EQ(kept_for("Keep-Alive: timeout=2\r\n"), milliseconds(1'000));
  EXPECT_EQ(kept_for("keep-alive: max=99, Timeout = 11\r\n"), milliseconds(10'000));
  EXPECT_EQ(kept_for("Keep-Alive: timeout=\"11\"\r\n"), milliseconds(10'000));
  EXPECT_EQ(kept_for("Keep-Alive: timeout=31\r\n"), milliseconds(30'000));
  EXPECT_EQ(kept_for("Keep-Alive: timeout=3600\r\n"), milliseconds(30'000));
  EXPECT_EQ(kept_for("Keep-Alive: timeout=99999999999999999999\r\n"), milliseconds(30'000));
  EXPECT_EQ(kept_for("Keep-Alive: timeout=9\r\nKeep-Alive: timeout=6\r\n"), milliseconds(5'000));
}

TEST(AnswerReader, DoesNotKeepAConnectionThatThePeerEndsAtOnce) {
  EXPECT_FALSE(kept_for("Keep-Alive: timeout=1\r\n"));
  EXPECT_FALSE(kept_for("Keep-Alive: timeout=0, max=100\r\n"));
  EXPECT_FALSE(kept_for("Connection: close\r\nKeep-Alive: timeout=20\r\n"));
}

TEST(AnswerReader, TakesAKeepAliveThatItCannotReadAsNone) {
  for (const auto* value : {"", "timeout", "timeout=", "timeout=-5", "timeout=abc", "timeout=1.5",
                            "max=1", "xtimeout=1", ",,,=,"}) {
    EXPECT_EQ(kept_for(std::string("Keep-Alive: ") + value + "\r\n"), milliseconds(4'000)) << value;
  }
}

// However the bytes come, the same answer is read: whole, or one byte at a time.
TEST(AnswerReader, TakesAStatusLineWithoutAPhrase) {
  const std::string head = "HTTP/1.1 201\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nok";
  for (const auto& bytes :
       {head, "HTTP/1.1 100\r\n\r\n" + head, "HTTP/1.1 103\r\nLink: x\r\n\r\n" + head,
        std::string("HTTP/1.1 201 \r\nContent-Length: 2\r\n\r\nok"),
        std::string("HTTP/1.0 201\r\nContent-Length: 2\r\n\r\nok"),
        std::string("HTTP/1.1 201 Angelegt, \xc3\x9c\r\nContent-Length: 2\r\n\r\nok")}) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{13}, bytes.size()}) {
      AnswerReader reader(Method::post, 1'024);
      std::string input;
      auto progress = Progress::need_more;
      for (std::size_t at = 0; at < bytes.size(); at += step) {
        ASSERT_EQ(progress, Progress::need_more) << bytes;
        input += bytes.substr(at, step);
        progress = reader.feed(input);
      }
      ASSERT_EQ(progress, Progress::done) << bytes;
      EXPECT_TRUE(input.empty());
      const auto answer = reader.take();
      EXPECT_EQ(answer.status, 201);
      EXPECT_EQ(answer.body, "ok");
    }
  }
}

TEST(AnswerReader, StillRefusesWhatIsNoStatusLine) {
  for (const auto* line :
       {"HTTP/1.1 20", "HTTP/1.1 2000", "HTTP/1.1 2x0", "HTTP/1.1", "HTTP/2.0 200",
        "HTTP/1.1200 OK", "HTTP/1.1\t200", "http/1.1 200", "HTTP/1.2 200"}) {
    AnswerReader reader(Method::post, 1'024);
    std::string input = std::string(line) + "\r\nContent-Length: 0\r\n\r\n";
    EXPECT_EQ(reader.feed(input), Progress::malformed) << line;
  }
}

// Bytes of a body that look like a status line stay as they are.
TEST(AnswerReader, LeavesABodyAlone) {
  const std::string body = "HTTP/1.1 200\r\nHTTP/1.1 200\r\n";
  AnswerReader reader(Method::post, 1'024);
  std::string input = "HTTP/1.1 200\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  EXPECT_EQ(reader.feed(input), Progress::need_more);
  input += body;
  EXPECT_EQ(reader.feed(input), Progress::done);
  EXPECT_EQ(reader.take().body, body);
}

}  // namespace
}  // namespace belfry::http
