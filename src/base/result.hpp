// The one way to report an expected failure: a value or an Error.
#pragma once

#include <boost/system/result.hpp>

#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>

namespace switchroom::base {

/// What went wrong, in words that a person can act on. Folders whose callers branch on the kind of
/// failure use result<T, TheirEnum> instead.
struct Error {
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

}  // namespace switchroom::base
