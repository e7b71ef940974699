// What the verbs print: tables, records, and the events they read.
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sandbox/cli/event_reader.hpp"
#include "sandbox/cli/table.hpp"

namespace wxpay::sandbox::cli {
namespace {

std::string printed(const std::function<void()>& print) {
    testing::internal::CaptureStdout();
    print();
    return testing::internal::GetCapturedStdout();
}

TEST(Table, AlignsItsColumns) {
    Table table({"order", "state", "body"});
    table.add({"1900000109:A1", "SUCCESS", "short"});
    table.add({"1", "NOTPAY", ""});
    EXPECT_EQ(printed([&] { table.print(false); }),
              "order          state    body\n"
              "1900000109:A1  SUCCESS  short\n"
              "1              NOTPAY\n");
}

TEST(Table, CountsChineseCharactersAsTwoColumns) {
    Table table({"message", "fee"});
    table.add({"支付成功", "1"});
    table.add({"12345678", "2"});
    EXPECT_EQ(printed([&] { table.print(false); }),
              "message   fee\n"
              "支付成功  1\n"
              "12345678  2\n");
}

TEST(Table, ColoursHowThingsStandAndNothingElse) {
    Table table({"id", "state"});
    table.add({"ok", "delivered"});
    table.add({"1", "other"});
    EXPECT_EQ(printed([&] { table.print(true); }),
              "id  state\nok  \x1b[32mdelivered\x1b[0m\n1   other\n");
    EXPECT_EQ(colored("NOTPAY"), "\x1b[33mNOTPAY\x1b[0m");
    EXPECT_EQ(colored("unreachable"), "\x1b[31munreachable\x1b[0m");
}

TEST(Table, LetsNoCellControlTheTerminal) {
    Table table({"body", "x"});
    table.add({"two\nlines\x1b[2J", "\xff"});
    EXPECT_EQ(printed([&] { table.print(false); }),
              "body              x\ntwo lines\\x1b[2J  (not UTF-8)\n");
    EXPECT_EQ(one_line(std::string(1000, 'x')), std::string(240, 'x') + "…");
}

TEST(Record, IsALineForEachMemberAndATableForEachList) {
    const auto record = nlohmann::ordered_json::parse(
        R"({"id":"1","state":"pending","none":[],"attempts":[{"n":1,"verdict":"ok"},)"
        R"({"n":2,"reason":"slow"}],"fee":888})");
    EXPECT_EQ(printed([&] { print_record(record, false); }),
              "id        1\nstate     pending\nfee       888\n\n"
              "attempts\nn  verdict  reason\n1  ok\n2           slow\n");
}

TEST(EventReader, FindsEventsHoweverTheyArrive) {
    const std::string stream =
        ": listening\n\nevent: order\ndata: {\"a\":1}\n\nid: 3\nevent: clock\ndata: {}\n\n";
    for (std::size_t size = 1; size <= stream.size(); ++size) {
        std::vector<std::string> found;
        EventReader reader(
            [&](const ReceivedEvent& event) { found.push_back(event.kind + event.data); });
        for (std::size_t at = 0; at < stream.size(); at += size)
            EXPECT_TRUE(reader.read(stream.substr(at, size)));
        EXPECT_EQ(found, (std::vector<std::string>{"order{\"a\":1}", "clock{}"})) << size;
    }
}

TEST(EventReader, GivesUpOnALineWithoutEnd) {
    EventReader reader([](const ReceivedEvent&) {});
    EXPECT_FALSE(reader.read(std::string(17 * 1024 * 1024, 'x')));
}

}  // namespace
}  // namespace wxpay::sandbox::cli
