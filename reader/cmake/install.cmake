# SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
# find_package(perfbuf-reader) gives perfbuf::reader; pkg-config knows it as perfbuf-reader.

# The C API is libperfbuf-reader.so, which pkg-config knows as perfbuf-reader-c.

install(TARGETS perfbuf_reader EXPORT perfbuf-reader-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS perfbuf_reader_c LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/perfbuf DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
	FILES_MATCHING PATTERN "*.hpp" PATTERN "reader.h")
install(FILES python/perfbuf.py DESTINATION ${CMAKE_INSTALL_DATADIR}/perfbuf/python)
install(FILES ../include/uapi/linux/perfbuf.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/linux)
if(TARGET perfbuf)
	install(TARGETS perfbuf RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
	install(TARGETS perfbuf_exec LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/perfbuf)
endif()

set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/perfbuf-reader)
install(EXPORT perfbuf-reader-targets NAMESPACE perfbuf:: FILE perfbuf-reader-config.cmake
	DESTINATION ${config_dir})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/perfbuf-reader-config-version.cmake
	VERSION ${PROJECT_VERSION} COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/perfbuf-reader-config-version.cmake DESTINATION ${config_dir})

configure_file(cmake/perfbuf-reader.pc.in perfbuf-reader.pc @ONLY)
configure_file(cmake/perfbuf-reader-c.pc.in perfbuf-reader-c.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/perfbuf-reader.pc ${CMAKE_CURRENT_BINARY_DIR}/perfbuf-reader-c.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
