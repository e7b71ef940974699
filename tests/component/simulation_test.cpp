// Random merchants and users against ledger and notifier, on virtual time. A failure prints its
// seed; WXPAY_SIMULATION_SEED=N runs that one alone, WXPAY_SIMULATION_SEEDS=N runs more than 1000.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/codec/beijing_time.hpp"

#include "sandbox/ledger/funds.hpp"
#include "sandbox/ledger/refund.hpp"
#include "sandbox/notify/schedule.hpp"
#include "tests/support/app_harness.hpp"

namespace wxpay::test {
namespace {

using namespace std::chrono_literals;
using sandbox::Attempt;
using sandbox::Notification;
using sandbox::NotificationKind;
using sandbox::NotificationState;
using sandbox::Order;
using sandbox::Refund;
using sandbox::Verdict;

/// What may come after a state of events.md section 1, within one step and the time that it takes.
bool may_follow(TradeState before, TradeState after) {
    const auto is_one_of = [before, after](std::initializer_list<TradeState> states) {
        return after == before || std::find(states.begin(), states.end(), after) != states.end();
    };
    using enum TradeState;
    switch (before) {
        case not_paid:
            return is_one_of({user_paying, success, closed});
        case user_paying:
            return is_one_of({success, pay_error, not_paid, revoked, closed});
        case pay_error:
            return is_one_of({revoked, closed});
        case success:
            return is_one_of({refund, revoked});
        case refund:
            return is_one_of({success});
        case closed:
        case revoked:
            return is_one_of({});
    }
    return false;
}

/// One world: a sandbox, a merchant who may do anything, users who may do anything.
class World {
  public:
    explicit World(std::uint64_t seed) : dice_(seed ^ 0x5eedU), app_({}, seed) {
        app_.sender.answer = [this](const RecordingSender::Sent& sent) { return mood(sent); };
    }

    /// The first invariant that was broken; empty: none.
    std::string live() {
        constexpr int kSteps = 40;
        for (int step = 0; step < kSteps && problem_.empty(); ++step) {
            act();
            check_ledger();
            check_callbacks();
            if (!problem_.empty()) problem_ += fmt::format(" (step {}: {})", step, last_);
        }
        if (problem_.empty()) settle();
        return problem_;
    }

  private:
    std::uint64_t roll(std::uint64_t sides) { return dice_.next() % sides; }
    void demand(bool holds, const std::string& what) {
        if (!holds && problem_.empty()) problem_ = what;
    }

    http::Outcome mood(const RecordingSender::Sent& sent) {
        const auto [first, is_new] = bodies_.emplace(sent.url, sent.request.body);
        if (!is_new) demand(first->second == sent.request.body, "an attempt has other bytes");
        if (good_) return RecordingSender::success();
        switch (roll(7)) {
            case 0:
                return RecordingSender::success();
            case 1:
                return RecordingSender::unreachable();
            case 2:
                return RecordingSender::timed_out();
            case 3:
                return RecordingSender::answered(500, "Internal Server Error");
            case 4:
                return RecordingSender::answered(200, std::string(roll(2000), '\xff'));
            case 5:
                return RecordingSender::answered(
                    200, "<xml><return_code>FAIL</return_code><return_msg>no</return_msg></xml>");
            default:
                return RecordingSender::answered(302, "");
        }
    }

    std::string some_number() { return fmt::format("S{}", roll(6)); }
    static std::string url_of(const std::string& kind, const std::string& number) {
        return "http://127.0.0.1:9190/" + kind + "/" + number;
    }

    void act() {
        const std::string number = some_number();
        const std::string id = "/_sandbox/v1/orders/1900000109:" + number;
        switch (const auto what = roll(12)) {
            case 0:
            case 1:
                last_ = "order " + number;
                app_.v2("/pay/unifiedorder",
                        AppHarness::order(number, {{"notify_url", url_of("pay", number)}}));
                break;
            case 2:
            case 3: {
                constexpr std::array kOutcomes{"success", "success", "cancel", "notenough",
                                               "userpaying"};
                const char* const outcome = kOutcomes.at(roll(kOutcomes.size()));
                last_ = fmt::format("pay {} {}", number, outcome);
                app_.control("POST", id + "/pay", {{"outcome", outcome}});
                break;
            }
            case 4:
                last_ = "close " + number;
                if (roll(3) == 0) app_.v2("/pay/closeorder", {{"out_trade_no", number}});
                break;
            case 5:
            case 6: {
                const std::string refund = fmt::format("R{}{}", number, roll(4));
                last_ = "refund " + refund;
                app_.v2("/secapi/pay/refund", {{"out_trade_no", number},
                                               {"out_refund_no", refund},
                                               {"total_fee", "888"},
                                               {"refund_fee", std::to_string(1 + roll(500))},
                                               {"notify_url", url_of("refund", refund)}});
                break;
            }
            case 7: {
                constexpr std::array kEnds{"success", "closed", "abnormal", "hold"};
                const char* const end = kEnds.at(roll(kEnds.size()));
                last_ = fmt::format("refunds of {} end with {}", number, end);
                app_.control("POST", id + "/refund-outcome", {{"outcome", end}});
                break;
            }
            case 8:
                last_ = "code payment";
                app_.v2("/pay/micropay",
                        {{"body", "b"},
                         {"out_trade_no", fmt::format("C{}", roll(3))},
                         {"total_fee", "888"},
                         {"spbill_create_ip", "1.2.3.4"},
                         {"auth_code", fmt::format("1345{:010}{}", roll(1'000'000),
                                                   roll(2) == 0 ? "1234" : "9002")}});
                break;
            case 9:
                last_ = "reverse";
                app_.v2("/secapi/pay/reverse", {{"out_trade_no", fmt::format("C{}", roll(3))}});
                break;
            default: {
                const std::chrono::seconds by{what == 10 ? roll(40) : roll(4 * 3600)};
                last_ = fmt::format("{} s pass", by.count());
                app_.advance(by);
            }
        }
        app_.run_due();
    }

