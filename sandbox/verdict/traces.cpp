#include "sandbox/verdict/traces.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <tuple>
#include <utility>

#include "sandbox/acceptance_twin.hpp"
#include "sandbox/exchanges/exchange_log.hpp"
#include "sandbox/limits.hpp"

namespace wxpay::sandbox {
namespace {

using verdict::Operation;
using verdict::Outcome;
using verdict::Step;
using verdict::Trace;

/// Whether an order begins to be remembered by this. New orders that are accepted are the most
/// frequent calls, and nothing is to be said about them alone.
bool begins_a_trace(const Step& step) {
    if (step.details) return true;
    return step.operation != Operation::order && step.operation != Operation::bill &&
           step.operation != Operation::other;
}

/// A merchant that polls makes one step of it.
bool repeats(const Step& before, const Step& step) {
    return !before.details && !step.details && before.operation == step.operation &&
           before.outcome == step.outcome && before.told == step.told && before.mark == step.mark;
}

/// One that belongs to no order stands for itself.
bool is_of_an_order(const Trace& trace) { return !trace.out_trade_no.empty(); }

bool is_about_a_refund(Operation operation) {
    return operation == Operation::refund || operation == Operation::refund_query;
}

std::uint64_t refund_key(const std::string& mch_id, std::uint64_t mark) {
    return mark ^ (std::hash<std::string>()(mch_id) << 1U);
}

}  // namespace

Traces::Counts& Traces::Counts::operator+=(const Counts& other) {
    calls += other.calls;
    refused += other.refused;
    attempts += other.attempts;
    queries += other.queries;
    bills += other.bills;
    return *this;
}

std::size_t Traces::KeyHash::operator()(const Key& key) const {
    const std::hash<std::string_view> hash;
    return hash(key.out_trade_no) ^ (hash(key.mch_id) << 1U);
}

Traces::Counts& Traces::counts_of(const std::string& mch_id) {
    const auto found = counts_.find(mch_id);
    if (found != counts_.end()) return found->second;
    // Anybody can make up merchants: those that have no room count as nobody's.
    return counts_[counts_.size() < kTraceMerchantsMax ? mch_id : std::string()];
}

Trace* Traces::find(const Key& key) {
    const auto found = by_key_.find(key);
    return found == by_key_.end() ? nullptr : &*found->second;
}

Trace& Traces::insert(std::string mch_id, std::string out_trade_no) {
    if (traces_.size() == kTracesMax) let_go_of_oldest();
    traces_.push_back({std::move(mch_id), std::move(out_trade_no), {}});
    const auto added = std::prev(traces_.end());
    by_key_.emplace(Key{added->mch_id, added->out_trade_no}, added);
    return *added;
}

Traces::Left& Traces::left_of(const std::string& mch_id) {
    const auto found = left_.find(mch_id);
    if (found != left_.end()) return found->second;
    return left_[left_.size() < kTraceMerchantsMax ? mch_id : std::string()];
}

void Traces::append(Trace& trace, Step step) {
    if (!trace.steps.empty() && repeats(trace.steps.back(), step)) {
        trace.steps.back() = std::move(step);
        return;
    }
    if (trace.steps.size() == kTraceStepsMax) {
        if (is_of_an_order(trace)) {
            ++trace.dropped;
        } else {
            const Trace alone{trace.mch_id, {}, {trace.steps.front()}};
            left_of(trace.mch_id).found.judge({alone, nullptr, {}, {}});
        }
        trace.steps.erase(trace.steps.begin());
    }
    trace.steps.push_back(std::move(step));
}

void Traces::let_go_of_oldest() {
    const Trace& oldest = traces_.front();
    Left& left = left_of(oldest.mch_id);
    if (is_of_an_order(oldest)) ++left.orders;
    if (!oldest.is_plain()) left.found.judge({oldest, nullptr, {}, {}, oldest.dropped == 0});
    by_key_.erase(Key{oldest.mch_id, oldest.out_trade_no});
    traces_.pop_front();
}

void Traces::remember_open_refund(const Trace& trace, const Step& step) {
    const std::uint64_t key = refund_key(trace.mch_id, step.mark);
    if (step.operation == Operation::refund && step.outcome == Outcome::unknown) {
        if (open_refunds_.size() < kTracesMax)
            open_refunds_.insert_or_assign(key, std::pair(trace.mch_id, trace.out_trade_no));
    } else if (step.outcome != Outcome::unknown) {
        open_refunds_.erase(key);
    }
}

/// An outage says the same in thousands of attempts, one order's above all.
void Traces::share_details(const Trace* trace, Step& step) {
    if (!step.details) return;
    const bool has_steps = trace != nullptr && !trace->steps.empty();
    for (const auto& known : {has_steps ? trace->steps.back().details : nullptr, last_details_}) {
        if (!known || *known != *step.details) continue;
        step.details = known;
        break;
    }
    last_details_ = step.details;
}

void Traces::place(verdict::Reading reading) {
    Step& step = reading.step;
    Trace* trace = find({reading.mch_id, reading.out_trade_no});
    share_details(trace, step);
    if (trace == nullptr) {
        if (!begins_a_trace(step)) return;
        trace = &insert(std::move(reading.mch_id), std::move(reading.out_trade_no));
    }
    if (is_about_a_refund(step.operation) && step.mark != 0) remember_open_refund(*trace, step);
    append(*trace, std::move(step));
}

void Traces::see(const Exchange& exchange) {
    verdict::Reading reading = verdict::read(exchange);
    Step& step = reading.step;
    const std::lock_guard lock(mutex_);
    step.n = ++last_n_;
    Counts& counts = counts_of(reading.mch_id);
    if (step.operation == Operation::callback) {
        ++counts.attempts;
    } else {
        ++counts.calls;
        if (step.is_refusal()) ++counts.refused;
        if (step.operation == Operation::query) ++counts.queries;
        if (step.operation == Operation::bill && step.outcome != Outcome::refused) ++counts.bills;
    }

    const bool is_refund = is_about_a_refund(step.operation);
    if (is_refund && (step.details || !open_refunds_.empty())) {
        const auto details = verdict::refund_details(exchange);
        if (!step.details) step.details = details;
        if (!details->out_refund_no.empty()) {
            step.mark = verdict::mark_of(details->out_refund_no);
            const auto known = open_refunds_.find(refund_key(reading.mch_id, step.mark));
            if (known != open_refunds_.end())
                std::tie(reading.mch_id, reading.out_trade_no) = known->second;
        }
    }
    place(std::move(reading));
}

void Traces::see(const verdict::Invocation& invocation) {
    verdict::Reading reading = verdict::read(invocation);
    const std::lock_guard lock(mutex_);
    reading.step.n = ++last_n_;
    place(std::move(reading));
}

Traces::Snapshot Traces::snapshot(const std::string& mch_id) const {
    // The acceptance sandbox's twin of a merchant is the same merchant.
    const auto is_wanted = [&](std::string_view each) {
        return mch_id.empty() || each == mch_id || wire_id(each) == mch_id;
    };
    Snapshot out;
    const std::lock_guard lock(mutex_);
    out.since = since_;
    for (const auto& [id, counts] : counts_) {
        if (!is_wanted(id)) continue;
        // The twin's calls are the merchant's.
        out.counts[std::string(wire_id(id))] += counts;
    }
    for (const Trace& trace : traces_) {
        if (!is_wanted(trace.mch_id)) continue;
        out.traces.push_back(trace);
        out.steps_left += trace.dropped;
    }
    for (const auto& [id, left] : left_) {
        if (!is_wanted(id)) continue;
        out.orders_left += left.orders;
        out.left.merge(left.found);
    }
    return out;
}

void Traces::clear(const std::string& mch_id, Instant now) {
    const std::lock_guard lock(mutex_);
    if (mch_id.empty()) {
        by_key_.clear();
        traces_.clear();
        counts_.clear();
        open_refunds_.clear();
        left_.clear();
        last_details_.reset();
        since_ = now;
        return;
    }
    const std::string twin = "s" + mch_id;
    for (auto each = traces_.begin(); each != traces_.end();) {
        const auto next = std::next(each);
        if (each->mch_id == mch_id || each->mch_id == twin) {
            by_key_.erase(Key{each->mch_id, each->out_trade_no});
            traces_.erase(each);
        }
        each = next;
    }
    std::erase_if(open_refunds_, [&](const auto& each) {
        return each.second.first == mch_id || each.second.first == twin;
    });
    for (const std::string& id : {mch_id, twin}) {
        counts_.erase(id);
        left_.erase(id);
    }
}

std::size_t Traces::size() const {
    const std::lock_guard lock(mutex_);
    return traces_.size();
}

}  // namespace wxpay::sandbox
