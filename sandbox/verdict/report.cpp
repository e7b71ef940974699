#include "sandbox/verdict/report.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "sandbox/acceptance_twin.hpp"
#include "sandbox/context.hpp"
#include "sandbox/control/render.hpp"
#include "sandbox/diagnosis/signature.hpp"
#include "sandbox/ledger/combination.hpp"
#include "sandbox/limits.hpp"
#include "sandbox/store/store.hpp"
#include "sandbox/verdict/rule.hpp"
#include "sandbox/verdict/traces.hpp"

namespace wxpay::sandbox {
namespace {

using verdict::Ending;
using verdict::Found;
using verdict::Step;
using verdict::Trace;

/// An order's traffic, and how it ended.
struct Judged {
    Trace trace;
    Ending ending;
    bool is_whole = true;
};

class Making {
  public:
    Making(Context& context, const std::string& mch_id)
        : context_(context), now_(context.clock.now()), seen_(context.traces.snapshot(mch_id)) {
        report_.mch_id = mch_id;
        report_.since = seen_.since;
        report_.until = now_;
    }

    Report make() {
        take_traces();
        // The acceptance sandbox knows each merchant by another name.
        const std::string& mch_id = report_.mch_id;
        read_orders(mch_id);
        read_notifications(mch_id);
        if (!mch_id.empty()) {
            read_orders("s" + mch_id);
            read_notifications("s" + mch_id);
        }
        merge_by_transaction();
        count();
        judge();
        list_refusals();
        return std::move(report_);
    }

  private:
    using Key = std::pair<std::string, std::string>;

    Judged& judged(const std::string& mch_id, const std::string& out_trade_no) {
        const auto [at, is_new] = all_.try_emplace(Key(mch_id, out_trade_no));
        if (is_new) {
            at->second.trace.mch_id = mch_id;
            at->second.trace.out_trade_no = out_trade_no;
            at->second.is_whole = seen_.orders_left == 0;
        }
        return at->second;
    }

    void take_traces() {
        for (Trace& trace : seen_.traces) {
            Judged& each = judged(trace.mch_id, trace.out_trade_no);
            each.is_whole = trace.dropped == 0;
            each.trace = std::move(trace);
        }
        seen_.traces.clear();
    }

    /// Page by page, so that others get at the store in between.
    void read_orders(const std::string& mch_id) {
        OrderFilter filter;
        filter.mch_id = mch_id;
        filter.limit = kListMax;
        for (std::size_t read = 0; read < kJudgedMax; read += kListMax) {
            const auto transaction = context_.store.begin();
            const auto page = transaction->orders(filter);
            for (const Order& order : page) {
                if (order.created_at < seen_.since) continue;
                add_to_whole(*transaction, order);
                judged(order.mch_id.str(), order.out_trade_no.str()).ending.order = order;
            }
            if (page.size() < kListMax) return;
            filter.before_id = page.back().id;
        }
        report_.unseen.is_ledger_longer = true;
    }

    /// A combined order is called and told of by its own number, in the name of one merchant.
    void add_to_whole(Transaction& transaction, const Order& part) {
        const auto whole = combination_of(transaction, part);
        if (!whole || (!report_.mch_id.empty() && whole->mch_id.str() != report_.mch_id)) return;
        auto& parts = judged(whole->mch_id.str(), whole->number.str()).ending.parts;
        parts.insert(parts.begin(), part);  // the newest are read first
    }

    void read_notifications(const std::string& mch_id) {
        NotificationFilter filter;
        filter.mch_id = mch_id;
        filter.limit = kListMax;
        for (std::size_t read = 0; read < kJudgedMax; read += kListMax) {
            auto page = context_.store.begin()->notifications(filter);
            const bool is_last = page.size() < kListMax;
            if (!is_last) filter.before_id = page.back().id;
            for (Notification& each : page) {
                // Those of an earlier start of the same ledger have ended before.
                if (!each.attempts.empty() && each.attempts.back().at < seen_.since) continue;
                Judged& of = judged(each.mch_id.str(), each.out_trade_no.str());
                of.ending.notifications.push_back(std::move(each));
            }
            if (is_last) return;
        }
        report_.unseen.is_ledger_longer = true;
    }

    /// Some calls name an order by WeChat's number.
    void merge_by_transaction() {
        std::map<Key, Key> by_transaction;
        for (const auto& [key, each] : all_) {
            if (each.ending.order && !each.ending.order->transaction_id.empty())
                by_transaction.emplace(Key(key.first, each.ending.order->transaction_id.str()),
                                       key);
        }
        for (const auto& [alias, key] : by_transaction) {
            auto found = all_.extract(alias);
            if (found.empty()) continue;
            Judged& whole = all_.at(key);
            auto& steps = whole.trace.steps;
            auto& more = found.mapped().trace.steps;
            steps.insert(steps.end(), std::make_move_iterator(more.begin()),
                         std::make_move_iterator(more.end()));
            std::sort(steps.begin(), steps.end(),
                      [](const Step& a, const Step& b) { return a.n < b.n; });
            whole.is_whole = whole.is_whole && found.mapped().is_whole;
        }
    }

