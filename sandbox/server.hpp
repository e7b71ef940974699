#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"

#include "sandbox/app.hpp"
#include "sandbox/context.hpp"
#include "sandbox/directory.hpp"
#include "sandbox/timers/virtual_clock.hpp"

namespace wxpay::sandbox {

/// Everything that a sandbox can be told at its start.
struct Config {
    std::string http_host = "127.0.0.1";
    int http_port = 0;  ///< 0: any free one
    std::size_t workers =
        4;  ///< handlers never wait, so a few are enough for any number of connections
    std::optional<std::filesystem::path> data;  ///< nothing: all state in memory
    std::uint64_t seed = 0;
    ClockMode clock;
    std::optional<Instant> start_time;  ///< nothing: now
    Settings settings;
    std::vector<std::string> allow_notify;
    Directory directory = demo_directory();
};

/// A WeChat Pay in this process: ledger, timers, callbacks and the HTTP server before them.
class Server {
  public:
    /// Opens the store; throws std::runtime_error when it cannot be used.
    explicit Server(Config config);
    ~Server();  ///< stops
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Begins to serve. Fails when the address cannot be bound.
    Result<void> start();
    /// Stops accepting, finishes what is in flight, leaves the rest to the next start. Prompt.
    void stop();

    int port() const;
    /// http://host:port
    std::string base_url() const;
    Context& context();
    App& app();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wxpay::sandbox
