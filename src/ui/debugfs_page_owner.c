// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs mymm/page_owner and its relatives: the callers that allocated pages in use.
 *
 *   page_owner        a paragraph a block, as the kernel's own file of this name has, so
 *                     that tools/mm/page_owner_sort can sort it
 *   page_owner_sites  by call site and session: frames and blocks, the most frames first
 *   page_owner_on     1: record from now on; 0: stop, and forget
 *
 * A paragraph, as on 6.12:
 *
 *   Page allocated via order 2, mask 0x40dc0(GFP_KERNEL|...), pid 97, tgid 97 (mymm), ts 7 ns
 *   PFN 0x1400 type Unmovable Block 10 type Unmovable Flags 0x2(node=0|zone=2)
 *    mymm_op_pages_alloc+0x4f/0xd0 [mymm]
 *   Session 3
 *
 * Where the kernel's file has a stack this one has a call site; the line Session is there only
 * for pages of a session. The file position is a frame number, as in the kernel's: a read
 * after a seek to 4096 begins at frame 4096. Each read returns whole paragraphs.
 */
#include <linux/debugfs.h>
#include <linux/mm.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "base/compat.h"
#include "page/page_owner.h"
#include "page/pool.h"
#include "page/zone.h"
#include "ui/debugfs_page_owner.h"

#define SITE_LEN 200 /* a name longer than this is cut */

/* Code that is gone has no name, and its address is nobody's business. */
static const char *site_name(unsigned long caller, char *buf, size_t size)
{
	snprintf(buf, size, "%pS", (void *)caller);
	if (!strncmp(buf, "0x", 2))
		strscpy(buf, "(code that is gone)", size);
	return buf;
}

/* --- page_owner -------------------------------------------------------------------- */

static const struct mymm_zone *zone_at(const struct mymm_pool *pool, u32 pfn)
{
	const struct mymm_zone *zone = pool->zone;

	while (pfn >= zone->buddy.end)
		zone++;
	return zone;
}

/* The words that the kernel's page flags have for it. */
static const char *kind_of(u32 tag)
{
	if (mymm_tag_state(tag) == MYMM_FRAME_SLAB)
		return "slab|";
	return tag & MYMM_TAG_COMP ? "head|" : "";
}

/**
 * mymm_page_owner_print() - the paragraph of a block
 * @pool: the pool
 * @pfn: the block's first frame
 * @record: its caller and session
 * @buf: where to
 * @size: of @buf
 *
 * Context: any.
 * Return: its length, without a final NUL; @size or more: it did not fit.
 */
int mymm_page_owner_print(struct mymm_pool *pool, u32 pfn,
			  const struct mymm_owner_record *record, char *buf,
			  size_t size)
{
	const struct mymm_zone *zone = zone_at(pool, pfn);
	u32 tag = READ_ONCE(pool->frame[pfn].tag);
	char name[SITE_LEN], free_ts[40] = "", session[24] = "";

	if (MYMM_PAGE_OWNER_FREE_TS)
		snprintf(free_ts, sizeof(free_ts), ", free_ts %llu ns",
			 record->free_ts);
	if (record->session)
		snprintf(session, sizeof(session), "Session %u\n",
			 record->session);
	return snprintf(
		buf, size,
		"Page allocated via order %u, mask %#x(%pGg), pid %d, tgid %d (%s), ts %llu ns%s\n"
		"PFN " MYMM_PAGE_OWNER_PFN
		" type %s Block %lu type %s Flags %#x(%snode=%d|zone=%d)\n"
		" %s\n%s\n",
		record->order, (__force unsigned int)record->gfp, &record->gfp,
		record->pid, record->tgid, record->comm, record->ts, free_ts,
		(unsigned long)pfn,
		mymm_migratetype_names[mymm_gfp_type(pool, record->gfp)],
		(unsigned long)pfn >> pool->block_order,
		mymm_migratetype_names[mymm_buddy_type(&zone->buddy, pfn)], tag,
		kind_of(tag), zone->node, zone->type,
		site_name(record->caller, name, sizeof(name)), session);
}
MYMM_EXPORT_INTERNAL(mymm_page_owner_print);

