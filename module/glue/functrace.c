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
	unsigned int module_count;
	struct module *modules[PB_FUNCTION_MODULES_MAX];
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
	while (gone->module_count)
		module_put(gone->modules[--gone->module_count]);
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

/*
 * With a reference, or NULL. Modules are in one ring with the head of the list, which is no module:
 * a module's kobject points back to it.
 */
static struct module *find(const char *name)
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

static bool matches(unsigned long site, const char *glob, char *name)
{
	sprint_symbol_no_offset(name, site);
	/* The name of the module follows the symbol's. */
	*strchrnul(name, ' ') = '\0';
	return glob_match(glob, name);
}

static int add_sites(struct functions *functions, const struct module *from, const char *glob)
{
	unsigned long *sites =
		kvmalloc_array(from->num_ftrace_callsites + 1, sizeof(*sites), GFP_KERNEL_ACCOUNT);
	char *name = kmalloc(KSYM_SYMBOL_LEN, GFP_KERNEL_ACCOUNT);
	unsigned int count = 0, taken = 0, i;
	int ret = -ENOMEM;

	if (!sites || !name)
		goto out;
	for (i = 0; i < from->num_ftrace_callsites; i++) {
		/* The functions of the module's init are freed. */
		if (within_module_core(from->ftrace_callsites[i], from) &&
		    matches(from->ftrace_callsites[i], glob, name))
			sites[count++] = from->ftrace_callsites[i];
	}
	ret = count ? ftrace_set_filter_ips(&functions->ops, sites, count, 0, 0) : -ENOENT;
	if (ret != -EINVAL)
		goto out;
	/* ftrace does not know all symbols, such as weak functions that were overridden. */
	for (i = 0; i < count; i++) {
		ret = ftrace_set_filter_ip(&functions->ops, sites[i], 0, 0);
		if (ret && ret != -EINVAL)
			goto out;
		taken += !ret;
	}
	ret = taken ? 0 : -ENOENT;
out:
	kfree(name);
	kvfree(sites);
	return ret;
}

int pb_functions_add_module(void *functions, const char *name, const char *glob)
{
	struct functions *to = functions;
	struct module *from;

	if (to->module_count == PB_FUNCTION_MODULES_MAX)
		return -E2BIG;
	from = find(name);
	if (!from)
		return -ENOENT;
	to->modules[to->module_count++] = from;
	return add_sites(to, from, glob);
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

int pb_functions_add_module(void *functions, const char *name, const char *glob)
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
