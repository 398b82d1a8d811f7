# tests/<room>/*.cpp becomes unit_<room>: Catch2 and the rooms that the table in Rooms.cmake names.
# In a build for ThreadSanitizer only the rooms that have threads are registered with ctest.

if(NOT SWITCHROOM_CATCH2_A)
  message(FATAL_ERROR "libCatch2WithMain.a was not found: it is in Debian's catch2; scripts/bootstrap installs it.")
endif()

set(threaded_rooms base media cdr registrar control)
set(slow_threaded_rooms recording) # they link nearly everything: scripts/test --all

foreach(room IN LISTS SWITCHROOM_ROOMS)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/${room}/*.cpp")
  if(NOT sources)
    continue()
  endif()
  batch_sources(unit_${room})
  add_executable(unit_${room} ${sources})
  link_rooms(unit_${room} ${SWITCHROOM_LINKS_${room}})
  set_target_properties(unit_${room} PROPERTIES BATCHED ON)
  target_compile_options(unit_${room} PRIVATE -O1)  # what is tested is compiled as the product is
  target_include_directories(unit_${room} PRIVATE "${CMAKE_SOURCE_DIR}/tests")
  target_compile_definitions(unit_${room} PRIVATE "SWITCHROOM_SOURCE_DIR=\"${CMAKE_SOURCE_DIR}\"")
  target_link_libraries(unit_${room} PRIVATE "${SWITCHROOM_CATCH2_A}")
  use_pch(unit_${room})

  set(labels unit)
  if(room IN_LIST threaded_rooms)
    list(APPEND labels threads)
  elseif(room IN_LIST slow_threaded_rooms)
    list(APPEND labels slow_threads)
  endif()
  set(weight 1) # SystemTests.cmake has the word
  if(room STREQUAL "media")
    set(weight 3) # sound in real time
  endif()
  add_test(NAME unit_${room} COMMAND unit_${room})
  set_tests_properties(unit_${room} PROPERTIES LABELS "${labels}" TIMEOUT 300 COST ${weight}300 PROCESSORS ${weight})
endforeach()
