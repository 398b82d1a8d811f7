# What is linked from outside. Archives are named by full path: pkg-config --static is wrong for
# several of them, and a .so beside the .a must never win in a static link.
#
# Header-only or compiled into ours: Boost.Asio (src/base/asio_impl.cpp), Boost.JSON
# (src/base/json_impl.cpp), fmt (src/base/fmt_impl.cpp; Debian has no libfmt.a), toml++.

find_package(Threads REQUIRED)

function(require_archive variable name package)
  find_library(${variable} NAMES "lib${name}.a")
  mark_as_advanced(${variable})
  if(NOT ${variable})
    message(FATAL_ERROR "lib${name}.a was not found: it is in Debian's ${package}; scripts/bootstrap installs it.")
  endif()
  set_property(GLOBAL APPEND PROPERTY switchroom_archives "${${variable}}")
endfunction()

require_archive(SWITCHROOM_SOFIA_A sofia-sip-ua libsofia-sip-ua-dev)
require_archive(SWITCHROOM_CARES_A cares libc-ares-dev)
require_archive(SWITCHROOM_SQLITE_A sqlite3 libsqlite3-dev)
require_archive(SWITCHROOM_PCRE2_A pcre2-8 libpcre2-dev)
require_archive(SWITCHROOM_QRCODEGEN_A qrcodegencpp libqrcodegencpp-dev)
require_archive(SWITCHROOM_PROGRAM_OPTIONS_A boost_program_options libboost-program-options1.81-dev)
require_archive(SWITCHROOM_SSL_A ssl libssl-dev)
require_archive(SWITCHROOM_CRYPTO_A crypto libssl-dev)
get_property(archives GLOBAL PROPERTY switchroom_archives)

find_path(SWITCHROOM_SOFIA_INCLUDE sofia-sip/sip.h PATH_SUFFIXES sofia-sip-1.12 REQUIRED)
mark_as_advanced(SWITCHROOM_SOFIA_INCLUDE)

# One target for all rooms: an archive gives only the members that are asked for, and which room may
# include which library's headers is the include check's business (scripts/check-includes).
add_library(sr_libraries INTERFACE)
target_include_directories(sr_libraries SYSTEM INTERFACE "${SWITCHROOM_SOFIA_INCLUDE}")
target_link_libraries(sr_libraries INTERFACE ${archives} Threads::Threads ${CMAKE_DL_LIBS} m)
target_compile_definitions(sr_libraries INTERFACE
  BOOST_ALL_NO_LIB
  BOOST_ASIO_SEPARATE_COMPILATION
  BOOST_ASIO_NO_DEPRECATED
  BOOST_ASIO_DISABLE_BOOST_COROUTINE        # stackful coroutines would want libboost_context
  BOOST_ASIO_DISABLE_BOOST_CONTEXT_FIBER)

# Libraries that scripts/bootstrap builds from Debian's source since their static archive is missing
# or broken (libsndfile, libsrtp2, spandsp). sr_media_libraries is empty until that folder exists; the
# media engine links it from the version that decodes and encodes.
set(SWITCHROOM_DEPS "" CACHE PATH "Where scripts/bootstrap put the libraries that it built (lib/, include/)")
add_library(sr_media_libraries INTERFACE)
if(SWITCHROOM_DEPS AND EXISTS "${SWITCHROOM_DEPS}/complete")
  set(built "${SWITCHROOM_DEPS}/lib")
  target_include_directories(sr_media_libraries SYSTEM INTERFACE "${SWITCHROOM_DEPS}/include")
  target_link_libraries(sr_media_libraries INTERFACE
    "${built}/libsrtp2.a" "${built}/libspandsp.a" -l:libtiff.a
    "${built}/libsndfile.a" -l:libFLAC.a -l:libvorbisenc.a -l:libvorbis.a -l:libogg.a -l:libopus.a -l:libspeexdsp.a -l:libmp3lame.a m)
endif()
