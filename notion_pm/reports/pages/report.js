// Without this the page reads the same; with it, it filters and zooms.
"use strict";
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const say = text => { document.querySelector("#said").textContent = text; };

// --- Filter: by words, and by objective

const words = document.querySelector("#words"), aim = document.querySelector("#aim");
const items = all("[data-item]").map(element => ({ element, text: element.textContent.toLocaleLowerCase() }));
const serves = (element, objective) => !element.dataset.serves || element.dataset.serves.split(" ").includes(objective);

function filter() {
  const wanted = words.value.trim().toLocaleLowerCase();
  let left = 0;
  for (const { element, text } of items) {
    const fits = (!wanted || text.includes(wanted)) && (!aim.value || serves(element, aim.value));
    element.hidden = !fits;
    left += fits;
    if (wanted && fits) element.querySelector(":scope > details:not(.draft)")?.setAttribute("open", "");
  }
  for (const element of all("[data-group]")) element.hidden = !element.querySelector("[data-item]:not([hidden])");
  say(wanted || aim.value ? `${left} of ${items.length} shown` : "");
}

document.querySelector(".filter").hidden = false;
words.addEventListener("input", filter);
aim.addEventListener("change", filter);

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
