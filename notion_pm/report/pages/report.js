// The page can be read without this script. It adds filter and zoom.
"use strict";
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const say = text => { document.querySelector("#said").textContent = text; };

// --- Filter: by words, objective, owner, release and segment. The address holds the filter, so a
// link to a filtered report can be sent.

const words = document.querySelector("#words"), selects = all(".filter select");
const items = all("[data-item]").map(element => ({
  element,
  text: element.textContent.toLocaleLowerCase(),
  tokens: (element.dataset.f ?? "").split(" "),
}));
const tiles = all("[data-tile] > b").map(number => ({
  number,
  kind: number.parentElement.dataset.tile,
  unfiltered: number.textContent,
}));

function ancestors(element, selector) {
  const found = [];
  let outer = element.parentElement.closest(selector);
  while (outer) {
    found.push(outer);
    outer = outer.parentElement.closest(selector);
  }
  return found;
}

function filter() {
  const wanted = words.value.trim().toLocaleLowerCase();
  const tokens = selects.map(select => select.value).filter(Boolean);
  const isActive = Boolean(wanted || tokens.length);
  for (const item of items) {
    const hasWords = !wanted || item.text.includes(wanted);
    item.matches = hasWords && tokens.every(token => item.tokens.includes(token));
    item.element.hidden = !item.matches;
  }
  const matching = items.filter(item => item.matches);
  if (isActive) for (const { element } of matching) reveal(element, Boolean(wanted));
  for (const group of all("[data-group]")) {
    group.hidden = isActive && !group.querySelector("[data-item]:not([hidden])");
  }
  for (const tile of tiles) tile.number.textContent = isActive ? countTile(tile) : tile.unfiltered;
  for (const figure of all("figure")) {
    figure.hidden = Boolean(wanted); // only a part of the words is in this file
  }
  for (const chart of charts) redraw(chart, tokens);
  for (const mark of all("[data-mark]")) {
    const own = mark.dataset.mark.split(" ");
    mark.toggleAttribute("hidden", !tokens.every(token => own.includes(token)));
  }
  const note = wanted ? " Charts are hidden: they cannot be filtered by words." : "";
  say(isActive ? `${matching.length} of ${items.length} shown.${note}` : "");
}

function reveal(element, hasWords) {
  // A match may be within pages that do not match: these are the path to it and are shown too.
  for (const outer of ancestors(element, "[data-item]")) outer.hidden = false;
  for (const outer of ancestors(element, "details")) outer.open = true;
  const own = element.querySelector(":scope > details:not(.draft)");
  if (hasWords && own) own.open = true;
}

function countTile({ kind, unfiltered }) {
  const counted = name => items.filter(item =>
    item.matches && item.element.dataset.count?.split(" ").includes(name));
  if (kind !== "signal") return `${counted(kind).length} of ${unfiltered}`;
  // A feature that serves two objectives has two cards: count pages, not cards.
  const pages = name => new Set(counted(name).map(item => item.element.dataset.page)).size;
  const signal = pages("signal");
  return `${signal} of ${signal + pages("noise")}`;
}

// --- Charts under a filter: the bars of chart_drawing.py, with the parts that match

const BAR_SPACE = 80, PLOT_HEIGHT = 150, GROUND = 168, NARROWEST_TEXT = 7, LOWEST_TEXT = 15;
const charts = all("figure[data-parts]").map(figure => {
  const svg = figure.querySelector("svg.chart");
  return {
    figure,
    svg,
    kind: figure.dataset.kind,
    scale: Number(figure.dataset.scale),
    summary: svg.getAttribute("aria-label"),
    bars: all("rect[data-s]", svg),
    texts: all("text:not(.label, .month), td[data-s]", figure)
      .map(element => ({ element, unfiltered: element.textContent })),
    parts: JSON.parse(figure.dataset.parts)
      .map(([label, series, value, tokens]) => ({ label, series, value, tokens: tokens.split(" ") })),
  };
});
const withCommas = number => number.toLocaleString("en-US", { maximumFractionDigits: 0 });
const percent = length => `${length}%`;

function redraw(chart, tokens) {
  const sums = new Map(); // "label series" -> number
  for (const part of chart.parts) {
    if (!tokens.every(token => part.tokens.includes(token))) continue;
    const key = `${part.label} ${part.series}`;
    sums.set(key, (sums.get(key) ?? 0) + part.value);
  }
  const title = chart.figure.querySelector("figcaption").textContent;
  chart.svg.setAttribute("aria-label", tokens.length ? `${title}, filtered` : chart.summary);
  const ends = placeBars(chart, sums);
  for (const { element, unfiltered } of chart.texts) {
    const { l: label, s: series } = element.dataset, key = `${label} ${series}`;
    const isCell = element.matches("td");
    if (chart.kind === "bars") { // each number stands for one page: all of it or nothing
      element.textContent = sums.has(key) ? unfiltered : "";
      const hasTrack = chart.svg.querySelector(".track");
      if (!isCell && !hasTrack) element.setAttribute("x", percent(ends.get(key).end));
    } else if (series === undefined) {
      placeTotal(chart, element, ends.get(label));
    } else {
      const { middle, length } = ends.get(key) ?? {};
      const fits = length >= (chart.kind === "columns" ? LOWEST_TEXT : NARROWEST_TEXT);
      element.textContent = sums.get(key) && (isCell || fits) ? withCommas(sums.get(key)) : "";
      if (isCell || !fits) continue;
      if (chart.kind === "columns") element.setAttribute("y", middle + 4);
      else element.setAttribute("x", percent(middle));
    }
  }
}

