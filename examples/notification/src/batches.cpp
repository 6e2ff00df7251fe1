#include "batches.hpp"

#include <filesystem>
#include <numeric>

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
  const auto handed = handover(batch_id, (*batch)["recipients"].items().size());
  counts.submitted = handed.waiting.empty();
  counts.refused = handed.refused;
  counts.error_message = handed.error_message;
  counts.delivered = files_in(folder + "/delivered");
  counts.failed = files_in(folder + "/failed") + counts.refused;
  return counts;
}

Handover Batches::handover(const std::string& batch_id, std::size_t recipients) const {
  Handover handover;
  const auto text = example::read_file(path(batch_id) + "/submitted.json");
  if (!text) {
    handover.waiting.resize(recipients);
    std::iota(handover.waiting.begin(), handover.waiting.end(), std::size_t{0});
    return handover;
  }
  const auto noted = Json::parse(*text).value_or(Json());
  handover.round = noted["round"].integer_or(0);
  for (const auto& place : noted["waiting"].items()) {
    handover.waiting.push_back(static_cast<std::size_t>(place.integer_or(0)));
  }
  handover.refused = noted["refused"].integer_or(0);
  handover.error_message = noted["errorMessage"].string_or("");
  return handover;
}

void Batches::set_handover(const std::string& batch_id, const Handover& handover) {
  std::vector<Json> waiting;
  for (const auto place : handover.waiting) waiting.emplace_back(static_cast<std::int64_t>(place));
  const auto& message = handover.error_message;
  const auto noted = Json::object({{"round", handover.round},
                                   {"waiting", Json::array(std::move(waiting))},
                                   {"refused", handover.refused},
                                   {"errorMessage", message.empty() ? Json() : Json(message)}});
  example::write_file(path(batch_id) + "/submitted.json", noted.dump());
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
