#include "store/sqlite/fault_disk.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>
#include <random>
#include <sstream>

namespace belfry::store::sqlite {
namespace {

// Lies at the front of the real layer's file.
struct File {
  sqlite3_file base;
  FaultDisk* disk;
  std::string* path;  // null: one that SQLite keeps for itself, without a name
  sqlite3_file* real;
};

File& at(sqlite3_file* file) {
  return *reinterpret_cast<File*>(file);
}
sqlite3_file* real(sqlite3_file* file) {
  return at(file).real;
}

int close_file(sqlite3_file* file) {
  const int code = real(file)->pMethods->xClose(real(file));
  delete at(file).path;
  return code;
}
int read_file(sqlite3_file* file, void* to, int bytes, sqlite3_int64 offset) {
  return real(file)->pMethods->xRead(real(file), to, bytes, offset);
}
int write_file(sqlite3_file* file, const void* from, int bytes, sqlite3_int64 offset) {
  auto& self = at(file);
  if (self.path == nullptr) return real(file)->pMethods->xWrite(real(file), from, bytes, offset);
  int code = self.disk->act(FaultDisk::Act::write, *self.path);
  if (code == SQLITE_OK) code = self.disk->room_for(*self.path, offset + bytes);
  if (code == SQLITE_OK) code = real(file)->pMethods->xWrite(real(file), from, bytes, offset);
  if (code != SQLITE_OK) return code;
  self.disk->written(*self.path, offset,
                     {static_cast<const char*>(from), static_cast<std::size_t>(bytes)});
  return SQLITE_OK;
}
int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  auto& self = at(file);
  if (self.path == nullptr) return real(file)->pMethods->xTruncate(real(file), size);
  int code = self.disk->act(FaultDisk::Act::truncate, *self.path);
  if (code == SQLITE_OK) code = real(file)->pMethods->xTruncate(real(file), size);
  if (code == SQLITE_OK) self.disk->truncated(*self.path, size);
  return code;
}
int flush_file(sqlite3_file* file, int) {
  auto& self = at(file);
  if (self.path == nullptr) return SQLITE_OK;
  const int code = self.disk->act(FaultDisk::Act::flush, *self.path);
  if (code == SQLITE_OK) self.disk->flushed(*self.path);
  return code;
}
int size_of_file(sqlite3_file* file, sqlite3_int64* size) {
  return real(file)->pMethods->xFileSize(real(file), size);
}
int lock_file(sqlite3_file* file, int level) {
  return real(file)->pMethods->xLock(real(file), level);
}
int unlock_file(sqlite3_file* file, int level) {
  return real(file)->pMethods->xUnlock(real(file), level);
}
int is_reserved(sqlite3_file* file, int* out) {
  return real(file)->pMethods->xCheckReservedLock(real(file), out);
}
int control_file(sqlite3_file* file, int op, void* argument) {
  // Preallocation would go round the space that is counted here.
  if (op == SQLITE_FCNTL_SIZE_HINT) return SQLITE_OK;
  return real(file)->pMethods->xFileControl(real(file), op, argument);
}
int sector_size(sqlite3_file* file) {
  return real(file)->pMethods->xSectorSize(real(file));
}
int characteristics(sqlite3_file* file) {
  return real(file)->pMethods->xDeviceCharacteristics(real(file));
}
int shared_map(sqlite3_file* file, int page, int bytes, int extend, void volatile** out) {
  auto& self = at(file);
  if (extend != 0 && self.path != nullptr) {
    const int code = self.disk->act(FaultDisk::Act::map, *self.path);
    if (code != SQLITE_OK) return code;
  }
  return real(file)->pMethods->xShmMap(real(file), page, bytes, extend, out);
}
int shared_lock(sqlite3_file* file, int offset, int n, int flags) {
  return real(file)->pMethods->xShmLock(real(file), offset, n, flags);
}
void shared_barrier(sqlite3_file* file) {
  real(file)->pMethods->xShmBarrier(real(file));
}
int shared_unmap(sqlite3_file* file, int remove) {
  return real(file)->pMethods->xShmUnmap(real(file), remove);
}

constexpr sqlite3_io_methods kMethods = {2,
                                         close_file,
                                         read_file,
                                         write_file,
                                         truncate_file,
                                         flush_file,
                                         size_of_file,
                                         lock_file,
                                         unlock_file,
                                         is_reserved,
                                         control_file,
                                         sector_size,
                                         characteristics,
                                         shared_map,
                                         shared_lock,
                                         shared_barrier,
                                         shared_unmap,
                                         nullptr,
                                         nullptr};

sqlite3_vfs* beneath() {
  return sqlite3_vfs_find(nullptr);
}
FaultDisk& disk_of(sqlite3_vfs* layer) {
  return *static_cast<FaultDisk*>(layer->pAppData);
}

int open_file(sqlite3_vfs* layer, const char* path, sqlite3_file* file, int flags, int* out) {
  auto& self = *new (file) File{};
  self.disk = &disk_of(layer);
  self.real = reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + sizeof(File));
  std::memset(self.real, 0, static_cast<std::size_t>(beneath()->szOsFile));
  if (self.disk->power_is_cut()) return SQLITE_CANTOPEN;
  const int code = beneath()->xOpen(beneath(), path, self.real, flags, out);
  if (code != SQLITE_OK) return code;
  if (path != nullptr) {
    self.path = new std::string(path);
    self.disk->opened(*self.path);
  }
  self.base.pMethods = &kMethods;
  return SQLITE_OK;
}
int remove_file(sqlite3_vfs* layer, const char* path, int sync) {
  auto& disk = disk_of(layer);
  int code = disk.act(FaultDisk::Act::remove, path);
  if (code != SQLITE_OK) return code;
  code = beneath()->xDelete(beneath(), path, sync);
  if (code == SQLITE_OK) disk.removed(path);
  return code;
}
int access_file(sqlite3_vfs*, const char* path, int flags, int* out) {
  return beneath()->xAccess(beneath(), path, flags, out);
}
int full_path(sqlite3_vfs*, const char* path, int bytes, char* out) {
  return beneath()->xFullPathname(beneath(), path, bytes, out);
}

}  // namespace

