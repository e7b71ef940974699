// wxpay-merchant reconcile as a script meets it: its exit statuses and its lines.
#include <string>

#include <gtest/gtest.h>

#include "core/codec/beijing_time.hpp"

#include "merchant/store/sqlite_store.hpp"
#include "tests/support/process.hpp"
#include "tests/support/scripted_server.hpp"
#include "tests/support/vectors.hpp"

namespace wxpay::test {
namespace {

const std::string kProgram = WXPAY_MERCHANT_PROGRAM;

/// The order and the refund of the documented bill, in a shop's books; the order may cost
/// otherwise.
void keep_books(const TemporaryDirectory& data, Fen total) {
    merchant::SqliteStore store(data.path());
    const auto books = store.begin();
    merchant::Order order;
    order.id = "sample";
    order.out_trade_no = OutTradeNo::parse("20240601120000001").value();
    order.openid = OpenId::parse("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o").value();
    order.total = total;
    books->insert_order(order);
    merchant::PaymentReport payment;
    payment.transaction_id = "4200002288202406010123456789";
    payment.paid_at = parse_compact_time("20240601120105").value();
    ASSERT_TRUE(books->credit(order.id, payment, payment.paid_at));
    merchant::Refund refund;
    refund.out_refund_no = "R20240601130000001";
    refund.order_id = order.id;
    refund.request = "fee 100";
    refund.fee = Fen{100};
    refund.asked_at = parse_compact_time("20240601130003").value();
    books->insert_refund(refund);
    refund.state = merchant::RefundState::succeeded;
    refund.refund_id = "50302006882024060113456789012";
    refund.ended_at = parse_compact_time("20240601130008");
    ASSERT_TRUE(books->save_refund(refund));
    books->commit();
}

/// A gateway that has the documented bill.
class Gateway {
  public:
    std::string url() const { return "http://" + server_.name(); }

  private:
    ScriptedServer server_{[](Peer& peer, int) {
        const std::string bill = read_vector_file("messages/downloadbill.csv");
        while (!peer.request().empty()) {
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(bill.size()) +
                      "\r\n\r\n" + bill);
        }
    }};
};

TEST(MerchantReconcileVerb, EndsWithZeroWhenBillAndBooksAgree) {
    const TemporaryDirectory data;
    keep_books(data, Fen{888});
    const Gateway gateway;
    for (const char* date : {"2024-06-01", "20240601"}) {
        Process process(kProgram, {"reconcile", "--date", date, "--data", data.path().string(),
                                   "--gateway", gateway.url()});
        EXPECT_EQ(process.wait(), 0) << process.output();
        EXPECT_EQ(process.output(),
                  "20240601: 1 payments and 1 refunds in the bill, 0 differences\n");
    }
}

TEST(MerchantReconcileVerb, EndsWithOneAndALineForEachDifference) {
    const TemporaryDirectory data;
    keep_books(data, Fen{887});
    const Gateway gateway;
    Process process(kProgram, {"reconcile", "--date", "2024-06-01", "--gateway", gateway.url()},
                    {{"WXPAY_MERCHANT_DATA", data.path().string()}});
    EXPECT_EQ(process.wait(), 1);
    EXPECT_EQ(process.output(),
              "order 20240601120000001: amount differs by 1 fen: 888 at WeChat, 887 here\n"
              "20240601: 1 payments and 1 refunds in the bill, 1 differences\n");
}

TEST(MerchantReconcileVerb, EndsWithTwoWhenItCannotCompare) {
    const TemporaryDirectory data;
    keep_books(data, Fen{888});
    const TemporaryDirectory empty;
    const Port nobody;
    const std::string gateway = "http://127.0.0.1:" + std::to_string(nobody.number());
    const std::pair<std::vector<std::string>, const char*> cases[] = {
        {{"reconcile"}, "--date"},
        {{"reconcile", "--date", "yesterday", "--data", data.path().string()}, "--date"},
        {{"reconcile", "--date", "2024-06-01"}, "--data"},
        {{"reconcile", "--date", "2024-06-01", "--data", empty.path().string()}, "--data"},
        {{"reconcile", "--date", "2024-06-01", "--data", data.path().string(), "--gateway",
          gateway},
         "no bill"},
        {{"--cert-file", "/nonexistent"}, "--cert-file"},
    };
    for (const auto& [arguments, names] : cases) {
        Process process(kProgram, arguments);
        EXPECT_EQ(process.wait(), 2) << arguments.back();
        EXPECT_NE(process.output().find(names), std::string::npos) << process.output();
    }
    EXPECT_FALSE(std::filesystem::exists(empty / "merchant.db")) << "asking leaves no trace";
}

}  // namespace
}  // namespace wxpay::test
