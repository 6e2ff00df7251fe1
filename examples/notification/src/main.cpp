// belfry-notification: sends a batch of messages, one task a recipient, which the scheduler pushes
// back to this service as fast as the queue's concurrency limit lets it.
#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "batches.hpp"
#include "delivery.hpp"
#include "message.hpp"
#include "samples.hpp"
#include "service.hpp"

namespace {

namespace client = belfry::client;
using client::Json;
using client::Request;
using client::Response;

// RFC 5321 section 4.5.4.1 wants a message retried for 4 to 5 days. Waits double from a minute to
// an hour, which makes 100 attempts last about 94 hours; a greylisted message goes out within
// minutes.
constexpr int kAttemptsMax = 100;
constexpr std::chrono::minutes kRetryWaitMax{60};
constexpr int kConcurrency = 8;
constexpr std::size_t kRecipientsMax = 10'000;
constexpr std::size_t kBulkMax = 500;

struct Service : example::Service {
  Service(example::Flags given, notification::SmtpOptions smtp, std::chrono::seconds first_wait)
      : example::Service(std::move(given)),
        batches(flags.data + "/batches"),
        delivery(flags.data, std::move(smtp)),
        retry_wait(first_wait) {}
  notification::Batches batches;
  notification::Delivery delivery;
  std::chrono::seconds retry_wait;
  bool paced = false;  // of the rounds alone
};

client::Submission task_of(const Service& service, const std::string& batch_id, const Json& batch,
                           const Json& recipient) {
  client::Submission task;
  task.task_name = "send-notification";
  task.queue = "notifications";
  task.priority = 5;
  task.retry = client::Retry{.max_attempts = kAttemptsMax,
                             .backoff = client::Retry::Backoff::exponential,
                             .initial = service.retry_wait,
                             .max = kRetryWaitMax};
  task.payload = Json::object(
      {{"subject", batch["subject"]}, {"body", batch["body"]}, {"recipient", recipient}});
  task.tags = {batch_id};
  task.target = client::Target{client::Target::Kind::http,
                               service.flags.public_url + "/api/notifications/deliver"};
  task.callback_url = service.flags.public_url + "/api/notifications/callback";
  return task;
}

// Notes that the scheduler did not take a recipient: for good, or only now, as by a quota.
void note(notification::Handover& next, std::size_t place, const client::ClientError& error) {
  if (example::is_refusal(error)) {
    if (next.refused++ == 0)
      next.error_message = "the scheduler refused: " + example::text_of(error);
    return;
  }
  if (next.error_message.empty()) next.error_message = "waits: " + example::text_of(error);
  next.waiting.push_back(place);
}

// Hands over those who wait. Each part has an idempotency key of the batch and the round, so that a
// repeat after a crash sends nothing twice. What the scheduler refuses has failed; those that it
// cannot take now wait for a later round.
void submit(Service& service, client::Client& scheduler, const std::string& batch_id) {
  const auto batch = service.batches.find(batch_id).value_or(Json());
  const auto& recipients = batch["recipients"].items();
  const auto handed = service.batches.handover(batch_id, recipients.size());
  notification::Handover next;
  next.round = handed.round + 1;
  next.refused = handed.refused;
  if (handed.refused > 0) next.error_message = handed.error_message;
  for (std::size_t from = 0; from < handed.waiting.size(); from += kBulkMax) {
    const auto places =
        std::span(handed.waiting).subspan(from, std::min(kBulkMax, handed.waiting.size() - from));
    std::vector<client::Submission> part;
    for (const auto place : places) {
      part.push_back(task_of(service, batch_id, batch, recipients.at(place)));
    }
    const auto key = batch_id + "-" + std::to_string(handed.round) + "-" + std::to_string(from);
    const auto results = scheduler.submit_bulk(part, key);
    if (!results && !example::is_refusal(results.error())) return;
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (!results) note(next, places[i], results.error());
      if (results && !results->at(i)) note(next, places[i], results->at(i).error());
    }
  }
  service.batches.set_handover(batch_id, next);
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

Json counts_json(const std::string& batch_id, const notification::BatchCounts& counts) {
  return Json::object(
      {{"batchId", batch_id},
       {"recipients", counts.recipients},
       {"delivered", counts.delivered},
       {"failed", counts.failed},
       {"pending", counts.pending()},
       {"status", counts.status()},
       {"errorMessage", counts.error_message.empty() ? Json() : Json(counts.error_message)}});
}

Response send_batch(Service& service, const Request& request) {
  auto* scheduler = service.scheduler.load();
  if (scheduler == nullptr) return Response::problem(503, "no account at the scheduler yet");
  const auto text = request.body.empty() ? std::string(notification::samples::batch) : request.body;
  const auto batch = Json::parse(text);
  if (!batch) return Response::problem(400, "the body is no JSON");
  if (const auto fault = fault_of(*batch)) return Response::problem(422, *fault);
  const auto batch_id = service.batches.create(*batch);
  submit(service, *scheduler, batch_id);
  return Response::json(202, counts_json(batch_id, *service.batches.counts(batch_id)));
}

client::Receipt take_event(Service& service, const client::Event& event) {
  for (const auto& tag : event.document["tags"].items()) {
    service.batches.end_task(tag.string_or(""), event.task_id, event.status == "COMPLETED");
  }
  return client::Receipt::taken;
}

Response show_batch(Service& service, const Request& request) {
  const auto& batch_id = request.params.at(0);
  const auto counts = service.batches.counts(batch_id);
  if (!counts) return Response::problem(404, "no such batch");
  return Response::json(200, counts_json(batch_id, *counts));
}

void add_routes(client::Receiver& receiver, Service& service) {
  receiver.route("POST", "/api/notifications/send-batch",
                 [&service](const Request& request) { return send_batch(service, request); });
  receiver.on_push("/api/notifications/deliver",
                   [&service](const client::Push& push) { return service.delivery.deliver(push); });
  receiver.on_webhook("/api/notifications/callback", [&service](const client::Event& event) {
    return take_event(service, event);
  });
  receiver.route("GET", "/api/notifications/batches/{batchId}",
                 [&service](const Request& request) { return show_batch(service, request); });
}

// Limits how many messages are sent at once, for the mail server's sake.
void pace(Service& service, client::Client& scheduler) {
  client::QueueSettings settings;
  settings.concurrency_limit = kConcurrency;
  const auto limited = scheduler.put_queue("notifications", settings);
  service.paced = limited || example::is_refusal(limited.error());
  if (limited || !service.paced) return;
  std::fprintf(stderr, "belfry-notification: cannot pace the queue: %s\n",
               example::text_of(limited.error()).c_str());
}

// Webhooks tell the ends of tasks, but a service that was down for long may have missed some.
void ask_after(Service& service, client::Client& scheduler, const std::string& batch_id) {
  client::TaskFilter filter;
  filter.tags = {batch_id};
  filter.statuses = {"COMPLETED", "FAILED", "CANCELLED", "EXPIRED"};
  filter.limit = 200;
  filter.summary = true;
  for (auto page = scheduler.list(filter); page; page = scheduler.next_page(*page)) {
    for (const auto& task : page->tasks) {
      service.batches.end_task(batch_id, task.id, task.status == "COMPLETED");
    }
    if (page->next.empty()) return;
  }
}

void round(Service& service, bool check) {
  auto& scheduler = *service.scheduler.load();
  if (!service.paced) pace(service, scheduler);
  for (const auto& batch_id : service.batches.open()) {
    const auto counts = service.batches.counts(batch_id);
    if (counts && !counts->submitted) submit(service, scheduler, batch_id);
    if (check) ask_after(service, scheduler, batch_id);
  }
}

// Names that are kept for examples (RFC 2606, RFC 6761): no mail server accepts them as a sender.
bool is_reserved(std::string_view address) {
  const auto domain = address.substr(address.rfind('@') + 1);
  const auto below = [&domain](std::string_view name) {
    return domain == name || domain.ends_with("." + std::string(name));
  };
  return below("example") || below("example.com") || below("example.net") || below("example.org") ||
         below("invalid");
}

void check_sender(const notification::SmtpOptions& smtp, std::vector<std::string>& mistakes) {
  if (smtp.url.empty()) return;
  if (!notification::is_address(smtp.sender) || is_reserved(smtp.sender)) {
    mistakes.push_back(
        "--smtp-from must be an address that the mail server accepts as a sender, "
        "such as noreply@ your domain, not \"" +
        smtp.sender + "\"");
  }
}

// Reads the flags of this service alone beside the common ones.
example::Flags read_flags(int argc, char** argv, notification::SmtpOptions& smtp,
                          std::chrono::seconds& retry_wait) {
  using notification::StartTls;
  example::Flags defaults;
  defaults.port = 8082;
  defaults.data = "data/notification";
  std::string tls = "offered";
  std::string wait = "60";
  example::OwnOptions own;
  own.options = {
      {"--smtp-url", "SMTP_URL", "smtp://HOST:PORT or smtps://USER:PASSWORD@HOST; none: an outbox",
       &smtp.url},
      {"--smtp-tls", "SMTP_TLS", "STARTTLS: off, offered (used if offered) or required", &tls},
      {"--smtp-ca", "SMTP_CA", "file of certificates to trust, if not the system's", &smtp.ca_file},
      {"--smtp-from", "SMTP_FROM", "the sender's address; needed with --smtp-url", &smtp.sender},
      {"--retry-seconds", "RETRY_SECONDS",
       "wait before a message is sent again, 1 to 3600; doubles up to an hour", &wait},
  };
  own.check = [&](std::vector<std::string>& mistakes) {
    if (tls != "off" && tls != "offered" && tls != "required") {
      mistakes.push_back("--smtp-tls must be off, offered or required, not \"" + tls + "\"");
    }
    if (!smtp.url.empty() && !smtp.url.starts_with("smtp://") &&
        !smtp.url.starts_with("smtps://")) {
      mistakes.emplace_back("--smtp-url must begin with smtp:// or smtps://");
    }
    check_sender(smtp, mistakes);
    const auto* end = wait.data() + wait.size();
    int seconds = 0;
    const auto read = std::from_chars(wait.data(), end, seconds);
    if (read.ec != std::errc{} || read.ptr != end || seconds < 1 || seconds > 3'600) {
      mistakes.push_back("--retry-seconds must be 1 to 3600, not \"" + wait + "\"");
    }
    retry_wait = std::chrono::seconds(seconds);
  };
  auto flags = example::read_flags(argc, argv, "belfry-notification", defaults, own);
  if (tls == "off") smtp.tls = StartTls::off;
  if (tls == "required") smtp.tls = StartTls::required;
  return flags;
}

}  // namespace

int main(int argc, char** argv) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  notification::SmtpOptions smtp;
  std::chrono::seconds retry_wait{0};
  auto flags = read_flags(argc, argv, smtp, retry_wait);
  Service service(std::move(flags), std::move(smtp), retry_wait);
  example::Program program;
  program.name = "belfry-notification";
  program.tenant = "notification-service";
  program.add_routes = [&service](client::Receiver& receiver) { add_routes(receiver, service); };
  program.round = [&service](bool check) { round(service, check); };
  return example::run(service, program);
}
