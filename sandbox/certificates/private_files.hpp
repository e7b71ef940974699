#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace wxpay::sandbox {

// Files that nobody else may read. All of it throws std::runtime_error that names the path.

/// Makes the directory, mode 0700, and those above it where they are missing. One that is there
/// must be ours, and becomes 0700.
void make_private_directory(const std::filesystem::path& path);

/// The file appears whole, mode 0600, or stays what it was.
void write_private_file(const std::filesystem::path& path, std::string_view text);

/// Nothing when it is not there.
std::optional<std::string> read_private_file(const std::filesystem::path& path);

/// Held by one process, or thread, at a time; others wait. The directory must exist.
class DirectoryLock {
  public:
    explicit DirectoryLock(const std::filesystem::path& directory);
    ~DirectoryLock();
    DirectoryLock(const DirectoryLock&) = delete;
    DirectoryLock& operator=(const DirectoryLock&) = delete;

  private:
    int fd_;
};

}  // namespace wxpay::sandbox
