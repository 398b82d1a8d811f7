# build/switchroom, and build/pbxctl: the same executable under its second name.

if(NOT EXISTS "${CMAKE_SOURCE_DIR}/src/main/main.cpp")
  message(STATUS "src/main/main.cpp does not exist: no executable in this build")
  return()
endif()

add_executable(switchroom src/main/main.cpp)
link_rooms(switchroom ${SWITCHROOM_LINKS_main})
use_pch(switchroom)

if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT SWITCHROOM_SANITIZE)
  # The line tables go into a file of their own, which gdb and perf find by the link's name.
  add_custom_command(TARGET switchroom POST_BUILD VERBATIM
    COMMAND "${CMAKE_OBJCOPY}" --only-keep-debug $<TARGET_FILE:switchroom> $<TARGET_FILE:switchroom>.debug
    COMMAND "${CMAKE_STRIP}" $<TARGET_FILE:switchroom>
    COMMAND "${CMAKE_OBJCOPY}" "--add-gnu-debuglink=$<TARGET_FILE:switchroom>.debug" $<TARGET_FILE:switchroom>)
endif()
add_custom_command(TARGET switchroom POST_BUILD VERBATIM
  COMMAND "${CMAKE_COMMAND}" -E create_symlink switchroom "${CMAKE_BINARY_DIR}/pbxctl")

install(TARGETS switchroom RUNTIME)
install(FILES "${CMAKE_BINARY_DIR}/pbxctl" TYPE BIN)
