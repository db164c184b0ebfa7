// Search over SEARCH_INDEX ([name, entity, state, [[field, type, status], …]], …), without a server.
"use strict";

const MOST = 50;
const form = document.querySelector(".search");
const input = document.getElementById("search");
const list = document.getElementById("found");
const count = document.getElementById("count");
const root = document.body.dataset.root;
let chosen = -1;

// A collection by its own name comes before one by its entity, and that before a field.
function find(text) {
  const words = text.toLowerCase().split(/[\s.]+/).filter(Boolean);
  if (!words.length) return [];
  const hits = [];
  for (const [name, entity, state, fields] of SEARCH_INDEX) {
    const place = name.toLowerCase();
    const whole = `${place} ${entity.toLowerCase()}`;
    if (words.every((word) => whole.includes(word))) {
      const rank = place === words[0] ? 0 : place.startsWith(words[0]) ? 1 : 2;
      hits.push({ rank, title: name, more: `${entity}, ${state}`, address: `${name}.html` });
    }
    for (const [field, type, status] of fields) {
      const lower = field.toLowerCase();
      const isHit = words.every((word) => lower.includes(word) || whole.includes(word));
      if (isHit && words.some((word) => lower.includes(word))) {
        const rank = lower === words[words.length - 1] ? 3 : 4;
        hits.push({ rank, title: `${name}.${field}`, more: `${type}, ${status}`, address: `${name}.html#${field}` });
      }
    }
  }
  return hits.sort((a, b) => a.rank - b.rank || a.title.localeCompare(b.title));
}

function close() {
  list.hidden = true;
  chosen = -1;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

function show() {
  const hits = find(input.value);
  list.replaceChildren(
    ...hits.slice(0, MOST).map((hit, number) => {
      const item = document.createElement("li");
      item.id = `found-${number}`;
      item.setAttribute("role", "option");
      item.dataset.address = `${root}collections/${hit.address}`;
      const more = document.createElement("span");
      more.className = "soft";
      more.textContent = ` ${hit.more}`;
      item.append(hit.title, more);
      return item;
    }),
  );
  close();
  list.hidden = hits.length === 0;
  input.setAttribute("aria-expanded", String(hits.length > 0));
  const asked = input.value.trim() !== "";
  count.textContent = asked ? `${hits.length} found${hits.length > MOST ? `, the first ${MOST} shown` : ""}` : "";
}

function choose(step) {
  const items = [...list.children];
  if (list.hidden || !items.length) return;
  items[chosen]?.setAttribute("aria-selected", "false");
  chosen = (chosen + step + items.length + (chosen < 0 && step < 0 ? 1 : 0)) % items.length;
  items[chosen].setAttribute("aria-selected", "true");
  items[chosen].scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", items[chosen].id);
}

function open(item) {
  if (item) location.href = item.dataset.address;
}

form.hidden = false;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  open(list.children[Math.max(chosen, 0)]);
});
input.addEventListener("input", show);
input.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown") choose(1);
  else if (event.key === "ArrowUp") choose(-1);
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
});
list.addEventListener("mousedown", (event) => open(event.target.closest("li")));
document.addEventListener("click", (event) => {
  if (!form.contains(event.target)) close();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName)) {
    event.preventDefault();
    input.focus();
  }
});
