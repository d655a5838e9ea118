// The page: what is drawn for the event that the scrubber is at, and what answers to a hand.
const POINTS = 300; // of a chart
const MOMENTS = 10000; // of the scrubber, along time
const ROW_MOST = 14, MAP_HEIGHT = 420; // pixels
const ORDER_COLOURS = ["#440154", "#482475", "#414487", "#355f8d", "#2a788e", "#21918c", "#22a884",
	"#44bf70", "#7ad151", "#bddf26", "#fde725"];

let recording, memory, info, words, charts = [];
const state = { event: 0, records: 0, colour: "use", byTime: false, place: -1, playing: 0, drawing: false };

// ---- Texts ------------------------------------------------------------------

const $ = id => document.getElementById(id);
const text = (key, ...about) => fill(words[key], ...about);
const fill = (template, ...about) => template.replace(/\{(\d)\}/g, (_, i) => about[i]);
const count = n => Math.round(n).toLocaleString(info.lang);

function time(t) {
	if (info.clock == 0)
		return "";
	return info.clock == 1 ? (t / 1e6).toFixed(3) + " s" : text("ticks", count(t));
}

// ", 1.234 s" behind an event's number; nothing without times.
const at = record => info.clock ? text("at", time(recording.time[record])) : "";
const hex = pfn => "0x" + pfn.toString(16);

function make(name, parent, content, attributes = {}) {
	const element = document.createElement(name);

	if (content !== undefined)
		element.textContent = content;
	for (const [key, value] of Object.entries(attributes))
		element.setAttribute(key, value);
	if (parent)
		parent.append(element);
	return element;
}

// ---- Colours ----------------------------------------------------------------

let shades = {};

function readColours() {
	const style = getComputedStyle(document.documentElement);

	shades = {};
	for (const name of ["paper", "ink", "soft", "line", "free", "before", "unknown", "cursor", "u0", "u1", "u2", "u3", "u4", "u5", "u6"])
		shades[name] = style.getPropertyValue("--" + name).trim();
	shades.uses = [0, 1, 2, 3, 4].map(i => shades["u" + i]);
	shades.kinds = [shades.free, shades.u1, shades.u4, shades.u0];
	shades.parts = [1, 0, 2, 3, 4, 5].map(i => shades["u" + i]);
}

