#include <stdexcept>

#include <gtest/gtest.h>

#include "merchant/limits.hpp"
#include "merchant/store/sqlite_store.hpp"

namespace wxpay::merchant {
namespace {

Instant at(std::int64_t millis) { return Instant(Millis(millis)); }

Order order(const std::string& id) {
    Order order;
    order.id = id;
    order.out_trade_no = OutTradeNo::parse("no-" + id).value();
    order.openid = OpenId::parse("oUser").value();
    order.body = "唐诗三百首";
    order.total = Fen{88};
    order.notify_url = "http://127.0.0.1/wxpay/notify";
    order.created_at = at(1000);
    return order;
}

PaymentReport payment(const std::string& transaction_id) {
    PaymentReport report;
    report.transaction_id = transaction_id;
    report.openid = "oUser";
    report.total = Fen{88};
    report.paid_at = at(2000);
    return report;
}

class MerchantStore : public testing::Test {
  protected:
    /// Runs `work` in a transaction and commits.
    template <class Work>
    auto commit(Work work) {
        const auto books = store_.begin();
        auto result = work(*books);
        books->commit();
        return result;
    }
    void insert(const Order& order) {
        commit([&](Transaction& books) { return books.insert_order(order), true; });
    }
    Order find(const std::string& id) { return store_.begin()->find_order(id).value(); }

