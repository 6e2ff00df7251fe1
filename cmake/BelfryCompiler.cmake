# One place for every compiler, linker and library choice of the project.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
# One kind of position-independent code everywhere: precompiled headers are shared between libraries
# and executables, and Clang refuses one made with -fPIC in a unit compiled with -fPIE.
add_compile_options(-fPIC)
add_link_options($<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-pie>)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")

set(BELFRY_SANITIZE "" CACHE STRING "Comma-separated list for -fsanitize, or empty")

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${PROJECT_SOURCE_DIR}/cmake/ccache.sh ${CCACHE}
      ${PROJECT_SOURCE_DIR} ${CMAKE_BINARY_DIR})
endif()

add_compile_options(
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wimplicit-fallthrough -Wunused -fno-omit-frame-pointer
  -fstack-protector-strong "SHELL:-Xclang -fno-pch-timestamp")
if(BELFRY_WERROR)
  add_compile_options(-Werror)
endif()
add_link_options(-fuse-ld=lld -Wl,-z,relro,-z,now)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS -fstack-clash-protection
                      -fcf-protection -ftrivial-auto-var-init=zero)
endif()
if(BELFRY_SANITIZE)
  add_compile_options(-fsanitize=${BELFRY_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${BELFRY_SANITIZE})
endif()

add_compile_definitions(
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
  BOOST_ASIO_DISABLE_BOOST_ARRAY SPDLOG_FMT_EXTERNAL
  SPDLOG_COMPILED_LIB)

# What the client library needs; belfryConfig.cmake finds the same for its users.
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(PkgConfig REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(CARES REQUIRED IMPORTED_TARGET libcares)
if(BELFRY_SERVICE)
  find_package(Boost 1.81 REQUIRED COMPONENTS url)
  find_package(SQLite3 REQUIRED)
  find_package(date REQUIRED)
  pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
  pkg_check_modules(CJOSE REQUIRED IMPORTED_TARGET cjose)
  pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
  find_package(GTest REQUIRED)
  find_package(benchmark REQUIRED)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
endif()

# Asio and Beast are compiled once, here, and not in every translation unit that includes them.
add_library(belfry_asio STATIC ${PROJECT_SOURCE_DIR}/cmake/asio_impl.cpp
                               ${PROJECT_SOURCE_DIR}/cmake/beast_impl.cpp)
target_link_libraries(belfry_asio PUBLIC Boost::headers OpenSSL::SSL OpenSSL::Crypto
                                         Threads::Threads)

# Two precompiled headers: plain modules, and modules that speak Asio. They are found through the
# include path, so that the header that CMake generates names no folder and ccache can share it.
include_directories(${PROJECT_SOURCE_DIR}/cmake)
add_library(belfry_pch_std STATIC ${PROJECT_SOURCE_DIR}/cmake/pch_anchor.cpp)
target_link_libraries(belfry_pch_std PUBLIC fmt::fmt)
target_precompile_headers(belfry_pch_std PRIVATE <pch_std.hpp>)
add_library(belfry_pch_asio STATIC ${PROJECT_SOURCE_DIR}/cmake/pch_anchor.cpp)
target_link_libraries(belfry_pch_asio PUBLIC fmt::fmt Boost::headers)
target_precompile_headers(belfry_pch_asio PRIVATE <pch_asio.hpp>)
