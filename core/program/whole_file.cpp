#include "core/program/whole_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

namespace wxpay {
namespace {

/// Empty when all of it is written.
std::string write(const std::filesystem::path& path, std::string_view text, int how) {
    constexpr mode_t kAsUsual = 0666;  // less what the umask takes
    const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | how, kAsUsual);
    int problem = file < 0 ? errno : 0;
    while (problem == 0 && !text.empty()) {
        const auto size = ::write(file, text.data(), text.size());
        if (size >= 0) {
            text.remove_prefix(static_cast<std::size_t>(size));
        } else if (errno != EINTR) {
            problem = errno;
        }
    }
    // Some file systems say only now that there is no room.
    if (file >= 0 && ::close(file) != 0 && problem == 0 && errno != EINTR) problem = errno;
    return problem == 0 ? "" : std::generic_category().message(problem);
}

}  // namespace

std::string write_whole(const std::filesystem::path& path, std::string_view text) {
    const std::filesystem::path beside = path.string() + ".new";
    std::string why = write(beside, text, O_CREAT | O_TRUNC);
    std::error_code problem;
    if (why.empty()) {
        std::filesystem::rename(beside, path, problem);
        if (problem) why = problem.message();
    }
    if (!why.empty()) std::filesystem::remove(beside, problem);
    return why;
}

std::string write_into(const std::filesystem::path& path, std::string_view text) {
    return write(path, text, O_APPEND);
}

}  // namespace wxpay
