// SPDX-License-Identifier: GPL-2.0
// Looks into a page that mymm report has made, without a browser, for its tests.
//
// usage: node report_page.js PAGE[+] TASK [ARGUMENT]; with a plus: the second pane
//	every N         what is held at each N events: "4000 9.2 MiB"
//	compare TRACE   figures at five moments are those of the text of ftrace, or it fails
//	records         how many there are, and how many were left out
//	start           is what was free at the start known; frames free, held and not known then
//	words           fails unless each language has all texts
//	code            the scripts
//	data            what is unpacked
//	processes       what their pages had to bear: "minor=12 major=0 ..."
//	looks           of a pool, at each look: event, frames in use and free blocks, as replay --every
"use strict";
const fs = require("fs"), zlib = require("zlib");
const [, , page, task, argument] = process.argv, second = page.endsWith("+");
const html = fs.readFileSync(page.replace(/\+$/, ""), "utf8");
const unpack = id => zlib.inflateSync(Buffer.from(html.match(new RegExp(`id="${id}">([^<]*)<`))[1], "base64"));
const code = unpack("code").toString();
const { Recording, Memory, WORDS, PROCESS, bytes } = new Function(code + "; return { Recording, Memory, WORDS, PROCESS, bytes }")();
const data = unpack(second ? "other" : "data");
const recording = new Recording(data), memory = new Memory(recording);
const at = event => { memory.goTo(recording.recordsUntil(event)); return memory; };

function every(n) {
	for (let event = n; event <= recording.info.events; event += n)
		console.log(event, bytes(at(event).held * 4096));
}

// Figures at five moments, not in their order, from the text of ftrace, frame by frame.
function compare(trace) {
	const lines = fs.readFileSync(trace, "utf8").split("\n").filter(l => /: (mm_page_|k(mem_cache_|m)?(alloc|free))/.test(l));
	const share = [.8, .2, 1, .4, .6], all = {}, frames = new Map();
	const parsed = lines.map(l => l.match(/: mm_page_(alloc|free): .*pfn=0x([0-9a-f]+) order=(\d+)(?: migratetype=(\d))?/));
	const touched = new Set(parsed.filter(p => p).flatMap(p => Array.from({ length: 1 << p[3] }, (_, i) => parseInt(p[2], 16) + i)));

	if (lines.length != recording.info.events)
		throw Error(`${lines.length} events in the text, not ${recording.info.events}`);
	for (const p of parsed)
		for (let i = 0; p && i < 1 << p[3]; i++)
			if (!frames.has(parseInt(p[2], 16) + i))
				frames.set(parseInt(p[2], 16) + i, p[1] == "alloc" ? "free" : "before");
	const moments = new Set(share.map(s => Math.round(s * lines.length)));
	parsed.forEach((p, event) => {
		for (let i = 0; p && i < 1 << p[3]; i++)
			frames.set(parseInt(p[2], 16) + i, p[1] == "alloc" ? p[4] : "free");
		if (moments.has(event + 1))
			all[event + 1] = figures();
	});

	function figures() {
		const free = new Array(11).fill(0), blocks = new Map();
		let held = 0, movable = 0;

		for (const [pfn, is] of frames) {
			if (is == "free" || is == "before")
				continue;
			held++;
			movable += is == "1";
			blocks.set(pfn >> 9, (blocks.get(pfn >> 9) || 0) | (is == "1" ? 1 : 2));
		}
		for (const pfn of touched) {
			let order = -1;

			for (let o = 10; o >= 0 && order < 0; o--)
				if (pfn % (1 << o) == 0 && Array.from({ length: 1 << o }, (_, i) => frames.get(pfn + i)).every(f => f == "free"))
					order = o;
			// Not if it is a part of a larger one.
			for (let o = order + 1; order >= 0 && o <= 10; o++)
				if (Array.from({ length: 1 << o }, (_, i) => frames.get((pfn >> o << o) + i)).every(f => f == "free"))
					order = -1;
			if (order >= 0)
				free[order]++;
		}
		return [held, movable, [...blocks.values()].filter(b => b == 3).length, ...free].join(" ");
	}

	for (const s of share) {
		const event = Math.round(s * lines.length), m = at(event);
		const page = [m.held, m.use[1], m.kinds[3], ...Array.from({ length: 11 }, (_, order) => m.freeBlocks(order))].join(" ");

		console.log(event, page);
		if (page != all[event])
			throw Error(`event ${event}: ${all[event]} in the text`);
	}
}

// A pool's own figures at each look; the map has as many frames in use at that moment.
function looks() {
	const { info } = recording;

	for (let i = 1; i < info.samples; i++) {
		const event = Math.min(i * info.sample_every, info.events), [used, listed, ...free] = recording.sampleAt(event);

		if (at(event).held != used)
			throw Error(`event ${event}: ${memory.held} frames on the map, ${used} in the pool`);
		if (event % info.sample_every == 0)
			console.log(event, used + listed, ...free);
	}
}

// Each language has all texts, with the same places for what they are about.
function words() {
	const shape = text => typeof text == "object" ? Object.entries(text).map(([key, of]) => [key, shape(of)]) : (text.match(/\{\d\}/g) || []).sort().join();

	for (const [language, texts] of Object.entries(WORDS))
		for (const key of new Set([...Object.keys(WORDS.en), ...Object.keys(texts)]))
			if (!texts[key] || !WORDS.en[key] || JSON.stringify(shape(texts[key])) != JSON.stringify(shape(WORDS.en[key])))
				throw Error(`${language}: ${key}`);
}

// Sums of each kind until the end, and who was killed.
function processes() {
	const sum = recording.processAt(recording.info.events);

	console.log(...Object.entries(PROCESS).map(([name, i]) => `${name}=${sum[i]}`), ...recording.info.kills.map(kill => "killed=" + kill.name));
}

({ every: () => every(+argument), compare: () => compare(argument), words, looks, processes,
	code: () => console.log(code), data: () => process.stdout.write(data),
	records: () => console.log("records, left out:", recording.info.records, recording.info.too_large),
	start: () => console.log(recording.info.start, ...[-1, -2, -3].map(state => recording.start.filter(f => f == state).length),
		recording.pfn(recording.start.indexOf(-3))) })[task]();
