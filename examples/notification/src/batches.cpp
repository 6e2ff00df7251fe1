#include "batches.hpp"

#include <filesystem>

#include "service.hpp"

namespace notification {
namespace {

using belfry::client::Json;
namespace fs = std::filesystem;

std::int64_t files_in(const std::string& folder) {
  std::error_code none_yet;
  std::int64_t files = 0;
  for (const auto& entry : fs::directory_iterator(folder, none_yet)) {
    files += example::is_task_id(entry.path().filename().string()) ? 1 : 0;
  }
  return files;
}

}  // namespace

std::string BatchCounts::status() const {
  if (!submitted || pending() > 0) return "RUNNING";
  return refused > 0 ? "FAILED" : "FINISHED";
}

Batches::Batches(std::string folder) : folder_(std::move(folder)) {
  std::error_code none_yet;
  for (const auto& entry : fs::directory_iterator(folder_, none_yet)) {
    open_.insert(entry.path().filename().string());
  }
}

std::string Batches::create(const Json& batch) {
  const auto id = example::fresh_id();
  example::write_file(path(id) + "/batch.json", batch.dump());
  const std::lock_guard lock(open_mutex_);
  open_.insert(id);
  return id;
}

std::optional<Json> Batches::find(const std::string& batch_id) const {
  if (!example::is_id(batch_id)) return std::nullopt;
  const auto text = example::read_file(path(batch_id) + "/batch.json");
  return text ? Json::parse(*text) : std::nullopt;
}

std::optional<BatchCounts> Batches::counts(const std::string& batch_id) const {
  const auto batch = find(batch_id);
  if (!batch) return std::nullopt;
  const auto folder = path(batch_id);
  BatchCounts counts;
  counts.recipients = static_cast<std::int64_t>((*batch)["recipients"].items().size());
  if (const auto text = example::read_file(folder + "/submitted.json")) {
    const auto submitted = Json::parse(*text).value_or(Json());
    counts.submitted = true;
    counts.refused = submitted["refused"].integer_or(0);
    counts.error_message = submitted["errorMessage"].string_or("");
  }
  counts.delivered = files_in(folder + "/delivered");
  counts.failed = files_in(folder + "/failed") + counts.refused;
  return counts;
}

void Batches::set_submitted(const std::string& batch_id, std::int64_t refused,
                            const std::string& reason) {
  const auto submitted = Json::object(
      {{"refused", refused}, {"errorMessage", reason.empty() ? Json() : Json(reason)}});
  example::write_file(path(batch_id) + "/submitted.json", submitted.dump());
}

void Batches::end_task(const std::string& batch_id, const std::string& task_id, bool delivered) {
  if (!example::is_id(batch_id) || !example::is_task_id(task_id)) return;
  const auto folder = path(batch_id);
  if (!fs::exists(folder)) return;
  // A task that failed and was retried by hand may yet be delivered.
  std::error_code not_there;
  fs::remove(folder + (delivered ? "/failed/" : "/delivered/") + task_id, not_there);
  const auto file = folder + (delivered ? "/delivered/" : "/failed/") + task_id;
  if (!fs::exists(file)) example::write_file(file, "");
}

std::vector<std::string> Batches::open() {
  const std::lock_guard lock(open_mutex_);
  std::erase_if(open_, [this](const std::string& id) {
    const auto counted = counts(id);
    return !counted || counted->status() != "RUNNING";
  });
  return {open_.begin(), open_.end()};
}

}  // namespace notification
