// The page: one pane or two, the scrubber that moves them, and what answers to a hand.
//
// Along events two recordings that have not as many are at the same share of each; along time,
// at the same time since the first event of each. One that has ended stays as it was then.
const MOMENTS = 10000; // of the scrubber, along time

let panes, words, ranks;
const state = { colour: "use", byTime: false, playing: 0, drawing: false };

// ---- Texts ------------------------------------------------------------------

const $ = id => document.getElementById(id);
const text = (key, ...about) => fill(words[key], ...about);
const fill = (template, ...about) => template.replace(/\{(\d)\}/g, (_, i) => about[i]);
const count = n => Math.round(n).toLocaleString(panes[0].info.lang);
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

// ---- What panes have in common ----------------------------------------------

const mostOf = value => Math.max(...panes.map(value));
const spanMost = () => mostOf(pane => pane.info.span);
// The pane with most events: one of its events is the least step.
const lead = () => panes.find(pane => pane.info.events == mostOf(pane => pane.info.events));
// The same events: what one of them did is what the other one did elsewhere.
const sameRecording = () => panes.some(pane => pane.info.pool);

// The tasks that allocated most frames have colours of their own.
function rankTasks() {
	const frames = new Map();

	for (const pane of panes)
		for (const [task, n] of pane.tasks())
			frames.set(task, (frames.get(task) || 0) + n);
	ranks = [...frames].sort((a, b) => b[1] - a[1]).slice(0, 6).map(([task]) => task);
}

// The caches with most memory at their peaks.
function cachesShown() {
	const peaks = new Map();

	for (const pane of panes)
		for (const cache of pane.info.caches)
			peaks.set(cache.name, Math.max(peaks.get(cache.name) || 0, cache.peak * cache.bytes));
	return [...peaks].sort((a, b) => b[1] - a[1]).slice(0, 5).map(([name]) => name);
}

function drawLegend() {
	const rest = [[shades.free, words.free], [shades.before, words.before], [shades.unknown, words.unknown]];
	const entries = state.colour == "use" ? shades.uses.map((colour, i) => [colour, words.uses[i]]) :
		state.colour == "order" ? ORDER_COLOURS.map((colour, i) => [colour, text("order", i)]) :
		[...ranks.map((task, i) => [shades.parts[i], task]), [shades.u6, words.others]];

	legend($("legend"), [...entries, ...rest]);
}

// Failures, a line of them for each pane.
function drawMarks() {
	const { draw, width } = prepare($("marks"), 8 * panes.length);

	panes.forEach((pane, i) => {
		pane.drawFailures(draw, 8, width - 16, 8 * i, 0);
		pane.drawKills(draw, 8, width - 16, 8 * i, 0);
	});
}

// ---- What is shown ----------------------------------------------------------

function draw() {
	const { info, event, time, here } = lead();
	const failures = panes.flatMap(pane => pane.marks().map(mark => mark.event - pane.event));

	state.drawing = false;
	panes.forEach(pane => pane.draw());
	if (document.activeElement != $("event"))
		$("event").value = event;
	if (document.activeElement != $("at") || state.playing)
		$("at").value = state.byTime ? MOMENTS * here : event;
	$("when").textContent = text("of", count(info.events)) + (info.clock ? " · " + lead().clock(time) : "");
	$("at").setAttribute("aria-valuetext", words.event + " " + count(event) + (info.clock ? ", " + lead().clock(time) : ""));
	$("back").disabled = !failures.some(distance => distance < 0);
	$("next").disabled = !failures.some(distance => distance > 0);
}

// Once a picture, however often something changes.
function redraw() {
	if (!state.drawing)
		requestAnimationFrame(draw);
	state.drawing = true;
}

function goToTime(time) {
	panes.forEach(pane => pane.goToTime(time));
	redraw();
}

// An event of @of, and what that is for the others.
function goToEventOf(of, event) {
	of.goTo(event);
	for (const pane of panes)
		if (pane != of && state.byTime && !sameRecording())
			pane.goToTime(of.time);
		else if (pane != of)
			pane.goTo(of.event * pane.info.events / of.info.events);
	redraw();
}

const goTo = event => goToEventOf(lead(), event);

function goAlong(share) {
	if (state.byTime)
		goToTime(share * spanMost());
	else
		goTo(share * lead().info.events);
}

// The failure that is next along the scrubber, of whichever pane.
function goToFailure(forward) {
	const sign = forward ? 1 : -1;
	const found = panes.flatMap(pane => pane.marks()).filter(({ pane, event }) => sign * (event - pane.event) > 0);

	if (!found.length)
		return;
	const { pane, event } = found.reduce((least, one) => sign * one.along < sign * least.along ? one : least);

	goToEventOf(pane, event);
}

// What a block of the one pane is in the other one, if both have the same events.
function pointAt(of, place) {
	const owner = of.memory.owner[of.place = place];

	for (const pane of panes)
		if (pane != of && sameRecording())
			pane.place = owner < 0 ? -1 : pane.placeOf(of.recording.event[owner]);
}

