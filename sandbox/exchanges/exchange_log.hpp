#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"
#include "core/http/message.hpp"

#include "sandbox/faults/fault.hpp"

namespace wxpay::sandbox {

class ExchangeArchive;

/// One API call or callback as it went over the wire, and what we made of it.
struct Exchange {
    enum class Kind { api, callback };

    std::int64_t id = 0;  ///< given by ExchangeLog::next_id(); each kind counts by itself
    Kind kind = Kind::api;
    Instant at;
    std::string url;  ///< callbacks only: calls have the request's path and query
    http::Request request;
    http::Response response;
    Millis latency{0};  ///< callbacks only
    /// Calls only: real time to make the answer. Not for the control API: transcripts repeat.
    std::chrono::nanoseconds took{0};
    std::string endpoint;  ///< path of the endpoint that answered; empty for unknown paths
    std::string mch_id;
    std::string out_trade_no;
    std::string verdict;  ///< "ok", "refused", "failed"; for callbacks the attempt's verdict
    std::string error;  ///< WeChat's word for the refusal: return_msg, or err_code and err_code_des
    std::string hint;   ///< one ASCII line: the likely cause
    std::string explanation;         ///< the cause at length, UTF-8, several lines; no key in it
    std::optional<Injection> fault;  ///< what went wrong on purpose
    std::vector<std::string> notes;  ///< accepted, but worth knowing
};

/// What people call it: "17", a callback "c17". So the names of calls do not depend on when
/// callbacks leave, and a seed gives them again.
std::string name_of(const Exchange& exchange);
/// What it holds in memory, about.
std::size_t bytes_of(const Exchange& exchange);

/// The last exchanges, bounded in number and bytes. Thread-safe.
class ExchangeLog {
  public:
    /// archive  keeps them for the next start, and has those of the last; may be null. It must
    ///          outlive the log.
    ExchangeLog(std::size_t count_max, std::size_t bytes_max, ExchangeArchive* archive = nullptr);

    /// Told of each exchange that is kept. Before the first one; it must outlive the last.
    void set_observer(std::function<void(const Exchange&)> observer) {
        observer_ = std::move(observer);
    }

    /// The next id of the kind: each exchange takes one when it starts, so that an answer can name
    /// it.
    std::int64_t next_id(Exchange::Kind kind) {
        return kind == Exchange::Kind::api ? ++last_call_ : ++last_callback_;
    }
    /// Keeps a finished exchange; the oldest go when there is no room.
    void add(Exchange exchange);

    using Pointer = std::shared_ptr<const Exchange>;
    /// By its name.
    Pointer find(std::string_view name) const;
    /// Newest first, at most `limit`, those that `wanted` accepts.
    std::vector<Pointer> list(std::size_t limit,
                              const std::function<bool(const Exchange&)>& wanted) const;
    struct Held {
        std::size_t count;
        std::size_t bytes;
        std::uint64_t dropped;  ///< how many went because there was no room
    };
    Held held() const;
    /// Forgets all, or those of one merchant.
    void clear(const std::string& mch_id = {});

  private:
    struct Kept {
        Pointer exchange;
        std::size_t bytes;
    };
    /// Under the lock; what has no room any more goes to `gone`.
    void keep(Pointer exchange, std::vector<Kept>& gone);

    std::function<void(const Exchange&)> observer_;
    const std::size_t count_max_;
    const std::size_t bytes_max_;
    ExchangeArchive* const archive_;
    std::atomic<std::int64_t> last_call_{0};
    std::atomic<std::int64_t> last_callback_{0};
    mutable std::mutex mutex_;
    std::deque<Kept> kept_;
    std::size_t bytes_ = 0;
    std::uint64_t dropped_ = 0;
};

}  // namespace wxpay::sandbox
