/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* The page allocator: a rising mark, and a list of pages that were given back. */
#include "alloc.h"

#include "machine.h"
#include "panic.h"
#include "spin.h"
#include "string.h"

struct free_page { struct free_page *next; };

static struct {
	struct spin lock;           /* of all below */
	u64 mark, end;              /* physical: [mark, end) was never handed out */
	struct free_page *free;
	struct alloc_statistics statistics;
} pool;

void alloc_init(hpa_t base, u64 size)
{
	memset(&pool, 0, sizeof(pool));
	pool.mark = ALIGN_UP(base.v, PAGE_SIZE);
	pool.end = ALIGN_DOWN(base.v + size, PAGE_SIZE);
	hv_assert(pool.mark <= pool.end);
	pool.statistics.pages = pool.statistics.free = (pool.end - pool.mark) / PAGE_SIZE;
}

void alloc_cut(hpa_t end)
{
	const u64 pages = (pool.end - end.v) / PAGE_SIZE;

	hv_assert(pool.mark <= end.v && end.v <= pool.end);
	pool.end = end.v;
	pool.statistics.pages -= pages;
	pool.statistics.free -= pages;
}

static void *taken(void *pages, size_t count)
{
	struct alloc_statistics *s = &pool.statistics;

	s->free -= count;
	if (s->pages - s->free > s->peak)
		s->peak = s->pages - s->free;
	return memset(pages, 0, count * PAGE_SIZE);
}

static void *take_rising(size_t count)
{
	u64 base = pool.mark;

	if (!count || count > (pool.end - pool.mark) / PAGE_SIZE)
		return NULL;
	pool.mark += count * PAGE_SIZE;
	return taken(machine_ptr(HPA(base)), count);
}

void *alloc_pages(size_t count)
{
	void *pages;

	spin_lock(&pool.lock);
	pages = take_rising(count);
	spin_unlock(&pool.lock);
	return pages;
}

void *alloc_page(void)
{
	struct free_page *page;
	void *taken_page;

	spin_lock(&pool.lock);
	page = pool.free;
	if (page)
		pool.free = page->next;
	taken_page = page ? taken(page, 1) : take_rising(1);
	spin_unlock(&pool.lock);
	return taken_page;
}

void free_page(void *pointer)
{
	struct free_page *page = pointer;

	if (!page)
		return;
	hv_assert(!((uintptr_t)pointer & ~PAGE_MASK));
	spin_lock(&pool.lock);
	page->next = pool.free;
	pool.free = page;
	pool.statistics.free++;
	hv_assert(pool.statistics.free <= pool.statistics.pages);
	spin_unlock(&pool.lock);
}

void alloc_get_statistics(struct alloc_statistics *out)
{
	*out = pool.statistics;
}
