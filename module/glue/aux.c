// SPDX-License-Identifier: GPL-2.0
/* Exports the functions by which other modules fill AUX areas. They are C++; genksyms reads only C.
 */
#include <linux/export.h>

#include <perfbuf/aux.h>

EXPORT_SYMBOL_GPL(perfbuf_aux_begin);
EXPORT_SYMBOL_GPL(perfbuf_aux_copy);
EXPORT_SYMBOL_GPL(perfbuf_aux_end);
EXPORT_SYMBOL_GPL(perfbuf_aux_flag);
EXPORT_SYMBOL_GPL(perfbuf_aux_get);
EXPORT_SYMBOL_GPL(perfbuf_aux_itrace_start);
EXPORT_SYMBOL_GPL(perfbuf_aux_skip);
EXPORT_SYMBOL_GPL(perfbuf_aux_write);
EXPORT_SYMBOL_GPL(perfbuf_stream_about);
EXPORT_SYMBOL_GPL(perfbuf_stream_data);
EXPORT_SYMBOL_GPL(perfbuf_stream_set_data);
