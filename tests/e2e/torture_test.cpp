// kill -9 under load, again and again: nothing acknowledged is lost, nothing happens twice.
//   WXPAY_KILLS  how often; 50 by default (scripts/torture.sh N)
//   WXPAY_SEED   of the dice that choose the moments
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.hpp"
#include "core/codec/xml.hpp"
#include "core/http/client.hpp"
#include "core/http/server.hpp"

#include "sandbox/ledger/funds.hpp"
#include "sandbox/ledger/refund.hpp"
#include "sandbox/store/sqlite_store.hpp"
#include "tests/support/app_harness.hpp"
#include "tests/support/process.hpp"

namespace wxpay::test {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* const text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// A merchant's handler that believes everything, and remembers how often it was told what.
class Inbox {
  public:
    Inbox() : server_(options(), [this](const http::Request& request) { return take(request); }) {
        EXPECT_TRUE(server_.start());
    }
    std::string url() const {
        return "http://127.0.0.1:" + std::to_string(server_.port()) + "/notify";
    }
    std::set<std::string> paid() {
        const std::lock_guard lock(mutex_);
        return paid_;
    }

  private:
    static http::Server::Options options() {
        http::Server::Options options;
        options.host = "127.0.0.1";
        options.port = 0;
        options.workers = 1;
        return options;
    }
    http::Answer take(const http::Request& request) {
        const auto message = XmlMessage::parse(request.body);
        EXPECT_TRUE(message);
        const std::lock_guard lock(mutex_);
        if (message) paid_.emplace(message->get("out_trade_no"));
        http::Response response;
        response.body = "<xml><return_code>SUCCESS</return_code><return_msg>OK</return_msg></xml>";
        return response;
    }

    std::mutex mutex_;
    std::set<std::string> paid_;
    http::Server server_;
};

/// What the sandbox has acknowledged.
struct Acknowledged {
    std::set<std::string> ordered;
    std::map<std::string, std::string> paid;      // the order's transaction_id
    std::map<std::string, std::string> refunded;  // the refund's refund_id
};

class Torture : public testing::Test {
  protected:
    static constexpr int kThreads = 3;

    std::unique_ptr<ServerProcess> start() {
        return std::make_unique<ServerProcess>(
            WXPAY_SANDBOX_PROGRAM,
            std::vector<std::string>{"--port", "0", "--data", data_.path().string(), "--seed", "7",
                                     "--log-level", "error"});
    }

    /// Orders, pays and refunds until the server is gone; says what it was told.
    void load(const std::string& url, const std::string& stem) {
        const auto client = http::Client::create({.base_url = url, .ca_file = {}}).value();
        for (int i = 0;; ++i) {
            const std::string number = stem + "n" + std::to_string(i);
            auto ordered = v2(*client, "/pay/unifiedorder",
                              AppHarness::order(number, {{"notify_url", inbox_.url()}}));
            if (!ordered) return;
            if (!note([&] { told_.ordered.insert(number); }, (*ordered)["prepay_id"])) return;
            const auto paid = control(*client, "/orders/1900000109:" + number + "/pay");
            if (!paid) return;
            const std::string transaction_id = paid->value("transaction_id", "");
            if (!note([&] { told_.paid[number] = transaction_id; }, transaction_id)) return;
            if (i % 3 != 0) continue;
            auto refunded = v2(*client, "/secapi/pay/refund",
                               {{"out_trade_no", number},
                                {"out_refund_no", "R" + number},
                                {"total_fee", "888"},
                                {"refund_fee", "300"}});
            if (!refunded) return;
            const std::string refund_id = (*refunded)["refund_id"];
            if (!note([&] { told_.refunded[number] = refund_id; }, refund_id)) return;
        }
    }

