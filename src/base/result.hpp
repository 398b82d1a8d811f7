// The one way to report an expected failure: a value or an Error.
#pragma once

#include <boost/system/result.hpp>

#include <initializer_list>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>

namespace switchroom::base {

/// What went wrong, in words that a person can act on. Folders whose callers branch on the kind of
/// failure use result<T, TheirEnum> instead.
struct Error {
  Error() = default;
  // A list of one and no constructor from a text: a plain struct is constructible from one since
  // C++20, and then `return text;` from a result<std::string> does not compile.
  Error(std::initializer_list<std::string> one) : what(*one.begin()) {}
  std::string what;
};

/// For tests, which print the result that they did not expect.
inline std::ostream& operator<<(std::ostream& out, const Error& error) { return out << error.what; }

/// Called by result::value() when there is none; value() without a check is for broken invariants.
[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw std::runtime_error(error.what);
}

template <class T, class E = Error>
using result = boost::system::result<T, E>;

/// A result that holds a value which an Error could be made from too (a text): result cannot guess there.
template <class T>
result<T> success(T value) {
  return {result<T>::in_place_value, std::move(value)};
}

}  // namespace switchroom::base