// A colour as a number for the pixels of an image.
function pixel(colour) {
	const hex = colour.length == 4 ? colour.replace(/[^#]/g, "$&$&") : colour;
	const n = parseInt(hex.slice(1), 16);

	return (255 << 24 | (n & 255) << 16 | (n & 0xff00) | n >> 16) >>> 0;
}

// The tasks that allocated most frames have colours of their own.
let ranks;

function rankTasks() {
	const frames = new Map();

	for (let i = 0; i < recording.nr; i++) {
		const what = recording.whats[recording.what[i]];

		if (what.kind == ALLOC) {
			const task = memory.taskOf(recording.who[i]);

			frames.set(task, (frames.get(task) || 0) + (1 << what.order));
		}
	}
	ranks = [...frames].sort((a, b) => b[1] - a[1]).slice(0, 6).map(([task]) => task);
}

function colourOf(record) {
	const what = recording.whats[recording.what[record]];

	if (state.colour == "use")
		return shades.uses[what.use];
	if (state.colour == "order")
		return ORDER_COLOURS[what.order];
	const rank = ranks.indexOf(memory.taskOf(recording.who[record]));

	return rank < 0 ? shades.u6 : shades.parts[rank];
}

// Of each record; and those of frames that no block has, whose numbers are negative.
let colours;

function findColours() {
	const byKind = new Map();

	colours = new Uint32Array(recording.nr + 3);
	for (let i = 0; i < recording.nr; i++) {
		const key = state.colour == "owner" ? recording.who[i] : recording.what[i];

		if (recording.whats[recording.what[i]].kind != ALLOC)
			continue; // nothing on the map is its
		if (!byKind.has(key))
			byKind.set(key, pixel(colourOf(i)));
		colours[i + 3] = byKind.get(key);
	}
	colours[IS_FREE + 3] = pixel(shades.free);
	colours[IS_BEFORE + 3] = pixel(shades.before);
	colours[IS_UNKNOWN + 3] = pixel(shades.unknown);
}

// ---- The map ----------------------------------------------------------------

let layout, frames;

// A canvas as sharp as the screen, in units of its own pixels.
function prepare(canvas, height) {
	const sharp = Math.min(devicePixelRatio || 1, 3), width = canvas.clientWidth;

	canvas.style.height = height + "px";
	canvas.width = Math.max(1, Math.round(width * sharp));
	canvas.height = Math.max(1, Math.round(height * sharp));
	const draw = canvas.getContext("2d");

	draw.setTransform(sharp, 0, 0, sharp, 0, 0);
	draw.clearRect(0, 0, width, height);
	draw.font = "11px system-ui, sans-serif";
	return { draw, width, height };
}

function drawMap() {
	const rows = recording.rows, size = recording.size, canvas = $("map");
	const row = Math.max(3, Math.min(ROW_MOST, Math.floor(MAP_HEIGHT / (rows || 1))));
	const { draw, width, height } = prepare(canvas, Math.min(rows * row, 16000 / (devicePixelRatio || 1)) || 1);
	const left = 54, step = height / rows;

	layout = { left, width: width - left, step };
	if (!frames) {
		frames = make("canvas");
		frames.width = size;
		frames.height = Math.max(1, rows);
	}
	const image = new ImageData(size, Math.max(1, rows)), pixels = new Uint32Array(image.data.buffer);

	for (let i = 0; i < memory.frames; i++)
		pixels[i] = colours[memory.owner[i] + 3];
	frames.getContext("2d").putImageData(image, 0, 0);
	draw.imageSmoothingEnabled = width - left < size;
	draw.drawImage(frames, left, 0, width - left, height);
	draw.fillStyle = shades.soft;
	draw.textAlign = "right";
	draw.textBaseline = "middle";
	for (let i = 0, last = -99; i < rows; i++) {
		if (row > 5) {
			draw.fillStyle = shades.paper;
			draw.fillRect(left, i * step, width - left, 1);
			draw.fillStyle = shades.soft;
		}
		// A line where page blocks are left out.
		if (i && recording.blocks[i] != recording.blocks[i - 1] + 1)
			draw.fillRect(left - 5, i * step, width - left + 5, 1);
		if ((i - last) * step >= 11) {
			draw.fillText(recording.blocks[i], left - 6, Math.max(6, Math.min(height - 6, (i + .5) * step)));
			last = i;
		}
	}
	if (state.place >= 0)
		drawCursor(draw);
}

function drawCursor(draw) {
	const size = recording.size, { left, width, step } = layout;
	const x = left + (state.place % size + .5) * width / size, y = (Math.floor(state.place / size) + .5) * step;

	for (const [colour, wide] of [[shades.paper, 4], [shades.cursor, 1.5]]) {
		draw.strokeStyle = colour;
		draw.lineWidth = wide;
		draw.strokeRect(x - 6, y - 6, 12, 12);
	}
}

function placeUnder(x, y) {
	const { left, width, step } = layout, size = recording.size;
	const column = Math.floor((x - left) * size / width), row = Math.floor(y / step);

	return column < 0 || column >= size || row < 0 || row >= recording.rows ? -1 : row * size + column;
}

// What a frame is, in words.
function describe(place) {
	const row = Math.floor(place / recording.size), pfn = recording.pfn(place), owner = memory.owner[place];
	const head = text("frame", hex(pfn), count(pfn), recording.blocks[row], words.kinds[memory.kindOf(row)]);

	if (owner < 0)
		return head + ": " + words[["isUnknown", "isBefore", "isFree"][owner + 3]];
	const what = recording.whats[recording.what[owner]], end = recording.until[owner];
	const who = recording.who[owner];

	return [head + ": " + text("block", words.uses[what.use], what.order, hex(recording.frame[owner]), what.gfp),
		text("by", memory.taskOf(who), info.by[3 * who + 2], count(recording.event[owner]), at(owner)),
		end ? text("until", count(recording.event[end]), at(end)) : words.stays].join("; ");
}

function legend(list, entries) {
	list.replaceChildren(...entries.map(([colour, label, value]) => {
		const item = make("li", null, value === undefined ? label : fill(words.blocks, label, value));

		make("i", null, "", { style: "background:" + colour });
		item.prepend(make("i", null, "", { style: "background:" + colour }));
		return item;
	}));
}

function drawLegend() {
	const rest = [[shades.free, words.free], [shades.before, words.before], [shades.unknown, words.unknown]];
	const entries = state.colour == "use" ? shades.uses.map((colour, i) => [colour, words.uses[i]]) :
		state.colour == "order" ? ORDER_COLOURS.map((colour, i) => [colour, text("order", i)]) :
		[...ranks.map((task, i) => [shades.parts[i], task]), [shades.u6, words.others]];

	legend($("legend"), [...entries, ...rest]);
}

// ---- Charts -----------------------------------------------------------------

// Where an event, or a record, is along a chart: 0 to 1.
const along = (event, t) => state.byTime ? t / (info.span || 1) : event / (info.events || 1);
const here = () => along(state.event, state.records ? recording.time[state.records - 1] : 0);

// A step of 1, 2 or 5 that gives three lines or so; of memory 1, 2, 4 ...
function lineStep(most, isBytes) {
	let step = 1;

	if (isBytes)
		return 2 ** Math.ceil(Math.log2(Math.max(most, 1) / 4));
	for (const factors = [2, 2.5, 2]; most / step > 4; factors.push(factors[0]))
		step *= factors.shift();
	return step;
}

const chartArea = width => ({ left: 62, top: 12, width: width - 70, height: 156 });

function drawChart(chart) {
	const { draw, width } = prepare(chart.canvas, 190), area = chartArea(width);
	const show = chart.isBytes ? bytes : count, step = lineStep(chart.most, chart.isBytes);
	const top = Math.max(step, chart.most), y = n => area.top + area.height * (1 - n / top);
	const x = i => area.left + area.width * i / POINTS;

	// Stacked, from the bottom.
	const sum = new Float64Array(POINTS + 1);

	chart.series.forEach((series, s) => {
		draw.beginPath();
		draw.moveTo(x(0), y(sum[0]));
		for (let i = 0; i <= POINTS; i++)
			draw.lineTo(x(i), y(sum[i] + chart.values[s][i]));
		for (let i = POINTS; i >= 0; i--)
			draw.lineTo(x(i), y(sum[i]));
		draw.fillStyle = series.colour;
		draw.fill();
		chart.values[s].forEach((n, i) => { sum[i] += n; });
	});
	draw.textBaseline = "middle";
	draw.textAlign = "right";
	draw.lineWidth = 1;
	for (let n = 0; n <= top; n += step) {
		draw.strokeStyle = shades.line;
		draw.globalAlpha = .7;
		draw.strokeRect(area.left, y(n), area.width, 0);
		draw.globalAlpha = 1;
		draw.fillStyle = shades.soft;
		draw.fillText(show(n), area.left - 6, y(n));
	}
	draw.textBaseline = "top";
	for (const share of [0, .5, 1]) {
		draw.textAlign = ["left", "center", "right"][share * 2];
		draw.fillText(state.byTime ? time(info.span * share) : count(info.events * share),
			area.left + area.width * share, area.top + area.height + 5);
	}
	drawFailures(draw, area.left, area.width, 0, area.top + area.height);
	draw.strokeStyle = shades.cursor;
	draw.lineWidth = 1.5;
	draw.strokeRect(area.left + area.width * here(), area.top, 0, area.height);
}

// A triangle, and a line down from it, for each failure.
function drawFailures(draw, left, width, top, bottom) {
	draw.fillStyle = draw.strokeStyle = shades.u0;
	draw.lineWidth = 1;
	let last = -9;

	for (const record of recording.failures) {
		const x = left + width * along(recording.event[record], recording.time[record]);

		if (x < last + 2)
			continue;
		last = x;
		draw.beginPath();
		draw.moveTo(x - 4, top);
		draw.lineTo(x + 4, top);
		draw.lineTo(x, top + 7);
		draw.fill();
		draw.globalAlpha = .6;
		if (bottom)
			draw.strokeRect(x, top, 0, bottom - top);
		draw.globalAlpha = 1;
	}
}

function drawMarks() {
	const { draw, width } = prepare($("marks"), 8);

	drawFailures(draw, 8, width - 16, 0, 0);
}

function addChart(name, isBytes, series) {
	const figure = make("figure", $("charts"));

	make("h3", figure, words[name]);
	const canvas = make("canvas", figure, undefined, { role: "img", "aria-label": words[name] });
	const list = make("ul", figure, undefined, { class: "legend" });

	if (name == "freeChart")
		make("p", figure, words.freeHelp, { class: "help" });
	canvas.addEventListener("pointerdown", e => {
		const drag = e => {
			const area = chartArea(canvas.clientWidth);
			const share = Math.max(0, Math.min(1, (e.clientX - canvas.getBoundingClientRect().left - area.left) / area.width));

			goAlong(share);
		};

		canvas.setPointerCapture(e.pointerId);
		canvas.onpointermove = drag;
		canvas.onpointerup = canvas.onpointercancel = () => { canvas.onpointermove = null; };
		drag(e);
	});
	charts.push({ canvas, list, series, isBytes });
}

function addCharts() {
	const pageBytes = 4096;
	const cached = info.caches.slice(0, 5);
	const known = sample => cached.reduce((sum, cache, i) => sum + sample[2 + i] * cache.bytes, 0);

	$("charts").replaceChildren();
	charts = [];
	if (recording.rows) {
		addChart("memory", true, words.uses.slice(0, USES).map((label, i) =>
			({ label, colour: shades.uses[i], value: point => point.use[i] * pageBytes })));
		addChart("freeChart", true, ORDER_COLOURS.map((colour, order) => ({ label: text("order", order), colour,
			value: point => point.free[order] * pageBytes * 2 ** order,
			say: point => count(point.free[order]) })));
		addChart("kindsChart", false, [MIXED, PINNED, MOVABLE, NOTHING].map(kind =>
			({ label: words.kinds[kind], colour: shades.kinds[kind], value: point => point.kinds[kind] })));
	}
	if (cached.length)
		addChart("objectsChart", true, [...cached.map((cache, i) => ({ label: cache.name, colour: shades.parts[i],
			value: point => point.sample[2 + i] * cache.bytes })),
			{ label: words.others, colour: shades.before, value: point => Math.max(0, point.sample[1] - known(point.sample)) }]);
	followTrend();
}

// The values of all charts, for the axis that is chosen.
function followTrend() {
	const points = trend(recording, memory, POINTS, state.byTime);

	memory.goTo(state.records);
	for (const chart of charts) {
		chart.values = chart.series.map(series => points.map(series.value));
		chart.most = Math.max(...points.map((_, i) => chart.values.reduce((sum, of) => sum + of[i], 0)));
	}
}

// ---- Figures and tables -----------------------------------------------------

function pointNow() {
	return { event: state.event, use: memory.use, kinds: memory.kinds, sample: recording.sampleAt(state.event),
		free: Array.from({ length: ORDERS }, (_, order) => memory.freeBlocks(order)) };
}

function drawFigures(point) {
	const list = $("figures"), largest = point.free.findLastIndex(n => n > 0), held = memory.held * 4096;
	const add = (key, value, small) => {
		const box = make("div", list);

		make("dt", box, words[key]);
		const dd = make("dd", box, value);

		if (small)
			make("small", dd, small);
	};

	list.replaceChildren();
	add("event", count(state.event), time(state.records ? recording.time[state.records - 1] : 0));
	if (recording.rows) {
		add("held", bytes(held), text("blocks", words.uses[1], bytes(point.use[1] * 4096)));
		add("freeKnown", bytes(memory.free * 4096), largest < 0 ? words.none : text("largest", largest));
		add("mixed", count(point.kinds[MIXED]), text("of", count(recording.rows)));
	}
	if (info.caches.length)
		add("objects", bytes(point.sample[1]), text("asked", bytes(point.sample[0])));
	add("failures", count(memory.failed), text("of", count(recording.failures.length)));
	// For tests, which read no language.
	Object.assign(document.documentElement.dataset, { event: state.event, held, free: point.free.join(" ") });
}

function table(parent, title, heads, rows, note) {
	const box = make("div", parent);

	make("h2", box, title);
	if (note)
		make("p", box, note, { class: "help" });
	const body = make("table", box), head = make("tr", make("thead", body));

	heads.forEach(key => make("th", head, words[key], { scope: "col" }));
	const rest = make("tbody", body);

	rows.forEach(row => {
		const line = make("tr", rest);

		row.forEach(cell => make("td", line, cell));
	});
	return rest;
}

function drawTables(point) {
	const box = $("tables");

	if (!box.firstChild) {
		box.caches = info.caches.length && table(box, words.caches, ["cache", "size", "allocs", "peak", "inUse", "bytesNow"],
			info.caches.map(cache => [cache.name, count(cache.bytes), count(cache.allocs), count(cache.peak), "", ""]));
		box.owners = recording.rows && table(box, words.owners + ", " + words.now, ["task", "frames", "memoryOf"], []);
		if (info.sites.length)
			table(box, words.sites, ["site", "allocs", "peakBytes", "endBytes"],
				info.sites.map(site => [site.name, count(site.allocs), bytes(site.peak), bytes(site.end)]), words.whole);
		addFailures(box);
	}
	info.caches.forEach((cache, i) => {
		const cells = box.caches.rows[i].cells;

		cells[4].textContent = count(point.sample[2 + i]);
		cells[5].textContent = bytes(point.sample[2 + i] * cache.bytes);
	});
	if (!recording.rows)
		return;
	const owners = memory.owners(), shown = owners.slice(0, 12);
	const rest = owners.slice(12).reduce((sum, [, n]) => sum + n, 0);

	if (rest)
		shown.push([words.others, rest]);
	box.owners.replaceChildren(...shown.map(([task, n]) => {
		const line = make("tr");

		[task, count(n), bytes(n * 4096)].forEach(cell => make("td", line, cell));
		return line;
	}));
}

function addFailures(parent) {
	const box = make("div", parent), shown = recording.failures.slice(0, 100);

	make("h2", box, words.failed);
	if (!shown.length)
		make("p", box, words.noFailures);
	const list = make("ul", box, undefined, { class: "plain" });

	for (const record of shown) {
		const what = recording.whats[recording.what[record]], who = recording.who[record];
		const size = what.use == USES ? text("bytesOf", bytes(recording.frame[record])) : text("pagesOf", what.order);

		make("button", make("li", list), text("failure", count(recording.event[record]), at(record), size, what.gfp,
			memory.taskOf(who))).onclick = () => goTo(recording.event[record]);
	}
	if (recording.failures.length > shown.length)
		make("p", box, text("more", count(recording.failures.length - shown.length)));
}

// ---- What is shown ----------------------------------------------------------

function draw() {
	state.drawing = false;
	memory.goTo(state.records);
	const point = pointNow();

	if (recording.rows)
		drawMap();
	for (const chart of charts) {
		drawChart(chart);
		legend(chart.list, chart.series.map(series =>
			[series.colour, series.label, (series.say || (chart.isBytes ? p => bytes(series.value(p)) : p => count(series.value(p))))(point)]));
	}
	drawFigures(point);
	drawTables(point);
	$("point").textContent = state.place < 0 ? "" : describe(state.place);
	const t = state.records ? recording.time[state.records - 1] : 0;

	if (document.activeElement != $("event"))
		$("event").value = state.event;
	if (document.activeElement != $("at") || state.playing)
		$("at").value = state.byTime ? MOMENTS * here() : state.event;
	$("when").textContent = text("of", count(info.events)) + (info.clock ? " · " + time(t) : "");
	$("at").setAttribute("aria-valuetext", words.event + " " + count(state.event) + (info.clock ? ", " + time(t) : ""));
	$("back").disabled = !recording.failures.some(record => recording.event[record] < state.event);
	$("next").disabled = !recording.failures.some(record => recording.event[record] > state.event);
}

// Once a picture, however often something changes.
function redraw() {
	if (!state.drawing)
		requestAnimationFrame(draw);
	state.drawing = true;
}

function goTo(event) {
	state.event = Math.max(0, Math.min(info.events, Math.round(event) || 0));
	state.records = recording.recordsUntil(state.event);
	redraw();
}

function goAlong(share) {
	if (!state.byTime) {
		goTo(share * info.events);
		return;
	}
	const records = recordsAt(recording, share * info.span);

	goTo(share >= 1 ? info.events : records ? recording.event[records - 1] : 0);
}

function goToFailure(forward) {
	const events = recording.failures.map(record => recording.event[record]);
	const to = forward ? events.find(event => event > state.event) : events.findLast(event => event < state.event);

	if (to !== undefined)
		goTo(to);
}

function play(on) {
	// Not here() each time: an event's number is rounded, and a step may be less than one.
	let share = here();

	clearInterval(state.playing);
	state.playing = on ? setInterval(() => {
		share = Math.min(1, share + 1 / 600);
		goAlong(share);
		if (share >= 1)
			play(false);
	}, 33) : 0;
	if (on && state.event >= info.events) {
		goTo(0);
		share = 0;
	}
	$("play").textContent = on ? words.pause : words.play;
}

// All that depends on colours, once more: another theme, or paper.
function repaint() {
	readColours();
	findColours();
	addCharts();
	drawLegend();
	drawMarks();
	draw();
}

// ---- Hands ------------------------------------------------------------------

function setAxis() {
	const slider = $("at");

	state.byTime = $("axis").value == "time";
	slider.max = state.byTime ? MOMENTS : info.events;
	slider.value = state.byTime ? MOMENTS * here() : state.event;
	followTrend();
	drawMarks();
	redraw();
}

function mapKey(e) {
	const size = recording.size, by = e.shiftKey ? 16 : 1;
	const step = { ArrowLeft: -by, ArrowRight: by, ArrowUp: -size, ArrowDown: size }[e.key];

	if (step) {
		const to = state.place < 0 ? 0 : state.place + step;

		if (to >= 0 && to < memory.frames)
			state.place = to;
	} else if (e.key == "Enter" && state.place >= 0 && memory.owner[state.place] >= 0) {
		goTo(recording.event[memory.owner[state.place]]);
	} else {
		return;
	}
	e.preventDefault();
	redraw();
}

function listen() {
	$("at").oninput = () => goAlong($("at").value / ($("at").max || 1));
	$("event").oninput = () => goTo($("event").value);
	$("axis").onchange = setAxis;
	$("colour").onchange = () => { state.colour = $("colour").value; findColours(); drawLegend(); redraw(); };
	$("play").onclick = () => play(!state.playing);
	$("back").onclick = () => goToFailure(false);
	$("next").onclick = () => goToFailure(true);
	$("map").onpointermove = $("map").onpointerdown = e => {
		const box = $("map").getBoundingClientRect(), place = placeUnder(e.clientX - box.left, e.clientY - box.top);

		if (place >= 0 && place != state.place) {
			state.place = place;
			redraw();
		}
	};
	$("map").onkeydown = mapKey;
	document.addEventListener("keydown", e => {
		if (e.ctrlKey || e.altKey || e.metaKey || /^(INPUT|SELECT|BUTTON)$/.test(e.target.tagName) && e.target.type != "range")
			return;
		if (e.key == "n" || e.key == "p")
			goToFailure(e.key == "n");
		else if (e.key == " ")
			play(!state.playing);
		else
			return;
		e.preventDefault();
	});
	addEventListener("resize", () => { drawMarks(); redraw(); });
	addEventListener("hashchange", readHash);
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
	matchMedia("print").addEventListener("change", repaint);
}

// "#30000": that event.
function readHash() {
	goTo(/^#\d+$/.test(location.hash) ? +location.hash.slice(1) : info.events);
}

function addTexts() {
	const name = info.file.replace(/.*\//, ""), notes = $("notes");

	document.documentElement.lang = info.lang;
	document.title = name + " – mymm";
	for (const element of document.querySelectorAll("[data-t]"))
		element.textContent = words[element.dataset.t];
	$("title").textContent = text("title", name);
	$("summary").textContent = text("summary", count(info.events), count(info.events_of_pages),
		info.clock ? time(info.span) : words.noTimes) + (info.lost ? "; " + text("lost", count(info.lost)) : "");
	$("at").setAttribute("aria-label", words.scrub);
	$("map").setAttribute("aria-label", words.map);
	$("event").max = info.events;
	for (const id of ["paint", "scroll", "point"])
		$(id).hidden = !recording.rows;
	$("over").hidden = !recording.rows && !info.caches.length;
	$("mapHelp").textContent = recording.rows ? text("mapHelp", count(recording.size)) : words.noPages;
	$("play").textContent = words.play;
	make("h2", notes, words.notes);
	const list = make("ul", notes);

	words.note.forEach(note => make("li", list, fill(note, count(info.samples))));
	if (info.start)
		make("li", list, words.noteStart);
	if (info.too_large)
		make("li", list, text("tooLarge", count(info.too_large)));
	make("p", notes, words.keys, { id: "keys" });
	make("p", notes, text("made", info.version));
}

// The data, unpacked, are the page.
function begin(data) {
	recording = new Recording(data);
	info = recording.info;
	words = WORDS[info.lang];
	memory = new Memory(recording);
	if (!info.clock || !recording.rows)
		$("axis").disabled = true; // times are those of events of pages
	rankTasks();
	addTexts();
	readColours();
	findColours();
	addCharts();
	drawLegend();
	drawMarks();
	listen();
	$("at").max = info.events;
	readHash();
	draw();
	document.documentElement.dataset.ready = Math.round(performance.now());
}
