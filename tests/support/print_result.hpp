// Lets Catch print a base::result<T, E>, whatever T is: REQUIRE(open(…)) says why it failed.
#pragma once

#include "base/result.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace Catch {

template <class T, class E>
struct StringMaker<boost::system::result<T, E>> {
  static std::string convert(const boost::system::result<T, E>& result) {
    if (result.has_value()) return "a value";
    if constexpr (requires { result.error().what; }) {
      return "error: " + result.error().what;
    } else {
      return "error " + ::Catch::Detail::stringify(result.error());
    }
  }
};

}  // namespace Catch
