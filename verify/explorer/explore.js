"use strict";
const $ = id => document.getElementById(id);
const NS = "http://www.w3.org/2000/svg";
const STEPS = 1000;
const MOST = 2 ** 53;
const state = {theorem: THEOREMS[0], values: {}, axis: "", target: 0.2};

const byKey = key => THEOREMS.find(each => each.key === key);
const words = name => name.replaceAll("_", " ");

function shown(number, digits = 4) {
  if (number === null || Number.isNaN(number)) return "no number";
  if (!Number.isFinite(number)) return number > 0 ? "∞" : "−∞";
  if (number === 0) return "0";
  const size = Math.abs(number);
  if (Number.isInteger(number) && size < 1e15) return number.toLocaleString("en").replace("-", "−");
  const text = size >= 1e6 || size < 1e-4 ? number.toExponential(digits - 1) : String(Number(number.toPrecision(digits)));
  return text.replace("-", "−");
}

// ---- a slider's position and the number that it stands for

function numberAt(argument, share) {
  const {from, to, scale, integer} = argument;
  let value = scale === "log" ? from * (to / from) ** share
    : scale === "cube" ? to * share ** 3
    : from + (to - from) * share;
  value = Number(value.toPrecision(3));
  if (integer) value = Math.round(value);
  return Math.min(Math.max(value, from), to);
}

function shareOf(argument, value) {
  const {from, to, scale} = argument;
  const share = scale === "log" ? Math.log(value / from) / Math.log(to / from)
    : scale === "cube" ? Math.cbrt(value / to)
    : (value - from) / (to - from);
  return Math.min(Math.max(share || 0, 0), 1);
}

function complaint(argument, value) {
  const {low, high, open, integer, clip} = argument;
  const fine = !Number.isNaN(value) && (clip || (
    (low === null || (open ? value > low : value >= low))
    && (high === null || (open ? value < high : value <= high))
    && (!integer || Number.isInteger(value))
    && (high !== null || Number.isFinite(value))));
  return fine ? "" : `${argument.name} must ${argument.must}`;
}

// ---- the bound

const evaluate = (values = state.values) => BOUNDS[state.theorem.key]({...values});

/* The least whole number of examples from which on the bound is at most the target; null if there is none. */
function leastSize(target, theorem = state.theorem, values = state.values) {
  const at = size => BOUNDS[theorem.key]({...values, [theorem.size]: size}).total <= target;
  if (!at(MOST)) return null;
  let low = 0, high = 1;
  while (!at(high)) { low = high; high *= 2; }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (at(middle)) high = middle; else low = middle;
  }
  return high;
}

// ---- what is shown

function element(tag, attributes = {}, text = "") {
  const made = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}

function showTheorem() {
  const {theorem} = state;
  $("theorem").value = theorem.key;
  $("statement").innerHTML = theorem.statement;
  $("reference").textContent = theorem.reference;
  $("assumptions").replaceChildren(...theorem.assumptions.map(text => {
    const item = document.createElement("li");
    item.textContent = text;
    return item;
  }));
  $("arguments").replaceChildren(...theorem.arguments.map(field));
  $("axis").replaceChildren(...theorem.arguments.map(each => new Option(`${each.name}: ${each.meaning.slice(0, 60)}`, each.name)));
  $("least").hidden = $("least-heading").hidden = !theorem.size;
}

function field(argument) {
  const box = document.createElement("div");
  box.className = "argument";
  box.innerHTML = `<label for="number-${argument.name}">${argument.symbol} <code></code></label>
    <input id="number-${argument.name}" inputmode="decimal" autocomplete="off" spellcheck="false">
    <input type="range" id="slider-${argument.name}" min="0" max="${STEPS}" step="1"><small></small>`;
  const [number, slider] = box.querySelectorAll("input");
  const letter = box.querySelector("math").textContent;
  box.querySelector("code").textContent = letter === argument.name ? "" : argument.name;
  box.querySelector("small").textContent = argument.meaning;
  slider.setAttribute("aria-label", `${argument.name}, slider`);
  slider.addEventListener("input", () => {
    state.values[argument.name] = numberAt(argument, slider.value / STEPS);
    number.value = String(state.values[argument.name]);
    update(argument.name);
  });
  number.addEventListener("input", () => {
    const value = number.value.trim() === "" ? NaN : Number(number.value);
    const wrong = complaint(argument, value);
    number.setAttribute("aria-invalid", String(Boolean(wrong)));
    $("trouble").textContent = wrong && `${wrong}, got ${number.value.trim() || "nothing"}`;
    if (wrong) return;
    state.values[argument.name] = value;
    update(argument.name);
  });
  number.addEventListener("keydown", event => {
    const step = {ArrowUp: 1, ArrowDown: -1}[event.key];
    if (!step) return;
    event.preventDefault();
    const before = state.values[argument.name];
    let position = Math.round(shareOf(argument, before) * STEPS), value = before;
    while (value === before && position + step >= 0 && position + step <= STEPS) {
      position += step;
      value = numberAt(argument, position / STEPS);
    }
    state.values[argument.name] = value;
    number.value = String(value);
    update(argument.name);
  });
  return box;
}