function play(on) {
	// Not here each time: an event's number is rounded, and a step may be less than one.
	let share = state.byTime ? mostOf(pane => pane.here) : lead().here;

	clearInterval(state.playing);
	state.playing = on ? setInterval(() => {
		share = Math.min(1, share + 1 / 600);
		goAlong(share);
		if (share >= 1)
			play(false);
	}, 33) : 0;
	if (on && panes.every(pane => pane.event >= pane.info.events)) {
		goTo(0);
		share = 0;
	}
	$("play").textContent = on ? words.pause : words.play;
}

// All that depends on colours, once more: another theme, or paper.
function repaint() {
	readColours();
	panes.forEach(pane => {
		pane.findColours();
		pane.addCharts();
	});
	drawLegend();
	drawMarks();
	draw();
}

// ---- Hands ------------------------------------------------------------------

function setAxis() {
	const slider = $("at");

	state.byTime = $("axis").value == "time";
	slider.max = state.byTime ? MOMENTS : lead().info.events;
	goTo(lead().event);
	slider.value = state.byTime ? MOMENTS * lead().here : lead().event;
	panes.forEach(pane => pane.followTrend());
	drawMarks();
}

function listen() {
	$("at").oninput = () => goAlong($("at").value / ($("at").max || 1));
	$("event").oninput = () => goTo($("event").value);
	$("axis").onchange = setAxis;
	$("colour").onchange = () => {
		state.colour = $("colour").value;
		panes.forEach(pane => pane.findColours());
		drawLegend();
		redraw();
	};
	$("play").onclick = () => play(!state.playing);
	$("back").onclick = () => goToFailure(false);
	$("next").onclick = () => goToFailure(true);
	panes.forEach(pane => pane.listen());
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
	goTo(/^#\d+$/.test(location.hash) ? +location.hash.slice(1) : lead().info.events);
}

function addTexts() {
	const notes = $("notes"), two = panes.length > 1, [{ info }] = panes;
	const titles = panes.map(pane => pane.info.title), abouts = panes.map(pane => pane.addTexts());
	const lost = panes[two && !sameRecording() ? 1 : 0].info.lost + (two && !sameRecording() ? info.lost : 0);
	const any = of => panes.some(of);

	document.documentElement.lang = info.lang;
	document.title = titles.join(" / ") + " – mymm";
	for (const element of document.querySelectorAll("[data-t]"))
		element.textContent = words[element.dataset.t];
	$("title").textContent = two ? text("titleTwo", ...titles) : text("title", titles[0]);
	$("summary").textContent = (two && !sameRecording() ? words.summaryTwo : abouts[0]) + (lost ? "; " + text("lost", count(lost)) : "");
	$("at").setAttribute("aria-label", words.scrub);
	$("event").max = lead().info.events;
	$("paint").hidden = !any(pane => pane.recording.rows);
	$("over").hidden = !any(pane => pane.recording.rows || pane.info.caches.length || pane.info.moments);
	$("mapHelp").textContent = any(pane => pane.recording.rows) ?
		text("mapHelp", count(panes[0].recording.size)) + (sameRecording() ? " " + words.mapBoth : "") : words.noPages;
	$("play").textContent = words.play;
	make("h2", notes, words.notes);
	const list = make("ul", notes);

	if (any(pane => !pane.info.pool))
		words.note.forEach(note => make("li", list, fill(note, count(info.samples))));
	if (any(pane => pane.info.pool))
		words.notePool.forEach(note => make("li", list, fill(note, count(info.samples))));
	if (two && !sameRecording())
		make("li", list, words.noteTwo);
	if (any(pane => pane.info.moments))
		make("li", list, words.noteProcess);
	if (any(pane => pane.info.start))
		make("li", list, words.noteStart);
	if (info.too_large)
		make("li", list, text("tooLarge", count(info.too_large)));
	make("p", notes, words.keys, { id: "keys" });
	make("p", notes, text("made", info.version));
}

// What the first pane has, once more for the second one.
function addElements() {
	for (const box of document.querySelectorAll(".panes")) {
		const second = box.firstElementChild.cloneNode(true);

		for (const element of [second, ...second.querySelectorAll("[id]")])
			if (element.id)
				element.id += "B";
		second.querySelector("#mapB")?.setAttribute("aria-describedby", "pointB");
		box.append(second);
	}
	document.body.className = "two";
}

// The data, unpacked, are the page.
function begin(...data) {
	panes = data.map((data, i) => new Pane(data, i ? "B" : ""));
	words = WORDS[panes[0].info.lang];
	if (panes.length > 1)
		addElements();
	if (panes.some(({ info, recording }) => info.clock != panes[0].info.clock || !info.clock || !recording.rows))
		$("axis").disabled = true; // times are those of events of pages
	rankTasks();
	addTexts();
	readColours();
	panes.forEach(pane => {
		pane.findColours();
		pane.addCharts();
	});
	drawLegend();
	drawMarks();
	listen();
	$("at").max = lead().info.events;
	readHash();
	draw();
	document.documentElement.dataset.ready = Math.round(performance.now());
}
