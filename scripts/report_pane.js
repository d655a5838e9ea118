// A pane of the page: the map, charts, figures and tables of one recording, or of a pool, for the
// event that it is at. A comparison has two of them, whose elements have the names of the first
// one's with a B behind.
const POINTS = 300; // of a chart
const ROW_MOST = 14, MAP_HEIGHT = 420; // pixels
const ORDER_COLOURS = ["#440154", "#482475", "#414487", "#355f8d", "#2a788e", "#21918c", "#22a884",
	"#44bf70", "#7ad151", "#bddf26", "#fde725"];
const FRAME = 4096; // bytes

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

function legend(list, entries) {
	list.replaceChildren(...entries.map(([colour, label, value]) => {
		const item = make("li", null, value === undefined ? label : fill(words.blocks, label, value));

		item.prepend(make("i", null, "", { style: "background:" + colour }));
		return item;
	}));
}

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

class Pane {
	constructor(data, suffix) {
		this.recording = new Recording(data);
		this.info = this.recording.info;
		this.memory = new Memory(this.recording);
		this.suffix = suffix;
		this.charts = [];
		this.event = 0;
		this.records = 0;
		this.place = -1;
	}

	$(id) { return $(id + this.suffix); }

	// The time of record @record, of none: 0.
	timeOf(records) { return records ? this.recording.time[records - 1] : 0; }
	get time() { return this.timeOf(this.records); }

	goTo(event) {
		this.event = Math.max(0, Math.min(this.info.events, Math.round(event) || 0));
		this.records = this.recording.recordsUntil(this.event);
	}

	goToTime(time) {
		const records = recordsAt(this.recording, time);

		this.goTo(time >= this.info.span ? this.info.events : records ? this.recording.event[records - 1] : 0);
	}

	// ", 1.234 s" behind an event's number; nothing without times.
	at(record) { return this.info.clock ? text("at", this.clock(this.recording.time[record])) : ""; }

	clock(time) {
		if (this.info.clock == 0)
			return "";
		return this.info.clock == 1 ? (time / 1e6).toFixed(3) + " s" : text("ticks", count(time));
	}

	// Frames that each task allocated in all.
	tasks() {
		const frames = new Map();

		for (let i = 0; i < this.recording.nr; i++) {
			const what = this.recording.whats[this.recording.what[i]];

			if (what.kind == ALLOC) {
				const task = this.memory.taskOf(this.recording.who[i]);

				frames.set(task, (frames.get(task) || 0) + (1 << what.order));
			}
		}
		return frames;
	}

	// ---- The map ----

	colourOf(record) {
		const what = this.recording.whats[this.recording.what[record]];

		if (state.colour == "use")
			return shades.uses[what.use];
		if (state.colour == "order")
			return ORDER_COLOURS[what.order];
		const rank = ranks.indexOf(this.memory.taskOf(this.recording.who[record]));

		return rank < 0 ? shades.u6 : shades.parts[rank];
	}

	// Of each record; and those of frames that no block has, whose numbers are negative.
	findColours() {
		const byKind = new Map(), { recording } = this;

		this.colours = new Uint32Array(recording.nr + 3);
		for (let i = 0; i < recording.nr; i++) {
			const key = state.colour == "owner" ? recording.who[i] : recording.what[i];

			if (recording.whats[recording.what[i]].kind != ALLOC)
				continue; // nothing on the map is its
			if (!byKind.has(key))
				byKind.set(key, pixel(this.colourOf(i)));
			this.colours[i + 3] = byKind.get(key);
		}
		this.colours[IS_FREE + 3] = pixel(shades.free);
		this.colours[IS_BEFORE + 3] = pixel(shades.before);
		this.colours[IS_UNKNOWN + 3] = pixel(shades.unknown);
	}

