// The site works without this file. With it: cards can be dragged, a choice made with the mouse is sent at once, and
// what has changed is announced and kept in sight.
"use strict";

const KEPT = "kept-scroll";
document.documentElement.classList.add("scripted");

function send(form) {
  const board = document.querySelector(".board");
  sessionStorage.setItem(KEPT, JSON.stringify([scrollX, scrollY, board ? board.scrollLeft : 0]));
  form.requestSubmit();
}

// Choosing: by mouse at once; by keyboard with Enter or the button, because arrows walk through the options.
function watchChoosers() {
  let byPointer = false;
  addEventListener("pointerdown", () => { byPointer = true; }, true);
  addEventListener("keydown", (event) => {
    byPointer = false;
    if (event.key === "Enter" && event.target.matches(".chooser.changed select")) {
      event.preventDefault();
      send(event.target.form);
    }
  }, true);
  addEventListener("change", (event) => {
    const form = event.target.closest(".chooser");
    if (!form) return;
    form.classList.add("changed");
    if (byPointer) send(form);
  });
}

// Dragging a card into a column chooses that column's option in the card's own form.
function watchCards() {
  let dragged = null;
  const over = (event) => (dragged ? event.target.closest("[data-option]") : null);
  const unmark = () => document.querySelectorAll(".target").forEach((column) => column.classList.remove("target"));
  document.querySelectorAll("[data-card]").forEach((card) => { card.draggable = true; });
  addEventListener("dragstart", (event) => {
    dragged = event.target.closest("[data-card]");
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.querySelector(".title").textContent);
    dragged.classList.add("dragged");
  });
  addEventListener("dragover", (event) => {
    const column = over(event);
    if (!column) return;
    event.preventDefault();
    unmark();
    column.classList.add("target");
  });
  addEventListener("drop", (event) => {
    const column = over(event);
    if (!column) return;
    event.preventDefault();
    if (!column.contains(dragged)) {
      const form = dragged.querySelector(":scope > .chooser");
      form.elements.option.value = column.dataset.option;
      send(form);
    }
  });
  addEventListener("dragend", () => {
    if (dragged) dragged.classList.remove("dragged");
    dragged = null;
    unmark();
  });
}

// After a change: say it to screen readers (a text that was there from the start is not read), go on where one was.
function resume() {
  const note = document.getElementById("note");
  const address = new URL(location.href);
  if (!note || !address.searchParams.has("changed")) return;
  const said = note.textContent;
  note.textContent = "";
  setTimeout(() => { note.textContent = said; }, 100);
  const changed = document.getElementById(location.hash.slice(1));
  const [x, y, across] = JSON.parse(sessionStorage.getItem(KEPT) || "[0,0,0]");
  const board = document.querySelector(".board");
  if (board) board.scrollLeft = across;
  scrollTo(x, y);
  if (changed) {
    changed.classList.add("fresh");
    const select = changed.querySelector(".chooser select");
    if (select) select.focus({ preventScroll: true });
  }
  address.searchParams.delete("changed");
  address.searchParams.delete("property");
  history.replaceState(null, "", address.pathname + address.search + address.hash);
}

watchChoosers();
watchCards();
addEventListener("load", () => requestAnimationFrame(resume)); // after the browser has gone to the address's #part
