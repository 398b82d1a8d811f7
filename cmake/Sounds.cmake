# The prompts that the executable carries. sounds/<language>.tsv names them; the recordings are those of
# Debian's packages, the gaps are synthesised, and pack_sounds (sounds/packer) compresses all of them into a
# pack for each language, which is assembled into the room sounds.

set(recordings /usr/share/asterisk/sounds)
set(music /usr/share/asterisk/moh)
foreach(probe IN ITEMS "${recordings}/en_US_f_Allison/digits/1.g722|asterisk-core-sounds-en-g722"
                       "${recordings}/es_MX_f_Allison/digits/1.g722|asterisk-core-sounds-es-g722"
                       "${music}/manolo_camp-morning_coffee.g722|asterisk-moh-opsound-g722")
  string(REPLACE "|" ";" probe "${probe}")
  list(GET probe 0 file)
  list(GET probe 1 package)
  if(NOT EXISTS "${file}")
    message(FATAL_ERROR "${file} was not found: the prompts and the music that the executable carries are "
      "made of the recordings in Debian's package ${package}; scripts/bootstrap installs it.")
  endif()
endforeach()

# Not compiled as the product is: it runs while that is built, and shall be quick in every build.
file(GLOB packer_sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/sounds/packer/*.cpp")
add_executable(pack_sounds ${packer_sources} "${CMAKE_SOURCE_DIR}/src/sounds/no_sound_card.cpp")
target_include_directories(pack_sounds PRIVATE "${CMAKE_SOURCE_DIR}/src")
target_compile_options(pack_sounds PRIVATE -O2 -Wall -Wextra -Werror -fno-pie)
target_link_options(pack_sounds PRIVATE -no-pie)
target_link_libraries(pack_sounds PRIVATE sr_libraries)

# pack(NAME FOLDER LANGUAGE): sounds/NAME.tsv to generated/packs/NAME.pack.
set(packs "")
function(pack name folder language)
  set(table "${CMAKE_SOURCE_DIR}/sounds/${name}.tsv")
  set(output "${CMAKE_BINARY_DIR}/generated/packs/${name}.pack")
  file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/generated/packs")
  add_custom_command(OUTPUT "${output}" COMMAND pack_sounds "${table}" "${folder}" "${language}" "${output}"
    DEPENDS "${table}" pack_sounds VERBATIM COMMENT "Packing the sounds of ${name}.tsv")
  set(packs ${packs} "${output}" PARENT_SCOPE)
endfunction()
pack(en "${recordings}/en_US_f_Allison" en)
pack(es "${recordings}/es_MX_f_Allison" es-419)
pack(music "${music}" music)

set(source "${CMAKE_BINARY_DIR}/generated/packs/packs.cpp")
set(writer "${CMAKE_SOURCE_DIR}/cmake/PacksSource.cmake")
add_custom_command(OUTPUT "${source}" COMMAND ${CMAKE_COMMAND} "-DPACKS=${packs}" "-DOUTPUT=${source}" -P "${writer}"
  DEPENDS ${packs} "${writer}" VERBATIM COMMENT "Embedding the sounds")
set_source_files_properties("${source}" PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
target_sources(sr_sounds PRIVATE "${source}")
