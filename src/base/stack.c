// SPDX-License-Identifier: GPL-2.0
/*
 * Call stacks of allocations and frees, as handles of four bytes.
 *
 * They are kept by the kernel's stack depot, each one once, for good. It has locks of its own
 * and may want memory. So it is asked with no lock of ours held; and it may allocate only for
 * callers that can sleep: one that cannot may be in the kernel's own allocator, with its locks
 * held. A stack that is new then is kept if the depot has room at hand, else it is not known.
 * Without stack depot, or with stack_depot_disable=1, none is.
 *
 * A stack begins with the caller of our public function; what is ours is left out.
 *
 * To walk a stack costs hundreds of instructions a frame, and most are the same as a moment
 * ago. So each CPU remembers a few that it has walked: where in memory each return address
 * stood, and what it was.
 *
 *      frame  -->  +--------------------+
 *                  | ...                |
 *      slot[0] --> | return address     | == value[0] ?
 *                  | ...                |
 *      slot[1] --> | return address     | == value[1] ?    all of them: it is that stack
 *                  :                    :
 *
 * With the same frame to begin with, and the same address in each of these places, a walk
 * would go the same way: an address in the code determines the size of its function's frame,
 * and so the place of the next one. (Except for a function with dynamic stack allocation, of
 * which the kernel has very few. A wrong stack would need all addresses above such a function
 * to be left over, each in its place, from the recorded walk.) It is not so
 *   - where an interrupt or an exception stands between, or the stack changes;
 *   - where the address on the stack is not the true one (a function that is being traced).
 * Such a stack is walked, and not remembered. Where the unwinder is not ORC all are.
 */
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/stacktrace.h>
#if defined(CONFIG_X86_64) && defined(CONFIG_UNWINDER_ORC)
#include <asm/unwind.h>
#endif

#include "base/compat.h"
#include "base/fault_inject.h"
#include "base/stack.h"

#define DEPTH 16 /* as SLUB has it */
#define INNER 8 /* frames of our own that are in between at most */
#define REMEMBERED 8 /* a power of two */

/* What a walk has found. */
struct stack {
	unsigned int nr;
	unsigned long entry[DEPTH + INNER];
};

#ifdef CONFIG_STACKDEPOT

static depot_stack_handle_t keep(const struct stack *stack,
				 unsigned long caller, bool may_allocate)
{
	unsigned long *entry = (unsigned long *)stack->entry;
	unsigned int nr = stack->nr, i;

	for (i = 0; i < nr && entry[i] != caller; i++)
		;
	/* @caller need not be on the stack: a task may work on behalf of another. */
	if (i == nr)
		i = 0;
	nr = min_t(unsigned int, nr - i, DEPTH);
	return mymm_depot_save(entry + i, nr, GFP_NOWAIT, may_allocate);
}

#if defined(CONFIG_X86_64) && defined(CONFIG_UNWINDER_ORC)

/**
 * struct memory - a stack that was walked
 * @frame: of mymm_stack_save(); 0: there is none
 * @caller: where it was to begin
 * @handle: what it is
 * @nr: members of @slot and @value
 * @slot: distance from @frame to where a return address is
 * @value: that address
 *
 * Only its own CPU looks at it, with interrupts off.
 */
struct memory {
	unsigned long frame;
	unsigned long caller;
	depot_stack_handle_t handle;
	unsigned int nr;
	u32 slot[DEPTH + INNER];
	unsigned long value[DEPTH + INNER];
};

struct memories {
	struct memory of[REMEMBERED];
};

static struct memories __percpu *memories;

static struct memory *memory_of(unsigned long frame, unsigned long caller)
{
	unsigned long hash = (frame >> 3) + caller;

	return &this_cpu_ptr(memories)->of[hash % REMEMBERED];
}

/* Return addresses lie beside what KASAN does not want to be read. */
static __no_sanitize_address noinline bool same(const struct memory *memory)
{
	unsigned int i;

	for (i = 0; i < memory->nr; i++)
		if (*(unsigned long *)(memory->frame + memory->slot[i]) !=
		    memory->value[i])
			return false;
	return true;
}

