// A disk that is full, and then has room again.
#include <atomic>
#include <csignal>
#include <filesystem>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "core/codec/xml.hpp"

#include "tests/support/app_harness.hpp"
#include "tests/support/process.hpp"
#include "tests/support/scripted_server.hpp"

namespace wxpay::test {
namespace {

class FullDisk : public testing::Test {
  protected:
    /// The ledger's log cannot grow any more, as on a full disk.
    void fill() { limit(std::filesystem::file_size(data_ / "wxpay-sandbox.db-wal")); }
    void make_room() { limit(RLIM_INFINITY); }

    Fields order(const std::string& number, const std::string& notify_url) {
        const auto answer = sandbox_.call("POST", "/pay/unifiedorder",
                                          AppHarness::xml(AppHarness::sign(AppHarness::order(
                                              number, {{"notify_url", notify_url}}))));
        EXPECT_EQ(answer.status, 200);
        Fields out;
        const auto message = XmlMessage::parse(answer.body);
        EXPECT_TRUE(message) << answer.body;
        if (!message) return out;
        for (const FieldView& field : message->fields())
            out[std::string(field.name)] = std::string(field.value);
        return out;
    }
    ServerProcess::Answer pay(const std::string& number) {
        return sandbox_.call("POST", "/_sandbox/v1/orders/1900000109:" + number + "/pay");
    }
    std::string state(const std::string& number) {
        const auto shown = sandbox_.call("GET", "/_sandbox/v1/orders/1900000109:" + number);
        return shown.status == 404 ? "none" : shown.json().value("state", "");
    }

    const TemporaryDirectory data_;
    ServerProcess sandbox_{WXPAY_SANDBOX_PROGRAM,
                           {"--port", "0", "--data", data_.path().string(), "--clock", "manual",
                            "--log-level", "warn"}};

  private:
    void limit(rlim_t bytes) {
        rlimit now{};
        ASSERT_EQ(prlimit(sandbox_.process().pid(), RLIMIT_FSIZE, nullptr, &now), 0);
        now.rlim_cur = bytes;
        ASSERT_EQ(prlimit(sandbox_.process().pid(), RLIMIT_FSIZE, &now, nullptr), 0);
    }
};

constexpr const char* kNobody = "http://127.0.0.1:1/notify";

TEST_F(FullDisk, IsASystemErrorAndNoLieAndIsOverWhenThereIsRoom) {
    EXPECT_EQ(order("D1", kNobody)["result_code"], "SUCCESS");
    fill();
    Fields refused = order("D2", kNobody);
    EXPECT_EQ(refused["return_code"], "SUCCESS");
    EXPECT_EQ(refused["result_code"], "FAIL");
    EXPECT_EQ(refused["err_code"], "SYSTEMERROR");
    EXPECT_FALSE(refused["sign"].empty());
    const auto unpaid = pay("D1");
    EXPECT_EQ(unpaid.status, 500);
    EXPECT_EQ(unpaid.json()["error"]["code"], "internal_error");
    EXPECT_EQ(state("D1"), "NOTPAY") << "what was refused has not happened";
    EXPECT_EQ(state("D2"), "none");
    EXPECT_EQ(sandbox_.call("GET", "/_sandbox/readyz").status, 200) << "it still serves";

    make_room();
    EXPECT_EQ(order("D2", kNobody)["result_code"], "SUCCESS");
    EXPECT_EQ(pay("D1").status, 200);
    EXPECT_EQ(state("D1"), "SUCCESS");
    EXPECT_EQ(sandbox_.call("POST", "/_sandbox/v1/clock/advance", R"({"seconds":60})").status, 200);

    sandbox_.process().signal(SIGTERM);
    EXPECT_EQ(sandbox_.process().wait(), 0);
    const std::string log = sandbox_.process().output();
    EXPECT_NE(log.find("SQLite"), std::string::npos) << log;
    EXPECT_EQ(log.find(AppHarness::kKey), std::string::npos);
}

TEST_F(FullDisk, DelaysACallbackThatItCannotRecordButLosesNone) {
    // The merchant's answer to the first attempt comes while the disk is full.
    std::atomic<int> told{0};
    const ScriptedServer shop([&](Peer& peer, int) {
        while (!peer.request().empty()) {
            if (told++ == 0) fill();
            const std::string body = "<xml><return_code>SUCCESS</return_code></xml>";
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) +
                      "\r\n\r\n" + body);
        }
    });
    EXPECT_EQ(order("D3", "http://" + shop.name() + "/n")["result_code"], "SUCCESS");
    ASSERT_EQ(pay("D3").status, 200);
    while (told == 0) std::this_thread::yield();
    EXPECT_EQ(order("D4", kNobody)["err_code"], "SYSTEMERROR");
    while (sandbox_.process().output().find("could not be recorded") == std::string::npos)
        std::this_thread::yield();
    make_room();
    const auto told_again =
        sandbox_.call("GET", "/_sandbox/v1/wait?order=1900000109:D3&until=notified&timeout=20s");
    EXPECT_EQ(told_again.status, 200) << told_again.body;
    EXPECT_GE(told, 2) << "an attempt that could not be recorded is made again";
}

}  // namespace
}  // namespace wxpay::test
