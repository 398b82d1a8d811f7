#include "main/problem_data.hpp"

#include <boost/json.hpp>

namespace switchroom::main {

boost::json::array problem_data(const std::vector<config::Problem>& problems) {
  boost::json::array list;
  for (const auto& problem : problems) {
    list.emplace_back(boost::json::object{{"file", problem.place.file},
                                          {"line", problem.place.line},
                                          {"column", problem.place.column},
                                          {"key", problem.key},
                                          {"what", problem.what}});
  }
  return list;
}

}  // namespace switchroom::main
