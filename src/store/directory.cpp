#include "store/directory.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <new>
#include <string>
#include <thread>
#include <unordered_map>

#include "base/log.hpp"

namespace belfry::store {

namespace {

constexpr int kReadTries = 5;
constexpr std::chrono::milliseconds kReadAgain{2};

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};
using QueuesByName = std::unordered_map<std::string, std::shared_ptr<const domain::Queue>, TextHash,
                                        std::equal_to<>>;

struct Holdings {
  std::shared_ptr<const domain::Tenant> tenant;
  QueuesByName queues;
  std::vector<std::shared_ptr<const EndpointRow>> endpoints;
  std::uint32_t wanted = 0;  // domain::bit()s of its enabled endpoints

  std::size_t weight() const { return 1 + queues.size() + endpoints.size(); }
};

Holdings read_holdings(Snapshot& snapshot, TenantId id) {
  Holdings holdings;
  auto tenant = snapshot.tenants().find(id);
  if (!tenant) return holdings;
  holdings.tenant = std::make_shared<const domain::Tenant>(std::move(*tenant));
  for (auto& queue : snapshot.queues().settings(id)) {
    auto name = queue.name;
    holdings.queues.emplace(std::move(name),
                            std::make_shared<const domain::Queue>(std::move(queue)));
  }
  for (auto& row : snapshot.endpoints().list(id)) {
    if (row.enabled) holdings.wanted |= row.events;
    holdings.endpoints.push_back(std::make_shared<const EndpointRow>(std::move(row)));
  }
  return holdings;
}

void cannot_refresh(std::string_view why) {
  log().warn("directory not refreshed: {}; what changed is read when it is asked for", why);
}

template <class Map, class Key>
auto find_value(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? typename Map::mapped_type() : found->second;
}

}  // namespace

struct Directory::Tables {
  struct Held {
    Holdings holdings;
    std::atomic<bool> asked{true};  // since it was last passed over

    void ask() {
      if (!asked.load(std::memory_order_relaxed)) asked.store(true, std::memory_order_relaxed);
    }
  };
  std::size_t held_max = 0;
  std::size_t weight = 0;
  std::unordered_map<TenantId, Held> tenants;
  std::deque<TenantId> order;  // in which they are looked at when there are too many
  std::unordered_map<domain::QueueNo, std::shared_ptr<const domain::Queue>> queues;
  std::unordered_map<EndpointId, std::shared_ptr<const EndpointRow>> endpoints;

  void take_out(const Holdings& holdings) {
    for (const auto& [name, queue] : holdings.queues) queues.erase(queue->no);
    for (const auto& endpoint : holdings.endpoints) endpoints.erase(endpoint->id);
    weight -= holdings.weight();
  }
  // Its place in `order` goes when its turn comes.
  void forget(TenantId id) {
    const auto found = tenants.find(id);
    if (found == tenants.end()) return;
    take_out(found->second.holdings);
    tenants.erase(found);
  }
  // Puts one tenant's things in the place of those it had.
  void put(TenantId id, Holdings holdings) {
    if (!holdings.tenant) return forget(id);
    const auto [at, is_new] = tenants.try_emplace(id);
    auto& held = at->second;
    if (is_new) {
      order.push_back(id);
    } else {
      take_out(held.holdings);
    }
    held.holdings = std::move(holdings);
    for (const auto& [name, queue] : held.holdings.queues) queues[queue->no] = queue;
    for (const auto& one : held.holdings.endpoints) endpoints[one->id] = one;
    weight += held.holdings.weight();
    shrink(id);
  }
  // Those go that nobody asked for since they were last looked at; `kept` stays. A place in `order`
  // that was left by a tenant which went before is dropped.
  void shrink(TenantId kept) {
    for (auto turns = 2 * order.size(); turns > 0 && must_shrink(); --turns) {
      const auto id = order.front();
      order.pop_front();
      const auto found = tenants.find(id);
      if (found == tenants.end()) continue;
      if (id == kept || found->second.asked.exchange(false, std::memory_order_relaxed)) {
        order.push_back(id);
      } else {
        forget(id);
      }
    }
  }
  bool must_shrink() const { return weight > held_max || order.size() > 2 * held_max; }
};

Directory::Directory(std::size_t held_max) : tables_(std::make_unique<Tables>()) {
  tables_->held_max = held_max;
}
Directory::~Directory() = default;

void Directory::attach(Gateway& gateway, Backend& backend) {
  reader_ = backend.make_reader();
  gateway.add_listener([this](const Committed& committed) {
    if (broken_) throw Broken("the directory read a damaged store");
    if (committed.configuration_changed) refresh(committed);
  });
}

