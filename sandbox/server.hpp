#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"

#include "sandbox/app.hpp"
#include "sandbox/certificates/trust_files.hpp"
#include "sandbox/context.hpp"
#include "sandbox/directory.hpp"
#include "sandbox/faults/fault.hpp"
#include "sandbox/timers/virtual_clock.hpp"

namespace wxpay::sandbox {

/// Everything that a sandbox can be told at its start.
struct Config {
    std::string http_host = "127.0.0.1";
    int http_port = 0;  ///< 0: any free one
    /// Host and port of the TLS listener; nothing: none. Its certificates, and those for its
    /// clients, lie below `data` or, without, below the user's cache directory.
    std::optional<std::pair<std::string, int>> https;
    /// Host and port of the forward proxy; nothing: none. It leads to the TLS listener, which is
    /// then there on a free port of 127.0.0.1 even without `https`.
    std::optional<std::pair<std::string, int>> proxy;
    bool proxy_passes_others = false;  ///< hosts that are not WeChat's
    /// Whether the files that clients of API V3 need are written there without a TLS listener, too.
    bool writes_certificates = false;
    /// With a TLS listener: whom the files that make clients trust it shall name besides.
    OtherRoots other_roots;
    std::size_t workers =
        4;  ///< handlers never wait, so a few are enough for any number of connections
    std::optional<std::filesystem::path> data;  ///< nothing: all state in memory
    std::optional<std::uint64_t> seed;          ///< nothing: as it was kept in `data`, or any
    std::optional<ClockMode> clock;             ///< nothing: as it was kept in `data`, or real
    /// Where the clock begins; nothing: now. Not before the time that was kept in `data`.
    std::optional<Instant> start_time;
    Settings settings;
    std::vector<std::string> allow_notify;
    Directory directory = demo_directory();
    std::vector<Fault> faults;  ///< in force from the start; at most kFaultsMax
};

/// A WeChat Pay in this process: ledger, timers, callbacks and the HTTP server before them.
class Server {
  public:
    /// Opens the store and makes the TLS listener's certificates; throws std::runtime_error when
    /// one cannot be used.
    explicit Server(Config config);
    ~Server();  ///< stops
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Begins to serve. Fails when an address cannot be bound: the field is "http", "https"
    /// or "proxy".
    Result<void> start();
    /// Stops accepting, finishes what is in flight, leaves the rest to the next start. Prompt.
    void stop();

    int port() const;
    std::uint64_t seed() const;
    /// http://host:port, as clients on this machine say it.
    std::string base_url() const;
    /// https://host:port; empty without a TLS listener.
    const std::string& https_url() const;
    /// http://host:port; empty without a forward proxy.
    const std::string& proxy_url() const;
    /// Where clients find their certificates; null when none were written.
    const CertificateFiles* certificate_files() const;
    Context& context();
    App& app();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wxpay::sandbox
