#include "sandbox/certificates/private_files.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace wxpay::sandbox {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, int error) {
    throw std::runtime_error(fmt::format("'{}': {}", path.string(), std::strerror(error)));
}

bool write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto size = ::write(fd, text.data(), text.size());
        if (size > 0) text.remove_prefix(static_cast<std::size_t>(size));
        if (size < 0 && errno != EINTR) return false;
    }
    return ::fsync(fd) == 0;
}

}  // namespace

void make_private_directory(const std::filesystem::path& path) {
    std::error_code problem;
    std::filesystem::create_directories(path.parent_path(), problem);
    if (problem) fail(path.parent_path(), problem.value());
    if (::mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST) fail(path, errno);
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0) fail(path, errno);
    if (!S_ISDIR(found.st_mode)) fail(path, ENOTDIR);
    // Somebody else's directory could be made to hold somebody else's key.
    if (found.st_uid != ::geteuid()) fail(path, EPERM);
    if ((found.st_mode & 07777U) != S_IRWXU && ::chmod(path.c_str(), S_IRWXU) != 0)
        fail(path, errno);
}

void write_private_file(const std::filesystem::path& path, std::string_view text) {
    std::string beside = path.string() + ".XXXXXX";
    const int fd = ::mkostemp(beside.data(), O_CLOEXEC);  // mode 0600
    if (fd < 0) fail(path, errno);
    const bool written = write_all(fd, text);
    int problem = written ? 0 : errno;
    ::close(fd);
    if (problem == 0 && ::rename(beside.c_str(), path.c_str()) != 0) problem = errno;
    if (problem == 0) return;
    ::unlink(beside.c_str());
    fail(path, problem);
}

std::optional<std::string> read_private_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) {
        if (errno == ENOENT) return std::nullopt;
        fail(path, errno);
    }
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

DirectoryLock::DirectoryLock(const std::filesystem::path& directory)
    : fd_(::open((directory / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR)) {
    if (fd_ < 0) fail(directory / "lock", errno);
    while (::flock(fd_, LOCK_EX) != 0) {
        if (errno == EINTR) continue;
        const int problem = errno;
        ::close(fd_);
        fail(directory / "lock", problem);
    }
}

DirectoryLock::~DirectoryLock() { ::close(fd_); }

}  // namespace wxpay::sandbox
