#include "report_json.hpp"

#include <string>
#include <utility>
#include <vector>

namespace payment {
namespace {

using belfry::client::Json;

Json rows_json(const std::vector<Entry>& entries) {
  auto rows = Json::array();
  for (const auto& entry : entries) {
    rows.push(Json::object({{"date", entry.date},
                            {"amount", amount_text(entry.minor, entry.currency)},
                            {"currency", entry.currency}}));
  }
  return rows;
}

Json differences_json(const SumsByCurrency& by_currency) {
  auto differences = Json::array();
  for (const auto& [currency, sums] : by_currency) {
    differences.push(Json::object({{"currency", currency},
                                   {"ledgerMinor", sums.ledger},
                                   {"settlementMinor", sums.settlement},
                                   {"differenceMinor", sums.difference()},
                                   {"difference", amount_text(sums.difference(), currency)}}));
  }
  return differences;
}

}  // namespace

Json summary_json(const Report& report) {
  auto summary = Json::object(
      {{"ledgerRows", report.ledger_rows}, {"settlementRows", report.settlement_rows}});
  for (int i = 0; i <= static_cast<int>(Kind::duplicate); ++i) {
    const auto kind = static_cast<Kind>(i);
    const auto found = report.counts.find(kind);
    summary.set(std::string(name(kind)), found == report.counts.end() ? 0 : found->second);
  }
  auto matched = Json::object();
  for (const auto& [currency, minor] : report.matched_minor) {
    matched.set(currency, amount_text(minor, currency));
  }
  auto differences = Json::object();
  for (const auto& [currency, sums] : report.totals) {
    differences.set(currency, amount_text(sums.difference(), currency));
  }
  return summary.set("matchedAmounts", std::move(matched))
      .set("differences", std::move(differences));
}

Json report_json(const Report& report) {
  auto findings = Json::array();
  for (const auto& finding : report.findings) {
    findings.push(Json::object({{"finding", name(finding.kind)},
                                {"reference", finding.reference},
                                {"ledger", rows_json(finding.ledger)},
                                {"settlement", rows_json(finding.settlement)},
                                {"differences", differences_json(finding.sums())}}));
  }
  return Json::object({{"summary", summary_json(report)}, {"findings", std::move(findings)}});
}

}  // namespace payment
