#include "message.hpp"

#include <gtest/gtest.h>

#include "belfry/json.hpp"
#include "fields.hpp"
#include "samples.hpp"

namespace notification {
namespace {

TEST(Render, FillsFieldsAndRefusesWhatIsMissing) {
  const Fields fields = {{"name", "Ada"}, {"plan", "{{name}}"}};
  EXPECT_EQ(render("{{name}}: {{plan}}!", fields), "Ada: {{name}}!");
  EXPECT_EQ(render("plain", fields), "plain");
  EXPECT_FALSE(render("{{other}}", fields));
  EXPECT_FALSE(render("{{name", fields));
}

TEST(Render, RefusesATextThatGrowsBeyondOneMebibyte) {
  std::string text;
  for (int i = 0; i < 4'000; ++i) text += "{{a}}";
  const auto rendered = render(text, {{"a", std::string(100'000, 'x')}});
  ASSERT_FALSE(rendered);
  EXPECT_EQ(rendered.error(), "the rendered text exceeds 1 MiB");
  EXPECT_FALSE(render(std::string(kRenderedBytesMax + 1, 'x'), {}));
  EXPECT_EQ(render(std::string(kRenderedBytesMax, 'x'), {})->size(), kRenderedBytesMax);
}

TEST(Fields, AreWhatTheRecipientHoldsAsItWasWritten) {
  const auto recipient = belfry::client::Json::parse(
      R"({"none":null,"price":1.10,"many":1e2,"yes":true,"list":[1,2.50],"text":"1.10"})");
  ASSERT_TRUE(recipient);
  EXPECT_EQ(render("{{none}}|{{price}}|{{many}}|{{yes}}|{{list}}|{{text}}", fields_of(*recipient)),
            "|1.10|1e2|true|[1,2.50]|1.10");
}

TEST(Address, IsAMailboxOfRfc5321) {
  for (const std::string good :
       {"ada@example.com", "a.b+c@x-y.example", "o'neil@b.c", "a@b", "{it}@1.example"}) {
    EXPECT_TRUE(is_address(good)) << good;
  }
  for (const std::string bad :
       {"a..b@example.com", ".a@example.com", "a.@example.com", "a@example..com", "a@.com",
        "a@example.com.", "a@-x.example", "a@x-.example", "a@x_y.example", "a@[127.0.0.1]",
        "\"a b\"@example.com", "\xc3\xa9@example.com"}) {
    EXPECT_FALSE(is_address(bad)) << bad;
  }
  EXPECT_TRUE(is_address(std::string(64, 'a') + "@b.c"));
  EXPECT_FALSE(is_address(std::string(65, 'a') + "@b.c"));
  EXPECT_FALSE(is_address("a@" + std::string(64, 'b') + ".c"));
}

TEST(Address, RefusesWhatCouldAddHeaders) {
  for (const auto* bad : {"", "@", "a@", "@b", "a@b@c", "a@b\r\nBcc: x@y", "a b@c", "<a@b>"}) {
    EXPECT_FALSE(is_address(bad)) << bad;
  }
}

TEST(Message, EncodesHeadersSoThatNothingCanBeInjected) {
  const auto text = message({"me@shop.test", "a@b.c", "hi\r\nBcc: x@y", "body", "id-1", "now"});
  EXPECT_EQ(text.find("Bcc"), std::string::npos);
  EXPECT_NE(text.find("Subject: =?UTF-8?B?aGkNCkJjYzogeEB5?=\r\n"), std::string::npos);
  EXPECT_NE(text.find("Message-ID: <id-1@shop.test>\r\n"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\r\n\r\nYm9keQ==\r\n"));
}

TEST(Message, ASubjectThatLooksEncodedArrivesAsWritten) {
  for (const std::string subject : {"=?UTF-8?B?aGk=?=", "50% off =?", " blank", "blank "}) {
    const auto text = message({"me@shop.test", "a@b.c", subject, "", "id", "now"});
    EXPECT_EQ(text.find("Subject: " + subject + "\r\n"), std::string::npos) << subject;
    EXPECT_NE(text.find("Subject: =?UTF-8?B?"), std::string::npos) << subject;
  }
  const auto text = message({"me@shop.test", "a@b.c", "a = b? c", "", "id", "now"});
  EXPECT_NE(text.find("Subject: a = b? c\r\n"), std::string::npos);
}

TEST(Samples, HoldAtLeast200RecipientsThatRender) {
  const auto batch = belfry::client::Json::parse(samples::batch);
  ASSERT_TRUE(batch);
  EXPECT_GE((*batch)["recipients"].items().size(), 200u);
  for (const auto& recipient : (*batch)["recipients"].items()) {
    const auto fields = fields_of(recipient);
    EXPECT_TRUE(is_address(recipient["email"].string_or("")));
    EXPECT_TRUE(render((*batch)["subject"].string_or(""), fields));
    EXPECT_TRUE(render((*batch)["body"].string_or(""), fields));
  }
}

}  // namespace
}  // namespace notification
