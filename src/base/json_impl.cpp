// Boost.JSON, compiled once; elsewhere <boost/json.hpp> declares what stands here.
#include <boost/json/src.hpp>
