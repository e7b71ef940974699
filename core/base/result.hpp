#pragma once

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "core/base/assert.hpp"
#include "core/base/error.hpp"

namespace wxpay {

/// Wraps an error on its way into a Result, as std::unexpected does.
template <class E>
struct Failure {
    E error;
};
template <class E>
Failure(E) -> Failure<E>;

/// A value or an error. Members are spelled as in C++23's std::expected, so that it can be replaced
/// by it.
template <class T, class E = Error>
class [[nodiscard]] Result {
  public:
    using value_type = T;
    using error_type = E;

    /// From a T, or from whatever becomes one by itself.
    template <class U = T>
    requires(std::is_convertible_v<U, T> && !std::is_same_v<std::remove_cvref_t<U>, Result>)
        Result(U&& value)
        : state_(std::in_place_index<0>, std::forward<U>(value)) {}
    template <class F>
    Result(Failure<F> failure) : state_(std::in_place_index<1>, std::move(failure.error)) {}

    bool has_value() const { return state_.index() == 0; }
    explicit operator bool() const { return has_value(); }

    T& value() & { return WXPAY_ASSERT(has_value()), std::get<0>(state_); }
    const T& value() const& { return WXPAY_ASSERT(has_value()), std::get<0>(state_); }
    T&& value() && { return WXPAY_ASSERT(has_value()), std::get<0>(std::move(state_)); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    E& error() & { return WXPAY_ASSERT(!has_value()), std::get<1>(state_); }
    const E& error() const& { return WXPAY_ASSERT(!has_value()), std::get<1>(state_); }
    E&& error() && { return WXPAY_ASSERT(!has_value()), std::get<1>(std::move(state_)); }

  private:
    std::variant<T, E> state_;
};

/// Success without a value, or an error.
template <class E>
class [[nodiscard]] Result<void, E> {
  public:
    using value_type = void;
    using error_type = E;

    Result() = default;
    template <class F>
    Result(Failure<F> failure) : error_(std::move(failure.error)) {}

    bool has_value() const { return !error_.has_value(); }
    explicit operator bool() const { return has_value(); }
    E& error() & { return WXPAY_ASSERT(error_.has_value()), *error_; }
    const E& error() const& { return WXPAY_ASSERT(error_.has_value()), *error_; }
    E&& error() && { return WXPAY_ASSERT(error_.has_value()), *std::move(error_); }

  private:
    std::optional<E> error_;
};

}  // namespace wxpay

#define WXPAY_CONCAT_(a, b) a##b
#define WXPAY_CONCAT(a, b) WXPAY_CONCAT_(a, b)
#define WXPAY_TRY_(result, declaration, ...)                         \
    auto result = (__VA_ARGS__);                                     \
    if (!result) return ::wxpay::Failure{std::move(result).error()}; \
    declaration = *std::move(result)

/// WXPAY_TRY(const Order order, find(id)); declares `order`, or returns the failure from this
/// function.
#define WXPAY_TRY(declaration, ...) \
    WXPAY_TRY_(WXPAY_CONCAT(wxpay_result_, __LINE__), declaration, __VA_ARGS__)

/// WXPAY_CHECK(expression); goes on when it succeeded, or returns the failure from this function.
#define WXPAY_CHECK(...)                                               \
    do {                                                               \
        if (auto wxpay_checked = (__VA_ARGS__); !wxpay_checked)        \
            return ::wxpay::Failure{std::move(wxpay_checked).error()}; \
    } while (false)
