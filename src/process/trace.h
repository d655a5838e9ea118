/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints of what processes have: faults, and which page goes, why, and when it is back.
 * A page is named by its frame and, in a process, by its address there.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM mymm

#if !defined(_MYMM_PROCESS_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _MYMM_PROCESS_TRACE_H

#include <linux/tracepoint.h>

#include "base/compat.h"
#include "process/swap.h"
#include "process/usage.h"

/* An access of the current process gets a frame. */
TRACE_EVENT(mymm_fault,

	TP_PROTO(const char *pool, unsigned long address, u32 pfn, bool write,
		 bool major),

	TP_ARGS(pool, address, pfn, write, major),

	TP_STRUCT__entry(
		__string(pool, pool)
		__field(pid_t, pid)
		__field(unsigned long, address)
		__field(u32, pfn)
		__field(bool, write)
		__field(bool, major)
	),

	TP_fast_assign(
		mymm_assign_str(pool, pool);
		__entry->pid = current->tgid;
		__entry->address = address;
		__entry->pfn = pfn;
		__entry->write = write;
		__entry->major = major;
	),

	TP_printk("pool=%s pid=%d address=0x%lx pfn=0x%x write=%d major=%d",
		  __get_str(pool), __entry->pid, __entry->address,
		  __entry->pfn, __entry->write, __entry->major)
);

/*
 * A process loses a page, which is in a swap area now. What took it is the current task: a kswapd,
 * or one that asked the pool for a frame.
 */
TRACE_EVENT(mymm_evict,

	TP_PROTO(const char *pool, const struct mymm_task *process,
		 unsigned long address, u32 pfn, u32 slot),

	TP_ARGS(pool, process, address, pfn, slot),

	TP_STRUCT__entry(
		__string(pool, pool)
		__array(char, comm, TASK_COMM_LEN)
		__field(pid_t, pid)
		__field(unsigned long, address)
		__field(u32, pfn)
		__field(u32, slot)
		__field(pid_t, by)
		__field(bool, kswapd)
	),

	TP_fast_assign(
		mymm_assign_str(pool, pool);
		memcpy(__entry->comm, process->comm, TASK_COMM_LEN);
		__entry->pid = process->pid;
		__entry->address = address;
		__entry->pfn = pfn;
		__entry->slot = slot;
		__entry->by = current->tgid;
		__entry->kswapd = current->flags & PF_KTHREAD;
	),

	TP_printk("pool=%s pid=%d comm=%s address=0x%lx pfn=0x%x area=%u slot=%u by=%d kswapd=%d",
		  __get_str(pool), __entry->pid, __entry->comm,
		  __entry->address, __entry->pfn,
		  __entry->slot >> MYMM_SWAP_OFFSET_BITS,
		  (u32)(__entry->slot & (MYMM_SWAP_MAX_SLOTS - 1)),
		  __entry->by, __entry->kswapd)
);

DECLARE_EVENT_CLASS(mymm_swap,

	TP_PROTO(const char *pool, u32 pfn, u32 slot, int result),

	TP_ARGS(pool, pfn, slot, result),

	TP_STRUCT__entry(
		__string(pool, pool)
		__field(u32, pfn)
		__field(u32, slot)
		__field(int, result)
	),

	TP_fast_assign(
		mymm_assign_str(pool, pool);
		__entry->pfn = pfn;
		__entry->slot = slot;
		__entry->result = result;
	),

	TP_printk("pool=%s pfn=0x%x area=%u slot=%u result=%d", __get_str(pool),
		  __entry->pfn, __entry->slot >> MYMM_SWAP_OFFSET_BITS,
		  (u32)(__entry->slot & (MYMM_SWAP_MAX_SLOTS - 1)),
		  __entry->result)
);

/* A frame was written to a slot. */
DEFINE_EVENT(mymm_swap, mymm_swap_out,
	TP_PROTO(const char *pool, u32 pfn, u32 slot, int result),
	TP_ARGS(pool, pfn, slot, result)
);

/* A slot was read into a frame, by a fault or ahead of one. */
DEFINE_EVENT(mymm_swap, mymm_swap_in,
	TP_PROTO(const char *pool, u32 pfn, u32 slot, int result),
	TP_ARGS(pool, pfn, slot, result)
);

/* A page of a file goes, and is clean. What takes it is the current task. */
TRACE_EVENT(mymm_file_evict,

	TP_PROTO(const char *pool, unsigned long ino, unsigned long index,
		 u32 pfn),

	TP_ARGS(pool, ino, index, pfn),

	TP_STRUCT__entry(
		__string(pool, pool)
		__field(unsigned long, ino)
		__field(unsigned long, index)
		__field(u32, pfn)
		__field(pid_t, by)
		__field(bool, kswapd)
	),

	TP_fast_assign(
		mymm_assign_str(pool, pool);
		__entry->ino = ino;
		__entry->index = index;
		__entry->pfn = pfn;
		__entry->by = current->tgid;
		__entry->kswapd = current->flags & PF_KTHREAD;
	),

	TP_printk("pool=%s ino=%lu index=%lu pfn=0x%x by=%d kswapd=%d",
		  __get_str(pool), __entry->ino, __entry->index, __entry->pfn,
		  __entry->by, __entry->kswapd)
);

/* Dirty pages of a file that follow one another were written to the file below. */
TRACE_EVENT(mymm_writeback,

	TP_PROTO(const char *pool, unsigned long ino, unsigned long index,
		 unsigned int nr, size_t bytes, int result),

	TP_ARGS(pool, ino, index, nr, bytes, result),

	TP_STRUCT__entry(
		__string(pool, pool)
		__field(unsigned long, ino)
		__field(unsigned long, index)
		__field(unsigned int, nr)
		__field(size_t, bytes)
		__field(int, result)
	),

	TP_fast_assign(
		mymm_assign_str(pool, pool);
		__entry->ino = ino;
		__entry->index = index;
		__entry->nr = nr;
		__entry->bytes = bytes;
		__entry->result = result;
	),

	TP_printk("pool=%s ino=%lu index=%lu nr=%u bytes=%zu result=%d",
		  __get_str(pool), __entry->ino, __entry->index, __entry->nr,
		  __entry->bytes, __entry->result)
);

/* A page is back that was evicted when its list was so many pages younger. */
TRACE_EVENT(mymm_refault,

	TP_PROTO(const char *pool, u32 pfn, bool file, u64 distance,
		 bool activated),

	TP_ARGS(pool, pfn, file, distance, activated),

	TP_STRUCT__entry(
		__string(pool, pool)
		__field(u32, pfn)
		__field(bool, file)
		__field(u64, distance)
		__field(bool, activated)
	),

	TP_fast_assign(
		mymm_assign_str(pool, pool);
		__entry->pfn = pfn;
		__entry->file = file;
		__entry->distance = distance;
		__entry->activated = activated;
	),

	TP_printk("pool=%s pfn=0x%x kind=%s distance=%llu activated=%d",
		  __get_str(pool), __entry->pfn,
		  __entry->file ? "file" : "anon", __entry->distance,
		  __entry->activated)
);

#endif /* _MYMM_PROCESS_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH process
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