	drawMap() {
		const { recording, memory, colours } = this, { rows, size } = recording;
		const row = Math.max(3, Math.min(ROW_MOST, Math.floor(MAP_HEIGHT / (mostOf(pane => pane.recording.rows) || 1))));
		const { draw, width, height } = prepare(this.$("map"), Math.min(rows * row, 16000 / (devicePixelRatio || 1)) || 1);
		const left = 54, step = height / rows;

		this.layout = { left, width: width - left, step };
		if (!this.frames) {
			this.frames = make("canvas");
			this.frames.width = size;
			this.frames.height = Math.max(1, rows);
		}
		const image = new ImageData(size, Math.max(1, rows)), pixels = new Uint32Array(image.data.buffer);

		for (let i = 0; i < memory.frames; i++)
			pixels[i] = colours[memory.owner[i] + 3];
		this.frames.getContext("2d").putImageData(image, 0, 0);
		draw.imageSmoothingEnabled = width - left < size;
		draw.drawImage(this.frames, left, 0, width - left, height);
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
		if (this.place >= 0)
			this.drawCursor(draw);
	}

	drawCursor(draw) {
		const size = this.recording.size, { left, width, step } = this.layout;
		const x = left + (this.place % size + .5) * width / size, y = (Math.floor(this.place / size) + .5) * step;

		for (const [colour, wide] of [[shades.paper, 4], [shades.cursor, 1.5]]) {
			draw.strokeStyle = colour;
			draw.lineWidth = wide;
			draw.strokeRect(x - 6, y - 6, 12, 12);
		}
	}

	placeUnder(x, y) {
		const { left, width, step } = this.layout, { size, rows } = this.recording;
		const column = Math.floor((x - left) * size / width), row = Math.floor(y / step);

		return column < 0 || column >= size || row < 0 || row >= rows ? -1 : row * size + column;
	}

	// What a frame is, in words.
	describe(place) {
		const { recording, memory, info } = this;
		const row = Math.floor(place / recording.size), pfn = recording.pfn(place), owner = memory.owner[place];
		const head = text("frame", hex(pfn), count(pfn), recording.blocks[row], words.kinds[memory.kindOf(row)]);

		if (owner < 0)
			return head + ": " + words[[info.pool ? "isOutside" : "isUnknown", "isBefore", "isFree"][owner + 3]];
		const what = recording.whats[recording.what[owner]], end = recording.until[owner];
		const who = recording.who[owner];

		return [head + ": " + text("block", words.uses[what.use], what.order, hex(recording.frame[owner]), what.gfp),
			text("by", memory.taskOf(who), info.by[3 * who + 2], count(recording.event[owner]), this.at(owner)),
			end ? text("until", count(recording.event[end]), this.at(end)) : words.stays].join("; ");
	}

	// The block that event @event allocated: its first frame's place if it is there now; else -1.
	placeOf(event) {
		const { recording, memory } = this;

		for (let i = recording.recordsUntil(event) - 1; i >= 0 && recording.event[i] == event; i--) {
			const what = recording.whats[recording.what[i]];
			const place = what.kind == ALLOC ? recording.place(recording.frame[i]) : -1;

			if (place >= 0 && memory.owner[place] == i)
				return place;
		}
		return -1;
	}

	// ---- Charts ----

	// Where an event, or a record, is along a chart: 0 to 1.
	along(event, time) { return state.byTime ? time / (spanMost() || 1) : event / (this.info.events || 1); }
	get here() { return this.along(this.event, this.time); }

