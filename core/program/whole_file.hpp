#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace wxpay {

/// Writes the file beside its place and renames it, so that whoever waits for it never reads half
/// of it. Returns why it could not be written, for people; then nothing is left behind. Empty: it
/// is there.
std::string write_whole(const std::filesystem::path& path, std::string_view text);

/// The same into what cannot be replaced, as a pipe: at its end.
std::string write_into(const std::filesystem::path& path, std::string_view text);

}  // namespace wxpay
