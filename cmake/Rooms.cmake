# Each folder src/<room>/ is an object library sr_<room>, compiled from every .cpp below it. A room
# without a source is skipped. Which rooms a test links is the table below; which room may include
# which other is checked by scripts/check-includes from the includes themselves.

set(SWITCHROOM_ROOMS base config sdp guard sip registrar media sounds dialplan values tolls call conference recording mail voicemail apps cdr control main)

# What a test of a room links: the room and the rooms that it includes, directly or not.
set(SWITCHROOM_LINKS_base base)
set(SWITCHROOM_LINKS_config config base)
set(SWITCHROOM_LINKS_sdp sdp base)
set(SWITCHROOM_LINKS_guard guard config base)
set(SWITCHROOM_LINKS_sip sip guard config base)
set(SWITCHROOM_LINKS_registrar registrar config base)
set(SWITCHROOM_LINKS_media media sdp base)
set(SWITCHROOM_LINKS_sounds sounds media sdp config base)
set(SWITCHROOM_LINKS_dialplan dialplan config base)
set(SWITCHROOM_LINKS_cdr cdr config base)
set(SWITCHROOM_LINKS_control control base)
set(SWITCHROOM_LINKS_mail mail config base)
set(SWITCHROOM_LINKS_values values base)
set(SWITCHROOM_LINKS_tolls tolls config base)
set(SWITCHROOM_LINKS_call call sip sdp media sounds dialplan registrar cdr values tolls guard config base apps control conference recording voicemail mail)
set(SWITCHROOM_LINKS_recording ${SWITCHROOM_LINKS_call})
set(SWITCHROOM_LINKS_conference ${SWITCHROOM_LINKS_call})
set(SWITCHROOM_LINKS_voicemail ${SWITCHROOM_LINKS_call})
set(SWITCHROOM_LINKS_apps ${SWITCHROOM_LINKS_call})
set(SWITCHROOM_LINKS_main ${SWITCHROOM_LINKS_call} main)

# The precompiled header is compiled once, by a library that holds nothing else, and reused by all.
if(SWITCHROOM_PCH)
  file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/generated/pch.cpp"
       CONTENT "// Holds the precompiled header; see cmake/Rooms.cmake.\n")
  add_library(sr_pch OBJECT "${CMAKE_BINARY_DIR}/generated/pch.cpp")
  target_link_libraries(sr_pch PRIVATE sr_options sr_libraries)
  target_precompile_headers(sr_pch PRIVATE cmake/Pch.hpp)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # Without its time stamp the header is the same bytes each time, and ccache finds the objects
    # that were compiled with it in another build directory or after a clean.
    target_compile_options(sr_pch PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
endif()

function(use_pch target)
  if(SWITCHROOM_PCH)
    target_precompile_headers(${target} REUSE_FROM sr_pch)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
      target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
    endif()
  endif()
endfunction()

# The caller's `sources` become batches of them, see batches.py. Its target wants the property BATCHED.
function(batch_sources name)
  if(sources)
    find_package(Python3 REQUIRED COMPONENTS Interpreter)
    execute_process(COMMAND "${Python3_EXECUTABLE}" "${CMAKE_SOURCE_DIR}/cmake/batches.py"
                            "${CMAKE_BINARY_DIR}/generated/batches/${name}" 12 ${sources}
                    OUTPUT_VARIABLE batches OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
    string(REPLACE "\n" ";" sources "${batches}")
    set(sources "${sources}" PARENT_SCOPE)
  endif()
endfunction()

foreach(room IN LISTS SWITCHROOM_ROOMS)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/${room}/*.cpp")
  # main.cpp holds main(): it belongs to the executable, so that a test can link the rest of the room.
  list(REMOVE_ITEM sources "${CMAKE_SOURCE_DIR}/src/main/main.cpp")
  if(NOT sources AND NOT room STREQUAL "base" AND NOT room STREQUAL "main")
    continue()
  endif()
  if(SWITCHROOM_BATCHES)
    batch_sources(${room})
  endif()
  add_library(sr_${room} OBJECT ${sources})
  set_target_properties(sr_${room} PROPERTIES BATCHED "${SWITCHROOM_BATCHES}")
  target_link_libraries(sr_${room} PRIVATE sr_options sr_libraries)
  use_pch(sr_${room})
endforeach()

include(Sounds)

# Third-party sources that are compiled into ours do not answer to our warnings.
foreach(impl IN ITEMS asio_impl json_impl fmt_impl)
  set_source_files_properties("src/base/${impl}.cpp" PROPERTIES COMPILE_OPTIONS "-w")
endforeach()
# fmt and Boost.JSON want to see their headers in another order than the precompiled header's.
set_source_files_properties(src/base/fmt_impl.cpp src/base/json_impl.cpp src/base/asio_impl.cpp
  PROPERTIES SKIP_PRECOMPILE_HEADERS ON)

# The version: src/base/version.hpp declares it, this file's neighbour generates it at each build and
# touches the source only when the revision has changed. No date: builds shall be reproducible.
set(version_source "${CMAKE_BINARY_DIR}/generated/version.cpp")
add_custom_target(sr_version BYPRODUCTS "${version_source}"
  COMMAND "${CMAKE_COMMAND}" "-DSOURCE_DIR=${CMAKE_SOURCE_DIR}" "-DVERSION=${PROJECT_VERSION}"
          "-DREVISION=$ENV{SWITCHROOM_REVISION}" "-DOUTPUT=${version_source}"
          -P "${CMAKE_SOURCE_DIR}/cmake/Version.cmake" VERBATIM)
target_sources(sr_base PRIVATE "${version_source}")
set_source_files_properties("${version_source}" PROPERTIES GENERATED ON SKIP_PRECOMPILE_HEADERS ON)
add_dependencies(sr_base sr_version)

embed_text(sr_main src/main/default_config.toml.in default_config)
embed_text(sr_main config.example.toml config_example)
embed_text(sr_main licenses/NOTICES.txt licenses)
# Mozilla's certificates as Debian's ca-certificates has them, for where there are none (a container).
set(SWITCHROOM_CA_CERTIFICATES /etc/ssl/certs/ca-certificates.crt CACHE FILEPATH "PEM that the executable carries")
embed_text(sr_main "${SWITCHROOM_CA_CERTIFICATES}" ca_certificates)
write_embedded_header()

# Links TARGET with the rooms in the list (those that have a source) and all libraries. -pie goes with -fPIE in
# Compiler.cmake: at each start the executable lies at another address. The shipped one moves itself there, without
# a loader (static-pie), by a packed table of what to mend; docs/decisions/0002-static-glibc.md.
function(link_rooms target)
  target_link_libraries(${target} PRIVATE sr_options)
  if(SWITCHROOM_STATIC AND target STREQUAL "switchroom")
    target_link_options(${target} PRIVATE -static-pie -Wl,-z,pack-relative-relocs)
  else()
    target_link_options(${target} PRIVATE -pie)
  endif()
  foreach(room IN LISTS ARGN)
    if(TARGET sr_${room})
      target_link_libraries(${target} PRIVATE sr_${room})
    endif()
  endforeach()
  target_link_libraries(${target} PRIVATE sr_libraries)
endfunction()
