#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sandbox/verdict/report.hpp"

namespace wxpay::sandbox::cli {

/// Where a report goes, and in which format.
struct ReportFile {
    enum class Format { json, junit };
    Format format;
    std::filesystem::path path;

    std::string str() const;  ///< "junit:build/wxpay.xml"
};

/// "junit:FILE" or "json:FILE", each looked at now: folders above it are made, and what cannot be
/// written throws UsageError, and so do two for one file. A report of an earlier run goes, so that
/// nobody takes it for ours.
std::vector<ReportFile> report_files(const std::vector<std::string>& given);

/// The file appears whole. Throws std::runtime_error that names it.
void write(const ReportFile& file, const Report& report, FailOn fail_on);

}  // namespace wxpay::sandbox::cli
