// What the documents say of the verdict's rules.
#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/verdict/report.hpp"
#include "sandbox/verdict/rule.hpp"

namespace wxpay {
namespace {

using sandbox::Severity;

/// The rows that begin with a rule's id, or with one that looks like it; their first columns.
std::vector<std::string> rows_of(const std::string& document, std::size_t columns) {
    std::ifstream in(std::string(WXPAY_SOURCE_DIR) + "/" + document);
    EXPECT_TRUE(in.is_open()) << document;
    std::vector<std::string> out;
    for (std::string line; std::getline(in, line);) {
        const bool is_rule =
            std::any_of(sandbox::verdict_rules().begin(), sandbox::verdict_rules().end(),
                        [&](const auto& rule) {
                            return line.starts_with(
                                "| `" + std::string(rule.id.substr(0, rule.id.find('/') + 1)));
                        });
        if (!is_rule) continue;
        std::size_t end = 0;
        for (std::size_t n = 0; n <= columns; ++n) end = line.find('|', end) + 1;
        out.push_back(line.substr(0, end));
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
