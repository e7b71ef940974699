#include "sandbox/exchanges/exchange_log.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <system_error>
#include <utility>

#include "sandbox/exchanges/exchange_archive.hpp"

namespace wxpay::sandbox {

std::string name_of(const Exchange& exchange) {
    return (exchange.kind == Exchange::Kind::callback ? "c" : "") + std::to_string(exchange.id);
}

std::size_t bytes_of(const Exchange& exchange) {
    std::size_t bytes = sizeof exchange + exchange.url.size() + exchange.request.path.size() +
                        exchange.request.query.size() + exchange.request.target.size() +
                        exchange.request.body.size() + exchange.request.headers.bytes() +
                        exchange.response.headers.bytes() + exchange.response.body.size() +
                        exchange.error.size() + exchange.hint.size() + exchange.explanation.size();
    for (const std::string& note : exchange.notes) bytes += sizeof note + note.size();
    return bytes;
}

ExchangeLog::ExchangeLog(std::size_t count_max, std::size_t bytes_max, ExchangeArchive* archive)
    : count_max_(count_max), bytes_max_(bytes_max), archive_(archive) {
    if (archive_ == nullptr) return;
    std::vector<Kept> gone;
    for (Exchange& exchange : archive_->load()) {
        auto& last = exchange.kind == Exchange::Kind::api ? last_call_ : last_callback_;
        last = std::max(last.load(), exchange.id);
        keep(std::make_shared<const Exchange>(std::move(exchange)), gone);
    }
}

void ExchangeLog::keep(Pointer exchange, std::vector<Kept>& gone) {
    const std::size_t bytes = bytes_of(*exchange);
    kept_.push_back({std::move(exchange), bytes});
    bytes_ += bytes;
    while (kept_.size() > count_max_ || bytes_ > bytes_max_) {
        bytes_ -= kept_.front().bytes;
        gone.push_back(std::move(kept_.front()));
        kept_.pop_front();
        ++dropped_;
    }
}

void ExchangeLog::add(Exchange exchange) {
    const auto added = std::make_shared<const Exchange>(std::move(exchange));
    std::vector<Kept> gone;  // destroyed outside the lock
    {
        const std::lock_guard lock(mutex_);
        keep(added, gone);
        if (archive_ != nullptr) archive_->keep(added);
    }
    if (observer_) observer_(*added);
}

ExchangeLog::Pointer ExchangeLog::find(std::string_view name) const {
    const auto kind = name.starts_with('c') ? Exchange::Kind::callback : Exchange::Kind::api;
    const std::string_view digits = name.substr(kind == Exchange::Kind::callback ? 1 : 0);
    std::int64_t id = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), id);
    if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return nullptr;
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(kept_.rbegin(), kept_.rend(), [&](const Kept& each) {
        return each.exchange->kind == kind && each.exchange->id == id;
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

ExchangeLog::Held ExchangeLog::held() const {
    const std::lock_guard lock(mutex_);
    return {kept_.size(), bytes_, dropped_};
}

void ExchangeLog::clear(const std::string& mch_id) {
    std::deque<Kept> gone;
    std::unique_lock lock(mutex_);
    const auto end = std::stable_partition(kept_.begin(), kept_.end(), [&](const Kept& each) {
        return !mch_id.empty() && each.exchange->mch_id != mch_id;
    });
    std::move(end, kept_.end(), std::back_inserter(gone));
    kept_.erase(end, kept_.end());
    for (const Kept& each : gone) bytes_ -= each.bytes;
    lock.unlock();  // the disk must not keep those waiting who add
    if (archive_ != nullptr) archive_->forget(mch_id);
}

}  // namespace wxpay::sandbox