function showArguments(moved) {
  for (const argument of state.theorem.arguments) {
    const value = state.values[argument.name];
    const number = $(`number-${argument.name}`), slider = $(`slider-${argument.name}`);
    if (argument.name !== moved) number.value = String(value);
    number.setAttribute("aria-invalid", "false");
    slider.value = String(Math.round(shareOf(argument, value) * STEPS));
    slider.setAttribute("aria-valuetext", shown(value));
  }
}

function showTotal(found) {
  $("total").textContent = `at most ${shown(found.total)}`;
  $("verdict").textContent = found.vacuous ? "vacuous" : found.vacuous === null || Number.isNaN(found.total) ? "" : "not vacuous";
  $("verdict").className = `badge ${found.vacuous ? "bad" : "good"}`;
  $("verdict").hidden = !$("verdict").textContent;
  $("chance").textContent = `Holds with probability at least ${found.failure < 1e-4 ? `1 − ${shown(found.failure)}` : shown(1 - found.failure)}.`;
}

function showTerms(found) {
  const rows = [];
  let sum = 0;
  for (const {name, measured} of state.theorem.terms) {
    const value = found.terms[name];
    rows.push({name: words(name), value, from: sum, to: sum + value, kind: measured ? "measured" : value < 0 ? "negative" : ""});
    sum += value;
  }
  rows.push({name: "the bound", value: found.total, from: 0, to: found.total, kind: "sum"});
  const ends = rows.flatMap(row => [row.from, row.to]).filter(Number.isFinite);
  const low = Math.min(0, ...ends), high = Math.max(...ends, low + 1e-300);
  const place = value => `${100 * (Math.min(Math.max(value, low), high) - low) / (high - low)}%`;
  $("terms").tBodies[0].replaceChildren(...rows.map(row => {
    const line = document.createElement("tr");
    line.className = row.kind === "sum" ? "sum" : "";
    line.innerHTML = '<th scope="row"></th><td><div class="track" aria-hidden="true"><i></i></div></td><td class="num"></td>';
    line.cells[0].textContent = row.name;
    line.cells[2].textContent = shown(row.value);
    const bar = line.querySelector("i");
    bar.className = row.kind;
    if (Number.isFinite(row.value) && Number.isFinite(row.from)) {
      const [left, right] = [Math.min(row.from, row.to), Math.max(row.from, row.to)];
      bar.style.left = place(left);
      bar.style.width = `calc(${place(right)} - ${place(left)})`;
    } else {
      bar.classList.add("infinite");
      bar.style.left = "0";
      bar.style.width = "100%";
    }
    return line;
  }));
}

const POINTS = 200, LEFT = 94, RIGHT = 622, TOP = 18, BOTTOM = 304;

