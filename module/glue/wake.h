/* SPDX-License-Identifier: GPL-2.0 */
/* For C only: an irq_work, with the C++ function that it calls in hard irq. */
#ifndef PERFBUF_GLUE_WAKE_H
#define PERFBUF_GLUE_WAKE_H

#include <linux/irq_work.h>

struct pb_irq_work {
	struct irq_work work;
	void (*run)(void *work);
};

#endif /* PERFBUF_GLUE_WAKE_H */
