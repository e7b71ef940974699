#pragma once

#include <optional>

#include "core/program/program.hpp"

#include "sandbox/cli/serve_options.hpp"
#include "sandbox/server.hpp"

namespace wxpay::sandbox::cli {

/// A server that accepts connections, and its ready file.
class StartedServer {
  public:
    /// Throws UsageError when it cannot listen, or the ready file cannot be written.
    StartedServer(const ServeOptions& options, const Config& config);

    Server& operator*() { return server_; }
    Server* operator->() { return &server_; }

  private:
    Server server_;
    std::optional<ReadyFile> ready_file_;
};

/// What whoever reads the log as JSON hears of the start.
void log_start(Server& server, const Config& config);

}  // namespace wxpay::sandbox::cli