function placeBars(chart, sums) {
  // Return where bars end, by "label series", and where whole stacks end, by label.
  const ends = new Map();
  for (const bar of chart.bars) {
    const { l: label, s: series } = bar.dataset, key = `${label} ${series}`;
    const share = chart.scale ? Math.min((sums.get(key) ?? 0) / chart.scale, 1) : 0;
    const stack = ends.get(label) ?? { end: 0, total: 0 };
    const start = chart.kind === "bars" ? 0 : stack.end;
    const length = share * (chart.kind === "columns" ? PLOT_HEIGHT : BAR_SPACE);
    if (chart.kind === "columns") {
      bar.setAttribute("y", GROUND - start - length);
      bar.setAttribute("height", length);
      ends.set(key, { middle: GROUND - start - length / 2, length });
    } else {
      bar.setAttribute("x", percent(start));
      bar.setAttribute("width", percent(length));
      ends.set(key, { middle: start + length / 2, length, end: start + length });
    }
    ends.set(label, { end: start + length, total: stack.total + (sums.get(key) ?? 0) });
  }
  return ends;
}

function placeTotal(chart, element, stack = { end: 0, total: 0 }) {
  element.textContent = withCommas(stack.total);
  if (chart.kind === "columns") element.setAttribute("y", GROUND - stack.end - 5);
  else element.setAttribute("x", percent(stack.end));
}

function keepInAddress() {
  const values = new URLSearchParams();
  if (words.value.trim()) values.set("words", words.value.trim());
  for (const select of selects) {
    if (select.value) values.set(select.name, select.selectedOptions[0].textContent);
  }
  let hash = location.hash.startsWith("#filter=") ? "#" : location.hash || "#";
  if (`${values}`) hash = `#filter=${values}`;
  history.replaceState(null, "", hash);
}

function filterByAddress() {
  const values = new URLSearchParams(location.hash.slice("#filter=".length));
  words.value = values.get("words") ?? "";
  for (const select of selects) {
    const chosen = [...select.options].find(option =>
      option.value && option.textContent === values.get(select.name));
    select.value = chosen?.value ?? "";
  }
  filter();
}

document.querySelector(".filter").hidden = false;
for (const input of [words, ...selects]) {
  const event = input === words ? "input" : "change";
  input.addEventListener(event, () => { filter(); keepInAddress(); });
}

// --- Tree: the address holds the page that is zoomed into, so the browser's Back zooms out

const tree = document.querySelector(".tree"), crumbs = document.querySelector(".crumbs");
const above = node => node.parentElement.closest(".node");
const titleOf = node => node.querySelector(".title").textContent;

function zoom(node) {
  for (const other of all(".path, .focus", tree)) other.classList.remove("path", "focus");
  tree.classList.toggle("zoomed", Boolean(node));
  const path = [];
  for (let outer = node && above(node); outer; outer = above(outer)) {
    outer.classList.add("path");
    outer.querySelector(":scope > details").open = true;
    path.unshift(outer);
  }
  crumbs.hidden = !node;
  if (!node) return;
  node.classList.add("focus");
  const details = node.querySelector(":scope > details");
  if (details) details.open = true;
  crumbs.replaceChildren(...[null, ...path, node].map(page => crumb(page, page === node)));
  (details?.querySelector("summary") ?? node).focus({ preventScroll: true });
  document.querySelector("#tree").scrollIntoView();
  say(`Zoomed into ${titleOf(node)}`);
}

function crumb(node, isHere) {
  const item = document.createElement("li"), inner = document.createElement(isHere ? "span" : "a");
  inner.textContent = node ? titleOf(node) : "Everything";
  if (isHere) inner.setAttribute("aria-current", "location");
  else inner.href = node ? `#${node.id}` : "#tree";
  item.append(inner);
  return item;
}

function follow() {
  if (location.hash.startsWith("#filter=")) return filterByAddress();
  const target = document.getElementById(location.hash.slice(1));
  if (target?.classList.contains("node")) zoom(target);
  else if (location.hash === "#tree" || !location.hash) zoom(null);
  else target?.querySelector(":scope > details")?.setAttribute("open", "");
}

if (tree) {
  addEventListener("hashchange", follow);
  document.addEventListener("keydown", event => {
    const focus = event.key === "Escape" && tree.querySelector(".focus");
    if (focus) location.hash = above(focus)?.id ?? "tree";
  });
}
for (const button of all("[data-set]")) {
  button.parentElement.hidden = false;
  button.addEventListener("click", () => {
    const section = document.getElementById(button.dataset.in);
    for (const details of all("details", section)) details.open = button.dataset.set === "open";
  });
}
follow();
