#pragma once

#include <chrono>
#include <functional>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json_fwd.hpp>

#include "core/base/clock.hpp"

#include "sandbox/cli/running_server.hpp"

namespace CLI {
class App;
}

namespace wxpay::sandbox::cli {

// What the verbs have in common that drive a running server by its control API.

/// What was looked for is not so: no such order, not in time, not delivered. Status 1.
struct NotSo : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The options as they were typed.
struct ControlOptions {
    RunningServer server = {};
    std::string output = "text";
    bool no_color = false;

    bool is_json() const { return output == "json"; }
    /// Whether stdout is a terminal that shall see colours.
    bool is_colorful() const;
};

/// Adds them to the verb; its subcommands take them too.
void declare(CLI::App& app, ControlOptions& options);

/// As run_verb(); NotSo is one line on stderr and status 1.
int run_control_verb(CLI::App& app, int argc, char** argv, const std::function<int()>& work);

/// One call of the control API.
struct ControlCall {
    std::string method = "GET";
    std::string path;
    std::string query = {};
    std::string body = {};  ///< JSON
    Millis timeout = std::chrono::seconds(60);
};

/// An answer of the control API: as it came, and what it says (null for no JSON).
struct ControlAnswer {
    int status = 0;
    std::string text;
    std::shared_ptr<const nlohmann::json> said;

    const nlohmann::json& json() const { return *said; }
};

/// The answer to a call that succeeded, printed already when the output is json. A refusal is
/// thrown with the server's words: NotSo when the call was sound and the state is not (404, 408,
/// 409, 502, 503), otherwise UsageError, as when no server answers.
ControlAnswer ask(const ControlOptions& options, const ControlCall& call);

/// The same for an answer that came another way.
ControlAnswer accept(const ControlOptions& options, http::Response response);

/// "a=1&b=2" of the parameters that are not empty.
std::string query_of(
    std::initializer_list<std::pair<std::string_view, std::string_view>> parameters);

/// As a body; bytes that are not UTF-8 become U+FFFD.
std::string to_body(const nlohmann::ordered_json& json);

/// Which rows of a list, as it was typed; what is empty does not narrow.
struct ListOptions {
    std::string mch_id;
    std::string out_trade_no;
    std::string state;
    std::string limit;
    std::string cursor;
};
void declare(CLI::App& app, ListOptions& list, const char* number_help, const char* states);
std::string query_of(const ListOptions& list);

/// Prints where a list goes on, when it does.
void print_next_page(const nlohmann::json& list);

/// Says on stderr what the server notes about what was asked, unless the output is json.
void say_notes(const ControlOptions& options, const ControlAnswer& answer);

/// Prints the object that was answered, unless the output is json. Status 0.
int show_record(const ControlOptions& options, const ControlAnswer& answer);

/// Prints a Notification after an attempt; status 1 when that did not deliver it.
int report_attempt(const ControlOptions& options, const ControlAnswer& answer);

/// A member as text: a string as it is, other values as JSON; empty when there is none.
std::string text_of(const nlohmann::json& object, std::string_view member);

}  // namespace wxpay::sandbox::cli
