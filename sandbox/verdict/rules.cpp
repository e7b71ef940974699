#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "sandbox/limits.hpp"
#include "sandbox/verdict/rule.hpp"

namespace wxpay::sandbox::verdict {

// Each of these is one file, rules/<name>.cpp.
Rule sign_refused();
Rule sign_answer_not_verified();
Rule pay_package_prefix();
Rule pay_sign_refused();
Rule pay_prepay_expired();
Rule call_unknown_path();
Rule call_not_simulated();
Rule call_certificate_missing();
Rule call_wrong_identity();
Rule call_malformed();
Rule call_wrong_parameter();
Rule money_yuan_as_fen();
Rule money_refund_above_total();
Rule flow_query_before_retry();
Rule flow_code_payment_left_open();
Rule flow_number_reused();
Rule flow_combine_calls_mixed();
Rule flow_order_left_unpaid();
Rule flow_payment_not_noticed();
Rule flow_never_queried();
Rule flow_refund_number_reused();
Rule flow_refund_too_often();
Rule flow_refund_not_confirmed();
Rule flow_refund_before_return();
Rule flow_sharing_not_queried();
Rule flow_sharing_rest_frozen();
Rule notify_undelivered();
Rule notify_pending();
Rule notify_timeout();
Rule notify_slow();
Rule notify_bad_answer();
Rule notify_refused();
Rule notify_repeat_refused();
Rule notify_probe_accepted();
Rule notify_forged_accepted();
Rule notify_amount_not_compared();
Rule bill_too_early();
Rule bill_never_pulled();
Rule run_no_traffic();

std::span<const Rule> rules() {
    static const std::array kRules{
        sign_refused(),
        sign_answer_not_verified(),
        pay_package_prefix(),
        pay_sign_refused(),
        pay_prepay_expired(),
        call_unknown_path(),
        call_not_simulated(),
        call_certificate_missing(),
        call_wrong_identity(),
        call_malformed(),
        call_wrong_parameter(),
        money_yuan_as_fen(),
        money_refund_above_total(),
        flow_query_before_retry(),
        flow_code_payment_left_open(),
        flow_number_reused(),
        flow_combine_calls_mixed(),
        flow_order_left_unpaid(),
        flow_payment_not_noticed(),
        flow_never_queried(),
        flow_refund_number_reused(),
        flow_refund_too_often(),
        flow_refund_not_confirmed(),
        flow_refund_before_return(),
        flow_sharing_not_queried(),
        flow_sharing_rest_frozen(),
        notify_undelivered(),
        notify_pending(),
        notify_timeout(),
        notify_slow(),
        notify_bad_answer(),
        notify_refused(),
        notify_repeat_refused(),
        notify_probe_accepted(),
        notify_forged_accepted(),
        notify_amount_not_compared(),
        bill_too_early(),
        bill_never_pulled(),
        run_no_traffic(),
    };
    return kRules;
}

const Order* Ending::payable() const {
    // A combined order may have the number of one of its parts.
    if (order && order->combine_out_trade_no.empty()) return &*order;
    return parts.empty() ? nullptr : &parts.front();
}

bool Ending::has_told(NotificationKind kind) const {
    return std::any_of(notifications.begin(), notifications.end(), [kind](const auto& each) {
        return each.kind == kind && each.state == NotificationState::delivered;
    });
}

bool Ending::may_tell(NotificationKind kind) const {
    return std::any_of(notifications.begin(), notifications.end(), [kind](const auto& each) {
        return each.kind == kind && each.state == NotificationState::pending &&
               each.attempts.empty();
    });
}

void Found::judge(const Case& subject) {
    for (rule_ = 0; rule_ < rules().size(); ++rule_) {
        if (rules()[rule_].judge != nullptr) rules()[rule_].judge(subject, *this);
    }
}

void Found::judge_run(const Run& run) {
    for (rule_ = 0; rule_ < rules().size(); ++rule_) {
        if (rules()[rule_].judge_run != nullptr) rules()[rule_].judge_run(run, *this);
    }
}

void Found::add(const Case& subject, const std::vector<const Step*>& steps, std::string text) {
    const Rule& rule = rules()[rule_];
    Placed placed{rule_, 0, {}};
    Finding& finding = placed.finding;
    finding.rule = rule.id;
    finding.severity = rule.severity;
    finding.mch_id = subject.trace.mch_id;
    finding.out_trade_no = subject.trace.out_trade_no;
    finding.text = std::move(text);
    for (const Step* const step : steps) {
        if (step == nullptr) continue;
        if (placed.n == 0) placed.n = step->n;
        if (std::string name = step->name(); !name.empty())
            finding.exchanges.push_back(std::move(name));
    }
    keep(std::move(placed));
}

void Found::add(const std::string& mch_id, std::string text) {
    const Rule& rule = rules()[rule_];
    Placed placed{rule_, 0, {}};
    placed.finding.rule = rule.id;
    placed.finding.severity = rule.severity;
    placed.finding.mch_id = mch_id;
    placed.finding.text = std::move(text);
    keep(std::move(placed));
}

void Found::keep(Placed placed) {
    ++(placed.finding.severity == Severity::error ? errors : warnings);
    if (list.size() < kFindingsMax) {
        list.push_back(std::move(placed));
    } else {
        ++dropped;
    }
}

void Found::merge(const Found& other) {
    for (const Placed& placed : other.list) keep(placed);
    // Those that the other had no room for are counted by severity only.
    std::size_t listed_errors = 0;
    for (const Placed& placed : other.list)
        listed_errors += placed.finding.severity == Severity::error ? 1 : 0;
    errors += other.errors - listed_errors;
    warnings += other.warnings - (other.list.size() - listed_errors);
    dropped += other.dropped;
}

}  // namespace wxpay::sandbox::verdict