function showCurve() {
  const argument = state.theorem.arguments.find(each => each.name === state.axis);
  const here = state.values[argument.name];
  const range = {...argument, from: argument.scale === "cube" ? 0 : Math.min(argument.from, here), to: Math.max(argument.to, here)};
  const points = [];
  for (let i = 0; i <= POINTS; i++) {
    const share = i / POINTS;
    let x = range.scale === "log" ? range.from * (range.to / range.from) ** share
      : range.scale === "cube" ? range.to * share ** 3 : range.from + (range.to - range.from) * share;
    if (range.integer) x = Math.max(Math.round(x), range.low);
    if (complaint(argument, x)) continue;
    const found = evaluate({...state.values, [argument.name]: x});
    points.push({x, share: shareOf(range, x), y: found.total, vacuous: found.vacuous});
  }
  const now = evaluate();
  const ceiling = "C" in state.values ? state.values.C : null;
  const finite = points.map(point => point.y).filter(Number.isFinite);
  const svg = $("curve");
  svg.replaceChildren();
  $("caption").textContent = "";
  if (!finite.length) {
    $("caption").textContent = "The bound claims nothing anywhere on this range.";
    return;
  }
  let low = Math.min(...finite), high = Math.max(...finite);
  const log = low > 0 && high / low > 5;
  if (!log && ceiling !== null && low < ceiling) high = Math.min(high, 2 * ceiling);
  if (low === high) { low -= 0.5 * Math.abs(low) || 1; high += 0.5 * Math.abs(high) || 1; }
  const across = share => LEFT + (RIGHT - LEFT) * share;
  const up = value => {
    const share = log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
    return BOTTOM - (BOTTOM - TOP) * Math.min(Math.max(share, -9), 9);
  };
  // where the bound is vacuous
  points.forEach((point, i) => {
    if (!point.vacuous && Number.isFinite(point.y)) return;
    const left = i ? (points[i - 1].share + point.share) / 2 : point.share;
    const right = i + 1 < points.length ? (point.share + points[i + 1].share) / 2 : point.share;
    svg.append(element("rect", {class: "zone", x: across(left), y: TOP, width: Math.max(across(right) - across(left), 0) + 0.6, height: BOTTOM - TOP}));
  });
  for (const tick of log ? ratios(low, high) : steps(low, high)) {
    svg.append(element("line", {class: "grid", x1: LEFT, x2: RIGHT, y1: up(tick), y2: up(tick)}));
    svg.append(element("text", {x: LEFT - 8, y: up(tick) + 5, "text-anchor": "end"}, short(tick)));
  }
  const marks = range.scale === "log" ? ratios(range.from, range.to)
    : range.scale === "cube" ? [0, 1, 8, 27, 64].map(each => range.to * each / 64) : steps(range.from, range.to);
  for (const x of marks) {
    const share = shareOf(range, x), anchor = share < 0.02 ? "start" : share > 0.98 ? "end" : "middle";
    svg.append(element("text", {x: across(share), y: BOTTOM + 26, "text-anchor": anchor}, short(x)));
  }
  svg.append(element("text", {x: (LEFT + RIGHT) / 2, y: BOTTOM + 50, "text-anchor": "middle"}, argument.name));
  if (ceiling !== null && ceiling >= low && ceiling <= high) {
    svg.append(element("line", {class: "ceiling", x1: LEFT, x2: RIGHT, y1: up(ceiling), y2: up(ceiling)}));
    svg.append(element("text", {x: RIGHT - 4, y: up(ceiling) - 6, "text-anchor": "end"}, "C"));
  }
  let path = "", pen = "M";
  for (const point of points) {
    if (!Number.isFinite(point.y)) { pen = "M"; continue; }
    path += `${pen}${across(point.share).toFixed(2)} ${up(point.y).toFixed(2)}`;
    pen = "L";
  }
  const clip = element("clipPath", {id: "plot"});
  clip.append(element("rect", {x: LEFT - 3, y: TOP - 3, width: RIGHT - LEFT + 6, height: BOTTOM - TOP + 6}));
  svg.append(clip, element("path", {class: "line", d: path, "clip-path": "url(#plot)"}));
  if (now.total >= low && now.total <= high) {
    svg.append(element("circle", {class: "here", cx: across(shareOf(range, here)), cy: up(now.total), r: 6}));
  }
  const zone = points.some(point => point.vacuous || !Number.isFinite(point.y));
  $("caption").textContent = `The bound against ${argument.name}, all other arguments as they are. Circle: ${argument.name} = ${shown(here)}, ${shown(now.total)}.`
    + (zone ? " Shaded: the bound is vacuous or claims nothing." : "") + (log ? " Both up and across in equal ratios." : "");
  if (log && range.scale !== "log") $("caption").textContent = $("caption").textContent.replace("Both up and across", "Upwards");
}

/* A few whole steps between two numbers. */
function steps(low, high) {
  const step = (high - low) / 4, size = 10 ** Math.floor(Math.log10(step));
  const nice = [1, 2, 5, 10].map(each => each * size).find(each => each >= step);
  const found = [];
  for (let k = Math.ceil(low / nice); k * nice <= high; k++) found.push(Number((k * nice).toPrecision(12)));
  return found;
}