static depot_stack_handle_t recall(unsigned long frame, unsigned long caller)
{
	depot_stack_handle_t handle = 0;
	struct memory *memory;
	unsigned long flags;

	local_irq_save(flags);
	memory = memory_of(frame, caller);
	if (memory->frame == frame && memory->caller == caller && same(memory))
		handle = memory->handle;
	local_irq_restore(flags);
	return handle;
}

static void remember(const struct memory *memory)
{
	unsigned long flags;

	local_irq_save(flags);
	*memory_of(memory->frame, memory->caller) = *memory;
	local_irq_restore(flags);
}

static __no_sanitize_address unsigned long read_slot(unsigned long slot)
{
	return *(unsigned long *)slot;
}

/*
 * Walk, and note the places. What comes before our frame is this function, and what it calls.
 * Returns whether the stack may be remembered.
 */
static bool walk(struct stack *stack, struct memory *memory)
{
	struct unwind_state state;
	enum stack_type type;
	bool sure = true;

	unwind_start(&state, current, NULL, (void *)memory->frame);
	type = state.stack_info.type;
	while (!unwind_done(&state) && stack->nr < ARRAY_SIZE(stack->entry)) {
		unsigned long addr = unwind_get_return_address(&state);
		unsigned long slot = state.sp - sizeof(long);

		if (!addr)
			break;
		if (state.regs || state.stack_info.type != type ||
		    slot < memory->frame || read_slot(slot) != addr) {
			sure = false;
		} else {
			memory->slot[memory->nr] = slot - memory->frame;
			memory->value[memory->nr++] = addr;
		}
		stack->entry[stack->nr++] = addr;
		unwind_next_frame(&state);
	}
	return sure && !state.error;
}

/**
 * mymm_stack_save() - save the current stack
 * @caller: with which it is to begin
 * @may_allocate: may the depot get memory for it?
 *
 * Context: any but NMI, no lock of ours held.
 * Return: a handle, or 0 if it could not be kept.
 */
noinline depot_stack_handle_t mymm_stack_save(unsigned long caller,
					      bool may_allocate)
{
	struct memory memory = {
		.frame = (unsigned long)__builtin_frame_address(0),
		.caller = caller,
	};
	struct stack stack;
	bool sure;

	memory.handle = recall(memory.frame, caller);
	if (memory.handle)
		return memory.handle;
	stack.nr = 0;
	sure = walk(&stack, &memory);
	memory.handle = keep(&stack, caller, may_allocate);
	if (sure && memory.handle)
		remember(&memory);
	return memory.handle;
}

static int get_memories(void)
{
	struct memories __percpu *new;

	if (READ_ONCE(memories))
		return 0;
	new = mymm_inject_fail() ? NULL : alloc_percpu(struct memories);
	if (!new)
		return -ENOMEM;
	if (cmpxchg(&memories, NULL, new))
		free_percpu(new);
	return 0;
}

/**
 * mymm_stack_exit() - forget all stacks
 *
 * Context: process; sleeps; after the last cache.
 */
void mymm_stack_exit(void)
{
	free_percpu(memories);
}

#else /* another unwinder */

noinline depot_stack_handle_t mymm_stack_save(unsigned long caller,
					      bool may_allocate)
{
	struct stack stack;

	stack.nr = stack_trace_save(stack.entry, ARRAY_SIZE(stack.entry), 1);
	return keep(&stack, caller, may_allocate);
}

static int get_memories(void)
{
	return 0;
}

void mymm_stack_exit(void)
{
}

#endif

/**
 * mymm_stack_init() - be ready for stacks
 *
 * Context: process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int mymm_stack_init(void)
{
	return get_memories() ?: stack_depot_init();
}

#else /* no stack depot */

depot_stack_handle_t mymm_stack_save(unsigned long caller, bool may_allocate)
{
	return 0;
}

int mymm_stack_init(void)
{
	return 0;
}

void mymm_stack_exit(void)
{
}

#endif
