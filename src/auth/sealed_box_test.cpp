#include "auth/sealed_box.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/encoding.hpp"
#include "base/random.hpp"

namespace belfry::auth {
namespace {

namespace fs = std::filesystem;

Secret new_key() {
  return Secret(secure_random_bytes(SealedBox::kKeyBytes));
}

TEST(SealedBox, OpensWhatItSealedInItsPlaceOnly) {
  const SealedBox box(new_key());
  const auto sealed = box.seal(Secret("hush"), "tenant/1/secret");
  EXPECT_EQ(box.open(sealed, "tenant/1/secret")->reveal(), "hush");
  EXPECT_FALSE(box.open(sealed, "tenant/2/secret"));
  EXPECT_NE(sealed, box.seal(Secret("hush"), "tenant/1/secret"));
  EXPECT_EQ(sealed.find("hush"), sealed.npos);
  EXPECT_EQ(box.open(box.seal(Secret(), "x"), "x")->reveal(), "");
}

TEST(SealedBox, AnyChangedCharacterIsNoticed) {
  const SealedBox box(new_key());
  const auto sealed = box.seal(Secret("hush"), "a");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto changed = sealed;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(box.open(changed, "a")) << i;
    EXPECT_FALSE(box.open(sealed.substr(0, i), "a")) << i;
  }
  EXPECT_TRUE(box.open(sealed, "a"));
}

TEST(SealedBox, AnEarlierMasterKeyStillOpens) {
  const auto old_key = new_key();
  const auto sealed = SealedBox(old_key).seal(Secret("hush"), "a");
  const SealedBox rotated(new_key(), {old_key});
  EXPECT_EQ(rotated.open(sealed, "a")->reveal(), "hush");
  EXPECT_TRUE(rotated.is_outdated(sealed));
  EXPECT_FALSE(rotated.is_outdated(rotated.seal(Secret("hush"), "a")));
  EXPECT_FALSE(SealedBox(new_key()).open(sealed, "a"));
}

class MasterKeyFile : public testing::Test {
 protected:
  MasterKeyFile() : folder_(fs::temp_directory_path() / hex_encode(secure_random_bytes(8))) {
    fs::create_directory(folder_);
  }
  ~MasterKeyFile() override { fs::remove_all(folder_); }
  std::string path() const { return (folder_ / "master.key").string(); }

  fs::path folder_;
};

TEST_F(MasterKeyFile, IsMadeOnceAndReadAgain) {
  const auto first = load_or_create_master_key(path());
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->reveal().size(), SealedBox::kKeyBytes);
  EXPECT_EQ(load_or_create_master_key(path())->reveal(), first->reveal());
  struct stat status{};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(MasterKeyFile, OtherPermissionsAreRefused) {
  ASSERT_TRUE(load_or_create_master_key(path()));
  for (const auto mode : {0644U, 0640U, 0400U, 0700U}) {
    ASSERT_EQ(::chmod(path().c_str(), mode), 0);
    const auto loaded = load_or_create_master_key(path());
    ASSERT_FALSE(loaded) << mode;
    EXPECT_NE(loaded.error().message.find("chmod 600"), std::string::npos);
  }
  ASSERT_EQ(::chmod(path().c_str(), 0600), 0);
  EXPECT_TRUE(load_or_create_master_key(path()));
}

TEST_F(MasterKeyFile, OtherContentsAreRefusedAndKept) {
  for (const auto* text : {"", "short", "AAAA", "!!!!"}) {
    std::ofstream(path(), std::ios::trunc) << text;
    ASSERT_EQ(::chmod(path().c_str(), 0600), 0);
    EXPECT_FALSE(load_or_create_master_key(path())) << text;
    EXPECT_EQ(fs::file_size(path()), std::string_view(text).size());
  }
}

TEST_F(MasterKeyFile, LinksFoldersAndMissingFoldersAreRefused) {
  ASSERT_TRUE(load_or_create_master_key(path()));
  const auto link = (folder_ / "link").string();
  fs::create_symlink(path(), link);
  EXPECT_FALSE(load_or_create_master_key(link));
  EXPECT_FALSE(load_or_create_master_key(folder_.string()));
  EXPECT_FALSE(load_or_create_master_key((folder_ / "no" / "key").string()));
}

}  // namespace
}  // namespace belfry::auth