    void count() {
        Report::Counts& counts = report_.counts;
        Traces::Counts seen;
        for (const auto& [mch_id, each] : seen_.counts) seen += each;
        counts.calls = seen.calls;
        counts.refused = seen.refused;
        counts.attempts = seen.attempts;
        for (const auto& [key, each] : all_) {
            if (each.ending.order) {
                const TradeState state = each.ending.order->state;
                ++counts.orders;
                if (state == TradeState::not_paid || state == TradeState::user_paying)
                    ++counts.unpaid;
            }
            for (const Notification& notification : each.ending.notifications) {
                ++counts.callbacks;
                ++(notification.state == NotificationState::delivered ? counts.delivered
                                                                      : counts.undelivered);
            }
        }
        report_.unseen.orders = seen_.orders_left;
        report_.unseen.steps = seen_.steps_left;
    }

    verdict::Run run() const {
        std::map<std::string, verdict::Run::Merchant> merchants;
        for (const auto& [mch_id, counts] : seen_.counts) {
            verdict::Run::Merchant& merchant = merchants[mch_id];
            merchant.mch_id = mch_id;
            merchant.queries = counts.queries;
            merchant.bills = counts.bills;
        }
        for (const auto& [key, each] : all_) {
            const Order* const order = each.ending.payable();
            const auto found = merchants.find(std::string(wire_id(key.first)));
            // Of who has made no call nothing is known.
            if (order == nullptr || !order->paid_at || found == merchants.end()) continue;
            verdict::Run::Merchant& merchant = found->second;
            merchant.first_paid = std::min(merchant.first_paid.value_or(now_), *order->paid_at);
            if (each.ending.has_told(NotificationKind::payment)) ++merchant.told;
        }
        verdict::Run out{report_.counts.calls, now_, {}};
        for (auto& [mch_id, merchant] : merchants) out.merchants.push_back(std::move(merchant));
        return out;
    }

    void judge() {
        Found found = std::move(seen_.left);
        for (const auto& [key, each] : all_) {
            const bool is_known = each.ending.order || !report_.unseen.is_ledger_longer;
            found.judge(
                {each.trace, is_known ? &each.ending : nullptr, now_, seen_.since, each.is_whole});
        }
        found.judge_run(run());
        std::stable_sort(found.list.begin(), found.list.end(),
                         [](const Found::Placed& a, const Found::Placed& b) {
                             return std::pair(a.rule, a.n) < std::pair(b.rule, b.n);
                         });
        for (Found::Placed& placed : found.list) {
            Finding& finding = report_.findings.emplace_back(std::move(placed.finding));
            finding.mch_id = std::string(wire_id(finding.mch_id));
            for (std::string* const text : {&finding.mch_id, &finding.out_trade_no, &finding.text})
                *text = shown(*text);
        }
        report_.errors = found.errors;
        report_.warnings = found.warnings;
        report_.unseen.findings = found.dropped;
    }

    void list_refusals() {
        std::vector<std::pair<const Step*, const Trace*>> all;
        for (const auto& [key, each] : all_) {
            for (const Step& step : each.trace.steps) {
                if (step.is_refusal()) all.emplace_back(&step, &each.trace);
            }
        }
        std::sort(all.begin(), all.end(),
                  [](const auto& a, const auto& b) { return a.first->n < b.first->n; });
        if (all.size() > kRefusalsMax)
            all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(kRefusalsMax));
        for (const auto& [step, trace] : all) {
            report_.refusals.push_back({step->name(), shown(step->details->call),
                                        shown(trace->mch_id), shown(trace->out_trade_no),
                                        shown(step->details->error), shown(step->details->hint)});
        }
        report_.unseen.refusals = report_.counts.refused - report_.refusals.size();
    }

    /// One line without secrets, and nothing in it that controls a terminal.
    std::string shown(std::string text) const {
        std::replace(text.begin(), text.end(), '\n', ' ');
        return diagnosis::shown_text(control::masked(std::move(text), context_.directory));
    }

    Context& context_;
    const Instant now_;
    Traces::Snapshot seen_;
    Report report_;
    std::map<Key, Judged> all_;
};

}  // namespace

std::string_view wire_name(Severity severity) {
    return severity == Severity::error ? "error" : "warning";
}

std::string_view wire_name(FailOn fail_on) {
    switch (fail_on) {
        case FailOn::error:
            return "error";
        case FailOn::warning:
            return "warning";
        case FailOn::never:
            return "never";
    }
    return {};
}

std::optional<FailOn> parse_fail_on(std::string_view word) {
    for (const FailOn fail_on : {FailOn::error, FailOn::warning, FailOn::never}) {
        if (wire_name(fail_on) == word) return fail_on;
    }
    return std::nullopt;
}

bool fails(std::size_t errors, std::size_t warnings, FailOn fail_on) {
    switch (fail_on) {
        case FailOn::error:
            return errors > 0;
        case FailOn::warning:
            return errors + warnings > 0;
        case FailOn::never:
            return false;
    }
    return false;
}

bool fails(const Report& report, FailOn fail_on) {
    return fails(report.errors, report.warnings, fail_on);
}

Report make_report(Context& context, const std::string& mch_id) {
    return Making(context, mch_id).make();
}

std::span<const verdict::Rule> verdict_rules() { return verdict::rules(); }

}  // namespace wxpay::sandbox
