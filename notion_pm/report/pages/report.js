// Without this the page reads the same; with it, it filters and zooms.
"use strict";
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const say = text => { document.querySelector("#said").textContent = text; };

// --- Filter: by words, objective, owner, release and segment. The address names the filter, so that a link keeps it.

const words = document.querySelector("#words"), selects = all(".filter select");
const items = all("[data-item]").map(element => ({
  element, text: element.textContent.toLocaleLowerCase(), marks: (element.dataset.f ?? "").split(" "),
}));
const tiles = all("[data-tile] > b").map(number => ({ number, kind: number.parentElement.dataset.tile, whole: number.textContent }));

function filter() {
  const wanted = words.value.trim().toLocaleLowerCase(), chosen = selects.map(each => each.value).filter(Boolean);
  const active = Boolean(wanted || chosen.length);
  for (const item of items) {
    item.fits = (!wanted || item.text.includes(wanted)) && chosen.every(each => item.marks.includes(each));
    item.element.hidden = !item.fits;
  }
  const fitting = items.filter(each => each.fits);
  for (const { element } of active ? fitting : []) {
    // What fits may lie within pages that do not: those are its way, and are shown.
    for (let outer = element.parentElement.closest("[data-item]"); outer; outer = outer.parentElement.closest("[data-item]")) outer.hidden = false;
    if (wanted) element.querySelector(":scope > details:not(.draft)")?.setAttribute("open", "");
    for (let outer = element.parentElement.closest("details"); outer; outer = outer.parentElement.closest("details")) outer.open = true;
  }
  for (const element of all("[data-group]")) element.hidden = active && !element.querySelector("[data-item]:not([hidden])");
  for (const element of all("figure")) element.hidden = active; // charts count everything
  for (const tile of tiles) tile.number.textContent = active ? counted(tile) : tile.whole;
  say(active ? `${fitting.length} of ${items.length} shown. Charts count everything and are hidden.` : "");
}

function counted({ kind, whole }) {
  const fitting = name => items.filter(each => each.fits && each.element.dataset.count?.split(" ").includes(name));
  if (kind !== "signal") return `${fitting(kind).length} of ${whole}`;
  const pages = name => new Set(fitting(name).map(each => each.element.dataset.page)).size; // a card may stand in two lanes
  const signal = pages("signal"), live = signal + pages("noise");
  return `${signal} of ${live}`;
}

function keepInAddress() {
  const stated = new URLSearchParams();
  if (words.value.trim()) stated.set("words", words.value.trim());
  for (const each of selects) if (each.value) stated.set(each.name, each.selectedOptions[0].textContent);
  history.replaceState(null, "", `${stated}` ? `#filter=${stated}` : location.hash.startsWith("#filter=") ? "#" : location.hash || "#");
}

function filterByAddress() {
  const stated = new URLSearchParams(location.hash.slice("#filter=".length));
  words.value = stated.get("words") ?? "";
  for (const each of selects) {
    each.value = [...each.options].find(option => option.value && option.textContent === stated.get(each.name))?.value ?? "";
  }
  filter();
}

document.querySelector(".filter").hidden = false;
for (const each of [words, ...selects]) {
  each.addEventListener(each === words ? "input" : "change", () => { filter(); keepInAddress(); });
}

// --- Tree: the address names the page that is zoomed into, so that Back leads back

const tree = document.querySelector(".tree"), crumbs = document.querySelector(".crumbs");
const above = node => node.parentElement.closest(".node");
const titleOf = node => node.querySelector(".title").textContent;

function zoom(node) {
  all(".path, .focus", tree).forEach(each => each.classList.remove("path", "focus"));
  tree.classList.toggle("zoomed", Boolean(node));
  const way = [];
  for (let each = node && above(node); each; each = above(each)) {
    each.classList.add("path");
    each.querySelector(":scope > details").open = true;
    way.unshift(each);
  }
  crumbs.hidden = !node;
  if (!node) return;
  node.classList.add("focus");
  const details = node.querySelector(":scope > details");
  if (details) details.open = true;
  crumbs.replaceChildren(...[null, ...way, node].map(each => crumb(each, each === node)));
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
    for (const each of all("details", document.getElementById(button.dataset.in))) each.open = button.dataset.set === "open";
  });
}
follow();
