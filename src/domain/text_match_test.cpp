#include "domain/text_match.hpp"

#include <gtest/gtest.h>

namespace belfry::domain {
namespace {

bool in_text(std::string_view text, std::string_view wanted) {
  return text_holds(text, fold_case(wanted));
}
bool in_json(std::string_view json, std::string_view wanted) {
  return json_holds(json, fold_case(wanted));
}

TEST(TextMatch, ComparesWithoutCase) {
  for (const auto* wanted : {"Grüße", "GRÜSSE", "grüẞe", "grüße", "RÜß"}) {
    EXPECT_TRUE(in_text("viele Grüße", wanted)) << wanted;
  }
  EXPECT_TRUE(in_text("ПРИВЕТ, Мир", "привет, мир"));
  EXPECT_TRUE(in_text("Ὀδυσσεύς", "ὈΔΥΣΣΕΎΣ"));
  EXPECT_TRUE(in_text("😀 ok", "😀 OK"));
  EXPECT_FALSE(in_text("Gruße", "Grüße"));
  EXPECT_FALSE(in_text("Grüße", "Grüßen"));
  EXPECT_TRUE(
      in_text("a\xff"
              "B",
              "\xff"
              "b"));
}

TEST(TextMatch, ComparesEscapesAsWhatTheyStandFor) {
  for (const auto* wanted : {"Grüße", "GRÜSSE", "\\u00fc", "\"text\":\"Grüße\""}) {
    EXPECT_TRUE(in_json(R"({"text":"Gr\u00fc\u00DFe"})", wanted)) << wanted;
  }
  EXPECT_TRUE(in_json(R"("\ud83d\ude00 a\/b \"c\" d\\e")", "😀 A/B \"C\" D\\E"));
  EXPECT_TRUE(in_json(R"("a\tb\u0041")", "a\tba"));
  EXPECT_TRUE(in_json(R"("\u212a")", "k")) << "the sign of Kelvin is a K";
  EXPECT_FALSE(in_json(R"("\\u00fc")", "ü"));
  EXPECT_FALSE(in_json(R"("ab")", "a b"));
}

}  // namespace
}  // namespace belfry::domain
