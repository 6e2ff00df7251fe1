#include "store/directory.hpp"

#include <algorithm>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/log.hpp"

namespace belfry::store {

namespace {

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

  void add(std::shared_ptr<const domain::Queue> queue) {
    auto name = queue->name;
    queues.insert_or_assign(std::move(name), std::move(queue));
  }
  void add(std::shared_ptr<const EndpointRow> endpoint) {
    if (endpoint->enabled) wanted |= endpoint->events;
    endpoints.push_back(std::move(endpoint));
  }
};

template <class Map, class Key>
auto find_value(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? typename Map::mapped_type() : found->second;
}

Holdings read_holdings(Snapshot& snapshot, TenantId id) {
  Holdings holdings;
  if (auto tenant = snapshot.tenants().find(id)) {
    holdings.tenant = std::make_shared<const domain::Tenant>(std::move(*tenant));
  }
  for (auto& row : snapshot.queues().list(id)) {
    holdings.add(std::make_shared<const domain::Queue>(std::move(row.queue)));
  }
  for (auto& row : snapshot.endpoints().list(id)) {
    holdings.add(std::make_shared<const EndpointRow>(std::move(row)));
  }
  return holdings;
}

}  // namespace

struct Directory::Tables {
  std::unordered_map<TenantId, Holdings> tenants;
  std::unordered_map<domain::QueueNo, std::shared_ptr<const domain::Queue>> queues;
  std::unordered_map<EndpointId, std::shared_ptr<const EndpointRow>> endpoints;

  // Puts one tenant's things in the place of those it had.
  void replace(TenantId id, Holdings holdings) {
    auto& held = tenants[id];
    for (const auto& [name, queue] : held.queues) queues.erase(queue->no);
    for (const auto& endpoint : held.endpoints) endpoints.erase(endpoint->id);
    held = std::move(holdings);
    for (const auto& [name, queue] : held.queues) queues[queue->no] = queue;
    for (const auto& endpoint : held.endpoints) endpoints[endpoint->id] = endpoint;
    if (!held.tenant) tenants.erase(id);
  }
};

Directory::Directory() : tables_(std::make_unique<Tables>()) {}
Directory::~Directory() = default;

void Directory::attach(Gateway& gateway, Backend& backend) {
  const std::shared_ptr<Reader> reader = backend.make_reader();
  reader->read([this](Snapshot& snapshot) { reload(snapshot); });
  // What a reload could not read because the store was busy, the next commit's reads in full.
  gateway.add_listener([this, reader, missed = false](const Committed& committed) mutable {
    if (!committed.configuration_changed && !missed) return;
    const bool everything = missed || committed.changed_tenants.empty();
    try {
      reader->read([&](Snapshot& snapshot) {
        everything ? reload(snapshot) : reload(snapshot, committed.changed_tenants);
      });
      missed = false;
    } catch (const Unavailable&) {
      missed = true;
      log().warn("directory not reloaded: the store is busy; the next commit tries again");
    }
  });
}

void Directory::reload(Snapshot& snapshot) {
  auto fresh = std::make_unique<Tables>();
  for (auto& tenant : snapshot.tenants().list_all_tenants()) {
    auto& held = fresh->tenants[tenant.id];
    held.tenant = std::make_shared<const domain::Tenant>(std::move(tenant));
  }
  for (auto& row : snapshot.queues().list_all_tenants()) {
    auto queue = std::make_shared<const domain::Queue>(std::move(row));
    fresh->queues[queue->no] = queue;
    fresh->tenants[queue->tenant].add(std::move(queue));
  }
  for (auto& row : snapshot.endpoints().list_all_tenants()) {
    auto endpoint = std::make_shared<const EndpointRow>(std::move(row));
    fresh->endpoints[endpoint->id] = endpoint;
    fresh->tenants[endpoint->tenant].add(std::move(endpoint));
  }
  {
    const std::unique_lock lock(mutex_);
    tables_.swap(fresh);
  }
  // What was replaced is freed here, while look-ups go on.
}

void Directory::reload(Snapshot& snapshot, std::span<const TenantId> tenants) {
  std::vector<TenantId> wanted(tenants.begin(), tenants.end());
  std::ranges::sort(wanted);
  const auto repeated = std::ranges::unique(wanted);
  wanted.erase(repeated.begin(), repeated.end());

  std::vector<Holdings> read;
  read.reserve(wanted.size());
  for (const auto id : wanted) read.push_back(read_holdings(snapshot, id));
  const std::unique_lock lock(mutex_);
  for (std::size_t i = 0; i < wanted.size(); ++i) tables_->replace(wanted[i], std::move(read[i]));
}

std::shared_ptr<const domain::Tenant> Directory::tenant(TenantId id) const {
  const std::shared_lock lock(mutex_);
  const auto found = tables_->tenants.find(id);
  return found == tables_->tenants.end() ? nullptr : found->second.tenant;
}

std::vector<std::shared_ptr<const domain::Tenant>> Directory::tenants() const {
  std::vector<std::shared_ptr<const domain::Tenant>> all;
  {
    const std::shared_lock lock(mutex_);
    all.reserve(tables_->tenants.size());
    for (const auto& [id, held] : tables_->tenants) {
      if (held.tenant) all.push_back(held.tenant);
    }
  }
  std::ranges::sort(all, {}, [](const auto& t) { return std::pair(t->created_at, t->id); });
  return all;
}

std::shared_ptr<const domain::Queue> Directory::queue(TenantId tenant,
                                                      std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto found = tables_->tenants.find(tenant);
  return found == tables_->tenants.end() ? nullptr : find_value(found->second.queues, name);
}

std::shared_ptr<const domain::Queue> Directory::queue(domain::QueueNo no) const {
  const std::shared_lock lock(mutex_);
  return find_value(tables_->queues, no);
}

std::shared_ptr<const EndpointRow> Directory::endpoint(EndpointId id) const {
  const std::shared_lock lock(mutex_);
  return find_value(tables_->endpoints, id);
}

bool Directory::wants(TenantId tenant, domain::EventType type) const {
  const std::shared_lock lock(mutex_);
  const auto found = tables_->tenants.find(tenant);
  return found != tables_->tenants.end() && (found->second.wanted & domain::bit(type)) != 0;
}

}  // namespace belfry::store