FaultDisk::FaultDisk() : layer_(std::make_unique<sqlite3_vfs>(*beneath())) {
  static int number = 0;
  name_ = "fault-disk-" + std::to_string(++number);
  layer_->pNext = nullptr;
  layer_->zName = name_.c_str();
  layer_->szOsFile = static_cast<int>(sizeof(File)) + beneath()->szOsFile;
  layer_->pAppData = this;
  layer_->xOpen = open_file;
  layer_->xDelete = remove_file;
  layer_->xAccess = access_file;
  layer_->xFullPathname = full_path;
  sqlite3_vfs_register(layer_.get(), 0);
}

FaultDisk::~FaultDisk() {
  sqlite3_vfs_unregister(layer_.get());
}

void FaultDisk::set_capacity(std::int64_t bytes, std::string beside) {
  capacity_ = bytes;
  beside_ = std::move(beside);
}

std::int64_t FaultDisk::used() const {
  std::error_code none;
  const auto beside = std::filesystem::file_size(beside_, none);
  std::int64_t sum = none ? 0 : static_cast<std::int64_t>(beside);
  for (const auto& [path, file] : files_) sum += file.size;
  return sum;
}

int FaultDisk::act(Act act, const std::string& path) {
  if (power_is_cut()) return SQLITE_IOERR;
  ++acts_;
  if (power_is_cut()) return SQLITE_IOERR;
  return fault_ ? fault_(act, path) : SQLITE_OK;
}

void FaultDisk::opened(const std::string& path) {
  if (files_.contains(path)) return;
  std::ifstream in(path, std::ios::binary);
  std::ostringstream all;
  all << in.rdbuf();
  auto& file = files_[path];
  file.flushed = all.str();
  file.size = static_cast<std::int64_t>(file.flushed.size());
}

int FaultDisk::room_for(const std::string& path, std::int64_t end) {
  const auto growth = end - files_[path].size;
  if (capacity_ >= 0 && growth > 0 && used() + growth > capacity_) return SQLITE_FULL;
  return SQLITE_OK;
}

void FaultDisk::written(const std::string& path, std::int64_t offset, std::string bytes) {
  auto& file = files_[path];
  file.size = std::max(file.size, offset + static_cast<std::int64_t>(bytes.size()));
  file.later.push_back({offset, std::move(bytes), false});
}

void FaultDisk::truncated(const std::string& path, std::int64_t size) {
  auto& file = files_[path];
  file.size = size;
  file.later.push_back({size, {}, true});
}

void FaultDisk::flushed(const std::string& path) {
  if (lies_) return;
  auto& file = files_[path];
  for (const auto& change : file.later) apply(file.flushed, change);
  file.later.clear();
}

void FaultDisk::apply(std::string& image, const Change& change) {
  const auto offset = static_cast<std::size_t>(change.offset);
  if (change.truncates) {
    image.resize(offset);
    return;
  }
  if (image.size() < offset + change.bytes.size()) image.resize(offset + change.bytes.size());
  image.replace(offset, change.bytes.size(), change.bytes);
}

void FaultDisk::settle(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  for (auto& [path, file] : files_) {
    for (auto& change : file.later) {
      // A third of the seeds keeps all, a third nothing; the rest decides write by write.
      const auto fate = seed % 3 == 2 ? random() % 3 : seed % 3;
      if (fate == 1) continue;
      if (fate == 2) change.bytes.resize(random() % (change.bytes.size() / 512 + 1) * 512);
      apply(file.flushed, change);
    }
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out.write(file.flushed.data(), static_cast<std::streamsize>(file.flushed.size()));
  }
  files_.clear();
  cut_at_ = -1;
}

}  // namespace belfry::store::sqlite