static ssize_t page_owner_read(struct file *file, char __user *to, size_t count,
			       loff_t *pos)
{
	struct mymm_pool *pool = file->private_data;
	size_t size = min_t(size_t, count, PAGE_SIZE);
	struct mymm_owner_record record;
	size_t used = 0;
	ssize_t err = 0;
	char *buf;
	u32 pfn;

	if (!mymm_owners_recording(pool))
		return -ENODATA;
	if (*pos >= pool->nr_frames)
		return 0;
	buf = kmalloc(size, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	for (pfn = *pos; mymm_owner_next(pool, &pfn, &record); pfn++) {
		int len = mymm_page_owner_print(pool, pfn, &record, buf + used,
						size - used);

		if (len >= size - used) {
			/* No room for a single one: a read of too few bytes. */
			err = used ? 0 : -EINVAL;
			break;
		}
		used += len;
	}
	if (fatal_signal_pending(current))
		err = -EINTR;
	if (!err && copy_to_user(to, buf, used))
		err = -EFAULT;
	kfree(buf);
	if (err)
		return err;
	*pos = pfn;
	return used;
}

static const struct file_operations page_owner_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = page_owner_read,
	.llseek = no_seek_end_llseek,
};

/* --- page_owner_sites ------------------------------------------------------------------ */

/* A snapshot for one open file, renewed by each read from position 0. */
struct sites_view {
	struct mymm_pool *pool;
	struct mymm_owner_site *site;
	size_t nr;
};

static int take_view(struct sites_view *view)
{
	struct mymm_owner_site *site;
	size_t nr;

	if (!mymm_owners_recording(view->pool))
		return -ENODATA;
	site = mymm_owner_sites(view->pool, &nr);
	if (IS_ERR(site))
		return PTR_ERR(site);
	kvfree(view->site);
	view->site = site;
	view->nr = nr;
	return 0;
}

static void *sites_start(struct seq_file *m, loff_t *pos)
{
	struct sites_view *view = m->private;
	int err;

	if (!*pos) {
		err = take_view(view);
		return err ? ERR_PTR(err) : SEQ_START_TOKEN;
	}
	return *pos <= view->nr ? &view->site[*pos - 1] : NULL;
}

static void *sites_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct sites_view *view = m->private;

	++*pos;
	return *pos <= view->nr ? &view->site[*pos - 1] : NULL;
}

static void sites_stop(struct seq_file *m, void *v)
{
}

static int sites_show(struct seq_file *m, void *v)
{
	const struct sites_view *view = m->private;
	const struct mymm_owner_site *site = v;
	char name[SITE_LEN];
	unsigned long lost;

	if (v != SEQ_START_TOKEN) {
		seq_printf(m, "%10lu %10lu %10u  %s\n", site->frames,
			   site->blocks, site->session,
			   site_name(site->caller, name, sizeof(name)));
		return 0;
	}
	seq_puts(m, "# <frames>   <blocks>  <session>  <call_site>\n");
	lost = mymm_owners_lost(view->pool);
	if (lost)
		seq_printf(
			m,
			"# %lu records lost to frees of what was not theirs\n",
			lost);
	return 0;
}

static const struct seq_operations sites_ops = {
	.start = sites_start,
	.next = sites_next,
	.stop = sites_stop,
	.show = sites_show,
};

static int sites_open(struct inode *inode, struct file *file)
{
	struct sites_view *view =
		__seq_open_private(file, &sites_ops, sizeof(*view));

	if (!view)
		return -ENOMEM;
	view->pool = inode->i_private;
	return 0;
}

static int sites_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;
	struct sites_view *view = m->private;

	kvfree(view->site);
	return seq_release_private(inode, file);
}

static const struct file_operations sites_fops = {
	.owner = THIS_MODULE,
	.open = sites_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = sites_release,
};

/* --- page_owner_on ------------------------------------------------------------------------ */

static int on_get(void *pool, u64 *value)
{
	*value = mymm_owners_recording(pool);
	return 0;
}

static int on_set(void *pool, u64 value)
{
	if (value > 1)
		return -EINVAL;
	if (value)
		return mymm_owners_start(pool);
	mymm_owners_stop(pool);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(on_fops, on_get, on_set, "%llu\n");

/**
 * mymm_page_owner_init() - put the files into debugfs
 * @dir: our directory there
 * @pool: the pool that they show
 *
 * Context: process; sleeps.
 */
void mymm_page_owner_init(struct dentry *dir, struct mymm_pool *pool)
{
	debugfs_create_file("page_owner", 0400, dir, pool, &page_owner_fops);
	debugfs_create_file("page_owner_sites", 0400, dir, pool, &sites_fops);
	debugfs_create_file_unsafe("page_owner_on", 0600, dir, pool, &on_fops);
}
