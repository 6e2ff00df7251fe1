#include "server/data_folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "store/sqlite/temporary_folder.hpp"

namespace belfry::server {
namespace {

namespace fs = std::filesystem;

// Other programs than the scheduler itself, whose umask is strict, may make a data folder.
class Umask {
 public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}
  ~Umask() { ::umask(before_); }
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;

 private:
  mode_t before_;
};

class DataFolderTest : public testing::Test {
 protected:
  fs::path parent() const { return fs::path(place_.file()).parent_path(); }

  store::sqlite::TemporaryFolder place_;
};

TEST_F(DataFolderTest, ANewFolderIsItsOwnersAloneWhateverTheUmask) {
  for (const mode_t mask : {0, 022, 077}) {
    const Umask umask(mask);
    const auto path = parent() / ("data-" + std::to_string(mask));
    const DataFolder folder(path);
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_all) << mask;
    for (const auto& file : fs::directory_iterator(path)) {
      EXPECT_EQ(file.status().permissions() & (fs::perms::group_all | fs::perms::others_all),
                fs::perms::none)
          << file.path();
    }
  }
}

TEST_F(DataFolderTest, AFolderThatWasThereKeepsItsMode) {
  const auto path = parent() / "shared";
  fs::create_directory(path);
  constexpr auto kMode = fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec;
  fs::permissions(path, kMode);
  const DataFolder folder(path);
  EXPECT_EQ(fs::status(path).permissions(), kMode) << "its operator chose it";
}

}  // namespace
}  // namespace belfry::server
