#include "sandbox/cli/started_server.hpp"

#include <filesystem>
#include <malloc.h>
#include <map>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "core/codec/beijing_time.hpp"

#include "sandbox/log_fields.hpp"
#include "sandbox/version.hpp"

namespace wxpay::sandbox::cli {
namespace {

/// Before the server makes its threads.
const Config& prepare_process(const ServeOptions& options, const Config& config) {
    // One arena for all workers: glibc's default of eight per core keeps tens of MiB that nobody
    // uses.
    mallopt(M_ARENA_MAX, 4);
    if (!options.ready_file.empty()) ReadyFile::forget_the_dead(options.ready_file);
    return config;
}

}  // namespace

StartedServer::StartedServer(const ServeOptions& options, const Config& config)
    : server_(prepare_process(options, config)) {
    if (const auto started = server_.start(); !started) {
        throw UsageError(fmt::format(
            "cannot listen: {}; choose another with {}, or 0 for any free one",
            started.error().detail,
            started.error().field == "http" ? "--http or --port" : "--" + started.error().field));
    }
    if (options.ready_file.empty()) return;
    std::map<std::string, std::string> members{{"http", server_.base_url()}};
    if (!server_.https_url().empty()) members["https"] = server_.https_url();
    if (!server_.proxy_url().empty()) members["proxy"] = server_.proxy_url();
    if (!options.data.empty()) members["data"] = std::filesystem::absolute(options.data).string();
    ready_file_.emplace(options.ready_file, members);
}

void log_start(Server& server, const Config& config) {
    nlohmann::ordered_json fields{{"version", kVersion}, {"http", server.base_url()}};
    if (!server.https_url().empty()) fields["https"] = server.https_url();
    if (!server.proxy_url().empty()) fields["proxy"] = server.proxy_url();
    fields["clock"] = server.context().clock.mode().str();
    fields["now"] = format_rfc3339(server.context().clock.now());
    fields["seed"] = server.seed();
    if (config.data) fields["data"] = config.data->string();
    const LogFields about(fields);
    spdlog::info("listens on {}", server.base_url());
}

}  // namespace wxpay::sandbox::cli
