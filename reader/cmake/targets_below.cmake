# SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause
# perfbuf_targets_below(<directory> <variable>): all targets of a directory and of those in it.
function(perfbuf_targets_below directory variable)
	get_property(found DIRECTORY ${directory} PROPERTY BUILDSYSTEM_TARGETS)
	get_property(directories DIRECTORY ${directory} PROPERTY SUBDIRECTORIES)
	foreach(each IN LISTS directories)
		perfbuf_targets_below(${each} more)
		list(APPEND found ${more})
	endforeach()
	set(${variable} ${found} PARENT_SCOPE)
endfunction()
