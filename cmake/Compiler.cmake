# The compiler, its warnings, the sanitizers and ccache. Everything that a source of ours is compiled
# with is a usage requirement of the target sr_options.

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR
    "g++ ${CMAKE_CXX_COMPILER_VERSION} cannot build Switchroom: before version 13 it miscompiles "
    "expressions that contain co_await (temporaries are destroyed twice), and a PBX that is built of "
    "coroutines then corrupts its memory. Use clang: cmake -DCMAKE_CXX_COMPILER=clang++-19 …, or just "
    "scripts/build. docs/decisions/0001-clang.md has the details.")
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 16)
  message(FATAL_ERROR
    "clang ${CMAKE_CXX_COMPILER_VERSION} is older than any version that Switchroom's coroutines were "
    "tested with: use clang 16 or later (scripts/build uses clang 19).")
elseif(NOT CMAKE_CXX_COMPILER_ID MATCHES "^(Clang|GNU)$")
  message(FATAL_ERROR "Switchroom is built by clang 16 or later, not by ${CMAKE_CXX_COMPILER_ID}.")
endif()

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release or Debug" FORCE)
endif()

set(SWITCHROOM_SANITIZE "" CACHE STRING "Empty, 'address' (with undefined) or 'thread'")
set_property(CACHE SWITCHROOM_SANITIZE PROPERTY STRINGS "" address thread)
option(SWITCHROOM_PCH "Precompile the heavy headers of std and asio" ON)

# The executable is static only where it is meant to be shipped: sanitizers need the dynamic loader,
# and a debug build gains nothing from it.
set(static_default OFF)
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT SWITCHROOM_SANITIZE)
  set(static_default ON)
endif()
option(SWITCHROOM_STATIC "Link build/switchroom fully statically" ${static_default})

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE OFF)

# No NDEBUG in any build: a broken invariant ends in a core dump and a restart by the service
# manager, not in an executable that goes on with memory it no longer owns. -g1 is line tables, for
# readable backtraces; the shipped executable is stripped and its symbols are kept beside it.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
if(SWITCHROOM_SANITIZE)
  set(CMAKE_CXX_FLAGS_RELEASE "-O1 -g1")  # a third less to compile, and backtraces with all frames
endif()
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g")

add_library(sr_options INTERFACE)
target_include_directories(sr_options INTERFACE "${CMAKE_SOURCE_DIR}/src" "${CMAKE_BINARY_DIR}/generated")
target_compile_options(sr_options INTERFACE
  -Wall -Wextra -Wpedantic -Werror
  $<$<NOT:$<BOOL:$<TARGET_PROPERTY:BATCHED>>>:-Wshadow>  # in a batch a name may be another file's, too
  -Wconversion -Wno-sign-conversion -Wold-style-cast -Wnon-virtual-dtor
  -Woverloaded-virtual -Wextra-semi -Wimplicit-fallthrough -Wunused
  -ffunction-sections -fdata-sections -fPIE
  # Paths of the machine that built it do not belong into an executable, and builds in two places
  # shall be the same bytes.
  "-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=")
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # A designated initializer that names some members and leaves the rest to their defaults is house style.
  target_compile_options(sr_options INTERFACE -Wno-missing-designated-field-initializers)
endif()
target_link_options(sr_options INTERFACE -Wl,--gc-sections -Wl,--build-id -Wl,-z,relro,-z,now)

# lld links the static executable in half of bfd's time. The name carries the compiler's version
# (Debian's lld-19 puts no plain ld.lld into PATH).
string(REGEX MATCH "^[0-9]+" compiler_major "${CMAKE_CXX_COMPILER_VERSION}")
find_program(SWITCHROOM_LLD NAMES "ld.lld-${compiler_major}" ld.lld)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND SWITCHROOM_LLD)
  target_link_options(sr_options INTERFACE "--ld-path=${SWITCHROOM_LLD}")
endif()

if(SWITCHROOM_SANITIZE STREQUAL "address")
  # fuzzer-no-link counts the branches taken, so that the fuzzers (which link these same objects)
  # find their way; it costs the rest of the suite little.
  set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_compile_options(sr_options INTERFACE -fsanitize=fuzzer-no-link)
  endif()
elseif(SWITCHROOM_SANITIZE STREQUAL "thread")
  set(sanitizers -fsanitize=thread -fno-omit-frame-pointer)
elseif(NOT SWITCHROOM_SANITIZE STREQUAL "")
  message(FATAL_ERROR "SWITCHROOM_SANITIZE is '${SWITCHROOM_SANITIZE}': it may be empty, 'address' or 'thread'.")
endif()
if(SWITCHROOM_SANITIZE)
  target_compile_options(sr_options INTERFACE ${sanitizers})
  target_link_options(sr_options INTERFACE ${sanitizers})
else()
  # Strangers write to this process: cheap hardening that the sanitizers would duplicate.
  target_compile_options(sr_options INTERFACE -fstack-protector-strong)
  target_compile_definitions(sr_options INTERFACE _GLIBCXX_ASSERTIONS)
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_options(sr_options INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  endif()
endif()

# Where all is compiled at once (sanitizers, clang-tidy) the sources of a room share what they include, too. Those of
# a unit test always do.
option(SWITCHROOM_BATCHES "Compile the sources of a room in batches (cmake/batches.py)" OFF)

# ccache, with what it must overlook so that a precompiled header does not defeat it.
option(SWITCHROOM_CCACHE "Compile through ccache where it is installed" ON)
find_program(CCACHE_PROGRAM ccache)
if(SWITCHROOM_CCACHE AND CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    CCACHE_NOHASHDIR=1
    CCACHE_DEPEND=1 # a source that is new to it is not preprocessed besides: a fifth of its time
    "${CCACHE_PROGRAM}")
endif()
