// A store in a file that many threads write to: their commits are shared, and so are failures.
#include <atomic>
#include <csignal>
#include <set>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "sandbox/store/sqlite_store.hpp"
#include "tests/support/process.hpp"

namespace wxpay::sandbox {
namespace {

using test::TemporaryDirectory;

const MchId kShop = MchId::parse("1900000109").value();

Order order_of(const std::string& number) {
    Order order;
    order.mch_id = kShop;
    order.out_trade_no = OutTradeNo::parse(number).value();
    order.prepay_id = PrepayId::parse("wx" + number).value();
    order.total = Fen{1};
    order.body = std::string(200, 'b');
    return order;
}

/// What one thread was told.
struct Told {
    std::set<std::string> kept;
    std::set<std::string> lost;
};

/// Each of the threads writes orders; of every fifth it thinks better.
std::vector<Told> write_together(Store& store, int threads, int orders, const char* stem) {
    std::vector<Told> told(static_cast<std::size_t>(threads));
    std::vector<std::thread> running;
    for (int t = 0; t < threads; ++t) {
        running.emplace_back([&, t] {
            Told& mine = told[static_cast<std::size_t>(t)];
            for (int i = 0; i < orders; ++i) {
                const std::string number = stem + std::to_string(t) + "x" + std::to_string(i);
                Order order = order_of(number);
                try {
                    const auto transaction = store.join();
                    EXPECT_TRUE(transaction->insert_order(order));
                    if (i % 5 == 4) {
                        mine.lost.insert(number);
                        continue;
                    }
                    transaction->commit();
                    mine.kept.insert(number);
                } catch (const std::runtime_error&) {
                    mine.lost.insert(number);
                }
            }
        });
    }
    for (std::thread& each : running) each.join();
    return told;
}

void expect_as_told(Store& store, const std::vector<Told>& told) {
    const auto transaction = store.begin();
    const auto is_there = [&](const std::string& number) {
        return transaction->find_order(kShop, OutTradeNo::parse(number).value()).has_value();
    };
    for (const Told& each : told) {
        for (const std::string& number : each.kept) EXPECT_TRUE(is_there(number)) << number;
        for (const std::string& number : each.lost) EXPECT_FALSE(is_there(number)) << number;
    }
}

TEST(SharedCommits, KeepWhatWasCommittedAndNothingElse) {
    const TemporaryDirectory directory;
    std::vector<Told> told;
    {
        const auto store = SqliteStore::open(directory.path());
        told = write_together(*store, 6, 100, "a");
        for (const Told& each : told) EXPECT_EQ(each.kept.size(), 80U);
        expect_as_told(*store, told);
    }
    expect_as_told(*SqliteStore::open(directory.path()), told);
}

TEST(SharedCommits, AreSeenByWhoBeginsAfterThem) {
    const TemporaryDirectory directory;
    const auto store = SqliteStore::open(directory.path());
    std::atomic<bool> ended{false};
    std::thread writer([&] {
        for (int i = 0; i < 200; ++i) {
            Order order = order_of("w" + std::to_string(i));
            const auto transaction = store->join();
            transaction->insert_order(order);
            transaction->commit();
        }
        ended = true;
    });
    std::int64_t last = 0;
    while (!ended) {
        OrderFilter filter;
        filter.limit = 1;
        const auto newest = store->begin()->orders(filter);
        if (newest.empty()) continue;
        EXPECT_GE(newest[0].id, last);
        last = newest[0].id;
    }
    writer.join();
}

/// No file of this process can grow beyond `bytes`: every disk is full.
class FullDisk {
  public:
    explicit FullDisk(rlim_t bytes) {
        handler_ = std::signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{bytes, before_.rlim_max};
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FullDisk() {
        setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;

  private:
    rlimit before_{};
    void (*handler_)(int) = SIG_DFL;
};

TEST(SharedCommits, FailForAllWhenTheDiskIsFullAndGoOnWhenThereIsRoom) {
    const TemporaryDirectory directory;
    std::vector<Told> told;
    {
        const auto store = SqliteStore::open(directory.path());
        {
            const FullDisk full(400'000);
            told = write_together(*store, 4, 200, "f");
        }
        std::size_t kept = 0;
        for (const Told& each : told) {
            kept += each.kept.size();
            EXPECT_GT(each.lost.size(), 40U) << "besides those that were taken back";
        }
        EXPECT_GT(kept, 0U);
        expect_as_told(*store, told);
        const auto after = write_together(*store, 4, 50, "g");
        for (const Told& each : after) EXPECT_EQ(each.kept.size(), 40U);
        told.insert(told.end(), after.begin(), after.end());
    }
    expect_as_told(*SqliteStore::open(directory.path()), told);
}

TEST(SqliteStoreStarts, AreCounted) {
    const TemporaryDirectory directory;
    EXPECT_EQ(SqliteStore::open(directory.path())->earlier_starts(), 0U);
    EXPECT_EQ(SqliteStore::open(directory.path())->earlier_starts(), 1U);
    EXPECT_EQ(SqliteStore::open(std::nullopt)->earlier_starts(), 0U);
}

}  // namespace
}  // namespace wxpay::sandbox
