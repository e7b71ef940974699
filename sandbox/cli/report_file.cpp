#include "sandbox/cli/report_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

#include "core/program/program.hpp"
#include "core/program/whole_file.hpp"

namespace wxpay::sandbox::cli {
namespace {

/// Whether it is replaced by another file, and not written into, as /dev/stdout is.
bool is_replaced(const std::filesystem::path& path) {
    std::error_code ignored;
    const auto type = std::filesystem::symlink_status(path, ignored).type();
    return type == std::filesystem::file_type::regular ||
           type == std::filesystem::file_type::not_found;
}

std::optional<ReportFile> parse(std::string_view text) {
    constexpr std::string_view kJunit = "junit:";
    constexpr std::string_view kJson = "json:";
    const auto after = [&](std::string_view word) {
        return std::filesystem::path(text.substr(word.size()));
    };
    std::optional<ReportFile> file;
    if (text.starts_with(kJunit)) file = {ReportFile::Format::junit, after(kJunit)};
    if (text.starts_with(kJson)) file = {ReportFile::Format::json, after(kJson)};
    if (file && file->path.empty()) file.reset();
    if (!file) return file;
    // A link stays one: what it leads to is replaced.
    std::error_code problem;
    if (std::filesystem::is_symlink(file->path, problem)) {
        auto meant = std::filesystem::weakly_canonical(file->path, problem);
        if (!problem && is_replaced(meant)) file->path = std::move(meant);
    }
    return file;
}

std::filesystem::path directory_of(const std::filesystem::path& path) {
    return path.has_parent_path() ? path.parent_path() : ".";
}

/// Whether one report would replace the other.
bool is_same(const std::filesystem::path& a, const std::filesystem::path& b) {
    std::error_code problem;
    const auto place = [&](const std::filesystem::path& path) {
        return std::filesystem::canonical(directory_of(path), problem) / path.filename();
    };
    return is_replaced(a) && is_replaced(b) && place(a) == place(b);
}

/// Empty when it can be written.
std::string why_not(const std::filesystem::path& path) {
    std::error_code problem;
    if (std::filesystem::is_directory(path, problem)) return std::strerror(EISDIR);
    std::filesystem::create_directories(directory_of(path), problem);
    if (problem) return problem.message();
    if (!is_replaced(path)) return ::access(path.c_str(), W_OK) == 0 ? "" : std::strerror(errno);
    if (::access(directory_of(path).c_str(), W_OK | X_OK) != 0) return std::strerror(errno);
    std::filesystem::remove(path, problem);
    return problem ? problem.message() : "";
}

}  // namespace

std::string ReportFile::str() const {
    return fmt::format("{}:{}", format == Format::json ? "json" : "junit", path.string());
}

std::vector<ReportFile> report_files(const std::vector<std::string>& given) {
    std::vector<ReportFile> files;
    for (const std::string& text : given) {
        auto file = parse(text);
        if (!file) {
            throw UsageError(fmt::format("--report '{}': junit:FILE or json:FILE is wanted", text));
        }
        if (const std::string problem = why_not(file->path); !problem.empty())
            throw UsageError(fmt::format("--report '{}': {}", text, problem));
        if (std::any_of(files.begin(), files.end(),
                        [&](const ReportFile& other) { return is_same(other.path, file->path); })) {
            throw UsageError(fmt::format("--report '{}': another report goes there already", text));
        }
        files.push_back(*std::move(file));
    }
    return files;
}

void write(const ReportFile& file, const Report& report, FailOn fail_on) {
    std::string text = file.format == ReportFile::Format::json ? report_json(report)
                                                               : report_junit(report, fail_on);
    if (!text.ends_with('\n')) text += '\n';
    std::error_code problem;
    // The command may have cleaned up the folder.
    std::filesystem::create_directories(directory_of(file.path), problem);
    const std::string why =
        is_replaced(file.path) ? write_whole(file.path, text) : write_into(file.path, text);
    if (!why.empty()) throw std::runtime_error(fmt::format("{}: {}", file.str(), why));
}

}  // namespace wxpay::sandbox::cli
