# belfry_module(NAME [ASIO] SOURCES ... [DEPS ...] [TESTS ...] [TEST_DEPS ...])
#
# One static library belfry_NAME with explicit sources, and one test binary NAME_test with the
# *_test.cpp files that stand beside them. ASIO picks the heavier precompiled header.
include(GoogleTest)

# What the client library is made of, and is installed with it.
set(BELFRY_CLIENT_MODULES base signing json async http client)

function(belfry_use_pch target asio)
  if(asio)
    target_precompile_headers(${target} REUSE_FROM belfry_pch_asio)
  else()
    target_precompile_headers(${target} REUSE_FROM belfry_pch_std)
  endif()
endfunction()

function(belfry_module name)
  cmake_parse_arguments(M "ASIO" "" "SOURCES;DEPS;TESTS;TEST_DEPS" ${ARGN})
  add_library(belfry_${name} STATIC ${M_SOURCES})
  target_include_directories(belfry_${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>)
  target_link_libraries(belfry_${name} PUBLIC fmt::fmt ${M_DEPS})
  belfry_use_pch(belfry_${name} ${M_ASIO})
  if(M_TESTS AND BELFRY_SERVICE)
    if(M_ASIO)
      belfry_test(${name}_test ASIO SOURCES ${M_TESTS} DEPS belfry_${name} ${M_TEST_DEPS})
    else()
      belfry_test(${name}_test SOURCES ${M_TESTS} DEPS belfry_${name} ${M_TEST_DEPS})
    endif()
  endif()
endfunction()

# belfry_test(NAME [ASIO] SOURCES ... DEPS ... [LABEL unit] [SHARDS n]): with SHARDS the tests of the binary
# are spread over n runs, which may run beside each other.
function(belfry_test name)
  cmake_parse_arguments(T "ASIO" "LABEL;SHARDS" "SOURCES;DEPS" ${ARGN})
  if(NOT T_LABEL)
    set(T_LABEL unit)
  endif()
  add_executable(${name} ${T_SOURCES})
  target_link_libraries(${name} PRIVATE ${T_DEPS} belfry_test_main)
  belfry_use_pch(${name} ${T_ASIO})
  set(runs ${name})
  if(T_SHARDS)
    list(TRANSFORM runs APPEND _1)
    foreach(shard RANGE 2 ${T_SHARDS})
      list(APPEND runs ${name}_${shard})
    endforeach()
  endif()
  set(index 0)
  foreach(run IN LISTS runs)
    add_test(NAME ${run} COMMAND ${name})
    set_tests_properties(${run} PROPERTIES LABELS ${T_LABEL} TIMEOUT 600)
    if(T_SHARDS)
      set_tests_properties(${run} PROPERTIES ENVIRONMENT
                           "GTEST_TOTAL_SHARDS=${T_SHARDS};GTEST_SHARD_INDEX=${index}")
      math(EXPR index "${index} + 1")
    endif()
    # About the seconds that it takes, so that the longest tests begin first.
    if(name MATCHES "^(store_sqlite|dispatch|webhook)_test$")
      set_tests_properties(${run} PROPERTIES COST 40)
    endif()
  endforeach()
endfunction()

# belfry_binary(NAME SOURCES ... DEPS ...): an executable under build/<preset>/bin.
function(belfry_binary name)
  cmake_parse_arguments(B "ASIO" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${B_SOURCES})
  target_link_libraries(${name} PRIVATE ${B_DEPS})
  belfry_use_pch(${name} ${B_ASIO})
endfunction()