	drawChart(chart) {
		const { draw, width } = prepare(chart.canvas, 190), area = chartArea(width);
		const show = chart.isBytes ? bytes : count;
		// One scale for all panes.
		const most = mostOf(pane => Math.max(0, ...pane.charts.filter(other => other.name == chart.name).map(other => other.most)));
		const step = lineStep(most, chart.isBytes);
		const top = Math.max(step, most), y = n => area.top + area.height * (1 - n / top);
		const x = i => area.left + area.width * i / POINTS;
		const end = state.byTime ? Math.round(POINTS * this.info.span / (spanMost() || 1)) : POINTS;

		// Stacked, from the bottom.
		const sum = new Float64Array(POINTS + 1);

		chart.series.forEach((series, s) => {
			draw.beginPath();
			draw.moveTo(x(0), y(sum[0]));
			for (let i = 0; i <= end; i++)
				draw.lineTo(x(i), y(sum[i] + chart.values[s][i]));
			for (let i = end; i >= 0; i--)
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
			draw.fillText(state.byTime ? this.clock(spanMost() * share) : count(this.info.events * share),
				area.left + area.width * share, area.top + area.height + 5);
		}
		this.drawFailures(draw, area.left, area.width, 0, area.top + area.height);
		this.drawKills(draw, area.left, area.width, 0, area.top + area.height);
		draw.strokeStyle = shades.cursor;
		draw.lineWidth = 1.5;
		draw.strokeRect(area.left + area.width * this.here, area.top, 0, area.height);
	}

	// A triangle, and a line down from it, for each failure.
	drawFailures(draw, left, width, top, bottom) {
		const { recording } = this;
		let last = -9;

		draw.fillStyle = draw.strokeStyle = shades.u0;
		draw.lineWidth = 1;
		for (const record of recording.failures) {
			const x = left + width * this.along(recording.event[record], recording.time[record]);

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

	// A cross, and a line down from it, for each process that was killed.
	drawKills(draw, left, width, top, bottom) {
		draw.strokeStyle = shades.ink;
		draw.lineWidth = 2;
		for (const kill of this.info.kills || []) {
			const x = left + width * this.along(kill.event, kill.time);

			draw.beginPath();
			draw.moveTo(x - 4, top);
			draw.lineTo(x + 4, top + 8);
			draw.moveTo(x + 4, top);
			draw.lineTo(x - 4, top + 8);
			draw.stroke();
			if (bottom) {
				draw.globalAlpha = .5;
				draw.fillStyle = shades.ink;
				draw.fillRect(x - .5, top + 8, 1, bottom - top - 8);
				draw.globalAlpha = 1;
			}
		}
	}

	addChart(name, isBytes, series, help) {
		const figure = make("figure", this.$("charts"));

		make("h3", figure, words[name]);
		const canvas = make("canvas", figure, undefined, { role: "img", "aria-label": words[name] });
		const list = make("ul", figure, undefined, { class: "legend" });

		if (help)
			make("p", figure, help, { class: "help" });
		canvas.addEventListener("pointerdown", e => {
			const drag = e => {
				const area = chartArea(canvas.clientWidth);
				const x = e.clientX - canvas.getBoundingClientRect().left - area.left;

				goAlong(Math.max(0, Math.min(1, x / area.width)));
			};

			canvas.setPointerCapture(e.pointerId);
			canvas.onpointermove = drag;
			canvas.onpointerup = canvas.onpointercancel = () => { canvas.onpointermove = null; };
			drag(e);
		});
		this.charts.push({ name, canvas, list, series, isBytes });
	}

	addCharts() {
		const { info } = this;

		this.$("charts").replaceChildren();
		this.charts = [];
		if (this.recording.rows) {
			this.addChart("memory", true, words.uses.slice(0, USES).map((label, i) =>
				({ label, colour: shades.uses[i], value: point => point.use[i] * FRAME })));
			this.addChart("freeChart", true, ORDER_COLOURS.map((colour, order) => ({ label: text("order", order), colour,
				value: point => point.free[order] * FRAME * 2 ** order,
				say: point => count(point.free[order]) })), info.pool ? words.freePoolHelp : words.freeHelp);
			this.addChart("kindsChart", false, [MIXED, PINNED, MOVABLE, NOTHING].map(kind =>
				({ label: words.kinds[kind], colour: shades.kinds[kind], value: point => point.kinds[kind] })));
		}
		if (info.caches.length)
			this.addObjectsChart();
		if (info.moments)
			this.addProcessCharts();
		this.followTrend();
	}

	// How many pages between one point and the next; the figures are sums until now.
	addProcessCharts() {
		const add = (name, ...series) => this.addChart(name, false, series.map(([key, colour]) => ({
			label: words.process[key], colour: shades["u" + colour], rate: true, value: point => point.process[PROCESS[key]] })), words.rateHelp);

		add("faultsChart", ["minor", 5], ["major", 0]);
		add("evictChart", ["kswapd", 1], ["itself", 4], ["other", 0], ["file", 2]);
		add("swapChart", ["out", 0], ["in", 1], ["writeback", 2], ["migrate", 3]);
	}

	// A cache has the same colour in each pane.
	addObjectsChart() {
		const { caches } = this.info;
		const series = cachesShown().map((name, i) => {
			const nr = caches.findIndex(cache => cache.name == name);

			return { label: name, colour: shades.parts[i],
				value: point => nr < 0 ? 0 : point.sample[2 + nr] * caches[nr].bytes };
		});
		const known = point => series.reduce((sum, of) => sum + of.value(point), 0);

		this.addChart("objectsChart", true, [...series, { label: words.others, colour: shades.before,
			value: point => Math.max(0, point.sample[1] - known(point)) }]);
	}

	// The values of all charts, for the axis that is chosen.
	followTrend() {
		const points = trend(this.recording, this.memory, POINTS, state.byTime && spanMost());

		this.memory.goTo(this.records);
		for (const chart of this.charts) {
			chart.values = chart.series.map(series => points.map((point, i) =>
				series.value(point) - (series.rate && i ? series.value(points[i - 1]) : 0)));
			chart.most = Math.max(...points.map((_, i) => chart.values.reduce((sum, of) => sum + of[i], 0)));
		}
	}

	// ---- Figures and tables ----

	drawFigures(point) {
		const { info, memory, recording } = this;
		const list = this.$("figures"), largest = point.free.findLastIndex(n => n > 0), held = memory.held * FRAME;
		const free = info.pool ? point.free.reduce((sum, n, order) => sum + n * 2 ** order, 0) : memory.free;
		const add = (key, value, small) => {
			const box = make("div", list);

			make("dt", box, words[key]);
			const dd = make("dd", box, value);

			if (small)
				make("small", dd, small);
		};

		list.replaceChildren();
		add("event", count(this.event), this.clock(this.time));
		if (recording.rows) {
			add("held", bytes(held), text("blocks", words.uses[1], bytes(point.use[1] * FRAME)));
			add(info.pool ? "freeBlocks" : "freeKnown", bytes(free * FRAME), largest < 0 ? words.none : text("largest", largest));
			add("mixed", count(point.kinds[MIXED]), text("of", count(recording.rows)));
		}
		if (info.pool)
			add("listed", bytes(point.sample[POOL_LISTED] * FRAME));
		if (info.moments) {
			const { major, minor, refault } = PROCESS, n = point.process;

			add("faults", count(n[minor] + n[major]), text("majorFaults", count(n[major]), count(n[refault])));
			if (info.kills.length)
				add("kills", count(info.kills.filter(kill => kill.event <= this.event).length), text("of", count(info.kills.length)));
		}
		if (info.caches.length)
			add("objects", bytes(point.sample[1]), text("asked", bytes(point.sample[0])));
		add("failures", count(memory.failed), text("of", count(recording.failures.length)));
		// For tests, which read no language.
		for (const [key, value] of Object.entries({ event: this.event, held, free: point.free.join(" ") }))
			document.documentElement.dataset[key + this.suffix] = value;
	}

	table(parent, title, heads, rows, note) {
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

	drawTables(point) {
		const box = this.$("tables"), { info } = this;

		if (!box.firstChild) {
			box.caches = info.caches.length && this.table(box, words.caches, ["cache", "size", "allocs", "peak", "inUse", "bytesNow"],
				info.caches.map(cache => [cache.name, count(cache.bytes), count(cache.allocs), count(cache.peak), "", ""]));
			box.owners = this.recording.rows && this.table(box, words.owners + ", " + words.now, ["task", "frames", "memoryOf"], []);
			if (info.sites.length)
				this.table(box, words.sites, ["site", "allocs", "peakBytes", "endBytes"],
					info.sites.map(site => [site.name, count(site.allocs), bytes(site.peak), bytes(site.end)]), words.whole);
			this.addFailures(box);
			if (info.kills && info.kills.length)
				this.addKills(box);
		}
		info.caches.forEach((cache, i) => {
			const cells = box.caches.rows[i].cells;

			cells[4].textContent = count(point.sample[2 + i]);
			cells[5].textContent = bytes(point.sample[2 + i] * cache.bytes);
		});
		if (!this.recording.rows)
			return;
		const owners = this.memory.owners(), shown = owners.slice(0, 12);
		const rest = owners.slice(12).reduce((sum, [, n]) => sum + n, 0);

		if (rest)
			shown.push([words.others, rest]);
		box.owners.replaceChildren(...shown.map(([task, n]) => {
			const line = make("tr");

			[task, count(n), bytes(n * FRAME)].forEach(cell => make("td", line, cell));
			return line;
		}));
	}

	addFailures(parent) {
		const { recording, memory } = this;
		const box = make("div", parent), shown = recording.failures.slice(0, 100);

		make("h2", box, words.failed);
		if (!shown.length)
			make("p", box, words.noFailures);
		const list = make("ul", box, undefined, { class: "plain" });

		for (const record of shown) {
			const what = recording.whats[recording.what[record]], who = recording.who[record];
			const size = what.use == USES ? text("bytesOf", bytes(recording.frame[record])) : text("pagesOf", what.order);

			make("button", make("li", list), text("failure", count(recording.event[record]), this.at(record), size, what.gfp,
				memory.taskOf(who))).onclick = () => goToEventOf(this, recording.event[record]);
		}
		if (recording.failures.length > shown.length)
			make("p", box, text("more", count(recording.failures.length - shown.length)));
	}

	addKills(parent) {
		const box = make("div", parent);

		make("h2", box, words.killed);
		const list = make("ul", box, undefined, { class: "plain" });

		for (const kill of this.info.kills)
			make("button", make("li", list), text("kill", kill.name, count(kill.event), this.info.clock ? text("at", this.clock(kill.time)) : ""))
				.onclick = () => goToEventOf(this, kill.event);
	}

	// Events at which something failed, or who was killed, and their places along charts.
	marks() {
		const { recording, info } = this;

		return [...recording.failures.map(record => ({ event: recording.event[record], time: recording.time[record] })), ...info.kills || []]
			.map(({ event, time }) => ({ pane: this, event, along: this.along(event, time) }));
	}

	// ---- The whole ----

	draw() {
		this.memory.goTo(this.records);
		const point = pointOf(this.recording, this.memory, this.event);

		if (this.recording.rows)
			this.drawMap();
		for (const chart of this.charts) {
			this.drawChart(chart);
			legend(chart.list, chart.series.map(series => [series.colour, series.label,
				(series.say || (chart.isBytes ? p => bytes(series.value(p)) : p => count(series.value(p))))(point)]));
		}
		this.drawFigures(point);
		this.drawTables(point);
		this.$("point").textContent = this.place < 0 ? "" : this.describe(this.place);
	}

	key(e) {
		const size = this.recording.size, by = e.shiftKey ? 16 : 1;
		const step = { ArrowLeft: -by, ArrowRight: by, ArrowUp: -size, ArrowDown: size }[e.key];
		const owner = this.place < 0 ? -1 : this.memory.owner[this.place];

		if (step) {
			const to = this.place < 0 ? 0 : this.place + step;

			if (to >= 0 && to < this.memory.frames)
				pointAt(this, to);
		} else if (e.key == "Enter" && owner >= 0) {
			goToEventOf(this, this.recording.event[owner]);
		} else {
			return;
		}
		e.preventDefault();
		redraw();
	}

	listen() {
		const map = this.$("map");

		map.onpointermove = map.onpointerdown = e => {
			const box = map.getBoundingClientRect(), place = this.placeUnder(e.clientX - box.left, e.clientY - box.top);

			if (place >= 0 && place != this.place) {
				pointAt(this, place);
				redraw();
			}
		};
		map.onkeydown = e => this.key(e);
	}

	addTexts() {
		const { info } = this, of = text("summary", count(info.events), count(info.events_of_pages),
			info.clock ? this.clock(info.span) : words.noTimes);

		this.$("name").textContent = info.title;
		this.$("name").hidden = this.$("about").hidden = panes.length == 1;
		this.$("about").textContent = info.pool ? text("poolSummary", count(info.events_of_pages), bytes(info.managed * FRAME)) : of;
		this.$("map").setAttribute("aria-label", panes.length == 1 ? words.map : words.map + ": " + info.title);
		for (const id of ["scroll", "point"])
			this.$(id).hidden = !this.recording.rows;
		return of;
	}
}
