#include "http/url.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace belfry::http {
namespace {

TEST(Url, ReadsItsParts) {
  const auto url = parse_url("HTTPS://Api.Example.COM:8443/a/b%20c?x=1&y[]=2");
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "api.example.com");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->target, "/a/b%20c?x=1&y[]=2");
  EXPECT_FALSE(url->literal_address);
  EXPECT_EQ(url->authority(), "api.example.com:8443");
  EXPECT_EQ(url->origin(), "https://api.example.com:8443");
}

TEST(Url, FillsInWhatIsLeftOut) {
  const auto plain = parse_url("http://example.com");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->port, 80);
  EXPECT_EQ(plain->target, "/");
  EXPECT_EQ(plain->authority(), "example.com");
  const auto query = parse_url("https://example.com?q=1");
  ASSERT_TRUE(query);
  EXPECT_EQ(query->port, 443);
  EXPECT_EQ(query->target, "/?q=1");
}

TEST(Url, ReadsLiteralAddresses) {
  const auto v4 = parse_url("http://127.0.0.1:9000/x");
  ASSERT_TRUE(v4);
  EXPECT_TRUE(v4->literal_address);
  EXPECT_EQ(v4->authority(), "127.0.0.1:9000");
  const auto v6 = parse_url("http://[2001:DB8:0::1]:9000/x");
  ASSERT_TRUE(v6);
  EXPECT_TRUE(v6->literal_address);
  EXPECT_EQ(v6->host, "2001:db8::1");
  EXPECT_EQ(v6->authority(), "[2001:db8::1]:9000");
}

TEST(Url, TakesUnusualButHonestOnes) {
  const std::string label(63, 'a');
  const std::string host253 = label + "." + label + "." + label + "." + std::string(61, 'b');
  for (const std::string& text : std::vector<std::string>{
           "http://localhost:8081/tasks", "http://xn--bcher-kva.example/",
           "http://my_service:8080/", "http://a:65535", "http://1a/", "http://example.0xyz/",
           "http://" + host253 + "/", "http://example.com/@user",
           "http://example.com/?next=http://10.0.0.1/", "http://[::ffff:1.2.3.4]/",
           "http://example.com/%00", "http://255.255.255.255/"}) {
    EXPECT_TRUE(parse_url(text)) << text;
  }
}

TEST(Url, RefusesBadSyntax) {
  const std::string label64(64, 'a');
  const std::string label(63, 'a');
  const std::string host254 = label + "." + label + "." + label + "." + std::string(62, 'b');
  const std::vector<std::string> hostile = {"",
                                            "http",
                                            "http:",
                                            "http:/",
                                            "http://",
                                            "http:///",
                                            "//example.com/",
                                            "example.com",
                                            "ftp://example.com/",
                                            "file:///etc/passwd",
                                            "gopher://example.com/",
                                            "javascript:alert(1)",
                                            "http:example.com",
                                            "http:/example.com",
                                            " http://example.com",
                                            "http://example.com ",
                                            "http://exa mple.com/",
                                            "http://example.com/a b",
                                            "http://example.com/\tx",
                                            "http://example.com/\r\nHost: evil",
                                            "http://example.com\n/",
                                            "http://ex\tample.com/",
                                            std::string("http://example.com/\0x", 21),
                                            "http://example.com\\@evil.example/",
                                            "http:\\\\example.com\\",
                                            "http://example.com/\\..",
                                            "http://example.com/#x",
                                            "http://#/",
                                            "http://example.com#@evil.example/",
                                            "http://%31%32%37.0.0.1/",
                                            "http://exam%70le.com/",
                                            "http://127.1/",
                                            "http://127.0.1/",
                                            "http://2130706433/",
                                            "http://0x7f000001/",
                                            "http://0x7f.0.0.1/",
                                            "http://0177.0.0.1/",
                                            "http://127.0.0.01/",
                                            "http://127.0.0.1.5/",
                                            "http://256.0.0.1/",
                                            "http://127.0.0.0x1/",
                                            "http://1.2.3/",
                                            "http://0/",
                                            "http://0x/",
                                            "http://example.1/",
                                            "http://127.0.0.1./",
                                            "http://example.com./",
                                            "http://.example.com/",
                                            "http://a..b/",
                                            "http://./",
                                            "http://-a.example/",
                                            "http://a-.example/",
                                            "http://" + label64 + ".example/",
                                            "http://" + host254 + "/",
                                            "http://b\xc3\xbc"
                                            "cher.example/",
                                            "http://\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa7.0.0.1/",
                                            "http://example\xe3\x80\x82"
                                            "com/",
                                            "http://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1/",
                                            "http://exa*mple.com/",
                                            "http://a,b/",
                                            "http://[::1",
                                            "http://::1/",
                                            "http://[::1]x/",
                                            "http://[fe80::1%25eth0]/",
                                            "http://[fe80::1%eth0]/",
                                            "http://[1.2.3.4]/",
                                            "http://[]/",
                                            "http://[::1]]/",
                                            "http://[v1.x]/",
                                            "http://[::12345]/",
                                            "http://[1:2:3:4:5:6:7:8:9]/",
                                            "http://x[::1]/",
                                            "http://example.com:/",
                                            "http://example.com:x/",
                                            "http://example.com:-1/",
                                            "http://example.com:+80/",
                                            "http://example.com:080/",
                                            "http://example.com:65536/",
                                            "http://example.com:99999999999/",
                                            "http://example.com:80:80/",
                                            "http://:8080/",
                                            "http://[::1]:/",
                                            "http://example.com/%",
                                            "http://example.com/%zz",
                                            "http://example.com/%2",
                                            "http://example.com/<x>",
                                            "http://example.com/\"",
                                            "http://example.com/{x}",
                                            "http://example.com/\x7f",
                                            "http://example.com/\xff",
                                            "http://example.com/" + std::string(2'048, 'a')};
  for (const auto& text : hostile) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code, ErrorCode::validation_failed) << text;
    EXPECT_FALSE(url.error().message.empty());
  }
}

TEST(Url, RefusesForbiddenPortsAndUserInformation) {
  for (const char* text :
       {"http://user@example.com/", "http://user:pw@example.com/", "http://@example.com/",
        "http://example.com:80@127.0.0.1/", "http://a@b@c/", "https://example.com%40x@y/",
        "http://example.com:0/", "http://example.com:1/", "http://example.com:22/",
        "http://example.com:25/", "http://example.com:79/", "http://example.com:81/",
        "http://example.com:442/", "http://example.com:1023/", "http://[::1]:22/"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code, ErrorCode::destination_forbidden) << text;
  }
}

TEST(Url, TakesTheLimitAndNotOneMore) {
  const std::string head = "http://example.com/";
  EXPECT_TRUE(parse_url(head + std::string(2'048 - head.size(), 'a')));
  EXPECT_FALSE(parse_url(head + std::string(2'049 - head.size(), 'a')));
}

}  // namespace
}  // namespace belfry::http
