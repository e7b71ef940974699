#pragma once

#include <span>
#include <string>
#include <string_view>

namespace wxpay::sandbox::cli {

/// One verb of `wxpay-sandbox VERB …`.
struct Verb {
    std::string_view name;
    std::string_view summary;
    /// argv[0] is the verb. Returns the exit status: 0 good, 1 a finding, 2 wrong use.
    int (*run)(int argc, char** argv);
};

/// All of them but `serve`, which is what runs when none is named.
std::span<const Verb> verbs();
/// Their lines in --help.
std::string list_of_verbs();

/// The whole program.
int run(int argc, char** argv);

}  // namespace wxpay::sandbox::cli
