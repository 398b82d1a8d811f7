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
require_archive(SWITCHROOM_OPUS_A opus libopus-dev)
# flite's voices before what they are made of.
require_archive(SWITCHROOM_FLITE_SLT_A flite_cmu_us_slt flite1-dev)
require_archive(SWITCHROOM_FLITE_KAL_A flite_cmu_us_kal flite1-dev)
require_archive(SWITCHROOM_FLITE_ENGLISH_A flite_usenglish flite1-dev)
require_archive(SWITCHROOM_FLITE_LEXICON_A flite_cmulex flite1-dev)
require_archive(SWITCHROOM_FLITE_A flite flite1-dev)
require_archive(SWITCHROOM_SPEEXDSP_A speexdsp libspeexdsp-dev)
require_archive(SWITCHROOM_LAME_A mp3lame libmp3lame-dev)
require_archive(SWITCHROOM_FLAC_A FLAC libflac-dev)
require_archive(SWITCHROOM_VORBISENC_A vorbisenc libvorbis-dev)
require_archive(SWITCHROOM_VORBIS_A vorbis libvorbis-dev)
require_archive(SWITCHROOM_OGG_A ogg libogg-dev)
require_archive(SWITCHROOM_SSL_A ssl libssl-dev)
require_archive(SWITCHROOM_CRYPTO_A crypto libssl-dev)

# What scripts/bootstrap builds from Debian's source, since its static archive is missing or broken. In
# front of the others: libsndfile asks for FLAC, vorbis, ogg and opus.
set(SWITCHROOM_DEPS "" CACHE PATH "Where scripts/build-libraries put the libraries that it built (lib/, include/)")
if(NOT EXISTS "${SWITCHROOM_DEPS}/complete")
  message(FATAL_ERROR "libsndfile, spandsp and libsrtp2 were not found (SWITCHROOM_DEPS): scripts/bootstrap builds them, and scripts/build names the folder.")
endif()
set(built "${SWITCHROOM_DEPS}/lib/libsndfile.a" "${SWITCHROOM_DEPS}/lib/libspandsp.a" "${SWITCHROOM_DEPS}/lib/libsrtp2.a")

get_property(archives GLOBAL PROPERTY switchroom_archives)

find_path(SWITCHROOM_SOFIA_INCLUDE sofia-sip/sip.h PATH_SUFFIXES sofia-sip-1.12 REQUIRED)
mark_as_advanced(SWITCHROOM_SOFIA_INCLUDE)

# One target for all rooms: an archive gives only the members that are asked for, and which room may
# include which library's headers is the include check's business (scripts/check-includes).
add_library(sr_libraries INTERFACE)
target_include_directories(sr_libraries SYSTEM INTERFACE "${SWITCHROOM_SOFIA_INCLUDE}" "${SWITCHROOM_DEPS}/include")
target_link_libraries(sr_libraries INTERFACE ${built} ${archives} Threads::Threads ${CMAKE_DL_LIBS} m)
target_compile_definitions(sr_libraries INTERFACE
  BOOST_ALL_NO_LIB
  BOOST_ASIO_SEPARATE_COMPILATION
  BOOST_ASIO_NO_DEPRECATED
  BOOST_ASIO_DISABLE_BOOST_COROUTINE        # stackful coroutines would want libboost_context
  BOOST_ASIO_DISABLE_BOOST_CONTEXT_FIBER)

