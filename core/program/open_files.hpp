#pragma once

#include <sys/resource.h>

namespace wxpay {

/// Lets this process open as many files as it may, but no more than kOpenFilesMax: each connection
/// takes one or more, and the usual limit is 1024. Returns the limit that was found, for programs
/// that are started.
rlimit raise_open_files();

/// What goes through all numbers of files takes time.
inline constexpr rlim_t kOpenFilesMax = 65536;

}  // namespace wxpay
