// SPDX-License-Identifier: GPL-2.0
// The data of a report, and what memory was like at an event. mymm_html_data.c says how it
// is packed. Nothing here needs a page, so that tests can run it by itself.
"use strict";

const ALLOC = 0, FREE = 1, FAILURE = 2;
const COLUMNS = 9; // see mymm_html_data.c
// See enum process_what.
const PROCESS = { minor: 0, major: 1, kswapd: 2, itself: 3, other: 4, file: 5, out: 6, in: 7, writeback: 8, refault: 9, migrate: 10 };
const USES = 5; // of blocks; see enum use
const ORDERS = 11;
// What a frame is if no block of the recording has it.
const IS_FREE = -1, IS_BEFORE = -2, IS_UNKNOWN = -3;
// Where these are in a sample of a pool.
const POOL_USED = 0, POOL_LISTED = 1, POOL_FREE = 2;
const NOTHING = 0, MOVABLE = 1, PINNED = 2, MIXED = 3;

// Reads numbers from a piece of bytes.
class Column {
	constructor(bytes) { this.bytes = bytes; this.at = 0; }
	get more() { return this.at < this.bytes.length; }
	number() {
		let n = 0, factor = 1, byte;

		do {
			byte = this.bytes[this.at++];
			n += (byte & 127) * factor;
			factor *= 128;
		} while (byte > 127);
		return n;
	}
	signed() {
		const n = this.number();

		return n % 2 ? -(n + 1) / 2 : n / 2;
	}
}

// All of a recording: info, and of each record what, event, time, by and frame.
class Recording {
	constructor(bytes) {
		const head = new Column(bytes), length = [], column = [];

		for (let i = 0; i < COLUMNS; i++)
			length.push(head.number());
		for (let i = 0, at = head.at; i < COLUMNS; at += length[i++])
			column.push(new Column(bytes.subarray(at, at + length[i])));
		this.info = JSON.parse(new TextDecoder().decode(column[0].bytes));
		this.readRecords(column);
		this.readSamples(column[6]);
		this.findBlocks();
		this.readStart(column[7]);
		this.readMoments(column[8]);
	}

	readRecords([, whats, events, times, whos, frames]) {
		const nr = this.info.records, list = this.info.whats;
		let event = 0, time = 0, frame = 0, who = 0;

		this.nr = nr;
		this.what = new Uint16Array(nr);
		this.event = new Float64Array(nr);
		this.time = new Float64Array(nr);
		this.who = new Int32Array(nr).fill(-1);
		this.frame = new Float64Array(nr);
		this.whats = [];
		for (let i = 0; i < list.length; i += 4)
			this.whats.push({ kind: list[i], order: list[i + 1], use: list[i + 2],
				gfp: list[i + 3] ? this.info.gfps[list[i + 3] - 1] : "" });
		this.failures = [];
		for (let i = 0; i < nr; i++) {
			const what = this.whats[this.what[i] = whats.number()];

			this.event[i] = event += events.number();
			this.time[i] = time += times.signed();
			if (what.kind != FREE) {
				const named = whos.number();

				who = named ? named - 1 : who;
				this.who[i] = who;
			}
			this.frame[i] = frames.signed();
			if (what.kind == FAILURE) {
				this.failures.push(i);
				continue;
			}
			this.frame[i] += frame;
			frame = this.frame[i] + (1 << what.order);
		}
	}

	readSamples(column) {
		const width = this.info.sample_width;

		this.samples = [];
		for (let s = 0; s < this.info.samples; s++) {
			const sample = new Float64Array(width), before = this.samples[s - 1];

			for (let i = 0; i < width; i++)
				sample[i] = column.signed() + (before ? before[i] : 0);
			this.samples.push(sample);
		}
	}

