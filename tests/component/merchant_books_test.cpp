#include <fstream>
#include <latch>
#include <sys/stat.h>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/http/client.hpp"
#include "core/http/server.hpp"
#include "core/sqlite/sqlite.hpp"

#include "merchant/server.hpp"
#include "tests/component/merchant_harness.hpp"

namespace wxpay::test {
namespace {

using testing::HasSubstr;

constexpr auto kMd5 = v2::SignType::md5;

TEST(MerchantBooks, SurviveARestart) {
    const ScratchDirectory data;
    std::string session;
    nlohmann::json before;
    {
        const Shop shop(kMd5, data.path());
        session = shop.login();
        const auto order = shop.order(session);
        shop.pay(order.at("id"), session);
        shop.notify(shop.signed_xml(Shop::paid(order.at("out_trade_no"))));
        before = shop.order_of(order.at("id"), session);
    }
    const Shop shop(kMd5, data.path(), 2);
    const std::string id = before.at("id");
    EXPECT_EQ(shop.order_of(id, session), before);
    EXPECT_EQ(shop.notify(shop.signed_xml(Shop::paid(before.at("out_trade_no")))), "SUCCESS");
    EXPECT_EQ(shop.order_of(id, session).at("credits"), 1);
}

// Books that were kept before there were refunds: the first migration only.
TEST(MerchantBooks, OfTheFirstSchemaAreTakenOver) {
    const ScratchDirectory data;
    std::string session;
    std::string id;
    {
        const Shop shop(kMd5, data.path());
        session = shop.login();
        id = shop.order(session).at("id");
    }
    {
        Database db((data.path() / "merchant.db").string());
        db.execute(
            "DROP TABLE refunds; DROP INDEX payments_by_time; "
            "ALTER TABLE orders DROP COLUMN prepay_asked_last; PRAGMA user_version = 1");
    }
    const Shop shop(kMd5, data.path(), 2);
    const std::string number = shop.order_of(id, session).at("out_trade_no");
    EXPECT_EQ(shop.notify(shop.signed_xml(Shop::paid(number))), "SUCCESS");
    EXPECT_EQ(shop.refund(id, session, 88).status, 200);
}

TEST(MerchantBooks, CreditOnceWhenTwoProgramsShareThem) {
    const ScratchDirectory data;
    const Shop first(kMd5, data.path(), 1);
    const Shop second(kMd5, data.path(), 2);
    const std::string session = first.login();
    const auto order = first.order(session);
    const std::string body = first.signed_xml(Shop::paid(order.at("out_trade_no")));

    constexpr int kEach = 5;
    std::vector<std::string> answers(2 * kEach);
    std::latch start(2 * kEach);
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < answers.size(); ++i) {
            threads.emplace_back([&, i] {
                start.arrive_and_wait();
                answers[i] = (i % 2 == 0 ? first : second).notify(body);
            });
        }
    }
    // One that waited too long for the other program may say FAIL: then WeChat comes again.
    EXPECT_THAT(answers, testing::Contains("SUCCESS"));
    EXPECT_EQ(first.notify(body), "SUCCESS");
    EXPECT_EQ(second.order_of(order.at("id"), session).at("credits"), 1);
}

TEST(MerchantBooks, AreReadableByTheirOwnerOnly) {
    const ScratchDirectory data;
    const Shop shop(kMd5, data.path() / "new" / "books");
    struct stat file {};
    ASSERT_EQ(stat((data.path() / "new" / "books" / "merchant.db").c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 0777U, 0600U);
}

TEST(MerchantBooks, HoldNoTokenThatLogsIn) {
    const ScratchDirectory data;
    const Shop shop(kMd5, data.path());
    const std::string session = shop.login();
    for (const char* name : {"merchant.db", "merchant.db-wal"}) {
        std::ifstream in(data.path() / name, std::ios::binary);
        const std::string bytes(std::istreambuf_iterator<char>(in), {});
        EXPECT_EQ(bytes.find(session), std::string::npos) << name;
    }
}

TEST(MerchantServer, NamesItsOwnAddressForCallbacks) {
    merchant::Config config;
    config.port = 0;
    merchant::Server server(config);
    ASSERT_TRUE(server.start());
    EXPECT_EQ(server.notify_url(), server.base_url() + "/wxpay/notify");
    http::Client::Options options;
    options.base_url = server.base_url();
    const auto client = http::Client::create(options);
    http::Request request;
    request.path = "/healthz";
    EXPECT_EQ((*client)->send(request)->body, R"({"status":"ok"})");
}

TEST(MerchantServer, PrefersTheAddressesThatItIsGiven) {
    merchant::Config config;
    config.port = 0;
    config.public_url = "https://shop.example";
    merchant::Server by_public_url(config);
    ASSERT_TRUE(by_public_url.start());
    EXPECT_EQ(by_public_url.notify_url(), "https://shop.example/wxpay/notify");
    config.notify_url = "https://pay.shop.example/callback";
    merchant::Server by_notify_url(config);
    ASSERT_TRUE(by_notify_url.start());
    EXPECT_EQ(by_notify_url.notify_url(), "https://pay.shop.example/callback");
}

TEST(MerchantServer, RefusesABusyPort) {
    http::Server other({}, [](const http::Request&) { return http::Response{}; });
    ASSERT_TRUE(other.start());
    merchant::Config config;
    config.port = other.port();
    merchant::Server server(config);
    const auto started = server.start();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, Errc::unreachable);
}

TEST(MerchantServer, SaysWhichOptionIsWrong) {
    const auto complaint = [](const merchant::Config& config) -> std::string {
        try {
            const merchant::Server server(config);
        } catch (const std::runtime_error& problem) {
            return problem.what();
        }
        return "none";
    };
    const ScratchDirectory directory;
    std::ofstream(directory.path() / "file") << "not a directory";
    merchant::Config config;
    config.data = directory.path() / "file";
    EXPECT_THAT(complaint(config), HasSubstr("--data"));

    std::ofstream(directory.path() / "merchant.db") << "not a database, but a text that is long";
    config.data = directory.path();
    EXPECT_THAT(complaint(config), HasSubstr("--data"));

    config = {};
    config.gateway = "ftp://nowhere";
    EXPECT_THAT(complaint(config), HasSubstr("--gateway"));
}

}  // namespace
}  // namespace wxpay::test
