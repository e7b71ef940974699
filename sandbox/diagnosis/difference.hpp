#pragma once

#include <string>
#include <string_view>

#include "core/base/secret.hpp"

namespace wxpay::sandbox::diagnosis {

struct Comparison {
    bool equal;
    std::string text;  ///< a few lines for people; no key in it
};

/// Compares the string that a merchant's code hashed with the one that was wanted.
/// mine    as their code had it, with or without the key; one line end behind it is no difference
/// wanted  v2::string_to_sign(): everything up to and with "key="
/// key     the right one; empty when it is not known, then only the rest is compared
Comparison compare_texts(std::string_view mine, std::string_view wanted, const Secret& key);

/// The same of a V3 string, in which each line end counts; one more at the end is an editor's.
Comparison compare_lines(std::string_view mine, std::string_view wanted);

}  // namespace wxpay::sandbox::diagnosis