	// The page blocks that records are in, by their numbers, each a row of frames.
	findBlocks() {
		const size = this.size = 1 << this.info.pageblock_order, rows = new Set();

		for (let i = 0; i < this.nr; i++) {
			const what = this.whats[this.what[i]];

			if (what.kind == FAILURE)
				continue;
			const last = Math.floor((this.frame[i] + (1 << what.order) - 1) / size);

			for (let b = Math.floor(this.frame[i] / size); b <= last; b++)
				rows.add(b);
		}
		this.blocks = [...rows].sort((a, b) => a - b);
		this.rows = this.blocks.length;
		this.rowOf = new Map(this.blocks.map((block, row) => [block, row]));
		// Two page blocks that are one block of the next order: that one's number.
		this.pair = new Int32Array(this.rows);
		let pair = -1, last = -1;

		this.blocks.forEach((block, row) => {
			const half = Math.floor(block / 2);

			pair += half != last;
			last = half;
			this.pair[row] = pair;
		});
	}

	// Where frame @pfn is: its place in rows of page blocks, one behind the other; -1: nowhere.
	place(pfn) {
		const row = this.rowOf.get(Math.floor(pfn / this.size));

		return row === undefined ? -1 : row * this.size + pfn % this.size;
	}

	pfn(place) {
		return this.blocks[Math.floor(place / this.size)] * this.size + place % this.size;
	}

	// Calls @each with the places of a record's frames: a part for each row.
	pieces(record, each) {
		let pfn = this.frame[record], left = 1 << this.whats[this.what[record]].order;

		while (left) {
			const some = Math.min(left, this.size - pfn % this.size);
			const place = this.place(pfn);

			each(place, place + some);
			pfn += some;
			left -= some;
		}
	}

	// A frame whose first record is its allocation was free when the recording began, one whose
	// first record is its free was held. Of others only the recording's own state tells.
	readStart(column) {
		const first = this.start = new Int32Array(this.rows * this.size).fill(IS_UNKNOWN);
		const owner = first.slice();

		// The record with which a block ends, or its first part does; 0: none.
		this.until = new Int32Array(this.nr);
		for (let i = 0; i < this.nr; i++) {
			const kind = this.whats[this.what[i]].kind;

			if (kind == FAILURE)
				continue;
			this.pieces(i, (from, to) => {
				for (let at = from; at < to; at++) {
					if (first[at] == IS_UNKNOWN)
						first[at] = kind == ALLOC ? IS_FREE : IS_BEFORE;
					if (owner[at] >= 0 && !this.until[owner[at]])
						this.until[owner[at]] = i;
					owner[at] = kind == ALLOC ? i : IS_FREE;
				}
			});
		}
		if (this.info.pool)
			this.readPool();
		for (let row = 0; column.more; row++) {
			const end = (row + 1) * this.size;

			for (let at = row * this.size, state = IS_FREE; at < end; state = IS_FREE + IS_BEFORE - state)
				for (let run = column.number(); run; run--, at++)
					if (first[at] == IS_UNKNOWN)
						first[at] = state;
		}
	}

	// What had happened to pages of processes until each moment.
	readMoments(column) {
		const kinds = Object.keys(PROCESS).length;
		let event = 0, time = 0, sum = new Float64Array(kinds);

		this.moments = [];
		while (column.more) {
			event += column.number();
			time += column.signed();
			sum = sum.map(n => n + column.number());
			this.moments.push({ event, time, sum });
		}
	}

	// The same until an event, as of the last moment before it.
	processAt(event) {
		return this.moments.findLast(moment => moment.event <= event)?.sum || new Float64Array(Object.keys(PROCESS).length);
	}

	// Until there along a chart, as if between two moments as much had happened each time.
	processUntil(key, value) {
		const after = this.moments.findIndex(moment => moment[key] > value);
		const from = this.moments.at(after < 0 ? -1 : after - 1), to = this.moments[after];
		const none = { [key]: 0, sum: new Float64Array(Object.keys(PROCESS).length) };
		const { sum, [key]: at } = after ? from || none : none;
		const share = to ? (value - at) / (to[key] - at) : 0;

		return sum.map((n, i) => n + (to ? (to.sum[i] - n) * share : 0));
	}

