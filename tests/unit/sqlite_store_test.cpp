#include "sandbox/store/sqlite_store.hpp"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "sandbox/ledger/comment.hpp"
#include "sandbox/ledger/payout.hpp"
#include "tests/support/process.hpp"

namespace wxpay::sandbox {
namespace {

using test::TemporaryDirectory;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const MchId kShop = MchId::parse("1900000109").value();
const MchId kOther = MchId::parse("1900000110").value();
const AppId kApp = AppId::parse("wx8888888888888888").value();
const AppId kOtherApp = AppId::parse("wx1111111111111111").value();

Instant at(std::int64_t millis) { return Instant(Millis(millis)); }
OutTradeNo number(const std::string& text) { return OutTradeNo::parse(text).value(); }

/// As little as an order can be; the prepay_id follows from the number.
Order minimal(const std::string& out_trade_no, const MchId& mch_id = kShop) {
    Order order;
    order.mch_id = mch_id;
    order.out_trade_no = number(out_trade_no);
    order.appid = kApp;
    order.prepay_id = PrepayId::parse("wx" + mch_id.str() + out_trade_no).value();
    order.total = Fen{1};
    return order;
}

Order full(const std::string& out_trade_no) {
    Order order = minimal(out_trade_no);
    order.sub_mch_id = "1900000200";
    order.sub_appid = "wx2222222222222222";
    order.api = ApiVersion::v3;
    order.trade_type = TradeType::mweb;
    order.state = TradeState::refund;
    order.total = kOrderTotalMax;
    order.body = "唐诗三百首 🀄";
    order.attach = "'); DROP TABLE orders; --";
    order.device_info = std::string("a\0b", 3);
    order.openid = "oUser";
    order.sub_openid = "oSubUser";
    order.notify_url = "http://127.0.0.1/notify";
    order.nonce_str = "nonce";
    order.sign_type = v2::SignType::hmac_sha256;
    order.limit_pay = "no_credit";
    order.creation = "body=a&total_fee=1";
    order.prepaid_at = at(1'717'214'400'001);
    order.code_url = "weixin://wxpay/bizpayurl?pr=a";
    order.mweb_url = "https://wx.tenpay.com/a";
    order.created_at = at(1'717'214'400'000);
    order.expires_at = at(1'717'221'600'000);
    order.transaction_id = TransactionId::parse("4200000001202406010000000001").value();
    order.paid_at = at(1'717'214'460'123);
    order.bank_type = "ICBC_DEBIT";
    order.coupons = {{"10000", "CASH", Fen{100}}, {"10001", "NO_CASH", Fen{1}}};
    return order;
}

auto members(const Order& o) {
    return std::tie(o.id, o.mch_id, o.out_trade_no, o.appid, o.sub_mch_id, o.sub_appid, o.api,
                    o.trade_type, o.state, o.total, o.body, o.attach, o.device_info, o.openid,
                    o.sub_openid, o.notify_url, o.nonce_str, o.sign_type, o.limit_pay, o.creation,
                    o.prepay_id, o.prepaid_at, o.code_url, o.mweb_url, o.created_at, o.expires_at,
                    o.transaction_id, o.paid_at, o.bank_type, o.coupons);
}

auto members(const Attempt& a) {
    return std::tie(a.n, a.at, a.http_status, a.latency, a.verdict, a.reason, a.response_body,
                    a.is_probe);
}

auto members(const Notification& n) {
    return std::tie(n.id, n.kind, n.mch_id, n.out_trade_no, n.url, n.body, n.state, n.retries,
                    n.next_at);
}

void expect_same(const Order& found, const Order& wanted) {
    EXPECT_TRUE(members(found) == members(wanted)) << wanted.out_trade_no.str();
}

void expect_same(const Notification& found, const Notification& wanted) {
    EXPECT_TRUE(members(found) == members(wanted)) << wanted.id;
    EXPECT_TRUE(
        std::equal(found.attempts.begin(), found.attempts.end(), wanted.attempts.begin(),
                   wanted.attempts.end(),
                   [](const Attempt& a, const Attempt& b) { return members(a) == members(b); }))
        << wanted.id;
}

Notification callback(const std::string& out_trade_no, const MchId& mch_id = kShop) {
    Notification notification;
    notification.mch_id = mch_id;
    notification.out_trade_no = number(out_trade_no);
    notification.url = "http://127.0.0.1/notify";
    notification.body = "<xml>支付</xml>";
    notification.next_at = at(5000);
    return notification;
}

Attempt attempt(int n, Verdict verdict) {
    Attempt attempt;
    attempt.n = n;
    attempt.at = at(5000 + n);
    attempt.http_status = 200;
    attempt.latency = Millis(17);
    attempt.verdict = verdict;
    attempt.reason = "return_code 为 FAIL";
    attempt.response_body = std::string("<\0>", 3);
    attempt.is_probe = true;
    return attempt;
}

Timer timer(std::int64_t due, std::int64_t subject, TimerKind kind = TimerKind::deliver) {
    return {0, at(due), kind, subject};
}

template <class Record>
std::vector<std::int64_t> ids(const std::vector<Record>& records) {
    std::vector<std::int64_t> out;
    for (const Record& each : records) out.push_back(each.id);
    return out;
}

std::vector<std::int64_t> subjects(const std::vector<Timer>& timers) {
    std::vector<std::int64_t> out;
    for (const Timer& each : timers) out.push_back(each.subject);
    return out;
}

/// The verbs, on a store of either kind.
class SqliteStoreVerbs : public testing::TestWithParam<bool> {
  protected:
    /// Runs `work` in a transaction and commits.
    template <class Work>
    auto commit(Work work) {
        const auto transaction = store_->begin();
        if constexpr (std::is_void_v<decltype(work(*transaction))>) {
            work(*transaction);
            transaction->commit();
        } else {
            auto result = work(*transaction);
            transaction->commit();
            return result;
        }
    }
    Order insert(Order order) {
        EXPECT_TRUE(commit([&](Transaction& t) { return t.insert_order(order); }));
        return order;
    }
    Notification insert(Notification notification) {
        commit([&](Transaction& t) { t.insert_notification(notification); });
        return notification;
    }
    Timer insert(Timer timer) {
        commit([&](Transaction& t) { t.insert_timer(timer); });
        return timer;
    }
    std::vector<std::int64_t> claim(std::int64_t now, std::size_t limit = 100) {
        return subjects(commit([&](Transaction& t) { return t.claim_due(at(now), limit); }));
    }
    std::vector<std::int64_t> list(const OrderFilter& filter) {
        return ids(store_->begin()->orders(filter));
    }
    std::vector<std::int64_t> list(const NotificationFilter& filter) {
        return ids(store_->begin()->notifications(filter));
    }

