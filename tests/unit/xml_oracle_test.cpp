// Our reader beside pugixml, which other people wrote: on real messages both must read the same.
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <pugixml.hpp>

#include "core/codec/xml.hpp"

#include "tests/support/vectors.hpp"

namespace wxpay {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs by_pugixml(const std::string& xml) {
    pugi::xml_document document;
    Pairs out;
    if (!document.load_buffer(xml.data(), xml.size())) return out;
    for (pugi::xml_node node = document.document_element().first_child(); node;
         node = node.next_sibling()) {
        if (node.type() == pugi::node_element) out.emplace_back(node.name(), node.child_value());
    }
    return out;
}

TEST(XmlOracle, ReadsRealMessagesAsPugixmlDoes) {
    std::size_t compared = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(test::vectors_folder() / "samples")) {
        if (entry.path().extension() != ".xml") continue;
        std::ostringstream text;
        text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
        const auto message = XmlMessage::parse(text.str());
        if (!message) continue;  // pugixml lets pass what we refuse; xml_test.cpp has those
        Pairs ours;
        for (const FieldView& field : message->fields()) ours.emplace_back(field.name, field.value);
        EXPECT_EQ(ours, by_pugixml(text.str())) << entry.path();
        ++compared;
    }
    EXPECT_GE(compared, 10U);
}

}  // namespace
}  // namespace wxpay