	// A pool begins with all free, but for what is in none of its zones.
	readPool() {
		const { start, info } = this;

		info.managed = info.zones.reduce((sum, zone) => sum + zone.managed, 0);
		for (let at = 0; at < start.length; at++) {
			const pfn = this.pfn(at);

			if (info.zones.some(zone => pfn >= zone.start && pfn < zone.start + zone.frames))
				start[at] = IS_FREE;
		}
	}

	// How many records are of events up to @event.
	recordsUntil(event) {
		let low = 0, high = this.nr;

		while (low < high) {
			const middle = (low + high) >> 1;

			if (this.event[middle] <= event)
				low = middle + 1;
			else
				high = middle;
		}
		return low;
	}

	sampleAt(event) {
		const s = event >= this.info.events ? this.info.samples - this.info.pool :
			Math.floor(event / this.info.sample_every);

		return this.samples[this.info.pool ? s : s - 1] || new Float64Array(this.info.sample_width);
	}
}

// Memory at an event. It goes forward record by record, and back to a copy of before.
class Memory {
	constructor(recording) {
		this.recording = recording;
		this.frames = recording.rows * recording.size;
		this.copies = [];
		// A copy is a number a frame: some 4 Mi of them in all.
		this.copyEvery = Math.max(256, Math.ceil(recording.nr / Math.max(1, Math.floor((4 << 20) / (this.frames || 1)))));
		this.done = 0;
		this.owner = recording.start.slice();
		this.count();
		this.keep();
	}

	// All that follows from owners, anew.
	count() {
		const { rows, size, pair } = this.recording;

		// Free frames in each block of an order, and how many blocks are all free.
		this.level = [];
		this.whole = new Float64Array(ORDERS + 1);
		for (let order = 0; order < ORDERS; order++)
			this.level.push(new Int32Array(order < ORDERS - 1 ? this.frames >> order :
				rows ? pair[rows - 1] + 1 : 0));
		this.use = new Float64Array(USES); // frames
		this.movable = new Int32Array(rows); // frames of a row
		this.pinned = new Int32Array(rows);
		this.kinds = new Float64Array(4);
		this.kinds[NOTHING] = rows;
		this.before = 0;
		this.failed = 0;
		for (let at = 0; at < this.frames; at++) {
			const owner = this.owner[at];

			this.owner[at] = IS_UNKNOWN;
			if (owner != IS_UNKNOWN)
				this.set(at, owner, Math.floor(at / size));
		}
	}

	kindOf(row) {
		return (this.movable[row] ? MOVABLE : 0) | (this.pinned[row] ? PINNED : 0);
	}

	countUse(owner, row, n) {
		const { whats, what } = this.recording, use = whats[what[owner]].use;

		this.use[use] += n;
		this.kinds[this.kindOf(row)]--;
		(use == 1 ? this.movable : this.pinned)[row] += n;
		this.kinds[this.kindOf(row)]++;
	}

	countFree(at, row, n) {
		for (let order = 0; order < ORDERS; order++) {
			const level = this.level[order];
			const block = order < ORDERS - 1 ? at >> order : this.recording.pair[row];
			const full = 1 << order;

			this.whole[order] -= level[block] == full;
			level[block] += n;
			this.whole[order] += level[block] == full;
		}
	}

	// A frame gets another owner.
	set(at, owner, row) {
		const old = this.owner[at];

		if (old == owner)
			return;
		if (old >= 0)
			this.countUse(old, row, -1);
		if (owner >= 0)
			this.countUse(owner, row, 1);
		if ((old == IS_FREE) != (owner == IS_FREE))
			this.countFree(at, row, owner == IS_FREE ? 1 : -1);
		this.before += (owner == IS_BEFORE) - (old == IS_BEFORE);
		this.owner[at] = owner;
	}

	apply(record) {
		const { whats, what, size } = this.recording, kind = whats[what[record]].kind;

		if (kind == FAILURE) {
			this.failed++;
			return;
		}
		this.recording.pieces(record, (from, to) => {
			const row = Math.floor(from / size);

			for (let at = from; at < to; at++)
				this.set(at, kind == ALLOC ? record : IS_FREE, row);
		});
	}