// Reads what is held of the tenants that changed; if the store is busy they are forgotten instead,
// and read when they are next asked for.
void Directory::refresh(const Committed& committed) {
  const std::lock_guard loading(load_mutex_);
  if (committed.changed_tenants.empty()) {
    auto fresh = std::make_unique<Tables>();
    fresh->held_max = tables_->held_max;
    {
      const std::unique_lock lock(mutex_);
      tables_.swap(fresh);
    }
    return;  // what was replaced is freed here, while look-ups go on
  }
  std::vector<TenantId> changed = committed.changed_tenants;
  std::ranges::sort(changed);
  const auto repeated = std::ranges::unique(changed);
  changed.erase(repeated.begin(), repeated.end());
  std::erase_if(changed, [this](TenantId id) { return !tables_->tenants.contains(id); });
  if (changed.empty()) return;
  std::vector<Holdings> read;
  try {
    reader_->read([&](Snapshot& snapshot) {
      read.clear();
      for (const auto id : changed) read.push_back(read_holdings(snapshot, id));
    });
  } catch (const Unavailable& failure) {
    cannot_refresh(failure.what());
    read.assign(changed.size(), Holdings{});
  } catch (const Full& failure) {
    cannot_refresh(failure.what());
    read.assign(changed.size(), Holdings{});
  } catch (const std::bad_alloc&) {
    cannot_refresh("out of memory");
    read.assign(changed.size(), Holdings{});
  }
  const std::unique_lock lock(mutex_);
  for (std::size_t i = 0; i < changed.size(); ++i) tables_->put(changed[i], std::move(read[i]));
}

// A store that is busy is asked again; it is so for moments only.
bool Directory::try_read(const std::function<void(Snapshot&)>& fn) const {
  if (!reader_) return false;
  for (int left = kReadTries;; --left) {
    try {
      reader_->read(fn);
      return true;
    } catch (const Broken& failure) {
      log().error("directory: {}", failure.what());
      broken_ = true;  // the next commit breaks the store
      return false;
    } catch (const Failure& failure) {
      if (left == 1) {
        log().warn("directory: the store cannot be read: {}", failure.what());
        return false;
      }
    }
    std::this_thread::sleep_for(kReadAgain);
  }
}

bool Directory::load(const WhoseIs& whose) const {
  const std::lock_guard loading(load_mutex_);
  std::optional<TenantId> id;
  Holdings holdings;
  const bool read = try_read([&](Snapshot& snapshot) {
    id = whose(snapshot);
    if (id) holdings = read_holdings(snapshot, *id);
  });
  if (!read || !holdings.tenant) return read;
  const std::unique_lock lock(mutex_);
  tables_->put(*id, std::move(holdings));
  return true;
}

template <class Get>
auto Directory::of_tenant(TenantId id, Get get) const {
  using Found = Result<decltype(get(std::declval<const Holdings&>()))>;
  const auto look = [&]() -> std::optional<Found> {
    const std::shared_lock lock(mutex_);
    const auto found = tables_->tenants.find(id);
    if (found == tables_->tenants.end()) return std::nullopt;
    found->second.ask();
    return get(found->second.holdings);
  };
  if (auto found = look()) return std::move(*found);
  if (!load([id](Snapshot&) { return id; })) {
    return Found(fail(ErrorCode::storage_unavailable, "the store cannot be read at the moment"));
  }
  return look().value_or(Found(get(Holdings{})));
}

Result<std::shared_ptr<const domain::Tenant>> Directory::find_tenant(TenantId id) const {
  return of_tenant(id, [](const Holdings& held) { return held.tenant; });
}

std::shared_ptr<const domain::Tenant> Directory::tenant(TenantId id) const {
  return find_tenant(id).value_or(nullptr);
}

std::shared_ptr<const domain::Queue> Directory::queue(TenantId tenant,
                                                      std::string_view name) const {
  const auto found =
      of_tenant(tenant, [name](const Holdings& held) { return find_value(held.queues, name); });
  return found.value_or(nullptr);
}

std::shared_ptr<const domain::Queue> Directory::queue(domain::QueueNo no) const {
  const auto look = [&] {
    const std::shared_lock lock(mutex_);
    auto found = find_value(tables_->queues, no);
    if (found) tables_->tenants.at(found->tenant).ask();
    return found;
  };
  if (auto found = look()) return found;
  load([no](Snapshot& snapshot) { return snapshot.tenants().of_queue(no); });
  return look();
}

std::shared_ptr<const EndpointRow> Directory::endpoint(EndpointId id) const {
  const auto look = [&] {
    const std::shared_lock lock(mutex_);
    auto found = find_value(tables_->endpoints, id);
    if (found) tables_->tenants.at(found->tenant).ask();
    return found;
  };
  if (auto found = look()) return found;
  load([id](Snapshot& snapshot) { return snapshot.tenants().of_endpoint(id); });
  return look();
}

bool Directory::wants(TenantId tenant, domain::EventType type) const {
  const auto found = of_tenant(
      tenant, [type](const Holdings& held) { return (held.wanted & domain::bit(type)) != 0; });
  return found.value_or(false);
}

std::size_t Directory::held() const {
  const std::shared_lock lock(mutex_);
  return tables_->weight;
}

}  // namespace belfry::store
