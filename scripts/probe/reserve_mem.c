// SPDX-License-Identifier: GPL-2.0
/* Memory of reserve_mem= is found by its name (6.12). */
#include <linux/mm.h>

int probe(const char *name, phys_addr_t *start, phys_addr_t *size);
int probe(const char *name, phys_addr_t *start, phys_addr_t *size)
{
	return reserve_mem_find_by_name(name, start, size);
}