	keep() {
		if (this.done % this.copyEvery || this.copies[this.done / this.copyEvery])
			return;
		this.copies[this.done / this.copyEvery] = { failed: this.failed, before: this.before,
			owner: this.owner.slice(), level: this.level.map(l => l.slice()),
			whole: this.whole.slice(), use: this.use.slice(), kinds: this.kinds.slice(),
			movable: this.movable.slice(), pinned: this.pinned.slice() };
	}

	goBack(copy) {
		const from = this.copies[copy];

		this.done = copy * this.copyEvery;
		this.failed = from.failed;
		this.before = from.before;
		this.level.forEach((level, order) => level.set(from.level[order]));
		for (const name of ["owner", "whole", "use", "kinds", "movable", "pinned"])
			this[name].set(from[name]);
	}

	// What was after the first @records of the recording's.
	goTo(records) {
		const copy = Math.min(Math.floor(records / this.copyEvery), this.copies.length - 1);

		if (records < this.done || copy * this.copyEvery > this.done)
			this.goBack(copy);
		while (this.done < records) {
			this.apply(this.done++);
			this.keep();
		}
	}

	get held() { return this.use.reduce((sum, n) => sum + n, 0); }
	get free() { return this.whole[0]; }

	// Blocks of an order that are free and not a part of a larger one.
	freeBlocks(order) {
		return this.whole[order] - (order < ORDERS - 1 ? 2 * this.whole[order + 1] : 0);
	}

	// Frames that each task holds, most first.
	owners() {
		const { who } = this.recording, frames = new Map();

		for (const owner of this.owner)
			if (owner >= 0)
				frames.set(this.taskOf(who[owner]), (frames.get(this.taskOf(who[owner])) || 0) + 1);
		return [...frames].sort((a, b) => b[1] - a[1]);
	}

	taskOf(who) { return taskName(this.recording.info, who); }
}

// "bash-1", "pid 1", or where neither is known a number of its own.
function taskName(info, who) {
	const task = info.by[3 * who], name = info.by[3 * who + 1];

	if (name && name <= info.tasks.length)
		return info.tasks[name - 1];
	return task <= 1 << 22 ? "pid " + task : "task " + task.toString(16);
}

// What @memory is like at @event. Free blocks of a pool are those that it had itself.
function pointOf(recording, memory, event) {
	const sample = recording.sampleAt(event);

	return { event, process: recording.processAt(event), use: memory.use.slice(), kinds: memory.kinds.slice(), sample,
		free: Array.from({ length: ORDERS }, (_, order) =>
			recording.info.pool ? sample[POOL_FREE + order] : memory.freeBlocks(order)) };
}

// What was after every so many events, for the charts: @nr of them; or along time, until @span.
function trend(recording, memory, nr, span) {
	const points = [], { info } = recording;

	for (let i = 0; i <= nr; i++) {
		const records = span ? recordsAt(recording, span * i / nr) : recording.recordsUntil(info.events * i / nr);
		const event = !span ? info.events * i / nr : span * i / nr >= info.span ? info.events :
			records ? recording.event[records - 1] : 0;

		memory.goTo(records);
		points.push({ ...pointOf(recording, memory, event),
			process: span ? recording.processUntil("time", span * i / nr) : recording.processUntil("event", event) });
	}
	return points;
}

// How many records are not later than @time; times may go back.
function recordsAt(recording, time) {
	let low = 0, high = recording.nr;

	while (low < high) {
		const middle = (low + high) >> 1;

		if (recording.time[middle] <= time)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

// As in all that the CLI says.
function bytes(n) {
	let unit = 0;

	for (; n >= 1024 && unit < 4; unit++)
		n /= 1024;
	return n.toFixed(n % 1 && unit ? 1 : 0) + " " + ["B", "KiB", "MiB", "GiB", "TiB"][unit];
}