    SqliteStore store_{std::nullopt};
};

TEST_F(MerchantStore, GivesBackAnOrderAsItWasPutIn) {
    insert(order("a"));
    const Order found = find("a");
    EXPECT_EQ(found.out_trade_no.str(), "no-a");
    EXPECT_EQ(found.openid.str(), "oUser");
    EXPECT_EQ(found.body, "唐诗三百首");
    EXPECT_EQ(found.total, Fen{88});
    EXPECT_EQ(found.notify_url, "http://127.0.0.1/wxpay/notify");
    EXPECT_EQ(found.created_at, at(1000));
    EXPECT_EQ(found.state, OrderState::unpaid);
    EXPECT_EQ(found.prepay_asked_at, std::nullopt);
    EXPECT_EQ(found.credits, 0);
    EXPECT_EQ(found.transaction_id, "");
    EXPECT_EQ(store_.begin()->find_order_by_number("no-a")->id, "a");
    EXPECT_FALSE(store_.begin()->find_order("b"));
}

TEST_F(MerchantStore, RefusesASecondOrderOfTheSameNumber) {
    insert(order("a"));
    Order same = order("b");
    same.out_trade_no = OutTradeNo::parse("no-a").value();
    EXPECT_THROW(insert(same), std::runtime_error);
    EXPECT_FALSE(store_.begin()->find_order("b"));
}

TEST_F(MerchantStore, ForgetsWhatIsNotCommitted) {
    store_.begin()->insert_order(order("a"));
    EXPECT_FALSE(store_.begin()->find_order("a"));
}

TEST_F(MerchantStore, CreditsAnOrderOnceWhateverTheCallerBelieves) {
    insert(order("a"));
    const auto credit = [&](const std::string& transaction_id) {
        return commit([&](Transaction& books) {
            return books.credit("a", payment(transaction_id), at(3000));
        });
    };
    EXPECT_TRUE(credit("t1"));
    EXPECT_FALSE(credit("t1"));
    EXPECT_FALSE(credit("t2"));
    EXPECT_EQ(find("a").credits, 1);
    EXPECT_EQ(find("a").state, OrderState::paid);
    EXPECT_EQ(find("a").transaction_id, "t1");
}

TEST_F(MerchantStore, CreditsATransactionToOneOrderOnly) {
    insert(order("a"));
    insert(order("b"));
    const auto credit = [&](const std::string& id) {
        return commit(
            [&](Transaction& books) { return books.credit(id, payment("t1"), at(3000)); });
    };
    EXPECT_TRUE(credit("a"));
    EXPECT_FALSE(credit("b"));
    EXPECT_EQ(find("b").credits, 0);
    EXPECT_EQ(find("b").state, OrderState::unpaid);
}

TEST_F(MerchantStore, HoldsNoPaymentOfAnOrderThatIsNone) {
    const auto books = store_.begin();
    EXPECT_THROW(static_cast<void>(books->credit("none", payment("t1"), at(3000))),
                 std::runtime_error);
}

TEST_F(MerchantStore, ClosesOnlyWhatIsUnpaid) {
    insert(order("a"));
    insert(order("b"));
    const auto close = [&](const std::string& id) {
        return commit([&](Transaction& books) { return books.close_order(id); });
    };
    commit([](Transaction& books) { return books.credit("b", payment("t1"), at(3000)); });
    EXPECT_TRUE(close("a"));
    EXPECT_FALSE(close("a"));
    EXPECT_FALSE(close("b"));
    EXPECT_EQ(find("b").state, OrderState::paid);
}

TEST_F(MerchantStore, AsksFirstForTheOrdersThatWereNotAskedForLongest) {
    for (const char* id : {"a", "b", "c", "d", "e"}) insert(order(id));
    commit([](Transaction& books) {
        for (const char* id : {"a", "b", "c", "d"}) books.mark_prepay_asked(id, at(1000));
        books.mark_prepay_asked("d", at(500));  // the first moment counts
        books.mark_queried("a", at(9000));
        books.close_order("c");
        return true;
    });
    const auto ids = [&](Instant before, std::int64_t limit) {
        std::string out;
        for (const Order& due : store_.begin()->unpaid_since(before, limit)) out += due.id;
        return out;
    };
    EXPECT_EQ(ids(at(1000), 10), "bda");
    EXPECT_EQ(ids(at(1000), 1), "b");
    EXPECT_EQ(ids(at(999), 10), "");
    commit([](Transaction& books) { return books.forget_prepay("b", at(1001)), true; });
    EXPECT_EQ(ids(at(1000), 10), "da");
}

TEST_F(MerchantStore, ForgetsNoOrderThatWasAskedForSince) {
    insert(order("a"));
    commit([](Transaction& books) {
        books.mark_prepay_asked("a", at(1000));
        books.mark_prepay_asked("a", at(7000));  // the user tapped again …
        books.forget_prepay("a", at(6999));      // … while an older question was answered
        return true;
    });
    EXPECT_EQ(store_.begin()->unpaid_since(at(1000), 10).size(), 1U);
    commit([](Transaction& books) { return books.forget_prepay("a", at(7001)), true; });
    EXPECT_TRUE(store_.begin()->unpaid_since(at(9000), 10).empty());
}

Refund refund(const std::string& number, const std::string& order_id) {
    Refund refund;
    refund.out_refund_no = number;
    refund.order_id = order_id;
    refund.request = "id " + number;
    refund.fee = Fen{40};
    refund.notify_url = "http://127.0.0.1/wxpay/refund_notify";
    refund.asked_at = at(4000);
    return refund;
}

TEST_F(MerchantStore, GivesBackARefundAsItWasPutInAndSaved) {
    insert(order("a"));
    Refund first = refund("R1", "a");
    commit([&](Transaction& books) { return books.insert_refund(first), true; });
    const auto found = [&] { return store_.begin()->find_refund("R1").value(); };
    EXPECT_EQ(found().order_id, "a");
    EXPECT_EQ(found().request, "id R1");
    EXPECT_EQ(found().fee, Fen{40});
    EXPECT_EQ(found().notify_url, first.notify_url);
    EXPECT_EQ(found().asked_at, at(4000));
    EXPECT_EQ(found().state, RefundState::asked);
    EXPECT_EQ(found().refund_id, "");
    EXPECT_EQ(found().ended_at, std::nullopt);
    first.state = RefundState::succeeded;
    first.refund_id = "5030";
    first.ended_at = at(5000);
    EXPECT_TRUE(commit([&](Transaction& books) { return books.save_refund(first); }));
    EXPECT_EQ(found().state, RefundState::succeeded);
    EXPECT_EQ(found().refund_id, "5030");
    EXPECT_EQ(found().ended_at, at(5000));
    EXPECT_FALSE(store_.begin()->find_refund("R2"));
}

TEST_F(MerchantStore, KeepsNumbersRequestsAndRefundIdsUnique) {
    insert(order("a"));
    const auto put = [&](const Refund& each) {
        commit([&](Transaction& books) { return books.insert_refund(each), true; });
    };
    put(refund("R1", "a"));
    EXPECT_THROW(put(refund("R1", "a")), std::runtime_error);
    Refund same_request = refund("R2", "a");
    same_request.request = "id R1";
    EXPECT_THROW(put(same_request), std::runtime_error);
    EXPECT_THROW(put(refund("R3", "no such order")), std::runtime_error);
    put(refund("R4", "a"));
    const auto save = [&](const std::string& number) {
        Refund accepted = refund(number, "a");
        accepted.refund_id = "5030";
        accepted.state = RefundState::accepted;
        return commit([&](Transaction& books) { return books.save_refund(accepted); });
    };
    EXPECT_TRUE(save("R1"));
    EXPECT_FALSE(save("R4"));
    EXPECT_EQ(store_.begin()->find_refund("R4")->state, RefundState::asked);
}

TEST_F(MerchantStore, CountsWhatIsRefundedFromTheRefunds) {
    insert(order("a"));
    commit([](Transaction& books) { return books.credit("a", payment("t1"), at(3000)); });
    const auto end = [&](const std::string& number, std::int64_t fee) {
        Refund each = refund(number, "a");
        each.fee = Fen{fee};
        each.state = RefundState::succeeded;
        each.refund_id = number;
        each.ended_at = at(5000);
        commit([&](Transaction& books) {
            books.insert_refund(each);
            return books.save_refund(each);
        });
    };
    end("R1", 40);
    EXPECT_EQ(find("a").refunded, Fen{40});
    EXPECT_EQ(find("a").state, OrderState::paid);
    end("R2", 48);
    EXPECT_EQ(find("a").refunded, Fen{88});
    EXPECT_EQ(find("a").state, OrderState::refunded);
    EXPECT_EQ(store_.begin()->refunds_of("a").size(), 2U);
    EXPECT_EQ(store_.begin()->refunds_succeeded(at(5000), at(5001)).size(), 2U);
    EXPECT_TRUE(store_.begin()->refunds_succeeded(at(5001), at(9000)).empty());
    EXPECT_EQ(store_.begin()->orders_paid(at(2000), at(2001)).size(), 1U);
    EXPECT_TRUE(store_.begin()->orders_paid(at(0), at(2000)).empty());
}

TEST_F(MerchantStore, AsksFirstForTheRefundsThatWereNotAskedAboutForLongest) {
    insert(order("a"));
    commit([](Transaction& books) {
        for (const char* number : {"R1", "R2", "R3"}) books.insert_refund(refund(number, "a"));
        books.mark_refund_queried("R1", at(9000));
        Refund ended = refund("R2", "a");
        ended.state = RefundState::closed;
        return books.save_refund(ended);
    });
    const auto numbers = [&](Instant before, std::int64_t limit) {
        std::string out;
        for (const Refund& due : store_.begin()->refunds_under_way(before, limit))
            out += due.out_refund_no;
        return out;
    };
    EXPECT_EQ(numbers(at(4000), 10), "R3R1");
    EXPECT_EQ(numbers(at(4000), 1), "R3");
    EXPECT_EQ(numbers(at(3999), 10), "");
}

TEST_F(MerchantStore, KeepsTheLogInOrderAndApart) {
    commit([](Transaction& books) {
        books.log("a", at(1), event::kCreated, "one");
        books.log("", at(2), event::kRefused, "nobody's");
        books.log("a", at(3), event::kPaid, "two");
        return true;
    });
    const auto lines = store_.begin()->log_of("a");
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0].event, "created");
    EXPECT_EQ(lines[1].at, at(3));
    EXPECT_EQ(lines[1].detail, "two");
    EXPECT_EQ(store_.begin()->log_of("").size(), 1U);
}

