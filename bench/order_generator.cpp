// wxpay-bench-orders: signed unifiedorder requests, one a line, for bench/unifiedorder.lua.
#include <algorithm>
#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "bench/messages.hpp"

int main(int argc, char** argv) {
    int count = 1000;
    int first = 0;
    std::string prefix = "B";
    CLI::App app(
        "Prints signed unifiedorder requests of the demo merchant, each a new order, one a line.");
    app.add_option("--count", count, "how many")
        ->check(CLI::Range(1, 100'000'000))
        ->capture_default_str();
    app.add_option("--first", first, "number of the first")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    app.add_option("--prefix", prefix, "begin of each out_trade_no")->capture_default_str();
    CLI11_PARSE(app, argc, argv);

    for (int n = first; n < first + count; ++n) {
        std::string xml =
            wxpay::bench::order_xml(fmt::format("{}{:010}", prefix, n), wxpay::v2::SignType::md5);
        // White space between the elements is the reader's business, a line end the load
        // generator's.
        std::replace(xml.begin(), xml.end(), '\n', ' ');
        xml += '\n';
        if (std::fwrite(xml.data(), 1, xml.size(), stdout) != xml.size()) return 1;
    }
    return std::fflush(stdout) == 0 ? 0 : 1;
}
