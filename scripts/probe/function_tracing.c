// SPDX-License-Identifier: GPL-2.0
/* ftrace calls a function of ours at the entry of the requested functions, and a module's are known
 * (where CONFIG_DYNAMIC_FTRACE is on; 6.1 to 7.3). */
#include <linux/ftrace.h>
#include <linux/kallsyms.h>
#include <linux/module.h>

#ifndef CONFIG_DYNAMIC_FTRACE
#error "functions are not to be traced one by one"
#endif

static void entered(unsigned long ip, unsigned long parent, struct ftrace_ops *ops,
		    struct ftrace_regs *regs)
{
}

static struct ftrace_ops probed = {.func = entered};

int probe(struct module *module, unsigned char *glob, int bytes);
int probe(struct module *module, unsigned char *glob, int bytes)
{
	unsigned long *sites = module->ftrace_callsites;

	if (!within_module_core(sites[0], module))
		return ftrace_set_filter_ips(&probed, sites, module->num_ftrace_callsites, 0, 0);
	return ftrace_set_filter(&probed, glob, bytes, 0) ?:
	       ftrace_set_notrace(&probed, glob, bytes, 0) ?:
	       ftrace_set_filter_ip(&probed, sites[0], 0, 0) ?: register_ftrace_function(&probed);
}
