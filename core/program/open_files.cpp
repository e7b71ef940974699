#include "core/program/open_files.hpp"

#include <algorithm>

namespace wxpay {

rlimit raise_open_files() {
    rlimit found{};
    if (::getrlimit(RLIMIT_NOFILE, &found) != 0) return found;
    rlimit wanted = found;
    wanted.rlim_cur = std::max(found.rlim_cur, std::min(found.rlim_max, kOpenFilesMax));
    ::setrlimit(RLIMIT_NOFILE, &wanted);  // or it stays as it is
    return found;
}

}  // namespace wxpay
