#include "api/cursor.hpp"

#include "api/api_fixture.hpp"

namespace belfry::api {
namespace {

TEST(Cursor, BelongsToItsTenantAndItsFilter) {
  const TenantId one{Uuid{1, 2}}, two{Uuid{1, 3}};
  const Uuid position{5, 6};
  const auto text = make_cursor(one, "tasks?a", position);
  ASSERT_TRUE(read_cursor(one, "tasks?a", text));
  EXPECT_EQ(*read_cursor(one, "tasks?a", text), position);
  EXPECT_FALSE(read_cursor(two, "tasks?a", text));
  EXPECT_FALSE(read_cursor(one, "tasks?b", text));
}

using Pages = ApiTest;

TEST_F(Pages, TheLastOneHasNoLinkAndACursorIsNobodyElses) {
  for (int i = 0; i < 4; ++i) submit();
  const auto first = get("/api/v1/tasks?limit=2");
  ASSERT_EQ(count(first), 2U);
  const auto link = first.headers.get("Link");
  ASSERT_TRUE(link);
  const std::string next(link->substr(1, link->find('>') - 1));
  const auto second = get(next);
  EXPECT_EQ(count(second), 2U);
  EXPECT_FALSE(second.headers.get("Link")) << "the last page is full, and yet the last";
  EXPECT_FALSE(get("/api/v1/tasks?limit=4").headers.get("Link"));
  EXPECT_TRUE(get("/api/v1/tasks?limit=3").headers.get("Link"));
  EXPECT_EQ(get(next, add_tenant()).status, 400);
  EXPECT_EQ(get(next + "&type=t").status, 400);
}

}  // namespace
}  // namespace belfry::api