/* A few numbers in equal ratios between two: powers of ten, or 1, 2, 5, 10, ... where these are few. */
function ratios(low, high) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const digit of [1, 2, 5]) found.push(Number((digit * 10 ** power).toPrecision(12)));
  }
  const inside = found.filter(each => each >= low * (1 - 1e-9) && each <= high * (1 + 1e-9));
  const tens = inside.filter(each => Number.isInteger(Number(Math.log10(each).toFixed(9))));
  let chosen = tens.length > 2 ? tens : inside;
  while (chosen.length > 6) chosen = chosen.filter((_, i) => i % 2 === 0);
  return chosen;
}

function short(number) {
  const size = Math.abs(number);
  const text = size >= 1e4 ? number.toLocaleString("en", {notation: "compact"})
    : size > 0 && size < 1e-3 ? number.toExponential(0) : shown(number, 2);
  return text.replaceAll("-", "−");
}

function showLeast() {
  if (!state.theorem.size) return;
  const text = $("target").value.trim(), target = Number(text);
  const wrong = text === "" || Number.isNaN(target);
  $("target").setAttribute("aria-invalid", String(wrong));
  if (wrong) { $("least-size").textContent = "the target must be a number"; return; }
  state.target = target;
  const found = leastSize(target);
  $("least-size").textContent = found === null
    ? `no ${state.theorem.size} is enough while the other arguments stay as they are`
    : `${state.theorem.size} = ${shown(found)} is the least`;
}

// ---- the state in the link

function hash() {
  const parts = new URLSearchParams({theorem: state.theorem.key});
  for (const {name} of state.theorem.arguments) parts.set(name, String(state.values[name]));
  parts.set("x-axis", state.axis);
  parts.set("target", String(state.target));
  return `#${parts}`;
}

function remember() {
  const now = hash();
  try { history.replaceState(null, "", now); } catch { /* a page inside another has no address of its own */ }
  $("link").value = location.href.split("#")[0] + now;
}

function recall() {
  const parts = new URLSearchParams(location.hash.slice(1));
  choose(byKey(parts.get("theorem")) || state.theorem, parts);
}

function choose(theorem, parts = new URLSearchParams()) {
  state.theorem = theorem;
  state.values = {};
  const refused = [];
  for (const argument of theorem.arguments) {
    const text = parts.get(argument.name), value = text === null || text.trim() === "" ? NaN : Number(text);
    const wrong = text !== null && complaint(argument, value);
    if (wrong) refused.push(`${wrong}, got ${text}`);
    state.values[argument.name] = text === null || wrong ? argument.value : value;
  }
  const names = theorem.arguments.map(each => each.name);
  state.axis = [parts.get("x-axis"), theorem.size, names[0]].find(name => names.includes(name));
  const target = Number(parts.get("target") || NaN);
  if (!Number.isNaN(target)) state.target = target;
  $("target").value = String(state.target);
  showTheorem();
  $("axis").value = state.axis;
  update();
  $("trouble").textContent = refused.join("; ");
}

function update(moved) {
  $("trouble").textContent = "";
  showArguments(moved);
  const found = evaluate();
  showTotal(found);
  showTerms(found);
  showCurve();
  showLeast();
  remember();
}

const groups = new Map();
for (const each of THEOREMS) {
  const name = words(each.key.split(".")[0]);
  if (!groups.has(name)) {
    groups.set(name, document.createElement("optgroup"));
    groups.get(name).label = name;
    $("theorem").append(groups.get(name));
  }
  groups.get(name).append(new Option(`${each.title} (${each.key})`, each.key));
}
$("theorem").addEventListener("change", () => choose(byKey($("theorem").value)));
$("axis").addEventListener("change", () => { state.axis = $("axis").value; update(); });
$("target").addEventListener("input", () => { showLeast(); remember(); });
$("curve").addEventListener("click", event => {
  const argument = state.theorem.arguments.find(each => each.name === state.axis);
  const box = $("curve").getBoundingClientRect();
  const share = ((event.clientX - box.left) / box.width * 640 - LEFT) / (RIGHT - LEFT);
  state.values[argument.name] = numberAt(argument, Math.min(Math.max(share, 0), 1));
  update();
});
$("reset").addEventListener("click", () => choose(state.theorem));
$("copy").addEventListener("click", async () => {
  $("link").select();
  try { await navigator.clipboard.writeText($("link").value); $("copy").textContent = "Copied"; } catch { $("copy").textContent = "Selected"; }
  setTimeout(() => { $("copy").textContent = "Copy"; }, 2000);
});
$("arguments").addEventListener("submit", event => event.preventDefault());
addEventListener("hashchange", recall);
recall();
