// SPDX-License-Identifier: GPL-2.0
/* ftrace's function entries. */
#include "functrace.h"
#include "local_clock.h"

#include "generated/config.h"

#include <linux/errno.h>
#include <linux/ftrace.h>
#include <linux/glob.h>
#include <linux/irqflags.h>
#include <linux/kallsyms.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#ifdef PB_HAVE_FUNCTION_TRACING

struct functions {
	struct ftrace_ops ops;
	void *__percpu *cpus;
};

/* This CPU is inside perfbuf_function_entered(), for any set. */
static DEFINE_PER_CPU(unsigned int, inside);

/* One load where the two stand side by side. */
static __always_inline u64 ids_of(const struct task_struct *task)
{
	if (offsetof(struct task_struct, tgid) ==
	    offsetof(struct task_struct, pid) + sizeof(task->pid))
		return *(const u64 *)&task->pid;
	return (u64)(u32)task->tgid << 32 | (u32)task->pid;
}

static __always_inline void enter(void *first, unsigned long ip, u64 now)
{
	perfbuf_function_entered(first, ip, now, ids_of(current), current->comm);
}

/* Not inline, so that entered() saves no registers for a call that it rarely makes. */
static noinline notrace void enter_by_local_clock(void *first, unsigned long ip)
{
	const u64 now = local_clock();

	enter(first, ip, now);
}

/*
 * The raw functions do not notify lockdep: a function of lockdep may be the one that is traced, and
 * no code in here takes a lock.
 */
static void notrace entered(unsigned long ip, unsigned long parent, struct ftrace_ops *ops,
			    struct ftrace_regs *regs)
{
	struct functions *functions = container_of(ops, struct functions, ops);
	unsigned long flags;
	void *first;

	raw_local_irq_save(flags);
	first = raw_cpu_read(*functions->cpus);
	if (likely(first)) {
		if (likely(!raw_cpu_read(inside))) {
			raw_cpu_write(inside, 1);
			barrier();
			if (static_branch_likely(&pb_tsc_is_clock))
				enter(first, ip, pb_tsc_clock_ns());
			else
				enter_by_local_clock(first, ip);
			barrier();
			raw_cpu_write(inside, 0);
		} else {
			perfbuf_function_missed(first);
		}
	}
	raw_local_irq_restore(flags);
}

u64 pb_functions_caller(const char **comm)
{
	*comm = current->comm;
	return ids_of(current);
}

bool pb_functions_rcu_watches(void)
{
	/* RCU may not watch in the idle task; it watches in all other traced functions. */
	return likely(!is_idle_task(current)) || rcu_is_watching();
}

void *pb_functions_create(unsigned long cpu_bytes)
{
	struct functions *made = kzalloc(sizeof(*made), GFP_KERNEL_ACCOUNT);

	if (!made)
		return NULL;
	made->cpus = (void *__percpu *)__alloc_percpu(cpu_bytes, sizeof(u64));
	if (!made->cpus) {
		kfree(made);
		return NULL;
	}
	made->ops.func = entered;
	return made;
}

void pb_functions_destroy(void *functions)
{
	struct functions *gone = functions;

	ftrace_free_filter(&gone->ops);
	free_percpu(gone->cpus);
	kfree(gone);
}

void *pb_functions_at(void *functions, __u32 cpu)
{
	return per_cpu_ptr(((struct functions *)functions)->cpus, cpu);
}

/* ftrace writes into the text that it is passed, and returns EINVAL if no function matches. */
static int change(struct functions *functions, const char *glob,
		  int (*how)(struct ftrace_ops *ops, unsigned char *text, int bytes, int reset))
{
	char *text = kstrdup(glob, GFP_KERNEL_ACCOUNT);
	int ret;

	if (!text)
		return -ENOMEM;
	ret = how(&functions->ops, text, strlen(text), 0);
	kfree(text);
	return ret == -EINVAL ? -ENOENT : ret;
}

int pb_functions_add(void *functions, const char *glob)
{
	return change(functions, glob, ftrace_set_filter);
}

int pb_functions_remove(void *functions, const char *glob)
{
	return change(functions, glob, ftrace_set_notrace);
}

/* Modules are in one ring with the head of the list, which is no module: a module's kobject points
 * back to it. */
void *pb_traced_module_get(const char *name)
{
	struct module *found = NULL;
	struct module *candidate;

	if (!strcmp(name, THIS_MODULE->name))
		return try_module_get(THIS_MODULE) ? THIS_MODULE : NULL;
	preempt_disable();
	list_for_each_entry_rcu(candidate, &THIS_MODULE->list, list)
	{
		if (candidate->mkobj.mod != candidate || candidate->state != MODULE_STATE_LIVE ||
		    strcmp(candidate->name, name))
			continue;
		if (try_module_get(candidate))
			found = candidate;
		break;
	}
	preempt_enable();
	return found;
}

void pb_traced_module_put(void *module)
{
	module_put(module);
}

__u32 pb_traced_module_sites(const void *module)
{
	return ((const struct module *)module)->num_ftrace_callsites;
}

__u64 pb_traced_module_site(const void *module, __u32 index)
{
	const struct module *of = module;
	const unsigned long site = of->ftrace_callsites[index];

	return within_module_core(site, of) ? site : 0;
}

int pb_site_matches(__u64 site, const char *glob)
{
	char name[KSYM_SYMBOL_LEN];

	sprint_symbol_no_offset(name, site);
	/* The name of the module follows the symbol's. */
	*strchrnul(name, ' ') = '\0';
	return glob_match(glob, name);
}

int pb_functions_add_sites(void *functions, unsigned long *sites, __u32 count)
{
	return ftrace_set_filter_ips(&((struct functions *)functions)->ops, sites, count, 0, 0);
}

int pb_functions_attach(void *functions)
{
	return register_ftrace_function(&((struct functions *)functions)->ops);
}

void pb_functions_detach(void *functions)
{
	unregister_ftrace_function(&((struct functions *)functions)->ops);
}

#else

u64 pb_functions_caller(const char **comm)
{
	*comm = current->comm;
	return 0;
}

bool pb_functions_rcu_watches(void)
{
	return true;
}

void *pb_functions_create(unsigned long cpu_bytes)
{
	void __percpu **made = kzalloc(sizeof(*made), GFP_KERNEL_ACCOUNT);

	if (!made)
		return NULL;
	*made = __alloc_percpu(cpu_bytes, sizeof(u64));
	if (*made)
		return made;
	kfree(made);
	return NULL;
}

void pb_functions_destroy(void *functions)
{
	free_percpu(*(void __percpu **)functions);
	kfree(functions);
}

void *pb_functions_at(void *functions, __u32 cpu)
{
	return per_cpu_ptr(*(void __percpu **)functions, cpu);
}

int pb_functions_add(void *functions, const char *glob)
{
	return -EOPNOTSUPP;
}

int pb_functions_remove(void *functions, const char *glob)
{
	return -EOPNOTSUPP;
}

void *pb_traced_module_get(const char *name)
{
	return NULL;
}

void pb_traced_module_put(void *module)
{
}

__u32 pb_traced_module_sites(const void *module)
{
	return 0;
}

__u64 pb_traced_module_site(const void *module, __u32 index)
{
	return 0;
}

int pb_site_matches(__u64 site, const char *glob)
{
	return 0;
}

int pb_functions_add_sites(void *functions, unsigned long *sites, __u32 count)
{
	return -EOPNOTSUPP;
}

int pb_functions_attach(void *functions)
{
	return -EOPNOTSUPP;
}

void pb_functions_detach(void *functions)
{
}

#endif
