#include "sandbox/events/event_bus.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "sandbox/limits.hpp"

namespace wxpay::sandbox {
namespace {

constexpr std::array<std::pair<EventKind, std::string_view>, 4> kKinds{
    {{EventKind::order, "order"},
     {EventKind::notification, "notification"},
     {EventKind::exchange, "exchange"},
     {EventKind::clock, "clock"}}};

bool wants(const EventFilter& filter, const Event& event) {
    const auto narrowed_out = [](const std::string& wanted, const std::string& given) {
        return !wanted.empty() && wanted != given;
    };
    if (!filter.kinds.empty() &&
        std::find(filter.kinds.begin(), filter.kinds.end(), event.kind) == filter.kinds.end())
        return false;
    if (event.kind == EventKind::clock) return true;
    return !narrowed_out(filter.mch_id, event.mch_id) &&
           !narrowed_out(filter.out_trade_no, event.out_trade_no);
}

}  // namespace

std::string_view wire_name(EventKind kind) {
    for (const auto& [each, word] : kKinds) {
        if (each == kind) return word;
    }
    return {};
}

std::optional<EventKind> parse_event_kind(std::string_view word) {
    for (const auto& [kind, each] : kKinds) {
        if (each == word) return kind;
    }
    return std::nullopt;
}

bool EventBus::subscribe(std::shared_ptr<http::Stream> stream, EventFilter filter) {
    const std::lock_guard lock(mutex_);
    std::erase_if(listeners_, [](const Listener& each) { return !each.stream->is_open(); });
    const bool has_room = listeners_.size() < kEventStreamsMax;
    if (has_room) listeners_.push_back({std::move(stream), std::move(filter)});
    count_ = listeners_.size();
    return has_room;
}

void EventBus::publish(const Event& event) {
    if (!is_heard()) return;
    const std::string text =
        fmt::format("event: {}\ndata: {}\n\n", wire_name(event.kind), event.data);
    const std::lock_guard lock(mutex_);
    std::erase_if(listeners_, [&](const Listener& each) {
        return wants(each.filter, event) ? !each.stream->write(text) : !each.stream->is_open();
    });
    count_ = listeners_.size();
}

}  // namespace wxpay::sandbox