    void wait_for(std::size_t acknowledgements) {
        std::unique_lock lock(mutex_);
        EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(60),
                                      [&] { return count_ >= acknowledgements; }));
    }

    /// Everything that was acknowledged is in the ledger, once, with what belongs to it.
    void check_ledger() {
        const auto store = sandbox::SqliteStore::open(data_.path());
        const auto ledger = store->begin();
        const MchId shop = MchId::parse(AppHarness::kMchId).value();
        sandbox::OrderFilter all;
        all.limit = 10'000'000;
        const auto orders = ledger->orders(all);
        std::map<std::string, const sandbox::Order*> by_number;
        for (const auto& order : orders)
            EXPECT_TRUE(by_number.emplace(order.out_trade_no.str(), &order).second) << "twice";
        for (const std::string& number : told_.ordered)
            EXPECT_TRUE(by_number.contains(number)) << number << " was ordered, and is lost";
        for (const auto& [number, transaction_id] : told_.paid) {
            const auto order = by_number.find(number);
            ASSERT_NE(order, by_number.end());
            EXPECT_TRUE(order->second->is_paid()) << number << " was paid, and is lost";
            EXPECT_EQ(order->second->transaction_id.str(), transaction_id);
        }
        for (const auto& [number, refund_id] : told_.refunded) {
            const auto refund = ledger->find_refund(shop, "R" + number);
            ASSERT_TRUE(refund) << "the refund of " << number << " is lost";
            EXPECT_EQ(refund->refund_id, refund_id);
        }
        std::size_t paid = 0;
        std::set<std::string> transactions;
        for (const auto& order : orders) {
            if (!order.is_paid()) continue;
            ++paid;
            EXPECT_TRUE(transactions.insert(order.transaction_id.str()).second);
            EXPECT_LE(ledger->refunds_of(order.id).size(), 1U) << "refunded twice";
            sandbox::NotificationFilter mine;
            mine.mch_id = AppHarness::kMchId;
            mine.out_trade_no = order.out_trade_no.str();
            const auto callbacks = ledger->notifications(mine);
            EXPECT_EQ(callbacks.size(), 1U) << order.out_trade_no.str();
            for (const auto& callback : callbacks)
                EXPECT_EQ(callback.state, sandbox::NotificationState::delivered);
        }
        std::set<std::string> booked;
        std::size_t payments = 0;
        for (const auto& entry : ledger->fund_entries(shop, Instant{}, Instant::max())) {
            if (entry.kind != sandbox::FundKind::payment) continue;
            ++payments;
            EXPECT_TRUE(booked.insert(entry.business_id).second) << "booked twice";
        }
        EXPECT_EQ(payments, paid) << "each payment is in the account, once";
        const auto told = inbox_.paid();
        for (const auto& [number, transaction_id] : told_.paid)
            EXPECT_TRUE(told.contains(number)) << number << ": its callback never came";
        for (const std::string& number : told)
            EXPECT_TRUE(by_number.contains(number) && by_number[number]->is_paid())
                << number << ": the callback told of a payment that is not there";
    }

    /// Until no callback is on its way any more.
    static void drain(ServerProcess& sandbox) {
        for (int look = 0; look < 100'000; ++look) {
            const auto pending =
                sandbox.call("GET", "/_sandbox/v1/notifications?state=pending&limit=1").json();
            if (pending.value("notifications", nlohmann::json::array()).empty()) return;
            std::this_thread::yield();
        }
        ADD_FAILURE() << "callbacks are still on their way";
    }

    const TemporaryDirectory data_;
    Inbox inbox_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t count_ = 0;
    Acknowledged told_;

  private:
    /// Notes an answer that has what it should have; false when it has not.
    template <class Note>
    bool note(Note note, const std::string& proof) {
        EXPECT_FALSE(proof.empty())
            << "an answer that is neither a success nor a broken connection";
        if (proof.empty()) return false;
        const std::lock_guard lock(mutex_);
        note();
        ++count_;
        changed_.notify_all();
        return true;
    }
    /// Nothing when the connection broke.
    static std::optional<Fields> v2(http::Client& client, const std::string& path, Fields fields) {
        http::Request request;
        request.method = "POST";
        request.path = path;
        request.body = AppHarness::xml(AppHarness::sign(std::move(fields)));
        const auto response = client.send(request);
        if (!response) return std::nullopt;
        Fields out;
        if (const auto message = XmlMessage::parse(response->body)) {
            for (const FieldView& field : message->fields())
                out[std::string(field.name)] = std::string(field.value);
        }
        return out;
    }
    static std::optional<nlohmann::json> control(http::Client& client, const std::string& path) {
        http::Request request;
        request.method = "POST";
        request.path = "/_sandbox/v1" + path;
        const auto response = client.send(request);
        if (!response) return std::nullopt;
        return nlohmann::json::parse(response->body, nullptr, false);
    }
};

TEST_F(Torture, LosesAndDoublesNothing) {
    const std::uint64_t kills = from_environment("WXPAY_KILLS", 50);
    const std::uint64_t seed = from_environment("WXPAY_SEED", 1);
    RecordProperty("seed", std::to_string(seed));
    SeededRandom dice(seed);
    for (std::uint64_t kill = 0; kill < kills && !HasFailure(); ++kill) {
        const auto sandbox = start();
        std::vector<std::thread> clients;
        const std::size_t until = count_ + 1 + dice.next() % 40;
        for (int t = 0; t < kThreads; ++t) {
            clients.emplace_back(
                [this, url = sandbox->url(),
                 stem = "K" + std::to_string(kill) + "t" + std::to_string(t)] { load(url, stem); });
        }
        wait_for(until);
        sandbox->process().signal(SIGKILL);
        EXPECT_EQ(sandbox->process().wait(), 128 + SIGKILL);
        for (std::thread& each : clients) each.join();
    }
    {
        const auto sandbox = start();
        drain(*sandbox);
        sandbox->process().signal(SIGTERM);
        EXPECT_EQ(sandbox->process().wait(), 0);
    }
    check_ledger();
    std::printf(
        "torture: %llu kills, seed %llu: %zu orders, %zu payments, %zu refunds "
        "acknowledged\n",
        static_cast<unsigned long long>(kills), static_cast<unsigned long long>(seed),
        told_.ordered.size(), told_.paid.size(), told_.refunded.size());
}

}  // namespace
}  // namespace wxpay::test