    TemporaryDirectory directory_;
    std::unique_ptr<SqliteStore> store_ =
        SqliteStore::open(GetParam() ? std::optional(directory_.path()) : std::nullopt);
};

INSTANTIATE_TEST_SUITE_P(, SqliteStoreVerbs, testing::Bool(),
                         [](const auto& kind) { return kind.param ? "InAFile" : "InMemory"; });

TEST_P(SqliteStoreVerbs, FindAFullOrderByEachOfItsKeys) {
    insert(minimal("before"));
    const Order order = insert(full("full"));
    insert(minimal("after"));
    const auto t = store_->begin();
    expect_same(t->find_order(order.id).value(), order);
    expect_same(t->find_order(kShop, number("full")).value(), order);
    expect_same(t->find_order(order.prepay_id).value(), order);
    expect_same(t->find_order(order.transaction_id).value(), order);
}

TEST_P(SqliteStoreVerbs, FindAMinimalOrder) {
    const Order order = insert(minimal("a"));
    expect_same(store_->begin()->find_order(order.id).value(), order);
}

TEST_P(SqliteStoreVerbs, FindNothingByKeysThatWereNotStored) {
    const Order order = insert(minimal("a"));
    const auto t = store_->begin();
    EXPECT_FALSE(t->find_order(order.id + 1));
    EXPECT_FALSE(t->find_order(kOther, number("a")));
    EXPECT_FALSE(t->find_order(kShop, number("A"))) << "numbers are case-sensitive";
    EXPECT_FALSE(t->find_order(PrepayId::parse("wx0").value()));
    EXPECT_FALSE(t->find_order(TransactionId{})) << "of an order that is not paid";
}

TEST_P(SqliteStoreVerbs, KeepEveryTradeTypeAndState) {
    using enum TradeType;
    using enum TradeState;
    for (const TradeType type : {jsapi, native, app, mweb, micropay}) {
        for (const TradeState state :
             {not_paid, user_paying, pay_error, success, refund, closed, revoked}) {
            Order order = minimal(std::string(wire_name(type)) + std::string(wire_name(state)));
            order.trade_type = type;
            order.state = state;
            order = insert(order);
            expect_same(store_->begin()->find_order(order.id).value(), order);
        }
    }
}

TEST_P(SqliteStoreVerbs, TakeANumberOncePerMerchant) {
    const Order first = insert(minimal("a"));
    Order again = minimal("a");
    again.prepay_id = PrepayId::parse("wxAgain").value();
    again.body = "another";
    EXPECT_FALSE(commit([&](Transaction& t) { return t.insert_order(again); }));
    expect_same(store_->begin()->find_order(kShop, number("a")).value(), first);
    EXPECT_GT(insert(minimal("a", kOther)).id, first.id);
}

TEST_P(SqliteStoreVerbs, RefuseABurntNumber) {
    commit([](Transaction& t) {
        t.burn_number(kShop, number("a"));
        t.burn_number(kShop, number("a"));
    });
    EXPECT_TRUE(store_->begin()->is_burnt(kShop, number("a")));
    EXPECT_FALSE(store_->begin()->is_burnt(kShop, number("b")));
    EXPECT_FALSE(store_->begin()->is_burnt(kOther, number("a")));
    Order order = minimal("a");
    EXPECT_FALSE(commit([&](Transaction& t) { return t.insert_order(order); }));
    EXPECT_FALSE(store_->begin()->find_order(kShop, number("a")));
    insert(minimal("a", kOther));
}

TEST_P(SqliteStoreVerbs, ChangeAllOfAnOrderButItsKeysAndParameters) {
    const Order old = insert(minimal("a"));
    insert(minimal("b"));
    Order now = full("c");
    now.id = old.id;
    commit([&](Transaction& t) { t.update_order(now); });

    Order wanted = old;
    wanted.state = now.state;
    wanted.total = now.total;  // an acceptance case shows another one
    wanted.device_info = now.device_info;
    wanted.openid = now.openid;
    wanted.nonce_str = now.nonce_str;
    wanted.sign_type = now.sign_type;
    wanted.prepay_id = now.prepay_id;
    wanted.prepaid_at = now.prepaid_at;
    wanted.code_url = now.code_url;
    wanted.mweb_url = now.mweb_url;
    wanted.transaction_id = now.transaction_id;
    wanted.paid_at = now.paid_at;
    wanted.bank_type = now.bank_type;
    wanted.coupons = now.coupons;
    expect_same(store_->begin()->find_order(old.id).value(), wanted);
    EXPECT_FALSE(store_->begin()->find_order(kShop, number("b"))->is_paid());
}

TEST_P(SqliteStoreVerbs, ThrowWhenAnIdWouldNameTwoOrders) {
    const Order first = insert(full("a"));
    Order second = minimal("b");
    second.prepay_id = first.prepay_id;
    EXPECT_THROW(store_->begin()->insert_order(second), std::runtime_error);
    second = insert(minimal("b"));
    second.transaction_id = first.transaction_id;
    EXPECT_THROW(store_->begin()->update_order(second), std::runtime_error);
}

TEST_P(SqliteStoreVerbs, TakeAllBackWithoutCommit) {
    {
        const auto t = store_->begin();
        Order order = minimal("a");
        EXPECT_TRUE(t->insert_order(order));
        t->burn_number(kShop, number("b"));
        Timer soon = timer(1, 1);
        t->insert_timer(soon);
        EXPECT_TRUE(t->find_order(order.id));
    }
    EXPECT_FALSE(store_->begin()->find_order(kShop, number("a")));
    EXPECT_FALSE(store_->begin()->is_burnt(kShop, number("b")));
    EXPECT_FALSE(store_->begin()->next_due());
    insert(minimal("a"));
    insert(minimal("b"));
}

TEST_P(SqliteStoreVerbs, WorkAfterAnError) {
    const Order first = insert(minimal("a"));
    {
        const auto t = store_->begin();
        t->burn_number(kShop, number("b"));
        Order same = minimal("c");
        same.prepay_id = first.prepay_id;
        EXPECT_THROW(t->insert_order(same), std::runtime_error);
    }
    EXPECT_FALSE(store_->begin()->is_burnt(kShop, number("b")));
    insert(minimal("c"));
}

TEST_P(SqliteStoreVerbs, ListOrdersNewestFirstPageByPage) {
    const auto a = insert(minimal("a")).id;
    const auto b = insert(minimal("b", kOther)).id;
    const auto c = insert(full("c")).id;
    const auto d = insert(minimal("a", kOther)).id;
    EXPECT_THAT(list(OrderFilter{}), ElementsAre(d, c, b, a));
    EXPECT_THAT(list(OrderFilter{.mch_id = kOther.str()}), ElementsAre(d, b));
    EXPECT_THAT(list(OrderFilter{.out_trade_no = "a"}), ElementsAre(d, a));
    EXPECT_THAT(list(OrderFilter{.mch_id = kShop.str(), .out_trade_no = "a"}), ElementsAre(a));
    EXPECT_THAT(list(OrderFilter{.state = TradeState::refund}), ElementsAre(c));
    EXPECT_THAT(list(OrderFilter{.mch_id = kShop.str(), .state = TradeState::not_paid}),
                ElementsAre(a));
    EXPECT_THAT(list(OrderFilter{.mch_id = "' OR 1 = 1 --"}), IsEmpty());
    EXPECT_THAT(list(OrderFilter{.limit = 3}), ElementsAre(d, c, b));
    EXPECT_THAT(list(OrderFilter{.limit = 3, .before_id = b}), ElementsAre(a));
    EXPECT_THAT(list(OrderFilter{.mch_id = kOther.str(), .limit = 1, .before_id = d}),
                ElementsAre(b));
    EXPECT_THAT(list(OrderFilter{.before_id = a}), IsEmpty());
}

TEST_P(SqliteStoreVerbs, TakeALoginCodeOncePerApp) {
    const auto use = [&](const AppId& appid, const std::string& code) {
        return commit([&](Transaction& t) { return t.use_login_code(appid, code); });
    };
    EXPECT_TRUE(use(kApp, "code"));
    EXPECT_FALSE(use(kApp, "code"));
    EXPECT_TRUE(use(kApp, "Code"));
    EXPECT_TRUE(use(kOtherApp, "code"));
}

TEST_P(SqliteStoreVerbs, KnowAnOpenidOfAnotherApp) {
    const auto is_foreign = [&](const std::string& openid) {
        return store_->begin()->is_openid_of_another_app(kApp, openid);
    };
    commit([](Transaction& t) {
        t.add_openid(kApp, "oOurs");
        t.add_openid(kApp, "oOurs");
        t.add_openid(kOtherApp, "oTheirs");
        t.add_openid(kApp, "oBoth");
        t.add_openid(kOtherApp, "oBoth");
    });
    EXPECT_TRUE(is_foreign("oTheirs"));
    EXPECT_FALSE(is_foreign("oOurs"));
    EXPECT_FALSE(is_foreign("oBoth"));
    EXPECT_FALSE(is_foreign("oNobody"));
}

TEST_P(SqliteStoreVerbs, KeepANotificationWithItsAttempts) {
    Notification first = callback("a");
    first.kind = NotificationKind::refund;
    first = insert(first);
    Notification second = callback("a");
    second.next_at.reset();
    second = insert(second);
    EXPECT_GT(second.id, first.id);

    const Verdict verdicts[] = {Verdict::ok, Verdict::refused, Verdict::bad_answer,
                                Verdict::timeout, Verdict::unreachable};
    for (const Verdict verdict : verdicts) {
        first.attempts.push_back(attempt(static_cast<int>(first.attempts.size()) + 1, verdict));
        commit([&](Transaction& t) { t.insert_attempt(first.id, first.attempts.back()); });
    }
    const auto t = store_->begin();
    expect_same(t->find_notification(first.id).value(), first);
    expect_same(t->find_notification(second.id).value(), second);
    EXPECT_FALSE(t->find_notification(second.id + 1));
    const auto all = t->notifications({});
    ASSERT_EQ(all.size(), 2U);
    expect_same(all[0], second);
    expect_same(all[1], first);
}

TEST_P(SqliteStoreVerbs, ChangeHowFarANotificationIs) {
    const Notification other = insert(callback("a"));
    for (const auto state :
         {NotificationState::delivered, NotificationState::exhausted, NotificationState::pending}) {
        Notification notification = insert(callback("a"));
        notification.state = state;
        notification.retries = 15;
        notification.next_at.reset();
        commit([&](Transaction& t) { t.update_notification(notification); });
        expect_same(store_->begin()->find_notification(notification.id).value(), notification);
    }
    expect_same(store_->begin()->find_notification(other.id).value(), other);
}

TEST_P(SqliteStoreVerbs, ListNotificationsNewestFirstPageByPage) {
    const auto a = insert(callback("a")).id;
    const auto b = insert(callback("b", kOther)).id;
    Notification delivered = callback("a");
    delivered.state = NotificationState::delivered;
    const auto c = insert(delivered).id;
    EXPECT_THAT(list(NotificationFilter{}), ElementsAre(c, b, a));
    EXPECT_THAT(list(NotificationFilter{.mch_id = kShop.str()}), ElementsAre(c, a));
    EXPECT_THAT(list(NotificationFilter{.mch_id = kOther.str(), .out_trade_no = "b"}),
                ElementsAre(b));
    EXPECT_THAT(list(NotificationFilter{.out_trade_no = "a", .state = NotificationState::pending}),
                ElementsAre(a));
    EXPECT_THAT(list(NotificationFilter{.limit = 2}), ElementsAre(c, b));
    EXPECT_THAT(list(NotificationFilter{.limit = 2, .before_id = b}), ElementsAre(a));
}

TEST_P(SqliteStoreVerbs, HandOutDueTimersEarliestFirstTiesByCreation) {
    EXPECT_FALSE(store_->begin()->next_due());
    insert(timer(300, 1));
    insert(timer(100, 2));
    insert(timer(200, 3));
    insert(timer(100, 4));
    EXPECT_EQ(store_->begin()->next_due(), at(100));
    EXPECT_THAT(claim(99), IsEmpty());
    EXPECT_THAT(claim(200, 2), ElementsAre(2, 4));
    EXPECT_EQ(store_->begin()->next_due(), at(200));
    EXPECT_THAT(claim(200), ElementsAre(3));
    EXPECT_THAT(claim(200), IsEmpty());
    EXPECT_EQ(store_->begin()->next_due(), at(300));
    EXPECT_THAT(claim(1000), ElementsAre(1));
    EXPECT_FALSE(store_->begin()->next_due());
}

TEST_P(SqliteStoreVerbs, HandOutATimerAsItWasPutIn) {
    for (const auto kind : {TimerKind::deliver, TimerKind::auto_pay, TimerKind::finish_paying}) {
        const Timer stored = insert(timer(-1, 7, kind));
        const auto due = commit([](Transaction& t) { return t.claim_due(at(0), 10); });
        ASSERT_EQ(due.size(), 1U);
        EXPECT_EQ(due[0].id, stored.id);
        EXPECT_EQ(due[0].due, at(-1));
        EXPECT_EQ(due[0].kind, kind);
        EXPECT_EQ(due[0].subject, 7);
    }
}

TEST_P(SqliteStoreVerbs, HandOutATimerAgainWhoseClaimWasNotCommitted) {
    insert(timer(1, 7));
    EXPECT_EQ(store_->begin()->claim_due(at(1), 10).size(), 1U);
    EXPECT_THAT(claim(1), ElementsAre(7));
}

TEST_P(SqliteStoreVerbs, EraseTimersByIdAndByWhatTheyAreFor) {
    const Timer claimed = insert(timer(1, 1));
    EXPECT_THAT(claim(1), ElementsAre(1));
    insert(timer(2, 1));
    insert(timer(3, 1));
    insert(timer(4, 1, TimerKind::auto_pay));
    insert(timer(5, 2));
    const Timer last = insert(timer(6, 3));
    commit([&](Transaction& t) {
        t.erase_timers(TimerKind::deliver, 1);
        t.erase_timer(last.id);
        t.erase_timer(claimed.id);  // gone already
    });
    const auto due = commit([](Transaction& t) { return t.claim_due(at(10), 10); });
    ASSERT_THAT(subjects(due), ElementsAre(1, 2));
    EXPECT_EQ(due[0].kind, TimerKind::auto_pay);
}

Payout red_packet(const std::string& number, const MchId& mch_id = kShop) {
    Payout payout;
    payout.kind = PayoutKind::red_packet;
    payout.mch_id = mch_id;
    payout.number = number;
    payout.appid = kApp;
    payout.openid = "oUser";
    payout.amount = Fen{100};
    payout.name = "天虹百货";
    payout.desc = "remark";
    payout.wishing = "wishing";
    payout.activity = "activity";
    payout.terms = "PRODUCT_2";
    payout.state = PayoutState::sent;
    payout.detail_id = "1000041701202406013000000000001";
    payout.created_at = at(1);
    return payout;
}

TEST_P(SqliteStoreVerbs, KeepPayoutsOfEachKindUnderTheirNumbers) {
    Payout sent = red_packet("n1");
    Payout transfer = red_packet("n1");
    transfer.kind = PayoutKind::transfer;
    transfer.state = PayoutState::success;
    transfer.ended_at = at(2);
    commit([&](Transaction& t) {
        t.insert_payout(sent);
        t.insert_payout(transfer);
        sent.state = PayoutState::returned;
        sent.ended_at = at(3);
        t.update_payout(sent);
    });
    const auto everything = [](const Payout& p) {
        return std::tuple(p.id, p.kind, p.mch_id, p.number, p.appid, p.openid, p.amount, p.name,
                          p.desc, p.wishing, p.activity, p.terms, p.state, p.detail_id,
                          p.created_at, p.ended_at);
    };
    const auto transaction = store_->begin();
    EXPECT_EQ(everything(*transaction->find_payout(sent.id)), everything(sent));
    EXPECT_EQ(everything(*transaction->find_payout(PayoutKind::transfer, kShop, "n1")),
              everything(transfer));
    EXPECT_FALSE(transaction->find_payout(PayoutKind::transfer, kOther, "n1"));
    EXPECT_FALSE(transaction->find_payout(PayoutKind::red_packet, kShop, "n2"));
}

TEST_P(SqliteStoreVerbs, ListCommentsOfAPeriodInPages) {
    const auto transaction_id = TransactionId::parse("4200002288202406010123456789").value();
    commit([&](Transaction& t) {
        for (const int second : {3, 1, 2, 4}) {
            Comment comment{0, kShop, at(second), transaction_id, second, "text"};
            t.insert_comment(comment);
        }
        Comment theirs{0, kOther, at(2), transaction_id, 5, "theirs"};
        t.insert_comment(theirs);
    });
    const auto stars = [&](std::int64_t offset, std::int64_t limit) {
        std::vector<int> out;
        for (const Comment& each : store_->begin()->comments(kShop, at(1), at(3), offset, limit))
            out.push_back(each.stars);
        return out;
    };
    EXPECT_THAT(stars(0, 10), ElementsAre(1, 2, 3));
    EXPECT_THAT(stars(1, 1), ElementsAre(2));
    EXPECT_THAT(stars(3, 1), IsEmpty());
}

TEST_P(SqliteStoreVerbs, ForgetOneMerchantAndNothingElse) {
    std::vector<std::int64_t> kept;
    for (const MchId& mch_id : {kShop, kOther}) {
        const Order order = insert(minimal("a", mch_id));
        const Notification notification = insert(callback("a", mch_id));
        // Subjects of both kinds count from 1, so the ids of one are ids of the other as well.
        insert(timer(1, order.id, TimerKind::auto_pay));
        insert(timer(2, notification.id, TimerKind::deliver));
        Payout payout = red_packet("a", mch_id);
        commit([&](Transaction& t) {
            t.insert_attempt(notification.id, attempt(1, Verdict::ok));
            t.burn_number(mch_id, number("burnt"));
            t.insert_payout(payout);
        });
        insert(timer(3, payout.id, TimerKind::settle_payout));
        kept = {order.id, notification.id, payout.id};
    }
    commit([](Transaction& t) {
        EXPECT_TRUE(t.use_login_code(kApp, "code"));
        t.reset(kShop);
    });
    EXPECT_THAT(list(OrderFilter{}), ElementsAre(kept[0]));
    EXPECT_THAT(list(NotificationFilter{}), ElementsAre(kept[1]));
    EXPECT_EQ(store_->begin()->find_notification(kept[1])->attempts.size(), 1U);
    EXPECT_FALSE(store_->begin()->is_burnt(kShop, number("burnt")));
    EXPECT_TRUE(store_->begin()->is_burnt(kOther, number("burnt")));
    EXPECT_FALSE(store_->begin()->find_payout(PayoutKind::red_packet, kShop, "a"));
    EXPECT_TRUE(store_->begin()->find_payout(PayoutKind::red_packet, kOther, "a"));
    EXPECT_THAT(claim(10), ElementsAre(kept[0], kept[1], kept[2]));
    EXPECT_FALSE(commit([](Transaction& t) { return t.use_login_code(kApp, "code"); }));
    insert(minimal("a"));
}

TEST_P(SqliteStoreVerbs, ForgetEverything) {
    insert(full("a"));
    const Notification notification = insert(callback("a"));
    insert(timer(1, 1));
    commit([&](Transaction& t) {
        t.insert_attempt(notification.id, attempt(1, Verdict::ok));
        t.burn_number(kShop, number("burnt"));
        EXPECT_TRUE(t.use_login_code(kApp, "code"));
        t.add_openid(kOtherApp, "oTheirs");
        t.reset(std::nullopt);
    });
    EXPECT_THAT(list(OrderFilter{}), IsEmpty());
    EXPECT_THAT(list(NotificationFilter{}), IsEmpty());
    EXPECT_FALSE(store_->begin()->next_due());
    EXPECT_FALSE(store_->begin()->is_burnt(kShop, number("burnt")));
    EXPECT_TRUE(store_->begin()->use_login_code(kApp, "code"));
    EXPECT_FALSE(store_->begin()->is_openid_of_another_app(kApp, "oTheirs"));
    insert(full("a"));
}

TEST_P(SqliteStoreVerbs, NeverGiveTheIdOfAForgottenOrderAgain) {
    std::int64_t last = 0;
    for (const auto& whose : {std::optional<MchId>{}, std::optional(kShop)}) {
        const auto id = insert(minimal("a")).id;
        EXPECT_GT(id, last);
        last = id;
        commit([&](Transaction& t) { t.reset(whose); });
    }
    EXPECT_GT(insert(minimal("a")).id, last);
}

TEST_P(SqliteStoreVerbs, LetOneOfManyThreadsHaveANumber) {
    constexpr int kThreads = 8;
    constexpr int kNumbers = 25;
    std::atomic<int> wins{0};
    {
        std::vector<std::thread> threads;
        for (int thread = 0; thread < kThreads; ++thread) {
            threads.emplace_back([&, thread] {
                for (int n = 0; n < kNumbers; ++n) {
                    Order order = minimal(std::to_string(n));
                    order.prepay_id =
                        PrepayId::parse("wx" + std::to_string(thread * kNumbers + n)).value();
                    const auto t = store_->begin();
                    if (t->insert_order(order)) ++wins;
                    t->commit();
                }
            });
        }
        for (std::thread& each : threads) each.join();
    }
    EXPECT_EQ(wins, kNumbers);
    EXPECT_EQ(list(OrderFilter{}).size(), static_cast<std::size_t>(kNumbers));
}

/// Another program's look into the file: runs `sql` and returns the first value of its first row.
std::string in_file(const std::filesystem::path& file, const std::string& sql) {
    sqlite3* handle = nullptr;
    EXPECT_EQ(sqlite3_open(file.c_str(), &handle), SQLITE_OK);
    std::string value;
    const auto take = [](void* out, int, char** values, char**) {
        *static_cast<std::string*>(out) = values[0] == nullptr ? "" : values[0];
        return 0;
    };
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), take, &value, nullptr), SQLITE_OK)
        << sqlite3_errmsg(handle);
    sqlite3_close(handle);
    return value;
}

