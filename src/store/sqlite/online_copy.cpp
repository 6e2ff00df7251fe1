#include "store/sqlite/online_copy.hpp"

#include <sqlite3.h>

#include <fmt/format.h>

#include "sql.hpp"
#include "store/failure.hpp"

namespace belfry::store::sqlite {
namespace {

constexpr std::int64_t kCacheBytes = 4 * 1024 * 1024;
constexpr int kPagesAtOnce = 32;
// What a copy may add to one commit, and how long it may take over it.
constexpr std::chrono::microseconds kStepBudget{2'000};

}  // namespace

OnlineCopy::OnlineCopy(Database& from, std::string file) : from_(from), file_(std::move(file)) {}

OnlineCopy::~OnlineCopy() {
  end("the store was closed");
}

CopyProgress OnlineCopy::progress() const {
  const std::lock_guard lock(mutex_);
  return progress_;
}

void OnlineCopy::begin() {
  to_.emplace(file_, Access::copy, kCacheBytes);
  backup_ = sqlite3_backup_init(to_->handle(), "main", from_.handle(), "main");
  if (backup_ == nullptr) {
    interpret_error(to_->handle(), sqlite3_errcode(to_->handle()), "starting a copy");
  }
}

bool OnlineCopy::step(std::chrono::microseconds budget) {
  const auto until = std::chrono::steady_clock::now() + budget;
  try {
    if (abandoned_) throw Unavailable("the copy was abandoned");
    if (backup_ == nullptr) begin();
    do {
      const int code = sqlite3_backup_step(backup_, kPagesAtOnce);
      if (code == SQLITE_DONE) {
        end("");
        return false;
      }
      if (code == SQLITE_BUSY || code == SQLITE_LOCKED) break;  // the next step goes on
      if (code != SQLITE_OK) interpret_error(nullptr, code, "copying");
    } while (std::chrono::steady_clock::now() < until);
    const std::lock_guard lock(mutex_);
    progress_.pages = sqlite3_backup_pagecount(backup_);
    progress_.copied = progress_.pages - sqlite3_backup_remaining(backup_);
    return true;
  } catch (const Full&) {
    end("the disk of the copy is full");
  } catch (const std::exception& failure) {
    end(failure.what());
  }
  return false;
}

void OnlineCopy::end(std::string failure) {
  if (backup_ != nullptr) {
    const int code = sqlite3_backup_finish(std::exchange(backup_, nullptr));
    if (failure.empty() && code != SQLITE_OK) failure = sqlite3_errstr(code);
  }
  to_.reset();
  const std::lock_guard lock(mutex_);
  if (progress_.ended) return;
  if (failure.empty()) progress_.copied = progress_.pages;
  progress_.failure = std::move(failure);
  progress_.ended = true;
}

CopySlot::~CopySlot() {
  if (!copy_) return;
  copy_->abandon();
  copy_->step(std::chrono::microseconds{0});
}

std::shared_ptr<Copy> CopySlot::start(const std::string& file) {
  const std::lock_guard lock(mutex_);
  if (copy_) return nullptr;
  copy_ = std::make_shared<OnlineCopy>(db_, file);
  busy_ = true;
  return copy_;
}

void CopySlot::after_commit() {
  if (!busy_.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock(mutex_);
  if (copy_->step(kStepBudget)) return;
  copy_.reset();
  busy_ = false;
}

}  // namespace belfry::store::sqlite