    void check_ledger() {
        const auto ledger = app_.store->begin();
        std::int64_t paid_in = 0;
        std::set<std::string> transactions;
        for (const Order& order : ledger->orders({})) {
            const std::string number = order.out_trade_no.str();
            const auto [known, is_new] = states_.emplace(number, order.state);
            demand(is_new || may_follow(known->second, order.state),
                   fmt::format("{}: from {} to {}", number, wire_name(known->second),
                               wire_name(order.state)));
            known->second = order.state;
            if (!order.transaction_id.empty()) {
                demand(transactions.insert(order.transaction_id.str()).second,
                       "two orders have one transaction_id");
                paid_in += order.total.count();
            }
            std::int64_t held = 0;
            for (const Refund& refund : ledger->refunds_of(order.id))
                if (refund.holds_money()) held += refund.fee.count();
            demand(held <= order.total.count(), number + ": more is paid back than was paid");
            demand(held == order.refunded.count(), number + ": its refunds do not add up");
        }
        std::int64_t booked = 0;
        std::int64_t payments = 0;
        const MchId shop = MchId::parse(AppHarness::kMchId).value();
        for (const auto& entry : ledger->fund_entries(shop, Instant{}, Instant::max())) {
            booked += entry.amount.count();
            if (entry.kind == sandbox::FundKind::payment) payments += entry.amount.count();
        }
        demand(payments == paid_in,
               fmt::format("the account got {} fen, the orders {}", payments, paid_in));
        const auto balance = ledger->balance(shop);
        demand(!balance || balance->count() - booked == kTopUp, "the account does not add up");
    }

    void check_callbacks() {
        const auto ledger = app_.store->begin();
        std::map<std::string, int> payments;
        for (const Notification& each : ledger->notifications({})) {
            const auto order = ledger->find_order(each.mch_id, each.out_trade_no);
            demand(order.has_value(), "a callback about no order");
            if (!order) return;
            if (each.kind == NotificationKind::payment) {
                ++payments[each.out_trade_no.str()];
                demand(order->paid_at.has_value(), "a callback of a payment that is not there");
            }
            check_attempts(each);
        }
        for (const Order& order : ledger->orders({})) {
            const bool tells = order.paid_at && !order.notify_url.empty();
            demand(payments[order.out_trade_no.str()] == (tells ? 1 : 0),
                   order.out_trade_no.str() + ": not told once of its payment");
        }
    }

    void check_attempts(const Notification& callback) {
        const auto& attempts = callback.attempts;
        constexpr std::size_t kMost = sandbox::kNotifyWaits.size() + 1;
        demand(attempts.size() <= kMost, "too many attempts");
        for (std::size_t i = 0; i < attempts.size(); ++i) {
            demand(attempts[i].n == static_cast<int>(i) + 1, "attempts are not counted");
            if (i == 0) continue;
            demand(attempts[i - 1].verdict != Verdict::ok, "tried again after a success");
            demand(attempts[i].at - attempts[i - 1].at == sandbox::kNotifyWaits.at(i - 1),
                   fmt::format("attempt {} is not on the schedule", i + 1));
        }
        const bool succeeded = !attempts.empty() && attempts.back().verdict == Verdict::ok;
        const NotificationState right = succeeded                  ? NotificationState::delivered
                                        : attempts.size() == kMost ? NotificationState::exhausted
                                                                   : NotificationState::pending;
        demand(callback.state == right, "a callback's state is not what its attempts say");
        demand(callback.next_at.has_value() == (right == NotificationState::pending),
               "a callback's next attempt");
    }

    /// In the end a merchant who answers well hears of everything that is not exhausted.
    void settle() {
        good_ = true;
        last_ = "the end";
        app_.advance(25h);
        check_ledger();
        check_callbacks();
        for (const Notification& each : app_.store->begin()->notifications({}))
            demand(each.state != NotificationState::pending, "a callback that never came");
    }

    static constexpr std::int64_t kTopUp = 100'000'000;  // the demo merchant's

    SeededRandom dice_;
    AppHarness app_;
    bool good_ = false;
    std::map<std::string, std::string> bodies_;  // by url: one callback each
    std::map<std::string, TradeState> states_;
    std::string last_;
    std::string problem_;
};

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* const text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// A quarter of the seeds each, so that they run side by side.
class Simulation : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Simulation, KeepsEveryInvariant) {
    if (const auto one = from_environment("WXPAY_SIMULATION_SEED", 0); one != 0) {
        EXPECT_EQ(World(one).live(), "") << "seed " << one;
        return;
    }
    const std::uint64_t seeds = from_environment("WXPAY_SIMULATION_SEEDS", 1000);
    for (std::uint64_t seed = 1 + GetParam(); seed <= seeds; seed += 4) {
        const std::string problem = World(seed).live();
        ASSERT_EQ(problem, "") << "again with WXPAY_SIMULATION_SEED=" << seed;
    }
}

INSTANTIATE_TEST_SUITE_P(Quarter, Simulation, testing::Values(0, 1, 2, 3));

}  // namespace
}  // namespace wxpay::test
