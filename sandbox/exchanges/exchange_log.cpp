#include "sandbox/exchanges/exchange_log.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace wxpay::sandbox {

std::string name_of(const Exchange& exchange) {
    return (exchange.kind == Exchange::Kind::callback ? "c" : "") + std::to_string(exchange.id);
}

std::size_t ExchangeLog::bytes_of(const Exchange& exchange) {
    std::size_t bytes = sizeof exchange + exchange.url.size() + exchange.request.body.size() +
                        exchange.request.headers.bytes() + exchange.response.headers.bytes() +
                        exchange.response.body.size() + exchange.error.size() +
                        exchange.hint.size() + exchange.explanation.size();
    for (const std::string& note : exchange.notes) bytes += sizeof note + note.size();
    return bytes;
}

void ExchangeLog::add(Exchange exchange) {
    const std::size_t bytes = bytes_of(exchange);
    Kept entry{std::make_shared<const Exchange>(std::move(exchange)), bytes};
    const Pointer added = entry.exchange;
    std::vector<Kept> gone;  // destroyed outside the lock
    {
        const std::lock_guard lock(mutex_);
        kept_.push_back(std::move(entry));
        bytes_ += bytes;
        while (kept_.size() > count_max_ || bytes_ > bytes_max_) {
            bytes_ -= kept_.front().bytes;
            gone.push_back(std::move(kept_.front()));
            kept_.pop_front();
            ++dropped_;
        }
    }
    if (observer_) observer_(*added);
}

ExchangeLog::Pointer ExchangeLog::find(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(kept_.rbegin(), kept_.rend(), [name](const Kept& each) {
        return name_of(*each.exchange) == name;
    });
    return found == kept_.rend() ? nullptr : found->exchange;
}

std::vector<ExchangeLog::Pointer> ExchangeLog::list(
    std::size_t limit, const std::function<bool(const Exchange&)>& wanted) const {
    std::vector<Pointer> out;
    const std::lock_guard lock(mutex_);
    for (auto each = kept_.rbegin(); each != kept_.rend() && out.size() < limit; ++each) {
        if (wanted(*each->exchange)) out.push_back(each->exchange);
    }
    return out;
}

std::uint64_t ExchangeLog::dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
}

void ExchangeLog::clear(const std::string& mch_id) {
    std::deque<Kept> gone;
    const std::lock_guard lock(mutex_);
    const auto end = std::stable_partition(kept_.begin(), kept_.end(), [&](const Kept& each) {
        return !mch_id.empty() && each.exchange->mch_id != mch_id;
    });
    std::move(end, kept_.end(), std::back_inserter(gone));
    kept_.erase(end, kept_.end());
    for (const Kept& each : gone) bytes_ -= each.bytes;
}

}  // namespace wxpay::sandbox
