#include "message.hpp"

#include <gtest/gtest.h>

#include "belfry/json.hpp"
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

TEST(Address, RefusesWhatCouldAddHeaders) {
  EXPECT_TRUE(is_address("ada@example.com"));
  for (const auto* bad : {"", "@", "a@", "@b", "a@b@c", "a@b\r\nBcc: x@y", "a b@c", "<a@b>"}) {
    EXPECT_FALSE(is_address(bad)) << bad;
  }
}

TEST(Message, EncodesHeadersSoThatNothingCanBeInjected) {
  const auto text = message("a@b.c", "hi\r\nBcc: x@y", "body", "id-1", "now");
  EXPECT_EQ(text.find("Bcc"), std::string::npos);
  EXPECT_NE(text.find("Subject: =?UTF-8?B?aGkNCkJjYzogeEB5?=\r\n"), std::string::npos);
  EXPECT_NE(text.find("Message-ID: <id-1@belfry.example>\r\n"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\r\n\r\nYm9keQ==\r\n"));
}

TEST(Samples, HoldAtLeast200RecipientsThatRender) {
  const auto batch = belfry::client::Json::parse(samples::batch);
  ASSERT_TRUE(batch);
  EXPECT_GE((*batch)["recipients"].items().size(), 200u);
  for (const auto& recipient : (*batch)["recipients"].items()) {
    Fields fields;
    for (const auto& [key, value] : recipient.members()) {
      fields.emplace_back(key, value.string_or(""));
    }
    EXPECT_TRUE(is_address(recipient["email"].string_or("")));
    EXPECT_TRUE(render((*batch)["subject"].string_or(""), fields));
    EXPECT_TRUE(render((*batch)["body"].string_or(""), fields));
  }
}

}  // namespace
}  // namespace notification