std::string problem_of(const std::filesystem::path& directory) {
    try {
        SqliteStore::open(directory);
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "";
}

TEST(SqliteStoreFile, KeepsEverythingAndStartsClaimedTimersAnew) {
    const TemporaryDirectory directory;
    Order order = full("a");
    Notification notification = callback("a");
    notification.attempts = {attempt(1, Verdict::timeout)};
    {
        const auto store = SqliteStore::open(directory.path());
        const auto t = store->begin();
        EXPECT_TRUE(t->insert_order(order));
        t->insert_notification(notification);
        t->insert_attempt(notification.id, notification.attempts[0]);
        t->burn_number(kShop, number("burnt"));
        EXPECT_TRUE(t->use_login_code(kApp, "code"));
        t->add_openid(kOtherApp, "oTheirs");
        for (const std::int64_t due : {1, 2, 3}) {
            Timer each = timer(due, due);
            t->insert_timer(each);
        }
        EXPECT_EQ(t->claim_due(at(2), 10).size(), 2U);
        t->commit();
    }
    const auto store = SqliteStore::open(directory.path());
    const auto t = store->begin();
    expect_same(t->find_order(order.id).value(), order);
    expect_same(t->find_notification(notification.id).value(), notification);
    EXPECT_TRUE(t->is_burnt(kShop, number("burnt")));
    Order burnt = minimal("burnt");
    EXPECT_FALSE(t->insert_order(burnt));
    EXPECT_FALSE(t->use_login_code(kApp, "code"));
    EXPECT_TRUE(t->is_openid_of_another_app(kApp, "oTheirs"));
    EXPECT_EQ(t->next_due(), at(1));
    EXPECT_THAT(subjects(t->claim_due(at(9), 10)), ElementsAre(1, 2, 3));
}

TEST(SqliteStoreFile, HoldsTheWireWordsAndFixedNumbersOfTimers) {
    const TemporaryDirectory directory;
    {
        const auto store = SqliteStore::open(directory.path());
        const auto t = store->begin();
        Order order = full("a");
        t->insert_order(order);
        Notification notification = callback("a");
        t->insert_notification(notification);
        t->insert_attempt(notification.id, attempt(1, Verdict::bad_answer));
        for (const auto kind :
             {TimerKind::deliver, TimerKind::auto_pay, TimerKind::finish_paying}) {
            Timer each = timer(1, 1, kind);
            t->insert_timer(each);
        }
        t->commit();
    }
    const auto file = directory / "wxpay-sandbox.db";
    EXPECT_EQ(in_file(file,
                      "SELECT api || ' ' || trade_type || ' ' || state || "
                      "' ' || sign_type FROM orders"),
              "v3 MWEB REFUND HMAC-SHA256");
    EXPECT_EQ(in_file(file, "SELECT kind || ' ' || state FROM notifications"), "payment pending");
    EXPECT_EQ(in_file(file, "SELECT verdict FROM attempts"), "bad_answer");
    EXPECT_EQ(in_file(file, "SELECT group_concat(kind) FROM (SELECT kind FROM timers ORDER BY id)"),
              "1,2,3");
    EXPECT_EQ(in_file(file, "PRAGMA journal_mode"), "wal");
}

TEST(SqliteStoreFile, MakesItsDirectoryForItsOwnerOnly) {
    namespace fs = std::filesystem;
    const TemporaryDirectory parent;
    const fs::path directory = parent / "a" / "b";
    const auto store = SqliteStore::open(directory);
    EXPECT_EQ(fs::status(directory).permissions(), fs::perms::owner_all);
}

TEST(SqliteStoreFile, KeepsASecondServerOut) {
    const TemporaryDirectory directory;
    {
        const auto store = SqliteStore::open(directory.path());
        EXPECT_THAT(problem_of(directory.path()),
                    AllOf(HasSubstr(directory.path().string()), HasSubstr("another wxpay-sandbox"),
                          HasSubstr("pid " + std::to_string(getpid())),
                          HasSubstr("choose another directory")));
    }
    EXPECT_EQ(problem_of(directory.path()), "");
}

TEST(SqliteStoreFile, RefusesASchemaThatIsNewerThanTheProgram) {
    const TemporaryDirectory directory;
    SqliteStore::open(directory.path());
    const auto file = directory / "wxpay-sandbox.db";
    in_file(file, "PRAGMA user_version = 4711");
    EXPECT_THAT(problem_of(directory.path()),
                AllOf(HasSubstr(directory.path().string()), HasSubstr("version 4711"),
                      HasSubstr("newer program")));
    EXPECT_EQ(in_file(file, "PRAGMA user_version"), "4711") << "and leaves it alone";
}

TEST(SqliteStoreFile, RefusesAFileOfAnotherKind) {
    const TemporaryDirectory directory;
    std::ofstream(directory / "wxpay-sandbox.db") << std::string(4096, 'x');
    EXPECT_THAT(problem_of(directory.path()),
                AllOf(HasSubstr(directory.path().string()), HasSubstr("not a database"),
                      HasSubstr("another directory")));
}

TEST(SqliteStoreFile, NamesADirectoryThatCannotBe) {
    const TemporaryDirectory parent;
    std::ofstream(parent / "file").put('x');
    EXPECT_THAT(problem_of(parent / "file" / "data"),
                AllOf(HasSubstr((parent / "file" / "data").string()), HasSubstr("Not a directory"),
                      HasSubstr("choose a directory that can be written")));
}

TEST(SqliteStoreFile, NamesADirectoryThatCannotBeWritten) {
    namespace fs = std::filesystem;
    const TemporaryDirectory directory;
    fs::permissions(directory.path(), fs::perms(0555));
    constexpr uid_t kNobody = 65534;
    const bool is_root = geteuid() == 0;  // whom no permissions stop
    if (is_root) {
        ASSERT_EQ(seteuid(kNobody), 0);
    }
    const std::string problem = problem_of(directory.path());
    if (is_root) {
        ASSERT_EQ(seteuid(0), 0);
    }
    fs::permissions(directory.path(), fs::perms::owner_all);
    EXPECT_THAT(problem, AllOf(HasSubstr(directory.path().string()), HasSubstr("Permission denied"),
                               HasSubstr("choose a directory that can be written")));
}

}  // namespace
}  // namespace wxpay::sandbox
