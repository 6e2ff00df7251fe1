#include "runs.hpp"

#include <algorithm>
#include <filesystem>

#include "service.hpp"

namespace payment {

using belfry::client::Json;

bool has_ended(const Json& run) {
  const auto status = run["status"].string_or("");
  return status == "COMPLETED" || status == "FAILED";
}

Runs::Runs(std::string folder) : folder_(std::move(folder)) {
  for (const auto& run : list()) {
    if (!has_ended(run)) open_.insert(run["runId"].string_or(""));
  }
}

std::string Runs::create(std::string_view ledger, std::string_view settlement) {
  const auto id = example::fresh_id();
  put_file(id, "ledger.csv", ledger);
  put_file(id, "settlement.csv", settlement);
  const auto run = Json::object({{"runId", id},
                                 {"status", "ACCEPTED"},
                                 {"taskId", nullptr},
                                 {"taskStatus", nullptr},
                                 {"createdAt", example::now_text()},
                                 {"summary", nullptr},
                                 {"errorMessage", nullptr}});
  put_file(id, "run.json", run.dump());
  const std::lock_guard lock(change_);
  open_.insert(id);
  return id;
}

std::optional<Json> Runs::find(const std::string& run_id) const {
  const auto text = file(run_id, "run.json");
  return text ? Json::parse(*text) : std::nullopt;
}

std::vector<Json> Runs::list() const {
  std::vector<Json> runs;
  std::error_code none_yet;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, none_yet)) {
    if (auto run = find(entry.path().filename().string())) runs.push_back(std::move(*run));
  }
  std::sort(runs.begin(), runs.end(), [](const Json& a, const Json& b) {
    return a["createdAt"].string_or("") > b["createdAt"].string_or("");
  });
  return runs;
}

std::vector<Json> Runs::open() const {
  const std::lock_guard lock(change_);
  std::vector<Json> runs;
  for (const auto& id : open_) {
    if (auto run = find(id)) runs.push_back(std::move(*run));
  }
  return runs;
}

bool Runs::update(const std::string& run_id, const std::function<void(Json&)>& change) {
  const std::lock_guard lock(change_);
  auto run = find(run_id);
  if (!run) return false;
  change(*run);
  put_file(run_id, "run.json", run->dump());
  if (has_ended(*run)) open_.erase(run_id);
  return true;
}

std::optional<std::string> Runs::file(const std::string& run_id, const std::string& name) const {
  if (!example::is_id(run_id)) return std::nullopt;
  return example::read_file(path(run_id, name));
}

void Runs::put_file(const std::string& run_id, const std::string& name, std::string_view text) {
  example::write_file(path(run_id, name), text);
}

std::string Runs::path(const std::string& run_id, const std::string& name) const {
  return folder_ + "/" + run_id + "/" + name;
}

}  // namespace payment
