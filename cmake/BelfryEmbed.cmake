# belfry_embed_sql(TARGET NAMESPACE): the target's queries/*.sql and migrations/*.sql as constants,
# included as "sql.hpp".
function(belfry_embed_sql target namespace)
  set(here ${CMAKE_CURRENT_SOURCE_DIR})
  set(out ${CMAKE_CURRENT_BINARY_DIR}/embedded)
  file(GLOB inputs CONFIGURE_DEPENDS ${here}/queries/*.sql ${here}/migrations/*.sql)
  add_custom_command(
    OUTPUT ${out}/sql.hpp ${out}/sql.cpp
    COMMAND Python3::Interpreter ${PROJECT_SOURCE_DIR}/tools/embed.py --queries ${here}/queries
            --migrations ${here}/migrations --namespace ${namespace} --header ${out}/sql.hpp
            --source ${out}/sql.cpp
    DEPENDS ${inputs} ${PROJECT_SOURCE_DIR}/tools/embed.py
    VERBATIM)
  target_sources(${target} PRIVATE ${out}/sql.cpp ${out}/sql.hpp)
  target_include_directories(${target} PUBLIC ${out})
endfunction()

# belfry_embed_files(TARGET NAMESPACE HEADER NAME=PATH...): whole files as constants, included as
# "HEADER".
function(belfry_embed_files target namespace header)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/embedded)
  get_filename_component(stem ${header} NAME_WE)
  set(inputs)
  foreach(entry ${ARGN})
    string(REGEX REPLACE "^[^=]*=" "" path ${entry})
    list(APPEND inputs ${path})
  endforeach()
  add_custom_command(
    OUTPUT ${out}/${header} ${out}/${stem}.cpp
    COMMAND Python3::Interpreter ${PROJECT_SOURCE_DIR}/tools/embed.py --namespace ${namespace}
            --header ${out}/${header} --source ${out}/${stem}.cpp --files ${ARGN}
    DEPENDS ${inputs} ${PROJECT_SOURCE_DIR}/tools/embed.py
    VERBATIM)
  target_sources(${target} PRIVATE ${out}/${stem}.cpp ${out}/${header})
  target_include_directories(${target} PRIVATE ${out})
endfunction()
