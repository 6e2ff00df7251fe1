// belfry-notification: sends a batch of messages, one task a recipient, which the scheduler pushes
// back to this service as fast as the queue's concurrency limit lets it.
#include <curl/curl.h>

#include <atomic>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "message.hpp"
#include "samples.hpp"
#include "service.hpp"
#include "smtp.hpp"

namespace {

namespace client = belfry::client;
namespace fs = std::filesystem;
using client::Json;
using client::Request;
using client::Response;

constexpr int kConcurrency = 8;
constexpr std::size_t kRecipientsMax = 10'000;
constexpr std::size_t kBulkMax = 500;

struct Service {
  explicit Service(example::Flags given) : flags(std::move(given)) {}
  std::string batch_folder(const std::string& id) const { return flags.data + "/batches/" + id; }

  example::Flags flags;
  std::unique_ptr<client::Client> scheduler;
  std::atomic<bool> ready{false};
  std::mutex sending_mutex;
  std::set<std::string> sending;  // tasks that a handler sends right now
};

client::Submission task_of(const Service& service, const std::string& batch_id, const Json& batch,
                           const Json& recipient) {
  client::Submission task;
  task.task_name = "send-notification";
  task.queue = "notifications";
  task.priority = 5;
  task.payload = Json::object(
      {{"subject", batch["subject"]}, {"body", batch["body"]}, {"recipient", recipient}});
  task.tags = {batch_id};
  task.target = client::Target{client::Target::Kind::http,
                               service.flags.public_url + "/api/notifications/deliver"};
  task.callback_url = service.flags.public_url + "/api/notifications/callback";
  return task;
}

// Each part has an idempotency key of the batch, so that a repeat after a crash sends nothing
// twice.
bool submit(Service& service, const std::string& batch_id) {
  const auto folder = service.batch_folder(batch_id);
  const auto batch =
      Json::parse(example::read_file(folder + "/batch.json").value_or("")).value_or(Json());
  const auto& recipients = batch["recipients"].items();
  std::size_t refused = 0;
  for (std::size_t from = 0; from < recipients.size(); from += kBulkMax) {
    std::vector<client::Submission> part;
    for (auto i = from; i < std::min(from + kBulkMax, recipients.size()); ++i) {
      part.push_back(task_of(service, batch_id, batch, recipients[i]));
    }
    const auto results =
        service.scheduler->submit_bulk(part, batch_id + "-" + std::to_string(from));
    if (!results) return false;
    for (const auto& result : *results) refused += result ? 0 : 1;
  }
  example::write_file(folder + "/submitted",
                      Json::object({{"refused", static_cast<std::int64_t>(refused)}}).dump());
  return true;
}

std::optional<std::string> fault_of(const Json& batch) {
  const auto& recipients = batch["recipients"].items();
  if (!batch["subject"].is_string() || !batch["body"].is_string()) {
    return "subject and body must be strings";
  }
  if (recipients.empty() || recipients.size() > kRecipientsMax) {
    return "recipients must hold 1 to 10,000 entries";
  }
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    if (!notification::is_address(recipients[i]["email"].string_or(""))) {
      return "recipients/" + std::to_string(i) + "/email is no address";
    }
  }
  return std::nullopt;
}

Response send_batch(Service& service, const Request& request) {
  if (!service.ready) return Response::problem(503, "not registered at the scheduler yet");
  const auto text = request.body.empty() ? std::string(notification::samples::batch) : request.body;
  const auto batch = Json::parse(text);
  if (!batch) return Response::problem(400, "the body is no JSON");
  if (const auto fault = fault_of(*batch)) return Response::problem(422, *fault);
  const auto batch_id = example::fresh_id();
  example::write_file(service.batch_folder(batch_id) + "/batch.json", batch->dump());
  // A batch that cannot be handed over now is submitted when the service starts next.
  submit(service, batch_id);
  const auto count = static_cast<std::int64_t>((*batch)["recipients"].items().size());
  return Response::json(202, Json::object({{"batchId", batch_id}, {"recipients", count}}));
}

std::string date_text() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[64];
  return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S +0000", &utc)};
}

client::PushOutcome send_once(Service& service, const client::Push& push) {
  const auto payload = Json::parse(push.payload).value_or(Json());
  notification::Fields fields;
  for (const auto& [key, value] : payload["recipient"].members()) {
    fields.emplace_back(key, value.is_string() ? value.string_or("") : value.dump());
  }
  const auto to = payload["recipient"]["email"].string_or("");
  const auto subject = notification::render(payload["subject"].string_or(""), fields);
  const auto body = notification::render(payload["body"].string_or(""), fields);
  if (!notification::is_address(to)) return client::PushOutcome::fail("no address", false);
  if (!subject || !body) return client::PushOutcome::fail("a field is missing", false);
  const auto text = notification::message(to, *subject, *body, push.task_id, date_text());
  const bool smtp = !service.flags.smtp_url.empty();
  const auto file =
      service.flags.data + (smtp ? "/sent/" + push.task_id : "/outbox/" + push.task_id + ".eml");
  const auto result = Json::object({{"to", to}, {"by", smtp ? "smtp" : "outbox"}});
  if (fs::exists(file)) return client::PushOutcome::complete(result);
  if (smtp) {
    const auto failure = notification::send_smtp(service.flags.smtp_url, to, text);
    if (!failure.empty()) return client::PushOutcome::fail(failure);
  }
  example::write_file(file, smtp ? to : text);
  return client::PushOutcome::complete(result);
}

