# The client library as a package:
#   cmake --install build/release --component client --prefix PREFIX
#   find_package(belfry 0.1 REQUIRED) … target_link_libraries(… belfry::client)
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/belfry)
set(parts belfry_asio)
foreach(module ${BELFRY_CLIENT_MODULES})
  list(APPEND parts belfry_${module})
  set_target_properties(belfry_${module} PROPERTIES EXPORT_NAME ${module})
endforeach()
set_target_properties(belfry_asio PROPERTIES EXPORT_NAME asio)

install(TARGETS ${parts} EXPORT belfry
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT client)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/belfry DESTINATION include COMPONENT client
        FILES_MATCHING PATTERN *.hpp)
install(EXPORT belfry NAMESPACE belfry:: FILE belfryTargets.cmake DESTINATION ${package}
        COMPONENT client)

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/belfryConfig.cmake.in
                              ${CMAKE_CURRENT_BINARY_DIR}/belfryConfig.cmake
                              INSTALL_DESTINATION ${package})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/belfryConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/belfryConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/belfryConfigVersion.cmake
        DESTINATION ${package} COMPONENT client)
