#include <array>
#include <utility>

#include "sandbox/limits.hpp"
#include "sandbox/verdict/rule.hpp"

namespace wxpay::sandbox::verdict {

// Each of these is one file, rules/<name>.cpp.
Rule sign_refused();
Rule sign_answer_not_verified();
Rule call_unknown_path();
Rule call_not_simulated();
Rule call_certificate_missing();
Rule call_wrong_identity();
Rule call_malformed();
Rule call_wrong_parameter();
Rule money_yuan_as_fen();
Rule flow_query_before_retry();
Rule flow_code_payment_left_open();
Rule flow_number_reused();
Rule flow_order_left_unpaid();
Rule flow_payment_not_noticed();
Rule flow_refund_number_changed();
Rule flow_refund_not_confirmed();
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
Rule run_no_traffic();

std::span<const Rule> rules() {
    static const std::array kRules{
        sign_refused(),
        sign_answer_not_verified(),
        call_unknown_path(),
        call_not_simulated(),
        call_certificate_missing(),
        call_wrong_identity(),
        call_malformed(),
        call_wrong_parameter(),
        money_yuan_as_fen(),
        flow_query_before_retry(),
        flow_code_payment_left_open(),
        flow_number_reused(),
        flow_order_left_unpaid(),
        flow_payment_not_noticed(),
        flow_refund_number_changed(),
        flow_refund_not_confirmed(),
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
        run_no_traffic(),
    };
    return kRules;
}

void Found::judge(const Case& subject) {
    for (rule_ = 0; rule_ < rules().size(); ++rule_) {
        if (rules()[rule_].judge != nullptr) rules()[rule_].judge(subject, *this);
    }
}

void Found::judge_run(std::uint64_t calls) {
    for (rule_ = 0; rule_ < rules().size(); ++rule_) {
        if (rules()[rule_].judge_run != nullptr) rules()[rule_].judge_run(calls, *this);
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
        finding.exchanges.push_back(step->name());
    }
    keep(std::move(placed));
}

void Found::add(std::string text) {
    const Rule& rule = rules()[rule_];
    Placed placed{rule_, 0, {}};
    placed.finding.rule = rule.id;
    placed.finding.severity = rule.severity;
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
