#include "sandbox/exchanges/exchange_archive.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sandbox/exchanges/exchange_log.hpp"
#include "tests/support/process.hpp"

namespace wxpay::test {
namespace {

using namespace std::chrono_literals;
using sandbox::Exchange;
using sandbox::ExchangeArchive;
using sandbox::ExchangeLog;

constexpr std::size_t kMany = 1000;
constexpr std::size_t kMuch = 1'000'000;

Exchange exchange(ExchangeLog& log, const std::string& mch_id,
                  Exchange::Kind kind = Exchange::Kind::api) {
    Exchange out;
    out.kind = kind;
    out.id = log.next_id(kind);
    out.mch_id = mch_id;
    out.verdict = "ok";
    return out;
}

/// Names of what a log has that was opened on the directory, oldest first.
std::string names_in(const TemporaryDirectory& directory, std::size_t count_max = kMany,
                     std::size_t bytes_max = kMuch) {
    ExchangeArchive archive(directory.path(), count_max, bytes_max);
    const ExchangeLog log(count_max, bytes_max, &archive);
    std::string out;
    for (const auto& each : log.list(kMany, [](const Exchange&) { return true; }))
        out.insert(0, name_of(*each) + " ");
    return out;
}

TEST(ExchangeArchive, GivesBackEveryMemberAtTheNextStart) {
    const TemporaryDirectory directory;
    Exchange given;
    {
        ExchangeArchive archive(directory.path(), kMany, kMuch);
        ExchangeLog log(kMany, kMuch, &archive);
        given = exchange(log, "1900000109", Exchange::Kind::callback);
        given.at = Instant(1'767'225'600'123ms);
        given.url = "http://127.0.0.1:8080/notify";
        given.request.method = "POST";
        given.request.path = "/notify";
        given.request.query = "a=%20";
        given.request.headers.add("Content-Type", "text/xml; charset: odd");
        given.request.headers.add("X-Empty", "");
        given.request.body = std::string("bytes\0 \xff\xfe", 9);
        given.request.remote_address = "127.0.0.1";
        given.request.secure = true;
        given.response.status = 502;
        given.response.headers.add("Server", "nginx");
        given.response.body = "bad";
        given.latency = 17ms;
        given.endpoint = "/pay/x";
        given.out_trade_no = "T1";
        given.verdict = "bad_answer";
        given.error = "e";
        given.hint = "h";
        given.explanation = "several\nlines";
        given.fault =
            sandbox::Injection{"f1", {.kind = sandbox::Effect::Kind::duplicate, .copies = 2}};
        given.notes = {"one", "", "three"};
        log.add(given);
    }
    ExchangeArchive archive(directory.path(), kMany, kMuch);
    ExchangeLog log(kMany, kMuch, &archive);
    const auto found = log.find("c1");
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->at, given.at);
    EXPECT_EQ(found->url, given.url);
    EXPECT_EQ(found->request.method, given.request.method);
    EXPECT_EQ(found->request.path, given.request.path);
    EXPECT_EQ(found->request.query, given.request.query);
    ASSERT_EQ(found->request.headers.size(), 2U);
    EXPECT_EQ(found->request.headers.get("Content-Type"), "text/xml; charset: odd");
    EXPECT_EQ(found->request.headers.find("X-Empty"), "");
    EXPECT_EQ(found->request.body, given.request.body);
    EXPECT_EQ(found->request.remote_address, given.request.remote_address);
    EXPECT_TRUE(found->request.secure);
    EXPECT_EQ(found->response.status, 502);
    EXPECT_EQ(found->response.headers.get("Server"), "nginx");
    EXPECT_EQ(found->response.body, "bad");
    EXPECT_EQ(found->latency, 17ms);
    EXPECT_EQ(found->endpoint, "/pay/x");
    EXPECT_EQ(found->mch_id, "1900000109");
    EXPECT_EQ(found->out_trade_no, "T1");
    EXPECT_EQ(found->verdict, "bad_answer");
    EXPECT_EQ(found->error, "e");
    EXPECT_EQ(found->hint, "h");
    EXPECT_EQ(found->explanation, given.explanation);
    ASSERT_TRUE(found->fault);
    EXPECT_EQ(found->fault->id, "f1");
    EXPECT_EQ(found->fault->effect.copies, 2);
    EXPECT_EQ(found->notes, given.notes);
    EXPECT_EQ(log.next_id(Exchange::Kind::callback), 2) << "names go on";
    EXPECT_EQ(log.next_id(Exchange::Kind::api), 1);
}

TEST(ExchangeArchive, KeepsTheLastOnesOnly) {
    const TemporaryDirectory directory;
    for (int start = 0; start < 2; ++start) {
        ExchangeArchive archive(directory.path(), 3, kMuch);
        ExchangeLog log(3, kMuch, &archive);
        for (int i = 0; i < 4; ++i) log.add(exchange(log, "1900000109"));
    }
    EXPECT_EQ(names_in(directory), "6 7 8 ");
    {
        ExchangeArchive archive(directory.path(), kMany, 10'000);
        ExchangeLog log(kMany, 10'000, &archive);
        for (int i = 0; i < 2; ++i) {
            Exchange large = exchange(log, "1900000109");
            large.request.body = std::string(4'000, 'x');
            log.add(std::move(large));
        }
    }
    EXPECT_TRUE(names_in(directory, kMany, 10'000).ends_with("9 10 "));
    EXPECT_EQ(names_in(directory, kMany, 6'000), "10 ");
}

TEST(ExchangeArchive, ForgetsWhatTheLogForgets) {
    const TemporaryDirectory directory;
    {
        ExchangeArchive archive(directory.path(), kMany, kMuch);
        ExchangeLog log(kMany, kMuch, &archive);
        for (const char* const mch_id : {"1900000109", "1900000110", "1900000109"})
            log.add(exchange(log, mch_id));
        log.clear("1900000109");
        log.add(exchange(log, "1900000110"));
    }
    EXPECT_EQ(names_in(directory), "2 4 ");
    {
        ExchangeArchive archive(directory.path(), kMany, kMuch);
        ExchangeLog log(kMany, kMuch, &archive);
        log.clear();
    }
    EXPECT_EQ(names_in(directory), "");
}

TEST(ExchangeArchive, RefusesADirectoryThatCannotBeUsed) {
    EXPECT_THROW(ExchangeArchive("/dev/null/x", kMany, kMuch), std::runtime_error);
}

TEST(ExchangeLog, FindsByNameOnly) {
    ExchangeLog log(kMany, kMuch);
    log.add(exchange(log, "1900000109"));
    log.add(exchange(log, "1900000109", Exchange::Kind::callback));
    EXPECT_EQ(log.find("1")->kind, Exchange::Kind::api);
    EXPECT_EQ(log.find("c1")->kind, Exchange::Kind::callback);
    for (const char* const name : {"", "c", "2", "1x", "x1", "99999999999999999999", "-1", "c 1"})
        EXPECT_EQ(log.find(name), nullptr) << name;
}

}  // namespace
}  // namespace wxpay::test