// A repeat of a push that is still in work must not send a second time beside it.
client::PushOutcome deliver(Service& service, const client::Push& push) {
  const bool safe = !push.task_id.empty() &&
                    push.task_id.find_first_not_of("0123456789abcdef-") == std::string::npos;
  if (!safe) return client::PushOutcome::fail("no task id", false);
  {
    const std::lock_guard lock(service.sending_mutex);
    if (!service.sending.insert(push.task_id).second) {
      return client::PushOutcome::fail("is being sent by an earlier attempt");
    }
  }
  const std::shared_ptr<void> done(nullptr, [&](void*) {
    const std::lock_guard lock(service.sending_mutex);
    service.sending.erase(push.task_id);
  });
  return send_once(service, push);
}

// One file a finished task: events that come twice count once, and counts survive restarts.
client::Receipt count(Service& service, const client::Event& event) {
  for (const auto& tag : event.document["tags"].items()) {
    const auto batch_id = tag.string_or("");
    const bool known = example::is_id(batch_id) && fs::exists(service.batch_folder(batch_id));
    const bool id = event.task_id.find_first_not_of("0123456789abcdef-") == std::string::npos;
    if (!known || !id || event.task_id.empty()) continue;
    const auto* folder = event.status == "COMPLETED" ? "/delivered/" : "/failed/";
    example::write_file(service.batch_folder(batch_id) + folder + event.task_id, "");
  }
  return client::Receipt::taken;
}

std::int64_t files_in(const std::string& folder) {
  std::error_code none_yet;
  std::int64_t files = 0;
  for (const auto& entry : fs::directory_iterator(folder, none_yet)) {
    files += entry.path().extension() == ".new" ? 0 : 1;
  }
  return files;
}

Response show_batch(Service& service, const Request& request) {
  const auto& batch_id = request.params.at(0);
  const auto folder = service.batch_folder(batch_id);
  const auto text = example::is_id(batch_id) ? example::read_file(folder + "/batch.json")
                                             : std::optional<std::string>();
  if (!text) return Response::problem(404, "no such batch");
  const auto batch = Json::parse(*text).value_or(Json());
  const auto all = static_cast<std::int64_t>(batch["recipients"].items().size());
  const auto submitted = Json::parse(example::read_file(folder + "/submitted").value_or(""));
  const auto refused = submitted ? (*submitted)["refused"].integer_or(0) : 0;
  const auto delivered = files_in(folder + "/delivered");
  const auto failed = files_in(folder + "/failed") + refused;
  const auto pending = all - delivered - failed;
  return Response::json(200, Json::object({{"batchId", batch_id},
                                           {"recipients", all},
                                           {"delivered", delivered},
                                           {"failed", failed},
                                           {"pending", pending},
                                           {"status", pending > 0 ? "RUNNING" : "FINISHED"}}));
}

void add_routes(client::Receiver& receiver, Service& service) {
  receiver.route("POST", "/api/notifications/send-batch",
                 [&service](const Request& request) { return send_batch(service, request); });
  receiver.on_push("/api/notifications/deliver",
                   [&service](const client::Push& push) { return deliver(service, push); });
  receiver.on_webhook("/api/notifications/callback",
                      [&service](const client::Event& event) { return count(service, event); });
  receiver.route("GET", "/api/notifications/batches/{batchId}",
                 [&service](const Request& request) { return show_batch(service, request); });
}

void set_up(Service& service, client::Receiver& receiver, const std::stop_token& stop) {
  auto connected = example::connect(service.flags, "notification-service", receiver, stop);
  if (!connected) return;
  service.scheduler = std::make_unique<client::Client>(std::move(*connected));
  const std::stop_callback close(stop, [&service] { service.scheduler->close(); });
  client::QueueSettings settings;
  settings.concurrency_limit = kConcurrency;
  const auto paced = service.scheduler->put_queue("notifications", settings);
  if (!paced) std::fprintf(stderr, "cannot pace the queue: %s\n", paced.error().detail.c_str());
  service.ready = true;
  std::error_code none_yet;
  for (const auto& entry : fs::directory_iterator(service.flags.data + "/batches", none_yet)) {
    if (stop.stop_requested()) return;
    if (!fs::exists(entry.path() / "submitted")) submit(service, entry.path().filename().string());
  }
}

}  // namespace

int main(int argc, char** argv) {
  example::Flags defaults;
  defaults.port = 8082;
  defaults.data = "data/notification";
  Service service(example::read_flags(argc, argv, "belfry-notification", defaults));
  example::block_stop_signals();
  curl_global_init(CURL_GLOBAL_DEFAULT);
  client::ReceiverOptions options;
  options.address = service.flags.address;
  options.port = service.flags.port;
  auto receiver = client::Receiver::make(options);
  if (!receiver) {
    std::fprintf(stderr, "belfry-notification: %s\n", receiver.error().detail.c_str());
    return 1;
  }
  const auto url = "http://" + service.flags.address + ":" + std::to_string(receiver->port());
  if (service.flags.public_url.empty()) service.flags.public_url = url;
  add_routes(*receiver, service);
  receiver->start();
  std::printf("listening on %s\n", url.c_str());
  std::fflush(stdout);
  std::jthread setup([&](const std::stop_token& stop) { set_up(service, *receiver, stop); });
  example::wait_for_stop();
  setup.request_stop();
  setup.join();
  receiver->stop();
  return 0;
}
