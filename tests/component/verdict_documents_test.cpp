// What the documents say of the verdict's rules.
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/verdict/report.hpp"
#include "sandbox/verdict/rule.hpp"

namespace wxpay {
namespace {

using sandbox::Severity;

/// The lines of tables that begin with a rule's id, each cut off behind its second column when only
/// that is the same in all languages.
std::vector<std::string> rows_of(const std::string& document, std::size_t columns) {
    std::ifstream in(std::string(WXPAY_SOURCE_DIR) + "/" + document);
    EXPECT_TRUE(in.is_open()) << document;
    std::vector<std::string> out;
    for (std::string line; std::getline(in, line);) {
        const std::size_t end = line.find("` |");
        if (!line.starts_with("| `") || end == std::string::npos) continue;
        const std::string id = line.substr(3, end - 3);
        const std::string group = id.substr(0, id.find('/'));
        bool is_rule = false;
        for (const auto& rule : sandbox::verdict_rules())
            is_rule = is_rule || rule.id.starts_with(group + "/");
        if (!is_rule || group.size() == id.size() || group.empty()) continue;
        std::size_t cut = 0;
        for (std::size_t n = 0; n <= columns; ++n) cut = line.find('|', cut) + 1;
        out.push_back(line.substr(0, cut));
    }
    return out;
}

TEST(VerdictDocuments, ReadmeListsEachRuleWithItsMeaning) {
    std::vector<std::string> wanted;
    for (const auto& rule : sandbox::verdict_rules()) {
        wanted.push_back("| `" + std::string(rule.id) + "` | " +
                         std::string(wire_name(rule.severity)) + " | " + std::string(rule.meaning) +
                         " |");
    }
    EXPECT_THAT(rows_of("README.md", 3), testing::ElementsAreArray(wanted));
}

TEST(VerdictDocuments, ChineseReadmeListsEachRule) {
    std::vector<std::string> wanted;
    for (const auto& rule : sandbox::verdict_rules()) {
        wanted.push_back("| `" + std::string(rule.id) + "` | " +
                         (rule.severity == Severity::error ? "错误" : "警告") + " |");
    }
    EXPECT_THAT(rows_of("README.zh-CN.md", 2), testing::ElementsAreArray(wanted));
}

TEST(VerdictDocuments, FidelityListsEachRuleWithItsSource) {
    std::vector<std::string> wanted;
    for (const auto& rule : sandbox::verdict_rules()) {
        wanted.push_back("| `" + std::string(rule.id) + "` | " +
                         std::string(wire_name(rule.severity)) + " | " + std::string(rule.source) +
                         " |");
    }
    EXPECT_THAT(rows_of("FIDELITY.md", 3), testing::ElementsAreArray(wanted));
}

}  // namespace
}  // namespace wxpay
