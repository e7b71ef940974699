#pragma once

#include <csignal>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace wxpay {

/// Wrong use of a program: one line that names the option and the way out. Ends it with status 2.
struct UsageError : std::runtime_error {
    using std::runtime_error::runtime_error;
};
inline constexpr int kExitUsage = 2;

/// ("WXPAY_SANDBOX_", "--ready-file") → "WXPAY_SANDBOX_READY_FILE".
std::string environment_name(std::string_view prefix, std::string_view flag);

/// "HOST:PORT" or "[v6]:PORT" of the option `flag`; throws UsageError for anything else.
std::pair<std::string, int> parse_listen_address(const std::string& flag, const std::string& text);

/// "http://HOST:PORT", an IPv6 host in brackets.
std::string http_url(const std::string& host, int port);
/// The same with "https".
std::string https_url(const std::string& host, int port);

/// How a client on this machine says where we listen: "any address" is none that it could call.
std::string reachable(const std::string& host);

bool is_loopback(std::string_view host);

/// Catches SIGTERM and SIGINT for the whole process. Construct it before any thread: they inherit
/// its mask.
class StopSignal {
  public:
    StopSignal();
    /// Until one of them arrives.
    void wait() const;

  private:
    sigset_t signals_{};
};

/// A file that tells others where the program listens: {"pid":…,"http":"…"}. It appears whole, and
/// goes with the object.
class ReadyFile {
  public:
    /// Throws UsageError when it cannot be written.
    ReadyFile(std::string path, const std::map<std::string, std::string>& members);
    ~ReadyFile();
    /// Removes what a process that was killed has left there, so that nobody takes it for ours.
    static void forget_the_dead(const std::string& path);
    ReadyFile(const ReadyFile&) = delete;
    ReadyFile& operator=(const ReadyFile&) = delete;

  private:
    std::string path_;
};

}  // namespace wxpay