TEST_F(MerchantStore, LetsNoFloodWashOutThePayment) {
    commit([](Transaction& books) {
        books.log("a", at(1), event::kPaid, "the money");
        for (std::int64_t n = 0; n < kLogLinesPerEventMax + 5; ++n)
            books.log("a", at(2 + n), event::kDuplicate, std::to_string(n));
        return true;
    });
    const auto lines = store_.begin()->log_of("a");
    ASSERT_EQ(lines.size(), static_cast<std::size_t>(kLogLinesPerEventMax) + 1);
    EXPECT_EQ(lines.front().detail, "the money");
    EXPECT_EQ(lines[1].detail, "5");
}

TEST_F(MerchantStore, ForgetsSessionsThatHaveExpired) {
    const OpenId openid = OpenId::parse("oUser").value();
    commit([&](Transaction& books) {
        books.add_session({"first", openid, at(1000)}, at(0));
        books.add_session({"second", openid, at(5000)}, at(1000));
        return true;
    });
    EXPECT_FALSE(store_.begin()->find_session("first"));
    EXPECT_EQ(store_.begin()->find_session("second")->openid, openid);
}

TEST_F(MerchantStore, TakesTextsForTextsNotForSql) {
    EXPECT_FALSE(store_.begin()->find_order("' OR '1'='1"));
    commit([](Transaction& books) {
        return books.log("a", at(1), "'); DROP TABLE orders; --", std::string("x\0y", 3)), true;
    });
    EXPECT_EQ(store_.begin()->log_of("a")[0].detail, std::string("x\0y", 3));
    insert(order("a"));
}

}  // namespace
}  // namespace wxpay::merchant
